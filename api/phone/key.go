// Package phone is a reference of what a phone does that no generated client can: it keeps a key, proves with each request that it
// has it (DPoP, RFC 9449), and signs what it records while there is no network. It imports nothing of the server, so it can be
// copied into an app; the same in TypeScript is in api/phone-ts.
package phone

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
)

// Key is the key of a device: ECDSA on P-256 (ES256). A real phone makes it inside its secure hardware and never sees it; here it
// lives in memory.
type Key struct {
	private *ecdsa.PrivateKey
	public  JWK
}

// JWK is the public half as a JSON Web Key. It has no field for a private one.
type JWK struct {
	Curve string `json:"crv"`
	Type  string `json:"kty"`
	X     string `json:"x"`
	Y     string `json:"y"`
}

// NewKey makes a key.
func NewKey() (*Key, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return keyOf(private)
}

// ParseKey reads a key that Marshal wrote.
func ParseKey(pkcs8 []byte) (*Key, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(pkcs8)
	if err != nil {
		return nil, fmt.Errorf("phone: %w", err)
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || private.Curve != elliptic.P256() {
		return nil, errors.New("phone: not a key on P-256")
	}
	return keyOf(private)
}

func keyOf(private *ecdsa.PrivateKey) (*Key, error) {
	public, err := PublicJWK(&private.PublicKey)
	return &Key{private, public}, err
}

// Marshal writes the key as PKCS #8, to be kept where nobody else can read it.
func (k *Key) Marshal() ([]byte, error) { return x509.MarshalPKCS8PrivateKey(k.private) }

// Public is what the server is told.
func (k *Key) Public() *ecdsa.PublicKey { return &k.private.PublicKey }

// JWK is what the server is told, as JSON.
func (k *Key) JWK() JWK { return k.public }

// Thumbprint names the key.
func (k *Key) Thumbprint() string { return k.public.Thumbprint() }

// coordinate is the length of each half of a point or signature on P-256.
const coordinate = 32

// PublicJWK writes a public key on P-256 as a JSON Web Key.
func PublicJWK(key *ecdsa.PublicKey) (JWK, error) {
	point, err := key.Bytes()
	if err != nil || len(point) != 1+2*coordinate {
		return JWK{}, errors.Join(errors.New("phone: not a key on P-256"), err)
	}
	b64 := base64.RawURLEncoding
	return JWK{Curve: "P-256", Type: "EC", X: b64.EncodeToString(point[1 : 1+coordinate]), Y: b64.EncodeToString(point[1+coordinate:])}, nil
}

// Thumbprint is the SHA-256 of RFC 7638: the required members only, in the order of their names.
func (j JWK) Thumbprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":%q,"kty":%q,"x":%q,"y":%q}`, j.Curve, j.Type, j.X, j.Y))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Public reads a public key. It must be a point on P-256, written in the one way that there is.
func (j JWK) Public() (*ecdsa.PublicKey, error) {
	b64 := base64.RawURLEncoding.Strict()
	x, badX := b64.DecodeString(j.X)
	y, badY := b64.DecodeString(j.Y)
	if j.Type != "EC" || j.Curve != "P-256" || badX != nil || badY != nil || len(x) != coordinate || len(y) != coordinate ||
		len(j.X)+len(j.Y) != 2*b64.EncodedLen(coordinate) { // line breaks
		return nil, errors.New("phone: not a key on P-256")
	}
	return ParsePublic(append(append([]byte{4}, x...), y...))
}

// ParsePublic reads an uncompressed point on P-256, as the server keeps it.
func ParsePublic(point []byte) (*ecdsa.PublicKey, error) {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, fmt.Errorf("phone: %w", err)
	}
	return key, nil
}
