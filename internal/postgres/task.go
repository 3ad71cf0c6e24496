package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
)

// lockTask is the first statement of a command that waits for anything: the order of a task's events is the order of its locks. It
// says as well that the law of the task's organ is asked for.
const lockTask = `SELECT doc, set_config('dutybound.law', at_and_above(path), true) FROM task WHERE id = $1 AND ` + claimed + ` FOR UPDATE`

func scanLocked(row pgx.CollectableRow) (t dispatch.Task, err error) {
	return t, row.Scan(&t, nil)
}

// Task implements dispatch.Store.
func (s *Store) Task(ctx context.Context, actor duty.Actor, id uuid.UUID) (view dispatch.View, err error) {
	err = s.read(ctx, sightOf(actor, duty.ViewTask, id), func(b *pgx.Batch) {
		one(b, &view.Task, pgx.RowTo[dispatch.Task], `SELECT doc FROM task WHERE id = $1`, id)
		each(b, &view.Observations, scanObservation, selectObservations, []uuid.UUID{})
		clock(b, &view.Now)
	})
	view.Observations = latest(view.Observations, id)
	return view, missing(err, fault.Missing("task"))
}

// Tasks implements dispatch.Store.
func (s *Store) Tasks(ctx context.Context, actor duty.Actor, filter dispatch.Filter) (tasks []dispatch.Task, err error) {
	sql, args := listTasks(actor.Person, filter)
	err = s.read(ctx, sightOf(actor, duty.ViewTask), func(b *pgx.Batch) {
		each(b, &tasks, pgx.RowTo[dispatch.Task], sql, args...)
	})
	return tasks, err
}

const onTask = `EXISTS (SELECT FROM task_person tp WHERE tp.task_id = t.id AND tp.person_id = $1 AND tp.part)`

func listTasks(me uuid.UUID, f dispatch.Filter) (sql string, args []any) {
	args = []any{me}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where := []string{onTask}
	if !f.Mine && len(f.Reach) > 0 {
		where[0] = `(t.path ^@ ANY (string_to_array(` + arg(scopeOf(f.Reach)) + `, ',', '')) OR ` + onTask + `)`
	}
	if f.State != "" {
		where = append(where, `t.state = `+arg(string(f.State)))
	}
	if f.Path != "" {
		where = append(where, `t.path ^@ `+arg(string(f.Path)))
	}
	if f.Before != nil {
		where = append(where, `t.id < `+arg(*f.Before))
	}
	sql = `SELECT t.doc FROM task t WHERE ` + strings.Join(where, " AND ") + ` ORDER BY t.id DESC LIMIT ` + arg(f.Limit)
	return sql, args
}

// History implements dispatch.Store. Like everybody, it shows events once they are numbered.
func (s *Store) History(ctx context.Context, actor duty.Actor, id uuid.UUID) (h dispatch.History, err error) {
	err = s.read(ctx, sightOf(actor, duty.ViewTask, id), func(b *pgx.Batch) {
		one(b, &h.Task, pgx.RowTo[dispatch.Task], `SELECT doc FROM task WHERE id = $1`, id)
		each(b, &h.Events, scanEvent, `SELECT `+eventColumns+` FROM event WHERE task_id = $1 AND seq IS NOT NULL ORDER BY seq`, id)
		each(b, &h.Rulings, scanRuling, `SELECT `+rulingColumns+` FROM ruling WHERE task_id = $1 ORDER BY decided_at, id`, id)
		each(b, &h.Observations, scanObservation, observationsOfTask, id)
	})
	return h, missing(err, fault.Missing("task"))
}

// observationsOfTask are those made for the task, and what was stated of its people for no task while it was open and they were
// there, those included who were sent away.
const observationsOfTask = `SELECT ` + observationColumns + ` FROM observation WHERE task_id = $1
	UNION ALL
	SELECT o.id, o.subject, o.task_id, o.fact, o.value, o.stated_by, o.device_id, o.source, o.observed_at, o.received_at
	FROM task t JOIN task_person tp ON tp.task_id = t.id AND (tp.part OR tp.left_at IS NOT NULL)
		JOIN observation o ON o.subject = tp.person_id AND o.task_id IS NULL
			AND o.received_at BETWEEN greatest(tp.joined_at, (t.doc ->> 'dispatched_at')::timestamptz)
				AND coalesce(tp.left_at, (t.doc ->> 'ended_at')::timestamptz, 'infinity')
	WHERE t.id = $1
	ORDER BY received_at, id`

const eventColumns = `seq, id, kind, path, task_id, version, actor, at, body, evidence`

func scanEvent(row pgx.CollectableRow) (e ledger.Event, err error) {
	var body string
	err = row.Scan(&e.Seq, &e.ID, &e.Kind, &e.Path, &e.Task, &e.Version, &e.Actor, &e.At, &body, &e.Evidence)
	e.Body = []byte(body)
	return e, err
}
