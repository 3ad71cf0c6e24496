package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/roster"
)

// portion is how many people one statement is about: few enough to end well within the statement timeout on a busy machine.
const portion = 2000

// Change implements roster.Writer.
func (s *Store) Change(ctx context.Context, actor duty.Actor, of roster.Selection, decide func(roster.Scene) (roster.Changes, error)) error {
	steps := 0
	err := s.within(ctx, everything, func(tx pgx.Tx) error {
		look := lookingFor(tx, actor, of)
		if err := look.around(ctx); err != nil {
			return err
		}
		changes, err := decide(look.scene)
		if err != nil {
			return err
		}
		steps, err = write(ctx, tx, changes, of.Told)
		return err
	})
	if err == nil && of.Told != nil {
		of.Told(steps, steps)
	}
	return entryFault(err)
}

// looking is a scene being read. What lies outside of the actor's reach is only counted; the rest is read within it.
type looking struct {
	tx    pgx.Tx
	actor duty.Actor
	of    roster.Selection
	scene roster.Scene
}

func lookingFor(tx pgx.Tx, actor duty.Actor, of roster.Selection) *looking {
	return &looking{tx: tx, actor: actor, of: of, scene: roster.Scene{
		People: map[string]duty.Person{}, Foreign: map[string]bool{}, Tasks: map[uuid.UUID][]roster.OpenTask{}, Grants: map[uuid.UUID][]duty.Grant{},
	}}
}

func (l *looking) around(ctx context.Context) error {
	reach := scopeOf(l.actor.Reach(duty.ManageRoster))
	if len(l.of.Numbers) > portion { // to compare so many takes longer than a transaction may be idle on a busy machine
		if _, err := l.tx.Exec(ctx, `SET LOCAL idle_in_transaction_session_timeout = '60s'`); err != nil {
			return err
		}
	}
	if err := l.revision(ctx); err != nil {
		return err
	}
	for numbers := range slices.Chunk(l.of.Numbers, portion) {
		if err := l.lock(ctx, numbers, reach); err != nil {
			return err
		}
	}
	if err := l.lockAuxiliaries(ctx, reach); err != nil {
		return err
	}
	as := sightOf(l.actor, duty.ManageRoster)
	if _, err := l.tx.Exec(ctx, setSight, as.settings()...); err != nil {
		return err
	}
	for numbers := range slices.Chunk(l.of.Numbers, portion) {
		if err := l.people(ctx, numbers); err != nil {
			return err
		}
	}
	l.scene.Counts = func(organs []duty.Path) ([]roster.Headcount, error) { return l.counts(ctx, organs, reach) }
	return nil
}

// revision is what the source has told; whoever asks at the same time waits.
func (l *looking) revision(ctx context.Context) error {
	if l.of.Source == "" {
		return nil
	}
	path := string(l.actor.Organ.Path)
	if _, err := l.tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 8))`, path+" "+l.of.Source); err != nil {
		return err
	}
	return l.tx.QueryRow(ctx, `SELECT coalesce((SELECT revision FROM roster_source WHERE path = $1 AND source = $2), 0)`, path, l.of.Source).
		Scan(&l.scene.Revision)
}

// lock locks the people with the numbers, in one order for everybody, and sorts out those the actor cannot see.
func (l *looking) lock(ctx context.Context, numbers []string, reach string) error {
	rows, err := l.tx.Query(ctx, `SELECT number, NOT path ^@ ANY (string_to_array($2, ',', '')) FROM person
		WHERE number = ANY ($1) ORDER BY id FOR NO KEY UPDATE`, numbers, reach)
	if err != nil {
		return err
	}
	var number string
	var foreign bool
	_, err = pgx.ForEachRow(rows, []any{&number, &foreign}, func() error {
		if foreign {
			l.scene.Foreign[number] = true
		}
		return nil
	})
	return err
}

// lockAuxiliaries adds the auxiliaries of a subtree to those selected.
func (l *looking) lockAuxiliaries(ctx context.Context, reach string) error {
	if l.of.Auxiliaries == "" {
		return nil
	}
	rows, err := l.tx.Query(ctx, `SELECT number FROM person WHERE path ^@ $1 AND path ^@ ANY (string_to_array($2, ',', ''))
		AND class IN ('field_auxiliary', 'civilian_auxiliary') AND NOT number = ANY ($3) ORDER BY id FOR NO KEY UPDATE`,
		string(l.of.Auxiliaries), reach, l.of.Numbers)
	if err != nil {
		return err
	}
	more, err := pgx.CollectRows(rows, pgx.RowTo[string])
	l.of.Numbers = append(slices.Clone(l.of.Numbers), more...)
	return err
}

// people reads those with the numbers, what they are part of and what they were appointed to.
func (l *looking) people(ctx context.Context, numbers []string) error {
	var people []duty.Person
	b := &pgx.Batch{}
	each(b, &people, scanPerson, selectPerson+`p.number = ANY ($1) AND p.path ^@ ANY (string_to_array($2, ',', ''))`,
		numbers, scopeOf(l.actor.Reach(duty.ManageRoster)))
	b.Queue(`SELECT a.person_id, a.role, a.path FROM authority a JOIN person p ON p.id = a.person_id WHERE p.number = ANY ($1)`, numbers).
		Query(l.grants)
	// A task may be another organ's: who is on it and how urgent it is, and nothing else, is asked with everybody's sight.
	everything.queue(b)
	b.Queue(`SELECT me.person_id, t.id, coalesce(t.doc ->> 'urgency', ''), array_agg(DISTINCT other.person_id)
		FROM person p JOIN task_person me ON me.person_id = p.id AND me.open AND me.part
			JOIN task t ON t.id = me.task_id
			JOIN task_person other ON other.task_id = me.task_id AND other.person_id <> me.person_id
		WHERE p.number = ANY ($1) GROUP BY 1, 2 ORDER BY 1, 2`, numbers).Query(l.tasks)
	sightOf(l.actor, duty.ManageRoster).queue(b)
	if err := l.tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	for _, p := range people {
		l.scene.People[p.Number] = p
	}
	return nil
}

func (l *looking) grants(rows pgx.Rows) error {
	var person uuid.UUID
	var g duty.Grant
	_, err := pgx.ForEachRow(rows, []any{&person, &g.Role, &g.Path}, func() error {
		l.scene.Grants[person] = append(l.scene.Grants[person], g)
		return nil
	})
	return err
}

func (l *looking) tasks(rows pgx.Rows) error {
	var person uuid.UUID
	_, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t roster.OpenTask, err error) {
		if err = row.Scan(&person, &t.ID, &t.Urgency, &t.Others); err == nil {
			l.scene.Tasks[person] = append(l.scene.Tasks[person], t)
		}
		return t, err
	})
	return err
}

// write writes changes in portions, and tells of each but the last: with it the import's own row is written, and whoever tells how far an
// import is would wait for this transaction, which waits for them.
func write(ctx context.Context, tx pgx.Tx, c roster.Changes, told func(done, total int)) (total int, err error) {
	steps := slices.Concat(
		portions(c.Added, addPeople), portions(c.Moved, movePeople), portions(c.Skilled, replaceSkills),
		portions(c.Owed, addOwed), portions(c.Events, addEvents), []func(*pgx.Batch){func(b *pgx.Batch) { changeRest(b, c) }},
	)
	for i, step := range steps {
		b := &pgx.Batch{}
		step(b)
		last := i == len(steps)-1
		if err := queueLast(b, last, c); err != nil {
			return 0, err
		}
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return 0, err
		}
		if told != nil && !last {
			told(i+1, len(steps))
		}
	}
	return len(steps), nil
}

func queueLast(b *pgx.Batch, last bool, c roster.Changes) error {
	if !last {
		return nil
	}
	if err := queuePushes(b, c.Told); err != nil {
		return err
	}
	return queueConcerns(b, c.Concerns)
}

func portions[T any](all []T, queue func(*pgx.Batch, []T)) (steps []func(*pgx.Batch)) {
	for part := range slices.Chunk(all, portion) {
		steps = append(steps, func(b *pgx.Batch) { queue(b, part) })
	}
	return steps
}

// column is one field of every row, as unnest takes it.
func column[T, V any](rows []T, field func(T) V) []V {
	values := make([]V, len(rows))
	for i, r := range rows {
		values[i] = field(r)
	}
	return values
}

func personArrays(people []duty.Person) []any {
	return []any{
		column(people, func(p duty.Person) uuid.UUID { return p.ID }),
		column(people, func(p duty.Person) string { return p.Name }),
		column(people, func(p duty.Person) string { return string(p.Class) }),
		column(people, func(p duty.Person) uuid.UUID { return p.Organ.ID }),
		column(people, func(p duty.Person) string { return string(p.Organ.Path) }),
		column(people, func(p duty.Person) string { return p.Status.String() }),
	}
}

func addPeople(b *pgx.Batch, people []duty.Person) {
	b.Queue(`INSERT INTO person (id, name, class, organ_id, path, status, number)
		SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[])`,
		append(personArrays(people), column(people, func(p duty.Person) string { return p.Number }))...)
}

func movePeople(b *pgx.Batch, people []duty.Person) {
	b.Queue(`UPDATE person p SET name = n.name, class = n.class, organ_id = n.organ_id, path = n.path, status = n.status
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[]) AS n (id, name, class, organ_id, path, status)
		WHERE p.id = n.id`, personArrays(people)...)
}

// held is one thing of a person's.
type held[T any] struct {
	person uuid.UUID
	thing  T
}

func gather[T any](people []duty.Person, of func(duty.Person) []T) (all []held[T]) {
	for _, p := range people {
		for _, thing := range of(p) {
			all = append(all, held[T]{p.ID, thing})
		}
	}
	return all
}

func owners[T any](all []held[T]) []uuid.UUID {
	return column(all, func(h held[T]) uuid.UUID { return h.person })
}

func replaceSkills(b *pgx.Batch, people []duty.Person) {
	ids := column(people, func(p duty.Person) uuid.UUID { return p.ID })
	for _, table := range []string{"training", "qualification", "equipment"} {
		b.Queue(`DELETE FROM `+table+` WHERE person_id = ANY ($1)`, ids)
	}
	training := gather(people, func(p duty.Person) []duty.Training { return p.Training })
	type T = held[duty.Training]
	b.Queue(`INSERT INTO training (person_id, post, passed_on, valid_to, refresher_due)
		SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])`,
		owners(training), column(training, func(h T) string { return h.thing.Post }), column(training, func(h T) time.Time { return h.thing.PassedOn }),
		column(training, func(h T) *time.Time { return h.thing.ValidTo }), column(training, func(h T) *time.Time { return h.thing.RefresherDue }))
	qualified := gather(people, func(p duty.Person) []duty.Qualification { return p.Qualifications })
	type Q = held[duty.Qualification]
	b.Queue(`INSERT INTO qualification (person_id, kind, valid_to) SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[])`,
		owners(qualified), column(qualified, func(h Q) string { return h.thing.Kind }), column(qualified, func(h Q) *time.Time { return h.thing.ValidTo }))
	issued := gather(people, func(p duty.Person) []duty.Equipment { return p.Equipment })
	type E = held[duty.Equipment]
	b.Queue(`INSERT INTO equipment (person_id, class, item) SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[]) ON CONFLICT DO NOTHING`,
		owners(issued), column(issued, func(h E) string { return h.thing.Class.String() }), column(issued, func(h E) string { return h.thing.Item }))
}

func addOwed(b *pgx.Batch, owed []roster.Owed) {
	b.Queue(`INSERT INTO hand_back (id, person_id, path, class, item, listed_at)
		SELECT id, person, path, class, item, clock_timestamp()
		FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) AS o (id, person, path, class, item) ON CONFLICT DO NOTHING`,
		column(owed, func(o roster.Owed) uuid.UUID { return o.ID }), column(owed, func(o roster.Owed) uuid.UUID { return o.Person }),
		column(owed, func(o roster.Owed) string { return string(o.Path) }), column(owed, func(o roster.Owed) string { return o.Class.String() }),
		column(owed, func(o roster.Owed) string { return o.Item }))
}

// addEvents writes events of now that no task is about, in their order.
func addEvents(b *pgx.Batch, events []ledger.Event) {
	b.Queue(`INSERT INTO event (id, kind, path, version, actor, at, body)
		SELECT id, kind, path, 0, actor, clock_timestamp(), body
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[]) WITH ORDINALITY AS e (id, kind, path, actor, body, n) ORDER BY n`,
		column(events, func(e ledger.Event) uuid.UUID { return e.ID }), column(events, func(e ledger.Event) string { return e.Kind }),
		column(events, func(e ledger.Event) string { return string(e.Path) }), column(events, func(e ledger.Event) uuid.UUID { return e.Actor }),
		column(events, func(e ledger.Event) string { return string(e.Body) }))
}

// changeRest queues what is little of every change.
func changeRest(b *pgx.Batch, c roster.Changes) {
	for _, g := range c.Withdraw {
		b.Queue(`DELETE FROM authority WHERE person_id = $1 AND role = $2 AND path = $3`, g.Person, string(g.Role), string(g.Organ.Path))
	}
	enterGrants(b, roster.Entries{Grants: c.Grant})
	if len(c.Left) > 0 {
		b.Queue(`UPDATE session SET revoked_at = now() WHERE person_id = ANY ($1) AND revoked_at IS NULL`, c.Left)
	}
	if c.Source != nil {
		b.Queue(`INSERT INTO roster_source (path, source, revision, at) VALUES ($1, $2, $3, clock_timestamp())
			ON CONFLICT (path, source) DO UPDATE SET revision = excluded.revision, at = excluded.at`,
			string(c.Source.Path), c.Source.Name, c.Source.Revision)
	}
	if c.Import != nil {
		queueEnd(b, *c.Import)
	}
	b.Queue(`SELECT`) // a batch of nothing is none
}
