package roster

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// What every auxiliary was issued beside the equipment on record (Art. 35).
const (
	WorkCard           = "工作证件"
	UniformAndInsignia = "服装和标识"
)

// Owed is one thing that a leaver has to hand back to the organ that issued it (Art. 35).
type Owed struct {
	ID     uuid.UUID
	Person uuid.UUID
	Path   duty.Path // of the organ that issued it
	duty.Equipment
	ListedAt   time.Time
	ReturnedAt *time.Time // nil: it is still out
	ReceivedBy *uuid.UUID
}

// HandBack lists what a leaver had to hand back and what of it is still out, to those who read the roster there and to themselves.
func (s *Service) HandBack(ctx context.Context, actor duty.Actor, person uuid.UUID) ([]Owed, error) {
	if _, err := s.Person(ctx, actor, person); err != nil {
		return nil, err
	}
	return s.store.HandBack(ctx, actor, person)
}

// Receive records that a thing was handed back. What was handed back stays so.
func (s *Service) Receive(ctx context.Context, actor duty.Actor, person, thing uuid.UUID) (Owed, error) {
	leaver, err := s.store.Person(ctx, actor, person)
	if err != nil {
		return Owed{}, err
	}
	if err := authorise(actor, duty.ManageRoster, leaver); err != nil {
		return Owed{}, err
	}
	event, err := eventOf(s.newID(), "person.equipment_returned", leaver.Organ.Path, actor.Person, map[string]any{"person": person, "thing": thing})
	if err != nil {
		return Owed{}, err
	}
	return s.store.Receive(ctx, actor, person, thing, event)
}
