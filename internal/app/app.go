// Package app joins the rooms: the one place that knows how the service is put together. Tests start it too, on port 0.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"slices"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/dutybound/dutybound/internal/demo"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/embedded"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/httpapi"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/legal"
	"github.com/dutybound/dutybound/internal/live"
	"github.com/dutybound/dutybound/internal/outbox"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/safety"
	"github.com/dutybound/dutybound/internal/shift"
	"github.com/dutybound/dutybound/internal/wsfeed"
	"github.com/dutybound/dutybound/migrations"
)

// App is the running service.
type App struct {
	config   Config
	say      io.Writer // for the person at the terminal
	log      *slog.Logger
	database *Database
	store    *postgres.Store
	live     *live.Live
	watch    *dispatch.Watch
	web      *fiber.App
	listener net.Listener
	metrics  net.Listener
	accounts demo.Accounts // of the demo, when it was seeded

	delivered *prometheus.CounterVec

	closers []func(context.Context) error // undone in reverse order
	failed  chan error
}

// Start brings the service up and returns once it answers. What it tells the person at the terminal goes to say.
func Start(ctx context.Context, config Config, say io.Writer, log *slog.Logger) (_ *App, err error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	a := &App{config: config, say: say, log: log, failed: make(chan error, 8)}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
		}
	}()
	for _, step := range []func(context.Context) error{a.openDatabase, a.checkLaw, a.openRedis, a.seed, a.join, a.listen} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *App) openDatabase(ctx context.Context) (err error) {
	if a.database, err = OpenDatabase(ctx, a.config, a.say); err != nil {
		return err
	}
	a.onStop(a.database.Close)
	owner := a.config.MigrateURL
	if owner == "" {
		owner = a.database.URL
	}
	if err := migrations.Up(ctx, owner); err != nil {
		return err
	}
	if a.store, err = postgres.Open(ctx, postgres.Config{URL: a.database.URL, MaxConns: int(a.config.DatabaseConns)}); err != nil {
		return err
	}
	a.onStop(func(ctx context.Context) error { return within(ctx, a.store.Close) })
	if a.config.undurable {
		return nil
	}
	return a.store.CheckDurability(ctx)
}

func (a *App) openRedis(context.Context) error {
	options, err := a.redisOptions()
	if err != nil {
		return err
	}
	client := live.Client(options)
	a.onStop(func(context.Context) error { return client.Close() })
	a.live = live.New(client, a.log)
	return nil
}

func (a *App) redisOptions() (*redis.Options, error) {
	if a.config.RedisURL != "" {
		return parseRedis(a.config.RedisURL)
	}
	private, err := embedded.StartRedis()
	if err != nil {
		return nil, err
	}
	a.onStop(func(context.Context) error { private.Stop(); return nil })
	return private.Options(), nil
}

// parseRedis never repeats the address, in which a password stands.
func parseRedis(address string) (*redis.Options, error) {
	options, err := redis.ParseURL(address)
	var repeats *url.Error
	if errors.As(err, &repeats) {
		err = errors.New("not an address like redis://user:password@host:6379/0; special characters are written %40")
	}
	if err != nil {
		return nil, fmt.Errorf("--redis-url: %w", err)
	}
	return options, nil
}

// join makes the rooms and introduces them to each other.
func (a *App) join(ctx context.Context) error {
	proofs, err := a.proofs(ctx)
	if err != nil {
		return err
	}
	hub := feed.NewHub(a.store, a.log, feed.Pace{})
	sequencer, err := a.sequencer(hub)
	if err != nil {
		return err
	}
	feeds := feed.New(a.store, hub)
	sockets := wsfeed.New(wsfeed.Config{Feed: feeds, Log: a.log, Origins: a.config.Origins})
	a.live.On(live.Sequenced, hub.Wake)

	books := newBooks(law.Embedded())
	people := roster.New(a.store, a.log)
	rooms := rooms{
		books: books,
		legal: legal.New(a.store, a.store, law.Embedded()),
		dispatch: dispatch.New(a.store, books.forDispatch, dispatch.Freshness{
			Recording: a.config.RecordingFreshness, Statement: a.config.StatementFreshness,
		}, a.config.ApprovalDeadline),
		trials:   dispatch.NewTrials(a.store, Laws{a.store, law.Embedded()}),
		identity: identity.New(a.store, a.live, a.config.SessionTTL).Proving(proofs),
		roster:   people, recruitment: roster.NewRecruitment(people, a.store, a.gates(books)),
		safety:  safety.New(a.store, a.store, safety.Pace{Repeat: a.config.AlarmRepeat, Widen: a.config.AlarmRounds}),
		carrier: &httpapi.Carrier{},
		shifts:  shift.New(a.store, a.store),
		feed:    feeds, sockets: sockets, hub: hub, sequencer: sequencer,
	}
	rooms.dispatch.SetNearby(nearby{a.store})
	positions := shift.NewTurner(a.store, a.config.PositionsDays, a.log)
	if err := positions.Turn(ctx); err != nil { // no shift is without a place to keep positions in
		return err
	}
	rooms.outbox = outbox.New(a.store, rooms.carrier, rooms.dispatch, a.log, a.config.OutboxGap)
	if err := a.push(ctx, rooms.legal, rooms.dispatch, rooms.safety); err != nil {
		return err
	}
	a.background(sequencer.Run)
	a.background(hub.Run)
	a.background(rooms.roster.RunImports)
	a.watch = dispatch.NewWatch(a.store, rooms.dispatch, a.log)
	a.background(func(ctx context.Context) { a.watch.Run(ctx, a.config.LeadSweep) })
	a.background(shift.NewCloser(rooms.shifts, a.store, a.store.Now, a.log).Run)
	a.background(positions.Run)
	a.background(a.live.Run)
	a.background(rooms.safety.Run(a.log))
	a.background(rooms.dispatch.RunEscalation(a.log))
	a.background(rooms.dispatch.RunSilence(a.log))
	if err := a.serve(rooms); err != nil {
		return err
	}
	a.background(rooms.outbox.Run) // once there are routes to carry its records
	return nil
}

// proofs is what proofs of devices' keys are held against.
func (a *App) proofs(ctx context.Context) (identity.Proofs, error) {
	if !a.config.Embedded() && !a.config.keysRequired() {
		a.log.WarnContext(ctx, "phones may sign in without a key of their own (--device-keys offered): whoever steals the token of one is taken for it")
	}
	attestors, err := a.config.attestors()
	if err != nil {
		return identity.Proofs{}, err
	}
	secret, err := a.store.Secret(ctx, "dpop_nonce")
	return identity.Proofs{
		Nonces: identity.NewNonces(secret), Used: a.live, Needed: a.config.keysRequired(), Attestors: attestors,
	}, err
}

// background runs work until the service stops.
func (a *App) background(run func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); run(ctx) }()
	a.onStop(func(waiting context.Context) error {
		cancel()
		return within(waiting, func() { <-done })
	})
}

// within waits for work that knows no deadline, up to the end of the context.
func within(ctx context.Context, work func()) error {
	done := make(chan struct{})
	go func() { defer close(done); work() }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *App) onStop(closer func(context.Context) error) { a.closers = append(a.closers, closer) }

// Done tells, once, that the service cannot go on: its database ended or its port was closed.
func (a *App) Done() <-chan error { return a.failed }

// Stop ends the service: no new requests, those under way finish, then everything goes down in reverse order. Each part has the
// shutdown's time for itself, so that a request that hangs does not cost the database its clean end.
func (a *App) Stop(ctx context.Context) error {
	var errs []error
	for _, closer := range slices.Backward(a.closers) {
		errs = append(errs, a.inTime(ctx, closer))
	}
	a.closers = nil
	return errors.Join(errs...)
}

func (a *App) inTime(ctx context.Context, closer func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, a.config.ShutdownTimeout)
	defer cancel()
	return closer(ctx)
}

// URL is where the service answers.
func (a *App) URL() string {
	scheme := "http"
	if a.config.TLSCert != "" {
		scheme = "https"
	}
	return fmt.Sprintf("%s://%s", scheme, a.listener.Addr())
}
