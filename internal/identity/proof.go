package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

const (
	maxProof = 4 << 10 // bytes of a proof; one has about 700
	maxJTI   = 256
	// proofType keeps every other signature of the same key, such as that of a record, from being taken for a proof.
	proofType = "dpop+jwt"
)

// proof is a DPoP proof (RFC 9449, section 4.2) as it was read: nothing of it is true before it is verified.
type proof struct {
	signed     *jose.JSONWebSignature
	key        *ecdsa.PublicKey
	thumbprint string
	claims     claims
}

// claims are what a proof says. iat must be there, as the RFC wants it, and is not looked at: it is by the phone's clock, which is
// testimony and decides nothing. That the proof is new is shown by the nonce.
type claims struct{ jti, htm, htu, ath, nonce string }

// readProof reads a proof strictly: ES256 and nothing else, a public key on P-256 in the header, each claim of its type.
func readProof(compact string) (p proof, err error) {
	if len(compact) > maxProof {
		return p, fmt.Errorf("a proof has at most %d bytes", maxProof)
	}
	if p.signed, err = jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.ES256}); err != nil {
		return p, errors.New("not a compact JWS with ES256 and a public key")
	}
	header := p.signed.Signatures[0].Protected
	if header.ExtraHeaders[jose.HeaderType] != proofType || len(header.ExtraHeaders) != 1 {
		return p, errors.New("the header of a proof has typ dpop+jwt, alg and jwk")
	}
	if p.key, p.thumbprint, err = publicKey(header.JSONWebKey); err != nil {
		return p, err
	}
	p.claims, err = readClaims(p.signed.UnsafePayloadWithoutVerification())
	return p, err
}

func publicKey(jwk *jose.JSONWebKey) (key *ecdsa.PublicKey, thumbprint string, err error) {
	if jwk == nil {
		return nil, "", errors.New("the header of a proof has the public key, as jwk")
	}
	key, ok := jwk.Key.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, "", errors.New("the key is not on P-256")
	}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	return key, base64.RawURLEncoding.EncodeToString(sum), err
}

func readClaims(payload []byte) (c claims, err error) {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(payload, &given); err != nil {
		return c, errors.New("the claims are not a JSON object")
	}
	var issued json.Number
	for _, claim := range []struct {
		name     string
		into     any
		required bool
	}{
		{"jti", &c.jti, true}, {"htm", &c.htm, true}, {"htu", &c.htu, true}, {"iat", &issued, true}, {"ath", &c.ath, false}, {"nonce", &c.nonce, false},
	} {
		value := given[claim.name]
		if value == nil && !claim.required {
			continue
		}
		// null would leave the claim as it is, and a number may stand in quotes for the decoder, but not for us.
		if isText := strings.HasPrefix(string(value), `"`); isText != (claim.name != "iat") || json.Unmarshal(value, claim.into) != nil {
			return c, fmt.Errorf("%s is missing or of the wrong type", claim.name)
		}
	}
	if _, err := issued.Float64(); err != nil {
		return c, errors.New("iat is missing or of the wrong type")
	}
	if c.jti == "" || len(c.jti) > maxJTI {
		return c, fmt.Errorf("jti has 1 to %d bytes", maxJTI)
	}
	return c, nil
}

// about says why a proof is not one over a request; nil: it is. The nonce is not looked at.
func (p proof) about(a Asking) error {
	ath := ""
	if a.Token != "" {
		sum := sha256.Sum256([]byte(a.Token))
		ath = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	switch {
	case p.claims.htm != a.Method:
		return errors.New("htm is not the method of this request")
	case !slices.ContainsFunc(a.URLs, func(address string) bool { return sameAddress(p.claims.htu, address) }):
		return errors.New("htu is not the address of this request")
	case p.claims.ath != ath:
		return errors.New("ath is not the hash of the token")
	}
	return nil
}

// sameAddress compares addresses without their queries, as RFC 9449 section 4.3 asks: scheme and host in any case, a port that goes
// without saying, and escapes that need not be are the same. An escaped slash is none.
func sameAddress(one, other string) bool {
	a, okA := normalAddress(one)
	b, okB := normalAddress(other)
	return okA && okB && a == b
}

func normalAddress(text string) (string, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return "", false
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	host = strings.TrimSuffix(host, map[string]string{"http": ":80", "https": ":443"}[scheme])
	path := u.EscapedPath()
	if !strings.Contains(strings.ToLower(path), "%2f") {
		path = u.Path
	}
	if path == "" {
		path = "/"
	}
	return scheme + "://" + host + path, scheme == "http" || scheme == "https"
}

// verify checks the signature: the one costly step, so it comes last.
func (p proof) verify() error {
	if _, err := p.signed.Verify(p.key); err != nil {
		return errors.New("the signature is not the key's")
	}
	return nil
}

// once names a proof among all that were ever made.
func (p proof) once() string {
	sum := sha256.Sum256([]byte(p.thumbprint + "\n" + p.claims.jti))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
