package shift_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/shift"
)

// board is one plan and whoever has checked in for it, in memory.
type board struct {
	shift.Store // nobody asks for the rest of these
	shift.Planner
	plan   shift.Plan
	shifts []shift.Shift
}

func (b *board) Begin(_ context.Context, _ shift.Call, decide func(shift.Arrival) (shift.Turn, error)) (shift.Answer, error) {
	turn, err := decide(shift.Arrival{
		Scene: shift.Scene{Now: time.Now()}, Person: duty.Person{Status: law.StatusActive}, Plans: []shift.Plan{b.plan},
	})
	return shift.Answer{Shift: turn.Shift}, err
}

func (b *board) RollCall(context.Context, duty.Actor, uuid.UUID) (shift.Plan, []shift.Shift, time.Time, error) {
	return b.plan, b.shifts, time.Now(), nil
}

// One may check in for a plan from two hours before it to its end. Half an hour before it is early, five minutes after its beginning is
// late, and whoever has not come by then is absent: to the nanosecond, though nobody has reported anything.
func TestAPlanIsKeptInTime(t *testing.T) {
	t.Parallel()
	const eightHours = 8 * time.Hour
	for _, c := range []struct {
		comes      time.Duration // after the beginning of the plan
		planned    bool
		absent, is shift.CallState
	}{
		{-2*time.Hour - 1, false, shift.Expected, shift.Early},
		{-2 * time.Hour, true, shift.Expected, shift.Early},
		{-30*time.Minute - 1, true, shift.Expected, shift.Early},
		{-30 * time.Minute, true, shift.Expected, shift.Present},
		{5 * time.Minute, true, shift.Expected, shift.Present},
		{5*time.Minute + 1, true, shift.Absent, shift.Tardy},
		{eightHours - 1, true, shift.Absent, shift.Tardy},
		{eightHours, false, shift.Absent, shift.Tardy},
	} {
		synctest.Test(t, func(t *testing.T) {
			me := duty.Actor{Person: uuid.New(), Grants: []duty.Grant{{Role: duty.RoleAuxiliary, Path: "1/"}}}
			from := time.Now().Add(3 * time.Hour)
			b := &board{plan: shift.Plan{ID: uuid.New(), From: from, Until: from.Add(eightHours), People: []shift.Person{{Person: me.Person}}}}
			s := shift.New(b, nil)
			called := func(want shift.CallState) {
				t.Helper()
				roll, err := shift.NewPlans(s, b).RollCall(t.Context(), me, b.plan.ID)
				if err != nil || roll.Calls[0].State != want {
					t.Errorf("%s after the beginning: %+v, %v; not %s", c.comes, roll.Calls, err, want)
				}
			}
			time.Sleep(time.Until(from.Add(c.comes)))
			called(c.absent)
			answer, err := s.CheckIn(t.Context(), me, duty.Command{}, shift.Declared{})
			if planned := answer.Shift.Plan != nil; err != nil || planned != c.planned {
				t.Errorf("%s after the beginning: for the plan %v, %v", c.comes, planned, err)
			}
			b.shifts = []shift.Shift{{ID: answer.Shift.ID, Person: me.Person, StartedAt: answer.Shift.StartedAt}}
			called(c.is)
		})
	}
}

// ways is where positions are kept in memory: since the check-in, and up to now with what a clock may be off.
type ways struct {
	shift.Positions
	since time.Time
}

func (w ways) Keep(context.Context, uuid.UUID, []shift.Point) (shift.Window, error) {
	return shift.Window{From: w.since, To: time.Now().Add(shift.ClockSlack)}, nil
}

// A point of a phone that does not say when it sent may be a minute ahead of us; how old one is that it tells is never wrong.
func TestAClockMayBeAMinuteAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		me := duty.Actor{Person: uuid.New(), Grants: []duty.Grant{{Role: duty.RoleAuxiliary, Path: "1/"}}}
		tracker := shift.NewTracker(ways{since: time.Now()})
		time.Sleep(time.Hour)
		now, hour, more := time.Now(), time.Hour, time.Hour+1
		taken, err := tracker.Take(t.Context(), me, []shift.Point{
			{CapturedAt: now.Add(time.Minute)},
			{CapturedAt: now.Add(time.Minute + 1)},
			{CapturedAt: now.Add(-hour)},
			{CapturedAt: now.Add(-more)},
			{CapturedAt: now.AddDate(1, 0, 0), Age: &hour},
			{CapturedAt: now, Age: &more},
		})
		if err != nil || taken.Accepted != 3 || len(taken.Refused) != 3 || taken.Refused[0] != (shift.Refusal{Index: 1, Why: shift.InFuture}) ||
			taken.Refused[1] != (shift.Refusal{Index: 3, Why: shift.BeforeShift}) || taken.Refused[2] != (shift.Refusal{Index: 5, Why: shift.BeforeShift}) {
			t.Errorf("%+v, %v", taken, err)
		}
	})
}
