package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/feed"
)

const insertMessages = `INSERT INTO message (person_id, subject, kind, priority, help)
	SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::boolean[])`

func queueMessages(b *pgx.Batch, pushes []duty.Push) {
	if len(pushes) == 0 {
		return
	}
	n := len(pushes)
	people, subjects, kinds, priorities := make([]uuid.UUID, n), make([]uuid.UUID, n), make([]string, n), make([]string, n)
	help := make([]bool, n)
	for i, p := range pushes {
		help[i] = p.CallsForHelp()
		people[i], subjects[i], kinds[i], priorities[i] = p.Person, p.Task, p.Kind, p.Priority
	}
	b.Queue(insertMessages, people, subjects, kinds, priorities, help)
}

const messageColumns = `id, person_id, kind, priority, subject, at, coalesce(seq, 0)`

func scanMessage(row pgx.CollectableRow) (m feed.Notice, err error) {
	return m, row.Scan(&m.ID, &m.Person, &m.Kind, &m.Priority, &m.Subject, &m.At, &m.Seq)
}

const (
	// Times only take out those who were sent away before: whoever is on the task now may see all of it.
	concernPeople = `INSERT INTO event_person (person_id, seq)
		SELECT tp.person_id, e.seq FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) AS e (task_id, seq, at)
			JOIN task_person tp ON tp.task_id = e.task_id WHERE tp.left_at IS NULL OR tp.left_at >= e.at
		UNION SELECT * FROM unnest($4::uuid[], $5::bigint[])`
	// What waits for a check-in is weighed once and then left alone until something happens to the person: two thirds of a roster are off
	// duty at any time, and no batch should read all that waits for them. A check-in is an event about the person.
	numberMessages = `UPDATE message SET seq = CASE WHEN help OR NOT off_duty(person_id) THEN $1::bigint END, withheld = NOT help AND off_duty(person_id)
		WHERE seq IS NULL AND (NOT withheld OR person_id = ANY($2::uuid[]))`
)

// concern notes whom each event of a batch concerns: who is on its task; of events of no task the person they are about. The messages
// that are there by now go out with the batch, but for those that wait for a check-in. A message may so come before its event, and never long after it.
func (g *gathered) concern(ctx context.Context, tx pgx.Tx) error {
	tasks, people := []uuid.UUID{}, []uuid.UUID{}
	ofTasks, ofPeople := []int64{}, []int64{}
	at := []time.Time{}
	for _, e := range g.events {
		if e.Task != nil {
			tasks, ofTasks, at = append(tasks, *e.Task), append(ofTasks, e.Seq), append(at, e.At)
		} else if person, about := personAbout(e.Body); about {
			people, ofPeople = append(people, person), append(ofPeople, e.Seq)
		}
	}
	b := &pgx.Batch{}
	b.Queue(concernPeople, tasks, ofTasks, at, people, ofPeople)
	b.Queue(numberMessages, g.tree.Size(), people)
	return tx.SendBatch(ctx, b).Close()
}

// personAbout is the person that an event says it is about.
func personAbout(body []byte) (id uuid.UUID, about bool) {
	var of struct {
		Person string `json:"person"`
	}
	if json.Unmarshal(body, &of) != nil {
		return id, false
	}
	id, err := uuid.Parse(of.Person)
	return id, err == nil
}
