package demo_test

import (
	"context"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/demo"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// patient allows every try.
type patient struct{}

func (patient) Allow(context.Context, string, int, time.Duration) (bool, time.Duration) {
	return true, 0
}

func open(t *testing.T) (demo.Seeding, *identity.Service) {
	t.Helper()
	store, err := postgres.Open(t.Context(), postgres.Config{URL: testkit.Database(t).URL, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	people := identity.New(store, patient{}, time.Hour)
	return demo.Seeding{Database: store, Roster: roster.NewAdmin(store), Identity: people}, people
}

func seed(t *testing.T, into demo.Seeding) demo.Accounts {
	t.Helper()
	accounts, err := demo.Seed(t.Context(), into, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return accounts
}

func signIn(t *testing.T, people *identity.Service, a demo.Account, password string) error {
	t.Helper()
	_, err := people.SignIn(t.Context(), identity.SignIn{Number: a.Number, Password: password, Device: a.Device, Address: "127.0.0.1"})
	return err
}

func TestEveryAccountSignsInAndSeedingTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	into, people := open(t)
	accounts := seed(t, into)
	if len(accounts) != len(demo.Cast()) {
		t.Fatalf("%d accounts", len(accounts))
	}
	if err := into.Identity.ResetPassword(t.Context(), accounts[0].Number, "changed-since-then", false); err != nil {
		t.Fatal(err)
	}
	if again := seed(t, into); len(again) != len(accounts) {
		t.Fatalf("%d accounts the second time", len(again))
	}
	if err := signIn(t, people, accounts[0], "changed-since-then"); err != nil {
		t.Errorf("a changed password was changed back: %v", err)
	}
	for _, a := range accounts[1:] {
		if err := signIn(t, people, a, demo.Password); err != nil {
			t.Errorf("%s %s: %v", a.Number, a.Name, err)
		}
	}
}

func TestAnInterruptedSeedingIsCompleted(t *testing.T) {
	t.Parallel()
	into, people := open(t)
	if err := into.Roster.Enter(t.Context(), demo.Plan(time.Now())); err != nil {
		t.Fatal(err)
	}
	for _, a := range seed(t, into) {
		if err := signIn(t, people, a, demo.Password); err != nil {
			t.Errorf("%s: %v", a.Number, err)
		}
	}
}

func TestSomebodyElsesDatabaseIsLeftAlone(t *testing.T) {
	t.Parallel()
	into, _ := open(t)
	own := roster.Order{
		Organs: []roster.NewOrgan{{Code: "110000000000", Name: "某市公安局", Kind: duty.Bureau}},
		People: []roster.NewPerson{{Number: "000001", Name: "某人", Class: duty.Officer, Organ: "110000000000"}},
	}
	if err := into.Roster.Enter(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	if accounts := seed(t, into); len(accounts) != 0 {
		t.Errorf("accounts were opened: %v", accounts)
	}
	for _, a := range demo.Cast() {
		if _, err := into.Database.Credential(t.Context(), a.Number, a.Device); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%s came into being (%v)", a.Number, err)
		}
	}
}
