package postgres

import (
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
)

// personColumns are a person with everything the law may ask about them, for FROM person p JOIN organ o.
const personColumns = `p.id, p.number, p.name, p.class, p.status, o.id, o.code, o.name, o.kind, o.path,
	(SELECT json_agg(json_build_object('post', t.post, 'items', po.items, 'passed_on', t.passed_on, 'valid_to', t.valid_to,
			'refresher_due', t.refresher_due) ORDER BY t.post)
		FROM training t JOIN post po ON po.code = t.post WHERE t.person_id = p.id),
	(SELECT json_agg(json_build_object('kind', q.kind, 'valid_to', q.valid_to) ORDER BY q.kind)
		FROM qualification q WHERE q.person_id = p.id),
	(SELECT json_agg(json_build_object('class', e.class, 'item', e.item) ORDER BY e.class, e.item)
		FROM equipment e WHERE e.person_id = p.id)`

func scanPerson(row pgx.CollectableRow) (p duty.Person, err error) {
	var status string
	err = row.Scan(&p.ID, &p.Number, &p.Name, &p.Class, &status, &p.Organ.ID, &p.Organ.Code, &p.Organ.Name, &p.Organ.Kind, &p.Organ.Path,
		&p.Training, &p.Qualifications, &p.Equipment)
	if err != nil {
		return p, err
	}
	return p, p.Status.UnmarshalText([]byte(status))
}

// selectPeople reads the people named and everybody on the tasks in sight.
const selectPeople = `SELECT ` + personColumns + `
	FROM person p JOIN organ o ON o.id = p.organ_id
	WHERE p.id IN (SELECT unnest($1::uuid[]) UNION SELECT tp.person_id FROM task_person tp WHERE tp.task_id = ANY (the_tasks()) AND tp.part)`

func byID(people []duty.Person) map[uuid.UUID]duty.Person {
	found := make(map[uuid.UUID]duty.Person, len(people))
	for _, p := range people {
		found[p.ID] = p
	}
	return found
}
