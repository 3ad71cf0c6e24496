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
