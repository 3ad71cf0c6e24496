package main

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/dutybound/dutybound/internal/app"
)

type serveCommand struct{ app.Config }

// lastMoments is how long the rest of a service gets to end that has lost what it stands on: nothing it waits for will come.
const lastMoments = 2 * time.Second

// Run serves until a signal comes or the service cannot go on.
func (c serveCommand) Run(ctx context.Context) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	service, err := app.Start(ctx, c.Config, os.Stdout, log)
	if err != nil {
		return unowned(unmigrated(err))
	}
	service.Greet()
	select {
	case <-ctx.Done():
		return service.Stop(context.WithoutCancel(ctx))
	case err = <-service.Done():
		log.Error("the service cannot go on", "error", err)
		brief, cancel := context.WithTimeout(ctx, lastMoments)
		defer cancel()
		_ = service.Stop(brief) // why it ends is known already
		return err
	}
}
