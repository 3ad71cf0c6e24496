package duty

import (
	"context"
	"log/slog"
	"time"
)

// Rounds is work that a room does again and again until the service ends: what time alone makes due is found by somebody who looks.
// Every room's timed work is done by it, so that all of it begins at once, is tried again after a failure and stops when it is told to.
type Rounds struct {
	What  string // that is done, for the log
	Every time.Duration
	Woken <-chan struct{} // tells that there is something to do before the next tick; nil: nobody does
	Log   *slog.Logger
}

// Run makes a round at once and then at every tick, and at each word of Woken, until the context ends. A round that fails is logged, and
// the next one is made all the same; one that takes longer than the time between two is followed by the next at once, and never by more
// than that.
func (r Rounds) Run(ctx context.Context, round func(context.Context) error) {
	tick := time.NewTicker(r.Every)
	defer tick.Stop()
	for ctx.Err() == nil { // of a tick and the end, which come together, the end goes first
		if err := round(ctx); err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, r.What, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		case <-r.Woken:
		}
	}
}
