package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
)

// inSpan are the rulings decided in [$1, $2) within the subtrees $3.
const inSpan = `decided_at >= $1 AND decided_at < $2 AND ($3 = '*' OR path ^@ ANY (string_to_array($3, ',', '')))`

const pastPage = 4000

// EachPast implements dispatch.Archive. It leaves the rulings themselves where they are: they are several times as long as their
// facts, and the outcome stands beside them.
func (s *Store) EachPast(ctx context.Context, span dispatch.Span, each func([]dispatch.Past) error) error {
	from, after := span.From, uuid.Nil
	for {
		page, err := s.pastPage(ctx, span, from, after)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := each(page); err != nil {
			return err
		}
		last := page[len(page)-1]
		from, after = last.At, last.ID
	}
}

func (s *Store) pastPage(ctx context.Context, span dispatch.Span, from time.Time, after uuid.UUID) (page []dispatch.Past, err error) {
	err = s.read(ctx, sight{scope: scopeOf(span.Within)}, func(b *pgx.Batch) {
		each(b, &page, scanPast, `SELECT id, path, decided_at, outcome, facts FROM ruling
			WHERE `+inSpan+` AND (decided_at, id) > ($1, $4) ORDER BY decided_at, id LIMIT $5`,
			from, span.To, scopeOf(span.Within), after, pastPage)
	})
	return page, err
}

func scanPast(row pgx.CollectableRow) (p dispatch.Past, err error) {
	var outcome string
	if err := row.Scan(&p.ID, &p.Path, &p.At, &outcome, &p.Facts); err != nil {
		return p, err
	}
	return p, p.Outcome.UnmarshalText([]byte(outcome))
}
