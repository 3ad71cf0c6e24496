package httpapi

import (
	"context"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/api/phone"
	"github.com/dutybound/dutybound/internal/identity"
)

func (h *handlers) RegisterDevice(ctx context.Context, r RegisterDeviceRequestObject) (RegisterDeviceResponseObject, error) {
	device, again, err := h.Identity.RegisterDevice(
		ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, r.Body.Name, identity.Platform(r.Body.Platform),
	)
	return RegisterDevice201JSONResponse{
		Body: deviceOf(device), Headers: RegisterDevice201ResponseHeaders{IdempotentReplayed: replayed(again)},
	}, err
}

func (h *handlers) RevokeDevice(ctx context.Context, r RevokeDeviceRequestObject) (RevokeDeviceResponseObject, error) {
	device, err := h.Identity.RevokeDevice(ctx, actorOf(ctx), r.ID)
	return RevokeDevice200JSONResponse(deviceOf(device)), err
}

func (h *handlers) EnrolDeviceKey(ctx context.Context, r EnrolDeviceKeyRequestObject) (EnrolDeviceKeyResponseObject, error) {
	call := called(ctx)
	device, nonce, err := h.Identity.Enrol(ctx, actorOf(ctx), call.asking, *newKeyOf(r.Body))
	if nonce != "" {
		call.nonce = nonce
	}
	return EnrolDeviceKey200JSONResponse(deviceOf(device)), err
}

// newKeyOf is the key as it came: identity takes it apart.
func newKeyOf(k *api.NewDeviceKey) *identity.NewKey {
	if k == nil {
		return nil
	}
	key := &identity.NewKey{JWK: phone.JWK{Curve: string(k.Jwk.Crv), Type: string(k.Jwk.Kty), X: k.Jwk.X, Y: k.Jwk.Y}}
	if k.Attestation != nil {
		key.Claimed, key.Chain = string(k.Attestation.Claimed), k.Attestation.Chain
	}
	return key
}

func deviceOf(d identity.Device) api.Device {
	device := api.Device{
		ID: d.ID, Person: d.Person, Name: d.Name, Platform: api.Platform(d.Platform), RegisteredAt: d.RegisteredAt, RevokedAt: d.RevokedAt,
	}
	if d.Key != nil {
		device.Key = &api.DeviceKey{
			Thumbprint: d.Key.Thumbprint, Attestation: api.Attestation(d.Key.Attestation), EnrolledAt: d.Key.EnrolledAt,
		}
	}
	return device
}
