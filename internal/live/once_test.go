package live_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/dutybound/dutybound/internal/live"
	"github.com/dutybound/dutybound/internal/testkit"
)

func TestANameIsFirstOnceAmongReplicas(t *testing.T) {
	testkit.EachRedis(t, func(t *testing.T, client *redis.Client) {
		rooms := []*live.Live{live.New(client, slog.New(slog.DiscardHandler)), live.New(client, slog.New(slog.DiscardHandler))}
		var first atomic.Int64
		var all sync.WaitGroup
		name := uuid.NewString()
		for i := range 16 {
			all.Go(func() {
				if rooms[i%2].First(t.Context(), name, time.Minute) {
					first.Add(1)
				}
			})
		}
		all.Wait()
		if first.Load() != 1 {
			t.Errorf("%d times the first", first.Load())
		}
		if !rooms[0].First(t.Context(), uuid.NewString(), time.Minute) {
			t.Error("another name is not the first")
		}
		short := uuid.NewString()
		rooms[0].First(t.Context(), short, 50*time.Millisecond)
		testkit.Wait(t, "the name to be forgotten", func() bool {
			return live.New(client, slog.New(slog.DiscardHandler)).First(t.Context(), short, time.Minute)
		})
	})
}

// Without Redis each replica still knows what it saw itself, and no answer is kept waiting.
func TestNamesAreKeptInTheProcessWhenRedisDies(t *testing.T) {
	t.Parallel()
	server := newMortal(t)
	one, two := live.New(server.client, slog.New(slog.DiscardHandler)), live.New(server.client, slog.New(slog.DiscardHandler))
	before := uuid.NewString()
	if !one.First(t.Context(), before, time.Minute) {
		t.Fatal("not the first")
	}
	server.dies()
	during := uuid.NewString()
	if one.First(t.Context(), before, time.Minute) || !one.First(t.Context(), during, time.Minute) || one.First(t.Context(), during, time.Minute) {
		t.Error("the process does not know its own names")
	}
	if !two.First(t.Context(), during, time.Minute) {
		t.Error("what another replica saw cannot be known now, and is refused")
	}
}

func noDialer(context.Context, string, string) (net.Conn, error) { return nil, errors.New("gone") }

// A name is known for as long as was asked, and what is older takes no memory.
func TestNamesPass(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dead := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, Dialer: noDialer})
		defer dead.Close()
		room := live.New(dead, slog.New(slog.DiscardHandler))
		for _, age := range []time.Duration{0, time.Second, 59 * time.Second} {
			name := uuid.NewString()
			if !room.First(t.Context(), name, time.Minute) {
				t.Fatal("not the first")
			}
			time.Sleep(age)
			if room.First(t.Context(), name, time.Minute) {
				t.Errorf("forgotten after %s", age)
			}
		}
		name := uuid.NewString()
		room.First(t.Context(), name, time.Minute)
		for range 3 {
			time.Sleep(time.Minute)
			room.First(t.Context(), uuid.NewString(), time.Minute)
		}
		if !room.First(t.Context(), name, time.Minute) {
			t.Error("still known after three minutes")
		}
	})
}
