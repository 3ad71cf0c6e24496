package identity_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
)

// memory is a store that keeps to what identity.Store promises, for one person.
type memory struct {
	mu       sync.Mutex
	number   string
	known    identity.Credential
	device   uuid.UUID
	path     duty.Path
	sessions map[[32]byte]identity.NewSession
	kept     []uuid.UUID // sessions that password changes left open
	devices  map[uuid.UUID]identity.Device
	events   []ledger.Event
	between  func() // happens between the check of a password and the session
	fails    error
}

const (
	number   = "310111"
	password = "七棵黄桷树-在嘉陵江边"
	station  = duty.Path("500000000000/500103000000/500103550000/")
	sister   = duty.Path("500000000000/500103000000/500103560000/")
)

func (m *memory) Credential(_ context.Context, number string, device uuid.UUID) (identity.Credential, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fails != nil {
		return identity.Credential{}, m.fails
	}
	if number != m.number {
		return identity.Credential{}, fault.Missing("person")
	}
	known := m.known
	known.DeviceLive = device == m.device && known.DeviceLive
	return known, nil
}

func (m *memory) AddSession(_ context.Context, s identity.NewSession) (time.Time, error) {
	if m.between != nil {
		m.between()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.Password != m.known.Hash || !m.known.DeviceLive || m.known.Status == law.StatusSeparated {
		return time.Time{}, fault.New(fault.Unauthenticated, "x", "", "")
	}
	if s.Enrol != nil {
		m.known.Key = s.Enrol.Key.Thumbprint
		m.events = append(m.events, s.Enrol.Event)
	}
	m.sessions[s.Token] = s
	return time.Unix(0, 0).Add(s.Life), nil
}

func (m *memory) Session(_ context.Context, token [32]byte) (identity.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[token]
	if !ok {
		return identity.Session{}, fault.New(fault.Unauthenticated, "x", "", "")
	}
	actor := duty.Actor{
		Person: s.Person, Session: s.ID, Device: s.Device, Number: m.number, Organ: duty.Organ{Path: m.path},
		Grants: []duty.Grant{{Role: duty.RoleAuxiliary, Path: m.path}},
	}
	return identity.Session{Actor: actor, Platform: m.known.Platform, Key: m.known.Key}, nil
}

func (m *memory) EndSession(_ context.Context, id uuid.UUID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for token, s := range m.sessions {
		if s.ID == id {
			delete(m.sessions, token)
		}
	}
	return nil
}

func (m *memory) SetPassword(_ context.Context, _ uuid.UUID, hash string, mustChange bool, keep uuid.UUID) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.known.Hash, m.known.MustChange = hash, mustChange
	m.kept = append(m.kept, keep)
	for token, s := range m.sessions {
		if s.ID != keep {
			delete(m.sessions, token)
		}
	}
	return nil
}

func (m *memory) ReplacePassword(ctx context.Context, person uuid.UUID, old, hash string, keep uuid.UUID) error {
	if m.between != nil {
		m.between()
	}
	if m.known.Hash != old {
		return fault.New(fault.Conflict, "password_changed", "", "")
	}
	return m.SetPassword(ctx, person, hash, false, keep)
}

func (m *memory) Owner(_ context.Context, _ duty.Actor, person uuid.UUID) (duty.Path, error) {
	if person != m.known.Person {
		return "", fault.Missing("person")
	}
	return m.path, nil
}

func (m *memory) DevicesOf(context.Context, duty.Actor, uuid.UUID) (devices []identity.Device, err error) {
	for _, d := range m.devices {
		devices = append(devices, d)
	}
	return devices, nil
}

func (m *memory) Device(_ context.Context, _ duty.Actor, id uuid.UUID) (identity.Device, error) {
	d, ok := m.devices[id]
	if !ok {
		return d, fault.Missing("device")
	}
	return d, nil
}

func (m *memory) AddDevice(_ context.Context, d identity.Device) (identity.Device, error) {
	if known, ok := m.devices[d.ID]; ok {
		return known, nil
	}
	m.devices[d.ID] = d
	return d, nil
}

func (m *memory) RegisterDevice(
	ctx context.Context, _ duty.Actor, _ duty.Command, d identity.Device, event ledger.Event,
) (identity.Device, bool, error) {
	m.events = append(m.events, event)
	stored, err := m.AddDevice(ctx, d)
	return stored, false, err
}

func (m *memory) RevokeDevice(_ context.Context, id uuid.UUID, event ledger.Event) (identity.Device, error) {
	m.events = append(m.events, event)
	return m.devices[id], nil
}

func (m *memory) EnrolKey(_ context.Context, id uuid.UUID, key identity.DeviceKey, event ledger.Event) (identity.Device, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch m.known.Key {
	case "":
		m.known.Key = key.Thumbprint
		m.events = append(m.events, event)
	case key.Thumbprint:
	default:
		return identity.Device{}, fault.New(fault.Conflict, "device_has_another_key", "", "")
	}
	return identity.Device{ID: id, Person: m.known.Person, Path: m.path, Key: &key}, nil
}

func (m *memory) SetPushToken(context.Context, uuid.UUID, string) error { return nil }

// tally lets so many tries of each key through.
type tally struct {
	limit func(key string) int
	tries map[string]int
}

func (c *tally) Allow(_ context.Context, key string, limit int, _ time.Duration) (bool, time.Duration) {
	if c.limit != nil {
		limit = c.limit(key)
	}
	c.tries[key]++
	return c.tries[key] <= limit, time.Minute
}

// newHouse is a service with one person who has a password and a device.
func newHouse(t *testing.T) (*identity.Service, *memory, *tally) {
	t.Helper()
	m := &memory{
		number: number, device: uuid.New(), path: station, sessions: map[[32]byte]identity.NewSession{}, devices: map[uuid.UUID]identity.Device{},
		known: identity.Credential{Person: uuid.New(), Status: law.StatusActive, DeviceLive: true},
	}
	limits := &tally{tries: map[string]int{}}
	s := identity.New(m, limits, 12*time.Hour)
	if err := s.ResetPassword(t.Context(), number, password, false); err != nil {
		t.Fatal(err)
	}
	return s, m, limits
}

func (m *memory) signIn() identity.SignIn {
	return identity.SignIn{Number: number, Password: password, Device: m.device, Address: "10.0.0.7"}
}

func TestSignInOpensASession(t *testing.T) {
	t.Parallel()
	s, m, _ := newHouse(t)
	in, err := s.SignIn(t.Context(), m.signIn())
	if err != nil || len(in.Token) != 43 || !in.ExpiresAt.Equal(time.Unix(0, 0).Add(12*time.Hour)) || in.MustChange {
		t.Fatalf("%+v, %v", in, err)
	}
	if _, kept := m.sessions[sha256.Sum256([]byte(in.Token))]; !kept || len(m.sessions) != 1 {
		t.Error("what is kept is not the hash of the token")
	}
	session, err := s.Session(t.Context(), in.Token)
	if err != nil || session.Actor.Person != m.known.Person {
		t.Fatalf("%+v, %v", session, err)
	}
	again, err := s.SignIn(t.Context(), m.signIn())
	if err != nil || again.Token == in.Token {
		t.Fatalf("the second session has the first's token (%v)", err)
	}
	if err := s.SignOut(t.Context(), session.Actor); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(t.Context(), in.Token); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("signed out, and yet %v", err)
	}
}

// TestEveryFailedSignInLooksTheSame: number, password, device, separation, a password never set, and changes in between.
func TestEveryFailedSignInLooksTheSame(t *testing.T) {
	t.Parallel()
	var told []string
	for name, spoil := range map[string]func(*memory, *identity.SignIn){
		"number":            func(_ *memory, in *identity.SignIn) { in.Number = "310112" },
		"password":          func(_ *memory, in *identity.SignIn) { in.Password += "x" },
		"empty password":    func(_ *memory, in *identity.SignIn) { in.Password = "" },
		"device":            func(_ *memory, in *identity.SignIn) { in.Device = uuid.New() },
		"revoked device":    func(m *memory, _ *identity.SignIn) { m.known.DeviceLive = false },
		"separated":         func(m *memory, _ *identity.SignIn) { m.known.Status = law.StatusSeparated },
		"never set":         func(m *memory, _ *identity.SignIn) { m.known.Hash = "" },
		"set meanwhile":     func(m *memory, _ *identity.SignIn) { m.between = func() { m.known.Hash = "other" } },
		"revoked meanwhile": func(m *memory, _ *identity.SignIn) { m.between = func() { m.known.DeviceLive = false } },
		"separated meanwhile": func(m *memory, _ *identity.SignIn) {
			m.between = func() { m.known.Status = law.StatusSeparated }
		},
	} {
		s, m, _ := newHouse(t)
		in := m.signIn()
		spoil(m, &in)
		_, err := s.SignIn(t.Context(), in)
		if fault.KindOf(err) != fault.Unauthenticated || len(m.sessions) > 0 {
			t.Errorf("%s: %v, %d sessions", name, err, len(m.sessions))
		}
		told = append(told, err.Error())
	}
	for _, text := range told {
		if text != told[0] || !strings.Contains(text, "sign_in_failed") {
			t.Errorf("told apart: %q and %q", told[0], text)
		}
	}
}

// TestAStrangersPasswordIsHashedToo: the time an answer takes tells nobody who exists.
func TestAStrangersPasswordIsHashedToo(t *testing.T) {
	t.Parallel()
	s, m, _ := newHouse(t)
	defer s.Occupy()()
	for _, who := range []string{number, "nobody"} {
		in := m.signIn()
		in.Number = who
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.SignIn(ctx, in); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: answered without hashing: %v", who, err)
		}
	}
}

func TestSignInIsLimited(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"sign-in:310111@10.0.0.7", "sign-in:310111", "sign-in:@10.0.0.7"} {
		s, m, limits := newHouse(t)
		limits.limit = func(asked string) int {
			if asked == key {
				return 0
			}
			return 1
		}
		_, err := s.SignIn(t.Context(), m.signIn())
		var wait identity.Wait
		if fault.KindOf(err) != fault.TooMany || !errors.As(err, &wait) || time.Duration(wait) != time.Minute {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestAStoreThatFailsIsNoWrongPassword(t *testing.T) {
	t.Parallel()
	s, m, _ := newHouse(t)
	m.fails = fault.New(fault.Unavailable, "database_unavailable", "", "gone")
	if _, err := s.SignIn(t.Context(), m.signIn()); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%v", err)
	}
}

func TestTokensThatOpenNothing(t *testing.T) {
	t.Parallel()
	s, _, _ := newHouse(t)
	for _, token := range []string{"", "x", strings.Repeat("A", 43), strings.Repeat("A", 44), strings.Repeat("x", 1<<20)} {
		_, err := s.Session(t.Context(), token)
		if fault.KindOf(err) != fault.Unauthenticated || !strings.Contains(err.Error(), "not_signed_in") {
			t.Errorf("%d characters: %v", len(token), err)
		}
	}
}

func TestPasswordsAreHeldToThePolicy(t *testing.T) {
	t.Parallel()
	s, m, _ := newHouse(t)
	hash := m.known.Hash
	for name, bad := range map[string]string{
		"short": "九个字符的密码不行", "long": strings.Repeat("长", 201), "the number in it": "my-310111-secret", "one character": strings.Repeat("a", 12),
	} {
		if err := s.ResetPassword(t.Context(), number, bad, true); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if m.known.Hash != hash {
		t.Error("a refused password was set")
	}
	if err := s.ResetPassword(t.Context(), "nobody", password, true); fault.KindOf(err) != fault.NotFound {
		t.Errorf("nobody's password: %v", err)
	}
}

func TestAResetMustBeChangedAndEndsEverySession(t *testing.T) {
	t.Parallel()
	s, m, _ := newHouse(t)
	old, err := s.SignIn(t.Context(), m.signIn())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ResetPassword(t.Context(), number, "临时口令-请尽快修改它", true); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Session(t.Context(), old.Token); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("the old session lives on: %v", err)
	}
	in := m.signIn()
	in.Password = "临时口令-请尽快修改它"
	if got, err := s.SignIn(t.Context(), in); err != nil || !got.MustChange {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestChangingOnesOwnPassword(t *testing.T) {
	t.Parallel()
	s, m, limits := newHouse(t)
	in, err := s.SignIn(t.Context(), m.signIn())
	if err != nil {
		t.Fatal(err)
	}
	session, err := s.Session(t.Context(), in.Token)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{{"wrong password", "一个全新的很长的口令哦"}, {password, password}, {password, "short"}} {
		if err := s.ChangePassword(t.Context(), session.Actor, c[0], c[1]); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%v: %v", c, err)
		}
	}
	if err := s.ChangePassword(t.Context(), session.Actor, password, "一个全新的十字长口令"); err != nil {
		t.Fatal(err)
	}
	if m.kept[len(m.kept)-1] != session.Actor.Session || m.known.MustChange {
		t.Error("the own session was ended, or the new password must be changed again")
	}
	limits.limit = func(string) int { return 0 }
	if err := s.ChangePassword(t.Context(), session.Actor, password, "x"); fault.KindOf(err) != fault.TooMany {
		t.Errorf("guessing is not limited: %v", err)
	}
}

// TestAResetWinsOverAChangeThatWasUnderWay: what the administration set while somebody changed the password they had is not undone.
func TestAResetWinsOverAChangeThatWasUnderWay(t *testing.T) {
	t.Parallel()
	s, m, _ := newHouse(t)
	actor := duty.Actor{Person: m.known.Person, Number: number, Device: m.device, Session: uuid.New()}
	var reset string
	m.between = func() {
		if err := s.ResetPassword(t.Context(), number, "临时口令-请尽快修改它", true); err != nil {
			t.Error(err)
		}
		reset = m.known.Hash
	}
	err := s.ChangePassword(t.Context(), actor, password, "一个全新的十字长口令")
	if fault.KindOf(err) != fault.Conflict || m.known.Hash != reset || !m.known.MustChange {
		t.Errorf("the reset was undone: %v", err)
	}
}

func TestAStoredHashThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	s, m, _ := newHouse(t)
	good := m.known.Hash
	for _, broken := range []string{
		"x", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "m=19456", "m=99999999", 1), strings.Replace(good, "t=2", "t=0", 1),
		strings.Replace(good, "p=1", "p=many", 1), good[:strings.LastIndex(good, "$")+1], good + "!",
	} {
		m.known.Hash = broken
		if _, err := s.SignIn(t.Context(), m.signIn()); fault.KindOf(err) != fault.Internal || err == nil {
			t.Errorf("%s: %v", broken, err)
		}
	}
	if !strings.HasPrefix(good, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("the hash is %s", good)
	}
}
