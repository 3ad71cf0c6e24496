package roster

import (
	"cmp"
	"context"
	"encoding/csv"
	"io"
	"log/slog"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// PageSize is how many people are listed when nobody says.
const PageSize = 50

// Service shows the roster and changes it: one person at a time, from files, and as a personnel system says.
type Service struct {
	store   Store
	log     *slog.Logger
	newID   func() uuid.UUID
	imports chan struct{} // told when there is a file to work on
}

// New makes the service.
func New(store Store, log *slog.Logger) *Service {
	return &Service{store: store, log: log, newID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }, imports: make(chan struct{}, 1)}
}

// Organs lists the organs in the actor's sight and those above them.
func (s *Service) Organs(ctx context.Context, actor duty.Actor) ([]Organ, error) {
	if err := duty.Require(actor, duty.ReadRoster); err != nil {
		return nil, err
	}
	return s.store.Organs(ctx, actor)
}

// People lists people in the actor's sight; more says that there are some after the last.
func (s *Service) People(ctx context.Context, actor duty.Actor, filter Filter) (people []duty.Person, more bool, err error) {
	if err := duty.Require(actor, duty.ReadRoster); err != nil {
		return nil, false, err
	}
	limit := cmp.Or(filter.Limit, PageSize)
	filter.Limit = limit + 1
	if people, err = s.store.People(ctx, actor, filter); err != nil {
		return nil, false, err
	}
	if len(people) > limit {
		return people[:limit], true, nil
	}
	return people, false, nil
}

// Person shows one person, to those who read the roster there and to themselves.
func (s *Service) Person(ctx context.Context, actor duty.Actor, id uuid.UUID) (duty.Person, error) {
	person, err := s.store.Person(ctx, actor, id)
	if err != nil {
		return duty.Person{}, err
	}
	return person, authorise(actor, duty.ReadRoster, person)
}

// Profile is the actor's own entry.
func (s *Service) Profile(ctx context.Context, actor duty.Actor) (Profile, error) {
	return s.store.Profile(ctx, actor)
}

// SetStatus changes a person's status for a reason. It is an event; whoever is separated (Art. 37) is signed out at once and owes
// what they were issued (Art. 35).
func (s *Service) SetStatus(
	ctx context.Context, actor duty.Actor, id uuid.UUID, status law.Status, reason string,
) (duty.Person, error) {
	if status == law.StatusUnknown {
		return duty.Person{}, fault.BadField("body/status", "must be active, suspended or separated")
	}
	moved, err := s.changeOne(ctx, actor, id, reason, func(e *Entry) error {
		e.Status = &status
		return nil
	})
	return moved.Person, err
}

// Moved is somebody as they stand after a change, with the quotas that it exceeds (Art. 7).
type Moved struct {
	Person duty.Person
	Over   []Headcount
}

// Transfer moves a person to another organ that the actor manages, for a reason. Both organs see it happen; the others on the person's
// open tasks are told, and what the person saw and did as one of the old organ ends with it.
func (s *Service) Transfer(ctx context.Context, actor duty.Actor, id uuid.UUID, code, reason string) (Moved, error) {
	return s.changeOne(ctx, actor, id, reason, func(e *Entry) error {
		directory, err := s.store.Directory(ctx, actor)
		if err != nil {
			return err
		}
		organ, known := directory.Organs[code]
		if !known {
			return fault.BadField("body/organ", "no organ has this code")
		}
		e.Organ = organ
		return nil
	})
}

// changeOne changes the entry of one person.
func (s *Service) changeOne(ctx context.Context, actor duty.Actor, id uuid.UUID, reason string, want func(*Entry) error) (moved Moved, err error) {
	person, err := s.store.Person(ctx, actor, id)
	if err != nil {
		return Moved{}, err
	}
	if err := authorise(actor, duty.ManageRoster, person); err != nil {
		return Moved{}, err
	}
	err = s.store.Change(ctx, actor, Selection{Numbers: []string{person.Number}}, func(scene Scene) (Changes, error) {
		now, there := scene.People[person.Number]
		if !there { // moved away from under us
			return Changes{}, fault.Missing("person")
		}
		c, e := s.changing(scene, actor, reason), entryOf(now)
		if err := want(&e); err != nil {
			return Changes{}, err
		}
		c.enter(e)
		moved.Person, _ = merged(now, e)
		moved.Over = c.over()
		return c.out, c.err
	})
	return moved, err
}

// Export writes the people in the actor's sight, within a subtree (empty: everywhere), as a file that Import reads without finding a
// difference. It is UTF-8 with the mark that Excel looks for.
func (s *Service) Export(ctx context.Context, actor duty.Actor, within duty.Path, to io.Writer) error {
	if err := duty.Require(actor, duty.ReadRoster); err != nil {
		return err
	}
	if _, err := to.Write(byteOrderMark); err != nil {
		return err
	}
	w := csv.NewWriter(to)
	w.UseCRLF = true
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = c.name
	}
	if err := w.Write(header); err != nil {
		return err
	}
	filter := Filter{Organ: within, Limit: exportPage}
	for {
		people, err := s.store.People(ctx, actor, filter)
		if err != nil {
			return err
		}
		for _, p := range people {
			if err := w.Write(cellsOf(p)); err != nil {
				return err
			}
		}
		if len(people) < filter.Limit {
			w.Flush()
			return w.Error()
		}
		filter.After = people[len(people)-1].Number
	}
}

const exportPage = 5000

func authorise(actor duty.Actor, p duty.Permission, person duty.Person) error {
	if person.ID == actor.Person && p == duty.ReadRoster {
		return nil
	}
	return duty.Authorise(actor, p, duty.Target{Path: person.Organ.Path}, duty.ReadRoster)
}
