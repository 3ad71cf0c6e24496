package safety

import (
	"context"
	"errors"
	"log/slog"

	"github.com/dutybound/dutybound/internal/duty"
)

const (
	sweepLimit = 500 // tasks of one sweep; the next one takes the rest
	patience   = 3   // sweeps for which the job of a round may be late before the sweep does its work: a server died over it
)

// Sweep does what is due: it looks after each watch whose time has come, and after alarms whose round nobody came to. Any number of
// servers may sweep at once: what one has locked the others pass over.
func (s *Service) Sweep(ctx context.Context) error {
	tasks, err := s.checks.DueWatches(ctx, sweepLimit)
	if err != nil {
		return err
	}
	var failed []error // one that fails keeps nobody from the others
	for _, task := range tasks {
		failed = append(failed, s.checks.LookAfter(ctx, task, s.look, s.settle))
	}
	late, err := s.alarms.OverdueAlarms(ctx, patience*s.pace.Sweep)
	failed = append(failed, err)
	for _, a := range late {
		failed = append(failed, s.Repeat(ctx, a.ID, a.Round))
	}
	return errors.Join(failed...)
}

// Run sweeps until the context ends. A failure is logged and tried again.
func (s *Service) Run(log *slog.Logger) func(context.Context) {
	return func(ctx context.Context) {
		duty.Rounds{What: "the watch over people at work", Every: s.pace.Sweep, Log: log}.Run(ctx, s.Sweep)
	}
}
