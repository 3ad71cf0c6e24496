package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

// hush is a task at work, in memory and on the bubble's clock. What the real database makes of the same question is held by
// TestACameraThatFallsSilentIsTold in internal/app/silence_test.go, which moves the stored times.
type hush struct {
	*testkit.Bubble
	dispatch.Store // nobody asks for the rest of it
	*desk
	stuck bool // it cannot be written
}

func (h *hush) Silent(context.Context, []dispatch.Fading, int) ([]uuid.UUID, error) {
	h.Lock()
	defer h.Unlock()
	if h.Down {
		return nil, testkit.ErrDown
	}
	return []uuid.UUID{h.snap.Task.ID}, nil
}

func (h *hush) Decide(
	_ context.Context, _ dispatch.Call, _ uuid.UUID, decide func(dispatch.Snapshot) (dispatch.Decision, error),
) (dispatch.Answer, error) {
	h.Lock()
	defer h.Unlock()
	h.snap.Now = time.Now()
	made, err := decide(h.snap)
	if err != nil || made.Idle() {
		return dispatch.Answer{}, errors.Join(err, h.Context().Err())
	}
	if h.stuck {
		return dispatch.Answer{}, testkit.ErrDown
	}
	h.keep(made, made.Observations)
	for _, e := range made.Events {
		h.Tell(e.Kind)
	}
	for _, p := range made.Pushes {
		h.Tell(fmt.Sprint("push ", p.Kind, " ", h.snap.People[p.Person].Number))
	}
	return dispatch.Answer{Task: made.Task}, nil
}

// A camera of which nothing was heard for ten minutes is unknown, and that is told once, at the next look: looks are 30 seconds apart.
// What is said again stands from then on; what the shift says does not fade, nor what is wrong.
func TestWhatFallsSilentIsLookedForTwiceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(eight)) // there was no such law when bubbles begin
		lead, member, other := person(duty.Officer, "310121"), person(duty.FieldAuxiliary, "FJ31021"), person(duty.FieldAuxiliary, "FJ31022")
		h := &hush{Bubble: testkit.NewBubble(t), desk: newDesk("patrol", lead, member, other)}
		h.snap.Task.Members = append(h.snap.Task.Members, dispatch.Member{Person: member.ID, State: dispatch.Removed}) // and called in again
		h.service = dispatch.New(h, func(duty.Law) (dispatch.Book, error) { return statute(), nil }, dispatch.DefaultFreshness, time.Hour)
		ready := []dispatch.Statement{{Fact: "uniform", Value: "yes"}, {Fact: "id_card", Value: "yes"}, {Fact: "recording", Value: "on"}}
		for _, who := range []duty.Person{member, other} {
			for _, step := range []dispatch.Step{dispatch.Acknowledge{}, dispatch.Accept{}} {
				if _, err := h.does(time.Now(), who, step); err != nil {
					t.Fatal(err)
				}
			}
		}
		says := func(who duty.Person, said ...dispatch.Statement) {
			h.Set(func() {
				if err := h.says(time.Now(), who, said...); err != nil {
					t.Fatal(err)
				}
			})
		}
		says(other, ready...)
		if _, err := h.does(time.Now(), member, dispatch.Start{Statements: ready}); err != nil {
			t.Fatal(err)
		}
		stop := h.Runs(h.service.RunSilence(h.Logger()))
		h.Until(300)
		says(other, ready[2]) // a heartbeat
		h.Until(600)
		h.Tells()
		h.Set(func() { h.Down = true })
		h.Until(630)
		h.Set(func() { h.Down, h.stuck = false, true })
		h.Until(660)
		h.Tells()
		h.Logged("the database does not answer", 2)
		h.Logged("what fell silent on task", 1)
		h.Set(func() { h.stuck = false })
		h.Until(899)
		told := []string{"recording.changed 690", "push recording_silent FJ31021 690", "push recording_silent 310121 690"}
		h.Tells(told...)
		says(member, dispatch.Statement{Fact: "recording", Value: "off"})
		h.Until(3 * 60 * 60)
		told = append(told, "recording.changed 930", "push recording_silent FJ31022 930", "push recording_silent 310121 930")
		h.Tells(told...)
		h.Until(12*60*60 + 30)
		stop()
		if n := len(h.Told); n != len(told)+4 { // what both said of uniform and card
			t.Errorf("after the shift: %q", h.Told[len(told):])
		}
		if !h.snap.Task.Violation || !slices.Contains(h.kinds, "task.violation") {
			t.Errorf("the camera was switched off: %v", h.kinds)
		}
	})
}
