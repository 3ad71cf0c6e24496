package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/shift"
)

// keepPoints stores the points of people who are on duty, each since their check-in, and answers for each whom of them it was. The
// share lock has a check-out wait for it, or makes it see that there was one: no point is kept off duty. In one statement: there is
// no moment at which the points are there and the last of them is not.
const keepPoints = `
	WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS at),
	on_duty AS MATERIALIZED (
		SELECT s.id, s.person_id, s.path, s.started_at
		FROM shift s WHERE s.person_id = ANY ($1) AND s.ended_at IS NULL ORDER BY s.person_id FOR SHARE OF s
	),
	worked AS MATERIALIZED (
		SELECT w.person_id, w.task_id, w.until, (t.doc ->> 'started_at')::timestamptz AS since, coalesce((t.doc ->> 'ended_at')::timestamptz, 'infinity') AS ended
		FROM on_duty s CROSS JOIN LATERAL (
			(SELECT tp.person_id, tp.task_id, tp.left_at AS until FROM task_person tp WHERE tp.person_id = s.person_id AND tp.part AND tp.open
				ORDER BY tp.task_id DESC LIMIT 20)
			UNION
			(SELECT tp.person_id, tp.task_id, tp.left_at FROM task_person tp WHERE tp.person_id = s.person_id ORDER BY tp.task_id DESC LIMIT 3)
		) w JOIN task t ON t.id = w.task_id WHERE t.doc ? 'started_at' AND t.state <> 'paused'
	),
	good AS MATERIALIZED (
		SELECT s.id AS shift_id, s.person_id, s.path, (
				SELECT w.task_id FROM worked w WHERE w.person_id = s.person_id AND seen.at BETWEEN w.since AND least(w.ended, w.until)
				ORDER BY w.since DESC LIMIT 1) AS task_id,
			p.captured_at + make_interval(days => off.days) AS captured_at, off.days AS days_off, clock.at AS received_at, p.lat, p.lon, p.datum, p.given_lat, p.given_lon, p.accuracy_m, p.mock, seen.at AS seen_at
		FROM unnest($2::uuid[], $3::timestamptz[], $4::float8[], $5::float8[], $6::text[], $7::float8[], $8::float8[], $9::float4[], $10::boolean[],
					$12::interval[])
				AS p (person_id, captured_at, lat, lon, datum, given_lat, given_lon, accuracy_m, mock, age)
			JOIN on_duty s ON s.person_id = p.person_id CROSS JOIN clock
			CROSS JOIN LATERAL (SELECT coalesce(clock.at - p.age, p.captured_at)) AS seen (at)
			CROSS JOIN LATERAL (SELECT round(extract(epoch FROM seen.at - p.captured_at) / 86400)::integer) AS off (days)
		WHERE seen.at >= s.started_at AND seen.at <= clock.at + $11::interval
	),
	kept AS (
		INSERT INTO position (person_id, captured_at, days_off, seen_at, received_at, path, shift_id, task_id, lat, lon, datum, given_lat, given_lon, accuracy_m, mock)
		SELECT person_id, captured_at, days_off, seen_at, received_at, path, shift_id, task_id, lat, lon, datum, given_lat, given_lon, accuracy_m, mock FROM good
		ON CONFLICT DO NOTHING
	),
	newest AS (
		INSERT INTO position_last (person_id, path, shift_id, lat, lon, accuracy_m, mock, captured_at, received_at, seen_at)
		SELECT DISTINCT ON (person_id) person_id, path, shift_id, lat, lon, accuracy_m, mock, captured_at, received_at, least(seen_at, received_at)
		FROM good ORDER BY person_id, seen_at DESC
		ON CONFLICT (person_id) DO UPDATE SET path = excluded.path, shift_id = excluded.shift_id, lat = excluded.lat, lon = excluded.lon,
			accuracy_m = excluded.accuracy_m, mock = excluded.mock, captured_at = excluded.captured_at, received_at = excluded.received_at,
			seen_at = excluded.seen_at
		WHERE position_last.seen_at < excluded.seen_at
	)
	SELECT s.person_id, s.started_at, clock.at + $11::interval FROM on_duty s CROSS JOIN clock`

// batch is one phone's points.
type batch struct {
	person uuid.UUID
	points []shift.Point
}

// Keep implements shift.Positions. When the context ends first nobody knows whether the points are kept; sent again they are kept once.
func (s *Store) Keep(ctx context.Context, person uuid.UUID, points []shift.Point) (shift.Window, error) {
	return s.points.one(ctx, batch{person, points})
}

// pointColumns are the points of several people, column by column.
type pointColumns struct {
	people                       []uuid.UUID
	person                       []uuid.UUID
	captured                     []time.Time
	lat, lon, givenLat, givenLon []float64
	datum                        []string
	accuracy                     []float32
	mock                         []bool
	age                          []*time.Duration
}

func (c *pointColumns) add(person uuid.UUID, points []shift.Point) {
	c.people = append(c.people, person)
	for _, p := range points {
		at := p.Point()
		c.person, c.captured = append(c.person, person), append(c.captured, p.CapturedAt)
		c.lat, c.lon = append(c.lat, at.Lat), append(c.lon, at.Lon)
		c.datum, c.givenLat, c.givenLon = append(c.datum, string(p.Datum)), append(c.givenLat, p.Lat), append(c.givenLon, p.Lon)
		c.accuracy, c.mock, c.age = append(c.accuracy, float32(p.Accuracy)), append(c.mock, p.Mock), append(c.age, p.Age)
	}
}

// keepPoints writes in one round trip and one flush, and answers the window of each person on duty.
func (s *Store) keepPoints(ctx context.Context, batches []batch) ([]shift.Window, error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, failure(err)
	}
	defer release(ctx, conn)
	var c pointColumns
	for _, b := range batches {
		c.add(b.person, b.points)
	}
	on := make(map[uuid.UUID]shift.Window, len(batches))
	b := &pgx.Batch{}
	everything.queue(b)
	b.Queue(keepPoints, c.people, c.person, c.captured, c.lat, c.lon, c.datum, c.givenLat, c.givenLon, c.accuracy, c.mock, shift.ClockSlack, c.age).
		Query(func(rows pgx.Rows) error {
			var person uuid.UUID
			var w shift.Window
			_, err := pgx.ForEachRow(rows, []any{&person, &w.From, &w.To}, func() error {
				on[person] = w
				return nil
			})
			return err
		})
	err = surely(conn.Conn(), func() error { return conn.SendBatch(ctx, b).Close() })
	windows := make([]shift.Window, len(batches))
	for i := range batches {
		windows[i] = on[batches[i].person]
	}
	return windows, s.noteWritten(failure(err))
}

// Turn implements shift.Positions.
func (s *Store) Turn(ctx context.Context, days int) (dropped int, err error) {
	err = s.write(ctx, everything, func(b *pgx.Batch) {
		one(b, &dropped, pgx.RowTo[int], `SELECT turn_positions(now(), $1)`, days)
	})
	return dropped, err
}

// Hold implements shift.Holds. Whoever holds it twice has held it.
func (s *Store) Hold(ctx context.Context, call shift.Call, task uuid.UUID, decide func(duty.Path, time.Time) (shift.Hold, ledger.Event, error)) (hold shift.Hold, replay bool, err error) {
	replay, err = s.once(ctx, call.Actor, call.Command, sightOf(call.Actor, duty.HoldRecord), &hold, func(tx pgx.Tx) error {
		path, err := collectOne(ctx, tx, pgx.RowTo[duty.Path], `SELECT path FROM task WHERE id = $1`, task)
		if err != nil {
			return missing(err, fault.Missing("task"))
		}
		var now time.Time
		b := &pgx.Batch{}
		clock(b, &now)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		h, e, err := decide(path, now)
		if err != nil {
			return err
		}
		hold = h
		b = &pgx.Batch{}
		b.Queue(`INSERT INTO legal_hold (task_id, path, reason, by, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`, h.Task, h.Path, h.Reason, h.By, h.At)
		queueEvent(b, e)
		return tx.SendBatch(ctx, b).Close()
	})
	return hold, replay, err
}

// Nearby implements shift.Positions. Whether an officer leads elsewhere shows only in the actor's sight; that they are busy always.
func (s *Store) Nearby(ctx context.Context, actor duty.Actor, near duty.Point, fresh time.Duration, limit int) (found []shift.Near, err error) {
	err = s.read(ctx, sightOf(actor, duty.FindOfficers), func(b *pgx.Batch) {
		each(b, &found, scanNear, `
			SELECT p.id, p.number, p.name, o.id, o.code, o.name, o.kind, o.path, coalesce(s.unit, ''), l.metres, l.accuracy_m,
				clock_timestamp() - l.seen_at,
				(SELECT count(*) FROM task_person tp JOIN task t ON t.id = tp.task_id WHERE tp.person_id = p.id AND tp.part AND tp.open
					AND t.doc -> 'officers' @> jsonb_build_array(jsonb_build_object('person', p.id, 'lead', true))),
				(SELECT count(*) FROM task_person tp WHERE tp.person_id = p.id AND tp.part AND tp.open)
			FROM (
				SELECT *, 2 * 6371008.8 * asin(least(1, sqrt(sin(radians(lat - $1) / 2) ^ 2
					+ cos(radians(lat)) * cos(radians($1)) * sin(radians(lon - $2) / 2) ^ 2))) AS metres
				FROM position_last WHERE seen_at > clock_timestamp() - $3::interval AND NOT mock
			) AS l JOIN shift s ON s.id = l.shift_id AND s.ended_at IS NULL
				JOIN person p ON p.id = l.person_id AND p.class = 'officer' AND p.status = 'active'
				JOIN organ o ON o.id = p.organ_id
			WHERE l.path ^@ ANY (string_to_array($4, ',', '')) AND p.id <> $5
			ORDER BY l.metres LIMIT $6`, near.Lat, near.Lon, fresh, scopeOf(actor.Reach(duty.FindOfficers)), actor.Person, limit)
	})
	return found, err
}

func scanNear(row pgx.CollectableRow) (n shift.Near, err error) {
	err = row.Scan(&n.Person, &n.Number, &n.Name, &n.Organ.ID, &n.Organ.Code, &n.Organ.Name, &n.Organ.Kind, &n.Organ.Path, &n.Unit,
		&n.Metres, &n.Accuracy, &n.Age, &n.Leads, &n.Tasks)
	return n, err
}

// Scene implements shift.Positions.
func (s *Store) Scene(ctx context.Context, actor duty.Actor, task *uuid.UUID) (scene shift.TaskScene, err error) {
	path := actor.Organ.Path
	var tasks []dispatch.Task
	var found inForce
	as := sightOf(actor, duty.ViewTask)
	as.law = scopeOf(path.AndAbove())
	err = s.read(ctx, as, func(b *pgx.Batch) {
		if task != nil {
			each(b, &tasks, pgx.RowTo[dispatch.Task], `SELECT doc FROM task WHERE id = $1`, task)
			b.Queue(`SELECT set_config('dutybound.law', at_and_above(path), true) FROM task WHERE id = $1`, task)
		}
		found.queue(b)
	})
	if err != nil {
		return scene, err
	}
	if task != nil {
		if len(tasks) == 0 {
			return scene, fault.Missing("task")
		}
		path, scene.Place, scene.Acts = tasks[0].Organ.Path, tasks[0].Place, tasks[0].Acts
	}
	scene.Law, err = found.of(path)
	return scene, err
}
