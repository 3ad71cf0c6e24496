package live_test

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/dutybound/dutybound/internal/live"
	"github.com/dutybound/dutybound/internal/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// replica is a running room.
func replica(t *testing.T, client *redis.Client, on map[live.Wake]func()) *live.Live {
	t.Helper()
	l := live.New(client, slog.New(slog.DiscardHandler))
	for name, do := range on {
		l.On(name, do)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return l
}

func TestReplicasWakeEachOther(t *testing.T) {
	testkit.EachRedis(t, func(t *testing.T, client *redis.Client) {
		var committed, sequenced atomic.Int64
		replica(t, client, map[live.Wake]func(){
			live.Committed: func() { committed.Add(1) }, live.Sequenced: func() { sequenced.Add(1) },
		})
		testkit.Wait(t, "both subscriptions", func() bool { return committed.Load() > 0 && sequenced.Load() > 0 })
		teller := replica(t, client, nil)
		before, other := sequenced.Load(), committed.Load()
		testkit.Wait(t, "a wake-up", func() bool { // one that Redis did not take in time is lost: see TestAMuteRedisIsWaitedForHalfASecond
			teller.Tell(live.Sequenced)
			return sequenced.Load() > before
		})
		if committed.Load() != other {
			t.Error("woken by what is for somebody else")
		}
	})
}

func TestHearerThatHangsHoldsUpNobody(t *testing.T) {
	t.Parallel()
	client := testkit.Redis(t)
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	replica(t, client, map[live.Wake]func(){live.Sequenced: func() { once.Do(func() { close(entered) }); <-release }})
	t.Cleanup(func() { close(release) }) // runs first
	<-entered
	for range 10_000 { // more than any buffer between: the embedded Redis would stand still
		if err := client.Publish(t.Context(), "dutybound:sequenced", "").Err(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLimitHoldsOverReplicas(t *testing.T) {
	testkit.EachRedis(t, func(t *testing.T, client *redis.Client) {
		one, two := live.New(client, slog.New(slog.DiscardHandler)), live.New(client, slog.New(slog.DiscardHandler))
		key := uuid.NewString()
		for i, room := range []*live.Live{one, two, one} {
			if ok, _ := room.Allow(t.Context(), key, 3, time.Minute); !ok {
				t.Fatalf("try %d refused", i+1)
			}
		}
		for name, room := range map[string]*live.Live{"one": one, "two": two} {
			ok, wait := room.Allow(t.Context(), key, 3, time.Minute)
			if ok || wait <= 0 || wait > time.Minute {
				t.Errorf("%s: a try too many: %v, wait %s", name, ok, wait)
			}
		}
		if ok, _ := one.Allow(t.Context(), uuid.NewString(), 3, time.Minute); !ok {
			t.Error("another key is refused")
		}
	})
}

func TestLimitOpensAgainAfterItsWindow(t *testing.T) {
	testkit.EachRedis(t, func(t *testing.T, client *redis.Client) {
		room := live.New(client, slog.New(slog.DiscardHandler))
		const window = 150 * time.Millisecond
		var key string
		for again := true; again; { // a machine that stood still between two tries has let the window pass
			key = uuid.NewString()
			began := time.Now()
			room.Allow(t.Context(), key, 1, window)
			if again, _ = room.Allow(t.Context(), key, 1, window); again && time.Since(began) < window {
				t.Fatal("a second try within the window")
			}
		}
		testkit.Wait(t, "the window to end", func() bool { ok, _ := room.Allow(t.Context(), key, 1, window); return ok })
	})
}

// mortal is a Redis that dies, and comes back empty. Where it comes is told to its client: the port of a dead one may be somebody
// else's by then.
type mortal struct {
	*testing.T
	server *miniredis.Miniredis
	client *redis.Client
	where  atomic.Pointer[string]
}

func newMortal(t *testing.T) *mortal {
	t.Helper()
	m := &mortal{T: t}
	m.client = redis.NewClient(&redis.Options{MaxRetries: -1, Dialer: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", *m.where.Load())
	}})
	m.comes()
	t.Cleanup(func() { m.server.Close() }) // the last one
	t.Cleanup(func() { _ = m.client.Close() })
	return m
}

func (m *mortal) comes() {
	m.Helper()
	m.server = miniredis.NewMiniRedis()
	if err := m.server.Start(); err != nil {
		m.Fatal(err)
	}
	m.where.Store(new(m.server.Addr()))
}

func (m *mortal) dies() {
	m.where.Store(new("127.0.0.1:1"))
	m.server.Close()
}

// Redis dies in the middle and comes back, empty.
func TestDutyGoesOnWhenRedisDies(t *testing.T) {
	t.Parallel()
	server := newMortal(t)
	var woken atomic.Int64
	room := replica(t, server.client, map[live.Wake]func(){live.Sequenced: func() { woken.Add(1) }})
	testkit.Wait(t, "the subscription", func() bool { return woken.Load() > 0 })
	allow := func() bool { ok, _ := room.Allow(t.Context(), "F20001", 3, time.Hour); return ok }
	if !allow() {
		t.Fatal("the first try is refused")
	}

	server.dies()
	begin := time.Now()
	if got := []bool{allow(), allow(), allow()}; !slices.Equal(got, []bool{true, true, false}) {
		t.Errorf("without Redis the limit does not hold, or starts anew: %v", got)
	}
	for range 1000 {
		room.Tell(live.Sequenced)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("a dead Redis was waited for: %s", took)
	}

	server.comes()
	before := woken.Load()
	testkit.Wait(t, "the wake-up of a new subscription", func() bool { return woken.Load() > before })
	if allow() {
		t.Error("the window of before is forgotten")
	}
}
