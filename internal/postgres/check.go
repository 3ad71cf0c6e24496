package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/safety"
)

const (
	// dueChecks are the tasks at work that have changed since they were looked at, or whose time has come; those at work that were never
	// looked at, where the organ or one above it has ever set a cadence; those whose work has stopped; and those of whoever is in danger.
	dueChecks = `SELECT t.id FROM task t JOIN task_check c ON c.task_id = t.id
			WHERE t.state = 'started' AND (c.version <> t.version OR c.next_at IS NULL OR c.next_at <= clock_timestamp())
		UNION
		SELECT t.id FROM task t
			WHERE t.state = 'started' AND NOT EXISTS (SELECT FROM task_check c WHERE c.task_id = t.id) AND EXISTS (
				SELECT FROM proposal p WHERE p.kind = 'policy' AND p.state = 'approved' AND p.subject ^@ $2 AND t.path ^@ p.path)
		UNION
		SELECT t.id FROM task_check c JOIN task t ON t.id = c.task_id WHERE c.next_at IS NOT NULL AND t.state <> 'started'
		UNION
		SELECT c.task_id FROM alarm a JOIN task_check c ON c.task_id = (a.doc ->> 'task')::uuid WHERE a.state <> 'closed' AND c.next_at IS NOT NULL
		LIMIT $1`
	lookTask  = `SELECT doc FROM task WHERE id = $1 FOR UPDATE SKIP LOCKED`
	holdTask  = `SELECT doc FROM task WHERE id = $1 FOR UPDATE`
	readTask  = `SELECT doc FROM task WHERE id = $1`
	readWatch = `SELECT doc FROM task_check WHERE task_id = $1`
	openAlarm = `SELECT doc FROM alarm WHERE person_id = ANY ($1) AND state <> 'closed'`
	keepWatch = `INSERT INTO task_check (task_id, doc, next_at) VALUES ($1, $2, $3)
		ON CONFLICT (task_id) DO UPDATE SET doc = excluded.doc, next_at = excluded.next_at`
)

// DueWatches implements safety.Checks.
func (s *Store) DueWatches(ctx context.Context, limit int) (tasks []uuid.UUID, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &tasks, pgx.RowTo[uuid.UUID], dueChecks, limit, string(duty.CheckEvery))
	})
	return tasks, err
}

type (
	decideCheck = func(safety.Scene) (safety.Looked, error)
	decidePress = func(safety.Press, safety.Moment) (safety.Decided, error)
)

// LookAfter implements safety.Checks. The task's lock keeps commands on it and other sweeps out; whoever was first, the second finds what
// the first has written.
func (s *Store) LookAfter(ctx context.Context, task uuid.UUID, decide decideCheck, raise decidePress) error {
	err := s.within(ctx, everything, func(tx pgx.Tx) error {
		scene, err := watched(ctx, tx, lookTask, task)
		if err != nil {
			return err
		}
		_, err = keepLooked(ctx, tx, scene, decide, raise)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // somebody is at it; the next sweep finds it
	}
	return err
}

// ChangeWatch implements safety.Checks.
func (s *Store) ChangeWatch(ctx context.Context, call safety.Call, task uuid.UUID, decide decideCheck, raise decidePress) (answer safety.CheckAnswer, err error) {
	answer.Replay, err = s.once(ctx, call.Actor, call.Command, sightOf(call.Actor, duty.ViewTask), &answer.View, func(tx pgx.Tx) error {
		looked, err := lookFor(ctx, tx, task, decide, raise)
		answer.View = looked.View
		return err
	})
	return answer, err
}

// OrderWatch implements safety.Checks.
func (s *Store) OrderWatch(ctx context.Context, actor duty.Actor, task uuid.UUID, decide decideCheck, raise decidePress) (looked safety.Looked, err error) {
	err = s.within(ctx, sightOf(actor, duty.ViewTask), func(tx pgx.Tx) error {
		looked, err = lookFor(ctx, tx, task, decide, raise)
		return err
	})
	return looked, err
}

// lookFor looks at a task that somebody sees.
func lookFor(ctx context.Context, tx pgx.Tx, task uuid.UUID, decide decideCheck, raise decidePress) (safety.Looked, error) {
	scene, err := watched(ctx, tx, holdTask, task)
	if err != nil {
		return safety.Looked{}, missing(err, fault.Missing("task"))
	}
	return keepLooked(ctx, tx, scene, decide, raise)
}

// WatchOf implements safety.Checks.
func (s *Store) WatchOf(ctx context.Context, actor duty.Actor, task uuid.UUID) (scene safety.Scene, err error) {
	err = s.within(ctx, sightOf(actor, duty.ViewTask), func(tx pgx.Tx) error {
		scene, err = watched(ctx, tx, readTask, task)
		return err
	})
	return scene, missing(err, fault.Missing("task"))
}

// watched reads a task, in the sight of whoever asks, and with the house's own what is kept of its members, after the lock was taken.
func watched(ctx context.Context, tx pgx.Tx, find string, id uuid.UUID) (scene safety.Scene, err error) {
	task, err := collectOne(ctx, tx, pgx.RowTo[dispatch.Task], find, id)
	if err != nil {
		return scene, err
	}
	as := everything
	as.law = scopeOf(task.Organ.Path.AndAbove())
	b := &pgx.Batch{}
	as.queue(b)
	b.Queue(readWatch, id).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowTo[safety.Watch])
		if len(found) == 1 {
			scene.Watch = found[0]
		}
		return err
	})
	scene.Task = taskWatched(&task)
	var alarms []safety.Alarm
	each(b, &alarms, pgx.RowTo[safety.Alarm], openAlarm, scene.Task.Part)
	var law inForce
	law.queue(b)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return scene, err
	}
	scene.Alarms = make(map[uuid.UUID]safety.Alarm, len(alarms))
	for _, a := range alarms {
		scene.Alarms[a.Person.ID] = a
	}
	scene.Now = law.now
	scene.Law, err = law.of(task.Organ.Path)
	return scene, err
}

func taskWatched(t *dispatch.Task) safety.Task {
	w := safety.Task{
		ID: t.ID, Organ: t.Organ, Started: t.State == dispatch.Started, Ended: !t.State.Open(), Version: t.Version, Acts: t.Acts,
		Part: []uuid.UUID{}, Dispatcher: t.DispatchedBy.Person,
	}
	for _, m := range t.Members {
		if m.State == dispatch.Accepted {
			w.Working = append(w.Working, safety.Who{ID: m.Person, Number: m.Number, Name: m.Name})
		}
		if m.State != dispatch.Removed {
			w.Part = append(w.Part, m.Person)
		}
	}
	for _, o := range t.Officers {
		w.Part = append(w.Part, o.Person)
	}
	if lead := t.Lead(); lead != nil {
		w.Lead = &lead.Person
	}
	return w
}

// keepLooked writes what was decided of a watch, and raises the alarms it asks for.
func keepLooked(ctx context.Context, tx pgx.Tx, scene safety.Scene, decide decideCheck, settle decidePress) (safety.Looked, error) {
	looked, err := decide(scene)
	if err != nil {
		return looked, err
	}
	doc, err := json.Marshal(looked.Watch)
	if err != nil {
		return looked, fmt.Errorf("watch: %w", err)
	}
	if _, err := tx.Exec(ctx, keepWatch, scene.Task.ID, doc, looked.NextAt); err != nil {
		return looked, err
	}
	for _, e := range looked.Events {
		if err := keepEvent(ctx, tx, e); err != nil {
			return looked, err
		}
	}
	if err := keepPushes(ctx, tx, looked.Pushes); err != nil {
		return looked, err
	}
	for _, p := range looked.Presses {
		if _, err := raiseAlarm(ctx, tx, p, settle); err != nil && !safety.Nothing(err) {
			return looked, err
		}
	}
	return looked, nil
}
