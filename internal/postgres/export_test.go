package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/ledger"
)

// Number runs batches on a connection of its own until nothing waits, without asking for the lock that elects one sequencer.
func (s *Sequencer) Number(ctx context.Context) (numbered int, err error) {
	conn, err := s.store.pool.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	if err := s.resume(ctx, conn.Conn()); err != nil {
		return 0, err
	}
	for {
		n, err := s.batch(ctx, conn.Conn())
		numbered += n
		if err != nil || n == 0 {
			return numbered, err
		}
	}
}

// Believe makes the sequencer take the head for where it is now, and answers the function that then runs one batch in that belief.
func (s *Sequencer) Believe(ctx context.Context) (batch func() (int, error), err error) {
	conn, err := s.store.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	err = s.resume(ctx, conn.Conn())
	return func() (int, error) {
		defer conn.Release()
		return s.batch(ctx, conn.Conn())
	}, err
}

// SequencerLock elects the sequencer.
const SequencerLock = sequencerLock

// InsertPushes is the store's own way of inserting jobs, in a transaction of the caller.
var InsertPushes = queuePushes

// Sight are the settings of a transaction that may see everything.
func Sight(b *pgx.Batch) { everything.queue(b) }

// Idle is a sequencer without a database, for what it waits for.
func Idle(config SequencerConfig) (s *Sequencer, commit func()) {
	store := &Store{committed: make(chan struct{}, 1)}
	return NewSequencer(store, config), store.tellCommitted
}

// Await is the wait between two batches, StandBy that between two terms.
func (s *Sequencer) Await(ctx context.Context, lastBatch time.Time) bool {
	return s.wait(ctx, lastBatch)
}

func (s *Sequencer) StandBy(ctx context.Context) { s.standBy(ctx) }

// Witness has heads signed and anchored, as the sequencer does after each batch and at each poll.
func (s *Sequencer) Witness(ctx context.Context, archive Archive, head ledger.Head) error {
	return s.notary.witness(ctx, archive, head, s.config)
}

type Archive = archive

// Together answers questions of many at once, by what asks for all of them.
func Together(ask func(context.Context, []int) ([]int, error)) func(context.Context, int) (int, error) {
	g := &gathering[int, int]{ask: ask}
	return g.one
}
