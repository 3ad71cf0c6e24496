package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/outbox"
)

type interval = duty.Interval

const (
	free        = `(lease IS NULL OR lease_until <= clock_timestamp())`
	claimOutbox = `UPDATE outbox_device SET lease = $2, lease_until = clock_timestamp() + $3::interval WHERE device_id = $1 AND ` + free
	claimDue    = `UPDATE outbox_device SET lease = $1, lease_until = clock_timestamp() + $2::interval WHERE device_id IN (
			SELECT device_id FROM outbox_device WHERE due_at <= clock_timestamp() AND ` + free + ` ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
		) RETURNING device_id`
	// What came while the holder was at work is due at once.
	releaseOutbox = `UPDATE outbox_device SET lease = NULL, lease_until = NULL,
			due_at = CASE WHEN arrivals = $3 THEN $4::timestamptz ELSE clock_timestamp() END
		WHERE device_id = $1 AND lease = $2`
)

// ClaimOutbox implements outbox.Store.
func (s *Store) ClaimOutbox(ctx context.Context, device, holder uuid.UUID, lease time.Duration) (bool, error) {
	tag, err := s.alone(ctx, claimOutbox, device, holder, lease)
	return tag == 1, err
}

// alone runs one statement of the house and says how many rows it changed.
func (s *Store) alone(ctx context.Context, sql string, args ...any) (rows int64, err error) {
	err = s.write(ctx, everything, func(b *pgx.Batch) {
		b.Queue(sql, args...).Exec(func(tag pgconn.CommandTag) error { rows = tag.RowsAffected(); return nil })
	})
	return rows, err
}

// ClaimDueOutboxes implements outbox.Store.
func (s *Store) ClaimDueOutboxes(ctx context.Context, holder uuid.UUID, lease time.Duration, most int) (devices []uuid.UUID, err error) {
	err = s.write(ctx, everything, func(b *pgx.Batch) { each(b, &devices, pgx.RowTo[uuid.UUID], claimDue, holder, lease, most) })
	return devices, err
}

// ReleaseOutbox implements outbox.Store.
func (s *Store) ReleaseOutbox(ctx context.Context, device, holder uuid.UUID, arrivals int64, due *time.Time) error {
	_, err := s.alone(ctx, releaseOutbox, device, holder, arrivals, due)
	return err
}

const (
	selectOutboxActor = `SELECT d.id, p.id, p.number, p.name, p.class, o.id, o.code, o.name, o.kind, o.path, ` + grantsOf + `
		FROM device d JOIN person p ON p.id = d.person_id JOIN organ o ON o.id = p.organ_id
		WHERE d.id = $1 AND p.status <> 'separated'`
	// selectTodo reads records with the nearest one before each whose interval is known, and the end of what is possible: it was made
	// before anything that was made after it came in.
	selectTodo = `WITH todo AS (
			SELECT * FROM outbox_record WHERE device_id = $1 AND state = 'stored' ORDER BY help DESC, n, received_at LIMIT $2
		), possible AS (
			SELECT a.n, min(min(least(a.received_at, a.latest))) OVER (ORDER BY a.n DESC) AS until
			FROM outbox_record a WHERE a.device_id = $1 AND a.n >= (SELECT min(n) FROM todo) AND a.state <> 'forked' GROUP BY a.n
		)
		SELECT ` + keptColumns + `, p.until, r.help, b.n, b.boot, b.since_boot_ms, b.server_at, b.server_boot_ms, b.earliest, b.latest
		FROM todo r JOIN possible p ON p.n = r.n
			LEFT JOIN LATERAL (
				SELECT c.* FROM outbox_record c WHERE c.device_id = r.device_id AND c.n < r.n AND c.earliest IS NOT NULL ORDER BY c.n DESC LIMIT 1
			) AS b ON true
		ORDER BY r.help DESC, r.n, r.received_at`
	selectMissing = `SELECT first_n, last_n, opened_at, told FROM outbox_finding
		WHERE device_id = $1 AND kind = 'gap' AND state = 'open' ORDER BY first_n`
)

// NextRecords implements outbox.Store.
func (s *Store) NextRecords(ctx context.Context, device uuid.UUID, most int) (w outbox.Work, err error) {
	var actors []duty.Actor
	var signers []outbox.Signer
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		b.Queue(`SELECT through, arrivals FROM outbox_device WHERE device_id = $1`, device).QueryRow(func(row pgx.Row) error {
			err := row.Scan(&w.Through, &w.Arrivals)
			if errors.Is(err, pgx.ErrNoRows) {
				return nil
			}
			return err
		})
		each(b, &signers, scanSigner, selectSigner+`WHERE d.id = $1`, device)
		each(b, &actors, scanOutboxActor, selectOutboxActor, device)
		each(b, &w.Missing, pgx.RowToStructByPos[outbox.Missing], selectMissing, device)
		each(b, &w.Records, scanTodo, selectTodo, device, most)
		clock(b, &w.Now)
	})
	if len(actors) == 1 {
		w.Actor = &actors[0]
	}
	if len(signers) == 1 {
		w.Signer = signers[0]
	}
	return w, err
}

func scanOutboxActor(row pgx.CollectableRow) (a duty.Actor, err error) {
	err = row.Scan(&a.Device, &a.Person, &a.Number, &a.Name, &a.Class, &a.Organ.ID, &a.Organ.Code, &a.Organ.Name, &a.Organ.Kind, &a.Organ.Path, &a.Grants)
	return a, err
}

func scanTodo(row pgx.CollectableRow) (t outbox.Todo, err error) {
	into, finish := keptInto(&t.Kept)
	var n, since, serverSince *int64
	var boot *string
	var serverAt, from, to *time.Time
	if err = row.Scan(append(into, &t.By, &t.Help, &n, &boot, &since, &serverAt, &serverSince, &from, &to)...); err != nil {
		return t, err
	}
	finish()
	if n == nil {
		return t, nil
	}
	t.Before = &outbox.Reckoned{N: *n, Boot: *boot, SinceBoot: time.Duration(*since) * time.Millisecond, Interval: interval{From: *from, To: *to}}
	if serverAt != nil {
		t.Before.Server = &outbox.Seen{At: *serverAt, SinceBoot: time.Duration(*serverSince) * time.Millisecond}
	}
	return t, nil
}

const (
	// Who has lost the lease writes nothing.
	withLease = `WITH mine AS (
			UPDATE outbox_device SET lease_until = clock_timestamp() + $3::interval, through = greatest(through, $4) WHERE device_id = $1 AND lease = $2 RETURNING true
		)`
	settleRecord = withLease + ` UPDATE outbox_record SET state = $7, settled_at = clock_timestamp(), status = $8, answer = $9, earliest = $10, latest = $11
		WHERE device_id = $1 AND n = $5 AND hash = $6 AND state = 'stored' AND EXISTS (SELECT FROM mine)`
	tryAgain = withLease + ` UPDATE outbox_record SET attempts = attempts + 1
		WHERE device_id = $1 AND n = $5 AND hash = $6 AND state = 'stored' AND EXISTS (SELECT FROM mine)`
	// What was found before is not said again.
	discover = `WITH fresh AS (` + newFinding + ` FROM outbox_device WHERE device_id = $2 AND lease = $18` + knownFinding + ` RETURNING true)
		INSERT INTO event (id, kind, path, version, actor, at, body) SELECT $13::uuid, $14::text, $4, 0, $15::uuid, $16::timestamptz, $17::text WHERE EXISTS (SELECT FROM fresh)`
)

// SettleRecord implements outbox.Store.
func (s *Store) SettleRecord(ctx context.Context, holder uuid.UUID, lease time.Duration, d outbox.Settled) (after outbox.Standing, err error) {
	err = s.write(ctx, everything, func(b *pgx.Batch) {
		one(b, &after.Revoked, pgx.RowTo[bool], `SELECT revoked_at IS NOT NULL FROM device WHERE id = $1`, d.Device)
		wrote := func(tag pgconn.CommandTag) error { after.Mine = tag.RowsAffected() == 1; return nil }
		if d.State == outbox.Stored {
			b.Queue(tryAgain, d.Device, holder, lease, int64(0), d.N, d.Hash).Exec(wrote)
			return
		}
		b.Queue(settleRecord, d.Device, holder, lease, d.Through, d.N, d.Hash, string(d.State), d.Answer.Status, d.Answer, d.Made.From, d.Made.To).Exec(wrote)
		if e := d.Event; e != nil {
			b.Queue(discover, append(findingColumnsOf(*d.Found), e.ID, e.Kind, e.Actor, e.At, string(e.Body), holder)...)
		}
	})
	if d.Event != nil {
		s.tellCommitted()
	}
	return after, err
}

// IsolateRecords implements outbox.Store.
func (s *Store) IsolateRecords(ctx context.Context, device uuid.UUID, event func(n int, at time.Time) (ledger.Event, error)) error {
	return s.within(ctx, everything, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE outbox_record SET state = 'quarantined' WHERE device_id = $1 AND state = 'stored' AND released_by IS NULL`, device)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		now, err := nowIn(ctx, tx)
		if err != nil {
			return err
		}
		e, err := event(int(tag.RowsAffected()), now)
		if err != nil {
			return err
		}
		return keepEvent(ctx, tx, e)
	})
}

func nowIn(ctx context.Context, tx pgx.Tx) (now time.Time, err error) {
	err = tx.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now, err
}

// TellGaps implements outbox.Store.
func (s *Store) TellGaps(ctx context.Context, device uuid.UUID, hold time.Duration, event func(outbox.Finding, time.Time) (ledger.Event, error)) error {
	return s.within(ctx, everything, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `UPDATE outbox_finding f SET told = true WHERE f.device_id = $1 AND f.kind = 'gap' AND f.state = 'open' AND NOT f.told
			AND f.opened_at + $2::interval <= clock_timestamp() RETURNING `+findingColumns, device, hold)
		if err != nil {
			return err
		}
		late, err := pgx.CollectRows(rows, scanFinding)
		if err != nil {
			return err
		}
		now, err := nowIn(ctx, tx)
		for _, f := range late {
			if err != nil {
				return err
			}
			var e ledger.Event
			if e, err = event(f, now); err == nil {
				err = keepEvent(ctx, tx, e)
			}
		}
		return err
	})
}
