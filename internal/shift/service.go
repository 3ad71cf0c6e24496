package shift

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Service keeps shifts.
type Service struct {
	store Store
	holds Holds
	newID func() uuid.UUID
}

// New makes the service.
func New(store Store, holds Holds) *Service {
	return &Service{store: store, holds: holds, newID: newID}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// CheckIn begins the actor's shift. What is wrong with it is flagged and not refused, unless the plan says that a wrong place is.
func (s *Service) CheckIn(ctx context.Context, actor duty.Actor, cmd duty.Command, d Declared) (Answer, error) {
	if err := duty.Require(actor, duty.KeepShift); err != nil {
		return Answer{}, err
	}
	if d.At != nil {
		if err := d.At.Check("body/at"); err != nil {
			return Answer{}, err
		}
	}
	return s.store.Begin(ctx, Call{actor, cmd}, func(a Arrival) (Turn, error) { return s.begin(a, actor, d) })
}

// CheckOut ends the actor's shift.
func (s *Service) CheckOut(ctx context.Context, actor duty.Actor, cmd duty.Command, h Handover) (Answer, error) {
	if err := duty.Require(actor, duty.KeepShift); err != nil {
		return Answer{}, err
	}
	return s.store.End(ctx, Call{actor, cmd}, h.To, func(d Departure) (Turn, error) { return s.end(d, actor, h) })
}

// Shifts lists who is on duty, or was.
func (s *Service) Shifts(ctx context.Context, actor duty.Actor, f Filter) ([]Shift, time.Time, error) {
	if err := duty.Require(actor, duty.ViewShifts); err != nil {
		return nil, time.Time{}, err
	}
	f.Reach = actor.Reach(duty.ViewShifts)
	return s.store.Shifts(ctx, actor, f)
}

// Hours are somebody's hours in the week of a moment; the zero time is now.
func (s *Service) Hours(ctx context.Context, actor duty.Actor, person uuid.UUID, at time.Time) (Hours, error) {
	if err := duty.Require(actor, duty.ViewShifts); err != nil {
		return Hours{}, err
	}
	from, to := time.Time{}, time.Time{}
	if !at.IsZero() {
		from, to = monday(at).AddDate(0, 0, -2), monday(at).AddDate(0, 0, 9) // the rest before and after counts
	}
	worked, of, now, err := s.store.Stretches(ctx, actor, person, from, to)
	if err != nil {
		return Hours{}, err
	}
	if at.IsZero() {
		at = now
	}
	return HoursOf(worked, at, now, seconds(of, duty.RestShortest)), nil
}

// OrderPlainClothes lets somebody of the actor's subtree work in plain clothes for a time (Art. 17(1)).
func (s *Service) OrderPlainClothes(ctx context.Context, actor duty.Actor, cmd duty.Command, o Order) (order Order, replay bool, err error) {
	if err := duty.Require(actor, duty.OrderPlainClothes); err != nil {
		return Order{}, false, err
	}
	if actor.Class != duty.Officer {
		return Order{}, false, notAnOfficer
	}
	if !o.Until.After(o.From) {
		return Order{}, false, fault.BadField("body/until", "must be later than from")
	}
	return s.store.Order(ctx, Call{actor, cmd}, o.Person, func(p duty.Person, now time.Time) (Order, ledger.Event, error) {
		if p.ID == uuid.Nil || !actor.Can(duty.OrderPlainClothes, duty.Target{Path: p.Organ.Path}) {
			return Order{}, ledger.Event{}, fault.BadField("body/person", "no such person in your organ")
		}
		if !o.Until.After(now) {
			return Order{}, ledger.Event{}, fault.BadField("body/until", "must not be in the past")
		}
		o.ID, o.Path, o.Approver, o.GivenAt = s.newID(), p.Organ.Path, actor.Person, now
		e, err := s.event("plain_clothes.ordered", p.Organ.Path, actor.Person, now, map[string]any{
			"order": o.ID, "person": o.Person, "from": o.From, "until": o.Until,
		})
		return o, e, err
	})
}

// Hold keeps what there is of the people of a task where they were.
func (s *Service) Hold(ctx context.Context, actor duty.Actor, cmd duty.Command, task uuid.UUID, reason string) (hold Hold, replay bool, err error) {
	if err := duty.Require(actor, duty.HoldRecord); err != nil {
		return Hold{}, false, err
	}
	return s.holds.Hold(ctx, Call{actor, cmd}, task, func(path duty.Path, now time.Time) (Hold, ledger.Event, error) {
		if err := duty.Authorise(actor, duty.HoldRecord, duty.Target{Path: path}, duty.ViewTask); err != nil {
			return Hold{}, ledger.Event{}, err
		}
		e, err := s.event("record.held", path, actor.Person, now, map[string]any{"held": task})
		return Hold{task, path, reason, actor.Person, now}, e, err
	})
}

var notAnOfficer = fault.New(fault.Forbidden, "not_an_officer", "须由人民警察安排", "only a people's police officer arranges this")

func (s *Service) event(kind string, path duty.Path, actor uuid.UUID, at time.Time, body map[string]any) (ledger.Event, error) {
	text, err := json.Marshal(body)
	return ledger.Event{ID: s.newID(), Kind: kind, Path: path, Actor: actor, At: at, Body: text}, err
}

func seconds(of duty.Law, m duty.Measure) time.Duration {
	return time.Duration(of.Measure(m)) * time.Second
}
