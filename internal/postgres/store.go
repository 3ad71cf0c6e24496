// Package postgres owns every SQL statement: it keeps what the rooms below ask it to keep, each command in one transaction, and
// numbers events in the order everybody reads them. All times are from the database clock.
package postgres

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/shift"
)

// AppRole is the role that every connection of the server works as: owner of nothing, and bound by row-level security.
const AppRole = "dutybound_app"

// Config says how to reach the database.
type Config struct {
	URL      string
	MaxConns int // 0: pgx's default
}

// Store is the database as the server uses it.
type Store struct {
	pool      *pgxpool.Pool
	committed chan struct{} // told after each commit that left events behind
	sessions  gathering[[32]byte, []identity.Session]
	points    gathering[batch, shift.Window]
	faltered  atomic.Int64 // when a command last could not be written, in nanoseconds since 1970; 0: none since the last that was
}

// Open connects. The user of the URL must be a member of AppRole, as it is after migrations.Up.
func Open(ctx context.Context, c Config) (*Store, error) {
	config, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	if c.MaxConns > 0 {
		config.MaxConns = int32(c.MaxConns)
	}
	config.ConnConfig.RuntimeParams["application_name"] = "dutybound"
	config.ConnConfig.RuntimeParams["statement_timeout"] = "10s"
	// A forgotten transaction holds up the tasks it has locked.
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "5s"
	// Every statement is prepared and run again and again: planning one anew, with the policies of all its tables, costs more than
	// running it.
	config.ConnConfig.RuntimeParams["plan_cache_mode"] = "force_generic_plan"
	config.ConnConfig.OnNotice = noteWarning
	config.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		registerTypes(conn.TypeMap())
		_, err := conn.Exec(ctx, "SET ROLE "+AppRole)
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open the database: %w", err)
	}
	s := &Store{pool: pool, committed: make(chan struct{}, 1)}
	s.sessions.ask, s.points.ask = s.liveSessions, s.keepPoints
	return s, nil
}

// Close ends all connections once their work is done.
func (s *Store) Close() { s.pool.Close() }

// Pool is the store's own pool, for the job queue's client and for metrics. What works on it is bound by row-level security.
func (s *Store) Pool() *pgxpool.Pool { return s.pool }

// Ready says why the database cannot do its work now: it does not answer, takes no writes, or could not write a moment ago. Events
// that nobody numbers stand still in every feed and history.
func (s *Store) Ready(ctx context.Context) error {
	if at := s.faltered.Load(); at != 0 && time.Since(time.Unix(0, at)) < falterLasts {
		return unavailable
	}
	events, oldest, err := s.Waiting(ctx)
	switch {
	case err != nil:
		return err
	case oldest > stalled:
		return unavailable.Because(fmt.Errorf("%d events wait to be numbered, the oldest for %s", events, oldest))
	}
	return s.write(ctx, everything, func(b *pgx.Batch) { b.Queue(`UPDATE ledger_head SET at = at WHERE false`) })
}

const (
	falterLasts = 5 * time.Second  // how long a write that failed speaks against the next
	stalled     = 15 * time.Second // three terms of a sequencer that has gone
)

// noteWritten keeps whether a command could be written, for Ready, and hands its error on.
func (s *Store) noteWritten(err error) error {
	switch {
	case err == nil:
		s.faltered.Store(0)
	case fault.KindOf(err) == fault.Unavailable:
		s.faltered.Store(time.Now().UnixNano())
	}
	return err
}

func (s *Store) tellCommitted() {
	select {
	case s.committed <- struct{}{}:
	default: // told already
	}
}

// sight is what one transaction may see (see migrations/00005_sight.sql), and whose law it asks for (00006_legal.sql).
type sight struct{ scope, person, tasks, law string }

// everything is the sight of the house's own work: numbering, jobs, sign-in, administration, replay.
var everything = sight{scope: "*"}

// sightOf is what an actor sees with a permission, and of the tasks that the transaction is about.
func sightOf(a duty.Actor, p duty.Permission, tasks ...uuid.UUID) sight {
	s := sight{scope: scopeOf(a.Reach(p)), person: a.Person.String()}
	for i, id := range tasks {
		if i > 0 {
			s.tasks += ","
		}
		s.tasks += id.String()
	}
	return s
}

func scopeOf(paths []duty.Path) string {
	words := make([]string, len(paths))
	for i, p := range paths {
		words[i] = string(p)
	}
	return strings.Join(words, ",")
}

const setSight = `SELECT set_config('dutybound.scope', $1, true), set_config('dutybound.person', $2, true),
	set_config('dutybound.tasks', $3, true), set_config('dutybound.law', $4, true)`

func (s sight) settings() []any { return []any{s.scope, s.person, s.tasks, s.law} }

func (s sight) queue(b *pgx.Batch) { b.Queue(setSight, s.settings()...) }

// queueDeciding is queue for a transaction that gives a ruling.
func (s sight) queueDeciding(b *pgx.Batch) { b.Queue(setSight+`, `+holdLaw, s.settings()...) }

// read runs queries in one round trip and one implicit transaction, with the given sight.
func (s *Store) read(ctx context.Context, as sight, queue func(*pgx.Batch)) error {
	b := &pgx.Batch{}
	as.queue(b)
	queue(b)
	return failure(s.pool.SendBatch(ctx, b).Close())
}

// write is read for statements that change something: an implicit transaction commits when all of them succeed.
func (s *Store) write(ctx context.Context, as sight, queue func(*pgx.Batch)) error {
	return s.read(ctx, as, queue)
}

// each collects the rows of a queued query.
func each[T any](b *pgx.Batch, into *[]T, scan pgx.RowToFunc[T], sql string, args ...any) {
	b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, scan)
		return err
	})
}

// one takes the single row of a queued query; there being none is pgx.ErrNoRows.
func one[T any](b *pgx.Batch, into *T, scan pgx.RowToFunc[T], sql string, args ...any) {
	b.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectExactlyOneRow(rows, scan)
		return err
	})
}

// clock asks what time it is, after whatever was locked before.
func clock(b *pgx.Batch, now *time.Time) {
	b.Queue(`SELECT clock_timestamp()`).QueryRow(func(row pgx.Row) error { return row.Scan(now) })
}

// unsure marks a connection on which the server has warned of something since it was last cleared.
const unsure = "dutybound.unsure"

func noteWarning(conn *pgconn.PgConn, notice *pgconn.Notice) {
	if notice.SeverityUnlocalized == "WARNING" {
		conn.CustomData()[unsure] = notice.Message
	}
}
