package app_test

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api/phone"
	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/demo"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/httpapi"
	"github.com/dutybound/dutybound/internal/testkit"
)

func aKey() *phone.Key {
	key, err := phone.NewKey()
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return key
}

// signing is the same hand on a phone that signs its requests with a key.
func (h *hand) signing(key *phone.Key) *hand {
	other := *h
	other.phone = &phone.Transport{Key: key, Base: h.s.client.Transport}
	other.phone.SignedIn(h.token)
	return &other
}

// bearing is the same hand with the token alone, as of a thief.
func (h *hand) bearing() *hand {
	other := *h
	other.phone = nil
	return &other
}

// enrol gives the hand's device a key, which it has none of yet.
func (h *hand) enrol(key *phone.Key) *hand {
	h.s.t.Helper()
	signing := h.signing(key)
	signing.ask("POST", "/v1/devices/current/key", object{"jwk": key.JWK()}, http.Header{"Authorization": {"Bearer " + h.token}}).want(200)
	return signing
}

// withProof asks with one certain proof.
func (h *hand) withProof(method, path string, body any, proofs ...string) reply {
	h.s.t.Helper()
	header := keyed()
	header["Dpop"] = proofs
	bare := h.bearing()
	if h.token != "" {
		header.Set("Authorization", "DPoP "+h.token)
		bare.token = ""
	}
	return bare.ask(method, path, body, header)
}

func (h *hand) proof(key *phone.Key, method, path, nonce string) string {
	h.s.t.Helper()
	address, err := url.Parse(h.s.url + path)
	if err != nil {
		h.s.t.Fatal(err)
	}
	proof, err := key.Prove(phone.NewClaims(method, address, h.token, nonce))
	if err != nil {
		h.s.t.Fatal(err)
	}
	return proof
}

// nonce is what the server wants to see now.
func (h *hand) nonce() string {
	h.s.t.Helper()
	return h.withProof("GET", "/v1/me", nil).want(401).header.Get("DPoP-Nonce")
}

// A phone makes its key at the first sign-in, and works as any other device does: commands, retries, the feed.
func TestAPhoneWithAKeyWorks(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	account, _ := demo.Cast().Find("310111")
	key := aKey()
	stranger := (&hand{s: o.station}).signing(key)
	in := signingIn(account.Number, account.Password, account.Device)
	in["device_key"] = object{"jwk": key.JWK(), "attestation": object{"claimed": "hardware"}}
	first := stranger.post("/v1/sessions", in).want(201)
	if first.text("token_type") != "DPoP" {
		t.Errorf("%s", first.raw)
	}
	officer := (&hand{s: o.station, token: first.text("token"), device: account.Device}).signing(key)
	me := officer.get("/v1/me").want(200)
	officer.person = uuid.MustParse(me.text("person", "id"))
	worker := o.auxiliary().enrol(aKey())
	task := officer.begun(worker)
	id := newKey()
	done := worker.command("/v1/tasks/"+task+"/finish", id, object{"report": "无异常"}).want(200)
	again := worker.command("/v1/tasks/"+task+"/finish", id, object{"report": "无异常"}).want(200)
	if again.said() != done.said() || again.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s\n%s", done.said(), again.said())
	}
	conn, err := officer.dial(0)
	o.must(err)
	o.must(conn.Close())
	personnel := o.personnel()
	devices := personnel.get("/v1/people/" + officer.person.String()).want(200)
	if devices.text("devices", 0, "key", "thumbprint") != key.Thumbprint() || devices.text("devices", 0, "key", "attestation") != "none" {
		t.Errorf("%s", devices.raw)
	}
	// Signed out and in again: the proof is enough, and without it the right password is a wrong one.
	officer.ask("DELETE", "/v1/sessions/current", nil, nil).want(204)
	delete(in, "device_key")
	stranger.post("/v1/sessions", in).want(201)
	refused := stranger.bearing().post("/v1/sessions", in).want(401)
	wrong := stranger.bearing().post("/v1/sessions", signingIn(account.Number, "wrong", account.Device)).want(401)
	if refused.said() != wrong.said() {
		t.Errorf("without the key: %s, with a wrong password: %s", refused.said(), wrong.said())
	}
	other := aKey()
	in["device_key"] = object{"jwk": other.JWK()}
	if r := (&hand{s: o.station}).signing(other).post("/v1/sessions", in).want(409); r.text("code") != "device_has_another_key" {
		t.Errorf("%s", r.raw)
	}
	o.sound()
}

// A device gets one key, whoever asks at the same time; the same key again changes nothing, and no key is that of two devices.
func TestAKeyIsEnrolledOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	h := o.auxiliary()
	const path = "/v1/devices/current/key"
	bearer := func(h *hand) http.Header { return http.Header{"Authorization": {"Bearer " + h.token}} }
	keys := []*phone.Key{aKey(), aKey(), aKey(), aKey()}
	statuses := make([]int, len(keys))
	var all sync.WaitGroup
	for i, key := range keys {
		all.Go(func() {
			r, err := h.signing(key).try("POST", path, object{"jwk": key.JWK()}, bearer(h))
			if err != nil {
				t.Error(err)
			}
			statuses[i] = r.status
		})
	}
	all.Wait()
	winner := slices.Index(statuses, 200)
	if winner < 0 {
		t.Fatalf("nobody got in: %v", statuses)
	}
	for i, status := range statuses {
		if i != winner && status != 409 && status != 401 { // 401: the token was bound already
			t.Errorf("%v", statuses)
		}
	}
	own := h.signing(keys[winner])
	again := own.ask("POST", path, object{"jwk": keys[winner].JWK()}, nil).want(200)
	if again.text("key", "thumbprint") != keys[winner].Thumbprint() {
		t.Errorf("%s", again.raw)
	}
	own.ask("POST", path, object{"jwk": aKey().JWK()}, nil).want(409)
	other := o.another(h)
	other.signing(keys[winner]).ask("POST", path, object{"jwk": keys[winner].JWK()}, bearer(other)).want(409)
	if r := other.signing(keys[0]).ask("POST", path, object{"jwk": aKey().JWK()}, bearer(other)).want(400); r.text("errors", 0, "field") != "header/DPoP" {
		t.Errorf("%s", r.raw)
	}
	for _, bad := range []object{
		{"jwk": object{"kty": "EC", "crv": "P-256", "x": keys[0].JWK().X, "y": keys[0].JWK().X}}, // no point
		{"jwk": object{"kty": "EC", "crv": "P-256", "x": keys[0].JWK().X, "y": keys[0].JWK().Y, "d": keys[0].JWK().X}},
		{"jwk": object{"kty": "oct", "k": "AAAA"}},
		{"jwk": nil},
		{},
	} {
		other.signing(keys[0]).ask("POST", path, bad, bearer(other)).want(400)
	}
	other.get("/v1/me").want(200) // it has no key still
	if n := o.count(`SELECT count(*) FROM event WHERE kind = 'device.key_enrolled' AND body::jsonb ->> 'device' IN ($1, $2)`, h.device.String(), other.device.String()); n != 1 {
		t.Errorf("%d events of one key", n)
	}
	o.personnel().post("/v1/devices/"+other.device.String()+"/revoke", nil).want(200)
	other.signing(aKey()).ask("POST", path, object{"jwk": aKey().JWK()}, bearer(other)).want(401)
}

// A key is enrolled with the grade that its certificates show, and the record says what was wrong with others.
func TestAKeyIsEnrolledWithItsGrade(t *testing.T) {
	t.Parallel()
	ours, others := testkit.NewKeystore(t), testkit.NewKeystore(t)
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, ours.Root(), 0o600); err != nil {
		t.Fatal(err)
	}
	o := openOffice(t, func(c *app.Config) { c.AttestationRoots = roots })
	for keystore, grade := range map[*testkit.Keystore]string{ours: "hardware", others: "none"} {
		h, key := o.auxiliary(), aKey()
		public, err := key.JWK().Public()
		o.must(err)
		chain := keystore.Chain(public, testkit.Described{Challenge: h.nonce()})
		body := object{"jwk": key.JWK(), "attestation": object{"claimed": "hardware", "chain": chain}}
		answer := h.signing(key).ask("POST", "/v1/devices/current/key", body, http.Header{"Authorization": {"Bearer " + h.token}}).want(200)
		if answer.text("key", "attestation") != grade {
			t.Errorf("%s", answer.raw)
		}
		if n := o.count(`SELECT count(*) FROM event WHERE kind = 'device.key_enrolled' AND body::jsonb ->> 'device' = $1
			AND body::jsonb ->> 'attestation' = $2 AND (body::jsonb ? 'attestation_problem') = ($2 = 'none')`, h.device, grade); n != 1 {
			t.Errorf("%s: %d events", grade, n)
		}
	}
	o.sound()
}

// A token of a device with a key is worth nothing without the key, at every route that there is, and changes nothing.
func TestAStolenTokenIsWorthNothing(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	victims := []*hand{
		o.auxiliary(), o.officer(), o.personnel(), o.counsel(riverside).first,
		o.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleViewer}),
	}
	for i, h := range victims {
		victims[i] = h.enrol(aKey())
	}
	before := o.events()
	commands := o.count(`SELECT count(*) FROM command`)
	for _, victim := range victims {
		thief := aKey()
		nonce := victim.nonce()
		for _, route := range httpapi.Routes() {
			if route.Public {
				continue
			}
			a := doors[route.Operation].ask(nowhere())
			path, _, _ := strings.Cut(a.path, "?")
			for name, r := range map[string]reply{
				"as a bearer token":                 victim.bearing().ask(route.Method, a.path, a.body, keyed()),
				"without a proof":                   victim.withProof(route.Method, a.path, a.body),
				"with another key":                  victim.withProof(route.Method, a.path, a.body, victim.proof(thief, route.Method, path, nonce)),
				"with the proof of another request": victim.withProof(route.Method, a.path, a.body, victim.proof(victim.phone.Key, "PATCH", path, nonce)),
			} {
				if r.status != 401 || !strings.HasPrefix(r.text("code"), "dpop_") || !strings.HasPrefix(r.header.Get("WWW-Authenticate"), `DPoP error="`) ||
					r.header.Get("DPoP-Nonce") == "" {
					t.Errorf("%s at %s: %d %s %v", name, route.Operation, r.status, r.raw, r.header)
				}
			}
		}
		victim.get("/v1/me").want(200)
	}
	if o.events() != before || o.count(`SELECT count(*) FROM command`) != commands {
		t.Error("something was changed")
	}
}

// What RFC 9449 wants refused is, with what it wants told.
func TestProofsAreHeldToTheirRequest(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	key := aKey()
	h := o.auxiliary().enrol(key)
	unsaid := h.withProof("GET", "/v1/me", nil, h.proof(key, "GET", "/v1/me", "")).want(401)
	nonce := unsaid.header.Get("DPoP-Nonce")
	if unsaid.text("code") != "dpop_nonce_required" || !strings.HasPrefix(unsaid.header.Get("WWW-Authenticate"), `DPoP error="use_dpop_nonce"`) || nonce == "" {
		t.Fatalf("%s %v", unsaid.raw, unsaid.header)
	}
	good := h.proof(key, "GET", "/v1/me", nonce)
	h.withProof("GET", "/v1/me", nil, good).want(200)
	replayed := h.withProof("GET", "/v1/me", nil, good).want(401)
	if replayed.text("code") != "dpop_proof_invalid" || !strings.Contains(replayed.header.Get("WWW-Authenticate"), "used before") {
		t.Errorf("%s %v", replayed.raw, replayed.header)
	}
	h.withProof("GET", "/v1/tasks", nil, h.proof(key, "GET", "/v1/me", nonce)).want(401)
	h.withProof("GET", "/v1/tasks?state=started", nil, h.proof(key, "GET", "/v1/tasks", nonce)).want(200)
	h.withProof("HEAD", "/v1/me", nil, h.proof(key, "GET", "/v1/me", nonce)).want(401)
	h.withProof("HEAD", "/v1/me", nil, h.proof(key, "HEAD", "/v1/me", nonce)).want(200)
	h.withProof("GET", "/v1/me", nil, h.proof(key, "GET", "/v1/me", nonce), h.proof(key, "GET", "/v1/me", nonce)).want(401)
	other := o.another(h).enrol(aKey())
	h.withProof("GET", "/v1/me", nil, other.proof(key, "GET", "/v1/me", nonce)).want(401) // ath of another token
	for _, junk := range []string{"", "x", "a.b.c", strings.Repeat("x", 5000), "e30.e30."} {
		h.withProof("GET", "/v1/me", nil, junk).want(401)
	}
	// A keyless device's token is no DPoP token.
	desk := o.officer()
	desk.withProof("GET", "/v1/me", nil, desk.proof(key, "GET", "/v1/me", nonce)).want(401)
	desk.get("/v1/me").want(200)
	bare := h.bearing()
	bare.token = ""
	bare.ask("GET", "/v1/me", nil, http.Header{"Authorization": {"DPoP " + h.token, "Bearer " + h.token}}).want(401)
}

// A proof is used once, whichever server it is sent to.
func TestAProofIsUsedOnceAmongReplicas(t *testing.T) {
	t.Parallel()
	redis := "redis://" + miniredis.RunT(t).Addr()
	o := openOffice(t, func(c *app.Config) { c.RedisURL = redis })
	other := o.again(io.Discard, io.Discard)
	key := aKey()
	h := o.auxiliary().enrol(key)
	var proof string
	ask := func(s *station) reply {
		bare := &hand{s: s}
		return bare.ask("GET", "/v1/me", nil, http.Header{
			"Authorization": {"DPoP " + h.token}, "Dpop": {proof}, "Host": {strings.TrimPrefix(o.url, "http://")},
		})
	}
	// A Redis that keeps a server waiting is gone on without, and then nobody knows what another one has seen: that is tried again.
	testkit.Wait(t, "what one has taken to be refused by the other", func() bool {
		proof = h.proof(key, "GET", "/v1/me", h.nonce()) // a nonce is one of both
		ask(other).want(200)
		return ask(o.station).status == 401
	})
	ask(other).want(401)
}

// Behind a proxy the settings say what phones call the server.
func TestPublicAddresses(t *testing.T) {
	t.Parallel()
	o := openOffice(t, func(c *app.Config) { c.PublicURL = []string{"https://duty.example.org/field", "http://10.0.0.7:8080"} })
	key := aKey()
	h := o.auxiliary()
	asked := func(address string) reply {
		proof := func(nonce string) string {
			at, err := url.Parse(address)
			o.must(err)
			signed, err := key.Prove(phone.NewClaims("POST", at, h.token, nonce))
			o.must(err)
			return signed
		}
		header := func(nonce string) http.Header {
			return http.Header{"Authorization": {"Bearer " + h.token}, "Dpop": {proof(nonce)}}
		}
		bare := *h
		bare.token = ""
		first := bare.ask("POST", "/v1/devices/current/key", object{"jwk": key.JWK()}, header("")).want(401)
		return bare.ask("POST", "/v1/devices/current/key", object{"jwk": key.JWK()}, header(first.header.Get("DPoP-Nonce")))
	}
	asked(o.url + "/v1/devices/current/key").want(401)
	asked("https://duty.example.org/v1/devices/current/key").want(401)
	asked("http://duty.example.org/field/v1/devices/current/key").want(401)
	asked("https://duty.example.org/field/v1/devices/current/key").want(200)
}

// Where keys are required a phone does not get in without one, and a desk does.
func TestPhonesNeedAKeyWhereItIsRequired(t *testing.T) {
	t.Parallel()
	o := openOffice(t, func(c *app.Config) { c.DeviceKeys = "required" })
	account, _ := demo.Cast().Find("310111")
	stranger := &hand{s: o.station}
	in := signingIn(account.Number, account.Password, account.Device)
	if r := stranger.post("/v1/sessions", in).want(401); r.text("code") != "device_key_required" {
		t.Errorf("%s", r.raw)
	}
	key := aKey()
	in["device_key"] = object{"jwk": key.JWK()}
	if r := stranger.post("/v1/sessions", in).want(400); r.text("errors", 0, "field") != "header/DPoP" {
		t.Errorf("%s", r.raw)
	}
	stranger.signing(key).post("/v1/sessions", in).want(201)
	older := o.officer() // signed in before that was the setting
	if r := older.get("/v1/me").want(401); r.text("code") != "device_key_required" {
		t.Errorf("%s", r.raw)
	}
	_, err := o.sql.Exec(t.Context(), `UPDATE device SET platform = 'web' WHERE id = $1`, older.device)
	o.must(err)
	older.get("/v1/me").want(200)
}
