package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/roster"
)

const selectPerson = `SELECT ` + personColumns + ` FROM person p JOIN organ o ON o.id = p.organ_id WHERE `

// Organs implements roster.Store.
func (s *Store) Organs(ctx context.Context, actor duty.Actor) (organs []roster.Organ, err error) {
	_, paths := reach(actor)
	err = s.read(ctx, sightOf(actor, duty.ReadRoster), func(b *pgx.Batch) {
		each(b, &organs, scanOrgan, `
			WITH seen AS (SELECT unnest(string_to_array($1, ',', '')) AS path UNION SELECT $2)
			SELECT o.id, o.code, o.name, o.kind, o.path, o.parent_id FROM organ o
			WHERE EXISTS (SELECT FROM seen WHERE seen.path ^@ o.path) OR o.path ^@ ANY (string_to_array($1, ',', ''))
			ORDER BY o.path`, paths, string(actor.Organ.Path))
	})
	return organs, err
}

func scanOrgan(row pgx.CollectableRow) (o roster.Organ, err error) {
	err = row.Scan(&o.ID, &o.Code, &o.Name, &o.Kind, &o.Path, &o.Parent)
	return o, err
}

// People implements roster.Store.
func (s *Store) People(ctx context.Context, actor duty.Actor, filter roster.Filter) (people []duty.Person, err error) {
	sql, args := listPeople(actor, filter)
	err = s.read(ctx, sightOf(actor, duty.ReadRoster), func(b *pgx.Batch) { each(b, &people, scanPerson, sql, args...) })
	return people, err
}

func listPeople(actor duty.Actor, f roster.Filter) (sql string, args []any) {
	me, paths := reach(actor)
	args = []any{me, paths}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where := []string{inReach, `p.number > ` + arg(f.After)}
	if f.Organ != "" {
		where = append(where, `p.path ^@ `+arg(string(f.Organ)))
	}
	if f.Class != "" {
		where = append(where, `p.class = `+arg(string(f.Class)))
	}
	if f.Text != "" {
		text := arg(f.Text)
		where = append(where, `(position(`+text+` IN p.name) > 0 OR p.number ^@ `+text+`)`)
	}
	sql = selectPerson + strings.Join(where, " AND ") + ` ORDER BY p.number LIMIT ` + arg(f.Limit)
	return sql, args
}

// Person implements roster.Store.
func (s *Store) Person(ctx context.Context, actor duty.Actor, id uuid.UUID) (person duty.Person, err error) {
	me, paths := reach(actor)
	err = s.read(ctx, sightOf(actor, duty.ReadRoster), func(b *pgx.Batch) {
		one(b, &person, scanPerson, selectPerson+inReach+` AND p.id = $3`, me, paths, id)
	})
	return person, missing(err, fault.Missing("person"))
}

// Profile implements roster.Store.
func (s *Store) Profile(ctx context.Context, actor duty.Actor) (profile roster.Profile, err error) {
	err = s.read(ctx, sightOf(actor, duty.ReadRoster), func(b *pgx.Batch) {
		one(b, &profile.Person, scanPerson, selectPerson+`p.id = $1`, actor.Person)
		one(b, &profile.Device, pgx.RowTo[string], `SELECT name FROM device WHERE id = $1`, actor.Device)
		one(b, &profile.OpenTasks, pgx.RowTo[int], `SELECT count(*) FROM task_person WHERE person_id = $1 AND part AND open`, actor.Person)
	})
	return profile, missing(err, fault.Missing("person"))
}

// SetStatus implements roster.Store.
func (s *Store) SetStatus(ctx context.Context, actor duty.Actor, id uuid.UUID, status law.Status, event ledger.Event) (person duty.Person, err error) {
	me, paths := reach(actor)
	err = s.within(ctx, sightOf(actor, duty.ReadRoster), func(tx pgx.Tx) error {
		changed, err := tx.Exec(ctx, `UPDATE person p SET status = $4 WHERE `+inReach+` AND p.id = $3 AND p.status <> $4`,
			me, paths, id, status.String())
		if err != nil {
			return err
		}
		if changed.RowsAffected() == 1 {
			if err := happened(ctx, tx, event); err != nil {
				return err
			}
			if err := endSessionsOf(ctx, tx, id, status); err != nil {
				return err
			}
		}
		rows, err := tx.Query(ctx, selectPerson+inReach+` AND p.id = $3`, me, paths, id)
		if err != nil {
			return err
		}
		person, err = pgx.CollectExactlyOneRow(rows, scanPerson)
		return err
	})
	return person, missing(err, fault.Missing("person"))
}

// endSessionsOf shows the door to who is no longer of the service (Art. 37).
func endSessionsOf(ctx context.Context, tx pgx.Tx, person uuid.UUID, status law.Status) error {
	if status != law.StatusSeparated {
		return nil
	}
	_, err := tx.Exec(ctx, `UPDATE session SET revoked_at = now() WHERE person_id = $1 AND revoked_at IS NULL`, person)
	return err
}
