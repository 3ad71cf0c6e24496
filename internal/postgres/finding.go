package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/outbox"
)

const findingColumns = `f.id, f.device_id, f.person_id, f.path, f.kind, f.key, f.first_n, f.last_n, f.hashes, coalesce(f.seconds, 0), f.opened_at,
	f.state = 'open', f.closed_at, f.closed_by, f.reason, f.told`

func scanFinding(row pgx.CollectableRow) (f outbox.Finding, err error) {
	err = row.Scan(&f.ID, &f.Device, &f.Person, &f.Path, &f.Kind, &f.Key, &f.First, &f.Last, &f.Hashes, &f.Seconds, &f.OpenedAt,
		&f.Open, &f.ClosedAt, &f.ClosedBy, &f.Reason, &f.Told)
	return f, err
}

// Findings implements outbox.Store.
func (s *Store) Findings(ctx context.Context, actor duty.Actor, f outbox.Filter) (findings []outbox.Finding, err error) {
	args := []any{f.Limit, scopeOf(actor.Reach(duty.ReviewOutbox)), f.Open}
	where := []string{`f.path ^@ ANY (string_to_array($2, ',', ''))`, `(f.state = 'open') = $3`}
	if f.Path != "" {
		args = append(args, string(f.Path))
		where = append(where, fmt.Sprintf(`f.path ^@ $%d`, len(args)))
	}
	if f.After != nil {
		args = append(args, *f.After)
		where = append(where, fmt.Sprintf(`(f.opened_at, f.id) > (SELECT g.opened_at, g.id FROM outbox_finding g WHERE g.id = $%d)`, len(args)))
	}
	err = s.read(ctx, sightOf(actor, duty.ReviewOutbox), func(b *pgx.Batch) {
		each(b, &findings, scanFinding, `SELECT `+findingColumns+` FROM outbox_finding f WHERE `+strings.Join(where, " AND ")+
			` ORDER BY f.opened_at, f.id LIMIT $1`, args...)
	})
	return findings, err
}

// settled are the organs in which the actor settles what is found, or lies in quarantine. The rest of such a command is the house's own
// work: its device may have moved on to another organ with its person.
func settled(actor duty.Actor) string { return scopeOf(actor.Reach(duty.SettleOutbox)) }

// CloseFinding implements outbox.Store.
func (s *Store) CloseFinding(
	ctx context.Context, actor duty.Actor, cmd duty.Command, id uuid.UUID, decide func(outbox.Finding, time.Time) (outbox.Finding, ledger.Event, error),
) (closed outbox.Finding, replay bool, err error) {
	replay, err = s.once(ctx, actor, cmd, everything, &closed, func(tx pgx.Tx) error {
		// Whoever takes records in, or applies them, locks the device before its findings.
		if _, err := tx.Exec(ctx, `SELECT FROM outbox_device WHERE device_id = (SELECT device_id FROM outbox_finding WHERE id = $1) FOR UPDATE`, id); err != nil {
			return err
		}
		f, err := collectOne(ctx, tx, scanFinding, `SELECT `+findingColumns+` FROM outbox_finding f
			WHERE f.id = $1 AND f.path ^@ ANY (string_to_array($2, ',', '')) FOR UPDATE`, id, settled(actor))
		if err != nil {
			return missing(err, fault.Missing("finding"))
		}
		now, err := nowIn(ctx, tx)
		if err != nil {
			return err
		}
		var event ledger.Event
		if closed, event, err = decide(f, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, updateFinding, findingChange(closed)...); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE outbox_device SET arrivals = arrivals + 1, due_at = clock_timestamp() WHERE device_id = $1`, f.Device); err != nil {
			return err
		}
		return keepEvent(ctx, tx, event)
	})
	return closed, replay, err
}

const (
	inQuarantine = `r.state = 'quarantined' AND r.path ^@ ANY (string_to_array($1, ',', ''))`
	selectHeld   = `SELECT ` + keptColumns + `, r.person_id, r.path, d.revoked_at FROM outbox_record r JOIN device d ON d.id = r.device_id WHERE ` + inQuarantine
	selectChoice = `SELECT r.hash, r.person_id, r.path FROM outbox_record r WHERE ` + inQuarantine + ` AND r.device_id = $2 ORDER BY r.n, r.hash FOR UPDATE`
)

func scanHeld(row pgx.CollectableRow) (h outbox.Held, err error) {
	into, finish := keptInto(&h.Kept)
	if err = row.Scan(append(into, &h.Person, &h.Path, &h.RevokedAt)...); err == nil {
		finish()
	}
	return h, err
}

func scanChoice(row pgx.CollectableRow) (h outbox.Held, err error) {
	err = row.Scan(&h.Hash, &h.Person, &h.Path)
	return h, err
}

// Quarantine implements outbox.Store.
func (s *Store) Quarantine(ctx context.Context, actor duty.Actor, f outbox.Filter) (held []outbox.Held, err error) {
	as := sightOf(actor, duty.ReviewOutbox)
	err = s.read(ctx, as, func(b *pgx.Batch) {
		each(b, &held, scanHeld, selectHeld+` AND r.path ^@ $2 AND ($4 = '' OR
			(r.device_id, r.n, r.hash) > (SELECT l.device_id, l.n, l.hash FROM outbox_record l
				WHERE l.hash = $4 AND (l.state = 'quarantined' OR l.decided_at IS NOT NULL) LIMIT 1))
			ORDER BY r.device_id, r.n, r.hash LIMIT $3`, as.scope, string(f.Path), f.Limit, f.AfterRecord)
	})
	return held, err
}

// DecideQuarantine implements outbox.Store.
func (s *Store) DecideQuarantine(
	ctx context.Context, actor duty.Actor, cmd duty.Command, device uuid.UUID, decide func([]outbox.Held, time.Time) (outbox.Verdict, error),
) (n int, replay bool, err error) {
	replay, err = s.once(ctx, actor, cmd, everything, &n, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT FROM outbox_device WHERE device_id = $1 FOR UPDATE`, device); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, selectChoice, settled(actor), device)
		if err != nil {
			return err
		}
		held, err := pgx.CollectRows(rows, scanChoice)
		if err != nil {
			return err
		}
		if len(held) == 0 {
			return fault.Missing("quarantine")
		}
		now, err := nowIn(ctx, tx)
		if err != nil {
			return err
		}
		v, err := decide(held, now)
		if err != nil {
			return err
		}
		n = len(v.Hashes)
		return keepVerdict(ctx, tx, actor, device, v, now)
	})
	return n, replay, err
}

func keepVerdict(ctx context.Context, tx pgx.Tx, actor duty.Actor, device uuid.UUID, v outbox.Verdict, now time.Time) error {
	state, by := outbox.Rejected, (*uuid.UUID)(nil)
	if v.Release {
		state, by = outbox.Stored, &actor.Person
	}
	_, err := tx.Exec(ctx, `UPDATE outbox_record SET state = $3, released_by = $4, decided_by = $5, decided_at = $6, reason = $7
		WHERE device_id = $1 AND hash = ANY ($2) AND state = 'quarantined'`, device, v.Hashes, string(state), by, actor.Person, now, v.Reason)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE outbox_device SET arrivals = arrivals + 1, due_at = clock_timestamp() WHERE device_id = $1`, device); err != nil {
		return err
	}
	return keepEvent(ctx, tx, v.Event)
}
