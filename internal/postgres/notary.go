package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dutybound/dutybound/internal/ledger"
)

// notary signs the head now and then while it moves, and makes it known outside of the database less often. Its times only space
// its work out; the times in the heads are those of the database.
type notary struct {
	signed, anchored     ledger.Head
	signedAt, anchoredAt time.Time
	note                 string // of the signed head
}

// archive is where signed heads are kept: the sequencer's own connection.
type archive interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

func (n *notary) witness(ctx context.Context, conn archive, head ledger.Head, config SequencerConfig) error {
	if head.Size != n.signed.Size && time.Since(n.signedAt) >= config.SignEvery {
		if err := n.sign(ctx, conn, head, config.Key); err != nil {
			return err
		}
	}
	if config.Anchors != "" && n.signed.Size != n.anchored.Size && time.Since(n.anchoredAt) >= config.AnchorEvery {
		return n.anchor(config.Anchors)
	}
	return nil
}

func (n *notary) sign(ctx context.Context, conn archive, head ledger.Head, key ledger.Key) error {
	note, err := head.Sign(key)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `INSERT INTO ledger_signed_head (size, note) VALUES ($1, $2) ON CONFLICT (size) DO NOTHING`, head.Size, note); err != nil {
		return err
	}
	n.signed, n.signedAt, n.note = head, time.Now(), note
	return nil
}

func (n *notary) anchor(anchors ledger.Anchors) error {
	if err := anchors.Append(n.note); err != nil {
		return err
	}
	n.anchored, n.anchoredAt = n.signed, time.Now()
	return nil
}
