package live

import (
	"context"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Wake is a wake-up between replicas. It carries nothing: whoever hears it looks into Postgres, as it does each second anyway.
type Wake string

const (
	Committed Wake = "committed" // there are events without a number: for the sequencer
	Sequenced Wake = "sequenced" // there are new events in the log: for the hubs
)

// wake is one kind of wake-up. Both its channels hold one: a hundred wake-ups in a row are as good as one.
type wake struct {
	tell, heard chan struct{}
	do          func()
}

func newWake() *wake {
	return &wake{tell: make(chan struct{}, 1), heard: make(chan struct{}, 1), do: func() {}}
}

func knock(door chan struct{}) {
	select {
	case door <- struct{}{}:
	default:
	}
}

// On says what to do when another replica (or this one) calls. One for each kind; before Run.
func (l *Live) On(name Wake, do func()) { l.wakes[name].do = do }

// Tell wakes the replicas. It never waits.
func (l *Live) Tell(name Wake) { knock(l.wakes[name].tell) }

func (l *Live) publish(ctx context.Context, name Wake, w *wake) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.tell:
		}
		if l.outage.lasts() {
			continue
		}
		within, cancel := context.WithTimeout(ctx, patience)
		if err := l.redis.Publish(within, prefix+string(name), "").Err(); err != nil && ctx.Err() == nil {
			l.failed("publish", err)
		}
		cancel()
	}
}

// hear drains the subscription, whatever the hearers do: a subscriber that stops reading makes Redis keep its messages (and the
// embedded one stand still).
func (l *Live) hear(ctx context.Context) {
	channels := make([]string, 0, len(l.wakes))
	for name := range l.wakes {
		channels = append(channels, prefix+string(name))
	}
	for ctx.Err() == nil {
		l.drain(ctx, channels)
		select {
		case <-ctx.Done():
		case <-time.After(outagePause):
		}
	}
}

// drain hears until the subscription fails. Wake-ups of the time without one are lost, so everybody is woken once when it stands.
func (l *Live) drain(ctx context.Context, channels []string) {
	heard := l.redis.Subscribe(ctx, channels...)
	defer heard.Close()
	defer context.AfterFunc(ctx, func() { heard.Close() })() // receiving does not look at the context
	for {
		message, err := heard.Receive(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			l.failed("subscribe", err)
			return
		}
		l.knockFor(message)
	}
}

// pass does what is to be done, beside the draining.
func (w *wake) pass(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.heard:
			w.do()
		}
	}
}

// knockFor wakes those whom something received is for: a message its own, a subscription that stands (again) its own too.
func (l *Live) knockFor(received any) {
	var channel string
	switch m := received.(type) {
	case *redis.Message:
		channel = m.Channel
	case *redis.Subscription:
		channel = m.Channel
	}
	if w := l.wakes[Wake(strings.TrimPrefix(channel, prefix))]; w != nil {
		knock(w.heard)
	}
}
