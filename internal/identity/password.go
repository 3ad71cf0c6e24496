package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/dutybound/dutybound/internal/fault"
)

const (
	minPassword = 10  // characters
	maxPassword = 200 // so that nobody makes us hash a novel
	minDistinct = 5   // different characters
)

// checkPassword holds a new password to the policy: length is what counts, and it is nothing that stands on a work card.
func checkPassword(field, password, number string) error {
	length := utf8.RuneCountInString(password)
	switch {
	case length < minPassword || length > maxPassword:
		return fault.BadField(field, fmt.Sprintf("needs %d to %d characters", minPassword, maxPassword))
	case strings.Contains(strings.ToLower(password), strings.ToLower(number)):
		return fault.BadField(field, "must not contain the person's number")
	case distinct(password) < minDistinct:
		return fault.BadField(field, fmt.Sprintf("needs at least %d different characters", minDistinct))
	}
	return nil
}

func distinct(text string) int {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[r] = true
	}
	return len(seen)
}

// Cost is what one hash of argon2id costs. It is stored with each hash: a password that is set anew costs what is asked of it now, and
// one that is compared what was asked of it then.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// usual is the least that OWASP's guide of 2024 asks.
var usual = Cost{Memory: 19 * 1024, Passes: 2, Threads: 1}

const (
	saltBytes = 16
	hashBytes = 32
)

// hasher hashes at most as many passwords at once as there are processors: each takes 19 MiB, and a rush of sign-ins must not
// push everything else out.
type hasher struct {
	room chan struct{}
	cost Cost
}

func newHasher() hasher { return hasher{make(chan struct{}, runtime.NumCPU()), usual} }

func (h hasher) do(ctx context.Context, work func()) error {
	select {
	case h.room <- struct{}{}:
		defer func() { <-h.room }()
		work()
		return nil
	case <-ctx.Done():
		return fault.New(fault.Unavailable, "busy", "系统繁忙，请稍后重试", "the server is busy; try again").Because(ctx.Err())
	}
}

// hash makes a PHC string of a password.
func (h hasher) hash(ctx context.Context, password string) (phc string, err error) {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails: crypto/rand ends the program instead
	err = h.do(ctx, func() { phc = h.cost.phc(salt, h.cost.key(password, salt, hashBytes)) })
	return phc, err
}

// matches says whether a password is the one of a PHC string. For an empty string it takes as long and says no.
func (h hasher) matches(ctx context.Context, phc, password string) (same bool, err error) {
	known := phc != ""
	if !known {
		phc = nobody
	}
	c, salt, want, err := parsePHC(phc)
	if err != nil {
		return false, err
	}
	err = h.do(ctx, func() {
		got := c.key(password, salt, uint32(len(want)))
		same = subtle.ConstantTimeCompare(got, want) == 1 && known
	})
	return same, err
}

// nobody is hashed against when there is no such person, so that the answer takes the same time.
var nobody = usual.phc(make([]byte, saltBytes), make([]byte, hashBytes))

func (c Cost) key(password string, salt []byte, length uint32) []byte {
	return argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, c.Threads, length)
}

func (c Cost) phc(salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, c.Memory, c.Passes, c.Threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

var errNoHash = errors.New("identity: a stored password hash is not one of argon2id")

func parsePHC(phc string) (c Cost, salt, key []byte, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errNoHash
	}
	_, scanned := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Threads)
	salt, noSalt := base64.RawStdEncoding.DecodeString(parts[4])
	key, noKey := base64.RawStdEncoding.DecodeString(parts[5])
	if errors.Join(scanned, noSalt, noKey) != nil || c.Passes == 0 || c.Threads == 0 || c.Memory > 1<<20 || len(key) == 0 {
		return c, nil, nil, errNoHash
	}
	return c, salt, key, nil
}
