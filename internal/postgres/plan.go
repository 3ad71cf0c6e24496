package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/shift"
)

const (
	insertPlan = `INSERT INTO shift_plan (id, doc, starts_at, ends_at) VALUES ($1, $2, $3, $4)`
	updatePlan = `UPDATE shift_plan SET doc = $2 WHERE id = $1`
	// everybody a plan has ever concerned goes on seeing it; only those of it count
	upsertPlanPeople = `INSERT INTO shift_plan_person (plan_id, person_id, part) SELECT $1, person_id, part FROM unnest($2::uuid[], $3::boolean[]) AS p (person_id, part)
		ON CONFLICT (plan_id, person_id) DO UPDATE SET part = excluded.part`
	// dutiesAround are the times on duty of people, worked and planned, that touch a time.
	dutiesAround = `SELECT person_id, started_at, ended_at FROM shift
			WHERE person_id = ANY ($1) AND started_at < $3 AND coalesce(ended_at, 'infinity') > $2
		UNION ALL
		SELECT pp.person_id, p.starts_at, p.ends_at FROM shift_plan p JOIN shift_plan_person pp ON pp.plan_id = p.id
			WHERE pp.person_id = ANY ($1) AND pp.part AND NOT p.cancelled AND p.starts_at < $3 AND p.ends_at > $2`
)

// Plan implements shift.Planner. What colleagues work in another organ counts for their rest all the same, so it is read with
// everybody's sight; nothing of it but times is told.
func (s *Store) Plan(ctx context.Context, call shift.Call, people []uuid.UUID, around shift.Stretch, decide func(shift.Roster) (shift.Change, error)) (answer shift.PlanAnswer, err error) {
	as := sightOf(call.Actor, duty.PlanShifts)
	as.law = scopeOf(call.Actor.Organ.Path.AndAbove())
	answer.Replay, err = s.once(ctx, call.Actor, call.Command, as, &answer.Plan, func(tx pgx.Tx) error {
		r := shift.Roster{Stretches: map[uuid.UUID][]shift.Stretch{}}
		var seen []duty.Person
		var found inForce
		b := &pgx.Batch{}
		found.queue(b)
		each(b, &seen, scanPerson, selectPerson+`p.id = ANY ($1)`, people)
		everything.queue(b)
		b.Queue(dutiesAround, people, around.From, around.To).Query(func(rows pgx.Rows) error {
			var person uuid.UUID
			var on shift.Stretch
			_, err := pgx.ForEachRow(rows, []any{&person, &on.From, &on.To}, func() error {
				r.Stretches[person] = append(r.Stretches[person], on)
				return nil
			})
			return err
		})
		as.queue(b)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		r.Now, r.People = found.now, byID(seen)
		if r.Law, err = found.of(call.Actor.Organ.Path); err != nil {
			return err
		}
		change, err := decide(r)
		if err != nil {
			return err
		}
		answer.Plan = change.Plan
		return keepPlan(ctx, tx, change, true)
	})
	return answer, err
}

// ChangePlan implements shift.Planner. Whoever is on a plan changes it for its organ: the event is the organ's.
func (s *Store) ChangePlan(ctx context.Context, call shift.Call, plan uuid.UUID, person *uuid.UUID, decide func(shift.Plan, *duty.Person, time.Time) (shift.Change, error)) (answer shift.PlanAnswer, err error) {
	answer.Replay, err = s.once(ctx, call.Actor, call.Command, sightOf(call.Actor, duty.ViewShifts), &answer.Plan, func(tx pgx.Tx) error {
		p, err := collectOne(ctx, tx, pgx.RowTo[shift.Plan], `SELECT doc FROM shift_plan WHERE id = $1 FOR UPDATE`, plan)
		if err != nil {
			return missing(err, fault.Missing("plan"))
		}
		as := ownOrgan(call.Actor)
		as.scope = string(p.Organ.Path)
		var now time.Time
		var other []duty.Person
		b := &pgx.Batch{}
		as.queue(b)
		each(b, &other, scanPerson, selectPerson+`p.id = $1 AND p.path ^@ $2`, person, string(p.Organ.Path))
		clock(b, &now)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		var found *duty.Person
		if len(other) > 0 {
			found = &other[0]
		}
		change, err := decide(p, found, now)
		if err != nil {
			return err
		}
		answer.Plan = change.Plan
		return keepPlan(ctx, tx, change, false)
	})
	return answer, err
}

func keepPlan(ctx context.Context, tx pgx.Tx, c shift.Change, made bool) error {
	doc, err := json.Marshal(c.Plan)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	b := &pgx.Batch{}
	if made {
		b.Queue(insertPlan, c.Plan.ID, doc, c.Plan.From, c.Plan.Until)
	} else {
		b.Queue(updatePlan, c.Plan.ID, doc)
	}
	ids, part := concernedBy(c.Plan)
	b.Queue(upsertPlanPeople, c.Plan.ID, ids, part)
	queueEvent(b, c.Event)
	return tx.SendBatch(ctx, b).Close()
}

// concernedBy are the people of a plan, and those who gave their place away or are asked to take one.
func concernedBy(p shift.Plan) (ids []uuid.UUID, part []bool) {
	known := map[uuid.UUID]bool{}
	add := func(id uuid.UUID, on bool) {
		if !known[id] {
			known[id] = true
			ids, part = append(ids, id), append(part, on)
		}
	}
	for _, person := range p.People {
		add(person.Person, true)
	}
	for _, w := range p.Swaps {
		add(w.From.Person, false)
		add(w.To.Person, false)
	}
	return ids, part
}

// Plans implements shift.Planner.
func (s *Store) Plans(ctx context.Context, actor duty.Actor, f shift.PlanFilter) (plans []shift.Plan, err error) {
	args := []any{actor.Person, scopeOf(f.Reach)}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where := []string{`(on_plan(p.id, $1) OR p.path ^@ ANY (string_to_array($2, ',', '')))`}
	if f.From.IsZero() {
		where = append(where, `p.ends_at > now()`)
	} else {
		where = append(where, `p.ends_at > `+arg(f.From))
	}
	if !f.To.IsZero() {
		where = append(where, `p.starts_at < `+arg(f.To))
	}
	if f.Path != "" {
		where = append(where, `p.path ^@ `+arg(string(f.Path)))
	}
	if f.After != nil {
		where = append(where, `(p.starts_at, p.id) > (SELECT q.starts_at, q.id FROM shift_plan q WHERE q.id = `+arg(*f.After)+`)`)
	}
	sql := `SELECT p.doc FROM shift_plan p WHERE ` + strings.Join(where, " AND ") + ` ORDER BY p.starts_at, p.id LIMIT ` + arg(f.Limit)
	err = s.read(ctx, sightOf(actor, duty.ViewShifts), func(b *pgx.Batch) { each(b, &plans, pgx.RowTo[shift.Plan], sql, args...) })
	return plans, err
}

// RollCall implements shift.Planner. Whoever sees the plan sees who of it is there.
func (s *Store) RollCall(ctx context.Context, actor duty.Actor, plan uuid.UUID) (p shift.Plan, shifts []shift.Shift, now time.Time, err error) {
	err = s.read(ctx, sightOf(actor, duty.ViewShifts), func(b *pgx.Batch) {
		one(b, &p, pgx.RowTo[shift.Plan], `SELECT doc FROM shift_plan WHERE id = $1`, plan)
		everything.queue(b) // whoever sees the plan sees who of it is there, in whatever organ
		each(b, &shifts, pgx.RowTo[shift.Shift], `SELECT doc FROM shift WHERE plan_id = $1 ORDER BY started_at`, plan)
		clock(b, &now)
	})
	return p, shifts, now, missing(err, fault.Missing("plan"))
}
