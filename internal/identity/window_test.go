package identity_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/live"
)

// Ten tries of one number from one address are counted for ten minutes from the first on. Whoever comes too often is told how long to
// wait, and gets in when that is over. The counters are those of a process whose Redis is gone.
func TestTriesAreCountedForTenMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, m, _ := newHouse(t)
		client := live.Client(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1, Dialer: func(context.Context, string, string) (net.Conn, error) {
			return nil, errors.New("gone")
		}})
		defer func() {
			client.Close()
			time.Sleep(2 * time.Second) // a driver with few connections, as on one processor, looks once a second for its Redis or its end
		}()
		s := identity.New(m, live.New(client, slog.New(slog.DiscardHandler)), 12*time.Hour)
		began := time.Now()
		until := func(after time.Duration) { time.Sleep(time.Until(began.Add(after))) }
		guess := m.signIn()
		guess.Password = "made up"
		for n := range 10 {
			until(time.Duration(n) * 30 * time.Second)
			if _, err := s.SignIn(t.Context(), guess); fault.KindOf(err) != fault.Unauthenticated {
				t.Fatalf("guess %d: %v", n+1, err)
			}
		}
		refused := func(want time.Duration) {
			t.Helper()
			var wait identity.Wait
			if _, err := s.SignIn(t.Context(), m.signIn()); fault.KindOf(err) != fault.TooMany || !errors.As(err, &wait) || time.Duration(wait) != want {
				t.Errorf("%v, not to wait %s", err, want)
			}
		}
		until(5 * time.Minute)
		refused(5 * time.Minute)
		until(10*time.Minute - 1)
		refused(1)
		until(10 * time.Minute)
		if _, err := s.SignIn(t.Context(), m.signIn()); err != nil {
			t.Error(err)
		}
	})
}
