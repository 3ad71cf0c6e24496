package identity_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dutybound/dutybound/api/phone"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
)

func TestAKeyIsEnrolledAtTheSignIn(t *testing.T) {
	t.Parallel()
	s, m, limits := newHouse(t)
	s, nonces := proving(s, false)
	h := enrolled(t, s, m, nonces)
	if len(m.events) != 1 || m.events[0].Kind != "device.key_enrolled" {
		t.Fatalf("%+v", m.events)
	}
	for _, word := range []string{m.device.String(), h.key.Thumbprint(), `"attestation":"none"`, `"claimed":"hardware"`} {
		if !strings.Contains(string(m.events[0].Body), word) {
			t.Errorf("the event %s lacks %s", m.events[0].Body, word)
		}
	}
	signIn := func(by *handset, key *phone.Key) error {
		in := m.signIn()
		if by != nil {
			in.Asking = by.asking(by.claims())
		}
		if key != nil {
			in.Key = &identity.NewKey{JWK: key.JWK()}
		}
		_, err := s.SignIn(t.Context(), in)
		return err
	}
	own := &handset{t: t, key: h.key, nonce: h.nonce}
	other := &handset{t: t, key: aKey(t), nonce: h.nonce}
	for name, err := range map[string]error{"with a proof": signIn(own, nil), "with key and proof": signIn(own, h.key)} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Without the key the right password looks like a wrong one.
	for name, err := range map[string]error{"without a proof": signIn(nil, nil), "with another key's proof": signIn(other, nil)} {
		if fault.KindOf(err) != fault.Unauthenticated || !strings.Contains(err.Error(), "sign_in_failed") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := signIn(other, other.key); fault.KindOf(err) != fault.Conflict {
		t.Errorf("another key: %v", err)
	}
	if err := signIn(other, h.key); fault.KindOf(err) != fault.Invalid {
		t.Errorf("somebody else's key: %v", err)
	}
	// A proof that only wants another nonce is no try.
	tries := limits.tries["sign-in:"+number]
	refusedWith(t, "no nonce", signIn(&handset{t: t, key: h.key}, nil), "use_dpop_nonce")
	if limits.tries["sign-in:"+number] != tries {
		t.Error("asking for a nonce is counted as a try")
	}
}

func TestWhoNeedsAKey(t *testing.T) {
	t.Parallel()
	for _, platform := range identity.Platforms {
		for _, needed := range []bool{false, true} {
			s, m, _ := newHouse(t)
			m.known.Platform = platform
			s, _ = proving(s, false)
			before, err := s.SignIn(t.Context(), m.signIn())
			if err != nil {
				t.Fatal(err)
			}
			s, _ = proving(s, needed)
			_, atSignIn := s.SignIn(t.Context(), m.signIn())
			_, _, asking := s.Admit(t.Context(), identity.Asking{Token: before.Token})
			for when, err := range map[string]error{"signing in": atSignIn, "asking with an older session": asking} {
				refused := fault.KindOf(err) == fault.Unauthenticated && strings.Contains(err.Error(), "device_key_required")
				if refused != (needed && platform != identity.Web) || !refused && err != nil {
					t.Errorf("%s, needed %v, %s: %v", platform, needed, when, err)
				}
			}
		}
	}
}

func TestAKeyIsEnrolledLater(t *testing.T) {
	t.Parallel()
	s, m, _ := newHouse(t)
	s, nonces := proving(s, false)
	in, err := s.SignIn(t.Context(), m.signIn())
	if err != nil {
		t.Fatal(err)
	}
	session, err := s.Session(t.Context(), in.Token)
	if err != nil {
		t.Fatal(err)
	}
	h := &handset{t: t, key: aKey(t), token: in.Token, nonce: nonces.Now(time.Now())}
	asking := func(by *handset) identity.Asking { a := by.asking(by.claims()); a.Bound = false; return a }
	enrol := func(a identity.Asking, key phone.JWK) error {
		_, _, err := s.Enrol(t.Context(), session.Actor, a, identity.NewKey{JWK: key})
		return err
	}
	bare := asking(h)
	bare.Proofs = nil
	refusedWith(t, "no proof", enrol(bare, h.key.JWK()), "invalid_dpop_proof")
	if err := enrol(asking(h), aKey(t).JWK()); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a key without its proof: %v", err)
	}
	for name, bad := range map[string]phone.JWK{
		"no point": {Type: "EC", Curve: "P-256", X: h.key.JWK().X, Y: h.key.JWK().X}, "nothing": {}, "another curve": {Type: "EC", Curve: "P-384", X: h.key.JWK().X, Y: h.key.JWK().Y},
		"a line break": {Type: "EC", Curve: "P-256", X: h.key.JWK().X[:42] + "\n", Y: h.key.JWK().Y},
	} {
		if err := enrol(asking(h), bad); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m.known.Key != "" || len(m.events) != 0 {
		t.Fatal("a refused key was enrolled")
	}
	if err := enrol(asking(h), h.key.JWK()); err != nil || m.known.Key != h.key.Thumbprint() {
		t.Fatal(err)
	}
	_, _, err = s.Admit(t.Context(), identity.Asking{Token: in.Token})
	refusedWith(t, "the token of before, as a bearer", err, "invalid_token")
	bound := h.asking(h.claims())
	if err := enrol(bound, h.key.JWK()); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if err := enrol(bound, aKey(t).JWK()); fault.KindOf(err) != fault.Conflict {
		t.Errorf("another one: %v", err)
	}
	if len(m.events) != 1 {
		t.Errorf("%d events", len(m.events))
	}
}

// A token that is bound to nothing is no DPoP token, whatever it comes with.
func TestAnUnboundTokenIsABearers(t *testing.T) {
	t.Parallel()
	s, m, _ := newHouse(t)
	s, nonces := proving(s, false)
	in, err := s.SignIn(t.Context(), m.signIn())
	if err != nil {
		t.Fatal(err)
	}
	h := &handset{t: t, key: aKey(t), token: in.Token, nonce: nonces.Now(time.Now())}
	_, _, err = s.Admit(t.Context(), h.asking(h.claims()))
	refusedWith(t, "with the scheme DPoP", err, "invalid_token")
}
