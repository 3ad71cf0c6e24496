package phone_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api/phone"
)

func newKey(t testing.TB) *phone.Key {
	t.Helper()
	key, err := phone.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func aRecord() phone.Record {
	return phone.Record{
		Device: uuid.New(), N: 1, ID: uuid.Must(uuid.NewV7()), Method: "POST", Path: "/v1/observations",
		Body: json.RawMessage(`{"statements":[{"fact":"uniform","value":"yes"}]}`), Wall: time.Date(2026, 3, 2, 8, 0, 0, 0, time.FixedZone("", 8*3600)),
		Boot: "b1", SinceBootMS: 1200, Server: &phone.Seen{At: time.Date(2026, 3, 1, 23, 59, 59, 0, time.UTC), SinceBootMS: 1000},
	}
}

func TestARecordIsReadAsItWasSigned(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	first := aRecord()
	signed, err := key.Sign(first)
	if err != nil {
		t.Fatal(err)
	}
	read, err := phone.VerifyRecord(signed, key.Public())
	if err != nil {
		t.Fatal(err)
	}
	if want, got := text(t, first), text(t, read); want != got {
		t.Errorf("signed %s\nread %s", want, got)
	}
	second := aRecord()
	second.N, second.Prev, second.Server = 2, phone.Digest(signed), nil
	next, err := key.Sign(second)
	if err != nil {
		t.Fatal(err)
	}
	if read, err := phone.VerifyRecord(next, key.Public()); err != nil || read.Prev != phone.Digest(signed) || read.Server != nil {
		t.Errorf("%+v, %v", read, err)
	}
	if claimed, err := phone.RecordKey(next); err != nil || claimed != key.Thumbprint() {
		t.Errorf("claims %s, %v", claimed, err)
	}
	if _, err := phone.VerifyRecord(signed, newKey(t).Public()); err == nil {
		t.Error("another key verifies it")
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestWhatNoRecordMaySay(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	for name, spoil := range map[string]func(*phone.Record){
		"no device": func(r *phone.Record) { r.Device = uuid.Nil }, "count 0": func(r *phone.Record) { r.N = 0 },
		"a first with one before": func(r *phone.Record) { r.Prev = phone.Digest("x") }, "a second with none": func(r *phone.Record) { r.N = 2 },
		"a digest that is none": func(r *phone.Record) { r.N, r.Prev = 2, "abc" }, "a random id": func(r *phone.Record) { r.ID = uuid.New() },
		"GET": func(r *phone.Record) { r.Method = "GET" }, "a path outside": func(r *phone.Record) { r.Path = "/healthz" },
		"a query": func(r *phone.Record) { r.Path = "/v1/tasks?x=1" }, "a path up": func(r *phone.Record) { r.Path = "/v1/../x" },
		"a path with an escape": func(r *phone.Record) { r.Path = "/v1/tasks/%61/start" }, "a slash at the end": func(r *phone.Record) { r.Path += "/" },
		"a long path": func(r *phone.Record) { r.Path = "/v1/" + strings.Repeat("x", 300) }, "a boot with a NUL": func(r *phone.Record) { r.Boot = "a\x00" },
		"count without end": func(r *phone.Record) { r.N, r.Prev = 1<<53, phone.Digest("x") }, "on for ever": func(r *phone.Record) { r.SinceBootMS = 1 << 53 },
		"a server time of long ago": func(r *phone.Record) { r.Server = &phone.Seen{At: time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC)} },
		"no boot":                   func(r *phone.Record) { r.Boot = "" }, "before boot": func(r *phone.Record) { r.SinceBootMS = -1 },
		"no time": func(r *phone.Record) { r.Wall = time.Time{} }, "a server time without one": func(r *phone.Record) { r.Server = &phone.Seen{} },
		"too long": func(r *phone.Record) { r.Body = json.RawMessage(`"` + strings.Repeat("x", phone.MaxRecord) + `"`) },
		"no JSON":  func(r *phone.Record) { r.Body = json.RawMessage(`{`) },
	} {
		r := aRecord()
		spoil(&r)
		if signed, err := key.Sign(r); err == nil {
			t.Errorf("%s: signed %s", name, signed)
		}
	}
}

// signing is a signature of the same key that keeps the rules only where the test does.
func signing(t testing.TB, key *phone.Key, alg jose.SignatureAlgorithm, with any, header map[jose.HeaderKey]any, payload string) string {
	t.Helper()
	if with == nil {
		pkcs8, err := key.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if with, err = x509.ParsePKCS8PrivateKey(pkcs8); err != nil {
			t.Fatal(err)
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: with}, &jose.SignerOptions{ExtraHeaders: header})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

func TestAForgedRecordIsRefused(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	good := text(t, aRecord())
	signed, err := key.Sign(aRecord())
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(signed, ".")
	header := func(more map[jose.HeaderKey]any) map[jose.HeaderKey]any {
		all := map[jose.HeaderKey]any{"typ": phone.RecordType, "kid": key.Thumbprint()}
		maps.Copy(all, more)
		return all
	}
	es := func(more map[jose.HeaderKey]any, payload string) string {
		return signing(t, key, jose.ES256, nil, header(more), payload)
	}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"dutybound-record+jws","kid":"` + key.Thumbprint() + `"}`))
	last := signed[len(signed)-1]
	for name, forged := range map[string]string{
		"nothing": "", "two parts": parts[0] + "." + parts[1], "no signature": parts[0] + "." + parts[1] + ".", "alg none": none + "." + parts[1] + ".",
		"another payload": parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(text(t, aRecord()))) + "." + parts[2],
		"a line break":    signed + "\n", "loose bits": signed[:len(signed)-1] + string(last+1),
		"HS256 with the public key": signing(t, key, jose.HS256, []byte(strings.Repeat(key.JWK().X, 2)), header(nil), good),
		"a DPoP proof":              es(map[jose.HeaderKey]any{"typ": "dpop+jwt"}, good), "another kid": es(map[jose.HeaderKey]any{"kid": "x"}, good),
		"a key in the header": es(map[jose.HeaderKey]any{"jwk": key.JWK()}, good), "more in the header": es(map[jose.HeaderKey]any{"x": 1}, good),
		"a crit":        es(map[jose.HeaderKey]any{"crit": []string{"b64"}, "b64": true}, good),
		"a member more": es(nil, strings.Replace(good, `{"device"`, `{"x":1,"device"`, 1)), "one less": es(nil, strings.Replace(good, `"boot":"b1",`, ``, 1)),
		"one twice": es(nil, strings.Replace(good, `{"device"`, `{"n":2,"device"`, 1)), "another spelling": es(nil, strings.Replace(good, `"boot"`, `"BOOT"`, 1)),
		"twice in the body": es(nil, strings.Replace(good, `"fact"`, `"fact":1,"fact"`, 1)), "something after it": es(nil, good+"{}"),
		"another spelling in server": es(nil, strings.Replace(good, `"at"`, `"AT"`, 1)), "no object": es(nil, `[]`), "null": es(nil, strings.Replace(good, `"n":1`, `"n":null`, 1)),
		"half a count": es(nil, strings.Replace(good, `"n":1`, `"n":1.5`, 1)), "not UTF-8": es(nil, strings.Replace(good, "b1", "\xff", 1)),
		"deep":     es(nil, strings.Replace(good, `"yes"`, strings.Repeat("[", 100)+strings.Repeat("]", 100), 1)),
		"too long": strings.Repeat("x", phone.MaxRecord+1),
	} {
		if read, err := phone.VerifyRecord(forged, key.Public()); err == nil {
			t.Errorf("%s is taken for a record: %+v", name, read)
		}
	}
}

func FuzzVerifyRecord(f *testing.F) {
	key := newKey(f)
	signed, err := key.Sign(aRecord())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Add("e30.e30.e30")
	f.Fuzz(func(t *testing.T, compact string) {
		if _, err := phone.VerifyRecord(compact, key.Public()); err == nil && compact != signed {
			t.Errorf("%q is taken for a record", compact)
		}
	})
}

// fuzzing the inside: whatever is signed is either refused or read as what can be signed again.
func FuzzReadRecord(f *testing.F) {
	key := newKey(f)
	b, err := json.Marshal(aRecord())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(b))
	f.Fuzz(func(t *testing.T, payload string) {
		compact := signing(t, key, jose.ES256, nil, map[jose.HeaderKey]any{"typ": phone.RecordType, "kid": key.Thumbprint()}, payload)
		read, err := phone.VerifyRecord(compact, key.Public())
		if err != nil {
			return
		}
		if _, err := key.Sign(read); err != nil {
			t.Errorf("read and not to be signed again: %v", err)
		}
	})
}

func TestKeysAreKeptAndNamed(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	kept, err := key.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := phone.ParseKey(kept)
	if err != nil || again.Thumbprint() != key.Thumbprint() {
		t.Errorf("%v", err)
	}
	if _, err := phone.ParseKey([]byte("x")); err == nil {
		t.Error("read what is no key")
	}
	// RFC 9449, section 6.1: the thumbprint of the key of its examples.
	rfc := phone.JWK{
		Type: "EC", Curve: "P-256", X: "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", Y: "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA",
	}
	if got := rfc.Thumbprint(); got != "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" {
		t.Errorf("thumbprint %s", got)
	}
}
