package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/safety"
)

// AlarmKind is the kind of the jobs that bring an alarm before people once more.
const AlarmKind = "alarm"

const (
	findOpenAlarm = `SELECT doc FROM alarm WHERE person_id = $1 AND state <> 'closed' FOR UPDATE`
	findAlarm     = `SELECT doc FROM alarm WHERE id = $1 FOR UPDATE`
	// Two that are raised at the same moment are one.
	insertAlarm = `INSERT INTO alarm (id, doc, next_at) VALUES ($1, $2, $3) ON CONFLICT (person_id) WHERE state <> 'closed' DO NOTHING`
	updateAlarm = `UPDATE alarm SET doc = $2, next_at = $3 WHERE id = $1`
	// A job that is due later is available now: River fetches it when its time has come, without waiting for its scheduler.
	insertAlarmJob = `INSERT INTO river_job (args, kind, priority, max_attempts, scheduled_at)
		VALUES (jsonb_build_object('alarm', $1::uuid, 'round', $2::integer), $3, 1, $4, $5)`
)

// widen is for after the one who asks has been seen to: whoever helps is beyond their sight.
func widen(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, setSight, everything.settings()...)
	return err
}

// RaiseAlarm implements safety.Alarms. It sees everybody: whoever is in danger does not see those who can help.
func (s *Store) RaiseAlarm(ctx context.Context, call safety.Call, p safety.Press, decide func(safety.Moment) (safety.Decided, error)) (answer safety.AlarmAnswer, err error) {
	answer.Replay, err = s.once(ctx, call.Actor, call.Command, everything, &answer.Alarm, func(tx pgx.Tx) error {
		answer.Alarm, err = raiseAlarm(ctx, tx, p, func(_ safety.Press, m safety.Moment) (safety.Decided, error) { return decide(m) })
		return err
	})
	return answer, err
}

// raiseTries are more than enough: each fails only when an alarm of the person was made or closed at that very moment.
const raiseTries = 5

// raiseAlarm makes, merges or settles the open alarm of a person.
func raiseAlarm(ctx context.Context, tx pgx.Tx, p safety.Press, decide func(safety.Press, safety.Moment) (safety.Decided, error)) (safety.Alarm, error) {
	for range raiseTries {
		m, err := lookAroundFor(ctx, tx, &p)
		if err != nil {
			return safety.Alarm{}, err
		}
		d, err := decide(p, m)
		if err != nil {
			return safety.Alarm{}, err
		}
		kept, err := keepAlarm(ctx, tx, d, m.Alarm == nil)
		if err != nil || kept {
			return d.Alarm, err
		}
	}
	return safety.Alarm{}, unavailable.Because(fmt.Errorf("the alarm of %s is never found", p.Person.ID))
}

// lookAroundFor locks the open alarm of a person, if there is one, and reads who could help.
func lookAroundFor(ctx context.Context, tx pgx.Tx, p *safety.Press) (m safety.Moment, err error) {
	open, err := collectOne(ctx, tx, pgx.RowTo[safety.Alarm], findOpenAlarm, p.Person.ID)
	switch {
	case err == nil:
		m.Alarm = &open
	case !errors.Is(err, pgx.ErrNoRows):
		return m, err
	}
	b := &pgx.Batch{}
	one(b, &p.Organ, pgx.RowToStructByPos[duty.Organ],
		`SELECT o.id, o.code, o.name, o.kind, o.path FROM organ o JOIN person p ON p.organ_id = o.id WHERE p.id = $1`, p.Person.ID)
	b.Queue(alarmTask, p.Person.ID, p.Task).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if len(found) > 0 {
			m.Task = &found[0]
		}
		return err
	})
	clock(b, &m.Now)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return m, err
	}
	if m.Alarm == nil {
		m.Around, err = around(ctx, tx, p.Person.ID, p.Organ, m.Task)
	}
	return m, err
}

// alarmTask is the task that somebody says they are on, if they are, or else the one they are at work on.
const alarmTask = `SELECT t.id FROM task_person tp JOIN task t ON t.id = tp.task_id
	WHERE tp.person_id = $1 AND tp.part AND tp.open AND (t.id = $2 OR t.state IN ('started', 'paused'))
	ORDER BY (t.id = $2) IS TRUE DESC, t.state = 'started' DESC, t.id DESC LIMIT 1`

// onDutyFor is how long a statement that somebody is on duty stands, where they have no shift.
const onDutyFor = `interval '12 hours'`

const (
	// selectHelpers are the officers on duty below a path or in the organs above it: by their open shift or, where they have none, by
	// what was stated of them last.
	selectHelpers = `SELECT p.id, p.number, p.name, p.path, l.lat, l.lon, l.seen_at
		FROM person p
			LEFT JOIN shift s ON s.person_id = p.id AND s.ended_at IS NULL
			LEFT JOIN position_last l ON l.person_id = p.id AND l.shift_id = s.id AND NOT l.mock
		WHERE p.class = 'officer' AND p.status = 'active' AND p.id <> $1 AND (p.path ^@ $2 OR $2 ^@ p.path) AND (s.id IS NOT NULL OR (
			SELECT o.value FROM observation_now o WHERE o.subject = p.id AND o.fact = 'on_duty' AND o.received_at > clock_timestamp() - ` + onDutyFor + `
			ORDER BY o.received_at DESC LIMIT 1) = 'yes')
		ORDER BY p.number`
	selectBosses = `SELECT p.id, p.number, p.name, a.path FROM authority a JOIN person p ON p.id = a.person_id
		WHERE a.role = 'station_head' AND p.status = 'active' AND $1 ^@ a.path ORDER BY a.path DESC, p.number`
	selectUnit = `SELECT p.id, p.number, p.name FROM task_person tp JOIN person p ON p.id = tp.person_id
		WHERE tp.task_id = $1 AND p.status = 'active' AND (tp.part OR tp.left_at IS NULL) ORDER BY p.class = 'officer' DESC, p.number`
	selectSpot = `SELECT l.lat, l.lon, l.seen_at FROM position_last l JOIN shift s ON s.id = l.shift_id
		WHERE l.person_id = $1 AND s.ended_at IS NULL AND NOT l.mock`
)

// around reads who could be told of an alarm.
func around(ctx context.Context, tx pgx.Tx, person uuid.UUID, organ duty.Organ, task *uuid.UUID) (a safety.Around, err error) {
	b := &pgx.Batch{}
	each(b, &a.Officers, scanHelper, selectHelpers, person, string(safety.District(organ)))
	each(b, &a.Heads, pgx.RowToStructByPos[safety.Boss], selectBosses, string(organ.Path))
	each(b, &a.Unit, func(row pgx.CollectableRow) (h safety.Helper, err error) {
		h.Why = safety.Unit
		err = row.Scan(&h.Person, &h.Number, &h.Name)
		return h, err
	}, selectUnit, task)
	b.Queue(selectSpot, person).Query(func(rows pgx.Rows) error {
		spots, err := pgx.CollectRows(rows, pgx.RowToStructByPos[safety.Spot])
		if len(spots) > 0 {
			a.Here = &spots[0]
		}
		return err
	})
	return a, tx.SendBatch(ctx, b).Close()
}

func scanHelper(row pgx.CollectableRow) (o safety.Officer, err error) {
	var lat, lon *float64
	var at *time.Time
	if err = row.Scan(&o.Person, &o.Number, &o.Name, &o.Path, &lat, &lon, &at); err == nil && at != nil {
		o.Spot = &safety.Spot{Lat: *lat, Lon: *lon, At: *at}
	}
	return o, err
}

// keepAlarm writes what was decided of an alarm; false: another one was made for the person at the same moment, and nothing was kept.
func keepAlarm(ctx context.Context, tx pgx.Tx, d safety.Decided, made bool) (kept bool, err error) {
	doc, err := json.Marshal(d.Alarm)
	if err != nil {
		return false, fmt.Errorf("alarm: %w", err)
	}
	sql := updateAlarm
	if made {
		sql = insertAlarm
	}
	done, err := tx.Exec(ctx, sql, d.Alarm.ID, doc, d.Alarm.NextAt)
	if err != nil || done.RowsAffected() == 0 {
		return false, err
	}
	for _, e := range d.Events {
		if err := keepEvent(ctx, tx, e); err != nil {
			return false, err
		}
	}
	if d.Schedule {
		if _, err := tx.Exec(ctx, insertAlarmJob, d.Alarm.ID, d.Alarm.Round, AlarmKind, PushAttempts, d.Alarm.NextAt); err != nil {
			return false, err
		}
	}
	return true, keepPushes(ctx, tx, d.Pushes)
}

// ChangeAlarm implements safety.Alarms.
func (s *Store) ChangeAlarm(ctx context.Context, call safety.Call, id uuid.UUID, decide func(safety.Moment) (safety.Decided, error)) (answer safety.AlarmAnswer, err error) {
	answer.Replay, err = s.once(ctx, call.Actor, call.Command, sightOf(call.Actor, duty.ViewAlarm), &answer.Alarm, func(tx pgx.Tx) error {
		answer.Alarm, err = changeAlarm(ctx, tx, id, false, decide)
		return err
	})
	return answer, err
}

// NoteAlarm implements safety.Alarms.
func (s *Store) NoteAlarm(ctx context.Context, actor *duty.Actor, id uuid.UUID, decide func(safety.Moment) (safety.Decided, error)) error {
	as := everything
	if actor != nil {
		as = sightOf(*actor, duty.ViewAlarm)
	}
	return s.within(ctx, as, func(tx pgx.Tx) error {
		_, err := changeAlarm(ctx, tx, id, false, decide)
		return err
	})
}

// RepeatAlarm implements safety.Alarms.
func (s *Store) RepeatAlarm(ctx context.Context, id uuid.UUID, decide func(safety.Moment) (safety.Decided, error)) error {
	return s.within(ctx, everything, func(tx pgx.Tx) error {
		_, err := changeAlarm(ctx, tx, id, true, decide)
		return err
	})
}

// changeAlarm locks an alarm and writes what is decided of it; again has it look for others who could help.
func changeAlarm(ctx context.Context, tx pgx.Tx, id uuid.UUID, again bool, decide func(safety.Moment) (safety.Decided, error)) (safety.Alarm, error) {
	a, err := collectOne(ctx, tx, pgx.RowTo[safety.Alarm], findAlarm, id)
	if err != nil {
		return a, missing(err, fault.Missing("alarm"))
	}
	if err := widen(ctx, tx); err != nil {
		return a, err
	}
	m := safety.Moment{Alarm: &a, Task: a.Task}
	b := &pgx.Batch{}
	clock(b, &m.Now)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return a, err
	}
	if again {
		if m.Around, err = around(ctx, tx, a.Person.ID, a.Organ, a.Task); err != nil {
			return a, err
		}
	}
	d, err := decide(m)
	if err != nil {
		return a, err
	}
	_, err = keepAlarm(ctx, tx, d, false)
	return d.Alarm, err
}

// DeviceHolder implements safety.Alarms.
func (s *Store) DeviceHolder(ctx context.Context, device uuid.UUID) (person uuid.UUID, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		one(b, &person, pgx.RowTo[uuid.UUID], `SELECT person_id FROM device WHERE id = $1`, device)
	})
	return person, missing(err, fault.Missing("device"))
}

// Alarm implements safety.Alarms.
func (s *Store) Alarm(ctx context.Context, actor duty.Actor, id uuid.UUID) (a safety.Alarm, err error) {
	err = s.read(ctx, sightOf(actor, duty.ViewAlarm), func(b *pgx.Batch) {
		one(b, &a, pgx.RowTo[safety.Alarm], `SELECT doc FROM alarm WHERE id = $1`, id)
	})
	return a, missing(err, fault.Missing("alarm"))
}

// Alarms implements safety.Alarms.
func (s *Store) Alarms(ctx context.Context, actor duty.Actor, f safety.AlarmFilter) (alarms []safety.Alarm, err error) {
	args := []any{actor.Person, scopeOf(f.Reach)}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where := []string{`(a.person_id = $1 OR a.path ^@ ANY (string_to_array($2, ',', ''))
		OR a.doc -> 'recipients' @> jsonb_build_array(jsonb_build_object('person', $1::uuid)))`}
	if f.State != "" {
		where = append(where, `a.state = `+arg(string(f.State)))
	}
	if f.Path != "" {
		where = append(where, `a.path ^@ `+arg(string(f.Path)))
	}
	if f.Before != nil {
		where = append(where, `a.id < `+arg(*f.Before))
	}
	sql := `SELECT a.doc FROM alarm a WHERE ` + strings.Join(where, " AND ") + ` ORDER BY a.id DESC LIMIT ` + arg(f.Limit)
	err = s.read(ctx, sightOf(actor, duty.ViewAlarm), func(b *pgx.Batch) { each(b, &alarms, pgx.RowTo[safety.Alarm], sql, args...) })
	return alarms, err
}

// OverdueAlarms implements safety.Alarms.
func (s *Store) OverdueAlarms(ctx context.Context, patience time.Duration) (alarms []safety.Alarm, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &alarms, pgx.RowTo[safety.Alarm],
			`SELECT doc FROM alarm WHERE next_at < clock_timestamp() - $1::interval ORDER BY next_at LIMIT 100`, patience)
	})
	return alarms, err
}
