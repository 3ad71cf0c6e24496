package app_test

import (
	"crypto/rand"
	"strings"
	"sync"
	"testing"
)

// The longest push token that the contract allows is kept, and of several devices that come with one token the last one keeps it.
func TestPushTokensAreKept(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	sets := func(h *hand, token string) (int, error) {
		r, err := h.try("PUT", "/v1/me/push-token", object{"token": token}, nil)
		return r.status, err
	}
	var long strings.Builder
	for long.Len() < 4096 {
		long.WriteString(rand.Text())
	}
	hands := []*hand{o.auxiliary(), o.auxiliary(), o.auxiliary(), o.auxiliary()}
	for _, token := range []string{long.String()[:4096], rand.Text(), rand.Text(), rand.Text(), rand.Text()} {
		var all sync.WaitGroup
		for _, h := range hands {
			all.Go(func() {
				if status, err := sets(h, token); status != 204 || err != nil {
					t.Errorf("%d characters: %d %v", len(token), status, err)
				}
			})
		}
		all.Wait()
		if n := o.count(`SELECT count(*) FROM device WHERE push_token = $1`, token); n != 1 {
			t.Errorf("%d devices have one token", n)
		}
	}
}

// A registration is a command like any other: its key is no other command's, and whatever has become of the device since, a retry gets
// the answer that was given.
func TestARegistrationIsACommand(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	devices, phone := "/v1/people/"+u.member.person.String()+"/devices", object{"name": "3 号机", "platform": "android"}
	observed, seen := newKey(), saying(now(said("uniform", "yes")))
	u.personnel.command("/v1/observations", observed, seen).want(200)
	u.personnel.command(devices, observed, phone).want(422)

	key := newKey()
	first := u.personnel.command(devices, key, phone).want(201)
	u.personnel.command("/v1/observations", key, seen).want(422)
	u.personnel.post("/v1/devices/"+first.text("id")+"/revoke", nil).want(200)
	again := u.personnel.command(devices, key, phone).want(201)
	if again.said() != first.said() || again.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("answered\n%s\nand after the device was revoked\n%s %v", first.said(), again.said(), again.header)
	}
}
