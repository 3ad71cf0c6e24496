package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/ledger"
)

// Sequencer numbers committed events, one after the other and without gaps, and adds each to the ledger. Among the processes on
// one database a lock elects the one that works; should two ever believe it is them, the stored head lets only one pass.
type Sequencer struct {
	store  *Store
	config SequencerConfig

	tree   ledger.Tree // as of the last batch; only the elected one's is current
	at     time.Time   // when the head last moved
	notary notary
	status atomic.Pointer[SequencerStatus]
	called chan struct{} // told when another process has committed
}

// SequencerConfig says how the sequencer works. Zero durations take the defaults in parentheses.
type SequencerConfig struct {
	Key         ledger.Key
	Anchors     ledger.Anchors                        // empty: heads are kept in the database only
	Wake        func(ctx context.Context, head int64) // told after each batch; must not block for long
	Call        func()                                // told of commits here while another process is elected; must not block
	Log         *slog.Logger
	Poll        time.Duration // how long an event waits at most when nobody tells of it (1 s)
	Gather      time.Duration // batches come no closer than this (10 ms)
	SignEvery   time.Duration // a moving head is signed this often (2 s)
	AnchorEvery time.Duration // and anchored this often (5 min)
	Retry       time.Duration // pause after a failure (1 s)
}

// SequencerStatus is how the sequencer of this process stands.
type SequencerStatus struct {
	Elected bool
	Head    int64 // as of this process's last batch
	Err     error // why it does not number; nil when it does, or when another process does
}

const (
	sequencerLock = 0x6475747962 // "dutyb"
	batchLimit    = 2000
)

// ErrFork is the error of a batch that found the head of the ledger moved by somebody else. Nothing of the batch is kept.
var ErrFork = errors.New("the ledger's head was moved by another sequencer")

// NewSequencer makes one; Run makes it work.
func NewSequencer(store *Store, config SequencerConfig) *Sequencer {
	def := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	def(&config.Poll, time.Second)
	def(&config.Gather, 10*time.Millisecond)
	def(&config.SignEvery, 2*time.Second)
	def(&config.AnchorEvery, 5*time.Minute)
	def(&config.Retry, time.Second)
	if config.Wake == nil {
		config.Wake = func(context.Context, int64) {}
	}
	if config.Call == nil {
		config.Call = func() {}
	}
	s := &Sequencer{store: store, config: config, called: make(chan struct{}, 1)}
	s.status.Store(&SequencerStatus{})
	return s
}

// Status is for readiness and metrics.
func (s *Sequencer) Status() SequencerStatus { return *s.status.Load() }

// Called tells that another process has committed events, so that they need not wait for the next poll. It never blocks.
func (s *Sequencer) Called() {
	select {
	case s.called <- struct{}{}:
	default: // told already
	}
}

// Run numbers events until the context ends. A failure is logged, shown in Status and tried again: the events wait.
func (s *Sequencer) Run(ctx context.Context) {
	for ctx.Err() == nil {
		err := s.term(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.config.Log.ErrorContext(ctx, "the sequencer stopped; events wait to be numbered", "error", err)
			s.status.Store(&SequencerStatus{Head: s.tree.Size(), Err: err})
		}
		s.standBy(ctx)
	}
}

// standBy lasts until it is time to try again. What is committed here meanwhile is for another process to number: it is called.
func (s *Sequencer) standBy(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.config.Retry)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.store.committed:
			s.config.Call()
		}
	}
}

// term tries to be elected and works until something fails.
func (s *Sequencer) term(ctx context.Context) error {
	pooled, err := s.store.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	var elected bool
	err = pooled.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, sequencerLock).Scan(&elected)
	if err != nil || !elected {
		pooled.Release()
		s.status.Store(&SequencerStatus{Head: s.tree.Size(), Err: err})
		return err
	}
	// The lock lives as long as the connection, so this one ends with the term: another process can take over at once.
	conn := pooled.Hijack()
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, boundTerm); err != nil {
		return err
	}
	return s.work(ctx, conn)
}

// boundTerm lets the database end the term of a process that has been stopped or cut off: one that works asks at each poll.
const boundTerm = `SET idle_session_timeout = '5s'; SET tcp_user_timeout = '5s'`

func (s *Sequencer) work(ctx context.Context, conn *pgx.Conn) error {
	if err := s.resume(ctx, conn); err != nil {
		return err
	}
	for {
		began := time.Now()
		n, err := s.batch(ctx, conn)
		if err != nil {
			return err
		}
		s.status.Store(&SequencerStatus{Elected: true, Head: s.tree.Size()})
		if n > 0 {
			s.config.Wake(ctx, s.tree.Size())
		}
		if err := s.notary.witness(ctx, conn, s.head(), s.config); err != nil {
			return err
		}
		if n < batchLimit && !s.wait(ctx, began) {
			return ctx.Err()
		}
	}
}

// wait lasts until something was committed, or for the poll's time; it is false when the context has ended. Under load it lets the
// events of a moment gather, for a batch costs the same whether it numbers one or a hundred.
func (s *Sequencer) wait(ctx context.Context, lastBatch time.Time) bool {
	timer := time.NewTimer(s.config.Poll)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-s.store.committed:
	case <-s.called:
	case <-timer.C:
	}
	timer.Reset(s.config.Gather - time.Since(lastBatch))
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// resume takes up the tree where the stored head says it is.
func (s *Sequencer) resume(ctx context.Context, conn *pgx.Conn) (err error) {
	s.notary = notary{}
	s.tree, s.at, err = storedTree(ctx, conn)
	return err
}

func (s *Sequencer) head() ledger.Head {
	return ledger.Head{Size: s.tree.Size(), Root: s.tree.Root(), At: s.at}
}

// batch numbers what is visible and waits, and says how much it was.
func (s *Sequencer) batch(ctx context.Context, conn *pgx.Conn) (n int, err error) {
	tx, err := conn.Begin(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { _ = tx.Rollback(ctx) }() // after a commit it does nothing; a broken connection ends the term anyway
	page, err := s.gather(ctx, tx)
	if err != nil || len(page.events) == 0 {
		return 0, err
	}
	at, err := page.number(ctx, tx)
	if err != nil {
		return 0, err
	}
	if err := surely(conn, func() error { return tx.Commit(ctx) }); err != nil {
		return 0, err
	}
	s.tree, s.at = page.tree, at
	return len(page.events), nil
}

// gathered is a batch on its way into the ledger: events with their numbers, the hashes to store, and the tree as it will be.
type gathered struct {
	from   int64 // size of the tree before
	ords   []int64
	events []ledger.Event
	hashes [][]byte
	tree   ledger.Tree
}

// gather reads the events that wait, in the order in which their tasks' locks let them be written. An event of a transaction that
// has not committed is simply not there yet, and will come with a later number.
func (s *Sequencer) gather(ctx context.Context, tx pgx.Tx) (g gathered, err error) {
	if _, err := tx.Exec(ctx, setSight, everything.settings()...); err != nil {
		return g, err
	}
	rows, err := tx.Query(ctx, `SELECT ord, 0::bigint, id, kind, path, task_id, version, actor, at, body, evidence
		FROM event WHERE seq IS NULL ORDER BY ord LIMIT $1`, batchLimit)
	if err != nil {
		return g, err
	}
	g.from, g.tree = s.tree.Size(), s.tree.Fork()
	_, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
		ord, e, err := scanWaiting(row)
		if err == nil {
			g.take(ord, e)
		}
		return struct{}{}, err
	})
	return g, err
}

func scanWaiting(row pgx.CollectableRow) (ord int64, e ledger.Event, err error) {
	var body string
	err = row.Scan(&ord, &e.Seq, &e.ID, &e.Kind, &e.Path, &e.Task, &e.Version, &e.Actor, &e.At, &body, &e.Evidence)
	e.Body = []byte(body)
	return ord, e, err
}

func (g *gathered) take(ord int64, e ledger.Event) {
	e.Seq = g.tree.Size() + 1
	for _, hash := range g.tree.Add(e.Leaf()) {
		g.hashes = append(g.hashes, hash[:])
	}
	g.ords, g.events = append(g.ords, ord), append(g.events, e)
}

// number writes the batch and says when. The head moves first, and only from where this sequencer believes it to be.
func (g *gathered) number(ctx context.Context, tx pgx.Tx) (at time.Time, err error) {
	err = tx.QueryRow(ctx, `UPDATE ledger_head SET size = $2, at = clock_timestamp() WHERE size = $1 RETURNING at`,
		g.from, g.tree.Size()).Scan(&at)
	if errors.Is(err, pgx.ErrNoRows) {
		return at, ErrFork
	}
	if err != nil {
		return at, err
	}
	if err := g.checkVersions(ctx, tx); err != nil {
		return at, err
	}
	if err := g.numberEvents(ctx, tx); err != nil {
		return at, err
	}
	if err := g.concern(ctx, tx); err != nil {
		return at, err
	}
	return at, g.storeHashes(ctx, tx)
}

func (g *gathered) numberEvents(ctx context.Context, tx pgx.Tx) error {
	seqs := make([]int64, len(g.events))
	for i := range g.events {
		seqs[i] = g.events[i].Seq
	}
	numbered, err := tx.Exec(ctx, `UPDATE event SET seq = batch.seq FROM unnest($1::bigint[], $2::bigint[]) AS batch (ord, seq)
		WHERE event.ord = batch.ord AND event.seq IS NULL`, g.ords, seqs)
	if err != nil {
		return err
	}
	if int(numbered.RowsAffected()) != len(g.events) {
		return fmt.Errorf("%d of %d events could be numbered: %w", numbered.RowsAffected(), len(g.events), ErrFork)
	}
	return nil
}

func (g *gathered) storeHashes(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO ledger_hash (idx, hash)
		SELECT $1 + n - 1, hash FROM unnest($2::bytea[]) WITH ORDINALITY AS added (hash, n)`, firstHash(g.from), g.hashes)
	if err != nil {
		return err
	}
	// River's own inserts would each notify; here one wakes all workers for the whole batch.
	_, err = tx.Exec(ctx, `SELECT pg_notify(current_schema() || '.river_insert', '{"queue": "default"}')`)
	return err
}

// checkVersions stops before an order of events that cannot have happened enters the ledger. The head is ours by now, so nobody
// else numbers events meanwhile.
func (g *gathered) checkVersions(ctx context.Context, tx pgx.Tx) error {
	last, err := lastVersions(ctx, tx, g.events)
	if err != nil {
		return err
	}
	for _, e := range g.events {
		if e.Task == nil {
			continue
		}
		if want := last[*e.Task] + 1; e.Version != want {
			return fmt.Errorf("event %s is version %d of task %s where %d must follow: the ledger takes nothing out of order",
				e.ID, e.Version, e.Task, want)
		}
		last[*e.Task] = e.Version
	}
	return nil
}
