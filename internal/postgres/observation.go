package postgres

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
)

const observationColumns = `id, subject, task_id, fact, value, stated_by, device_id, source, observed_at, received_at`

func scanObservation(row pgx.CollectableRow) (o duty.Observation, err error) {
	err = row.Scan(&o.ID, &o.Subject, &o.Task, &o.Fact, &o.Value, &o.By, &o.Device, &o.Source, &o.ObservedAt, &o.ReceivedAt)
	return o, err
}

// selectObservations reads what stands about the people named and everybody on the tasks in sight: on one of those, or on none.
const selectObservations = `SELECT ` + observationColumns + ` FROM observation_now
	WHERE subject IN (SELECT unnest($1::uuid[]) UNION SELECT tp.person_id FROM task_person tp WHERE tp.task_id = ANY (the_tasks()) AND tp.part)
		AND (task_id IS NULL OR task_id = ANY (the_tasks()))
	ORDER BY received_at, id`

// selectThen is the same as it stood at a moment, also by what has come late.
const selectThen = `SELECT * FROM (
	SELECT DISTINCT ON (subject, fact, stated_by, task_id) id, subject, task_id, fact, value, stated_by, device_id, source, observed_at,
		coalesce(happened_to, received_at) AS received_at FROM observation
	WHERE subject IN (SELECT unnest($1::uuid[]) UNION SELECT tp.person_id FROM task_person tp WHERE tp.task_id = ANY (the_tasks()) AND tp.part)
		AND (task_id IS NULL OR task_id = ANY (the_tasks())) AND coalesce(happened_to, received_at) <= $2
	ORDER BY subject, fact, stated_by, task_id, coalesce(happened_to, received_at) DESC, id DESC) AS o ORDER BY received_at, id`

const insertObservation = `INSERT INTO observation
	(id, subject, path, task_id, fact, value, stated_by, device_id, source, observed_at, received_at, event_id, happened_to)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`

// Of two that were received together the one with the later id was stated later.
const upsertObservationNow = `INSERT INTO observation_now
	(id, subject, path, task_id, fact, value, stated_by, device_id, source, observed_at, received_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
	ON CONFLICT (subject, fact, stated_by, task_id) DO UPDATE
	SET id = excluded.id, path = excluded.path, value = excluded.value, device_id = excluded.device_id, source = excluded.source,
		observed_at = excluded.observed_at, received_at = excluded.received_at
	WHERE (observation_now.received_at, observation_now.id) < (excluded.received_at, excluded.id)`

// queueObservation keeps what was observed. What was recorded without network counts as of its own time: what has been said since stands.
func queueObservation(b *pgx.Batch, o duty.Observation, path duty.Path, event *uuid.UUID, made *duty.Interval) {
	stated := []any{o.ID, o.Subject, path, o.Task, o.Fact, o.Value, o.By, o.Device, o.Source, o.ObservedAt}
	var by *time.Time
	if made != nil {
		by = &made.To
	}
	b.Queue(insertObservation, append(stated[:len(stated):len(stated)], o.ReceivedAt, event, by)...)
	if !o.Moot {
		b.Queue(upsertObservationNow, append(stated, o.StatedBy(made))...)
	}
}

func addObservation(e *ledger.Evidence, o duty.Observation) {
	e.Add("observation", o.ID, o.Subject, o.Task, o.Fact, o.Value, o.By, o.Device, o.Source, o.ObservedAt, o.ReceivedAt)
}

// latest keeps the newest of each (subject, fact, witness) that counts for a task, oldest first; all is in order of receipt.
func latest(all []duty.Observation, task uuid.UUID) []duty.Observation {
	type question struct {
		subject uuid.UUID
		fact    string
		by      uuid.UUID
	}
	kept := make([]duty.Observation, 0, len(all))
	answered := make(map[question]bool, len(all))
	for i := len(all) - 1; i >= 0; i-- {
		o := all[i]
		if o.Task != nil && *o.Task != task {
			continue
		}
		q := question{o.Subject, o.Fact, o.By}
		if !answered[q] {
			answered[q] = true
			kept = append(kept, o)
		}
	}
	slices.Reverse(kept)
	return kept
}
