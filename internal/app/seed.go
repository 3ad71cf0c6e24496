package app

import (
	"context"
	"fmt"

	"github.com/dutybound/dutybound/internal/demo"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/roster"
)

// seed puts the demo station into an empty private database. A database that somebody brought never gets a default password.
func (a *App) seed(ctx context.Context) error {
	if !a.config.Embedded() || !a.config.Demo {
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
	fmt.Fprintf(a.say, "\nNext, in another terminal:\n\n  make demo\n\n")
}
