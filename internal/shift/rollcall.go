package shift

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// RollCall is who of a plan is there.
type RollCall struct {
	Plan  Plan
	At    time.Time
	Calls []Called
}

// Called is one person of a plan.
type Called struct {
	Person
	State     CallState
	Shift     *uuid.UUID // begun for the plan
	StartedAt *time.Time
	EndedAt   *time.Time
	LeftEarly bool // the shift ended before the plan did
}

// CallState is how somebody answers a roll call.
type CallState string

const (
	Expected CallState = "expected" // not there, and need not be yet
	Early    CallState = "early"    // checked in well before the time
	Present  CallState = "present"
	Tardy    CallState = "late" // checked in after the time
	Absent   CallState = "absent"
)

const (
	wellBefore = 30 * time.Minute
	lateAfter  = 5 * time.Minute
)

// RollCall calls the roll of a plan.
func (s *Plans) RollCall(ctx context.Context, actor duty.Actor, plan uuid.UUID) (RollCall, error) {
	if err := duty.Require(actor, duty.ViewShifts); err != nil {
		return RollCall{}, err
	}
	p, shifts, now, err := s.planner.RollCall(ctx, actor, plan)
	if err != nil {
		return RollCall{}, err
	}
	if err := duty.Authorise(actor, duty.ViewShifts, duty.Target{Path: p.Organ.Path, Own: p.on(actor.Person)}, duty.ViewShifts); err != nil {
		return RollCall{}, err
	}
	return call(p, shifts, now), nil
}

// call is the roll of a plan. Who checked in more than once for it came with the first and left with the last.
func call(p Plan, shifts []Shift, now time.Time) RollCall {
	r := RollCall{Plan: p, At: now}
	for _, person := range p.People {
		c := Called{Person: person, State: Expected}
		if now.After(p.From.Add(lateAfter)) {
			c.State = Absent
		}
		for _, sh := range shifts {
			if sh.Person == person.Person {
				c.came(sh)
			}
		}
		if c.StartedAt != nil {
			c.State = arrival(p, *c.StartedAt)
			c.LeftEarly = c.EndedAt != nil && c.EndedAt.Before(p.Until)
		}
		r.Calls = append(r.Calls, c)
	}
	return r
}

func (c *Called) came(sh Shift) {
	if c.StartedAt == nil || sh.StartedAt.Before(*c.StartedAt) {
		c.StartedAt = &sh.StartedAt
	}
	if c.Shift == nil || sh.EndedAt == nil || c.EndedAt != nil && sh.EndedAt.After(*c.EndedAt) {
		c.Shift, c.EndedAt = &sh.ID, sh.EndedAt
	}
}

func arrival(p Plan, at time.Time) CallState {
	switch {
	case at.Before(p.From.Add(-wellBefore)):
		return Early
	case at.After(p.From.Add(lateAfter)):
		return Tardy
	default:
		return Present
	}
}
