package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/roster"
)

// OrganByCode implements roster.Register.
func (s *Store) OrganByCode(ctx context.Context, code string) (duty.Organ, error) {
	var organ roster.Organ
	err := s.read(ctx, everything, func(b *pgx.Batch) {
		one(b, &organ, scanOrgan, `SELECT id, code, name, kind, path, parent_id FROM organ WHERE code = $1`, code)
	})
	return organ.Organ, missing(err, fault.Missing("organ"))
}

// PersonByNumber implements roster.Register.
func (s *Store) PersonByNumber(ctx context.Context, number string) (person duty.Person, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		one(b, &person, scanPerson, selectPerson+`p.number = $1`, number)
	})
	return person, missing(err, fault.Missing("person"))
}

// Roots implements roster.Register.
func (s *Store) Roots(ctx context.Context) (roots []duty.Organ, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &roots, func(row pgx.CollectableRow) (duty.Organ, error) {
			o, err := scanOrgan(row)
			return o.Organ, err
		}, `SELECT id, code, name, kind, path, parent_id FROM organ WHERE parent_id IS NULL ORDER BY path`)
	})
	return roots, err
}

// Empty says whether there is no organ at all: nobody has entered anything yet.
func (s *Store) Empty(ctx context.Context) (empty bool, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		one(b, &empty, pgx.RowTo[bool], `SELECT NOT EXISTS (SELECT FROM organ)`)
	})
	return empty, err
}

// Enter implements roster.Register.
func (s *Store) Enter(ctx context.Context, entries roster.Entries) error {
	return entryFault(s.write(ctx, everything, func(b *pgx.Batch) {
		enterOrgans(b, entries)
		enterSkills(b, entries)
		enterGrants(b, entries)
	}))
}

// entryFault says what an entry broke. Other entries of the same call are not kept either.
func entryFault(err error) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Code {
	case "23505":
		return fault.New(fault.Conflict, "already_entered", "已存在："+refused.Detail, "exists already: "+refused.Detail).Because(err)
	case "23503":
		return fault.New(fault.NotFound, "not_found", "引用的对象不存在："+refused.Detail, "refers to what does not exist: "+refused.Detail).Because(err)
	case "23514":
		return fault.BadField(refused.TableName, "breaks the rule "+refused.ConstraintName).Because(err)
	default:
		return err
	}
}

func enterOrgans(b *pgx.Batch, entries roster.Entries) {
	for _, o := range entries.Organs {
		b.Queue(`INSERT INTO organ (id, code, name, kind, parent_id, path) VALUES ($1, $2, $3, $4, $5, $6)`,
			o.ID, o.Code, o.Name, string(o.Kind), o.Parent, string(o.Path))
	}
	for _, p := range entries.People {
		b.Queue(`INSERT INTO person (id, number, name, class, organ_id, path, status) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			p.ID, p.Number, p.Name, string(p.Class), p.Organ.ID, string(p.Organ.Path), p.Status.String())
	}
}

func enterSkills(b *pgx.Batch, entries roster.Entries) {
	for _, p := range entries.Posts {
		b.Queue(`INSERT INTO post (code, name, items) VALUES ($1, $2, $3)
			ON CONFLICT (code) DO UPDATE SET name = excluded.name, items = excluded.items`, p.Code, p.Name, p.Items)
	}
	for _, t := range entries.Training {
		b.Queue(`INSERT INTO training (person_id, post, passed_on, valid_to, refresher_due) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (person_id, post) DO UPDATE
			SET passed_on = excluded.passed_on, valid_to = excluded.valid_to, refresher_due = excluded.refresher_due`,
			t.Person, t.Post, t.PassedOn, t.ValidTo, t.RefresherDue)
	}
	for _, q := range entries.Qualifications {
		b.Queue(`INSERT INTO qualification (person_id, kind, valid_to) VALUES ($1, $2, $3)
			ON CONFLICT (person_id, kind) DO UPDATE SET valid_to = excluded.valid_to`, q.Person, q.Kind, q.ValidTo)
	}
	for _, e := range entries.Equipment {
		b.Queue(`INSERT INTO equipment (person_id, class, item) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			e.Person, e.Class.String(), e.Item)
	}
}

func enterGrants(b *pgx.Batch, entries roster.Entries) {
	for _, g := range entries.Grants {
		b.Queue(`INSERT INTO authority (person_id, role, organ_id, path) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			g.Person, string(g.Role), g.Organ.ID, string(g.Organ.Path))
	}
	for _, g := range entries.Withdrawn {
		b.Queue(`DELETE FROM authority WHERE person_id = $1 AND role = $2 AND organ_id = $3`, g.Person, string(g.Role), g.Organ.ID).
			Exec(func(done pgconn.CommandTag) error {
				if done.RowsAffected() == 0 {
					return notHeld
				}
				return nil
			})
	}
}

// notHeld keeps whoever mistyped an organ from believing that a role is withdrawn.
var notHeld = fault.New(fault.NotFound, "role_not_held", "此人在该机关没有这一角色", "this person does not hold this role over this organ")
