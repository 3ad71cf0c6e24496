package feed_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/testkit/feedkit"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(
		m, // a cluster of this package's own ends with it
		goleak.IgnoreAnyFunction("github.com/dutybound/dutybound/internal/embedded.(*Postgres).spawn.func1"),
	)
}

const (
	city  = feedkit.City
	north = feedkit.North
	south = feedkit.South
)

// room is a running hub on a log.
type room struct {
	*testing.T
	log     *feedkit.Log
	errors  complaints
	hub     *feed.Hub
	service *feed.Service
	stop    func()
}

func open(t *testing.T, pace feed.Pace) *room {
	t.Helper()
	r := &room{T: t, log: feedkit.Open(t)}
	r.hub = feed.NewHub(r.log, slog.New(&r.errors), pace)
	r.service = feed.New(r.log, r.hub)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.hub.Run(ctx) }()
	r.stop = func() { cancel(); <-done }
	t.Cleanup(r.stop)
	return r
}

// complaints counts the errors that the hub logs.
type complaints struct{ atomic.Int64 }

func (c *complaints) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelError
}
func (c *complaints) Handle(context.Context, slog.Record) error { c.Add(1); return nil }
func (c *complaints) WithAttrs([]slog.Attr) slog.Handler        { return c }
func (c *complaints) WithGroup(string) slog.Handler             { return c }

func (r *room) viewer(path duty.Path) duty.Actor {
	r.Helper()
	return r.log.SignIn(duty.RoleViewer, path)
}

func (r *room) ticket(actor duty.Actor) string {
	r.Helper()
	token, _, err := r.service.Ticket(r.Context(), actor, false)
	if err != nil {
		r.Fatal(err)
	}
	return token
}

func (r *room) enter(actor duty.Actor, after *int64) *feed.Subscription {
	r.Helper()
	viewer, err := r.service.Admit(r.Context(), r.ticket(actor))
	if err != nil {
		r.Fatal(err)
	}
	sub := r.service.Subscribe(viewer, after)
	r.Cleanup(sub.Close)
	return sub
}

func (r *room) next(sub *feed.Subscription, want feed.Kind) feed.Message {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	m, err := sub.Next(ctx)
	if err != nil {
		r.Fatalf("waiting for %s: %v", want, err)
	}
	if m.Kind != want {
		r.Fatalf("got %s, want %s", m.JSON, want)
	}
	return m
}

// ends waits, past any messages, for the subscription to be cut.
func (r *room) ends(sub *feed.Subscription) *feed.Ended {
	r.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	for {
		if _, err := sub.Next(ctx); err != nil {
			var ended *feed.Ended
			if !errors.As(err, &ended) {
				r.Fatalf("ended with %v", err)
			}
			return ended
		}
	}
}

func (r *room) append(paths ...duty.Path) int64 {
	r.Helper()
	defer r.hub.Wake()
	return r.log.Append(paths...)
}

func seq(n int64) *int64 { return &n }
