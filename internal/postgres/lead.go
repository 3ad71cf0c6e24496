package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/legal"
)

// Watched implements dispatch.Watching.
func (s *Store) Watched(ctx context.Context) (now time.Time, list []dispatch.Watched, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		clock(b, &now)
		each(b, &list, pgx.RowToStructByPos[dispatch.Watched], `SELECT id, version FROM task WHERE watched`)
	})
	return now, list, err
}

// Watch implements dispatch.Watching.
func (s *Store) Watch(ctx context.Context, ids []uuid.UUID) ([]dispatch.WatchedTask, error) {
	var tasks []dispatch.Task
	var words []duty.Observation
	var good []goodUntil
	err := s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &tasks, pgx.RowTo[dispatch.Task], `SELECT doc FROM task WHERE watched AND id = ANY ($1)`, ids)
		each(b, &words, scanObservation, `SELECT `+observationColumns+` FROM observation_now
			WHERE fact = 'presence' AND task_id = ANY ($1) ORDER BY received_at, id`, ids)
		each(b, &good, pgx.RowToStructByPos[goodUntil], `SELECT task_id, good FROM lead_watch WHERE task_id = ANY ($1)`, ids)
	})
	said := map[uuid.UUID][]duty.Observation{}
	for _, o := range words {
		said[*o.Task] = append(said[*o.Task], o)
	}
	watched := make([]dispatch.WatchedTask, len(tasks))
	for i, t := range tasks {
		watched[i] = dispatch.WatchedTask{Task: t, Words: said[t.ID], Good: goodOf(good, t.ID)}
	}
	return watched, err
}

// selectSeen reads who was seen, came on duty or went off duty since a moment.
const selectSeen = `SELECT s.person_id, coalesce(s.unit, ''), coalesce(s.facility, ''), p.lat, p.lon, p.accuracy_m, p.seen_at, p.mock, s.ended_at
	FROM shift s LEFT JOIN position_last p USING (person_id)
	WHERE s.ended_at IS NULL AND ($1::timestamptz IS NULL OR s.started_at >= $1 OR p.received_at >= $1) OR s.ended_at >= $1
	ORDER BY s.started_at`

// Seen implements dispatch.Watching.
func (s *Store) Seen(ctx context.Context, since time.Time) (people []accompany.Person, err error) {
	var from *time.Time
	if !since.IsZero() {
		from = &since
	}
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &people, scanSeen, selectSeen, from)
	})
	return people, err
}

func scanSeen(row pgx.CollectableRow) (p accompany.Person, err error) {
	var shift accompany.Shift
	var lat, lon *float64
	var accuracy *float32
	var at, ended *time.Time
	var mock *bool
	if err := row.Scan(&p.ID, &shift.Unit, &shift.Facility, &lat, &lon, &accuracy, &at, &mock, &ended); err != nil || ended != nil {
		return p, err
	}
	p.Shift = &shift
	if lat != nil {
		p.Position = &accompany.Position{Point: duty.Point{Lat: *lat, Lon: *lon}, Accuracy: float64(*accuracy), SeenAt: *at, Mock: *mock}
	}
	return p, nil
}

// Measures implements dispatch.Watching.
func (s *Store) Measures(ctx context.Context) (func(duty.Path) duty.Law, error) {
	var settings []legal.Setting
	err := s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &settings, pgx.RowToStructByPos[legal.Setting], `
			SELECT DISTINCT ON (path, kind, subject) path, kind, subject, value::json FROM proposal
			WHERE state = 'approved' AND in_force_from <= clock_timestamp()
			ORDER BY path, kind, subject, in_force_from DESC, decided_at DESC`)
	})
	return func(path duty.Path) duty.Law {
		of, err := legal.LawOf(settings, path)
		if err != nil {
			return duty.Law{} // what cannot be read is as it is unless an organ says so
		}
		return of
	}, err
}

// KeepGood implements dispatch.Watching.
func (s *Store) KeepGood(ctx context.Context, good map[uuid.UUID]dispatch.Good) error {
	var tasks, officers []uuid.UUID
	var until []time.Time
	for task, g := range good {
		tasks, officers, until = append(tasks, task), append(officers, g.Officer), append(until, g.Until)
	}
	return s.write(ctx, everything, func(b *pgx.Batch) {
		b.Queue(`INSERT INTO lead_watch (task_id, good) SELECT g.task, g.until
			FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS g (task, officer, until)
				JOIN task t ON t.id = g.task AND t.doc -> 'accompaniment' ->> 'officer' = g.officer::text
			ON CONFLICT (task_id) DO UPDATE SET good = greatest(lead_watch.good, excluded.good)`, tasks, officers, until)
	})
}

// Alone implements dispatch.Store.
func (s *Store) Alone(ctx context.Context, actor duty.Actor, f dispatch.SoloFilter, limit int) (tasks []dispatch.Task, now time.Time, err error) {
	err = s.read(ctx, sightOf(actor, duty.ReadHistory), func(b *pgx.Batch) {
		clock(b, &now)
		each(b, &tasks, pgx.RowTo[dispatch.Task], `SELECT doc FROM task
			WHERE alone_in(doc) AND path ^@ ANY (string_to_array($1, ',', '')) AND path ^@ $2 ORDER BY id DESC LIMIT $3`,
			scopeOf(f.Reach), string(f.Path), limit)
	})
	return tasks, now, err
}
