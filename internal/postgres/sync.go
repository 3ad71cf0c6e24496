package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/feed"
)

// still reads in two round trips from one snapshot of the database: nothing happens between them.
func (s *Store) still(ctx context.Context, look, read func(*pgx.Batch)) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return failure(err)
	}
	defer release(ctx, conn)
	first := &pgx.Batch{}
	first.Queue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	look(first)
	if err := conn.SendBatch(ctx, first).Close(); err != nil {
		return failure(err)
	}
	second := &pgx.Batch{}
	read(second)
	second.Queue("COMMIT")
	return failure(conn.SendBatch(ctx, second).Close())
}

const (
	// A page of what concerns somebody ends with the last entry that fits; 0: all of it fits. What stands beside one event stays together.
	lastOfPage = `SELECT CASE WHEN count(*) < $3 THEN 0 ELSE max(seq) END FROM (
		SELECT seq FROM (
			(SELECT seq FROM event_person WHERE person_id = $1 AND seq > $2 ORDER BY seq LIMIT $3) UNION ALL
			(SELECT seq FROM message WHERE person_id = $1 AND seq > $2 ORDER BY seq LIMIT $3)) AS near
		ORDER BY seq LIMIT $3) AS page`
	eventsOfPerson = `SELECT e.seq, e.id, e.kind, e.path, e.task_id, e.version, e.actor, e.at, e.body, e.evidence
		FROM event_person ep JOIN event e ON e.seq = ep.seq
		WHERE ep.person_id = $1 AND ep.seq > $2 AND ep.seq <= $3 ORDER BY ep.seq`
	messagesOfPerson = `SELECT ` + messageColumns + ` FROM message WHERE person_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq, id`
)

// Mine implements feed.Store.
func (s *Store) Mine(ctx context.Context, person uuid.UUID, after int64, limit int) (page feed.Page, err error) {
	var last int64
	err = s.still(ctx, func(b *pgx.Batch) {
		everything.queue(b)
		one(b, &page.Head, pgx.RowTo[int64], `SELECT size FROM ledger_head`)
		one(b, &last, pgx.RowTo[int64], lastOfPage, person, after, limit)
	}, func(b *pgx.Batch) {
		if page.Through = page.Head; last > 0 {
			page.Through = last
		}
		each(b, &page.Events, scanEvent, eventsOfPerson, person, after, page.Through)
		each(b, &page.Notices, scanMessage, messagesOfPerson, person, after, page.Through)
	})
	return page, err
}

// Concerned implements feed.Store. Of numbered events nothing of this changes any more.
func (s *Store) Concerned(ctx context.Context, after, through int64) (about feed.Concerned, err error) {
	type concern struct {
		Seq    int64
		People []uuid.UUID
	}
	var people []concern
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &people, pgx.RowToStructByPos[concern],
			`SELECT seq, array_agg(person_id) FROM event_person WHERE seq > $1 AND seq <= $2 GROUP BY seq`, after, through)
		each(b, &about.Notices, scanMessage, `SELECT `+messageColumns+` FROM message WHERE seq > $1 AND seq <= $2`, after, through)
	})
	about.People = make(map[int64][]uuid.UUID, len(people))
	for _, c := range people {
		about.People[c.Seq] = c.People
	}
	return about, err
}

const (
	// A mark tells an event from that of another log with the same number, without saying which it is.
	markOf      = `encode(substr(sha256(uuid_send(id)), 1, 8), 'hex')`
	markAt      = `SELECT coalesce((SELECT ` + markOf + ` FROM event WHERE seq = $1), '')`
	boundsOfLog = `SELECT size, coalesce((SELECT min(seq) FROM event), size + 1), clock_timestamp() FROM ledger_head`

	// shownTasks are the documents of tasks: with nothing but the id where the person is not concerned any more. Each is looked up by
	// itself (OFFSET 0), for there are few; left to itself the planner walks through everybody's.
	shownTasks = ` AS mine LEFT JOIN LATERAL (SELECT t.doc, r.id, r.decided_at, r.ruling, CASE WHEN (t.doc -> 'violation')::boolean THEN
			(SELECT v.at FROM event v WHERE v.task_id = t.id AND v.kind = 'task.violation' ORDER BY v.version DESC LIMIT 1) END AS since
		FROM task t JOIN ruling r ON r.id = t.latest_ruling WHERE t.id = mine.task_id
			AND (SELECT tp.left_at IS NULL FROM task_person tp WHERE tp.task_id = mine.task_id AND tp.person_id = $1) OFFSET 0) AS shown ON true`
	taskColumns = `SELECT mine.task_id, shown.* FROM `

	changedTasks = taskColumns + `(SELECT DISTINCT e.task_id FROM event_person ep JOIN event e ON e.seq = ep.seq
		WHERE ep.person_id = $1 AND ep.seq > $2 AND ep.seq <= $3 AND e.task_id IS NOT NULL)` + shownTasks + ` ORDER BY mine.task_id`
	openTasksOf = taskColumns + `(SELECT task_id FROM task_person WHERE person_id = $1 AND task_id > $2 AND open AND left_at IS NULL
		ORDER BY task_id LIMIT $3)` + shownTasks + ` ORDER BY mine.task_id`

	// What has not gone out yet comes with every answer; that it comes again does no harm, for messages are known by their ids.
	messagesMissed = messagesWhere + ` seq > $2 AND seq <= $3 UNION ALL ` + messagesWhere + ` seq IS NULL AND ` + onDutyOrHelp + ` ORDER BY at, id`
	onDutyOrHelp   = `(help OR NOT off_duty($1))`
	// Nobody who begins afresh needs more than what a shift may have brought.
	messagesLately = `SELECT * FROM (` + messagesWhere + ` (seq IS NOT NULL OR ` + onDutyOrHelp + `) ORDER BY seq DESC LIMIT 100) AS m WHERE at > now() - interval '12 hours' ORDER BY at, id`
	messagesWhere  = `SELECT ` + messageColumns + ` FROM message WHERE person_id = $1 AND`
)

func scanTask(row pgx.CollectableRow) (t feed.Task, err error) {
	var ruling *uuid.UUID
	var doc, text []byte
	var at *time.Time
	err = row.Scan(&t.ID, &doc, &ruling, &at, &text, &t.ViolatedSince)
	if ruling != nil && at != nil {
		t.Doc, t.Ruling = doc, feed.Ruling{ID: *ruling, At: *at, Doc: text}
	}
	return t, err
}

// Sync implements feed.Catching. What the log is, is looked up as the house; what is in it, as the person.
func (s *Store) Sync(
	ctx context.Context, actor duty.Actor, c feed.Cursor, limit, tasks int, plan func(feed.Found) feed.Plan,
) (state feed.State, err error) {
	var found feed.Found
	var after int64
	if c.After != nil {
		after = *c.After
	}
	err = s.still(ctx, func(b *pgx.Batch) {
		everything.queue(b)
		b.Queue(boundsOfLog).QueryRow(func(row pgx.Row) error { return row.Scan(&found.Head, &found.Oldest, &found.At) })
		one(b, &found.Marked, pgx.RowTo[bool], `SELECT (`+markAt+`) = $2`, after, c.Mark)
		one(b, &found.Last, pgx.RowTo[int64], lastOfPage, actor.Person, after, limit)
	}, func(b *pgx.Batch) {
		state.Plan, state.At = plan(found), found.At
		one(b, &state.Mark, pgx.RowTo[string], markAt, state.Through)
		sightOf(actor, duty.ViewTask).queue(b)
		if state.Whole {
			each(b, &state.Tasks, scanTask, openTasksOf, actor.Person, state.From, tasks+1)
		} else {
			each(b, &state.Tasks, scanTask, changedTasks, actor.Person, state.After, state.Through)
			each(b, &state.Events, scanEvent, eventsOfPerson, actor.Person, state.After, state.Through)
			each(b, &state.Notices, scanMessage, messagesMissed, actor.Person, state.After, state.Through)
		}
		if state.Reset {
			each(b, &state.Notices, scanMessage, messagesLately, actor.Person)
		}
	})
	if state.Whole && len(state.Tasks) > tasks {
		state.Tasks, state.More = state.Tasks[:tasks], true
	}
	return state, err
}

// contacts are the officers of an organ who are on duty: their open shift says so.
const contacts = `SELECT p.number, p.name FROM shift s JOIN person p ON p.id = s.person_id
	WHERE s.ended_at IS NULL AND p.path ^@ $1 AND p.class = 'officer' AND p.status = 'active' ORDER BY p.number LIMIT 100`

// Bundle implements feed.Catching. An auxiliary sees nobody on the roster; of officers on duty the house tells the name and number.
func (s *Store) Bundle(ctx context.Context, actor duty.Actor) (bundle feed.Bundle, err error) {
	err = s.still(ctx, func(b *pgx.Batch) {
		everything.queue(b)
		each(b, &bundle.Contacts, pgx.RowToStructByPos[feed.Contact], contacts, string(actor.Organ.Path))
		clock(b, &bundle.At)
	}, func(b *pgx.Batch) {
		sightOf(actor, duty.ViewTask).queue(b)
		each(b, &bundle.Tasks, scanTask, openTasksOf, actor.Person, uuid.Nil, bundleTasks)
	})
	return bundle, err
}

// bundleTasks is more than anybody has open; whoever has more gets the rest by syncing.
const bundleTasks = 200
