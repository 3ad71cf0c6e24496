package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/roster"
)

// Roster is where people and organs are entered.
type Roster interface {
	Enter(ctx context.Context, order roster.Order) error
}

// Identity makes people able to sign in.
type Identity interface {
	AddDevice(ctx context.Context, number string, device identity.Device) (identity.Device, error)
	ResetPassword(ctx context.Context, number, password string, mustChange bool) error
}

// Database says what is there already.
type Database interface {
	// Empty says whether there is no organ at all.
	Empty(ctx context.Context) (bool, error)
	// Credential is fault.NotFound for a number that nobody has.
	Credential(ctx context.Context, number string, device uuid.UUID) (identity.Credential, error)
}

// Seeding is what the demo is put in with.
type Seeding struct {
	Database Database
	Roster   Roster
	Identity Identity
}

// Seed puts the demo station into an empty database, with dates around now (the database clock), and answers the accounts. A
// database that holds something else stays as it is: no accounts. One that was seeded before keeps what has become of it; only
// accounts that an interrupted seeding left without a password are completed.
func Seed(ctx context.Context, into Seeding, now time.Time) (Accounts, error) {
	empty, err := into.Database.Empty(ctx)
	if err != nil {
		return nil, fmt.Errorf("seed the demo: %w", err)
	}
	if empty {
		if err := into.Roster.Enter(ctx, newPlan(now).order()); err != nil {
			return nil, fmt.Errorf("seed the demo roster: %w", err)
		}
	}
	accounts := Cast()
	for _, account := range accounts {
		switch err := into.open(ctx, account); {
		case fault.KindOf(err) == fault.NotFound && !empty:
			return nil, nil // somebody else's people
		case err != nil:
			return nil, fmt.Errorf("seed demo account %s: %w", account.Number, err)
		}
	}
	return accounts, nil
}

// open gives an account its device and its password, unless it has one.
func (s Seeding) open(ctx context.Context, account Account) error {
	known, err := s.Database.Credential(ctx, account.Number, account.Device)
	if err != nil || known.Hash != "" {
		return err
	}
	device := identity.Device{ID: account.Device, Name: "演示机 " + account.Number, Platform: identity.Android}
	if _, err := s.Identity.AddDevice(ctx, account.Number, device); err != nil {
		return err
	}
	return s.Identity.ResetPassword(ctx, account.Number, account.Password, false)
}

// order is the plan as the roster takes it, all in one go.
func (p *plan) order() roster.Order {
	order := roster.Order{Organs: p.organs}
	for _, at := range posts {
		order.Posts = append(order.Posts, roster.Post{Code: at.code, Name: at.name, Items: at.items})
	}
	for _, m := range p.members {
		order.People = append(order.People, roster.NewPerson{
			Number: m.Number, Name: m.Name, Class: m.Class, Organ: m.Organ.Code, Status: m.Status,
		})
		order.Holdings = append(order.Holdings, roster.Holdings{
			Number: m.Number, Training: m.Training, Qualifications: m.Qualifications, Equipment: m.Equipment,
		})
		if m.role != "" {
			order.Grants = append(order.Grants, roster.NewGrant{Number: m.Number, Role: m.role, Organ: m.scope})
		}
	}
	return order
}
