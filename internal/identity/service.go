package identity

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// tokenBytes from the system's generator make a session token: 256 bits.
const tokenBytes = 32

// Service lets people in and out.
type Service struct {
	store  Store
	limits Limits
	life   time.Duration
	hasher hasher
	newID  func() uuid.UUID
	proofs Proofs
	now    func() time.Time // of nonces only: what is kept has the database's time
}

// New makes the service; life is how long a session lives.
func New(store Store, limiter Limiter, life time.Duration) *Service {
	return &Service{
		store: store, limits: Limits{limiter}, life: life, hasher: newHasher(),
		newID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }, now: time.Now,
	}
}

// Costing has new passwords hashed at another cost than the usual one.
func (s *Service) Costing(c Cost) *Service {
	s.hasher.cost = c
	return s
}

// SignIn is what somebody signs in with; Address is where the request came from.
type SignIn struct {
	Number   string
	Password string
	Device   uuid.UUID
	Address  string
	Key      *NewKey // to be enrolled for the device; nil: none
	Asking   Asking  // with a proof by the device's key, if it has one or gets one
}

// SignedIn is a new session. The token is told once and never kept.
type SignedIn struct {
	Token      string
	ExpiresAt  time.Time
	MustChange bool
	Bound      bool   // to the key of the device: each request needs a proof
	Nonce      string // to use from now on; empty: the one that was used is good for a while
}

// errSignIn is the answer to every sign-in that fails, whatever the reason.
var errSignIn = fault.New(fault.Unauthenticated, "sign_in_failed", "编号、密码或设备不正确", "the number, the password or the device is not right")

// errSession is the answer to every token that opens nothing (any more).
var errSession = fault.New(fault.Unauthenticated, "not_signed_in", "未登录或登录已失效", "not signed in, or no longer")

// SignIn opens a session. Every failure looks the same and takes the same time; too many tries are fault.TooMany with a Wait. What is
// wrong with a proof is said before anything else is looked at, and is no try; what is wrong with a key, after the right password.
func (s *Service) SignIn(ctx context.Context, in SignIn) (SignedIn, error) {
	var proven proof
	next := ""
	if len(in.Asking.Proofs) > 0 {
		var err error
		if proven, next, err = s.prove(ctx, in.Asking, ""); err != nil {
			return SignedIn{}, err
		}
	}
	if err := s.limits.signIn(ctx, in); err != nil {
		return SignedIn{}, err
	}
	known, err := s.store.Credential(ctx, in.Number, in.Device)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return SignedIn{}, err
	}
	same, err := s.hasher.matches(ctx, known.Hash, in.Password)
	if err != nil {
		return SignedIn{}, err
	}
	if !same || !known.DeviceLive || known.Status == law.StatusSeparated {
		return SignedIn{}, errSignIn
	}
	enrol, err := s.keyToEnrol(known, in, proven.thumbprint)
	if err != nil {
		return SignedIn{}, err
	}
	opened, err := s.open(ctx, known, in.Device, enrol)
	opened.Bound, opened.Nonce = enrol != nil || known.Key != "", next
	return opened, err
}

func (s *Service) open(ctx context.Context, who Credential, device uuid.UUID, enrol *Enrolment) (SignedIn, error) {
	var secret [tokenBytes]byte
	rand.Read(secret[:]) // never fails: crypto/rand ends the program instead
	token := base64.RawURLEncoding.EncodeToString(secret[:])
	expires, err := s.store.AddSession(ctx, NewSession{
		ID: s.newID(), Token: sha256.Sum256([]byte(token)), Person: who.Person, Device: device, Password: who.Hash, Life: s.life,
		Enrol: enrol,
	})
	if fault.KindOf(err) == fault.Unauthenticated {
		return SignedIn{}, errSignIn
	}
	if err != nil {
		return SignedIn{}, err
	}
	return SignedIn{Token: token, ExpiresAt: expires, MustChange: who.MustChange}, nil
}

// Session is who a token speaks for now. It is fault.Unauthenticated when the token opens nothing.
func (s *Service) Session(ctx context.Context, token string) (Session, error) {
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return Session{}, errSession
	}
	session, err := s.store.Session(ctx, sha256.Sum256([]byte(token)))
	if fault.KindOf(err) == fault.Unauthenticated {
		return Session{}, errSession
	}
	return session, err
}

// SignOut ends the actor's session.
func (s *Service) SignOut(ctx context.Context, actor duty.Actor) error {
	return s.store.EndSession(ctx, actor.Session)
}

// ChangePassword replaces the actor's own password and ends their other sessions.
func (s *Service) ChangePassword(ctx context.Context, actor duty.Actor, current, next string) error {
	if err := s.limits.password(ctx, actor.Person); err != nil {
		return err
	}
	known, err := s.store.Credential(ctx, actor.Number, actor.Device)
	if err != nil {
		return err
	}
	same, err := s.hasher.matches(ctx, known.Hash, current)
	if err != nil {
		return err
	}
	if !same {
		return fault.BadField("body/current", "is not the current password")
	}
	if next == current {
		return fault.BadField("body/new", "must differ from the current password")
	}
	hash, err := s.newHash(ctx, "body/new", next, actor.Number)
	if err != nil {
		return err
	}
	return s.store.ReplacePassword(ctx, known.Person, known.Hash, hash, actor.Session)
}

// ResetPassword sets the password of the person with a number, for administration. With mustChange nothing is allowed with it but
// changing it. All sessions of the person end.
func (s *Service) ResetPassword(ctx context.Context, number, password string, mustChange bool) error {
	known, err := s.store.Credential(ctx, number, uuid.Nil)
	if err != nil {
		return err
	}
	hash, err := s.newHash(ctx, "password", password, number)
	if err != nil {
		return err
	}
	return s.store.SetPassword(ctx, known.Person, hash, mustChange, uuid.Nil)
}

func (s *Service) newHash(ctx context.Context, field, password, number string) (string, error) {
	if err := checkPassword(field, password, number); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}
