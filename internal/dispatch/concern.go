package dispatch

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
)

// Reconsider asks the law again about work that goes on, because something about one of its people has changed elsewhere: whoever is
// suspended or has left may not go on working (Art. 37), and nobody at the scene need have said so. The same news twice counts once.
func (s *Service) Reconsider(ctx context.Context, c duty.Concern) error {
	return s.asHouse(ctx, c.By, duty.Command{ID: c.ID, Hash: sha256.Sum256(c.ID[:])}, c.Task, concern{c})
}

// asHouse lets something happen to a task that nobody commanded, whoever by is that it comes from. It sees every task; of one that is
// not there nothing is left to do.
func (s *Service) asHouse(ctx context.Context, by uuid.UUID, cmd duty.Command, task uuid.UUID, what applier) error {
	house := duty.Actor{Person: by, Grants: []duty.Grant{{Role: duty.RoleAuditor, Path: Everywhere[0]}}}
	call := Call{Actor: house, Command: cmd}
	_, call.Whole = what.(aside)
	_, err := s.store.Decide(ctx, call, task, func(snap Snapshot) (Decision, error) {
		return s.decide(snap, house, DoObserve, uuid.Nil, what)
	})
	var known *fault.Error
	if errors.As(err, &known) && known.Kind == fault.NotFound {
		return nil
	}
	return err
}

// byItself is asHouse of what nobody caused: time has passed.
func (s *Service) byItself(ctx context.Context, task uuid.UUID, what applier) error {
	id := s.newID()
	return s.asHouse(ctx, uuid.Nil, duty.Command{ID: id, Hash: sha256.Sum256(id[:])}, task, what)
}

type concern struct{ duty.Concern }

func (c concern) apply(d *deciding) error {
	if d.task.State != Started || !d.task.Part(c.Person) {
		return nil
	}
	if err := d.event("fact.changed", map[string]any{"person": c.Person, "fact": c.Fact, "from": c.From, "to": c.To, "source": cmp.Or(c.Source, "roster")}); err != nil {
		return err
	}
	return d.rerule()
}
