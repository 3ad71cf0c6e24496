package postgres_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"reflect"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/testkit"
)

func wantFault(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if fault.KindOf(err) != kind {
		t.Errorf("got %v, want a fault of kind %d", err, kind)
	}
}

func TestASentAgainCommandGetsTheSameAnswer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := call(h.officer, h.officer, h.wang)
	first, err := h.store.Create(t.Context(), c, ordering(h.officer, h.officer, h.wang))
	h.must(err)
	h.move(first.Task.ID, h.wang, dispatch.Started) // the task goes on; the answer stays

	again, err := h.store.Create(t.Context(), c, func(dispatch.Snapshot) (dispatch.Decision, error) {
		return dispatch.Decision{}, errors.New("decided a second time")
	})
	h.must(err)
	if !again.Replay || first.Replay {
		t.Errorf("replay: first %v, again %v", first.Replay, again.Replay)
	}
	again.Replay = false
	again.Ruling.Path = first.Ruling.Path // of the stored row
	if !reflect.DeepEqual(first.Task, again.Task) || !reflect.DeepEqual(first.Ruling, again.Ruling) {
		t.Errorf("answered\n%+v\nthen\n%+v", first, again)
	}
	if n := h.count(`SELECT count(*) FROM task`); n != 1 {
		t.Errorf("%d tasks", n)
	}
	if n := h.count(`SELECT count(*) FROM river_job`); n != 1 {
		t.Errorf("%d pushes", n)
	}
}

func TestAnIdIsOfOneCommandOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	c := call(h.wang)
	_, err := h.store.Decide(t.Context(), c, task.ID, moving(h.wang, dispatch.Started))
	h.must(err)
	c.Command.Hash = sha256.Sum256([]byte("another body"))
	_, err = h.store.Decide(t.Context(), c, task.ID, moving(h.wang, dispatch.Finished))
	wantFault(t, err, fault.Mismatch)
	_, err = h.store.Observe(t.Context(), c, nil, nil)
	wantFault(t, err, fault.Mismatch)
}

func TestADeviceThatChangedHandsDoesNotAnswerForItsFormerOwner(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	c := call(h.wang)
	_, err := h.store.Decide(t.Context(), c, task.ID, moving(h.wang, dispatch.Started))
	h.must(err)
	c.Actor = h.li
	c.Actor.Device = h.wang.Device
	_, err = h.store.Decide(t.Context(), c, task.ID, moving(h.li, dispatch.Paused))
	wantFault(t, err, fault.Mismatch)
}

func TestTheSameIdOfTwoDevicesIsTwoCommands(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	id := newID()
	for _, actor := range []struct {
		call dispatch.Call
		to   dispatch.State
	}{{call(h.wang), dispatch.Started}, {call(h.li), dispatch.Paused}} {
		actor.call.Command.ID = id
		answer, err := h.store.Decide(t.Context(), actor.call, task.ID, moving(actor.call.Actor, actor.to))
		h.must(err)
		if answer.Replay || answer.Task.State != actor.to {
			t.Errorf("%s: %+v", actor.call.Actor.Name, answer)
		}
	}
}

func TestACommandThatIsRunningIsNotRunTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	c := call(h.wang)
	deciding, goOn := make(chan struct{}), make(chan struct{})
	var first dispatch.Answer
	var wg sync.WaitGroup
	wg.Go(func() {
		var err error
		first, err = h.store.Decide(context.Background(), c, task.ID, func(snap dispatch.Snapshot) (dispatch.Decision, error) {
			close(deciding)
			<-goOn
			return moving(h.wang, dispatch.Started)(snap)
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-deciding
	_, err := h.store.Decide(t.Context(), c, task.ID, moving(h.wang, dispatch.Started)) // answers at once, without the lock
	wantFault(t, err, fault.Running)
	close(goOn)
	wg.Wait()
	again, err := h.store.Decide(t.Context(), c, task.ID, moving(h.wang, dispatch.Started))
	h.must(err)
	if !again.Replay || again.Task.Version != first.Task.Version {
		t.Errorf("after it ran: %+v", again)
	}
}

func TestARefusedRequestLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	c := call(h.wang)
	before := h.count(`SELECT (SELECT count(*) FROM command) + (SELECT count(*) FROM event) + (SELECT count(*) FROM ruling)`)
	no := fault.New(fault.Conflict, "no", "不", "no")
	_, err := h.store.Decide(t.Context(), c, task.ID, func(dispatch.Snapshot) (dispatch.Decision, error) { return dispatch.Decision{}, no })
	if !errors.Is(err, no) {
		t.Errorf("got %v", err)
	}
	if after := h.count(`SELECT (SELECT count(*) FROM command) + (SELECT count(*) FROM event) + (SELECT count(*) FROM ruling)`); after != before {
		t.Errorf("%d rows were left behind", after-before)
	}
	answer, err := h.store.Decide(t.Context(), c, task.ID, moving(h.wang, dispatch.Started)) // the id is still free
	h.must(err)
	if answer.Replay {
		t.Error("a command that was never carried out was answered from store")
	}
}

func TestARefusalByLawIsKeptAndAnsweredAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := call(h.officer, h.wang)
	refuse := func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		d, err := ordering(h.officer, h.officer, h.wang)(snap)
		nothing := dispatch.Task{Organ: d.Task.Organ}
		d.Refused, d.Task, d.Pushes = true, dispatch.Task{}, nil
		d.Rulings[0].Task = nil
		d.Events[0].Task, d.Events[0].Version, d.Events[0].Path = nil, 0, nothing.Organ.Path
		return d, err
	}
	first, err := h.store.Create(t.Context(), c, refuse)
	h.must(err)
	again, err := h.store.Create(t.Context(), c, refuse)
	h.must(err)
	if !again.Refused || !again.Replay || again.Ruling == nil || again.Ruling.ID != first.Ruling.ID {
		t.Errorf("%+v", again)
	}
	if n := h.count(`SELECT count(*) FROM task`); n != 0 {
		t.Errorf("%d tasks of a refused dispatch", n)
	}
}

// A start and a reassignment of one task: whoever comes second decides on what the first has left.
func TestRacingCommandsDecideOneAfterTheOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	deciding, goOn := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := h.store.Decide(context.Background(), call(h.officer), task.ID, func(snap dispatch.Snapshot) (dispatch.Decision, error) {
			close(deciding)
			<-goOn
			snap.Task.Members[1].State = dispatch.Removed // sends li away
			event := happening(&snap.Task, h.officer, snap.Now, "task.reassigned")
			d := dispatch.Decision{Task: snap.Task}
			d.Events = append(d.Events, event)
			return d, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-deciding
	wg.Go(func() {
		_, err := h.store.Decide(context.Background(), call(h.wang), task.ID, func(snap dispatch.Snapshot) (dispatch.Decision, error) {
			if snap.Task.Part(h.li.Person) || snap.Task.Version != task.Version+1 {
				t.Errorf("the start was decided on version %d, before the reassignment", snap.Task.Version)
			}
			if _, there := snap.People[h.li.Person]; there {
				t.Error("somebody sent away was loaded with the unit")
			}
			return moving(h.wang, dispatch.Started)(snap)
		})
		if err != nil {
			t.Error(err)
		}
	})
	testkit.Wait(t, "the start to wait for the task's lock", func() bool {
		return h.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 1
	})
	close(goOn)
	wg.Wait()

	_, err := h.store.Task(t.Context(), h.li, task.ID)
	wantFault(t, err, fault.NotFound) // sent away: no longer part of it
}

func TestManyStartsOfOneTaskActOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	var wg sync.WaitGroup
	var mu sync.Mutex
	started := 0
	for range 8 {
		wg.Go(func() {
			_, err := h.store.Decide(context.Background(), call(h.wang), task.ID, func(snap dispatch.Snapshot) (dispatch.Decision, error) {
				if _, err := snap.Task.State.Next(dispatch.DoStart); err != nil {
					return dispatch.Decision{}, err
				}
				return moving(h.wang, dispatch.Started)(snap)
			})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				started++
			} else if fault.KindOf(err) != fault.Conflict {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if started != 1 {
		t.Errorf("%d starts passed", started)
	}
}

func TestTheSnapshotHoldsEverythingTheLawAsks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	_, err := h.store.Decide(t.Context(), call(h.wang), task.ID, func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		if len(snap.People) != 3 {
			t.Errorf("%d people", len(snap.People))
		}
		li := snap.People[h.li.Person] // a teammate, whom wang could not see otherwise
		if li.Organ.Path != h.north.Path || len(li.Training) != 1 || len(li.Training[0].Items) != 2 || len(li.Qualifications) != 1 || len(li.Equipment) != 1 {
			t.Errorf("li as loaded: %+v", li)
		}
		if snap.Now.IsZero() || snap.Now.Before(task.DispatchedAt) {
			t.Errorf("the clock says %v", snap.Now)
		}
		return moving(h.wang, dispatch.Started)(snap)
	})
	h.must(err)
}

func TestForeignAndMissingTasksLookTheSame(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	decide := func(dispatch.Snapshot) (dispatch.Decision, error) {
		t.Error("a foreign task was decided")
		return dispatch.Decision{}, nil
	}
	var messages []string
	for _, id := range []uuid.UUID{task.ID, newID()} {
		for _, actor := range []string{"officer", "auxiliary"} {
			who := h.stranger
			if actor == "auxiliary" {
				who = h.zhao
			}
			_, err := h.store.Decide(t.Context(), call(who), id, decide)
			wantFault(t, err, fault.NotFound)
			messages = append(messages, err.Error())
			_, err = h.store.Task(t.Context(), who, id)
			wantFault(t, err, fault.NotFound)
			messages = append(messages, err.Error())
			_, err = h.store.History(t.Context(), who, id)
			wantFault(t, err, fault.NotFound)
			messages = append(messages, err.Error())
		}
	}
	for _, m := range messages {
		if m != messages[0] {
			t.Errorf("%q and %q differ", m, messages[0])
		}
	}
}
