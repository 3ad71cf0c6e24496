package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
)

// The officers who reach a task are looked for with the sight of the house: whoever calls for help need not see their station's roster.
// It is taken back before anything else is asked.
const (
	seeAll   = `SELECT set_config('dutybound.scope', '*', true)`
	seeOwn   = `SELECT set_config('dutybound.scope', $1, true)`
	watchers = `SELECT p.id, p.number, p.name, a.path, bool_or(a.role = 'station_head'), coalesce(min(o.value), ''), coalesce(min(o.received_at), 'epoch'),
			coalesce(min(o.source), '')
		FROM task t
			JOIN authority a ON a.path = ANY (string_to_array(at_and_above(t.path), ',')) AND a.role IN ('officer', 'station_head')
			JOIN person p ON p.id = a.person_id AND p.class = 'officer' AND p.status = 'active'
			LEFT JOIN LATERAL (
				SELECT n.value, n.received_at, n.source FROM observation_now n WHERE n.subject = p.id AND n.fact = 'on_duty' AND n.task_id IS NULL
				ORDER BY n.source = 'dispatcher' AND n.stated_by <> p.id AND EXISTS (SELECT FROM observation_now s
					WHERE s.subject = p.id AND s.fact = 'on_duty' AND s.source = 'shift'), n.received_at DESC, n.id DESC LIMIT 1
			) o ON true
		WHERE t.id = $1 GROUP BY p.id, p.number, p.name, a.path ORDER BY a.path, p.number`
	recusalsOf   = `SELECT doc FROM recusal WHERE task_id = $1 ORDER BY id`
	objectionsOf = `SELECT doc FROM objection WHERE task_id = $1 ORDER BY id`
)

// queueAside reads what stands beside a task.
func queueAside(b *pgx.Batch, into *dispatch.Aside, task uuid.UUID, as sight) {
	b.Queue(seeAll)
	each(b, &into.Watch, pgx.RowToStructByPos[dispatch.Watcher], watchers, task)
	b.Queue(seeOwn, as.scope)
	each(b, &into.Recusals, pgx.RowTo[dispatch.Recusal], recusalsOf, task)
	each(b, &into.Objections, pgx.RowTo[dispatch.Objection], objectionsOf, task)
}

const (
	keepRecusal   = `INSERT INTO recusal (id, doc) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`
	keepObjection = `INSERT INTO objection (id, doc) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc`
)

// queueBeside writes what a decision leaves beside the task.
func queueBeside(b *pgx.Batch, beside *dispatch.Beside) error {
	if beside == nil {
		return nil
	}
	if r := beside.Recusal; r != nil {
		text, err := json.Marshal(r)
		if err != nil {
			return fmt.Errorf("recusal: %w", err)
		}
		b.Queue(keepRecusal, r.ID, text)
	}
	if o := beside.Objection; o != nil {
		text, err := json.Marshal(o)
		if err != nil {
			return fmt.Errorf("objection: %w", err)
		}
		b.Queue(keepObjection, o.ID, text)
	}
	return nil
}

// Recusals implements dispatch.Docket.
func (s *Store) Recusals(ctx context.Context, actor duty.Actor, f dispatch.DocketFilter) ([]dispatch.Recusal, error) {
	return docket[dispatch.Recusal](ctx, s, "recusal", sightOf(actor, duty.DecideRecusal), f)
}

// Objections implements dispatch.Docket.
func (s *Store) Objections(ctx context.Context, actor duty.Actor, f dispatch.DocketFilter) ([]dispatch.Objection, error) {
	return docket[dispatch.Objection](ctx, s, "objection", sightOf(actor, duty.AnswerObjection), f)
}

const unheard = `SELECT task_id, id FROM (
		SELECT task_id, id, doc FROM recusal WHERE state = 'pending' UNION ALL SELECT task_id, id, doc FROM objection WHERE state = 'open'
	) AS open WHERE doc ->> 'escalated_at' IS NULL AND coalesce(doc ->> 'deadline', '-infinity')::timestamptz <= clock_timestamp()
	ORDER BY coalesce(doc ->> 'deadline', '-infinity')::timestamptz LIMIT $1`

// Unheard implements dispatch.Docket.
func (s *Store) Unheard(ctx context.Context, limit int) (late []dispatch.Matter, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) { each(b, &late, pgx.RowToStructByPos[dispatch.Matter], unheard, limit) })
	return late, err
}

func docket[T any](ctx context.Context, s *Store, table string, as sight, f dispatch.DocketFilter) (list []T, err error) {
	args := []any{f.State, scopeOf(f.Reach), f.Limit}
	where := []string{`d.state = $1`, `d.path ^@ ANY (string_to_array($2, ',', ''))`}
	if f.Path != "" {
		args = append(args, string(f.Path))
		where = append(where, fmt.Sprintf(`d.path ^@ $%d`, len(args)))
	}
	if f.After != nil {
		args = append(args, *f.After)
		where = append(where, fmt.Sprintf(`d.id > $%d`, len(args)))
	}
	err = s.read(ctx, as, func(b *pgx.Batch) {
		each(b, &list, pgx.RowTo[T], `SELECT d.doc FROM `+table+` d WHERE `+strings.Join(where, " AND ")+` ORDER BY d.id LIMIT $3`, args...)
	})
	return list, err
}

// deedsOf are the events that speak of a person in a time: their own, and those of a lead that they left or lost.
const deedsOf = ` FROM event WHERE at >= $2 AND at < $3 AND seq IS NOT NULL AND kind = ANY ($4)
	AND path ^@ ANY (string_to_array($5, ',', ''))
	AND (actor = $1 AND kind <> ALL ($6) OR kind = ANY ($6) AND body::json ->> 'officer' = $1::text)`

// Supervision implements dispatch.Docket.
func (s *Store) Supervision(ctx context.Context, actor duty.Actor, person uuid.UUID, span dispatch.Period) (r dispatch.Record, err error) {
	kinds := []string{}
	for _, of := range dispatch.Deeds {
		kinds = append(kinds, of...)
	}
	reach := scopeOf(actor.Reach(duty.ReadSupervision))
	args := []any{person, span.From, span.To, kinds, reach, dispatch.LeadsLeft}
	byKind := map[string]int{}
	err = s.read(ctx, sight{scope: reach}, func(b *pgx.Batch) {
		one(b, &r.Person, scanPerson, selectPerson+`p.id = $1`, person)
		b.Queue(`SELECT kind, count(*)`+deedsOf+` GROUP BY kind`, args...).Query(func(rows pgx.Rows) error {
			var kind string
			var n int
			_, err := pgx.ForEachRow(rows, []any{&kind, &n}, func() error { byKind[kind] = n; return nil })
			return err
		})
		each(b, &r.Events, scanEvent, `SELECT `+eventColumns+deedsOf+` ORDER BY seq LIMIT $7`, append(args, dispatch.MaxDeeds)...)
	})
	r.Span, r.Counts = span, map[string]int{}
	for what, of := range dispatch.Deeds {
		r.Counts[what] = 0
		for _, kind := range of {
			r.Counts[what] += byKind[kind]
		}
	}
	return r, missing(err, fault.Missing("person"))
}
