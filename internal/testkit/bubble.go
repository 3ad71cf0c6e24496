package testkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// Bubble is a test of what waits for time, made within synctest.Test: it counts the seconds and keeps what happened at which of them.
// What stands in for the database embeds it and has its own fields under the same lock, for whoever runs asks while the test changes it.
type Bubble struct {
	testing.TB
	sync.Mutex
	Began time.Time // what the seconds are counted from
	Told  []string  // what happened, as in "gap 604.5"
	Down  bool      // whoever is asked answers ErrDown

	log strings.Builder
}

// ErrDown is the answer of a database that gives none.
var ErrDown = errors.New("the database does not answer")

// NewBubble counts from now on.
func NewBubble(t testing.TB) *Bubble { return &Bubble{TB: t, Began: time.Now()} }

// Since is the second that it is, which may be a part of one.
func (b *Bubble) Since() float64 { return time.Since(b.Began).Seconds() }

// Until lets time pass up to a second, and what is due at it be done.
func (b *Bubble) Until(second float64) {
	time.Sleep(time.Until(b.Began.Add(time.Duration(second * float64(time.Second)))))
	synctest.Wait()
}

// Set does something under the lock, while others run.
func (b *Bubble) Set(what func()) {
	b.Lock()
	defer b.Unlock()
	what()
}

// Runs sets something going; what it answers ends it, which must take no time.
func (b *Bubble) Runs(run func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { defer close(done); run(ctx) }()
	return func() {
		b.Helper()
		cancel()
		synctest.Wait()
		select {
		case <-done:
		default:
			b.Errorf("it goes on after its end")
			<-done
		}
	}
}

// Tell keeps that something happened, with its second. Called under the lock.
func (b *Bubble) Tell(what string) { b.Told = append(b.Told, fmt.Sprint(what, " ", b.Since())) }

// Tells holds what happened to what must have: this and nothing else, in this order, to the nanosecond.
func (b *Bubble) Tells(want ...string) {
	b.Helper()
	b.Lock()
	defer b.Unlock()
	if !slices.Equal(b.Told, want) {
		b.Errorf("told %q, not %q", b.Told, want)
	}
}

// Logger is for what runs.
func (b *Bubble) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(&b.log, nil)) }

// Logged holds how often something stands in the log. Called when all wait, as they do after Until and the end.
func (b *Bubble) Logged(what string, times int) {
	b.Helper()
	if n := strings.Count(b.log.String(), what); n != times {
		b.Errorf("%q is logged %d times, not %d: %s", what, n, times, &b.log)
	}
}
