package identity_test

import (
	"crypto/ecdsa"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/testkit"
)

// Where a key lives is graded by what the maker of the phone vouches for. What shows nothing turns nobody away, and says why.
func TestAKeyIsGradedByItsChain(t *testing.T) {
	t.Parallel()
	ours, others := testkit.NewKeystore(t), testkit.NewKeystore(t)
	type chain = func(key *ecdsa.PublicKey, nonce string) [][]byte
	by := func(k *testkit.Keystore, d testkit.Described) chain {
		return func(key *ecdsa.PublicKey, nonce string) [][]byte {
			if d.Challenge == "" {
				d.Challenge = nonce
			}
			return k.Chain(key, d)
		}
	}
	for name, c := range map[string]struct {
		chain   chain
		grade   string
		problem string
		revoked string
	}{
		"none":                    {func(*ecdsa.PublicKey, string) [][]byte { return nil }, "none", "", ""},
		"a trusted environment":   {by(ours, testkit.Described{}), "hardware", "", ""},
		"a secure element":        {by(ours, testkit.Described{Attested: 1, Kept: 1}), "hardware", "", ""},
		"other revocations":       {by(ours, testkit.Described{}), "hardware", "", `{"entries": {"c0ffee": {"status": "REVOKED"}}}`},
		"software":                {by(ours, testkit.Described{Attested: -1, Kept: -1}), "software", "", ""},
		"vouched for by Android":  {by(ours, testkit.Described{Attested: -1}), "software", "", ""},
		"brought in from outside": {by(ours, testkit.Described{Origin: 2}), "software", "not made where it lives", ""},
		"a level of the future":   {by(ours, testkit.Described{Attested: 4, Kept: 4}), "none", "unknown security level", ""},
		"another root":            {by(others, testkit.Described{}), "none", "unknown authority", ""},
		"an old challenge":        {by(ours, testkit.Described{Challenge: "AAAAAAAAAAAAAAAAAAAAAA"}), "none", "challenge", ""},
		"it says nothing":         {by(ours, testkit.Described{Unsaid: true}), "none", "does not describe", ""},
		"a revoked batch": {
			by(ours, testkit.Described{}), "none", "is revoked", `{"entries": {"00` + strings.ToUpper(ours.Batch()) + `": {"status": "SUSPENDED"}}}`,
		},
		"another key's": {func(_ *ecdsa.PublicKey, nonce string) [][]byte {
			other, err := aKey(t).JWK().Public()
			if err != nil {
				t.Error(err)
			}
			return ours.Chain(other, testkit.Described{Challenge: nonce})
		}, "none", "another key", ""},
		"an app vouches for itself": {func(key *ecdsa.PublicKey, nonce string) [][]byte {
			return ours.Vouched(key, testkit.Described{Challenge: nonce})
		}, "none", "has signed the certificate of another", ""},
		"no certificate": {func(*ecdsa.PublicKey, string) [][]byte { return [][]byte{[]byte("x")} }, "none", "certificate 0", ""},
	} {
		attestors, err := identity.NewAttestors(ours.Root(), []byte(c.revoked))
		if err != nil {
			t.Fatal(err)
		}
		if grade, problem := graded(t, attestors, c.chain); grade != c.grade || (c.problem == "") != (problem == "") || !strings.Contains(problem, c.problem) {
			t.Errorf("%s: %s, %q", name, grade, problem)
		}
	}
	if grade, problem := graded(t, nil, by(ours, testkit.Described{})); grade != "none" || problem != "no roots are set" {
		t.Errorf("without roots: %s, %q", grade, problem)
	}
}

// graded has a phone sign in with a key and its chain, and is what stands in the record of it.
func graded(t *testing.T, attestors *identity.Attestors, chain func(*ecdsa.PublicKey, string) [][]byte) (grade, problem string) {
	t.Helper()
	s, m, _ := newHouse(t)
	nonces := identity.NewNonces([]byte("a secret that the replicas share"))
	s.Proving(identity.Proofs{Nonces: nonces, Used: &used{names: map[string]bool{}}, Attestors: attestors})
	h := &handset{t: t, key: aKey(t), nonce: nonces.Now(time.Now())}
	public, err := h.key.JWK().Public()
	if err != nil {
		t.Fatal(err)
	}
	in := m.signIn()
	in.Key, in.Asking = &identity.NewKey{JWK: h.key.JWK(), Claimed: "hardware", Chain: chain(public, h.nonce)}, h.asking(h.claims())
	if _, err := s.SignIn(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	var said struct {
		Attestation string `json:"attestation"`
		Problem     string `json:"attestation_problem"`
		Claimed     string `json:"claimed"`
	}
	if err := json.Unmarshal(m.events[len(m.events)-1].Body, &said); err != nil || said.Claimed != "hardware" {
		t.Errorf("%s, %v", m.events[len(m.events)-1].Body, err)
	}
	return said.Attestation, said.Problem
}

func TestAttestorsAreRead(t *testing.T) {
	t.Parallel()
	root := testkit.NewKeystore(t).Root()
	for name, c := range map[string][2]string{
		"no certificate": {"", ""}, "no list": {string(root), "x"}, "a list of something else": {string(root), `{"serials": []}`},
	} {
		if _, err := identity.NewAttestors([]byte(c[0]), []byte(c[1])); err == nil {
			t.Errorf("%s: they are taken", name)
		}
	}
}
