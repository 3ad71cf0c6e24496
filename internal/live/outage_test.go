package live_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/dutybound/dutybound/internal/embedded"
	"github.com/dutybound/dutybound/internal/live"
	"github.com/dutybound/dutybound/internal/testkit"
)

// line is the way to a Redis in the bubble, which can be cut.
type line struct {
	*testkit.Bubble
	client *redis.Client

	mood   string                   // well, dead: nobody is there, mute: somebody is there and says nothing
	dial   func() (net.Conn, error) // a Redis that is well
	dialed []float64                // when it was tried
	open   []net.Conn
	silent bool // nothing that is said arrives
}

func connected(t *testing.T, mood string) *line {
	server, err := embedded.StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	l := &line{Bubble: testkit.NewBubble(t), mood: mood, dial: func() (net.Conn, error) { return server.Dialer()(t.Context(), "", "") }}
	l.client = live.Client(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, DialerRetries: 1, Dialer: l.connect})
	t.Cleanup(func() {
		_ = l.client.Close()
		server.Stop()
		for _, c := range l.open {
			_ = c.Close()
		}
	})
	return l
}

func (l *line) connect(context.Context, string, string) (net.Conn, error) {
	l.Lock()
	defer l.Unlock()
	l.dialed = append(l.dialed, l.Since())
	switch l.mood {
	case "dead":
		return nil, errors.New("gone")
	case "mute":
		ours, theirs := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, theirs) }()
		l.open = append(l.open, ours, theirs)
		return ours, nil
	}
	conn, err := l.dial()
	l.open = append(l.open, conn)
	return &hearing{Conn: conn, line: l}, err
}

// hearing is a connection whose answers can be kept back.
type hearing struct {
	net.Conn
	*line
}

func (h *hearing) Write(p []byte) (int, error) {
	h.Lock()
	defer h.Unlock()
	if h.silent {
		return len(p), nil
	}
	return h.Conn.Write(p)
}

// silence keeps what is said from now on from whoever is there.
func (l *line) silence() {
	l.Lock()
	defer l.Unlock()
	l.silent = true
}

// becomes cuts what there is.
func (l *line) becomes(mood string) {
	l.Lock()
	defer l.Unlock()
	l.mood, l.dialed, l.silent = mood, nil, false
	for _, c := range l.open {
		_ = c.Close()
	}
	l.open = nil
}

func (l *line) room() *live.Live { return live.New(l.client, l.Logger()) }

// A Redis that says nothing, on a new connection or on one that was good, is waited for half a second, and not again for a second.
func TestAMuteRedisIsWaitedForHalfASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := connected(t, "mute")
		room := l.room()
		takes := func(want float64) {
			t.Helper()
			before := time.Now()
			if !room.First(t.Context(), uuid.NewString(), time.Minute) {
				t.Error("it is not the first")
			}
			if took := time.Since(before).Seconds(); took != want {
				t.Errorf("%v s, not %v", took, want)
			}
		}
		l.becomes("well")
		takes(0)
		l.silence()
		takes(0.5)
		l.becomes("mute")
		time.Sleep(time.Second)
		takes(0.5)
		takes(0)
		time.Sleep(999 * time.Millisecond)
		takes(0)
		time.Sleep(time.Millisecond)
		takes(0.5)
	})
}

// A Redis that is gone is tried once a second, whoever is to be told meanwhile; when it is back everybody is woken, for what was told
// meanwhile is lost. The log hears of it once.
func TestADeadRedisIsTriedOnceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := connected(t, "dead")
		room := l.room()
		room.On(live.Sequenced, func() { l.Set(func() { l.Tell("woken") }) })
		stop := l.Runs(room.Run)
		for _, at := range []float64{0.5, 1.5, 2.5} {
			l.Until(at)
			room.Tell(live.Sequenced)
		}
		l.Until(3.5)
		if want := []float64{0, 1, 2, 3}; !slices.Equal(slices.Compact(l.dialed), want) {
			t.Errorf("tried at %v, not %v", l.dialed, want)
		}
		l.becomes("well")
		l.Until(10)
		room.Tell(live.Sequenced)
		l.Until(11)
		l.Tells("woken 4", "woken 10")
		l.becomes("dead")
		l.Until(60)
		l.becomes("well")
		l.Until(123)
		l.Logged("redis does not answer", 1)
		l.becomes("dead")
		l.Until(200)
		l.Logged("redis does not answer", 2)
		stop()
	})
}

// Without Redis a window is the process's own: it opens when it is over, not before, and says for how long to wait.
func TestAWindowOpensWhenItIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		room := connected(t, "dead").room()
		try := func(ok bool, wait time.Duration) {
			t.Helper()
			if got, after := room.Allow(t.Context(), "F20001", 2, 10*time.Minute); got != ok || after != wait {
				t.Errorf("%v, wait %s; not %v, %s", got, after, ok, wait)
			}
		}
		try(true, 0)
		time.Sleep(4 * time.Minute)
		try(true, 0)
		try(false, 6*time.Minute)
		time.Sleep(6*time.Minute - 1)
		try(false, 1)
		time.Sleep(time.Nanosecond)
		try(true, 0)
		try(true, 0)
		try(false, 10*time.Minute)
	})
}
