package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

// pile is what waits for heads about one task, in memory and on the bubble's clock. What the real database makes of the same questions is
// held by TestWhatAHeadLeavesUnansweredGoesUp in internal/app/escalate_test.go, which moves the stored times.
type pile struct {
	*testkit.Bubble
	dispatch.Store // nobody asks for the rest of it
	*desk
	rounds int
	stuck  uuid.UUID // of a matter that cannot be written
}

func (p *pile) Unheard(context.Context, int) (late []dispatch.Matter, err error) {
	p.Lock()
	defer p.Unlock()
	if p.rounds++; p.Down {
		return nil, testkit.ErrDown
	}
	for _, r := range p.snap.Recusals {
		if r.EscalatedAt == nil && !time.Now().Before(r.Deadline) {
			late = append(late, dispatch.Matter{Task: p.snap.Task.ID, ID: r.ID})
		}
	}
	for _, o := range p.snap.Objections {
		if o.EscalatedAt == nil && !time.Now().Before(o.Deadline) {
			late = append(late, dispatch.Matter{Task: p.snap.Task.ID, ID: o.ID})
		}
	}
	return late, nil
}

func (p *pile) Decide(
	_ context.Context, call dispatch.Call, _ uuid.UUID, decide func(dispatch.Snapshot) (dispatch.Decision, error),
) (dispatch.Answer, error) {
	p.Lock()
	defer p.Unlock()
	p.snap.Now = time.Now()
	made, err := decide(p.snap)
	beside := made.Beside
	if err != nil || beside == nil {
		return dispatch.Answer{}, errors.Join(err, p.Context().Err())
	}
	if !call.Whole {
		p.Error("what stands beside the task was not asked for")
	}
	if r := beside.Recusal; r != nil && r.ID == p.stuck {
		return dispatch.Answer{}, testkit.ErrDown
	}
	p.keep(made, made.Observations)
	if r := beside.Recusal; r != nil {
		p.snap.Recusals = []dispatch.Recusal{*r}
	}
	if o := beside.Objection; o != nil {
		p.snap.Objections = []dispatch.Objection{*o}
	}
	for _, e := range made.Events {
		p.Tell(e.Kind)
	}
	for _, m := range made.Pushes {
		p.Tell(fmt.Sprint(m.Kind, " ", m.Person == p.snap.Watch[0].Person))
	}
	return dispatch.Answer{Task: made.Task, Beside: beside}, nil
}

// Of a routine order a head may think for eight hours; after that those above are told, once, at the next look, and looks are 30 seconds
// apart. What cannot be written keeps nothing else, and is tried again.
func TestWhatWaitsForAHeadIsLookedForTwiceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(eight)) // there was no such law when bubbles begin
		lead, member, other := person(duty.Officer, "310121"), person(duty.FieldAuxiliary, "FJ31021"), person(duty.FieldAuxiliary, "FJ31022")
		p := &pile{Bubble: testkit.NewBubble(t), desk: newDesk("patrol", lead, member, other)}
		p.snap.Watch = []dispatch.Watcher{
			{Person: uuid.New(), Path: duty.Path(""), Head: true}, {Person: uuid.New(), Path: station.Path, Head: true},
		}
		p.snap.Task.Urgency = dispatch.Routine
		p.service = dispatch.New(p, func(duty.Law) (dispatch.Book, error) { return statute(), nil }, dispatch.DefaultFreshness, time.Hour)
		asks := func(who duty.Person, step dispatch.Step) {
			if _, err := p.service.Do(t.Context(), actorOf(who), duty.Command{}, p.snap.Task.ID, step); err != nil {
				t.Fatal(err)
			}
		}
		const hours = 8 * 60 * 60
		asks(member, dispatch.Object{Reason: "连续两班未休息"})
		stop := p.Runs(p.service.RunEscalation(p.Logger()))
		p.Until(10)
		asks(other, dispatch.AskRecusal{Ground: dispatch.GroundParty})
		p.Set(func() { p.stuck = p.snap.Recusals[0].ID })
		p.Until(hours - 1)
		told := []string{"objection.made 0", "objection_made false 0", "recusal.requested 10", "member_stepped_back false 10", "recusal_requested false 10"}
		p.Tells(told...)
		p.Set(func() { p.Down = true })
		p.Until(hours + 29)
		p.Tells(told...)
		p.Logged("the database does not answer", 1)
		p.Set(func() { p.Down = false })
		p.Until(hours + 59)
		told = append(told, fmt.Sprint("objection.escalated ", hours+30), fmt.Sprint("objection_escalated true ", hours+30))
		p.Tells(told...)
		p.Logged("what waits about task", 1)
		p.Set(func() { p.stuck = uuid.Nil })
		p.Until(2 * hours)
		told = append(told, fmt.Sprint("recusal.escalated ", hours+60), fmt.Sprint("recusal_escalated true ", hours+60))
		p.Tells(told...)
		stop()
		if want := 2*hours/30 + 1; p.rounds != want {
			t.Errorf("looked %d times, not %d", p.rounds, want)
		}
		if r := p.snap.Recusals[0]; r.State != dispatch.RecusalPending || r.Deadline.Sub(r.AskedAt) != hours*time.Second {
			t.Errorf("%+v", r)
		}
	})
}
