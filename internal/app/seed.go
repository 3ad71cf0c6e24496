package app

import (
	"context"
	"fmt"

	"github.com/dutybound/dutybound/internal/demo"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/roster"
)

// seed puts the demo station into an empty private database. A database that somebody brought never gets a default password, and
// one that has the demo's is not served to other machines.
func (a *App) seed(ctx context.Context) error {
	switch {
	case a.config.Embedded() && !a.config.demoAllowed():
		return a.refuseDemo(ctx)
	case !a.config.demoAllowed() || a.config.Demo == "no":
		return nil
	}
	now, err := a.store.Now(ctx)
	if err != nil {
		return err
	}
	a.accounts, err = demo.Seed(ctx, demo.Seeding{
		Database: a.store, Roster: roster.NewAdmin(a.store), Identity: identity.New(a.store, a.live, a.config.SessionTTL),
	}, now)
	return err
}

func (a *App) refuseDemo(ctx context.Context) error {
	for _, account := range demo.Cast() {
		known, err := a.store.Credential(ctx, account.Number, account.Device)
		switch {
		case fault.KindOf(err) == fault.NotFound:
		case err != nil:
			return err
		case known.DeviceLive:
			return fmt.Errorf("--listen %s: the database in --data-dir %s has the demo's accounts, whose password everybody knows; "+
				"choose another data folder", a.config.Listen, a.config.DataDir)
		}
	}
	return nil
}

// Greet tells the person at the terminal where the service is, who can sign in, and what to try next.
func (a *App) Greet() {
	fmt.Fprintf(a.say, "\ndutybound answers at %s\n", a.URL())
	if a.metrics != nil {
		fmt.Fprintf(a.say, "metrics at http://%s/metrics\n", a.metrics.Addr())
	}
	if len(a.accounts) == 0 {
		return
	}
	fmt.Fprintf(a.say, "\nDemo accounts, which exist only on this private database (password of all: %s):\n\n", demo.Password)
	for _, account := range a.accounts {
		fmt.Fprintf(a.say, "  %-8s %-15s device %s  %s, %s\n", account.Number, account.Role, account.Device, account.Name, account.PartEN)
	}
	fmt.Fprintf(a.say, "\nNext, in another terminal:\n\n  make demo%s\n\n", a.whereabouts())
}

// whereabouts is what make demo has to be told when the server is not where it looks by itself.
func (a *App) whereabouts() string {
	if a.URL() == "http://127.0.0.1:8080" {
		return ""
	}
	return fmt.Sprintf(` ARGS="--server %s"`, a.URL())
}
