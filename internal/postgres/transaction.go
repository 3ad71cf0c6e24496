package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dutybound/dutybound/internal/ledger"
)

// rollbackPatience is how long a failed transaction may take to be undone before its connection is given up.
const rollbackPatience = 2 * time.Second

// twice runs one transaction in two round trips: look queues what is read and locked; decide says, from what was read, what to
// write. When it fails, or has nothing to write, nothing is kept.
func (s *Store) twice(ctx context.Context, look func(*pgx.Batch), decide func() (writes *pgx.Batch, err error)) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return failure(err)
	}
	defer release(ctx, conn)

	first := &pgx.Batch{}
	first.Queue("BEGIN")
	look(first)
	if err := conn.SendBatch(ctx, first).Close(); err != nil {
		return failure(err)
	}
	second, err := decide()
	if err != nil || second == nil {
		return err
	}
	return s.noteWritten(failure(commit(ctx, conn.Conn(), second)))
}

// commit ends the batch with COMMIT.
func commit(ctx context.Context, conn *pgx.Conn, b *pgx.Batch) error {
	b.Queue("COMMIT").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return fmt.Errorf("the transaction ended with %s", tag)
		}
		return nil
	})
	return surely(conn, func() error { return conn.SendBatch(ctx, b).Close() })
}

// surely commits. Only a plain success counts: a server that was made to stop waiting for its standby says COMMIT too, with a
// warning, and what it says then may yet be lost.
func surely(conn *pgx.Conn, commit func() error) error {
	delete(conn.PgConn().CustomData(), unsure)
	if err := commit(); err != nil {
		return err
	}
	if warning, ok := conn.PgConn().CustomData()[unsure]; ok {
		return unavailable.Because(fmt.Errorf("commit: %v", warning))
	}
	return nil
}

// release gives the connection back with no transaction open on it.
func release(ctx context.Context, conn *pgxpool.Conn) {
	defer conn.Release() // closes it when it is not as it was
	if conn.Conn().PgConn().TxStatus() == 'I' || conn.Conn().IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackPatience)
	defer cancel()
	_, _ = conn.Exec(ctx, "ROLLBACK")
}

// within runs one transaction step by step, for work that happens seldom. Nothing is kept when do fails.
func (s *Store) within(ctx context.Context, as sight, do func(pgx.Tx) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return failure(err)
	}
	defer release(ctx, conn)
	tx, err := conn.Begin(ctx)
	if err != nil {
		return failure(err)
	}
	if _, err := tx.Exec(ctx, setSight, as.settings()...); err != nil {
		return failure(err)
	}
	if err := do(tx); err != nil {
		return failure(err)
	}
	if err := surely(conn.Conn(), func() error { return tx.Commit(ctx) }); err != nil {
		return failure(err)
	}
	s.tellCommitted()
	return nil
}

// queueEvent writes an event that a decision has left.
func queueEvent(b *pgx.Batch, e ledger.Event) {
	b.Queue(insertEvent, e.ID, e.Kind, e.Path, e.Task, e.Version, e.Actor, e.At, string(e.Body), e.Evidence, nil)
}

// happened writes an event of now that no command decided.
func happened(ctx context.Context, tx pgx.Tx, e ledger.Event) error {
	_, err := tx.Exec(ctx, `INSERT INTO event (id, kind, path, task_id, version, actor, at, body)
		VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7)`, e.ID, e.Kind, e.Path, e.Task, e.Version, e.Actor, string(e.Body))
	return err
}
