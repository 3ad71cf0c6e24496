package dispatch

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Docket is what is kept beside tasks for those who answer for them.
type Docket interface {
	Recusals(ctx context.Context, actor duty.Actor, f DocketFilter) ([]Recusal, error)
	Objections(ctx context.Context, actor duty.Actor, f DocketFilter) ([]Objection, error)
	// Unheard lists those of either kind whose deadline has passed and that went no further, the longest overdue first.
	Unheard(ctx context.Context, limit int) ([]Matter, error)
	// Supervision is what the events say of one person, within the actor's reach (fault.NotFound when the actor cannot see them).
	Supervision(ctx context.Context, actor duty.Actor, person uuid.UUID, span Period) (Record, error)
}

// DocketFilter narrows a list of recusals or objections, oldest first.
type DocketFilter struct {
	State string      // empty: those that wait
	Path  duty.Path   // subtree; empty: everything in reach
	Reach []duty.Path // set by the service
	After *uuid.UUID  // ids are UUIDv7
	Limit int
}

// Recusals lists what waits for the head of a department or station, or was decided.
func (s *Service) Recusals(ctx context.Context, actor duty.Actor, f DocketFilter) ([]Recusal, error) {
	if err := duty.Require(actor, duty.DecideRecusal); err != nil {
		return nil, err
	}
	f.Reach = actor.Reach(duty.DecideRecusal)
	if f.State == "" {
		f.State = string(RecusalPending)
	}
	return s.store.Recusals(ctx, actor, f)
}

// Objections lists orders that were contested, for the head of the station.
func (s *Service) Objections(ctx context.Context, actor duty.Actor, f DocketFilter) ([]Objection, error) {
	if err := duty.Require(actor, duty.AnswerObjection); err != nil {
		return nil, err
	}
	f.Reach = actor.Reach(duty.AnswerObjection)
	if f.State == "" {
		f.State = string(ObjectionOpen)
	}
	return s.store.Objections(ctx, actor, f)
}

// Period is a stretch of time, the end left out.
type Period struct{ From, To time.Time }

// longestPeriod is what is asked for at once.
const longestPeriod = 366 * 24 * time.Hour

// Record is what a supervisor did with the powers over auxiliaries, by the events alone (Art. 42).
type Record struct {
	Person duty.Person
	Span   Period
	Counts map[string]int // by what it is; Deeds has all of them, with or without events
	Events []ledger.Event // oldest first, at most MaxDeeds
}

// MaxDeeds are shown at once; the numbers count all.
const MaxDeeds = 500

// Deeds says which events speak of what.
var Deeds = map[string][]string{
	"dispatches_refused": {"dispatch.refused"},
	"commands_refused":   {"task.refused"},
	"restraint_commands": {"restraint.commanded"},
	"decisions":          {"approval.decided", "recusal.decided", "objection.answered"},
	"leads_left":         {"lead.lost"},
}

// LeadsLeft are the kinds whose event may be another's or the house's own: they name the officer in their body.
var LeadsLeft = Deeds["leads_left"]

// Supervision is a person's record as a supervisor.
func (s *Service) Supervision(ctx context.Context, actor duty.Actor, person uuid.UUID, span Period) (Record, error) {
	if err := duty.Require(actor, duty.ReadSupervision); err != nil {
		return Record{}, err
	}
	switch {
	case !span.From.Before(span.To):
		return Record{}, fault.BadField("query/to", "must be later than from")
	case span.To.Sub(span.From) > longestPeriod:
		return Record{}, fault.BadField("query/to", "must be within 366 days of from")
	}
	record, err := s.store.Supervision(ctx, actor, person, span)
	if err != nil {
		return Record{}, err
	}
	return record, duty.Authorise(actor, duty.ReadSupervision, duty.Target{Path: record.Person.Organ.Path}, duty.ReadSupervision)
}
