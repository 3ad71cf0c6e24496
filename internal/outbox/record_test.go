package outbox_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api/phone"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/outbox"
	"github.com/dutybound/dutybound/internal/testkit"
)

func signerOf(p *testkit.Phone) outbox.Signer {
	return outbox.Signer{Device: p.Device, Person: uuid.New(), Path: "1/", Key: p.Point(), Thumbprint: p.Thumbprint()}
}

func TestARecordIsReadAsItWasSigned(t *testing.T) {
	t.Parallel()
	p := testkit.NewPhone(uuid.New())
	p.Next.Server = &testkit.SeenAt{At: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), SinceBoot: 400}
	first := p.Records("/v1/observations", json.RawMessage(`{"a":[1,2.50]}`))
	second := p.Records("/v1/tasks/0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d/accept", nil)
	r, err := outbox.Verify(first, signerOf(p))
	if err != nil {
		t.Fatal(err)
	}
	if r.Device != p.Device || r.N != 1 || r.Prev != "" || string(r.Body) != `{"a":[1,2.50]}` || r.SinceBoot != time.Second ||
		r.Server == nil || r.Server.SinceBoot != 400*time.Millisecond || r.Hash != testkit.Hash(first) || r.Path != "/v1/observations" {
		t.Errorf("%+v", r)
	}
	if r, err = outbox.Verify(second, signerOf(p)); err != nil || r.N != 2 || r.Prev != testkit.Hash(first) || r.Body != nil {
		t.Errorf("%+v, %v", r, err)
	}
}

// What two readers could read in two ways, or what is not the format, is no record, however well it is signed.
func TestWhatIsNoRecordIsNotRead(t *testing.T) {
	t.Parallel()
	p := testkit.NewPhone(uuid.New())
	header := map[string]any{"alg": "ES256", "typ": "dutybound-record+jws", "kid": p.Thumbprint()}
	payload := func(change map[string]any) []byte {
		s := p.Next
		s.ID, s.Path = uuid.Must(uuid.NewV7()), "/v1/observations"
		text, _ := json.Marshal(s)
		members := map[string]any{}
		if err := json.Unmarshal(text, &members); err != nil {
			t.Fatal(err)
		}
		for key, value := range change {
			if members[key] = value; value == leftOut {
				delete(members, key)
			}
		}
		text, _ = json.Marshal(members)
		return text
	}
	with := func(key string, value any) []byte { return payload(map[string]any{key: value}) }
	headed := func(change map[string]any) map[string]any {
		h := maps.Clone(header)
		maps.Copy(h, change)
		return h
	}
	good := string(payload(nil))
	if _, err := outbox.Verify(p.SignsAs(header, []byte(good)), signerOf(p)); err != nil {
		t.Fatal(err)
	}
	for name, jws := range map[string]string{
		"nothing":               "",
		"no JWS":                "a.b",
		"no base64":             "*.e30.AAAA",
		"a line break":          strings.Replace(p.SignsAs(header, []byte(good)), ".", "\n.", 1),
		"too long":              p.SignsAs(header, with("boot", strings.Repeat("x", 70<<10))),
		"no algorithm":          p.SignsAs(headed(map[string]any{"alg": "none"}), []byte(good)),
		"another algorithm":     p.SignsAs(headed(map[string]any{"alg": "HS256"}), []byte(good)),
		"another type":          p.SignsAs(headed(map[string]any{"typ": "dpop+jwt"}), []byte(good)),
		"more in the header":    p.SignsAs(headed(map[string]any{"crit": []string{"b64"}}), []byte(good)),
		"a key in the header":   p.SignsAs(headed(map[string]any{"jwk": map[string]any{}}), []byte(good)),
		"no JSON":               p.SignsAs(header, []byte("nothing")),
		"a list":                p.SignsAs(header, []byte("[]")),
		"half of it":            p.SignsAs(header, []byte(good[:len(good)-1])),
		"something after it":    p.SignsAs(header, []byte(good+"{}")),
		"a member twice":        p.SignsAs(header, []byte(good[:len(good)-1]+`,"n":2}`)),
		"another spelling":      p.SignsAs(header, []byte(strings.Replace(good, `"n":`, `"N":`, 1))),
		"a member more":         p.SignsAs(header, with("note", 1)),
		"a member less":         p.SignsAs(header, with("wall", leftOut)),
		"null for the device":   p.SignsAs(header, with("device", nil)),
		"counter 0":             p.SignsAs(header, with("n", 0)),
		"half a counter":        p.SignsAs(header, with("n", 1.5)),
		"a second without prev": p.SignsAs(header, with("n", 2)),
		"a first with prev":     p.SignsAs(header, with("prev", testkit.Hash("x"))),
		"prev is no hash":       p.SignsAs(header, payload(map[string]any{"n": 2, "prev": "abc"})),
		"an id of version 4":    p.SignsAs(header, with("id", uuid.New())),
		"another method":        p.SignsAs(header, with("method", "GET")),
		"a path outside":        p.SignsAs(header, with("path", "/metrics")),
		"a path with a query":   p.SignsAs(header, with("path", "/v1/tasks?x=1")),
		"a path that climbs":    p.SignsAs(header, with("path", "/v1/../v1/outbox")),
		"an escaped path":       p.SignsAs(header, with("path", "/v1/tasks/%2e%2e/outbox")),
		"a wall before time":    p.SignsAs(header, with("wall", "0001-01-01T00:00:00Z")),
		"no boot":               p.SignsAs(header, with("boot", "")),
		"before the boot":       p.SignsAs(header, with("since_boot_ms", -1)),
		"since for ever":        p.SignsAs(header, with("since_boot_ms", int64(1)<<62)),
		"half a server time":    p.SignsAs(header, with("server", map[string]any{"at": "2026-03-02T08:00:00Z"})),
	} {
		if _, err := outbox.Verify(jws, signerOf(p)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

const leftOut = "(left out)"

func TestOnlyTheEnrolledKeySigns(t *testing.T) {
	t.Parallel()
	p, other := testkit.NewPhone(uuid.New()), testkit.NewPhone(uuid.New())
	jws := p.Records("/v1/observations", nil)
	for name, by := range map[string]outbox.Signer{
		"another key": signerOf(other), "no key": {Device: p.Device}, "a point that is none": {Device: p.Device, Key: make([]byte, 65), Thumbprint: p.Thumbprint()},
	} {
		if _, err := outbox.Verify(jws, by); fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
	swapped := signerOf(other)
	swapped.Thumbprint = p.Thumbprint()
	if _, err := outbox.Verify(jws, swapped); fault.KindOf(err) != fault.Invalid {
		t.Errorf("another key under the name of this: %v", err)
	}
	parts := strings.Split(jws, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), `"n":1`, `"n":1 `, 1)))
	if _, err := outbox.Verify(strings.Join(parts, "."), signerOf(p)); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a changed payload: %v", err)
	}
}

// What the reference phone signs is read here, and the other way round.
func TestTheReferencePhoneIsUnderstood(t *testing.T) {
	t.Parallel()
	p := testkit.NewPhone(uuid.New())
	key, err := phone.ParseKey(p.PKCS8())
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	signed, err := key.Sign(phone.Record{
		Device: p.Device, N: 1, ID: uuid.Must(uuid.NewV7()), Method: "POST", Path: "/v1/observations", Body: json.RawMessage(`{"statements":[]}`),
		Wall: at, Boot: "b", SinceBootMS: 5, Server: &phone.Seen{At: at, SinceBootMS: 3},
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := outbox.Verify(signed, signerOf(p))
	if err != nil || r.N != 1 || !r.Wall.Equal(at) || r.Hash != phone.Digest(signed) {
		t.Errorf("%+v, %v", r, err)
	}
	back, err := phone.VerifyRecord(p.Records("/v1/observations", map[string]any{"statements": []any{}}), key.Public())
	if err != nil || back.Device != p.Device || back.Path != "/v1/observations" {
		t.Errorf("%+v, %v", back, err)
	}
}
