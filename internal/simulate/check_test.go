package simulate_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/simulate"
)

const (
	station = "500000000000/500103000000/500103550000/"
	city    = "500000000000/"
)

// world is a small simulation in which everything went well.
type world struct {
	e                        *simulate.Evidence
	r                        *simulate.Record
	task, officer, auxiliary uuid.UUID
	device                   uuid.UUID
}

var morning = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func quiet() *world {
	w := &world{task: uuid.New(), officer: uuid.New(), auxiliary: uuid.New(), device: uuid.New()}
	ruling, dispatch := uuid.New(), uuid.New()
	history := api.TaskHistory{Task: api.Task{ID: w.task, Version: 4}, Rulings: []api.RulingRecord{
		{At: morning, Epoch: 1, Command: "dispatch", Ruling: api.Ruling{ID: &dispatch, Lawful: true, Outcome: api.OutcomeConditional}},
		{At: morning.Add(time.Minute), Epoch: 1, Command: "start", Ruling: api.Ruling{ID: &ruling, Lawful: true, Outcome: api.OutcomePermitted}},
	}}
	for i, what := range []struct {
		kind  string
		actor uuid.UUID
		body  any
	}{
		{"task.dispatched", w.officer, map[string]any{"ruling": dispatch}},
		{"task.accepted", w.auxiliary, struct{}{}},
		{"task.started", w.auxiliary, map[string]any{"ruling": ruling}},
		{"lead.lost", w.officer, map[string]any{"officer": w.officer}},
	} {
		body, err := json.Marshal(what.body)
		if err != nil {
			panic(err)
		}
		version, seq := i+1, int64(i+11)
		history.Events = append(history.Events, api.Event{
			Kind: what.kind, Actor: what.actor, Body: body, Version: &version, Seq: seq, At: morning.Add(time.Minute), Path: station, Task: &w.task,
		})
	}
	w.r = &simulate.Record{
		Tasks: map[uuid.UUID]api.TaskHistory{w.task: history}, Patience: 10 * time.Second,
		Solo: []api.SoloEnforcement{{Task: w.task, Officer: w.officer}},
	}
	w.r.Findings = []api.OutboxFinding{
		{Device: w.device, Kind: api.OutboxFindingKindSkew, State: api.OutboxFindingStateOpen},
		{Device: uuid.New(), Kind: api.OutboxFindingKindFork, State: api.OutboxFindingStateOpen}, // of somebody else
	}
	w.e = &simulate.Evidence{
		Acked: []simulate.Acked{
			{Phone: "310121", Task: w.task, Kind: "task.dispatched", Actor: w.officer, Version: 1},
			{Phone: "FJ31021", Task: w.task, Kind: "task.accepted", Actor: w.auxiliary, Version: 2},
			{Phone: "FJ31021", Task: w.task, Kind: "task.started", Actor: w.auxiliary, Version: 3},
		},
		Repeats:  []simulate.Repeat{{Phone: "FJ31021", Kind: "task.accepted", Task: w.task, Again: w.task, First: 2, Later: 2}},
		OffDuty:  []simulate.OffDuty{{Phone: "FJ31021", Status: 409}, {Phone: "FJ31021", Status: 200}},
		Absences: []simulate.Absence{{Task: w.task, Officer: w.officer, From: morning, To: morning.Add(time.Minute)}},
		Records:  []simulate.Delivered{{Phone: "FJ31021", Device: w.device, N: 1, State: "applied", Status: 200}},
		Offline:  map[uuid.UUID]bool{w.device: true},
		Synced:   []simulate.Synced{{Phone: "FJ31021", Task: w.task, Version: 4}},
	}
	all := []simulate.Shown{{Seq: 10, Kind: "legal.approved", Path: city}}
	for _, event := range history.Events {
		all = append(all, simulate.Shown{Seq: event.Seq, Kind: event.Kind, Path: event.Path, Task: *event.Task})
	}
	w.e.Everything = simulate.Stream{Who: "the auditor's feed", Path: city, From: 9, Through: 14, Events: all}
	w.e.Wall = simulate.Stream{Who: "the wall's feed", Path: station, From: 9, Through: 14, Events: all[1:]}
	w.e.Mine = []simulate.Stream{{Who: "the feed of FJ31021", From: 10, Through: 14, Events: all[1:], Tasks: []uuid.UUID{w.task}}}
	return w
}

func (w *world) history(change func(*api.TaskHistory)) {
	h := w.r.Tasks[w.task]
	change(&h)
	w.r.Tasks[w.task] = h
}

func without[T any](list []T, i int) []T { return append(append([]T(nil), list[:i]...), list[i+1:]...) }

func TestNothingIsFoundWhereNothingIsWrong(t *testing.T) {
	t.Parallel()
	w := quiet()
	if found := simulate.Check(w.e, w.r); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

// TestEachPlantedViolationIsFound plants one thing at a time: the checker finds it, under its name, and nothing else but what follows.
func TestEachPlantedViolationIsFound(t *testing.T) {
	t.Parallel()
	for what, plant := range map[string]struct {
		breaks simulate.Invariant
		plant  func(*world)
	}{
		"an acknowledged command is not there": {simulate.CommandsOnce, func(w *world) {
			w.e.Acked = append(w.e.Acked, simulate.Acked{Phone: "FJ31021", Task: w.task, Kind: "task.finished", Actor: w.auxiliary})
		}},
		"a command was carried out twice": {simulate.CommandsOnce, func(w *world) {
			w.history(func(h *api.TaskHistory) {
				again, version := h.Events[1], 5
				again.Version = &version
				h.Events = append(h.Events, again)
			})
		}},
		"something was done that nobody asked for": {simulate.CommandsOnce, func(w *world) { w.e.Acked[1].Actor = w.officer }},
		"an answer from the future":                {simulate.CommandsOnce, func(w *world) { w.e.Acked[2].Version = 9 }},
		"the task of a command is not there":       {simulate.CommandsOnce, func(w *world) { w.e.Acked[0].Task = uuid.New() }},
		"a history with a hole": {simulate.CommandsOnce, func(w *world) {
			w.history(func(h *api.TaskHistory) { h.Events[3].Version = new(5) })
		}},
		"a retry with another answer": {simulate.CommandsOnce, func(w *world) { w.e.Repeats[0].Later = 3 }},

		"a gap in the numbers": {simulate.FeedWhole, func(w *world) { w.e.Everything.Events = without(w.e.Everything.Events, 0) }},
		"the last events never came": {simulate.FeedWhole, func(w *world) {
			w.e.Everything.Events = w.e.Everything.Events[:4]
			w.e.Everything.Through = 14
		}},
		"a gap on the wall": {simulate.FeedWhole, func(w *world) { w.e.Wall.Events = without(w.e.Wall.Events, 1) }},
		"a reorder on the wall": {simulate.FeedWhole, func(w *world) {
			swapped := append([]simulate.Shown(nil), w.e.Wall.Events...)
			swapped[1], swapped[2] = swapped[2], swapped[1]
			w.e.Wall.Events = swapped
		}},
		"an event twice":                     {simulate.FeedWhole, func(w *world) { w.e.Wall.Events = append(w.e.Wall.Events[:4:4], w.e.Wall.Events[3]) }},
		"the wall shows what it may not":     {simulate.FeedWhole, func(w *world) { w.e.Wall.Events = w.e.Everything.Events }},
		"a phone was not shown its own task": {simulate.FeedWhole, func(w *world) { w.e.Mine[0].Events = without(w.e.Mine[0].Events, 2) }},
		"a feed lost its place":              {simulate.FeedWhole, func(w *world) { w.e.Everything.Resets = 1 }},

		"a start on a refusal": {simulate.StartsLawful, func(w *world) {
			w.history(func(h *api.TaskHistory) {
				h.Rulings[1].Ruling.Lawful, h.Rulings[1].Ruling.Outcome = false, api.OutcomeUnmet
			})
		}},
		"a start on a ruling that went stale": {simulate.StartsLawful, func(w *world) {
			w.history(func(h *api.TaskHistory) {
				h.Rulings = append(h.Rulings, api.RulingRecord{At: morning.Add(time.Second), Epoch: 2})
			})
		}},
		"a start without a ruling": {simulate.StartsLawful, func(w *world) {
			w.history(func(h *api.TaskHistory) { h.Events[2].Body = json.RawMessage(`{}`) })
		}},
		"a start on a ruling that is not on record": {simulate.StartsLawful, func(w *world) {
			w.history(func(h *api.TaskHistory) { h.Rulings = h.Rulings[:1] })
		}},

		"a position was kept off duty": {simulate.NothingOff, func(w *world) { w.e.OffDuty[1].Kept = 1 }},

		"a phone stayed behind":          {simulate.PhonesInSync, func(w *world) { w.e.Synced[0].Version = 3 }},
		"a phone was not told of a task": {simulate.PhonesInSync, func(w *world) { w.e.Missing = w.e.Synced }},

		"a loss that is not on record": {simulate.LossesKnown, func(w *world) {
			w.history(func(h *api.TaskHistory) { h.Events[3].Kind = "lead.doubtful" })
		}},
		"a loss of somebody else": {simulate.LossesKnown, func(w *world) {
			w.history(func(h *api.TaskHistory) {
				h.Events[3].Body = json.RawMessage(fmt.Sprintf(`{"officer":%q}`, uuid.New()))
			})
		}},
		"a loss that is not listed": {simulate.LossesKnown, func(w *world) { w.r.Solo = nil }},

		"a record that waits":           {simulate.OutboxApplied, func(w *world) { w.e.Records[0].State = "stored" }},
		"a record that was refused":     {simulate.OutboxApplied, func(w *world) { w.e.Records[0].State = "refused" }},
		"a fork that nobody made":       {simulate.OutboxApplied, func(w *world) { w.r.Findings[0].Kind = api.OutboxFindingKindFork }},
		"a right clock is called wrong": {simulate.OutboxApplied, func(w *world) { w.e.Offline[w.device] = false }},
		"the server broke":              {simulate.NothingBroke, func(w *world) { w.e.Broken = 1 }},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := quiet()
			plant.plant(w)
			found := simulate.Check(w.e, w.r)
			if len(found) == 0 {
				t.Fatal("not found")
			}
			for _, v := range found {
				if v.Invariant != plant.breaks {
					t.Errorf("%s: %s", v.Invariant, v.What)
				}
			}
		})
	}
}

// A command that was never answered may have been carried out, once.
func TestACommandWithoutAnAnswerMayBeOnRecord(t *testing.T) {
	t.Parallel()
	w := quiet()
	w.e.Acked, w.e.Unsure = w.e.Acked[:2], w.e.Acked[2:]
	if found := simulate.Check(w.e, w.r); len(found) > 0 {
		t.Errorf("%+v", found)
	}
	w.e.Acked = w.e.Acked[:1]
	if found := simulate.Check(w.e, w.r); len(found) != 1 {
		t.Errorf("of two that are on record one was acknowledged, and nothing is known of the other: %+v", found)
	}
}

// A short absence proves nothing: the lead may be lost by then or not.
func TestAShortAbsenceProvesNothing(t *testing.T) {
	t.Parallel()
	w := quiet()
	w.e.Absences[0].To = morning.Add(5 * time.Second)
	w.r.Solo = nil
	if found := simulate.Check(w.e, w.r); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}
