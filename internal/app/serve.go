package app

import (
	"context"
	"fmt"
	"net"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/httpapi"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/legal"
	"github.com/dutybound/dutybound/internal/outbox"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/safety"
	"github.com/dutybound/dutybound/internal/shift"
	"github.com/dutybound/dutybound/internal/wsfeed"
)

// rooms are what the API stands on.
type rooms struct {
	books       *books
	legal       *legal.Service
	dispatch    *dispatch.Service
	trials      *dispatch.Trials
	identity    *identity.Service
	roster      *roster.Service
	recruitment *roster.Recruitment
	shifts      *shift.Service
	feed        *feed.Service
	hub         *feed.Hub
	sockets     *wsfeed.Feed
	sequencer   *postgres.Sequencer
	safety      *safety.Service
	outbox      *outbox.Service
	carrier     *httpapi.Carrier
}

// serve makes the API and its metrics.
func (a *App) serve(r rooms) error {
	proxies, err := httpapi.ParseProxies(a.config.Proxies)
	if err != nil {
		return fmt.Errorf("--proxies: %w", err)
	}
	public, err := httpapi.ParsePublic(a.config.PublicURL)
	if err != nil {
		return fmt.Errorf("--public-url: %w", err)
	}
	registry := a.registry(r)
	a.web = httpapi.New(httpapi.Config{
		Duty: r.dispatch, Identity: r.identity, Roster: r.roster, Recruitment: r.recruitment, Tickets: r.feed, Phones: r.feed,
		Legal:  r.legal,
		Law:    a.actorsBook(r.books),
		Trials: r.trials,
		Safety: r.safety,
		Shifts: r.shifts, Plans: shift.NewPlans(r.shifts, a.store), Positions: shift.NewTracker(a.store),
		Outbox:  r.outbox,
		Carrier: r.carrier,
		Watch:   r.sockets.Handler(),
		Ready:   a.ready(r.sequencer),
		Log:     a.log,
		Metrics: registry,
		Proxies: proxies,
		Public:  public,
		TLS:     a.config.TLSCert != "",
		Timeout: a.config.RequestTimeout,
	})
	a.onStop(a.stopAnswering)
	a.onStop(r.sockets.Shutdown)
	return a.serveMetrics(registry)
}

// stopAnswering takes no more requests and waits for those under way.
func (a *App) stopAnswering(ctx context.Context) error {
	if err := a.web.ShutdownWithContext(ctx); err != nil {
		return fmt.Errorf("requests still under way were broken off: %w", err)
	}
	return nil
}

// ready says why the service cannot do its work now.
func (a *App) ready(sequencer *postgres.Sequencer) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := a.store.Ready(ctx); err != nil {
			return err
		}
		return sequencer.Status().Err
	}
}

// listen opens the port. From here on the service answers.
func (a *App) listen(context.Context) (err error) {
	if a.listener, err = net.Listen("tcp", a.config.Listen); err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	listener := a.listener
	if a.config.TLSCert != "" {
		if listener, err = withTLS(listener, a.config.TLSCert, a.config.TLSKey); err != nil {
			return err
		}
	}
	go func() {
		if err := a.web.Listener(listener); err != nil {
			a.fail(fmt.Errorf("serve: %w", err))
		}
	}()
	if gone := a.database.Done(); gone != nil {
		go func() {
			<-gone
			a.fail(a.database.lastWords())
		}()
	}
	return nil
}

func (a *App) fail(err error) {
	select {
	case a.failed <- err:
	default: // it is going down already
	}
}
