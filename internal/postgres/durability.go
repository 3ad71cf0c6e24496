package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// CheckDurability refuses a server whose settings let an acknowledged command get lost: it fails naming each setting that must be
// changed. The server calls it before it serves.
func (s *Store) CheckDurability(ctx context.Context) error {
	var wrong []string
	err := s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &wrong, pgx.RowTo[string], `
			SELECT name || ' is ' || setting FROM pg_settings
			WHERE (name IN ('fsync', 'full_page_writes') AND setting = 'off')
			   OR (name = 'synchronous_commit' AND setting IN ('off', 'local'))
			ORDER BY name`)
	})
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return fmt.Errorf("this database can lose what it has acknowledged: %s; turn it on and restart Postgres", strings.Join(wrong, ", "))
	}
	return nil
}

// Now is the time of the database's clock.
func (s *Store) Now(ctx context.Context) (now time.Time, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) { clock(b, &now) })
	return now, err
}
