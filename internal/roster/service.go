package roster

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
)

// PageSize is how many people are listed when nobody says.
const PageSize = 50

// Service shows the roster and changes the status of people.
type Service struct {
	store Store
	newID func() uuid.UUID
}

// New makes the service.
func New(store Store) *Service {
	return &Service{store: store, newID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }}
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

// SetStatus changes a person's status for a reason. It is an event; whoever is separated (Art. 37) is signed out at once.
func (s *Service) SetStatus(
	ctx context.Context, actor duty.Actor, id uuid.UUID, status law.Status, reason string,
) (duty.Person, error) {
	if status == law.StatusUnknown {
		return duty.Person{}, fault.BadField("body/status", "must be active, suspended or separated")
	}
	person, err := s.store.Person(ctx, actor, id)
	if err != nil {
		return duty.Person{}, err
	}
	if err := authorise(actor, duty.ManageRoster, person); err != nil {
		return duty.Person{}, err
	}
	body, err := json.Marshal(map[string]any{"person": id, "from": person.Status, "to": status, "reason": reason})
	if err != nil {
		return duty.Person{}, err
	}
	event := ledger.Event{ID: s.newID(), Kind: "person.status_changed", Path: person.Organ.Path, Actor: actor.Person, Body: body}
	return s.store.SetStatus(ctx, actor, id, status, event)
}

func authorise(actor duty.Actor, p duty.Permission, person duty.Person) error {
	if person.ID == actor.Person && p == duty.ReadRoster {
		return nil
	}
	return duty.Authorise(actor, p, duty.Target{Path: person.Organ.Path}, duty.ReadRoster)
}
