package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/feed"
)

// Bounds implements feed.Store.
func (s *Store) Bounds(ctx context.Context) (bounds feed.Bounds, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		one(b, &bounds, pgx.RowToStructByPos[feed.Bounds], `
			SELECT coalesce((SELECT min(seq) FROM event), size + 1), size, clock_timestamp() FROM ledger_head`)
	})
	return bounds, err
}

// stretch is how many numbers of the log one page looks at: somebody of whose organ little is heard does not walk through the whole
// log in one question.
const stretch = 10_000

// Page implements feed.Store. The head is read before the events, so every event up to it is seen by the second query.
func (s *Store) Page(ctx context.Context, scope feed.Scope, after int64, limit int) (page feed.Page, err error) {
	as := sight{scope: scopeOf(scope.Paths)}
	if scope.All {
		as = everything
	}
	err = s.read(ctx, as, func(b *pgx.Batch) {
		one(b, &page.Head, pgx.RowTo[int64], `SELECT size FROM ledger_head`)
		each(b, &page.Events, scanEvent, `SELECT `+eventColumns+` FROM event
			WHERE seq > $1 AND seq <= $2 AND ($3 OR path ^@ ANY (string_to_array($4, ',', ''))) ORDER BY seq LIMIT $5`,
			after, after+stretch, scope.All, scopeOf(scope.Paths), limit)
	})
	page.Through = min(page.Head, after+stretch)
	if n := len(page.Events); n > 0 {
		last := page.Events[n-1].Seq
		if n == limit || last > page.Through {
			page.Through = last
		}
	}
	return page, err
}

// AddTicket implements feed.Store.
func (s *Store) AddTicket(ctx context.Context, hash [32]byte, session uuid.UUID, life time.Duration) (expires time.Time, err error) {
	err = s.write(ctx, everything, func(b *pgx.Batch) {
		b.Queue(`DELETE FROM feed_ticket WHERE expires_at < now() - interval '1 hour'`)
		one(b, &expires, pgx.RowTo[time.Time], `INSERT INTO feed_ticket (hash, session_id, expires_at)
			VALUES ($1, $2, now() + $3::interval) RETURNING expires_at`, hash[:], session, life)
	})
	return expires, err
}

const selectViewer = `SELECT s.id, p.id, ` + grantsOf + `
	FROM session s JOIN device d ON d.id = s.device_id JOIN person p ON p.id = s.person_id
	WHERE ` + liveSession

// TakeTicket implements feed.Store.
func (s *Store) TakeTicket(ctx context.Context, hash [32]byte) (viewer feed.Viewer, err error) {
	err = s.write(ctx, everything, func(b *pgx.Batch) {
		one(b, &viewer, pgx.RowToStructByPos[feed.Viewer], `
			WITH taken AS (
				UPDATE feed_ticket SET used_at = now() WHERE hash = $1 AND used_at IS NULL AND expires_at > now() RETURNING session_id
			) `+selectViewer+` AND s.id IN (SELECT session_id FROM taken)`, hash[:])
	})
	return viewer, missing(err, noSession)
}

// Live implements feed.Store.
func (s *Store) Live(ctx context.Context, sessions []uuid.UUID) (viewers []feed.Viewer, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &viewers, pgx.RowToStructByPos[feed.Viewer], selectViewer+` AND s.id = ANY ($1)`, sessions)
	})
	return viewers, err
}
