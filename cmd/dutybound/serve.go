package main

import (
	"context"
	"log/slog"
	"os"

	"github.com/dutybound/dutybound/internal/app"
)

type serveCommand struct{ app.Config }

// Run serves until a signal comes or the service cannot go on.
func (c serveCommand) Run(ctx context.Context) error {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	service, err := app.Start(ctx, c.Config, os.Stdout, log)
	if err != nil {
		return err
	}
	service.Greet()
	select {
	case <-ctx.Done():
	case err = <-service.Done():
		log.Error("the service cannot go on", "error", err)
	}
	if stopped := service.Stop(context.WithoutCancel(ctx)); err == nil {
		err = stopped
	}
	return err
}
