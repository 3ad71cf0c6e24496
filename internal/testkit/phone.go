package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Phone signs records as a phone without network does, on its own code: what verifies them must agree with a second reader of the format.
type Phone struct {
	Device uuid.UUID
	Next   Signed // what the next record says, but for its id, path and body
	key    *ecdsa.PrivateKey
}

// Signed is the payload of a record.
type Signed struct {
	Device    uuid.UUID `json:"device"`
	N         int64     `json:"n"`
	Prev      string    `json:"prev"`
	ID        uuid.UUID `json:"id"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Body      any       `json:"body"`
	Wall      time.Time `json:"wall"`
	Boot      string    `json:"boot"`
	SinceBoot int64     `json:"since_boot_ms"`
	Server    *SeenAt   `json:"server"`
}

// SeenAt is the last time that the server told.
type SeenAt struct {
	At        time.Time `json:"at"`
	SinceBoot int64     `json:"since_boot_ms"`
}

// NewPhone makes a phone with a key of its own.
func NewPhone(device uuid.UUID) *Phone {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // the system has no randomness
	}
	return &Phone{Device: device, key: key, Next: Signed{Device: device, N: 1, Method: "POST", Boot: "boot-1", SinceBoot: 1000, Wall: time.Now()}}
}

// Point is the public key as an uncompressed point.
func (p *Phone) Point() []byte {
	point, err := p.key.PublicKey.Bytes()
	if err != nil {
		panic(err) // a key of a curve that is there
	}
	return point
}

// PKCS8 is the key as the reference phone (api/phone) reads it.
func (p *Phone) PKCS8() []byte {
	key, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		panic(err) // a key of a curve that is there
	}
	return key
}

// Thumbprint names the key (RFC 7638).
func (p *Phone) Thumbprint() string {
	point := p.Point()
	jwk := fmt.Sprintf(`{"crv":"P-256","kty":"EC","x":"%s","y":"%s"}`, encoded(point[1:33]), encoded(point[33:]))
	sum := sha256.Sum256([]byte(jwk))
	return encoded(sum[:])
}

// Records signs the next record, a second after the one before. A nil body is none.
func (p *Phone) Records(path string, body any) string {
	s := p.Next
	s.ID, s.Path, s.Body = uuid.Must(uuid.NewV7()), path, body
	jws := p.Signs(s)
	p.Next.N++
	p.Next.Prev = Hash(jws)
	p.Next.SinceBoot += 1000
	p.Next.Wall = p.Next.Wall.Add(time.Second)
	return jws
}

// Signs signs any payload.
func (p *Phone) Signs(payload any) string {
	text, err := json.Marshal(payload)
	if err != nil {
		panic(err) // a test's own value
	}
	return p.SignsAs(map[string]any{"alg": "ES256", "typ": "dutybound-record+jws", "kid": p.Thumbprint()}, text)
}

// SignsAs signs any bytes under any header.
func (p *Phone) SignsAs(header, payload any) string {
	var parts [2]string
	for i, part := range []any{header, payload} {
		text, raw := part.([]byte)
		if !raw {
			text, _ = json.Marshal(part)
		}
		parts[i] = encoded(text)
	}
	signed := parts[0] + "." + parts[1]
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, sum[:])
	if err != nil {
		panic(err) // the system has no randomness
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return signed + "." + encoded(signature)
}

// Hash is what the next record names one by, whatever its signature is.
func Hash(jws string) string {
	sum := sha256.Sum256([]byte(jws[:max(0, strings.LastIndexByte(jws, '.'))]))
	return encoded(sum[:])
}

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
