package postgres

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

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
	inForce
}

// queue reads the people named and everybody on the tasks in sight; the locks come before it.
func (s *scene) queue(b *pgx.Batch, named []uuid.UUID, matter uuid.UUID) {
	each(b, &s.people, scanPerson, selectPeople, named)
	each(b, &s.asked, scanAsked, selectAsked, matter)
	each(b, &s.seen, scanObservation, selectObservations, named)
	s.inForce.queue(b)
}

// snapshot is what a command on a task, or one that makes one for an organ, is decided on.
func (s *scene) snapshot(task dispatch.Task, organ duty.Path) (dispatch.Snapshot, error) {
	of, err := s.of(organ)
	return dispatch.Snapshot{
		Now: s.now, Law: of, Task: task, People: byID(s.people), Observations: latest(s.seen, task.ID), Asked: askedOf(s.asked, task.ID),
	}, err
}

const (
	insertTask  = `INSERT INTO task (id, doc, updated_at) VALUES ($1, $2, $3)`
	updateTask  = `UPDATE task SET doc = $2, updated_at = $3 WHERE id = $1`
	insertEvent = `INSERT INTO event (id, kind, path, task_id, version, actor, at, body, evidence)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	insertTaskPeople = `INSERT INTO task_person (task_id, person_id, part, open)
		SELECT $1, person_id, part, $4 FROM unnest($2::uuid[], $3::boolean[]) AS seen (person_id, part)`
	keepTaskPeople   = `DELETE FROM task_person WHERE task_id = $1 AND NOT person_id = ANY ($2::uuid[])`
	upsertTaskPeople = insertTaskPeople + ` ON CONFLICT (task_id, person_id) DO UPDATE SET part = excluded.part, open = excluded.open`
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
	if err := s.record(b, actor, d, seen); err != nil {
		return nil, err
	}
	if !created && d.Task.Version != was.version {
		b.Queue(updateTask, d.Task.ID, doc, s.now)
	}
	bond(b, was, d.Task)
	if err := queueRequest(b, d, s.now); err != nil {
		return nil, err
	}
	return doc, queuePushes(b, d.Pushes)
}

// record queues the events, and the rulings and observations that the first of them covers.
func (s *scene) record(b *pgx.Batch, actor duty.Actor, d dispatch.Decision, seen []duty.Observation) error {
	rulings, err := texts(d.Rulings)
	if err != nil {
		return err
	}
	var first *uuid.UUID
	for i, e := range d.Events {
		if i == 0 {
			first = &e.ID
			e.Evidence = evidence(rulings, seen)
		}
		b.Queue(insertEvent, e.ID, e.Kind, e.Path, e.Task, e.Version, e.Actor, e.At, string(e.Body), e.Evidence)
	}
	if first == nil && len(rulings) > 0 {
		return fmt.Errorf("a ruling without an event would be in no ledger: %s", rulings[0].ID)
	}
	for i := range rulings {
		rulings[i].queue(b, *first)
	}
	for _, o := range seen {
		queueObservation(b, o, s.organOf(o.Subject, actor), first)
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

// evidence digests rulings and then observations, each in the order of their ids: as the ledger will find them again.
func evidence(rulings []rulingText, seen []duty.Observation) []byte {
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
}

func asItWas(t dispatch.Task) earlier {
	return earlier{t.ID, t.Version, t.State.Open(), peopleOf(t)}
}

// bond queues who is on the task and may see it, where that has changed.
func bond(b *pgx.Batch, was earlier, t dispatch.Task) {
	is := peopleOf(t)
	switch {
	case t.ID == uuid.Nil:
	case was.id == uuid.Nil:
		b.Queue(insertTaskPeople, t.ID, is.ids, is.part, t.State.Open())
	case was.open != t.State.Open() || !slices.Equal(was.people.ids, is.ids) || !slices.Equal(was.people.part, is.part):
		b.Queue(keepTaskPeople, t.ID, is.ids)
		b.Queue(upsertTaskPeople, t.ID, is.ids, is.part, t.State.Open())
	}
}

// taskPeople are the people of a task; part is false for a dispatcher who is not of the unit.
type taskPeople struct {
	ids  []uuid.UUID
	part []bool
}

func peopleOf(t dispatch.Task) (p taskPeople) {
	add := func(id uuid.UUID, part bool) {
		if id != uuid.Nil && !slices.Contains(p.ids, id) {
			p.ids, p.part = append(p.ids, id), append(p.part, part)
		}
	}
	for _, m := range t.Members {
		if m.State != dispatch.Removed {
			add(m.Person, true)
		}
	}
	for _, o := range t.Officers {
		add(o.Person, true)
	}
	add(t.DispatchedBy.Person, false)
	return p
}
