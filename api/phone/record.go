package phone

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
)

// RecordType is the type in the protected header of a signed record. No other kind of signature of the same key can be taken for one.
const RecordType = "dutybound-record+jws"

// MaxRecord is how long a signed record may be, in bytes.
const MaxRecord = 64 << 10

// Record is one request that a phone made while it had no network, written down when it was made. Signed, it is a compact JWS
// (ES256) with the protected header {"alg":"ES256","typ":"dutybound-record+jws","kid":thumbprint of the key}.
type Record struct {
	Device      uuid.UUID       `json:"device"`
	N           int64           `json:"n"`      // counts the device's records from 1 on, by 1
	Prev        string          `json:"prev"`   // Digest of the record before; empty in the first
	ID          uuid.UUID       `json:"id"`     // UUIDv7; the Idempotency-Key of the request
	Method      string          `json:"method"` // "POST"
	Path        string          `json:"path"`   // "/v1/..."
	Body        json.RawMessage `json:"body"`
	Wall        time.Time       `json:"wall"`          // by the phone's clock: testimony
	Boot        string          `json:"boot"`          // names the time since the phone was last switched on
	SinceBootMS int64           `json:"since_boot_ms"` // by the clock that nobody can set
	Server      *Seen           `json:"server"`        // nil: no answer of the server since it was switched on
}

// Seen is the last time that the server told, and when that was by the clock that nobody can set.
type Seen struct {
	At          time.Time `json:"at"`
	SinceBootMS int64     `json:"since_boot_ms"`
}

// Sign signs a record.
func (k *Key) Sign(r Record) (compact string, err error) {
	if err := r.check(); err != nil {
		return "", err
	}
	payload, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("phone: record: %w", err)
	}
	compact, err = k.sign(payload, RecordType, map[jose.HeaderKey]any{"kid": k.Thumbprint()})
	if err == nil && len(compact) > MaxRecord {
		err = fmt.Errorf("phone: a record of %d bytes is longer than %d", len(compact), MaxRecord)
	}
	return compact, err
}

// sign makes a compact JWS.
func (k *Key) sign(payload []byte, typ string, header map[jose.HeaderKey]any) (string, error) {
	header[jose.HeaderType] = typ
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: k.private}, &jose.SignerOptions{ExtraHeaders: header})
	if err != nil {
		return "", fmt.Errorf("phone: %w", err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("phone: %w", err)
	}
	return signed.CompactSerialize()
}

// VerifyRecord reads a signed record, which must be made by the key. What it says is true of the key's holder only: whose device that
// is, whether it follows the record before, and whether the device was revoked is for the caller to find out.
func VerifyRecord(compact string, key *ecdsa.PublicKey) (Record, error) {
	signed, err := open(compact)
	if err != nil {
		return Record{}, err
	}
	public, err := PublicJWK(key)
	if err != nil {
		return Record{}, err
	}
	header := signed.Signatures[0].Protected
	if header.KeyID != public.Thumbprint() {
		return Record{}, errors.New("phone: the record names another key")
	}
	payload, err := signed.Verify(key)
	if err != nil {
		return Record{}, fmt.Errorf("phone: record: %w", err)
	}
	return readRecord(payload)
}

// RecordKey is the thumbprint of the key that a signed record claims to be made by. Nothing is verified.
func RecordKey(compact string) (thumbprint string, err error) {
	signed, err := open(compact)
	if err != nil {
		return "", err
	}
	return signed.Signatures[0].Protected.KeyID, nil
}

// Digest is what the next record names this one by: the SHA-256 of what is signed, header and payload with the dot between them. Of one
// record there are as many signatures as one likes.
func Digest(compact string) string {
	sum := sha256.Sum256([]byte(compact[:max(0, strings.LastIndexByte(compact, '.'))]))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// open parses a signed record without verifying it. Its header has nothing but alg, typ and kid.
func open(compact string) (*jose.JSONWebSignature, error) {
	if len(compact) > MaxRecord {
		return nil, fmt.Errorf("phone: a record of %d bytes is longer than %d", len(compact), MaxRecord)
	}
	if err := canonical(compact); err != nil {
		return nil, err
	}
	signed, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, fmt.Errorf("phone: record: %w", err)
	}
	header := signed.Signatures[0].Protected
	if header.ExtraHeaders[jose.HeaderType] != RecordType || len(header.ExtraHeaders) != 1 || header.JSONWebKey != nil || header.Nonce != "" {
		return nil, errors.New("phone: not the header of a record")
	}
	return signed, nil
}

// canonical refuses a text that spells the same bytes another way (line breaks, loose bits at the end): a record has one digest.
func canonical(compact string) error {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 || strings.ContainsAny(compact, "\r\n") {
		return errors.New("phone: not a compact JWS")
	}
	for _, part := range parts {
		if _, err := base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			return fmt.Errorf("phone: not a compact JWS: %w", err)
		}
	}
	return nil
}

// members are all that a record has, each exactly once; seen are those of its time of the server.
var (
	members = []string{"device", "n", "prev", "id", "method", "path", "body", "wall", "boot", "since_boot_ms", "server"}
	seen    = []string{"at", "since_boot_ms"}
)

// readRecord reads a record strictly: every member once, in its own spelling, and nothing else at any depth twice.
func readRecord(payload []byte) (r Record, err error) {
	if !utf8.Valid(payload) {
		return r, errors.New("phone: a record is UTF-8")
	}
	if err := strictly(payload); err != nil {
		return r, err
	}
	given, err := having(payload, members, "body", "server")
	if err != nil {
		return r, err
	}
	if string(given["server"]) != "null" {
		if _, err := having(given["server"], seen); err != nil {
			return r, err
		}
	}
	if err := json.Unmarshal(payload, &r); err != nil {
		return r, fmt.Errorf("phone: record: %w", err)
	}
	return r, r.check()
}

// having takes an object apart that has these members and no others; only what may be null is.
func having(object []byte, names []string, nullable ...string) (given map[string]json.RawMessage, err error) {
	if err := json.Unmarshal(object, &given); err != nil {
		return nil, fmt.Errorf("phone: record: %w", err)
	}
	for _, name := range names {
		if given[name] == nil || string(given[name]) == "null" && !slices.Contains(nullable, name) {
			return nil, fmt.Errorf("phone: a record without %s", name)
		}
	}
	if len(given) != len(names) {
		return nil, errors.New("phone: a record with members that none has")
	}
	return given, nil
}

// deepest is how deep the objects and lists of a record may lie in each other.
const deepest = 32

// strictly refuses a JSON document that two readers could take for two: names twice, or something after it.
func strictly(document []byte) error {
	reader := json.NewDecoder(bytes.NewReader(document))
	var names []map[string]bool // of the objects that are open; nil: a list
	name := false               // whether a name comes next
	for {
		token, err := reader.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("phone: record: %w", err)
		}
		text, isText := token.(string)
		open := len(names) > 0 && names[len(names)-1] != nil
		switch {
		case len(names) > deepest:
			return errors.New("phone: a record that is too deep")
		case token == json.Delim('{'):
			names = append(names, map[string]bool{})
			name = true
			continue
		case token == json.Delim('['):
			names = append(names, nil)
		case token == json.Delim('}'), token == json.Delim(']'):
			names = names[:len(names)-1]
		case open && name && isText:
			if names[len(names)-1][text] {
				return fmt.Errorf("phone: a record with %q twice", text)
			}
			names[len(names)-1][text] = true
			name = false
			continue
		}
		name = len(names) > 0 && names[len(names)-1] != nil
	}
	return nil
}

const (
	maxCounter   = 1<<53 - 1                      // the last number that every reader of JSON reads as it is written
	maxPath      = 300                            // bytes
	maxSinceBoot = 30 * 366 * 24 * 60 * 60 * 1000 // milliseconds: no phone is on for thirty years
)

// isPlain says whether a path is one that no server reads in two ways.
var isPlain = regexp.MustCompile(`^/v1(/[A-Za-z0-9_-]+)+$`).MatchString

func storable(t time.Time) bool { return t.UTC().Year() >= 1900 && t.UTC().Year() <= 9999 }

// check holds a record to what the server takes: one that it never takes would be missing for ever.
func (r Record) check() error {
	switch {
	case r.Device == uuid.Nil:
		return errors.New("phone: a record without a device")
	case r.N < 1 || r.N > maxCounter:
		return errors.New("phone: records are counted from 1 on")
	case (r.Prev == "") != (r.N == 1):
		return errors.New("phone: every record but the first names the one before")
	case r.N > 1 && !isDigest(r.Prev):
		return errors.New("phone: the record before is named by its SHA-256")
	case r.ID.Version() != 7 || r.ID.Variant() != uuid.RFC4122:
		return errors.New("phone: the id of a record is a UUIDv7")
	case r.Method != "POST":
		return errors.New("phone: only POST can be recorded")
	case len(r.Path) > maxPath || !isPlain(r.Path):
		return errors.New("phone: the path of a record is one of the API, without a query")
	case r.Boot == "" || len(r.Boot) > 100 || strings.ContainsRune(r.Boot, 0) || r.SinceBootMS < 0 || r.SinceBootMS > maxSinceBoot:
		return errors.New("phone: a record says when it was made, by the clock since the phone was switched on")
	case !storable(r.Wall):
		return errors.New("phone: a record without the time on the phone")
	case r.Server != nil && (r.Server.SinceBootMS < 0 || r.Server.SinceBootMS > maxSinceBoot || !storable(r.Server.At)):
		return errors.New("phone: the time of the server without when it was seen")
	}
	return nil
}

func isDigest(text string) bool {
	sum, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return err == nil && len(sum) == sha256.Size && !strings.ContainsAny(text, "\r\n")
}
