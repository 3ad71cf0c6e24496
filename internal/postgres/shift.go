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
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/shift"
)

const (
	// lockPerson keeps whoever checks in as they are, and has a message to them wait that is on its way (see HoldPush).
	lockPerson = `SELECT FROM person WHERE id = $1 FOR NO KEY UPDATE`
	// whoever is locked last sees what the others have left
	lockOpenShift = `SELECT doc FROM shift WHERE person_id = $1 AND ended_at IS NULL FOR UPDATE`
	lockShift     = `SELECT doc FROM shift WHERE id = $1 AND ended_at IS NULL FOR UPDATE`
	recentShifts  = `SELECT started_at, ended_at FROM shift
		WHERE person_id = $1 AND (ended_at IS NULL OR ended_at > now() - interval '8 days') ORDER BY started_at`
	openTasks   = `SELECT task_id FROM task_person WHERE person_id = $1 AND part AND open ORDER BY task_id`
	plansToCome = `SELECT p.doc FROM shift_plan p JOIN shift_plan_person pp ON pp.plan_id = p.id
		WHERE pp.person_id = $1 AND pp.part AND NOT p.cancelled AND p.ends_at > now() AND p.starts_at < now() + interval '1 day'
		ORDER BY p.starts_at, p.id`
	ordersNow = `SELECT id, person_id, path, approver, reason, valid_from, valid_to, given_at FROM plain_clothes_order
		WHERE person_id = $1 AND clock_timestamp() >= valid_from AND clock_timestamp() < valid_to ORDER BY valid_to DESC`
	insertShift  = `INSERT INTO shift (id, doc, started_at) VALUES ($1, $2, $3)`
	endShift     = `UPDATE shift SET doc = $2, ended_at = $3 WHERE id = $1`
	forgetPlace  = `DELETE FROM position_last WHERE person_id = $1`
	lawOfAPerson = `SELECT set_config('dutybound.law', at_and_above(path), true) FROM person WHERE id = $1`
)

// ownOrgan is the sight of somebody who does what concerns themselves in their organ: the events of it are the organ's.
func ownOrgan(a duty.Actor) sight {
	return sight{scope: string(a.Organ.Employs()), person: a.Person.String(), law: scopeOf(a.Organ.Path.AndAbove())}
}

// arrival is what a check-in finds.
type arrival struct {
	inForce
	people []duty.Person
	open   []shift.Shift
	recent []shift.Stretch
	plans  []shift.Plan
	orders []shift.Order
	tasks  []uuid.UUID
}

func (a *arrival) queue(b *pgx.Batch, person uuid.UUID) {
	b.Queue(lockPerson, person)
	each(b, &a.people, scanPerson, selectPerson+`p.id = $1`, person)
	each(b, &a.open, pgx.RowTo[shift.Shift], lockOpenShift, person)
	each(b, &a.recent, pgx.RowToStructByPos[shift.Stretch], recentShifts, person)
	each(b, &a.plans, pgx.RowTo[shift.Plan], plansToCome, person)
	each(b, &a.orders, pgx.RowToStructByPos[shift.Order], ordersNow, person)
	each(b, &a.tasks, pgx.RowTo[uuid.UUID], openTasks, person)
	a.inForce.queue(b)
}

func (a *arrival) of(organ duty.Path) (found shift.Arrival, err error) {
	if len(a.people) == 0 {
		return found, fault.Missing("person")
	}
	of, err := a.inForce.of(organ)
	found = shift.Arrival{
		Scene: shift.Scene{Now: a.now, Law: of, Tasks: a.tasks}, Person: a.people[0], Recent: a.recent, Plans: a.plans, Orders: a.orders,
	}
	if len(a.open) > 0 {
		found.Open = &a.open[0]
	}
	return found, err
}

// Begin implements shift.Store.
func (s *Store) Begin(ctx context.Context, call shift.Call, decide func(shift.Arrival) (shift.Turn, error)) (answer shift.Answer, err error) {
	answer.Replay, err = s.once(ctx, call.Actor, call.Command, ownOrgan(call.Actor), &answer.Shift, func(tx pgx.Tx) error {
		var found arrival
		b := &pgx.Batch{}
		found.queue(b, call.Actor.Person)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		arrival, err := found.of(call.Actor.Organ.Path)
		if err != nil {
			return err
		}
		turn, err := decide(arrival)
		if err != nil {
			return err
		}
		answer.Shift = turn.Shift
		doc, err := json.Marshal(turn.Shift)
		if err != nil {
			return fmt.Errorf("shift: %w", err)
		}
		if _, err := tx.Exec(ctx, insertShift, turn.Shift.ID, doc, turn.Shift.StartedAt); err != nil {
			return err
		}
		if err := releasePushes(ctx, tx, call.Actor.Person); err != nil {
			return err
		}
		return keepTurn(ctx, tx, turn)
	})
	return answer, err
}

// End implements shift.Store.
func (s *Store) End(ctx context.Context, call shift.Call, to *uuid.UUID, decide func(shift.Departure) (shift.Turn, error)) (answer shift.Answer, err error) {
	answer.Replay, err = s.once(ctx, call.Actor, call.Command, ownOrgan(call.Actor), &answer.Shift, func(tx pgx.Tx) error {
		var open []shift.Shift
		var heir []duty.Person
		var found inForce
		d := shift.Departure{}
		b := &pgx.Batch{}
		each(b, &open, pgx.RowTo[shift.Shift], lockOpenShift, call.Actor.Person)
		each(b, &heir, scanPerson, selectPerson+`p.id = $1 AND p.path ^@ $2`, to, string(call.Actor.Organ.Employs()))
		each(b, &d.Tasks, pgx.RowTo[uuid.UUID], openTasks, call.Actor.Person)
		found.queue(b)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		if d.Now = found.now; len(heir) > 0 {
			d.To = &heir[0]
		}
		if len(open) > 0 {
			d.Open = &open[0]
		}
		turn, err := decide(d)
		if err != nil {
			return err
		}
		answer.Shift = turn.Shift
		return keepEnd(ctx, tx, turn)
	})
	return answer, err
}

// keepEnd ends a shift; where the person was last goes with it.
func keepEnd(ctx context.Context, tx pgx.Tx, turn shift.Turn) error {
	doc, err := json.Marshal(turn.Shift)
	if err != nil {
		return fmt.Errorf("shift: %w", err)
	}
	b := &pgx.Batch{}
	b.Queue(endShift, turn.Shift.ID, doc, turn.Shift.EndedAt)
	b.Queue(forgetPlace, turn.Shift.Person)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	return keepTurn(ctx, tx, turn)
}

// keepTurn writes what happened and what the law reads of it. The first event covers the observations.
func keepTurn(ctx context.Context, tx pgx.Tx, turn shift.Turn) error {
	b := &pgx.Batch{}
	for i, e := range turn.Events {
		if i == 0 {
			e.Evidence = evidence(nil, turn.Observations, nil)
		}
		queueEvent(b, e)
	}
	for _, o := range turn.Observations {
		queueObservation(b, o, turn.Shift.Organ.Path, &turn.Events[0].ID, nil)
	}
	if err := queueConcerns(b, turn.Concerns); err != nil {
		return err
	}
	return tx.SendBatch(ctx, b).Close()
}

// Shifts implements shift.Store.
func (s *Store) Shifts(ctx context.Context, actor duty.Actor, f shift.Filter) (shifts []shift.Shift, now time.Time, err error) {
	sql, args := listShifts(actor.Person, f)
	err = s.read(ctx, sightOf(actor, duty.ViewShifts), func(b *pgx.Batch) {
		each(b, &shifts, pgx.RowTo[shift.Shift], sql, args...)
		clock(b, &now)
	})
	return shifts, now, err
}

func listShifts(me uuid.UUID, f shift.Filter) (sql string, args []any) {
	args = []any{me, scopeOf(f.Reach)}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where := []string{`(person_id = $1 OR path ^@ ANY (string_to_array($2, ',', '')))`}
	switch {
	case f.Forgotten:
		where = append(where, `doc ->> 'ended' = 'closed_by_rule'`)
	case f.At.IsZero():
		where = append(where, `ended_at IS NULL`)
	default:
		at := arg(f.At)
		where = append(where, `started_at <= `+at, `(ended_at IS NULL OR ended_at > `+at+`)`)
	}
	if f.Path != "" {
		where = append(where, `path ^@ `+arg(string(f.Path)))
	}
	if f.Person != uuid.Nil {
		where = append(where, `person_id = `+arg(f.Person))
	}
	if f.Before != nil {
		where = append(where, `id < `+arg(*f.Before))
	}
	return `SELECT doc FROM shift WHERE ` + strings.Join(where, " AND ") + ` ORDER BY id DESC LIMIT ` + arg(f.Limit), args
}

// Stretches implements shift.Store.
func (s *Store) Stretches(ctx context.Context, actor duty.Actor, person uuid.UUID, from, to time.Time) (worked []shift.Stretch, of duty.Law, now time.Time, err error) {
	var found inForce
	var path duty.Path
	since, until := optionalTime(from), optionalTime(to)
	err = s.read(ctx, sightOf(actor, duty.ViewShifts), func(b *pgx.Batch) {
		b.Queue(lawOfAPerson, person)
		found.queue(b)
		one(b, &path, pgx.RowTo[duty.Path], `SELECT path FROM person WHERE id = $1 AND (id = $2 OR path ^@ ANY (string_to_array($3, ',', '')))`,
			person, actor.Person, scopeOf(actor.Reach(duty.ViewShifts)))
		each(b, &worked, pgx.RowToStructByPos[shift.Stretch], `SELECT started_at, ended_at FROM shift WHERE person_id = $1
			AND coalesce(ended_at, 'infinity') > coalesce($2, now() - interval '16 days') AND started_at < coalesce($3, now() + interval '16 days')
			ORDER BY started_at`, person, since, until)
	})
	if err != nil {
		return nil, of, now, missing(err, fault.Missing("person"))
	}
	of, err = found.of(path)
	return worked, of, found.now, err
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Order implements shift.Store.
func (s *Store) Order(ctx context.Context, call shift.Call, person uuid.UUID, decide func(duty.Person, time.Time) (shift.Order, ledger.Event, error)) (order shift.Order, replay bool, err error) {
	replay, err = s.once(ctx, call.Actor, call.Command, sightOf(call.Actor, duty.OrderPlainClothes), &order, func(tx pgx.Tx) error {
		var now time.Time
		var people []duty.Person
		b := &pgx.Batch{}
		each(b, &people, scanPerson, selectPerson+`p.id = $1`, person)
		clock(b, &now)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		o, e, err := decide(first(people), now)
		if err != nil {
			return err
		}
		order = o
		b = &pgx.Batch{}
		b.Queue(`INSERT INTO plain_clothes_order (id, person_id, path, approver, reason, valid_from, valid_to, given_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, o.ID, o.Person, o.Path, o.Approver, o.Reason, o.From, o.Until, o.GivenAt)
		queueEvent(b, e)
		return tx.SendBatch(ctx, b).Close()
	})
	return order, replay, err
}

// first is the first of a list, or nothing.
func first[T any](list []T) (none T) {
	if len(list) > 0 {
		return list[0]
	}
	return none
}

// Overdue implements shift.Overdue.
func (s *Store) Overdue(ctx context.Context, before, now time.Time, after *shift.Late, limit int) (late []shift.Late, err error) {
	from, last := time.Time{}, uuid.Nil
	if after != nil {
		from, last = after.StartedAt, after.ID
	}
	type row struct {
		ID        uuid.UUID
		StartedAt time.Time
		Path      duty.Path
	}
	var rows []row
	var found inForce
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &rows, pgx.RowToStructByPos[row], `SELECT id, started_at, path FROM shift WHERE ended_at IS NULL AND started_at < $1
			AND (started_at, id) > ($3, $4) ORDER BY started_at, id LIMIT $2`, before, limit, from, last)
		b.Queue(`SELECT set_config('dutybound.law', coalesce(string_agg(at_and_above(path), ','), ''), true)
			FROM (SELECT DISTINCT path FROM shift WHERE ended_at IS NULL AND started_at < $1) AS open`, before)
		b.Queue(lawThen, now).QueryRow(found.scan)
	})
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		of, err := found.of(r.Path)
		if err != nil {
			return nil, err
		}
		late = append(late, shift.Late{ID: r.ID, StartedAt: r.StartedAt, Law: of})
	}
	return late, nil
}

// CloseShift implements shift.Overdue.
func (s *Store) CloseShift(ctx context.Context, id uuid.UUID, decide func(shift.Departure) (shift.Turn, error)) error {
	err := s.within(ctx, everything, func(tx pgx.Tx) error {
		open, err := collectOne(ctx, tx, pgx.RowTo[shift.Shift], lockShift, id)
		if err != nil {
			return err
		}
		d := shift.Departure{Open: &open}
		b := &pgx.Batch{}
		each(b, &d.Tasks, pgx.RowTo[uuid.UUID], openTasks, open.Person)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		turn, err := decide(d)
		if err != nil {
			return err
		}
		return keepEnd(ctx, tx, turn)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // it has been ended meanwhile
	}
	return err
}
