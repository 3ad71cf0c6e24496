package phone

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// ProofType is the type in the protected header of a proof.
const ProofType = "dpop+jwt"

// Claims are what a proof says (RFC 9449, section 4.2).
type Claims struct {
	ID      string `json:"jti"` // works once
	Method  string `json:"htm"`
	Address string `json:"htu"`           // without the query
	At      int64  `json:"iat"`           // by the phone's clock; the server does not look at it
	Token   string `json:"ath,omitempty"` // SHA-256 of the token that the proof comes with
	Nonce   string `json:"nonce,omitempty"`
}

// NewClaims are those of one request. Token and nonce are empty when there is none yet.
func NewClaims(method string, address *url.URL, token, nonce string) Claims {
	c := Claims{ID: rand.Text(), Method: method, Address: withoutQuery(address), At: time.Now().Unix(), Nonce: nonce}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		c.Token = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return c
}

func withoutQuery(address *url.URL) string {
	bare := *address
	bare.User, bare.RawQuery, bare.ForceQuery, bare.Fragment, bare.RawFragment = nil, "", false, "", ""
	return bare.String()
}

// Prove makes the value of the DPoP header.
func (k *Key) Prove(c Claims) (string, error) {
	payload, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("phone: proof: %w", err)
	}
	return k.sign(payload, ProofType, map[jose.HeaderKey]any{"jwk": k.public})
}
