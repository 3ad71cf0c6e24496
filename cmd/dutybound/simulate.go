package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"time"

	"github.com/alecthomas/kong"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/simulate"
)

type simulateCommand struct {
	databaseFlags
	Phones int           `help:"How many phones." default:"60"`
	Speed  float64       `help:"Simulated seconds a second: 60 is an hour in a minute." default:"60"`
	Seed   uint64        `help:"Seed of the script; the same seed plays the same." default:"1"`
	For    time.Duration `help:"Simulated time to play." default:"1h"`
	Server string        `help:"A running server with the demo's people, whose database --data-dir or --database-url names; empty: a throw-away one of our own."`
	IKnow  bool          `help:"Allow a server beyond this machine: it is put under load, and people and tasks are left on it." name:"i-know"`
	Report string        `help:"File to write the report to, as JSON." type:"path"`
}

// Run fails when an invariant is broken; the report names it.
func (c simulateCommand) Run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "dutybound-simulate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	report, err := c.play(ctx, dir)
	if err != nil {
		return err
	}
	report.Tell(os.Stdout)
	if err := c.write(report); err != nil {
		return err
	}
	if !report.OK() {
		return exitCode(1)
	}
	return nil
}

func (c simulateCommand) play(ctx context.Context, dir string) (report *simulate.Report, err error) {
	config := app.DemoCity(simulate.Config{
		Server: c.Server, Phones: c.Phones, Speed: c.Speed, Seed: c.Seed, For: c.For, Dir: dir, Admin: c, Progress: os.Stderr,
	})
	if c.Server != "" {
		if err := c.checkServer(); err != nil {
			return nil, err
		}
		return simulate.Run(ctx, config)
	}
	c.databaseFlags = databaseFlags{DataDir: dir + "/data"}
	config.Repeat = max(time.Second, time.Duration(float64(30*time.Second)/c.Speed))
	service, err := throwAway(ctx, c.DataDir, config.Repeat)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, service.Stop(context.WithoutCancel(ctx))) }()
	config.Server, config.Admin, config.Hasten = service.URL(), c, c.Speed > 1
	return simulate.Run(ctx, config)
}

// throwAway starts a service on a private database of its own, on loopback, that repeats alarms as fast as the city lives; every other
// setting is as it comes.
func throwAway(ctx context.Context, dir string, repeat time.Duration) (*app.App, error) {
	var settings struct{ app.Config }
	parser, err := kong.New(&settings)
	if err != nil {
		return nil, err
	}
	own := []string{
		"--listen=127.0.0.1:0", "--metrics-listen=", "--data-dir=" + dir, "--demo=yes", "--device-keys=offered", "--database-url=", "--migrate-url=",
		"--redis-url=", "--tls-cert=", "--tls-key=", "--fcm-credentials=", "--fcm-endpoint=", "--ledger-key=", "--anchors=",
		"--alarm-repeat=" + repeat.String(),
	}
	if _, err := parser.Parse(own); err != nil {
		return nil, err
	}
	fmt.Fprintln(os.Stderr, "starting a throw-away service")
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	return app.Start(ctx, settings.Config, io.Discard, log)
}

// checkServer refuses to put somebody else's machine under load by mistake.
func (c simulateCommand) checkServer() error {
	u, err := url.Parse(c.Server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("--server %q: needs an address like http://127.0.0.1:8080", c.Server)
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) && !c.IKnow {
		return fmt.Errorf("--server %s is not on this machine: it would be put under load, and people and tasks be left on it; "+
			"give --i-know if that is what you want", c.Server)
	}
	return nil
}

// Enrol implements simulate.Admin, as dutybound admin does beside a running server.
func (c simulateCommand) Enrol(ctx context.Context, recruits []simulate.Recruit) error {
	return c.with(ctx, func(store *postgres.Store) error {
		return app.Enroller{Store: store, Identity: identities(store)}.Enrol(ctx, recruits)
	})
}

func (c simulateCommand) write(report *simulate.Report) error {
	if c.Report == "" {
		return nil
	}
	text, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(c.Report, append(text, '\n'), 0o644)
}
