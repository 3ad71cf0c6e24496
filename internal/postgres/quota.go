package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/roster"
)

// selectQuotas counts people with a range of paths instead of a prefix, which an index can answer when the prefix is a column: a
// subtree is everything from its path up to where the slash at its end becomes the next character.
const selectQuotas = `SELECT o.id, o.code, o.name, o.kind, o.path, q.class, q.amount, q.basis,
		(SELECT count(*) FROM person p WHERE p.path >= q.path AND p.path < left(q.path, -1) || '0' COLLATE "C"
			AND p.class = q.class AND p.status <> 'separated')
	FROM quota q JOIN organ o ON o.id = q.organ_id
	WHERE q.path ^@ ANY (string_to_array($1, ',', '')) AND q.path ^@ $2`

// ofOrgans leaves the quotas that count people of any of the organs.
func ofOrgans(parameter string) string {
	return `EXISTS (SELECT FROM unnest(` + parameter + `::text[]) AS organ (path) WHERE organ.path ^@ q.path)`
}

// lockQuotas locks the quotas of the organs and of all above them, seen by the actor or not: a hire of a station counts for its district.
// It waits longer than a statement may, because a long import holds them while it is written.
func lockQuotas(b *pgx.Batch, organs []duty.Path) {
	b.Queue(`SELECT set_config('statement_timeout', '60s', true)`)
	b.Queue(`SELECT FROM quota q WHERE `+ofOrgans("$1")+` ORDER BY q.organ_id, q.class FOR NO KEY UPDATE`, organs)
	b.Queue(`SET LOCAL statement_timeout TO DEFAULT`)
}

// counts is the scene's roster.Counting. It counts after it has the locks, so that whoever came in while it waited is counted.
func (l *looking) counts(ctx context.Context, organs []duty.Path, reach string) (counts []roster.Headcount, err error) {
	b := &pgx.Batch{}
	everything.queue(b)
	lockQuotas(b, organs)
	sightOf(l.actor, duty.ManageRoster).queue(b)
	each(b, &counts, scanHeadcount, selectQuotas+` AND `+ofOrgans("$3")+` ORDER BY q.path, q.class`, reach, "", organs)
	err = l.tx.SendBatch(ctx, b).Close()
	return counts, err
}

func scanHeadcount(row pgx.CollectableRow) (h roster.Headcount, err error) {
	err = row.Scan(&h.Organ.ID, &h.Organ.Code, &h.Organ.Name, &h.Organ.Kind, &h.Organ.Path, &h.Class, &h.Quota, &h.Basis, &h.Actual)
	return h, err
}

// Quotas implements roster.Obligations.
func (s *Store) Quotas(ctx context.Context, actor duty.Actor, within duty.Path) (counts []roster.Headcount, err error) {
	_, paths := reach(actor)
	err = s.read(ctx, sightOf(actor, duty.ReadRoster), func(b *pgx.Batch) {
		each(b, &counts, scanHeadcount, selectQuotas+` ORDER BY q.path, q.class`, paths, string(within))
	})
	return counts, err
}

// SetQuota implements roster.Obligations.
func (s *Store) SetQuota(ctx context.Context, actor duty.Actor, q roster.NewQuota, event ledger.Event) (count roster.Headcount, err error) {
	_, paths := reach(actor)
	err = s.within(ctx, sightOf(actor, duty.ManageRoster), func(tx pgx.Tx) error {
		set, err := tx.Exec(ctx, `INSERT INTO quota (organ_id, path, class, amount, basis, set_at)
			SELECT id, path, $2, $3, $4, clock_timestamp() FROM organ WHERE id = $1
			ON CONFLICT (organ_id, class) DO UPDATE SET amount = excluded.amount, basis = excluded.basis, set_at = excluded.set_at
			WHERE (quota.amount, quota.basis) IS DISTINCT FROM (excluded.amount, excluded.basis)`, q.Organ, string(q.Class), q.Amount, q.Basis)
		if err != nil {
			return err
		}
		if set.RowsAffected() == 1 {
			if err := happened(ctx, tx, event); err != nil {
				return err
			}
		}
		rows, err := tx.Query(ctx, selectQuotas+` AND q.organ_id = $3 AND q.class = $4`, paths, "", q.Organ, string(q.Class))
		if err != nil {
			return err
		}
		count, err = pgx.CollectExactlyOneRow(rows, scanHeadcount)
		return err
	})
	return count, missing(err, fault.Missing("organ"))
}
