package identity

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"
)

// Nonces are what the server wants to see in a proof (RFC 9449, section 8): phones' clocks are wrong, so that a proof is new is shown
// by a nonce that did not exist before. Nothing is kept of them: a nonce is the HMAC of the stretch of time in which it is given out,
// under a secret that the replicas share. The clock is the server's own, that of a replica may go wrong by a stretch.
type Nonces struct{ secret []byte }

// NonceSecret is how long the secret is, in bytes.
const NonceSecret = 32

// NewNonces makes nonces under a secret.
func NewNonces(secret []byte) Nonces { return Nonces{secret} }

// stretch is how long one nonce is given out. It is good for the next stretch too: five minutes in all.
const stretch = 150 * time.Second

// nonceLife is how long after it was first given out a nonce can be good, with a stretch for a replica whose clock is behind.
const nonceLife = 3 * stretch

const nonceBytes = 16

// Now is the nonce to use from now on.
func (n Nonces) Now(now time.Time) string { return n.of(number(now)) }

func number(at time.Time) int64 { return at.Unix() / int64(stretch/time.Second) }

func (n Nonces) of(stretch int64) string {
	mac := hmac.New(sha256.New, n.secret)
	mac.Write([]byte("dutybound dpop nonce 1\n"))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(stretch)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:nonceBytes])
}

// judge says whether a nonce is good, and which one to use next when it will not be for long.
func (n Nonces) judge(nonce string, now time.Time) (good bool, next string) {
	at := number(now)
	for _, known := range []int64{at, at - 1, at + 1} { // the last one is of a replica that is ahead
		if hmac.Equal([]byte(nonce), []byte(n.of(known))) {
			if known < at {
				next = n.of(at)
			}
			return true, next
		}
	}
	return false, n.of(at)
}

// Challenge is the cause of a fault.Unauthenticated that a proof can cure: what RFC 9449 calls the error, the nonce to use, and what
// was wrong, for whoever writes the phone's side.
type Challenge struct{ Code, Nonce, Reason string }

func (c Challenge) Error() string { return c.Code + ": " + c.Reason }

// The errors of RFC 9449 and RFC 6750.
const (
	wrongNonce = "use_dpop_nonce"
	wrongProof = "invalid_dpop_proof"
	wrongToken = "invalid_token"
)

// Header is the challenge as WWW-Authenticate has it.
func (c Challenge) Header() string {
	return `DPoP error="` + c.Code + `", error_description="` + strings.NewReplacer(`"`, "'", `\`, "/").Replace(c.Reason) + `", algs="ES256"`
}
