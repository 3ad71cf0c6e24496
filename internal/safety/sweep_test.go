package safety_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/safety"
	"github.com/dutybound/dutybound/internal/testkit"
)

// ward is one task and the alarms of its people in memory, on the bubble's clock. What is due it answers as internal/postgres/check.go and
// internal/postgres/alarm.go do by the database's clock; those are held by TestAMissedCheckEscalatesOnce in internal/app/check_test.go,
// which moves the stored times, and by internal/app/alarm_rounds_test.go.
type ward struct {
	*testkit.Bubble
	unasked
	service *safety.Service

	law    duty.Law
	task   safety.Task
	watch  safety.Watch
	next   *time.Time // when the watch is to be looked at; nil with nothing at work
	alarm  *safety.Alarm
	looks  []float64 // when the task was looked at
	broken bool      // what was decided cannot be written
	jobs   bool      // there are workers who come to each round
}

// unasked is what nobody asks of the two stores here.
type unasked interface {
	safety.Alarms
	safety.Checks
}

// open sweeps every two seconds, over a task that begins in the first of them; its member is asked every 601 seconds and has 61.
func open(t *testing.T) (w *ward, stop func()) {
	w = &ward{
		Bubble: testkit.NewBubble(t), jobs: true,
		law:  duty.Law{Policies: []duty.Policy{{Measure: duty.CheckEvery, Value: 601}, {Measure: duty.CheckGrace, Value: 61}}},
		task: safety.Task{ID: uuid.New(), Organ: duty.Organ{Path: station, Kind: duty.Station}, Working: []safety.Who{wang}},
	}
	w.service = safety.New(w, w, safety.Pace{})
	stop = w.Runs(w.service.Run(w.Logger()))
	w.Until(1)
	w.Set(func() { w.task.Started, w.task.Version = true, 1 })
	return w, stop
}

func (w *ward) DueWatches(context.Context, int) ([]uuid.UUID, error) {
	w.Lock()
	defer w.Unlock()
	now := time.Now()
	switch {
	case w.Down:
		return nil, testkit.ErrDown
	case w.task.Started && (w.watch.Version != w.task.Version || w.next == nil || !w.next.After(now)), !w.task.Started && w.next != nil:
		return []uuid.UUID{w.task.ID}, nil
	}
	return nil, nil
}

func (w *ward) LookAfter(
	_ context.Context, _ uuid.UUID, decide func(safety.Scene) (safety.Looked, error), raise func(safety.Press, safety.Moment) (safety.Decided, error),
) error {
	w.Lock()
	defer w.Unlock()
	w.looks = append(w.looks, w.Since())
	scene := safety.Scene{Now: time.Now(), Law: w.law, Task: w.task, Watch: w.watch, Alarms: map[uuid.UUID]safety.Alarm{}}
	if w.alarm != nil {
		scene.Alarms[wang.ID] = *w.alarm
	}
	looked, err := decide(scene)
	if err != nil || w.broken {
		return errors.Join(err, testkit.ErrDown)
	}
	w.watch, w.next = looked.Watch, looked.NextAt
	for _, e := range looked.Events {
		w.Tell(e.Kind)
	}
	for _, p := range looked.Presses {
		p.Organ = w.task.Organ
		decided, err := raise(p, w.moment())
		w.keep(decided, err)
	}
	return nil
}

func (w *ward) moment() safety.Moment {
	return safety.Moment{Now: time.Now(), Alarm: w.alarm, Around: safety.Around{Heads: []safety.Boss{
		{Person: uuid.New(), Number: "310001", Name: "所长", Path: station}, {Person: uuid.New(), Number: "310002", Name: "局长", Path: district},
	}}}
}

// keep writes what was decided of the alarm, and has a worker come to its next round when there are any.
func (w *ward) keep(d safety.Decided, err error) {
	switch {
	case safety.Nothing(err):
		return
	case err != nil:
		w.Error(err)
		return
	}
	w.alarm = &d.Alarm
	for _, e := range d.Events {
		w.Tell(e.Kind)
	}
	for range d.Pushes {
		w.Tell("push")
	}
	if id, round := d.Alarm.ID, d.Alarm.Round; d.Schedule && w.jobs {
		time.AfterFunc(time.Until(*d.Alarm.NextAt), func() {
			if err := w.service.Repeat(w.Context(), id, round); err != nil {
				w.Error(err)
			}
		})
	}
}

func (w *ward) RepeatAlarm(_ context.Context, _ uuid.UUID, decide func(safety.Moment) (safety.Decided, error)) error {
	w.Lock()
	defer w.Unlock()
	w.keep(decide(w.moment()))
	return nil
}

func (w *ward) OverdueAlarms(_ context.Context, patience time.Duration) ([]safety.Alarm, error) {
	w.Lock()
	defer w.Unlock()
	if a := w.alarm; a != nil && a.NextAt != nil && a.NextAt.Before(time.Now().Add(-patience)) {
		return []safety.Alarm{*a}, nil
	}
	return nil, nil
}

// Whoever says nothing is asked when it is due, missed when the grace is over, asked again, and looked for after the second miss: each at
// the first sweep after its second. The alarm is brought before people every half minute, and after four rounds before those above.
func TestWhoSaysNothingIsAskedMissedAndLookedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, stop := open(t)
		w.Until(603.9)
		w.Tells()
		w.Set(func() {
			if want := []float64{2, 32, 62}; !slices.Equal(w.looks[:3], want) || len(w.looks) != 21 {
				t.Errorf("looked %d times, at %v", len(w.looks), w.looks) // twice a minute, for what changes without the task
			}
		})
		w.Until(665.9)
		w.Tells("check.asked 604")
		w.Until(727.9)
		missed := []string{"check.asked 604", "check.asked 666", "check.missed 666"}
		w.Tells(missed...)
		w.Until(757.9)
		raised := append(missed, "check.missed 728", "check.escalated 728", "alarm.raised 728", "push 728")
		w.Tells(raised...)
		w.Until(847.9)
		raised = append(raised, "alarm.unanswered 758", "push 758", "alarm.unanswered 788", "push 788", "alarm.unanswered 818", "push 818")
		w.Tells(raised...)
		w.Until(877.9)
		w.Tells(append(raised, "alarm.unanswered 848", "alarm.widened 848", "push 848", "push 848")...)
		stop()
	})
}

// Whoever answers has the whole of the time again. Work that rests asks nobody.
func TestAnAnswerBeginsTheTimeAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, stop := open(t)
		w.Until(664.9) // a second before it is missed
		w.Set(func() {
			scene := safety.Scene{Now: time.Now(), Law: w.law, Task: w.task, Watch: w.watch}
			looked, err := w.service.SayOf(scene, duty.Actor{Person: wang.ID}, wang, safety.Replied{State: safety.Well, ObservedAt: time.Now()})
			if err != nil {
				t.Error(err)
			}
			w.watch, w.next = looked.Watch, looked.NextAt
		})
		w.Until(1265.9)
		w.Tells("check.asked 604")
		w.Until(1266)
		w.Tells("check.asked 604", "check.asked 1266")
		w.Set(func() { w.task.Started, w.task.Version = false, 2 })
		w.Until(5000)
		w.Tells("check.asked 604", "check.asked 1266")
		stop()
		if w.next != nil {
			t.Errorf("it is looked at again at %s", w.next)
		}
	})
}

// A sweep that fails is made again two seconds later: what came due meanwhile is late, and is not lost. That one part of it fails keeps it
// from no other.
func TestASweepThatFailsIsMadeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, stop := open(t)
		w.Until(600)
		w.Set(func() { w.Down = true })
		w.Until(620.5)
		w.Set(func() { w.Down = false })
		w.Until(683.5) // asked at 622, missed at 684
		w.Tells("check.asked 622")
		w.Until(684)
		w.Tells("check.asked 622", "check.asked 684", "check.missed 684")
		w.Until(700)
		w.Set(func() {
			w.Told, w.broken, w.jobs = nil, true, false
			w.keep(w.service.SettleOn(safety.Press{Kind: safety.SOS, Person: wang, Organ: w.task.Organ, RaisedAt: time.Now()}, w.moment()))
			w.task.Version = 2
		})
		w.Until(740)
		w.Tells("alarm.raised 700", "push 700", "alarm.unanswered 738", "push 738")
		stop()
		w.Logged(testkit.ErrDown.Error(), 10+20) // and of a task that could not be written, at 702 to 740
	})
}

// A round to which no worker comes is taken over by the sweep once it is three sweeps late, each time.
func TestARoundThatNobodyComesToIsTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, stop := open(t)
		w.Until(99.5)
		w.Set(func() {
			w.jobs = false
			w.keep(w.service.SettleOn(safety.Press{Kind: safety.SOS, Person: wang, Organ: w.task.Organ, RaisedAt: time.Now()}, w.moment()))
		})
		w.Until(135.9)
		w.Tells("alarm.raised 99.5", "push 99.5")
		w.Until(136)
		w.Tells("alarm.raised 99.5", "push 99.5", "alarm.unanswered 136", "push 136")
		w.Until(173.9) // due at 166, six seconds late at 172: not yet
		w.Tells("alarm.raised 99.5", "push 99.5", "alarm.unanswered 136", "push 136")
		w.Until(174)
		w.Tells("alarm.raised 99.5", "push 99.5", "alarm.unanswered 136", "push 136", "alarm.unanswered 174", "push 174")
		stop()
	})
}
