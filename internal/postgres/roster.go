package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
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

// Organ implements roster.Store.
func (s *Store) Organ(ctx context.Context, actor duty.Actor, id uuid.UUID) (organ duty.Organ, err error) {
	var placed roster.Organ
	_, paths := reach(actor)
	err = s.read(ctx, sightOf(actor, duty.ReadRoster), func(b *pgx.Batch) {
		one(b, &placed, scanOrgan, `SELECT o.id, o.code, o.name, o.kind, o.path, o.parent_id FROM organ o
			WHERE o.id = $1 AND o.path ^@ ANY (string_to_array($2, ',', ''))`, id, paths)
	})
	return placed.Organ, missing(err, fault.Missing("organ"))
}

// Directory implements roster.Writer.
func (s *Store) Directory(ctx context.Context, actor duty.Actor) (roster.Directory, error) {
	var organs []roster.Organ
	var posts []string
	err := s.read(ctx, sightOf(actor, duty.ManageRoster), func(b *pgx.Batch) {
		each(b, &organs, scanOrgan, `SELECT o.id, o.code, o.name, o.kind, o.path, o.parent_id FROM organ o
			WHERE o.path ^@ ANY (string_to_array($1, ',', ''))`, scopeOf(actor.Reach(duty.ManageRoster)))
		each(b, &posts, pgx.RowTo[string], `SELECT code FROM post`)
	})
	d := roster.Directory{Organs: make(map[string]duty.Organ, len(organs)), Posts: make(map[string]bool, len(posts))}
	for _, o := range organs {
		d.Organs[o.Code] = o.Organ
	}
	for _, code := range posts {
		d.Posts[code] = true
	}
	return d, err
}
