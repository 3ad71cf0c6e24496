package httpapi

import (
	"context"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/identity"
)

func (h *handlers) SignIn(ctx context.Context, r SignInRequestObject) (SignInResponseObject, error) {
	call := called(ctx)
	in, err := h.Identity.SignIn(ctx, identity.SignIn{
		Number: r.Body.PersonNumber, Password: r.Body.Password, Device: r.Body.Device, Address: call.address,
		Key: newKeyOf(r.Body.DeviceKey), Asking: call.asking,
	})
	call.nonce = in.Nonce
	scheme := api.SignedInTokenTypeBearer
	if in.Bound {
		scheme = api.SignedInTokenTypeDPoP
	}
	return SignIn201JSONResponse{Token: in.Token, TokenType: scheme, ExpiresAt: in.ExpiresAt, MustChangePassword: in.MustChange}, err
}

func (h *handlers) SignOut(ctx context.Context, _ SignOutRequestObject) (SignOutResponseObject, error) {
	return SignOut204Response{}, h.Identity.SignOut(ctx, actorOf(ctx))
}

func (h *handlers) GetMe(ctx context.Context, _ GetMeRequestObject) (GetMeResponseObject, error) {
	session := called(ctx).session
	me, err := h.Roster.Profile(ctx, session.Actor)
	if err != nil {
		return nil, err
	}
	return GetMe200JSONResponse{
		Person:    personOf(me.Person),
		Grants:    grantsOf(session.Actor.Grants),
		Device:    api.DeviceRef{ID: session.Actor.Device, Name: me.Device},
		Session:   api.SessionInfo{ID: session.Actor.Session, ExpiresAt: session.ExpiresAt, MustChangePassword: session.MustChange},
		OpenTasks: me.OpenTasks,
	}, nil
}

func (h *handlers) ChangePassword(ctx context.Context, r ChangePasswordRequestObject) (ChangePasswordResponseObject, error) {
	return ChangePassword204Response{}, h.Identity.ChangePassword(ctx, actorOf(ctx), r.Body.Current, r.Body.New)
}

func (h *handlers) SetPushToken(ctx context.Context, r SetPushTokenRequestObject) (SetPushTokenResponseObject, error) {
	return SetPushToken204Response{}, h.Identity.SetPushToken(ctx, actorOf(ctx), r.Body.Token)
}
