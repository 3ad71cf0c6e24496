package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
)

// rolled are the auxiliaries p of the subtrees $1 and, unless it is empty, of the subtree $2.
const rolled = `p.class IN ('field_auxiliary', 'civilian_auxiliary') AND p.path ^@ ANY (string_to_array($1, ',', '')) AND p.path ^@ $2`

// Roll implements dispatch.Store. A roll may be a whole city: each table is read once and put together here, for a query that
// nests what belongs to a person costs several times as much.
func (s *Store) Roll(ctx context.Context, actor duty.Actor, path duty.Path) (roll dispatch.Roll, err error) {
	reach, within := scopeOf(actor.Reach(duty.DispatchTask)), string(path)
	var parts rollParts
	var found inForce
	as := sightOf(actor, duty.DispatchTask)
	as.law = scopeOf(actor.Organ.Path.AndAbove())
	err = s.read(ctx, as, func(b *pgx.Batch) {
		found.queue(b)
		parts.queue(b, reach, within)
	})
	if err != nil {
		return roll, err
	}
	roll.Now, roll.People = found.now, parts.together()
	roll.Law, err = found.of(actor.Organ.Path)
	return roll, err
}

// rollParts are the tables of a roll.
type rollParts struct {
	people         []rollRow
	organs         []duty.Organ
	posts          []post
	training       []heldBy[duty.Training]
	qualifications []heldBy[duty.Qualification]
	equipment      []heldBy[duty.Equipment]
	sightings      []sighting
}

type rollRow struct {
	dispatch.Candidate
	organ uuid.UUID
}

type post struct {
	code  string
	items []string
}

// heldBy is something that belongs to a person.
type heldBy[T any] struct {
	person uuid.UUID
	what   T
}

func (r *rollParts) queue(b *pgx.Batch, reach, within string) {
	each(b, &r.people, scanRolled, `SELECT p.id, p.number, p.name, p.class, p.status, p.organ_id,
		(SELECT count(*) FROM task_person tp WHERE tp.person_id = p.id AND tp.part AND tp.open)
		FROM person p WHERE `+rolled, reach, within)
	each(b, &r.organs, func(row pgx.CollectableRow) (o duty.Organ, err error) {
		return o, row.Scan(&o.ID, &o.Code, &o.Name, &o.Kind, &o.Path)
	}, `SELECT o.id, o.code, o.name, o.kind, o.path FROM organ o WHERE o.path ^@ ANY (string_to_array($1, ',', '')) AND o.path ^@ $2`, reach, within)
	each(b, &r.posts, func(row pgx.CollectableRow) (p post, err error) {
		return p, row.Scan(&p.code, &p.items)
	}, `SELECT code, items FROM post`)
	each(b, &r.training, func(row pgx.CollectableRow) (t heldBy[duty.Training], err error) {
		return t, row.Scan(&t.person, &t.what.Post, &t.what.PassedOn, &t.what.ValidTo, &t.what.RefresherDue)
	}, `SELECT t.person_id, t.post, t.passed_on, t.valid_to, t.refresher_due
		FROM training t JOIN person p ON p.id = t.person_id WHERE `+rolled+` ORDER BY t.person_id, t.post`, reach, within)
	each(b, &r.qualifications, func(row pgx.CollectableRow) (q heldBy[duty.Qualification], err error) {
		return q, row.Scan(&q.person, &q.what.Kind, &q.what.ValidTo)
	}, `SELECT q.person_id, q.kind, q.valid_to
		FROM qualification q JOIN person p ON p.id = q.person_id WHERE `+rolled+` ORDER BY q.person_id, q.kind`, reach, within)
	each(b, &r.equipment, func(row pgx.CollectableRow) (e heldBy[duty.Equipment], err error) {
		var class string
		if err := row.Scan(&e.person, &class, &e.what.Item); err != nil {
			return e, err
		}
		return e, e.what.Class.UnmarshalText([]byte(class))
	}, `SELECT e.person_id, e.class, e.item
		FROM equipment e JOIN person p ON p.id = e.person_id WHERE `+rolled+` ORDER BY e.person_id, e.class, e.item`, reach, within)
	each(b, &r.sightings, scanSighting, sightingColumns+` WHERE s.ended_at IS NULL AND s.path ^@ ANY (string_to_array($1, ',', '')) AND s.path ^@ $2`,
		reach, within)
}

func scanRolled(row pgx.CollectableRow) (r rollRow, err error) {
	p, status := &r.Person, ""
	if err := row.Scan(&p.ID, &p.Number, &p.Name, &p.Class, &status, &r.organ, &r.OpenTasks); err != nil {
		return r, err
	}
	return r, p.Status.UnmarshalText([]byte(status))
}

// together gives everybody what is theirs.
func (r *rollParts) together() []dispatch.Candidate {
	organs := make(map[uuid.UUID]duty.Organ, len(r.organs))
	for _, o := range r.organs {
		organs[o.ID] = o
	}
	items := make(map[string][]string, len(r.posts))
	for _, p := range r.posts {
		items[p.code] = p.items
	}
	for i := range r.training {
		r.training[i].what.Items = items[r.training[i].what.Post]
	}
	training, qualifications, equipment := byPerson(r.training), byPerson(r.qualifications), byPerson(r.equipment)
	onDuty := sightings(r.sightings)
	people := make([]dispatch.Candidate, len(r.people))
	for i, row := range r.people {
		p := &row.Person
		p.Organ, p.Training, p.Qualifications, p.Equipment = organs[row.organ], training[p.ID], qualifications[p.ID], equipment[p.ID]
		seen, is := onDuty[p.ID]
		row.OnDuty, row.Position = is, seen.Position
		people[i] = row.Candidate
	}
	return people
}

func byPerson[T any](held []heldBy[T]) map[uuid.UUID][]T {
	theirs := map[uuid.UUID][]T{}
	for _, h := range held {
		theirs[h.person] = append(theirs[h.person], h.what)
	}
	return theirs
}
