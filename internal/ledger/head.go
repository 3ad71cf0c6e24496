package ledger

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// keyName is the name that signs heads; the key behind it differs from house to house.
const keyName = "dutybound-ledger"

// Head is the state of the ledger at a moment: how many events it holds and the root over all of them.
type Head struct {
	Size int64
	Root tlog.Hash
	At   time.Time
}

const headTitle = "dutybound ledger 1"

func (h Head) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n%s\n", headTitle, h.Size, h.Root, h.At.UTC().Format(time.RFC3339Nano))
}

func parseHead(text string) (Head, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 5 || lines[0] != headTitle || lines[4] != "" {
		return Head{}, errors.New("is no head of a ledger")
	}
	var h Head
	var err error
	if _, err = fmt.Sscanf(lines[1], "%d", &h.Size); err != nil {
		return Head{}, fmt.Errorf("size of a head: %w", err)
	}
	if h.Root, err = tlog.ParseHash(lines[2]); err != nil {
		return Head{}, fmt.Errorf("root of a head: %w", err)
	}
	h.At, err = time.Parse(time.RFC3339Nano, lines[3])
	return h, err
}

// Sign makes the signed note of a head, in the form of golang.org/x/mod/sumdb/note.
func (h Head) Sign(key note.Signer) (string, error) {
	signed, err := note.Sign(&note.Note{Text: h.text()}, key)
	return string(signed), err
}

// OpenHead reads a signed head; a signature by another key, or over other words, is an error.
func OpenHead(signed string, key note.Verifier) (Head, error) {
	n, err := note.Open([]byte(signed), note.VerifierList(key))
	if err != nil {
		return Head{}, err
	}
	return parseHead(n.Text)
}

// Key is what heads are signed and checked with.
type Key struct {
	note.Signer
	Verifier note.Verifier
}

// NewKey makes a key and its two texts: the secret one, and the public one that others check with.
func NewKey() (secret, public string, err error) { return note.GenerateKey(rand.Reader, keyName) }

// LoadKey reads the key kept in a file, and makes one when there is no such file. The public half is kept beside it (.pub): give
// it to whoever is to check the ledger.
func LoadKey(file string) (Key, error) {
	secret, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeKey(file); err != nil {
			return Key{}, fmt.Errorf("make the ledger key: %w", err)
		}
		secret, err = os.ReadFile(file)
	}
	if err != nil {
		return Key{}, fmt.Errorf("read the ledger key: %w", err)
	}
	public, err := os.ReadFile(file + ".pub")
	if err != nil {
		return Key{}, fmt.Errorf("read the public ledger key: %w", err)
	}
	return ParseKey(string(secret), string(public))
}

// LoadVerifier reads the public half that is kept beside a key's file. It is all that checking needs.
func LoadVerifier(file string) (note.Verifier, error) {
	public, err := os.ReadFile(file + ".pub")
	if err != nil {
		return nil, fmt.Errorf("read the public ledger key: %w", err)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(public)))
	if err != nil {
		return nil, fmt.Errorf("public ledger key: %w", err)
	}
	return verifier, nil
}

// ParseKey reads the two texts of a key.
func ParseKey(secret, public string) (Key, error) {
	signer, err := note.NewSigner(strings.TrimSpace(secret))
	if err != nil {
		return Key{}, fmt.Errorf("ledger key: %w", err)
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(public))
	if err != nil {
		return Key{}, fmt.Errorf("public ledger key: %w", err)
	}
	if signer.KeyHash() != verifier.KeyHash() {
		return Key{}, errors.New("the public ledger key does not belong to the secret one")
	}
	return Key{signer, verifier}, nil
}

// makeKey writes the public half first: a secret half alone would be a key that nobody can check. The secret one appears whole or
// not at all, whenever the process is killed.
func makeKey(file string) error {
	secret, public, err := NewKey()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file+".pub", []byte(public+"\n"), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", []byte(secret+"\n"), 0o600); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
