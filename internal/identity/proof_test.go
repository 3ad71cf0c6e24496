package identity_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/dutybound/dutybound/api/phone"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
)

// The proofs of RFC 9449: figure 2 (a request for a token) and figure 12 (one with a token), and the key of both (section 6.1).
const (
	rfcHeader   = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
	rfcForToken = rfcHeader + ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ" +
		".2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
	rfcWithToken = rfcHeader + ".eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9" +
		".2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
	rfcToken      = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
	rfcThumbprint = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
)

func TestTheProofsOfTheRFC(t *testing.T) {
	t.Parallel()
	forToken := identity.Asking{Method: "POST", URLs: []string{"https://server.example.com/token"}}
	withToken := identity.Asking{Method: "GET", URLs: []string{"https://resource.example.org/protectedresource"}, Token: rfcToken}
	for proof, asking := range map[string]identity.Asking{rfcForToken: forToken, rfcWithToken: withToken} {
		if thumbprint, err := identity.CheckProof(proof, asking); err != nil || thumbprint != rfcThumbprint {
			t.Errorf("%s: %s, %v", asking.Method, thumbprint, err)
		}
	}
	for name, asking := range map[string]identity.Asking{
		"another method": {Method: "POST", URLs: withToken.URLs, Token: rfcToken}, "another token": {Method: "GET", URLs: withToken.URLs, Token: rfcToken + "x"},
		"no token": {Method: "GET", URLs: withToken.URLs}, "another path": {Method: "GET", URLs: []string{withToken.URLs[0] + "s"}, Token: rfcToken},
		"no address": {Method: "GET", Token: rfcToken},
	} {
		if _, err := identity.CheckProof(rfcWithToken, asking); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
	if _, err := identity.CheckProof(rfcWithToken[:len(rfcWithToken)-4]+"AAAA", withToken); err == nil {
		t.Error("a signature of nobody is taken")
	}
}

// The proofs of the TypeScript client (api/phone-ts) are what the server wants.
func TestTheProofsOfTheTypeScriptClient(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../api/phone-ts/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Thumbprint string
		Proofs     []struct{ Method, URL, Token, Proof string }
	}
	if err := json.Unmarshal(content, &vectors); err != nil || len(vectors.Proofs) < 3 {
		t.Fatal(err)
	}
	for _, p := range vectors.Proofs {
		thumbprint, err := identity.CheckProof(p.Proof, identity.Asking{Method: p.Method, URLs: []string{p.URL}, Token: p.Token})
		if err != nil || thumbprint != vectors.Thumbprint {
			t.Errorf("%s %s: %s, %v", p.Method, p.URL, thumbprint, err)
		}
	}
}

// What is the same address is so by the rules of RFC 3986, and by no others.
func TestAddressesOfProofs(t *testing.T) {
	t.Parallel()
	key := aKey(t)
	const asked = "https://duty.example.org/v1/tasks/a%2Fb/start"
	for named, right := range map[string]bool{
		asked: true, asked + "?x=1": true, asked + "#x": true, "HTTPS://Duty.Example.org:443/v1/tasks/a%2fb/start": false,
		"HTTPS://Duty.Example.org:443/v1/tasks/a%2Fb/start": true, "http://duty.example.org/v1/tasks/a%2Fb/start": false,
		"https://duty.example.org/v1/tasks/a/b/start": false, "https://duty.example.org:8443/v1/tasks/a%2Fb/start": false,
		"https://duty.example.org.evil.example/v1/tasks/a%2Fb/start": false, "https://x@duty.example.org/v1/tasks/a%2Fb/start": false,
		"/v1/tasks/a%2Fb/start": false, "https:duty.example.org/v1/tasks/a%2Fb/start": false, "": false, "https://duty.example.org": false,
		asked + "/": false,
	} {
		claims := phone.Claims{ID: "x", Method: "POST", Address: named, At: 1}
		proof, err := key.Prove(claims)
		if err != nil {
			t.Fatal(err)
		}
		_, err = identity.CheckProof(proof, identity.Asking{Method: "POST", URLs: []string{"https://other.example.org/", asked}})
		if (err == nil) != right {
			t.Errorf("%s: %v", named, err)
		}
	}
}

func aKey(t testing.TB) *phone.Key {
	t.Helper()
	key, err := phone.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// used remembers names for ever.
type used struct {
	mu    sync.Mutex
	names map[string]bool
}

func (u *used) First(_ context.Context, name string, life time.Duration) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if life < 5*time.Minute || u.names[name] {
		return false
	}
	u.names[name] = true
	return true
}

func proving(s *identity.Service, needed bool) (*identity.Service, identity.Nonces) {
	nonces := identity.NewNonces([]byte("a secret that the replicas share"))
	return s.Proving(identity.Proofs{Nonces: nonces, Used: &used{names: map[string]bool{}}, Needed: needed}), nonces
}

// handset is a phone with a key, as far as it matters here.
type handset struct {
	t     testing.TB
	key   *phone.Key
	token string
	nonce string
}

const here = "https://duty.example.org/v1/me"

// claims are those of a good proof.
func (h *handset) claims() phone.Claims {
	address, err := url.Parse(here)
	if err != nil {
		h.t.Fatal(err)
	}
	return phone.NewClaims("GET", address, h.token, h.nonce)
}

func (h *handset) asking(c phone.Claims) identity.Asking {
	h.t.Helper()
	proof, err := h.key.Prove(c)
	if err != nil {
		h.t.Fatal(err)
	}
	return identity.Asking{Bound: h.token != "", Token: h.token, Proofs: []string{proof}, Method: "GET", URLs: []string{here}}
}

// enrolled is a phone that signed in with its key.
func enrolled(t testing.TB, s *identity.Service, m *memory, nonces identity.Nonces) *handset {
	t.Helper()
	h := &handset{t: t, key: aKey(t), nonce: nonces.Now(time.Now())}
	in := m.signIn()
	in.Key, in.Asking = &identity.NewKey{JWK: h.key.JWK(), Claimed: "hardware"}, h.asking(h.claims())
	signed, err := s.SignIn(t.Context(), in)
	if err != nil || !signed.Bound {
		t.Fatalf("%+v, %v", signed, err)
	}
	h.token = signed.Token
	return h
}

// refusedWith says that an error is a challenge, with a nonce to go on with.
func refusedWith(t testing.TB, what string, err error, code string) {
	t.Helper()
	var challenge identity.Challenge
	if fault.KindOf(err) != fault.Unauthenticated || !errors.As(err, &challenge) || challenge.Code != code || challenge.Nonce == "" {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
	if header := challenge.Header(); !strings.HasPrefix(header, `DPoP error="`+code+`", error_description="`) || strings.Count(header, `"`) != 6 {
		t.Errorf("%s: %s", what, header)
	}
}

func TestABoundSessionIsNothingWithoutItsKey(t *testing.T) {
	t.Parallel()
	s, m, _ := newHouse(t)
	s, nonces := proving(s, false)
	h := enrolled(t, s, m, nonces)
	admit := func(a identity.Asking) error { _, _, err := s.Admit(t.Context(), a); return err }
	if err := admit(h.asking(h.claims())); err != nil {
		t.Fatal(err)
	}
	bearer := h.asking(h.claims())
	bearer.Bound = false
	refusedWith(t, "as a bearer token", admit(bearer), "invalid_token")
	bare := h.asking(h.claims())
	bare.Proofs = nil
	refusedWith(t, "without a proof", admit(bare), "invalid_dpop_proof")
	twice := h.asking(h.claims())
	twice.Proofs = append(twice.Proofs, h.asking(h.claims()).Proofs...)
	refusedWith(t, "with two proofs", admit(twice), "invalid_dpop_proof")
	thief := &handset{t: t, key: aKey(t), token: h.token, nonce: h.nonce}
	refusedWith(t, "with another key", admit(thief.asking(thief.claims())), "invalid_dpop_proof")

	proof := h.asking(h.claims())
	glance := proof
	glance.Glance = true
	for range 2 {
		if err := admit(glance); err != nil {
			t.Fatalf("a glance uses the proof up: %v", err)
		}
	}
	if err := admit(proof); err != nil {
		t.Fatal(err)
	}
	refusedWith(t, "a proof again", admit(proof), "invalid_dpop_proof")
	for name, spoil := range map[string]func(*phone.Claims){
		"method": func(c *phone.Claims) { c.Method = "POST" }, "address": func(c *phone.Claims) { c.Address += "x" },
		"host": func(c *phone.Claims) { c.Address = strings.Replace(c.Address, "duty", "evil", 1) }, "token": func(c *phone.Claims) { c.Token = "x" },
		"no token": func(c *phone.Claims) { c.Token = "" }, "no jti": func(c *phone.Claims) { c.ID = "" },
		"a long jti": func(c *phone.Claims) { c.ID = strings.Repeat("x", 257) },
	} {
		c := h.claims()
		spoil(&c)
		refusedWith(t, name, admit(h.asking(c)), "invalid_dpop_proof")
	}
	for name, nonce := range map[string]string{"none": "", "made up": "AAAAAAAAAAAAAAAAAAAAAA", "of long ago": nonces.Now(time.Unix(1e9, 0))} {
		c := h.claims()
		c.Nonce = nonce
		refusedWith(t, "nonce "+name, admit(h.asking(c)), "use_dpop_nonce")
	}
	clock := h.claims()
	clock.At = 1 // a phone whose battery was empty
	if err := admit(h.asking(clock)); err != nil {
		t.Errorf("a wrong clock: %v", err)
	}
}

// A nonce is good for two and a half to five minutes, and the next one is told in time; replicas whose clocks differ a little agree.
func TestNoncesPass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, m, _ := newHouse(t)
		s, nonces := proving(s, false)
		time.Sleep(150*time.Second - time.Duration(time.Now().Unix()%150)*time.Second) // to where one begins
		h := enrolled(t, s, m, nonces)
		try := func() (next string, err error) {
			_, next, err = s.Admit(t.Context(), h.asking(h.claims()))
			return next, err
		}
		if next, err := try(); next != "" || err != nil {
			t.Fatalf("a new one: %q, %v", next, err)
		}
		time.Sleep(149 * time.Second)
		if next, err := try(); next != "" || err != nil {
			t.Errorf("after 149 s: %q, %v", next, err)
		}
		time.Sleep(2 * time.Second)
		next, err := try()
		if next == "" || next == h.nonce || err != nil {
			t.Errorf("after 151 s: %q, %v", next, err)
		}
		time.Sleep(148 * time.Second)
		if _, err := try(); err != nil {
			t.Errorf("after 299 s: %v", err)
		}
		time.Sleep(2 * time.Second)
		_, err = try()
		refusedWith(t, "after 301 s", err, "use_dpop_nonce")
		h.nonce = next
		if _, err := try(); err != nil {
			t.Errorf("the one that was told: %v", err)
		}
		h.nonce = nonces.Now(time.Now().Add(time.Minute)) // of a replica that is ahead
		if _, err := try(); err != nil {
			t.Errorf("of a replica that is ahead: %v", err)
		}
		h.nonce = identity.NewNonces([]byte("another secret")).Now(time.Now())
		_, err = try()
		refusedWith(t, "of another service", err, "use_dpop_nonce")
	})
}

// forge makes a compact JWS that keeps the rules only where the test does.
func forge(t testing.TB, alg jose.SignatureAlgorithm, with any, header map[jose.HeaderKey]any, payload string) string {
	t.Helper()
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

func TestAForgedProofIsRefused(t *testing.T) {
	t.Parallel()
	key := aKey(t)
	asking := identity.Asking{Method: "GET", URLs: []string{here}}
	good := `{"jti":"a","htm":"GET","htu":"` + here + `","iat":1}`
	header := func(more map[jose.HeaderKey]any) map[jose.HeaderKey]any {
		all := map[jose.HeaderKey]any{"typ": "dpop+jwt", "jwk": key.JWK()}
		maps.Copy(all, more)
		return all
	}
	pkcs8, err := key.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		t.Fatal(err)
	}
	es := func(more map[jose.HeaderKey]any, payload string) string {
		return forge(t, jose.ES256, private, header(more), payload)
	}
	if thumbprint, err := identity.CheckProof(es(nil, good), asking); err != nil || thumbprint != key.Thumbprint() {
		t.Fatalf("a good one: %v", err)
	}
	b64 := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	jwk, err := json.Marshal(key.JWK())
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret := jose.JSONWebKey{Key: private}
	for name, forged := range map[string]string{
		"nothing": "", "dots": "..", "no JSON": "e30.e30.e30", "JSON": `{"payload":"","signatures":[]}`,
		"alg none":    b64(`{"typ":"dpop+jwt","alg":"none","jwk":`+string(jwk)+`}`) + "." + b64(good) + ".",
		"HS256":       forge(t, jose.HS256, []byte(strings.Repeat(key.JWK().X, 2)), header(nil), good),
		"HS256 alone": forge(t, jose.HS256, jwk, header(nil), good), "ES384": forge(t, jose.ES384, p384, header(nil), good),
		"a private key":     es(map[jose.HeaderKey]any{"jwk": secret}, good),
		"a symmetric key":   es(map[jose.HeaderKey]any{"jwk": map[string]string{"kty": "oct", "k": "AAAA"}}, good),
		"a key on P-384":    es(map[jose.HeaderKey]any{"jwk": jose.JSONWebKey{Key: &p384.PublicKey}}, good),
		"a point off curve": es(map[jose.HeaderKey]any{"jwk": map[string]string{"kty": "EC", "crv": "P-256", "x": key.JWK().X, "y": key.JWK().X}}, good),
		"another's key":     es(map[jose.HeaderKey]any{"jwk": aKey(t).JWK()}, good),
		"no key":            forge(t, jose.ES256, private, map[jose.HeaderKey]any{"typ": "dpop+jwt"}, good),
		"typ JWT":           es(map[jose.HeaderKey]any{"typ": "JWT"}, good), "a record": es(map[jose.HeaderKey]any{"typ": phone.RecordType}, good),
		"typ of another type": es(map[jose.HeaderKey]any{"typ": 1}, good), "a crit": es(map[jose.HeaderKey]any{"crit": []string{"b64"}, "b64": false}, good),
		"more in the header": es(map[jose.HeaderKey]any{"jku": "https://evil.example"}, good),
		"no jti":             es(nil, strings.Replace(good, `"jti":"a",`, "", 1)), "jti of a number": es(nil, strings.Replace(good, `"a"`, "1", 1)),
		"jti null": es(nil, strings.Replace(good, `"a"`, "null", 1)), "no iat": es(nil, strings.Replace(good, `,"iat":1`, "", 1)),
		"iat of text": es(nil, strings.Replace(good, `"iat":1`, `"iat":"1"`, 1)), "iat null": es(nil, strings.Replace(good, `"iat":1`, `"iat":null`, 1)),
		"no htm": es(nil, strings.Replace(good, `"htm":"GET",`, "", 1)), "htm in another case": es(nil, strings.Replace(good, `GET`, "get", 1)),
		"a claim in another case": es(nil, strings.Replace(good, `"htm"`, `"HTM"`, 1)), "a list": es(nil, "["+good+"]"), "two": es(nil, good+good),
		"ath of a number": es(nil, strings.Replace(good, `"iat"`, `"ath":1,"iat"`, 1)), "nonce null": es(nil, strings.Replace(good, `"iat"`, `"nonce":null,"iat"`, 1)),
		"too long": es(nil, strings.Replace(good, `"iat"`, `"x":"`+strings.Repeat("x", 4096)+`","iat"`, 1)),
	} {
		if _, err := identity.CheckProof(forged, asking); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func FuzzProof(f *testing.F) {
	f.Add(rfcForToken)
	f.Add(rfcWithToken)
	f.Add("e30.e30.e30")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, compact string) {
		asking := identity.Asking{Method: "POST", URLs: []string{"https://server.example.com/token"}}
		if thumbprint, err := identity.CheckProof(compact, asking); err == nil && thumbprint != rfcThumbprint {
			t.Errorf("%q is taken for a proof of %s", compact, thumbprint)
		}
	})
}

// FuzzClaims signs whatever it is given.
func FuzzClaims(f *testing.F) {
	key := aKey(f)
	pkcs8, err := key.Marshal()
	if err != nil {
		f.Fatal(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`{"jti":"a","htm":"GET","htu":"` + here + `","iat":1}`)
	f.Add(`{"jti":"a","htm":"GET","htu":"%zz","iat":1e999,"nonce":{}}`)
	f.Fuzz(func(t *testing.T, payload string) {
		compact := forge(t, jose.ES256, private, map[jose.HeaderKey]any{"typ": "dpop+jwt", "jwk": key.JWK()}, payload)
		if _, err := identity.CheckProof(compact, identity.Asking{Method: "GET", URLs: []string{here}}); err != nil {
			return
		}
		var said map[string]any
		if err := json.Unmarshal([]byte(payload), &said); err != nil || said["htm"] != "GET" {
			t.Errorf("%q is taken", payload)
		}
	})
}

// BenchmarkProof is a proof held against its request: read, compared, its signature verified.
func BenchmarkProof(b *testing.B) {
	asking := identity.Asking{Method: "GET", URLs: []string{"https://resource.example.org/protectedresource"}, Token: rfcToken}
	for b.Loop() {
		if _, err := identity.CheckProof(rfcWithToken, asking); err != nil {
			b.Fatal(err)
		}
	}
}
