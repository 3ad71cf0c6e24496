// Package identity owns who somebody is: sign-in with number and password on a registered device, sessions that end at once when
// they are revoked, passwords, devices and their keys, and the proof of a key with each request (DPoP, RFC 9449). What a person may do is a grant and decided in duty.
package identity

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Store keeps credentials, sessions and devices. All times are by the database clock.
type Store interface {
	Sessions
	Devices
}

// Sessions is how people come in. It works with the house's own sight: whoever signs in is nobody yet.
type Sessions interface {
	// Credential is what a sign-in is checked against; fault.NotFound for a number that nobody has.
	Credential(ctx context.Context, number string, device uuid.UUID) (Credential, error)
	// AddSession opens a session and says when it ends. Locking the credential (FOR SHARE), it refuses with fault.Unauthenticated
	// when the password hash is no longer the one that was checked, the device is not a live one of the person, or the person is
	// separated: so a password set or a device revoked meanwhile wins. A key to enrol is enrolled in the same transaction, as by EnrolKey.
	AddSession(ctx context.Context, session NewSession) (expires time.Time, err error)
	// Session finds, in one query, the live session of a token with its person and the grants as they are now. It is
	// fault.Unauthenticated when there is none: unknown, expired, revoked, device revoked or person separated.
	Session(ctx context.Context, token [32]byte) (Session, error)
	// EndSession revokes one session; one that has ended stays as it is.
	EndSession(ctx context.Context, id uuid.UUID) error
	// SetPassword replaces the password hash (making the credential when there is none) and, in the same transaction, revokes every
	// session of the person except keep (uuid.Nil: all).
	SetPassword(ctx context.Context, person uuid.UUID, hash string, mustChange bool, keep uuid.UUID) error
	// ReplacePassword is SetPassword by the person themselves, where the hash is still the old one that was checked; otherwise it changes
	// nothing and is fault.Conflict: what was set meanwhile stands.
	ReplacePassword(ctx context.Context, person uuid.UUID, old, hash string, keep uuid.UUID) error
}

// Devices are what people work on.
type Devices interface {
	// Owner is the organ path of a person; fault.NotFound when the actor has no sight of them (ReadRoster, or themselves).
	Owner(ctx context.Context, actor duty.Actor, person uuid.UUID) (duty.Path, error)
	// DevicesOf lists a person's devices, newest first, with the actor's sight of people.
	DevicesOf(ctx context.Context, actor duty.Actor, person uuid.UUID) ([]Device, error)
	// Device finds one; fault.NotFound when the actor has no sight of its owner.
	Device(ctx context.Context, actor duty.Actor, id uuid.UUID) (Device, error)
	// AddDevice registers a device. A device with that id already stays as it is. The device is answered as it is stored.
	AddDevice(ctx context.Context, device Device) (Device, error)
	// RegisterDevice is AddDevice as a command, and writes the event, At being the database clock; the same command again is answered
	// with what was answered then (replay), another request under its id is fault.Mismatch. The service has authorised this.
	RegisterDevice(ctx context.Context, actor duty.Actor, cmd duty.Command, device Device, event ledger.Event) (stored Device, replay bool, err error)
	// RevokeDevice revokes a device with all its sessions, takes its push token away, and writes the event. One that was revoked
	// before stays as it is, without an event. The service has authorised this.
	RevokeDevice(ctx context.Context, id uuid.UUID, event ledger.Event) (Device, error)
	// SetPushToken keeps where pushes reach a device (empty: nowhere), taking the token from any other device that had it.
	SetPushToken(ctx context.Context, device uuid.UUID, token string) error
	// EnrolKey keeps the key of a live device and writes the event. The same key again changes nothing and leaves no event; when the
	// device has another one, or the key is another device's, it is fault.Conflict.
	EnrolKey(ctx context.Context, device uuid.UUID, key DeviceKey, event ledger.Event) (Device, error)
}

// Credential is what is known about somebody who wants to sign in.
type Credential struct {
	Person     uuid.UUID
	Status     law.Status
	Hash       string // PHC string; empty: no password was ever set
	MustChange bool
	DeviceLive bool // the device named is registered to the person and not revoked
	Platform   Platform
	Key        string    // thumbprint of the device's key; empty: it has none
	Path       duty.Path // of the person's organ
}

// NewSession is a session to be opened.
type NewSession struct {
	ID       uuid.UUID
	Token    [32]byte // SHA-256 of the token; the token itself is never kept
	Person   uuid.UUID
	Device   uuid.UUID
	Password string // the hash that was checked
	Life     time.Duration
	Enrol    *Enrolment // nil: no key is enrolled
}

// Session is a live session, read afresh at each request.
type Session struct {
	Actor      duty.Actor // Session and Device are set
	MustChange bool       // the password was set by somebody else: nothing but changing it is allowed
	ExpiresAt  time.Time
	Platform   Platform
	Key        string // thumbprint of the key that each request must prove; empty: the device has none
}

// Device is something a person signs in on, registered by those who manage the roster.
type Device struct {
	ID           uuid.UUID
	Person       uuid.UUID
	Path         duty.Path // of the person's organ; read only
	Name         string
	Platform     Platform
	RegisteredAt time.Time  // read only
	RevokedAt    *time.Time // read only
	Key          *DeviceKey // read only
}

// Platform is what kind of device it is.
type Platform string

const (
	Android   Platform = "android"
	IOS       Platform = "ios"
	HarmonyOS Platform = "harmonyos"
	Web       Platform = "web"
)

// Phone says whether such a device is carried about, gets lost, and has hardware that keeps a key; a desk is watched by its station.
func (p Platform) Phone() bool { return p != Web }
