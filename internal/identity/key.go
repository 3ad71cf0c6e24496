package identity

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api/phone"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
)

// DeviceKey is the key of a device. It is enrolled once and never changes: another key is another device.
type DeviceKey struct {
	Public      []byte // uncompressed point on P-256
	Thumbprint  string
	Attestation string    // what is known of where the key lives: none, software or hardware (see Attestors)
	EnrolledAt  time.Time // read only
}

// NewKey is a key that somebody wants to enrol. What they claim of where it lives is kept in the event as their word; what counts is
// what the chain shows.
type NewKey struct {
	JWK     phone.JWK
	Claimed string   // none, software or hardware; empty: nothing was claimed
	Chain   [][]byte // of certificates (DER), the key's own first, made with a nonce of this server as the challenge; empty: none
}

var (
	errOtherKey = fault.New(fault.Conflict, "device_has_another_key", "该设备已登记其他密钥；更换密钥须登记为新设备",
		"the device has another key: a new key is a new device, to be registered as one")
	errUnproven = fault.BadField("header/DPoP", "must be a proof by the key that is enrolled")
)

// read takes a key apart; what is wrong with its chain is said in the event.
func (s *Service) read(field string, k NewKey) (key DeviceKey, event map[string]any, err error) {
	public, err := k.JWK.Public()
	if err != nil {
		return DeviceKey{}, nil, fault.BadField(field, "is not a public key on P-256")
	}
	now := s.now()
	grade, problem := s.proofs.Attestors.grade(k.Chain, public, func(challenge string) bool {
		good, _ := s.proofs.Nonces.judge(challenge, now)
		return good
	}, now)
	event = map[string]any{"thumbprint": k.JWK.Thumbprint(), "attestation": grade, "claimed": k.Claimed}
	if problem != nil {
		event["attestation_problem"] = problem.Error()
	}
	point, err := public.Bytes()
	return DeviceKey{Public: point, Thumbprint: k.JWK.Thumbprint(), Attestation: grade}, event, err
}

// Enrol gives the device of the actor's session its key, proven by a proof over this request. The same key again changes nothing.
// From then on every session of the device is bound to the key, those that are open too. Next is the nonce to use from now on.
func (s *Service) Enrol(ctx context.Context, actor duty.Actor, asking Asking, wanted NewKey) (device Device, next string, err error) {
	if err := duty.Authorise(actor, duty.OwnAccount, actor.Self(), duty.OwnAccount); err != nil {
		return Device{}, "", err
	}
	key, said, err := s.read("body/jwk", wanted)
	if err != nil {
		return Device{}, "", err
	}
	if !asking.Bound { // the gate has held a bound one to a proof by the key that the device has
		var proven proof
		if proven, next, err = s.prove(ctx, asking, ""); err != nil {
			return Device{}, "", err
		}
		if proven.thumbprint != key.Thumbprint {
			return Device{}, "", errUnproven
		}
	}
	event, err := s.keyEvent(actor.Person, actor.Device, actor.Organ.Path, said)
	if err != nil {
		return Device{}, "", err
	}
	device, err = s.store.EnrolKey(ctx, actor.Device, key, event)
	return device, next, err
}

func (s *Service) keyEvent(person, device uuid.UUID, path duty.Path, said map[string]any) (ledger.Event, error) {
	said["person"], said["device"] = person, device
	body, err := json.Marshal(said)
	return ledger.Event{ID: s.newID(), Kind: "device.key_enrolled", Path: path, Actor: person, Body: body}, err
}

// keyToEnrol is what a sign-in with the right password does about the device's key: nothing (nil), or enrol one. On a device with a
// key nobody gets in without a proof by it; that looks like a wrong password.
func (s *Service) keyToEnrol(known Credential, in SignIn, proven string) (*Enrolment, error) {
	var wanted DeviceKey
	var said map[string]any
	if in.Key != nil {
		var err error
		if wanted, said, err = s.read("body/device_key/jwk", *in.Key); err != nil {
			return nil, err
		}
		if known.Key != "" && wanted.Thumbprint != known.Key {
			return nil, errOtherKey
		}
		if proven != wanted.Thumbprint {
			return nil, errUnproven
		}
	}
	switch {
	case known.Key != "" && proven != known.Key:
		return nil, errSignIn
	case known.Key != "":
		return nil, nil
	case in.Key != nil:
		event, err := s.keyEvent(known.Person, in.Device, known.Path, said)
		return &Enrolment{wanted, event}, err
	case proven != "":
		return nil, fault.BadField("body/device_key", "is needed with a proof: the device has no key yet")
	case s.proofs.Needed && known.Platform.Phone():
		return nil, errKeyNeeded
	}
	return nil, nil
}

// Enrolment is a key on its way to the store, with the event that it leaves there if it is new.
type Enrolment struct {
	Key   DeviceKey
	Event ledger.Event
}
