package outbox

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/fault"
)

// A record is a compact JWS (RFC 7515), ES256, with nothing in its header but these.
const (
	recordType = "dutybound-record+jws"
	maxRecord  = 64 << 10 // bytes
)

// Record is one request that a phone made while it had no network, as it was signed.
type Record struct {
	Device    uuid.UUID
	N         int64  // counts the device's records from 1 on, by 1
	Prev      string // Hash of the record before; empty in the first
	ID        uuid.UUID
	Path      string
	Body      json.RawMessage // as it was written; nil: none
	Wall      time.Time       // by the phone's clock: testimony
	Boot      string          // names the time since the phone was last switched on
	SinceBoot time.Duration   // by the clock that nobody can set
	Server    *Seen           // nil: no answer of the server since the phone was switched on

	Hash   string // base64url SHA-256 of what is signed, which is the same under every signature of the record
	Signed string // the compact JWS
}

// Seen is the last time that the server told a phone, and when that was by the clock that nobody can set.
type Seen struct {
	At        time.Time
	SinceBoot time.Duration
}

// callForHelp is where help is called for.
const callForHelp = "/v1/alarms"

// CallsForHelp says whether somebody in danger waits for the record to be carried out.
func (r *Record) CallsForHelp() bool { return r.Path == callForHelp }

// envelope is a record of which nothing has been believed yet but whose it claims to be.
type envelope struct {
	record    Record
	kid       string
	signed    string // what the signature is over
	signature []byte
}

// open reads a record strictly: every member once, in its own spelling, and none beside them.
func open(jws string) (e envelope, err error) {
	if len(jws) > maxRecord {
		return e, malformed("", fmt.Sprintf("is longer than %d bytes", maxRecord))
	}
	parts := strings.Split(jws, ".")
	if len(parts) != 3 {
		return e, malformed("", "is no compact JWS")
	}
	var decoded [3][]byte
	for i, part := range parts {
		if decoded[i], err = base64URL(part); err != nil {
			return e, malformed("", "is no compact JWS")
		}
	}
	if e.kid, err = readHeader(decoded[0]); err != nil {
		return e, err
	}
	if e.record, err = readPayload(decoded[1]); err != nil {
		return e, err
	}
	e.signed, e.signature = parts[0]+"."+parts[1], decoded[2]
	sum := sha256.Sum256([]byte(e.signed))
	e.record.Hash, e.record.Signed = base64.RawURLEncoding.EncodeToString(sum[:]), jws
	return e, nil
}

// base64URL takes the one spelling of some bytes.
func base64URL(text string) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	return base64.RawURLEncoding.Strict().DecodeString(text)
}

// madeBy says whether a key made the record.
func (e *envelope) madeBy(s Signer) error {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), s.Key)
	if err != nil || e.kid != s.Thumbprint {
		return errUnknownKey
	}
	sum := sha256.Sum256([]byte(e.signed))
	if len(e.signature) != 64 || !ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(e.signature[:32]), new(big.Int).SetBytes(e.signature[32:])) {
		return errSignature
	}
	return nil
}

func readHeader(raw []byte) (kid string, err error) {
	members, err := object("header", raw, "alg", "typ", "kid")
	if err != nil {
		return "", err
	}
	var alg, typ string
	for name, into := range map[string]*string{"alg": &alg, "typ": &typ, "kid": &kid} {
		if err := json.Unmarshal(members[name], into); err != nil {
			return "", malformed("header/"+name, "is no text")
		}
	}
	if alg != "ES256" || typ != recordType {
		return "", malformed("header", "is not that of a record: ES256 and "+recordType)
	}
	return kid, nil
}

func readPayload(raw []byte) (r Record, err error) {
	members, err := object("payload", raw, "device", "n", "prev", "id", "method", "path", "body", "wall", "boot", "since_boot_ms", "server")
	if err != nil {
		return r, err
	}
	var method string
	var since int64
	for name, into := range map[string]any{
		"device": &r.Device, "n": &r.N, "prev": &r.Prev, "id": &r.ID, "method": &method, "path": &r.Path, "wall": &r.Wall, "boot": &r.Boot,
		"since_boot_ms": &since,
	} {
		if err := json.Unmarshal(members[name], into); err != nil || string(members[name]) == "null" {
			return r, malformed("payload/"+name, "is not what a record has there")
		}
	}
	if body := members["body"]; string(body) != "null" {
		r.Body = body
	}
	if r.Server, err = readSeen(members["server"]); err != nil {
		return r, err
	}
	if since < 0 || since > maxSinceBoot {
		return r, malformed("payload/since_boot_ms", "is no time since a phone was switched on")
	}
	r.SinceBoot = time.Duration(since) * time.Millisecond
	return r, r.check(method)
}

// maxCounter is the last number that every reader of JSON reads as it is written.
const maxCounter = 1<<53 - 1

// maxSinceBoot, in milliseconds: no phone is on for thirty years.
const maxSinceBoot = 30 * 366 * 24 * 60 * 60 * 1000

func readSeen(raw []byte) (*Seen, error) {
	if string(raw) == "null" {
		return nil, nil
	}
	members, err := object("payload/server", raw, "at", "since_boot_ms")
	if err != nil {
		return nil, err
	}
	var s Seen
	var since int64
	if json.Unmarshal(members["at"], &s.At) != nil || json.Unmarshal(members["since_boot_ms"], &since) != nil ||
		string(members["at"]) == "null" || string(members["since_boot_ms"]) == "null" || since < 0 || since > maxSinceBoot || !storable(s.At) {
		return nil, malformed("payload/server", "is no time of the server")
	}
	s.SinceBoot = time.Duration(since) * time.Millisecond
	return &s, nil
}

func storable(t time.Time) bool { return t.UTC().Year() >= 1900 && t.UTC().Year() <= 9999 }

// plainPath is a path that no server reads in two ways.
var plainPath = regexp.MustCompile(`^/v1(/[A-Za-z0-9_-]+)+$`)

func (r *Record) check(method string) error {
	switch {
	case r.N < 1 || r.N > maxCounter:
		return malformed("payload/n", "counts from 1, by 1")
	case (r.Prev == "") != (r.N == 1) || r.N > 1 && !isHash(r.Prev):
		return malformed("payload/prev", "names the record before by its SHA-256; the first names none")
	case r.Device == uuid.Nil:
		return malformed("payload/device", "names no device")
	case r.ID.Version() != 7 || r.ID.Variant() != uuid.RFC4122:
		return malformed("payload/id", "must be a UUIDv7")
	case method != "POST":
		return malformed("payload/method", "must be POST")
	case len(r.Path) > 300 || !plainPath.MatchString(r.Path):
		return malformed("payload/path", "must be a path of the API, without a query")
	case r.Boot == "" || len(r.Boot) > 100 || strings.ContainsRune(r.Boot, 0):
		return malformed("payload/boot", "must name the time since the phone was switched on")
	case !storable(r.Wall):
		return malformed("payload/wall", "is no time that can be kept")
	}
	return nil
}

func isHash(text string) bool {
	sum, err := base64URL(text)
	return err == nil && len(sum) == sha256.Size
}

var (
	errUnknownKey = fault.New(fault.Forbidden, "unknown_key", "签名密钥不是该设备登记的密钥", "the key is not the one enrolled for the device")
	errSignature  = fault.New(fault.Invalid, "bad_signature", "签名不正确", "the signature is not right")
)

// malformed says what is wrong with a record; field is a pointer into it.
func malformed(field, message string) error {
	e := fault.New(fault.Invalid, "malformed_record", "离线记录不合规范", "the record is not well-formed")
	at := "record"
	if field != "" {
		at += "/" + field
	}
	e.Fields = []fault.Field{{Field: at, Message: message}}
	return e
}
