package demo

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	handset "github.com/dutybound/dutybound/api/phone"
)

// issue has the personnel department give every auxiliary a new phone for the morning. A device has one key for ever, and the seeded
// ones stay without one, so that somebody with curl can sign in on them.
func (s *story) issue(numbers ...string) {
	s.enter(personnel)
	for _, number := range numbers {
		if s.err != nil {
			return
		}
		device, err := s.phones[personnel].issues(s.ctx, number)
		if err != nil {
			s.fail("a phone for %s: %w", number, err)
			return
		}
		s.issued[number] = device
	}
	s.tell.aside(text{
		"为四名辅警发放新手机：密钥在手机内生成，只有令牌没有密钥的请求一概无效",
		"The auxiliaries get new phones: each makes a key of its own, and a token without it is worth nothing",
	})
}

// issues registers a new phone to the person with a number.
func (p *phone) issues(ctx context.Context, number string) (device uuid.UUID, err error) {
	found, err := p.api.ListPeopleWithResponse(ctx, &api.ListPeopleParams{Q: &number})
	if err != nil {
		return device, err
	}
	if found.JSON200 == nil {
		return device, unexpected(found)
	}
	for _, person := range found.JSON200.People {
		if person.Number != number {
			continue
		}
		got, err := p.api.RegisterDeviceWithResponse(ctx, person.ID, &api.RegisterDeviceParams{IdempotencyKey: newKey()},
			api.NewDevice{Name: "演示手机 " + number, Platform: api.PlatformAndroid})
		if err != nil {
			return device, err
		}
		if got.JSON201 == nil {
			return device, unexpected(got)
		}
		return got.JSON201.ID, nil
	}
	return device, fmt.Errorf("%s is not on the roster", number)
}

// signing makes a key for a phone and lets it sign what goes through the client: the sign-in says the key to the server.
func signing(doer *http.Client, in *api.SignIn) (*http.Client, *handset.Transport, error) {
	key, err := handset.NewKey()
	if err != nil {
		return nil, nil, err
	}
	jwk := key.JWK()
	in.DeviceKey = &api.NewDeviceKey{Jwk: api.JWK{Kty: api.JWKKty(jwk.Type), Crv: api.JWKCrv(jwk.Curve), X: jwk.X, Y: jwk.Y}}
	transport := &handset.Transport{Key: key, Base: doer.Transport}
	return &http.Client{Timeout: doer.Timeout, Transport: transport}, transport, nil
}

// handIn gives an issued phone up: it is revoked, and its sessions with it.
func (p *phone) handIn(ctx context.Context) error {
	got, err := p.api.RevokeDeviceWithResponse(ctx, p.account.Device)
	if err != nil {
		return err
	}
	if got.JSON200 == nil {
		return unexpected(got)
	}
	return nil
}
