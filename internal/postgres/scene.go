package postgres

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
)

// scene is what a command found: the tasks it locked, the people and what was observed about them, and the time of the database
// after the locks were taken, with the law of that time.
type scene struct {
	tasks  []dispatch.Task
	people []duty.Person
	seen   []duty.Observation
	asked  []dispatch.Asked
	orders []standingOrder // of those people: who is on a shift that an officer arranged, or in plain clothes
	aside  dispatch.Aside
	where  []sighting
	good   []goodUntil
	made   *duty.Interval // of a command that was recorded without network
	then   []duty.Observation
	inForce
}

// queue reads the people named and everybody on the tasks in sight; the locks come before it.
func (s *scene) queue(b *pgx.Batch, named []uuid.UUID, matter uuid.UUID) {
	each(b, &s.people, scanPerson, selectPeople, named)
	each(b, &s.asked, scanAsked, selectAsked, matter)
	each(b, &s.seen, scanObservation, selectObservations, named)
	each(b, &s.orders, pgx.RowToStructByPos[standingOrder], selectOrders, named)
	if matter == uuid.Nil { // where there is a task already, it may have a lead
		each(b, &s.where, scanSighting, selectSightings, named)
		each(b, &s.good, pgx.RowToStructByPos[goodUntil], selectGood)
	}
	s.inForce.queue(b)
}

// standingOrder is a shift that an officer arranged, or an order to work in plain clothes for a time.
type standingOrder struct {
	Person   uuid.UUID
	From, To *time.Time // nil: the shift
}

// Orders to work in plain clothes are read that may have stood when a command was given that comes weeks later.
const selectOrders = `SELECT o.* FROM (
		SELECT person_id, NULL::timestamptz, NULL::timestamptz FROM shift WHERE ended_at IS NULL AND arranged UNION ALL
		SELECT person_id, valid_from, valid_to FROM plain_clothes_order WHERE valid_to > clock_timestamp() - interval '30 days') AS o
	WHERE person_id IN (SELECT unnest($1::uuid[]) UNION SELECT tp.person_id FROM task_person tp WHERE tp.task_id = ANY (the_tasks()) AND tp.part)`

// arranged and waived are those people as the dispatch room looks them up.
func (s *scene) arranged() map[uuid.UUID]bool {
	by := map[uuid.UUID]bool{}
	for _, o := range s.orders {
		by[o.Person] = by[o.Person] || o.From == nil
	}
	return by
}

func (s *scene) waived() map[uuid.UUID][]duty.Interval {
	by := map[uuid.UUID][]duty.Interval{}
	for _, o := range s.orders {
		if o.From != nil {
			by[o.Person] = append(by[o.Person], duty.Interval{From: *o.From, To: *o.To})
		}
	}
	return by
}

// queueThen reads what stood when a command was given that was recorded without network.
func (s *scene) queueThen(b *pgx.Batch, call dispatch.Call, named []uuid.UUID) {
	if s.made = call.Command.Happened; s.made != nil {
		each(b, &s.then, scanObservation, selectThen, named, s.made.To)
	}
}

// snapshot is what a command on a task, or one that makes one for an organ, is decided on.
func (s *scene) snapshot(task dispatch.Task, organ duty.Path) (dispatch.Snapshot, error) {
	of, err := s.of(organ)
	return dispatch.Snapshot{
		Now: s.now, Law: of, Task: task, People: byID(s.people), Observations: latest(s.seen, task.ID), Asked: askedOf(s.asked, task.ID),
		Arranged: s.arranged(), Waived: s.waived(), Sightings: sightings(s.where), Good: goodOf(s.good, task.ID),
		Happened: s.made, Then: latest(s.then, task.ID),
		Aside: s.aside,
	}, err
}

const (
	// forgetGood: until when one officer's lead was seen to be there says nothing of another's.
	forgetGood  = `DELETE FROM lead_watch WHERE task_id = $1`
	insertTask  = `INSERT INTO task (id, doc, updated_at) VALUES ($1, $2, $3)`
	updateTask  = `UPDATE task SET doc = $2, updated_at = $3 WHERE id = $1`
	insertEvent = `INSERT INTO event (id, kind, path, task_id, version, actor, at, body, evidence, task_digest)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	insertTaskPeople = `INSERT INTO task_person (task_id, person_id, part, open, joined_at, left_at)
		SELECT $1, person_id, part, $5, $6::timestamptz, CASE WHEN gone THEN $6::timestamptz END
		FROM unnest($2::uuid[], $3::boolean[], $4::boolean[]) AS seen (person_id, part, gone)`
	// Whoever is called in again has been there all along.
	upsertTaskPeople = insertTaskPeople + ` ON CONFLICT (task_id, person_id) DO UPDATE SET part = excluded.part, open = excluded.open,
		left_at = CASE WHEN excluded.left_at IS NOT NULL THEN coalesce(task_person.left_at, excluded.left_at) END`
)

// leave queues what a decision leaves behind, in the order that the constraints ask for: a new task before what speaks of it, the
// ruling before the task that stands on it, and last of all who sees the task, for that is what lets the rest pass.
// It answers the task's JSON.
func (s *scene) leave(b *pgx.Batch, actor duty.Actor, was earlier, d dispatch.Decision, seen []duty.Observation) (doc []byte, err error) {
	created := d.Task.ID != uuid.Nil && was.id == uuid.Nil
	if doc, err = json.Marshal(d.Task); err != nil {
		return nil, fmt.Errorf("task: %w", err)
	}
	if created {
		b.Queue(insertTask, d.Task.ID, doc, s.now)
	}
	if err := s.record(b, actor, d, seen, doc); err != nil {
		return nil, err
	}
	if !created && d.Task.Version != was.version {
		b.Queue(updateTask, d.Task.ID, doc, s.now)
	}
	if !created && leadOf(d.Task) != was.lead {
		b.Queue(forgetGood, d.Task.ID)
	}
	s.bond(b, was, d.Task)
	if err := queueRequest(b, d, s.now); err != nil {
		return nil, err
	}
	if err := queueBeside(b, d.Beside); err != nil {
		return nil, err
	}
	return doc, queuePushes(b, d.Pushes)
}

// record queues the events, and the rulings and observations that the first of them covers. The last one covers the task as it is
// from now on.
func (s *scene) record(b *pgx.Batch, actor duty.Actor, d dispatch.Decision, seen []duty.Observation, doc []byte) error {
	rulings, err := texts(d.Rulings)
	if err != nil {
		return err
	}
	var first *uuid.UUID
	for i, e := range d.Events {
		var left []byte
		if i == len(d.Events)-1 && e.Task != nil {
			left = digest(doc)
		}
		if i == 0 {
			first = &e.ID
			e.Evidence = evidence(rulings, seen, left)
		} else {
			e.Evidence = evidence(nil, nil, left)
		}
		b.Queue(insertEvent, e.ID, e.Kind, e.Path, e.Task, e.Version, e.Actor, e.At, string(e.Body), e.Evidence, left)
	}
	if first == nil && len(rulings) > 0 {
		return fmt.Errorf("a ruling without an event would be in no ledger: %s", rulings[0].ID)
	}
	for i := range rulings {
		rulings[i].queue(b, *first)
	}
	for _, o := range seen {
		queueObservation(b, o, s.organOf(o.Subject, actor), first, s.made)
	}
	return nil
}

func texts(records []dispatch.RulingRecord) ([]rulingText, error) {
	rulings := make([]rulingText, 0, len(records))
	for _, r := range records {
		text, err := asText(r)
		if err != nil {
			return nil, err
		}
		rulings = append(rulings, text)
	}
	return rulings, nil
}

// digest is that of a task's document, in the form that dispatch.Task gives it: the database keeps it in another.
func digest(doc []byte) []byte {
	sum := sha256.Sum256(doc)
	return sum[:]
}

// evidence digests rulings and then observations, each in the order of their ids, as the ledger will find them again, and last the
// digest of the task's document, if any.
func evidence(rulings []rulingText, seen []duty.Observation, task []byte) []byte {
	rulings, seen = slices.Clone(rulings), slices.Clone(seen)
	slices.SortFunc(rulings, func(a, b rulingText) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(seen, func(a, b duty.Observation) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	var e ledger.Evidence
	for i := range rulings {
		rulings[i].addTo(&e)
	}
	for _, o := range seen {
		addObservation(&e, o)
	}
	if task != nil {
		e.Add("task", task)
	}
	return e.Digest()
}

// organOf is the place in the organ tree of somebody something was observed about: the actor, or somebody the command loaded.
func (s *scene) organOf(subject uuid.UUID, actor duty.Actor) duty.Path {
	for i := range s.people {
		if s.people[i].ID == subject {
			return s.people[i].Organ.Path
		}
	}
	return actor.Organ.Path
}

// earlier is what must be known of a task as it was before a command, which may change the rest in place.
type earlier struct {
	id      uuid.UUID
	version int
	open    bool
	people  taskPeople
	lead    leadFrom
}

func asItWas(t dispatch.Task) earlier {
	return earlier{t.ID, t.Version, t.State.Open(), peopleOf(t), leadOf(t)}
}

// leadFrom tells one lead of a task from the next.
type leadFrom struct {
	officer uuid.UUID
	since   int64
}

func leadOf(t dispatch.Task) (l leadFrom) {
	if is := t.Accompaniment; is != nil {
		l = leadFrom{is.Officer, is.NamedAt.UnixMicro()}
	}
	return l
}

// bond queues who is on the task and may see it, where that has changed.
func (s *scene) bond(b *pgx.Batch, was earlier, t dispatch.Task) {
	is := peopleOf(t)
	switch {
	case t.ID == uuid.Nil:
	case was.id == uuid.Nil:
		b.Queue(insertTaskPeople, t.ID, is.ids, is.part, is.gone, t.State.Open(), s.now)
	case was.open != t.State.Open() || !was.people.equal(is):
		b.Queue(upsertTaskPeople, t.ID, is.ids, is.part, is.gone, t.State.Open(), s.now)
	}
}

// taskPeople are the people of a task; part is false for a dispatcher who is not of the unit, and for those who are gone.
type taskPeople struct {
	ids        []uuid.UUID
	part, gone []bool
}

func (p taskPeople) equal(q taskPeople) bool {
	return slices.Equal(p.ids, q.ids) && slices.Equal(p.part, q.part) && slices.Equal(p.gone, q.gone)
}

func peopleOf(t dispatch.Task) (p taskPeople) {
	add := func(id uuid.UUID, part, gone bool) {
		if id != uuid.Nil && !slices.Contains(p.ids, id) {
			p.ids, p.part, p.gone = append(p.ids, id), append(p.part, part), append(p.gone, gone)
		}
	}
	for _, m := range t.Members {
		if m.State != dispatch.Removed {
			add(m.Person, true, false)
		}
	}
	for _, o := range t.Officers {
		add(o.Person, true, false)
	}
	for _, m := range t.Members {
		add(m.Person, false, true) // nobody else is left to add
	}
	add(t.DispatchedBy.Person, false, false)
	return p
}
