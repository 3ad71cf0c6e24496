package phone_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/dutybound/dutybound/api/phone"
)

// proven reads a proof, made by the key in it.
func proven(t *testing.T, compact string) (claims phone.Claims) {
	t.Helper()
	signed, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Error(err)
		return claims
	}
	header := signed.Signatures[0].Protected
	payload, err := signed.Verify(header.JSONWebKey)
	if err != nil || header.ExtraHeaders[jose.HeaderType] != phone.ProofType {
		t.Errorf("%+v, %v", header, err)
	}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Error(err)
	}
	return claims
}

func TestATransportLearnsTheNonce(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	var mu sync.Mutex
	nonce, asked, bodies := "n1", 0, []string{}
	seen := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked++
		claims := proven(t, r.Header.Get("DPoP"))
		if claims.Method != "POST" || claims.Address != "http://"+r.Host+r.URL.Path || seen[claims.ID] || claims.At == 0 {
			t.Errorf("%+v", claims)
		}
		seen[claims.ID] = true
		if claims.Token == "" || r.Header.Get("Authorization") != "DPoP the-token" {
			t.Errorf("token %q, %q", claims.Token, r.Header.Get("Authorization"))
		}
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, string(body))
		if claims.Nonce != nonce {
			w.Header().Set("DPoP-Nonce", nonce)
			w.Header().Set("WWW-Authenticate", `DPoP error="use_dpop_nonce", algs="ES256"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		nonce = "n" + claims.ID
		w.Header().Set("DPoP-Nonce", nonce) // for the next one
	}))
	t.Cleanup(server.Close)
	transport := &phone.Transport{Key: key}
	transport.SignedIn("the-token")
	client := &http.Client{Transport: transport}
	for range 3 {
		answer, err := client.Post(server.URL+"/v1/x?q=1", "text/plain", strings.NewReader("hello"))
		if err != nil || answer.StatusCode != 200 {
			t.Fatal(answer, err)
		}
		_ = answer.Body.Close()
	}
	if asked != 4 || strings.Join(bodies, " ") != "hello hello hello hello" {
		t.Errorf("asked %d times: %v", asked, bodies)
	}
}

// A server that is never content is asked twice, not for ever; and a token that the request brings itself is proven.
func TestATransportGivesUp(t *testing.T) {
	t.Parallel()
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		if claims := proven(t, r.Header.Get("DPoP")); claims.Token == "" || r.Header.Get("Authorization") != "Bearer mine" {
			t.Errorf("%+v %v", claims, r.Header)
		}
		w.Header().Set("DPoP-Nonce", strings.Repeat("x", asked))
		w.Header().Set("WWW-Authenticate", `DPoP error="use_dpop_nonce"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	request, err := http.NewRequest(http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer mine")
	answer, err := (&http.Client{Transport: &phone.Transport{Key: newKey(t)}}).Do(request)
	if err != nil || answer.StatusCode != http.StatusUnauthorized || asked != 2 {
		t.Errorf("%v, %v, asked %d times", answer, err, asked)
	}
	_ = answer.Body.Close()
}
