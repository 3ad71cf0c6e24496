// Package feedkit owns the log that the tests of the feed watch: a database of their own with three organs in it, viewers with live
// sessions, and events that the real sequencer has numbered. It is for tests only and may import anything.
//
// Whatever goes wrong there goes wrong in the database, done as a superuser: what stands between a test and Postgres is the
// server's own code and nothing else.
package feedkit

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/testkit"
)

// The organs: a bureau and two stations of it.
const (
	City  duty.Path = "500000000000/"
	North duty.Path = City + "500103550000/"
	South duty.Path = City + "500103560000/"
)

var (
	city  = duty.Organ{ID: uuid.New(), Code: "500000000000", Name: "市公安局", Kind: duty.Bureau, Path: City}
	north = duty.Organ{ID: uuid.New(), Code: "500103550000", Name: "城北派出所", Kind: duty.Station, Path: North}
	south = duty.Organ{ID: uuid.New(), Code: "500103560000", Name: "城南派出所", Kind: duty.Station, Path: South}

	organs = map[duty.Path]duty.Organ{City: city, North: north, South: south}
)

const (
	conns    = 8 // of a store
	patience = 20 * time.Second
)

// Log is the store of a server on a database of its own. Its methods are for the test's own goroutine, unless they say otherwise.
type Log struct {
	*postgres.Store
	t     testing.TB
	db    *testkit.DB
	owner *pgxpool.Pool // a superuser, whom no policy, grant or trigger has to bind

	once      sync.Once // starts the sequencer
	sequencer *postgres.Sequencer
	heads     chan int64 // the last one it told of
}

// Open makes a log without events.
func Open(t testing.TB) *Log {
	t.Helper()
	db := testkit.Database(t)
	l := &Log{t: t, db: db, owner: db.Pool(), heads: make(chan int64, 1)}
	l.Store = l.Replica()
	l.must(l.Enter(t.Context(), roster.Entries{Organs: []roster.Organ{
		{Organ: city}, {Organ: north, Parent: &city.ID}, {Organ: south, Parent: &city.ID},
	}}))
	return l
}

func (l *Log) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// Replica is the store of another server on the same database.
func (l *Log) Replica() *postgres.Store {
	l.t.Helper()
	store, err := postgres.Open(l.t.Context(), postgres.Config{URL: l.db.URL, MaxConns: conns})
	l.must(err)
	l.t.Cleanup(store.Close)
	return store
}

// Sequence runs a sequencer on a store until the test ends, and has it tell of each batch.
func (l *Log) Sequence(store *postgres.Store, wake func(head int64)) *postgres.Sequencer {
	l.t.Helper()
	secret, public, err := ledger.NewKey()
	l.must(err)
	key, err := ledger.ParseKey(secret, public)
	l.must(err)
	sequencer := postgres.NewSequencer(store, postgres.SequencerConfig{
		Key: key, Log: slog.New(slog.DiscardHandler), Poll: 20 * time.Millisecond, Retry: 5 * time.Millisecond,
		Wake: func(_ context.Context, head int64) { wake(head) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); sequencer.Run(ctx) }()
	l.t.Cleanup(func() { cancel(); <-done })
	return sequencer
}

const insertEvent = `INSERT INTO event (id, kind, path, version, actor, at, body)
	SELECT gen_random_uuid(), 'test.written', path, 0, gen_random_uuid(), clock_timestamp(), '{}'
	FROM unnest($1::text[]) WITH ORDINALITY AS written (path, n) ORDER BY n`

// Write writes an event of each of the organs in a transaction, to be numbered once that has committed. It may be called from
// anywhere.
func Write(ctx context.Context, tx pgx.Tx, paths ...duty.Path) error {
	_, err := tx.Exec(ctx, insertEvent, paths)
	return err
}

// Tell leaves a message to somebody; it goes out with the next events.
func (l *Log) Tell(person uuid.UUID) {
	l.t.Helper()
	_, err := l.owner.Exec(l.t.Context(), `INSERT INTO message (person_id, subject, kind, priority, help) VALUES ($1, gen_random_uuid(), 'dispatched', 'urgent', false)`, person)
	l.must(err)
}

// Append writes events in one go, has the log's own sequencer number them, and answers the head.
func (l *Log) Append(paths ...duty.Path) (head int64) {
	l.t.Helper()
	l.once.Do(func() { l.sequencer = l.Sequence(l.Store, l.tell) })
	ctx, cancel := context.WithTimeout(l.t.Context(), patience)
	defer cancel()
	l.must(pgx.BeginFunc(ctx, l.owner, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, `SELECT size FROM ledger_head`).Scan(&head); err != nil {
			return err
		}
		return Write(ctx, tx, paths...)
	}))
	head += int64(len(paths))
	l.sequencer.Called()
	for numbered := int64(0); numbered < head; {
		select {
		case numbered = <-l.heads:
		case <-ctx.Done():
			l.t.Fatalf("events up to %d were not numbered: %v", head, l.sequencer.Status().Err)
		}
	}
	return head
}

// tell leaves the head for Append, in the place of one that nobody took.
func (l *Log) tell(head int64) {
	select {
	case <-l.heads:
	default:
	}
	l.heads <- head
}

// Owner opens another way into the database as its superuser, for writers and questions of a test's own.
func (l *Log) Owner() *pgxpool.Pool { return l.db.Pool() }
