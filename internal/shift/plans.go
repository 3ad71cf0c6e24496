package shift

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Planner keeps planned shifts. Plan and ChangePlan run one command each, as Store's do.
type Planner interface {
	// Plan loads the people named, as far as the actor sees them, with what they work and are planned for around the time.
	Plan(ctx context.Context, call Call, people []uuid.UUID, around Stretch, decide func(Roster) (Change, error)) (PlanAnswer, error)
	// ChangePlan locks a plan in the actor's sight (fault.NotFound otherwise) and looks for a person of its organ, if one is named.
	ChangePlan(ctx context.Context, call Call, plan uuid.UUID, person *uuid.UUID, decide func(Plan, *duty.Person, time.Time) (Change, error)) (PlanAnswer, error)
	// Plans lists plans in sight by when they begin.
	Plans(ctx context.Context, actor duty.Actor, filter PlanFilter) ([]Plan, error)
	// RollCall is a plan in sight with the shifts that were begun for it, and the time.
	RollCall(ctx context.Context, actor duty.Actor, plan uuid.UUID) (Plan, []Shift, time.Time, error)
}

// Roster is what a plan is decided on.
type Roster struct {
	Now       time.Time
	Law       duty.Law
	People    map[uuid.UUID]duty.Person
	Stretches map[uuid.UUID][]Stretch // worked and planned, around the plan
}

// Change is what a command leaves of a plan.
type Change struct {
	Plan  Plan
	Event ledger.Event
}

// PlanAnswer is what the actor gets, now and at each retry of the same command.
type PlanAnswer struct {
	Plan   Plan
	Replay bool
}

// PlanFilter narrows a list of plans; the zero value lists what ends after now.
type PlanFilter struct {
	Reach []duty.Path // subtrees the actor may list; plans one is on always count. Set by the service
	Path  duty.Path
	From  time.Time // zero: now
	To    time.Time // zero: ever after
	After *uuid.UUID
	Limit int
}

// Plans plans shifts.
type Plans struct {
	*Service
	planner Planner
}

// NewPlans makes the service of planned shifts.
func NewPlans(s *Service, planner Planner) *Plans { return &Plans{s, planner} }

// Draft is a plan as it is made.
type Draft struct {
	Post   string
	Place  duty.Place
	Strict bool
	From   time.Time
	Until  time.Time
	People []uuid.UUID
}

const (
	maxPlanned = 200
	longest    = 48 * time.Hour
)

func (d Draft) check() error {
	if err := d.Place.Check("body/place"); err != nil {
		return err
	}
	switch _, known := d.Place.Point(); {
	case d.Strict && !known:
		return fault.BadField("body/strict", "needs a place with a position")
	case !d.Until.After(d.From):
		return fault.BadField("body/until", "must be later than from")
	case d.Until.Sub(d.From) > longest:
		return fault.BadField("body/until", "must be within 48 hours of from")
	case len(d.People) == 0 || len(d.People) > maxPlanned:
		return fault.BadField("body/people", fmt.Sprintf("must be 1 to %d", maxPlanned))
	}
	return nil
}

// Plan arranges a shift of the actor's organ. Only an officer does (Art. 15: by organ and officer).
func (s *Plans) Plan(ctx context.Context, actor duty.Actor, cmd duty.Command, d Draft) (PlanAnswer, error) {
	if err := duty.Authorise(actor, duty.PlanShifts, actor.Self(), duty.OwnAccount); err != nil {
		return PlanAnswer{}, err
	}
	if actor.Class != duty.Officer {
		return PlanAnswer{}, notAnOfficer
	}
	if err := d.check(); err != nil {
		return PlanAnswer{}, err
	}
	around := Stretch{monday(d.From).AddDate(0, 0, -2), new(d.Until.AddDate(0, 0, 8))}
	return s.planner.Plan(ctx, Call{actor, cmd}, d.People, around, func(r Roster) (Change, error) { return s.plan(r, actor, d) })
}

func (s *Plans) plan(r Roster, actor duty.Actor, d Draft) (Change, error) {
	if !d.Until.After(r.Now) {
		return Change{}, fault.BadField("body/until", "must not be in the past")
	}
	p := Plan{
		ID: s.newID(), Organ: actor.Organ, Post: d.Post, Place: d.Place, Strict: d.Strict, From: d.From, Until: d.Until,
		ArrangedBy: Person{actor.Person, actor.Number, actor.Name}, ArrangedAt: r.Now,
	}
	for i, id := range d.People {
		person, seen := r.People[id]
		field := fmt.Sprintf("body/people/%d", i)
		switch {
		case !seen || !actor.Can(duty.PlanShifts, duty.Target{Path: person.Organ.Path}):
			return Change{}, fault.BadField(field, "no such person in your organ")
		case p.on(id):
			return Change{}, fault.BadField(field, "named twice")
		}
		p.People = append(p.People, Person{id, person.Number, person.Name})
		for _, w := range warningsFor(r.Stretches[id], Stretch{p.From, &p.Until}, r.Now, seconds(r.Law, duty.RestShortest)) {
			p.Warnings = append(p.Warnings, Warned{id, w})
		}
	}
	people := make([]uuid.UUID, len(p.People))
	for i := range p.People {
		people[i] = p.People[i].Person
	}
	e, err := s.event("shift.planned", p.Organ.Path, actor.Person, r.Now, map[string]any{
		"plan": p.ID, "post": p.Post, "from": p.From, "until": p.Until, "people": people,
	})
	return Change{p, e}, err
}

// Cancel takes a plan back. Whoever has checked in on it stays on duty, arranged by nobody new.
func (s *Plans) Cancel(ctx context.Context, actor duty.Actor, cmd duty.Command, plan uuid.UUID, why string) (PlanAnswer, error) {
	if err := duty.Require(actor, duty.PlanShifts); err != nil {
		return PlanAnswer{}, err
	}
	return s.planner.ChangePlan(ctx, Call{actor, cmd}, plan, nil, func(p Plan, _ *duty.Person, now time.Time) (Change, error) {
		if err := duty.Authorise(actor, duty.PlanShifts, duty.Target{Path: p.Organ.Path}, duty.ViewShifts); err != nil {
			return Change{}, err
		}
		if err := p.open(now); err != nil {
			return Change{}, err
		}
		p.Cancelled, p.Why = &now, why
		e, err := s.event("shift.plan_cancelled", p.Organ.Path, actor.Person, now, map[string]any{"plan": p.ID, "reason": why})
		return Change{p, e}, err
	})
}

func (p *Plan) open(now time.Time) error {
	if p.Cancelled != nil || !now.Before(p.Until) {
		return fault.New(fault.Conflict, "plan_over", "该排班已取消或已结束", "the planned shift has been cancelled or is over")
	}
	return nil
}

// ProposeSwap asks that somebody takes the actor's place.
func (s *Plans) ProposeSwap(ctx context.Context, actor duty.Actor, cmd duty.Command, plan, to uuid.UUID) (PlanAnswer, error) {
	if err := duty.Require(actor, duty.KeepShift); err != nil {
		return PlanAnswer{}, err
	}
	return s.planner.ChangePlan(ctx, Call{actor, cmd}, plan, &to, func(p Plan, other *duty.Person, now time.Time) (Change, error) {
		if err := p.open(now); err != nil {
			return Change{}, err
		}
		at := p.index(actor.Person)
		switch {
		case at < 0:
			return Change{}, fault.New(fault.Forbidden, "not_on_plan", "您不在该排班内", "you are not on this shift")
		case other == nil || p.on(to):
			return Change{}, fault.BadField("body/to", "no such colleague in your organ, or on this shift already")
		case slices.ContainsFunc(p.Swaps, func(w Swap) bool {
			return w.From.Person == actor.Person && (w.State == Proposed || w.State == Accepted)
		}):
			return Change{}, fault.New(fault.Conflict, "swap_waits", "您的换班申请正在处理中", "a swap of yours is waiting already")
		}
		swap := Swap{ID: s.newID(), From: p.People[at], To: Person{to, other.Number, other.Name}, State: Proposed, ProposedAt: now}
		p.Swaps = append(p.Swaps, swap)
		return s.swapped(p, actor, swap, "proposed", now)
	})
}

// StepSwap accepts, approves or refuses a swap.
func (s *Plans) StepSwap(ctx context.Context, actor duty.Actor, cmd duty.Command, plan, swap uuid.UUID, step SwapStep) (PlanAnswer, error) {
	if err := duty.Require(actor, duty.KeepShift); err != nil {
		return PlanAnswer{}, err
	}
	return s.planner.ChangePlan(ctx, Call{actor, cmd}, plan, nil, func(p Plan, _ *duty.Person, now time.Time) (Change, error) {
		if err := p.open(now); err != nil {
			return Change{}, err
		}
		changed, err := p.step(swap, step, actor, now)
		if err != nil {
			return Change{}, err
		}
		return s.swapped(p, actor, *changed, string(changed.State), now)
	})
}

func (s *Plans) swapped(p Plan, actor duty.Actor, w Swap, how string, now time.Time) (Change, error) {
	e, err := s.event("swap."+how, p.Organ.Path, actor.Person, now, map[string]any{
		"plan": p.ID, "swap": w.ID, "from": w.From.Person, "to": w.To.Person,
	})
	return Change{p, e}, err
}

// Plans lists plans.
func (s *Plans) Plans(ctx context.Context, actor duty.Actor, f PlanFilter) ([]Plan, error) {
	if err := duty.Require(actor, duty.ViewShifts); err != nil {
		return nil, err
	}
	f.Reach = actor.Reach(duty.ViewShifts)
	return s.planner.Plans(ctx, actor, f)
}
