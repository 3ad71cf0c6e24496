package httpapi

import (
	"context"

	"github.com/dutybound/dutybound/api"
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

func deviceOf(d identity.Device) api.Device {
	return api.Device{
		ID: d.ID, Person: d.Person, Name: d.Name, Platform: api.Platform(d.Platform), RegisteredAt: d.RegisteredAt, RevokedAt: d.RevokedAt,
	}
}
