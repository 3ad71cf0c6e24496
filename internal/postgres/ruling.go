package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/ledger"
)

const rulingColumns = `id, task_id, epoch, path, actor, command, decided_at, facts, ruling`

func scanRuling(row pgx.CollectableRow) (r dispatch.RulingRecord, err error) {
	err = row.Scan(&r.ID, &r.Task, &r.Epoch, &r.Path, &r.Actor, &r.Command, &r.At, &r.Facts, &r.Ruling)
	return r, err
}

const insertRuling = `INSERT INTO ruling
	(id, task_id, epoch, path, actor, command, decided_at, phase, outcome, facts, ruling, event_id)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

// rulingText is a ruling with its parts as they are stored, and as the ledger covers them.
type rulingText struct {
	dispatch.RulingRecord
	facts, ruling []byte
}

func asText(r dispatch.RulingRecord) (t rulingText, err error) {
	t.RulingRecord = r
	if t.facts, err = json.Marshal(r.Facts); err != nil {
		return t, fmt.Errorf("facts of a ruling: %w", err)
	}
	if t.ruling, err = json.Marshal(r.Ruling); err != nil {
		return t, fmt.Errorf("ruling: %w", err)
	}
	return t, nil
}

func (t *rulingText) queue(b *pgx.Batch, event uuid.UUID) {
	b.Queue(insertRuling, t.ID, t.Task, t.Epoch, t.Path, t.Actor, t.Command, t.At, t.Facts.Phase.String(), t.Ruling.Outcome.String(),
		t.facts, t.ruling, event)
}

func (t *rulingText) addTo(e *ledger.Evidence) {
	e.Add("ruling", t.ID, t.Task, t.Epoch, string(t.Path), t.Actor, t.Command, t.At, t.facts, t.ruling)
}

const rulingPage = 500

// EachRuling gives every stored ruling decided in [from, to), oldest first, with the facts it was given on. It ends at the first
// error of each.
func (s *Store) EachRuling(ctx context.Context, from, to time.Time, each func(dispatch.RulingRecord) error) error {
	after := uuid.Nil
	for {
		page, err := s.rulings(ctx, from, after, to)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := each(r); err != nil {
				return err
			}
		}
		if len(page) < rulingPage {
			return nil
		}
		last := page[len(page)-1]
		from, after = last.At, last.ID
	}
}

func (s *Store) rulings(ctx context.Context, from time.Time, after uuid.UUID, to time.Time) (page []dispatch.RulingRecord, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &page, scanRuling, `SELECT `+rulingColumns+` FROM ruling
			WHERE (decided_at, id) > ($1, $2) AND decided_at < $3
			ORDER BY decided_at, id LIMIT $4`, from, after, to, rulingPage)
	})
	return page, err
}
