package safety_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/safety"
)

// ward is one task and the alarms of its people in memory, on the bubble's clock. What is due it answers as internal/postgres/check.go and
// internal/postgres/alarm.go do by the database's clock; those are held by TestAMissedCheckEscalatesOnce in internal/app/check_test.go,
// which moves the stored times, and by internal/app/alarm_rounds_test.go.
type ward struct {
	*testing.T
	unasked
	service *safety.Service
	log     strings.Builder

	mu     sync.Mutex
	began  time.Time
	law    duty.Law
	task   safety.Task
	watch  safety.Watch
	next   *time.Time // when the watch is to be looked at; nil with nothing at work
	alarm  *safety.Alarm
	told   []told
	looks  []float64 // when the task was looked at
	down   bool      // the database does not answer
	broken bool      // what was decided cannot be written
	jobs   bool      // there are workers who come to each round
}

// unasked is what nobody asks of the two stores here.
type unasked interface {
	safety.Alarms
	safety.Checks
}

// told is an event or a push, with when it came about, in seconds.
type told struct {
	what string
	at   float64
}

// open sweeps every two seconds, over a task that begins in the first of them; its member is asked every 601 seconds and has 61.
func open(t *testing.T) (w *ward, stop func()) {
	w = &ward{
		T: t, began: time.Now(), jobs: true,
		law:  duty.Law{Policies: []duty.Policy{{Measure: duty.CheckEvery, Value: 601}, {Measure: duty.CheckGrace, Value: 61}}},
		task: safety.Task{ID: uuid.New(), Organ: duty.Organ{Path: station, Kind: duty.Station}, Working: []safety.Who{wang}},
	}
	w.service = safety.New(w, w, safety.Pace{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	run := w.service.Run(slog.New(slog.NewTextHandler(&w.log, nil)))
	go func() { defer close(done); run(ctx) }()
	w.until(1)
	w.set(func() { w.task.Started, w.task.Version = true, 1 })
	return w, func() {
		cancel()
		synctest.Wait()
		select {
		case <-done:
		default:
			t.Error("it sweeps after its end")
		}
	}
}

func (w *ward) until(seconds float64) {
	time.Sleep(time.Until(w.began.Add(time.Duration(seconds * float64(time.Second)))))
	synctest.Wait()
}

func (w *ward) set(what func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	what()
}

func (w *ward) tells(want ...told) {
	w.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.told, want) {
		w.Errorf("told %v, not %v", w.told, want)
	}
}

func (w *ward) tell(what string) {
	w.told = append(w.told, told{what, time.Since(w.began).Seconds()})
}

var errDown = errors.New("the database does not answer")

func (w *ward) DueWatches(context.Context, int) ([]uuid.UUID, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	switch {
	case w.down:
		return nil, errDown
	case w.task.Started && (w.watch.Version != w.task.Version || w.next == nil || !w.next.After(now)), !w.task.Started && w.next != nil:
		return []uuid.UUID{w.task.ID}, nil
	}
	return nil, nil
}

func (w *ward) LookAfter(
	_ context.Context, _ uuid.UUID, decide func(safety.Scene) (safety.Looked, error), raise func(safety.Press, safety.Moment) (safety.Decided, error),
) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks = append(w.looks, time.Since(w.began).Seconds())
	scene := safety.Scene{Now: time.Now(), Law: w.law, Task: w.task, Watch: w.watch, Alarms: map[uuid.UUID]safety.Alarm{}}
	if w.alarm != nil {
		scene.Alarms[wang.ID] = *w.alarm
	}
	looked, err := decide(scene)
	if err != nil || w.broken {
		return errors.Join(err, errDown)
	}
	w.watch, w.next = looked.Watch, looked.NextAt
	for _, e := range looked.Events {
		w.tell(e.Kind)
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
		w.tell(e.Kind)
	}
	for range d.Pushes {
		w.tell("push")
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
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keep(decide(w.moment()))
	return nil
}

func (w *ward) OverdueAlarms(_ context.Context, patience time.Duration) ([]safety.Alarm, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
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
		w.until(603.9)
		w.tells()
		w.set(func() {
			if want := []float64{2, 32, 62}; !slices.Equal(w.looks[:3], want) || len(w.looks) != 21 {
				t.Errorf("looked %d times, at %v", len(w.looks), w.looks) // twice a minute, for what changes without the task
			}
		})
		w.until(665.9)
		w.tells(told{"check.asked", 604})
		w.until(727.9)
		missed := []told{{"check.asked", 604}, {"check.asked", 666}, {"check.missed", 666}}
		w.tells(missed...)
		w.until(757.9)
		raised := append(missed, told{"check.missed", 728}, told{"check.escalated", 728}, told{"alarm.raised", 728}, told{"push", 728})
		w.tells(raised...)
		w.until(847.9)
		raised = append(raised, told{"alarm.unanswered", 758}, told{"push", 758}, told{"alarm.unanswered", 788}, told{"push", 788}, told{"alarm.unanswered", 818}, told{"push", 818})
		w.tells(raised...)
		w.until(877.9)
		w.tells(append(raised, told{"alarm.unanswered", 848}, told{"alarm.widened", 848}, told{"push", 848}, told{"push", 848})...)
		stop()
	})
}

// Whoever answers has the whole of the time again. Work that rests asks nobody.
func TestAnAnswerBeginsTheTimeAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, stop := open(t)
		w.until(664.9) // a second before it is missed
		w.set(func() {
			scene := safety.Scene{Now: time.Now(), Law: w.law, Task: w.task, Watch: w.watch}
			looked, err := w.service.SayOf(scene, duty.Actor{Person: wang.ID}, wang, safety.Replied{State: safety.Well, ObservedAt: time.Now()})
			if err != nil {
				t.Error(err)
			}
			w.watch, w.next = looked.Watch, looked.NextAt
		})
		w.until(1265.9)
		w.tells(told{"check.asked", 604})
		w.until(1266)
		w.tells(told{"check.asked", 604}, told{"check.asked", 1266})
		w.set(func() { w.task.Started, w.task.Version = false, 2 })
		w.until(5000)
		w.tells(told{"check.asked", 604}, told{"check.asked", 1266})
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
		w.until(600)
		w.set(func() { w.down = true })
		w.until(620.5)
		w.set(func() { w.down = false })
		w.until(683.5) // asked at 622, missed at 684
		w.tells(told{"check.asked", 622})
		w.until(684)
		w.tells(told{"check.asked", 622}, told{"check.asked", 684}, told{"check.missed", 684})
		w.until(700)
		w.set(func() {
			w.told, w.broken, w.jobs = nil, true, false
			w.keep(w.service.SettleOn(safety.Press{Kind: safety.SOS, Person: wang, Organ: w.task.Organ, RaisedAt: time.Now()}, w.moment()))
			w.task.Version = 2
		})
		w.until(740)
		w.tells(told{"alarm.raised", 700}, told{"push", 700}, told{"alarm.unanswered", 738}, told{"push", 738})
		stop()
		if n := strings.Count(w.log.String(), errDown.Error()); n != 10+20 { // and of a task that could not be written, at 702 to 740
			t.Errorf("logged %d times: %s", n, &w.log)
		}
	})
}

// A round to which no worker comes is taken over by the sweep once it is three sweeps late, each time.
func TestARoundThatNobodyComesToIsTakenOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w, stop := open(t)
		w.until(99.5)
		w.set(func() {
			w.jobs = false
			w.keep(w.service.SettleOn(safety.Press{Kind: safety.SOS, Person: wang, Organ: w.task.Organ, RaisedAt: time.Now()}, w.moment()))
		})
		w.until(135.9)
		w.tells(told{"alarm.raised", 99.5}, told{"push", 99.5})
		w.until(136)
		w.tells(told{"alarm.raised", 99.5}, told{"push", 99.5}, told{"alarm.unanswered", 136}, told{"push", 136})
		w.until(173.9) // due at 166, six seconds late at 172: not yet
		w.tells(told{"alarm.raised", 99.5}, told{"push", 99.5}, told{"alarm.unanswered", 136}, told{"push", 136})
		w.until(174)
		w.tells(told{"alarm.raised", 99.5}, told{"push", 99.5}, told{"alarm.unanswered", 136}, told{"push", 136}, told{"alarm.unanswered", 174}, told{"push", 174})
		stop()
	})
}
