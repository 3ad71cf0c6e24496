package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/outbox"
)

// Signers implements outbox.Store. Whose a record is must be known before anybody's sight can be asked.
func (s *Store) Signers(ctx context.Context, devices []uuid.UUID) (map[uuid.UUID]outbox.Signer, error) {
	var found []outbox.Signer
	err := s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &found, scanSigner, selectSigner+`WHERE d.id = ANY ($1)`, devices)
	})
	signers := make(map[uuid.UUID]outbox.Signer, len(found))
	for _, f := range found {
		signers[f.Device] = f
	}
	return signers, err
}

const selectSigner = `SELECT d.id, d.person_id, p.path, d.revoked_at, k.public_key, coalesce(k.thumbprint, '')
	FROM device d JOIN person p ON p.id = d.person_id LEFT JOIN device_key k ON k.device_id = d.id `

func scanSigner(row pgx.CollectableRow) (g outbox.Signer, err error) {
	err = row.Scan(&g.Device, &g.Person, &g.Path, &g.RevokedAt, &g.Key, &g.Thumbprint)
	return g, err
}

const (
	addOutboxDevice = `INSERT INTO outbox_device (device_id, person_id, path) VALUES ($1, $2, $3)
		ON CONFLICT (device_id) DO UPDATE SET path = excluded.path WHERE outbox_device.path <> excluded.path`
	lockOutboxDevice = `SELECT top FROM outbox_device WHERE device_id = $1 FOR UPDATE`
	// selectAround finds the records by which new ones are judged: those that follow the same record as a new one does, and all next to
	// those and to the new ones, with whatever follows what these follow.
	selectAround = `WITH about AS (
			SELECT unnest($2::bigint[]) AS n UNION SELECT r.n FROM outbox_record r WHERE r.device_id = $1 AND r.prev = ANY ($3)
		), next_to AS (
			SELECT ` + linkColumns + ` FROM outbox_record r
			WHERE r.device_id = $1 AND r.n = ANY (ARRAY(SELECT DISTINCT a.n + d.n FROM about a, (VALUES (-2), (-1), (0), (1), (2)) AS d (n)))
		)
		SELECT * FROM next_to UNION
		SELECT ` + linkColumns + ` FROM outbox_record r WHERE r.device_id = $1 AND r.prev = ANY (ARRAY(SELECT prev FROM next_to))
		ORDER BY n, received_at, hash`
	linkColumns          = `r.n, r.hash, r.prev, r.wall, r.boot, r.since_boot_ms, r.server_at, r.received_at`
	selectFindingsAround = `SELECT ` + findingColumns + ` FROM outbox_finding f
		WHERE f.device_id = $1 AND (f.kind = 'gap' AND f.state = 'open' OR f.kind IN ('fork', 'rolled_back', 'broken') AND f.first_n IN (
			SELECT a.n + d.n FROM (
				SELECT unnest($2::bigint[]) AS n UNION SELECT r.n FROM outbox_record r WHERE r.device_id = $1 AND r.prev = ANY ($3)
			) AS a, (VALUES (-1), (0), (1)) AS d (n)))
		ORDER BY f.first_n, f.id`
)

// TakeIn implements outbox.Store.
func (s *Store) TakeIn(ctx context.Context, of outbox.Signer, records []outbox.Record, decide func(outbox.Chain) (outbox.Intake, error)) error {
	counters, prevs := make([]int64, len(records)), make([]string, len(records))
	for i, r := range records {
		counters[i], prevs[i] = r.N, r.Prev
	}
	var chain outbox.Chain
	err := s.twice(ctx, func(b *pgx.Batch) {
		everything.queue(b)
		b.Queue(addOutboxDevice, of.Device, of.Person, string(of.Path))
		one(b, &chain.Top, pgx.RowTo[int64], lockOutboxDevice, of.Device)
		each(b, &chain.Known, scanLink, selectAround, of.Device, counters, prevs)
		each(b, &chain.Findings, scanFinding, selectFindingsAround, of.Device, counters, prevs)
		clock(b, &chain.Now)
	}, func() (*pgx.Batch, error) {
		intake, err := decide(chain)
		if err != nil || len(intake.Add) == 0 {
			return nil, err
		}
		return keepIntake(of, intake, chain.Now), nil
	})
	if err == nil {
		s.tellCommitted()
	}
	return err
}

func scanLink(row pgx.CollectableRow) (l outbox.Link, err error) {
	var since int64
	var received time.Time
	err = row.Scan(&l.N, &l.Hash, &l.Prev, &l.Wall, &l.Boot, &since, &l.ServerAt, &received)
	l.SinceBoot = time.Duration(since) * time.Millisecond
	return l, err
}

const (
	insertRecord = `INSERT INTO outbox_record (device_id, n, hash, prev, command_id, person_id, path, jws, wall, boot, since_boot_ms,
			server_at, server_boot_ms, help, received_at, state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`
	newFinding = `INSERT INTO outbox_finding (id, device_id, person_id, path, kind, key, first_n, last_n, hashes, seconds, opened_at, told)
		SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12`
	knownFinding  = ` ON CONFLICT (device_id, key) DO NOTHING`
	updateFinding = `UPDATE outbox_finding SET first_n = $2, last_n = $3, hashes = $4, state = $5, closed_at = $6, closed_by = $7, reason = $8
		WHERE id = $1`
	noteArrivals = `UPDATE outbox_device SET top = $2, arrivals = arrivals + 1, due_at = clock_timestamp() WHERE device_id = $1`
)

func keepIntake(of outbox.Signer, in outbox.Intake, now time.Time) *pgx.Batch {
	b := &pgx.Batch{}
	for _, a := range in.Add {
		var serverAt *time.Time
		var serverBoot *int64
		if a.Server != nil {
			ms := a.Server.SinceBoot.Milliseconds()
			serverAt, serverBoot = &a.Server.At, &ms
		}
		b.Queue(insertRecord, of.Device, a.N, a.Hash, a.Prev, a.ID, of.Person, string(of.Path), a.Signed, a.Wall, a.Boot,
			a.SinceBoot.Milliseconds(), serverAt, serverBoot, a.CallsForHelp(), now, string(a.State))
	}
	for _, f := range in.Open {
		b.Queue(newFinding+knownFinding, findingColumnsOf(f)...)
	}
	for _, f := range in.Change {
		b.Queue(updateFinding, findingChange(f)...)
	}
	for _, e := range in.Events {
		queueEvent(b, e)
	}
	b.Queue(noteArrivals, of.Device, in.Top)
	return b
}

func findingColumnsOf(f outbox.Finding) []any {
	var seconds *int64
	if f.Kind == outbox.Skew {
		seconds = &f.Seconds
	}
	return []any{f.ID, f.Device, f.Person, string(f.Path), string(f.Kind), f.Key, f.First, f.Last, hashesOf(f), seconds, f.OpenedAt, f.Told}
}

func findingChange(f outbox.Finding) []any {
	state := "closed"
	if f.Open {
		state = "open"
	}
	return []any{f.ID, f.First, f.Last, hashesOf(f), state, f.ClosedAt, f.ClosedBy, f.Reason}
}

func hashesOf(f outbox.Finding) []string {
	if f.Hashes == nil {
		return []string{}
	}
	return f.Hashes
}

// CountRefused implements outbox.Store.
func (s *Store) CountRefused(ctx context.Context, of outbox.Signer, notYours, malformed int) error {
	return s.write(ctx, everything, func(b *pgx.Batch) {
		b.Queue(addOutboxDevice, of.Device, of.Person, string(of.Path))
		b.Queue(`UPDATE outbox_device SET not_yours = not_yours + $2, malformed = malformed + $3 WHERE device_id = $1`, of.Device, notYours, malformed)
	})
}

const keptColumns = `r.device_id, r.n, r.hash, r.command_id, r.jws, r.state, r.attempts, r.released_by IS NOT NULL, r.received_at, r.settled_at,
	r.answer, r.earliest, r.latest`

func keptInto(k *outbox.Kept) ([]any, func()) {
	var from, to *time.Time
	into := []any{&k.Device, &k.N, &k.Hash, &k.ID, &k.Signed, &k.State, &k.Attempts, &k.Released, &k.Received, &k.SettledAt, &k.Answer, &from, &to}
	return into, func() {
		if from != nil {
			k.Made = &interval{From: *from, To: *to}
		}
	}
}

func scanKept(row pgx.CollectableRow) (k outbox.Kept, err error) {
	into, finish := keptInto(&k)
	if err = row.Scan(into...); err != nil {
		return k, fmt.Errorf("record: %w", err)
	}
	finish()
	return k, nil
}

// RecordsAt implements outbox.Store.
func (s *Store) RecordsAt(ctx context.Context, device uuid.UUID, counters []int64) (kept []outbox.Kept, waiting int64, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &kept, scanKept, `SELECT `+keptColumns+` FROM outbox_record r WHERE r.device_id = $1 AND r.n = ANY ($2)`, device, counters)
		one(b, &waiting, pgx.RowTo[int64], `SELECT coalesce(min(f.first_n), 9223372036854775807) FROM outbox_finding f JOIN outbox_device d USING (device_id)
			WHERE f.device_id = $1 AND f.kind = 'gap' AND f.state = 'open' AND f.last_n > d.through`, device)
	})
	return kept, waiting, err
}
