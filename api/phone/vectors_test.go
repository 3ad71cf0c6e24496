package phone_test

import (
	"encoding/json"
	"net/url"
	"os"
	"testing"

	"github.com/dutybound/dutybound/api/phone"
)

// vectors were signed by the TypeScript client (api/phone-ts; `make test-ts` makes them anew with WRITE_VECTORS=1).
type vectors struct {
	JWK        phone.JWK `json:"jwk"`
	Thumbprint string    `json:"thumbprint"`
	Device     string    `json:"device"`
	Records    []string  `json:"records"`
	Proofs     []struct{ Method, URL, Token, Nonce, Proof string }
}

// What the TypeScript client signs is what Go wants to see.
func TestTheTypeScriptClientSignsTheSame(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../phone-ts/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	key, err := v.JWK.Public()
	if err != nil || v.JWK.Thumbprint() != v.Thumbprint {
		t.Fatalf("%s, %v", v.JWK.Thumbprint(), err)
	}
	if len(v.Records) < 3 || len(v.Proofs) < 3 {
		t.Fatalf("%d records, %d proofs", len(v.Records), len(v.Proofs))
	}
	prev := ""
	for i, signed := range v.Records {
		r, err := phone.VerifyRecord(signed, key)
		if err != nil || r.N != int64(i+1) || r.Prev != prev || r.Device.String() != v.Device || (r.Server == nil) != (i == 0) {
			t.Errorf("record %d: %+v, %v", i+1, r, err)
		}
		prev = phone.Digest(signed)
	}
	for _, p := range v.Proofs {
		address, err := url.Parse(p.URL)
		if err != nil {
			t.Fatal(err)
		}
		want := phone.NewClaims(p.Method, address, p.Token, p.Nonce)
		got := proven(t, p.Proof)
		want.ID, want.At = got.ID, got.At
		if got != want || got.ID == "" || got.At == 0 {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
