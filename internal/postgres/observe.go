package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
)

// concerned are the tasks that observations speak of, by name or because somebody they are about is at work on them.
const (
	concerned = ` FROM task t WHERE ` + claimed + ` AND t.id IN (
		SELECT unnest($1::uuid[]) UNION
		SELECT tp.task_id FROM task_person tp WHERE tp.person_id = ANY ($2::uuid[]) AND tp.part AND tp.open)`
	lockConcerned = `SELECT t.doc` + concerned + ` ORDER BY t.id FOR UPDATE`
	// testifying lets those who were sent away speak of the tasks they were on.
	testifying = `SELECT set_config('dutybound.testifying', 'true', true)`
	// seeConcerned lets the rest of the transaction see everybody on those tasks, and the law of their organs.
	seeConcerned = `SELECT set_config('dutybound.tasks', coalesce(string_agg(t.id::text, ','), ''), true),
		set_config('dutybound.law', coalesce(string_agg(at_and_above(t.path), ','), ''), true)` + concerned
)

// Observe implements dispatch.Store.
func (s *Store) Observe(ctx context.Context, call dispatch.Call, seen []duty.Observation, decide func(dispatch.Snapshot) (dispatch.Decision, error)) (observed dispatch.Observed, err error) {
	c := claiming(call)
	var at scene
	named, subjects := about(seen)
	err = s.twice(ctx, func(b *pgx.Batch) {
		sightOf(call.Actor, duty.ViewTask).queueDeciding(b)
		b.Queue(testifying)
		c.queue(b)
		each(b, &at.tasks, pgx.RowTo[dispatch.Task], lockConcerned, named, subjects)
		b.Queue(seeConcerned, named, subjects)
		at.queue(b, subjects, uuid.Nil)
		at.queueThen(b, call, subjects)
		c.queueLast(b)
	}, func() (*pgx.Batch, error) {
		if err := c.check(); err != nil || c.before != nil {
			return nil, err
		}
		was := make([]earlier, len(at.tasks))
		for i := range at.tasks {
			was[i] = asItWas(at.tasks[i])
		}
		decided, err := at.consequences(named, seen, decide)
		if err != nil {
			return nil, err
		}
		observed = dispatch.Observed{ReceivedAt: at.now, Tasks: weighed(at.tasks, seen)}
		return at.writingObserved(call, was, decided, seen, observed)
	})
	switch {
	case err != nil:
		return dispatch.Observed{}, err
	case c.before != nil:
		return observedBefore(c)
	}
	s.tellCommitted()
	return observed, nil
}

func about(seen []duty.Observation) (tasks, subjects []uuid.UUID) {
	tasks, subjects = []uuid.UUID{}, []uuid.UUID{}
	for _, o := range seen {
		subjects = append(subjects, o.Subject)
		if o.Task != nil {
			tasks = append(tasks, *o.Task)
		}
	}
	return tasks, subjects
}

// weighed are the tasks that something observed counts for: the one it names, or every open task of its subject.
func weighed(tasks []dispatch.Task, seen []duty.Observation) []uuid.UUID {
	ids := []uuid.UUID{}
	for i := range tasks {
		t := &tasks[i]
		if slices.ContainsFunc(seen, func(o duty.Observation) bool {
			return o.Task != nil && *o.Task == t.ID || o.Task == nil && t.Part(o.Subject)
		}) {
			ids = append(ids, t.ID)
		}
	}
	return ids
}

// consequences decides each task in turn. decide completes seen in place.
func (s *scene) consequences(named []uuid.UUID, seen []duty.Observation, decide func(dispatch.Snapshot) (dispatch.Decision, error)) ([]dispatch.Decision, error) {
	found := make(map[uuid.UUID]bool, len(s.tasks))
	for i := range s.tasks {
		found[s.tasks[i].ID] = true
	}
	for _, id := range named {
		if !found[id] {
			return nil, fault.Missing("task")
		}
	}
	decided := make([]dispatch.Decision, 0, len(s.tasks))
	for _, task := range s.tasks {
		snap, err := s.snapshot(task, task.Organ.Path)
		if err != nil {
			return nil, err
		}
		d, err := decide(snap)
		if err != nil {
			return nil, err
		}
		decided = append(decided, d)
	}
	for i := range seen {
		seen[i].ReceivedAt = s.now
	}
	return decided, nil
}

// writingObserved queues the consequences; the first that is an event covers what was observed.
func (s *scene) writingObserved(call dispatch.Call, was []earlier, decided []dispatch.Decision, seen []duty.Observation, observed dispatch.Observed) (*pgx.Batch, error) {
	b := &pgx.Batch{}
	rest := seen
	for i, d := range decided {
		with := d.Observations
		if len(d.Events) > 0 {
			with, rest = append(with, rest...), nil
		}
		if _, err := s.leave(b, call.Actor, was[i], d, with); err != nil {
			return nil, err
		}
	}
	for _, o := range rest {
		queueObservation(b, o, s.organOf(o.Subject, call.Actor), nil, s.made)
	}
	if err := s.keep(b, call, nil, keptObserved{observed.ReceivedAt, observed.Tasks}); err != nil {
		return nil, err
	}
	return b, nil
}

// keptObserved is the answer that is stored with the command.
type keptObserved struct {
	ReceivedAt time.Time
	Tasks      []uuid.UUID
}

func observedBefore(c *claim) (dispatch.Observed, error) {
	var kept keptObserved
	if err := json.Unmarshal(c.before.Answer, &kept); err != nil {
		return dispatch.Observed{}, fmt.Errorf("stored answer of command %s: %w", c.ID, err)
	}
	return dispatch.Observed{ReceivedAt: kept.ReceivedAt, Tasks: kept.Tasks, Replay: true}, nil
}
