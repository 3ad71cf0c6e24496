package dispatch_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// What a phone said of its camera stands for ten minutes, what people said of themselves for twelve hours. Nothing happens when it grows
// stale: from the next nanosecond on it is unknown to the law, whoever asks. That the same is shown of what is stored is held by
// TestAStaleStatementIsNoStatement and TestAStaleStatementIsShownAsUnknown in internal/app.
func TestAStatementStandsForItsTime(t *testing.T) {
	t.Parallel()
	const camera, word = 10 * time.Minute, 12 * time.Hour
	for waits, want := range map[time.Duration]struct {
		recording law.Recording
		uniform   law.Uniform
	}{
		camera: {law.RecordingOn, law.UniformYes}, camera + 1: {law.RecordingUnknown, law.UniformYes},
		word: {law.RecordingUnknown, law.UniformYes}, word + 1: {law.RecordingUnknown, law.UniformUnknown},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPost(t)
			p.do(p.member, dispatch.Pause{Reason: "x"})
			time.Sleep(waits)
			p.must(p.says(time.Now(), p.lead, dispatch.Statement{Fact: "on_duty", Value: "yes"}))
			p.meet(p.lead)
			_, err := p.service.Do(t.Context(), actorOf(p.member), duty.Command{}, p.task().ID, dispatch.Resume{})
			if a := p.facts.Auxiliaries[0]; err != nil || a.Recording != want.recording || a.Uniform != want.uniform {
				t.Errorf("after %s: the camera is %s, the uniform %s, %v", waits, a.Recording, a.Uniform, err)
			}
		})
	}
}

// An approver has as long as the work can wait: half an hour for an urgent task, a third of it for an immediate one, four hours for a
// routine one. That those above are told when it is over, and once, is held by TestADeadlineIsToldToThoseAbove in internal/app.
func TestAnApproverHasAsLongAsTheWorkCanWait(t *testing.T) {
	t.Parallel()
	lead, clerk := person(duty.Officer, "310121"), person(duty.CivilianAuxiliary, "WJ31021")
	clerk.Qualifications = []duty.Qualification{{Kind: "car"}}
	for urgency, want := range map[dispatch.Urgency]time.Duration{
		dispatch.Immediate: 10 * time.Minute, dispatch.Urgent: 30 * time.Minute, dispatch.Routine: 4 * time.Hour,
	} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(eight))
			service := dispatch.New(nil, func(duty.Law) (dispatch.Book, error) { return statute(), nil }, dispatch.DefaultFreshness, 30*time.Minute)
			made, err := service.DispatchOn(dispatch.Snapshot{
				Now: time.Now(), People: map[uuid.UUID]duty.Person{lead.ID: lead, clerk.ID: clerk}, Sightings: map[uuid.UUID]accompany.Person{},
			}, actorOf(lead), dispatch.DispatchOrder{
				Order:   dispatch.Order{Acts: []string{"counter-service"}, Urgency: urgency},
				Members: []dispatch.MemberOrder{{Person: clerk.ID, Operates: law.Car}},
			})
			if err != nil || made.Request == nil {
				t.Fatalf("%+v, %v", made, err)
			}
			if got := time.Until(made.Request.Deadline); got != want {
				t.Errorf("%s: %s, not %s", urgency, got, want)
			}
		})
	}
}

// Two of a unit tell of one stop within ten minutes of it; whoever tells of one after that tells of a use that nobody had heard of.
func TestAStopIsToldAgainForTenMinutes(t *testing.T) {
	t.Parallel()
	lead, one, other := person(duty.Officer, "310121"), person(duty.FieldAuxiliary, "FJ31021"), person(duty.FieldAuxiliary, "FJ31022")
	for after, uses := range map[time.Duration]int{10 * time.Minute: 1, 10*time.Minute + 1: 2} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(time.Until(eight))
			d := newDesk("stop-and-question", lead, one, other)
			use := dispatch.UseRestraint{Restraint: uuid.New(), Danger: "violence", Class: law.EquipmentRestraint, Item: "约束带"}
			for _, told := range []struct {
				by    duty.Person
				after time.Duration
				stop  bool
			}{{one, 0, false}, {one, time.Minute, true}, {other, after, true}} {
				time.Sleep(told.after)
				use.Stop = told.stop
				if _, err := d.does(time.Now(), told.by, use); err != nil {
					t.Fatal(err)
				}
			}
			if got := d.snap.Task.Restraints[0].Uses; len(got) != uses {
				t.Errorf("after %s: %d uses", after, len(got))
			}
		})
	}
}
