package identity

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Platforms lists every platform.
var Platforms = []Platform{Android, IOS, HarmonyOS, Web}

// RegisterDevice registers a device to a person; replay says that it was registered by this command before.
func (s *Service) RegisterDevice(
	ctx context.Context, actor duty.Actor, cmd duty.Command, person uuid.UUID, name string, platform Platform,
) (device Device, replay bool, err error) {
	owner, err := s.owner(ctx, actor, duty.ManageRoster, person)
	if err != nil {
		return Device{}, false, err
	}
	wanted := Device{ID: s.newID(), Person: person, Path: owner, Name: name, Platform: platform}
	event, err := s.deviceEvent("device.registered", actor, wanted)
	if err != nil {
		return Device{}, false, err
	}
	return s.store.RegisterDevice(ctx, actor, cmd, wanted, event)
}

// AddDevice registers a device to the person with a number, for administration. A device without an id gets one.
func (s *Service) AddDevice(ctx context.Context, number string, device Device) (Device, error) {
	if !slices.Contains(Platforms, device.Platform) {
		return Device{}, fault.BadField("platform", "unknown platform "+string(device.Platform))
	}
	if device.Name == "" {
		return Device{}, fault.BadField("name", "is needed: people tell their devices apart by it")
	}
	known, err := s.store.Credential(ctx, number, uuid.Nil)
	if err != nil {
		return Device{}, err
	}
	device.Person = known.Person
	if device.ID == uuid.Nil {
		device.ID = s.newID()
	}
	stored, err := s.store.AddDevice(ctx, device)
	if err == nil && stored.Person != device.Person {
		return Device{}, fault.New(fault.Conflict, "device_of_another", "该设备已登记在他人名下", "the device is registered to somebody else")
	}
	return stored, err
}

// RevokeDevice ends a device with all its sessions. Everybody may revoke their own.
func (s *Service) RevokeDevice(ctx context.Context, actor duty.Actor, id uuid.UUID) (Device, error) {
	device, err := s.store.Device(ctx, actor, id)
	if err != nil {
		return Device{}, err
	}
	if err := mayRevoke(actor, device.Person, device.Path); err != nil {
		return Device{}, err
	}
	event, err := s.deviceEvent("device.revoked", actor, device)
	if err != nil {
		return Device{}, err
	}
	return s.store.RevokeDevice(ctx, id, event)
}

// Devices lists a person's devices for those who may revoke them; for others who see the person it is fault.Forbidden.
func (s *Service) Devices(ctx context.Context, actor duty.Actor, person uuid.UUID) ([]Device, error) {
	path, err := s.store.Owner(ctx, actor, person)
	if err != nil {
		return nil, err
	}
	if err := mayRevoke(actor, person, path); err != nil {
		return nil, err
	}
	return s.store.DevicesOf(ctx, actor, person)
}

// SetPushToken keeps where pushes reach the device of the actor's session; empty: nowhere.
func (s *Service) SetPushToken(ctx context.Context, actor duty.Actor, token string) error {
	return s.store.SetPushToken(ctx, actor.Device, token)
}

func mayRevoke(actor duty.Actor, owner uuid.UUID, path duty.Path) error {
	if owner == actor.Person {
		return duty.Authorise(actor, duty.OwnAccount, actor.Self(), duty.OwnAccount)
	}
	return duty.Authorise(actor, duty.RevokeDevice, duty.Target{Path: path}, duty.ReadRoster)
}

// owner is the organ path of a person to whom the actor may do something.
func (s *Service) owner(ctx context.Context, actor duty.Actor, p duty.Permission, person uuid.UUID) (duty.Path, error) {
	path, err := s.store.Owner(ctx, actor, person)
	if err != nil {
		return "", err
	}
	return path, duty.Authorise(actor, p, duty.Target{Path: path}, duty.ReadRoster)
}

func (s *Service) deviceEvent(kind string, actor duty.Actor, d Device) (ledger.Event, error) {
	body, err := json.Marshal(map[string]any{"device": d.ID, "person": d.Person, "name": d.Name, "platform": d.Platform})
	return ledger.Event{ID: s.newID(), Kind: kind, Path: d.Path, Actor: actor.Person, Body: body}, err
}
