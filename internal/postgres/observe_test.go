package postgres_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
)

func saying(actor duty.Actor, task *uuid.UUID, fact, value string) duty.Observation {
	return duty.Observation{
		ID: newID(), Subject: actor.Person, Task: task, Fact: fact, Value: value, By: actor.Person, Device: actor.Device,
		Source: "phone", ObservedAt: time.Now().UTC(),
	}
}

// noting makes an event of what was observed.
func noting(actor duty.Actor) func(dispatch.Snapshot) (dispatch.Decision, error) {
	return func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		t := snap.Task
		event := happening(&t, actor, snap.Now, "recording.changed")
		return dispatch.Decision{Task: t, Events: []ledger.Event{event}}, nil
	}
}

func (h *house) observe(actor duty.Actor, fact, value string) dispatch.Observed {
	h.t.Helper()
	observed, err := h.store.Observe(h.t.Context(), call(actor), []duty.Observation{saying(actor, nil, fact, value)}, noting(actor))
	h.must(err)
	return observed
}

func (h *house) observeOn(task uuid.UUID, actor duty.Actor, fact, value string) {
	h.t.Helper()
	_, err := h.store.Observe(h.t.Context(), call(actor), []duty.Observation{saying(actor, &task, fact, value)}, noting(actor))
	h.must(err)
}

func TestAnObservationReachesEveryOpenTaskOfItsSubject(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.dispatched(), h.dispatched()
	ended := h.dispatched()
	h.move(ended.ID, h.officer, dispatch.Cancelled)
	observed := h.observe(h.wang, "recording", "on")
	if len(observed.Tasks) != 2 || observed.Tasks[0] != one.ID || observed.Tasks[1] != two.ID {
		t.Errorf("weighed for %v", observed.Tasks)
	}
	if h.observe(h.zhao, "recording", "on").Tasks == nil {
		t.Error("somebody without tasks: want an empty list")
	}
	view, err := h.store.Task(t.Context(), h.officer, one.ID)
	h.must(err)
	if len(view.Observations) != 1 || view.Observations[0].Value != "on" || view.Task.Version != 2 {
		t.Errorf("%+v", view)
	}
	if n := h.count(`SELECT count(*) FROM observation WHERE event_id IS NULL`); n != 1 { // zhao's: it told nobody anything
		t.Errorf("%d observations are covered by no event", n)
	}
}

func TestOnlyTheLatestStatementOfEachWitnessStands(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task, other := h.dispatched(), h.dispatched()
	h.observe(h.wang, "recording", "on")
	h.observe(h.wang, "recording", "off")
	h.observeOn(other.ID, h.wang, "recording", "buffering")
	h.observeOn(task.ID, h.li, "recording", "on")
	said := map[uuid.UUID]string{}
	_, err := h.store.Decide(t.Context(), call(h.wang), task.ID, func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		for _, o := range snap.Observations {
			said[o.Subject] += o.Value
			if o.ReceivedAt.IsZero() || o.ReceivedAt.After(snap.Now) {
				t.Errorf("received at %v, now is %v", o.ReceivedAt, snap.Now)
			}
		}
		return moving(h.wang, dispatch.Started)(snap)
	})
	h.must(err)
	if said[h.wang.Person] != "off" || said[h.li.Person] != "on" {
		t.Errorf("stands: %v", said)
	}
	history, err := h.store.History(t.Context(), h.officer, task.ID)
	h.must(err)
	if len(history.Observations) != 3 { // all that were made for the task or for no task while it was open
		t.Errorf("the history has %d observations", len(history.Observations))
	}
}

func TestOfTwoStatementsInOneCommandTheLaterStands(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	said := []duty.Observation{saying(h.wang, nil, "recording", "on"), saying(h.wang, nil, "recording", "off")}
	_, err := h.store.Observe(t.Context(), call(h.wang), said, noting(h.wang))
	h.must(err)
	view, err := h.store.Task(t.Context(), h.wang, task.ID)
	h.must(err)
	if len(view.Observations) != 1 || view.Observations[0].Value != "off" {
		t.Errorf("%+v", view.Observations)
	}
}

func TestAnObservationSentAgainIsAnsweredTheSame(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.dispatched()
	c := call(h.wang)
	said := []duty.Observation{saying(h.wang, nil, "recording", "on")}
	first, err := h.store.Observe(t.Context(), c, said, noting(h.wang))
	h.must(err)
	again, err := h.store.Observe(t.Context(), c, said, noting(h.wang))
	h.must(err)
	if !again.Replay || !again.ReceivedAt.Equal(first.ReceivedAt) || len(again.Tasks) != 1 {
		t.Errorf("%+v then %+v", first, again)
	}
	if n := h.count(`SELECT count(*) FROM observation`); n != 1 {
		t.Errorf("%d observations", n)
	}
}

func TestAnObservationForAForeignTaskIsKeptNowhere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	for _, id := range []uuid.UUID{task.ID, newID()} {
		_, err := h.store.Observe(t.Context(), call(h.zhao), []duty.Observation{saying(h.zhao, &id, "recording", "on")}, noting(h.zhao))
		wantFault(t, err, fault.NotFound)
	}
	if n := h.count(`SELECT count(*) FROM observation`); n != 0 {
		t.Errorf("%d observations", n)
	}
}

// What was recorded without network comes late and stands from its own time: it does not take the place of what has been said since, and
// is what stood then.
func TestLateTestimonyStandsFromItsOwnTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	h.observe(h.wang, "recording", "on")
	now, err := h.store.Now(t.Context())
	h.must(err)
	late := func(minutes int, value string) (then []duty.Observation) {
		c := call(h.wang)
		at := now.Add(time.Duration(minutes) * time.Minute)
		c.Command.Happened = &duty.Interval{From: at.Add(-time.Minute), To: at}
		_, err := h.store.Observe(t.Context(), c, []duty.Observation{saying(h.wang, nil, "recording", value)}, func(snap dispatch.Snapshot) (dispatch.Decision, error) {
			then = snap.Then
			return noting(h.wang)(snap)
		})
		h.must(err)
		return then
	}
	if then := late(-60, "off"); len(then) != 0 {
		t.Errorf("before anything was said: %+v", then)
	}
	if then := late(-30, "buffering"); len(then) != 1 || then[0].Value != "off" {
		t.Errorf("what stood by then: %+v", then)
	}
	if then := late(-50, "on"); len(then) != 1 || then[0].Value != "off" {
		t.Errorf("what stood before that: %+v", then)
	}
	view, err := h.store.Task(t.Context(), h.officer, task.ID)
	h.must(err)
	if len(view.Observations) != 1 || view.Observations[0].Value != "on" || view.Observations[0].ReceivedAt.Before(now.Add(-time.Minute)) {
		t.Errorf("what stands now: %+v", view.Observations)
	}
}
