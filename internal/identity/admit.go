package identity

import (
	"context"
	"errors"
	"time"

	"github.com/dutybound/dutybound/internal/fault"
)

// Asking is how a request says who asks and, by a DPoP proof, that it comes from the device with the key.
type Asking struct {
	Bound  bool     // the token came with the scheme DPoP, not Bearer
	Token  string   // empty: none
	Proofs []string // the DPoP headers: one at most is right
	Method string
	URLs   []string // the address of the request, without its query, in each way that a phone may know it
	Glance bool     // only a look ahead of the request: the proof is not used up
}

// Proofs is what proofs are held against.
type Proofs struct {
	Nonces Nonces
	Used   Used
	Needed bool // phones must have a key

	Attestors *Attestors // nil: nobody vouches for where keys live
}

// Used remembers proofs that were used. It must not fail: what cannot be remembered any more is bounded by the nonce.
type Used interface {
	// First notes a name for so long, and says whether it was not noted before.
	First(ctx context.Context, name string, life time.Duration) bool
}

// Proving makes the service ask for proofs.
func (s *Service) Proving(p Proofs) *Service {
	s.proofs = p
	return s
}

// Admit is who a request speaks for. A session on a device with a key is nothing without a proof by that key over this request: a
// stolen token alone opens nothing. Next is the nonce to use from now on; empty: the one that was used is good for a while.
func (s *Service) Admit(ctx context.Context, a Asking) (session Session, next string, err error) {
	session, err = s.Session(ctx, a.Token)
	switch {
	case err != nil:
		return Session{}, "", err
	case session.Key != "" && !a.Bound:
		return Session{}, "", s.challenge(wrongToken, "the token is bound to a key: send it with the scheme DPoP, and a proof")
	case session.Key != "":
		_, next, err = s.prove(ctx, a, session.Key)
	case a.Bound:
		err = s.challenge(wrongToken, "the token is bound to no key: send it with the scheme Bearer")
	case s.proofs.Needed && session.Platform.Phone():
		err = errKeyNeeded
	}
	if err != nil {
		return Session{}, "", err
	}
	return session, next, nil
}

// errKeyNeeded is the answer to phones without a key where each must have one.
var errKeyNeeded = fault.New(fault.Unauthenticated, "device_key_required", "此类设备须先登记密钥：请携带 device_key 重新登录",
	"a phone needs a key here: sign in again with a device_key")

// challenge is the refusal of a request that a proof can cure.
func (s *Service) challenge(code, reason string) error {
	what := fault.New(fault.Unauthenticated, "dpop_proof_invalid", "设备密钥证明无效", "the proof of the device's key is not valid")
	switch code {
	case wrongNonce:
		what = fault.New(fault.Unauthenticated, "dpop_nonce_required", "请使用服务器给出的随机数重新签名", "sign again with the nonce that the server gives")
	case wrongToken:
		what = fault.New(fault.Unauthenticated, "dpop_required", "该登录凭证须与设备密钥证明一并使用", "the token does not go with this scheme: "+reason)
	}
	return what.Because(Challenge{Code: code, Nonce: s.proofs.Nonces.Now(s.now()), Reason: reason})
}

// prove holds the one proof of a request against the request. Whatever is cheap comes first; a thumbprint that is given must be the
// key's.
func (s *Service) prove(ctx context.Context, a Asking, thumbprint string) (p proof, next string, err error) {
	if len(a.Proofs) != 1 {
		return p, "", s.challenge(wrongProof, "one DPoP header is needed")
	}
	p, err = readProof(a.Proofs[0])
	if err == nil {
		err = p.about(a)
	}
	if err == nil && thumbprint != "" && p.thumbprint != thumbprint {
		err = errors.New("the key is not that of the device")
	}
	if err != nil {
		return p, "", s.challenge(wrongProof, err.Error())
	}
	good, next := s.proofs.Nonces.judge(p.claims.nonce, s.now())
	if !good {
		return p, "", s.challenge(wrongNonce, "the nonce is missing or too old")
	}
	if err := p.verify(); err != nil {
		return p, "", s.challenge(wrongProof, err.Error())
	}
	if !a.Glance && !s.proofs.Used.First(ctx, p.once(), nonceLife) {
		return p, "", s.challenge(wrongProof, "the proof was used before: each request needs a jti of its own")
	}
	return p, next, nil
}
