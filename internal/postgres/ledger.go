package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
)

// firstHash is the index of the first hash stored for the record that follows size others.
func firstHash(size int64) int64 { return tlog.StoredHashIndex(0, size) }

// storedTree reads the tree as far as the head says it goes.
func storedTree(ctx context.Context, conn *pgx.Conn) (tree ledger.Tree, at time.Time, err error) {
	var size int64
	if err := conn.QueryRow(ctx, `SELECT size, at FROM ledger_head`).Scan(&size, &at); err != nil {
		return tree, at, err
	}
	indexes := ledger.EdgeIndexes(size)
	rows, err := conn.Query(ctx, `SELECT hash FROM ledger_hash h JOIN unnest($1::bigint[]) WITH ORDINALITY AS edge (idx, n) ON edge.idx = h.idx
		ORDER BY edge.n`, indexes)
	if err != nil {
		return tree, at, err
	}
	edge, err := pgx.CollectRows(rows, scanHash)
	if err != nil {
		return tree, at, err
	}
	if len(edge) != len(indexes) {
		return tree, at, fmt.Errorf("the ledger of %d events has lost %d of its hashes", size, len(indexes)-len(edge))
	}
	return ledger.Resume(size, edge), at, nil
}

func scanHash(row pgx.CollectableRow) (hash tlog.Hash, err error) {
	var stored []byte
	err = row.Scan(&stored)
	copy(hash[:], stored)
	return hash, err
}

// lastVersions are the newest numbered versions of the tasks that events speak of; a task without any is left out.
func lastVersions(ctx context.Context, tx pgx.Tx, events []ledger.Event) (map[uuid.UUID]int, error) {
	seen := map[uuid.UUID]bool{}
	tasks := []uuid.UUID{}
	for _, e := range events {
		if e.Task != nil && !seen[*e.Task] {
			seen[*e.Task] = true
			tasks = append(tasks, *e.Task)
		}
	}
	rows, err := tx.Query(ctx, `SELECT t.id, e.version FROM unnest($1::uuid[]) AS t (id) CROSS JOIN LATERAL (
		SELECT version FROM event WHERE task_id = t.id AND seq IS NOT NULL ORDER BY version DESC LIMIT 1) AS e`, tasks)
	if err != nil {
		return nil, err
	}
	last := make(map[uuid.UUID]int, len(tasks))
	var task uuid.UUID
	var version int
	_, err = pgx.ForEachRow(rows, []any{&task, &version}, func() error {
		last[task] = version
		return nil
	})
	return last, err
}

// Waiting says how many events wait to be numbered, and for how long the oldest of them.
func (s *Store) Waiting(ctx context.Context) (events int, oldest time.Duration, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		b.Queue(`SELECT count(*), coalesce(clock_timestamp() - min(at), interval '0') FROM event WHERE seq IS NULL`).
			QueryRow(func(row pgx.Row) error { return row.Scan(&events, &oldest) })
	})
	return events, oldest, err
}

// LedgerSize implements ledger.Source.
func (s *Store) LedgerSize(ctx context.Context) (size int64, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		one(b, &size, pgx.RowTo[int64], `SELECT size FROM ledger_head`)
	})
	return size, err
}

// SignedHeads implements ledger.Source.
func (s *Store) SignedHeads(ctx context.Context) (notes []string, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &notes, pgx.RowTo[string], `SELECT note FROM ledger_signed_head ORDER BY size`)
	})
	return notes, err
}

// Hashes implements ledger.Source.
func (s *Store) Hashes(ctx context.Context, from int64, limit int) (hashes []ledger.StoredHash, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &hashes, func(row pgx.CollectableRow) (h ledger.StoredHash, err error) {
			var stored []byte
			err = row.Scan(&h.Index, &stored)
			copy(h.Hash[:], stored)
			return h, err
		}, `SELECT idx, hash FROM ledger_hash WHERE idx >= $1 ORDER BY idx LIMIT $2`, from, limit)
	})
	return hashes, err
}

// Recorded implements ledger.Source.
func (s *Store) Recorded(ctx context.Context, after int64, limit int) (recorded []ledger.Recorded, err error) {
	var events []marked
	rulings, seen := beside[rulingText]{}, beside[duty.Observation]{}
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		const page = `WITH page AS (SELECT id FROM event WHERE seq > $1 ORDER BY seq LIMIT $2) `
		each(b, &events, scanMarked, `SELECT task_digest, `+eventColumns+` FROM event WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limit)
		b.Queue(page+`SELECT event_id, id, task_id, epoch, path, actor, command, decided_at, facts::text, ruling::text
			FROM ruling WHERE event_id IN (SELECT id FROM page) ORDER BY id`, after, limit).Query(rulings.collect(scanRulingText))
		b.Queue(page+`SELECT event_id, `+observationColumns+`
			FROM observation WHERE event_id IN (SELECT id FROM page) ORDER BY id`, after, limit).Query(seen.collect(scanBesideObservation))
	})
	for _, e := range events {
		recorded = append(recorded, ledger.Recorded{Event: e.Event, Found: evidence(rulings[e.ID], seen[e.ID], e.digest)})
	}
	return recorded, err
}

// marked is an event with the digest of the task's document that it left.
type marked struct {
	ledger.Event
	digest []byte
}

func scanMarked(row pgx.CollectableRow) (m marked, err error) {
	var body string
	err = row.Scan(&m.digest, &m.Seq, &m.ID, &m.Kind, &m.Path, &m.Task, &m.Version, &m.Actor, &m.At, &body, &m.Evidence)
	m.Body = []byte(body)
	return m, err
}

// Documents implements ledger.Source. The newest event counts even if it has no number yet: it was written with the document.
func (s *Store) Documents(ctx context.Context, after uuid.UUID, limit int) (documents []ledger.Document, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &documents, scanDocument, `SELECT t.id, t.version, t.doc::text, coalesce(e.version, 0), e.task_digest
			FROM task t LEFT JOIN LATERAL (
				SELECT version, task_digest FROM event WHERE task_id = t.id ORDER BY version DESC LIMIT 1) AS e ON true
			WHERE t.id > $1 ORDER BY t.id LIMIT $2`, after, limit)
	})
	return documents, err
}

func scanDocument(row pgx.CollectableRow) (d ledger.Document, err error) {
	var doc string
	if err := row.Scan(&d.Task, &d.Version, &doc, &d.Newest, &d.Left); err != nil {
		return d, err
	}
	if written, readable := asWritten(doc); readable {
		d.Found = digest(written)
	}
	return d, nil
}

// asWritten is a document in the form it had before the database took it. What a task has no place for makes it unreadable.
func asWritten(doc string) (written []byte, readable bool) {
	strict := json.NewDecoder(strings.NewReader(doc))
	strict.DisallowUnknownFields()
	var task dispatch.Task
	if err := strict.Decode(&task); err != nil {
		return nil, false
	}
	written, err := json.Marshal(task)
	return written, err == nil
}

// beside are the records that were written with events, by event.
type beside[T any] map[uuid.UUID][]T

func (m beside[T]) collect(scan func(pgx.CollectableRow) (uuid.UUID, T, error)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		_, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
			event, record, err := scan(row)
			m[event] = append(m[event], record)
			return struct{}{}, err
		})
		return err
	}
}

func scanRulingText(row pgx.CollectableRow) (event uuid.UUID, r rulingText, err error) {
	err = row.Scan(&event, &r.ID, &r.Task, &r.Epoch, &r.Path, &r.Actor, &r.Command, &r.At, &r.facts, &r.ruling)
	return event, r, err
}

func scanBesideObservation(row pgx.CollectableRow) (event uuid.UUID, o duty.Observation, err error) {
	err = row.Scan(&event, &o.ID, &o.Subject, &o.Task, &o.Fact, &o.Value, &o.By, &o.Device, &o.Source, &o.ObservedAt, &o.ReceivedAt)
	return event, o, err
}
