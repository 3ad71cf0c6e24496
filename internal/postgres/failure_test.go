package postgres_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/testkit"
)

// The throw-away cluster of the tests is set up to lose everything in a power cut; the server must say so.
func TestAServerThatCouldForgetIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	err := h.store.CheckDurability(t.Context())
	if err == nil || !strings.Contains(err.Error(), "fsync is off") {
		t.Errorf("got %v", err)
	}
}

func TestAKilledConnectionLeavesNothingAndTheCommandCanBeSentAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	c := call(h.wang)
	_, err := h.store.Decide(t.Context(), c, task.ID, func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		_, err := h.owner.Exec(context.Background(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'dutybound' AND state = 'idle in transaction'`)
		h.must(err)
		return moving(h.wang, dispatch.Started)(snap)
	})
	wantFault(t, err, fault.Unavailable)
	var answer dispatch.Answer
	testkit.Wait(t, "the killed connection to let go of the command", func() bool {
		answer, err = h.store.Decide(t.Context(), c, task.ID, moving(h.wang, dispatch.Started))
		return fault.KindOf(err) != fault.Running
	})
	h.must(err)
	if answer.Replay || answer.Task.Version != 2 {
		t.Errorf("%+v", answer)
	}
}

// The connection is lost after COMMIT was sent and before its answer came: nobody can know. The command says so, and sent again
// it is answered from what was kept, done once.
func TestALostAnswerToACommitIsFoundAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	cut, through := h.through()
	_, err := through.Decide(t.Context(), call(h.wang), task.ID, moving(h.wang, dispatch.Started)) // prepares the statements
	h.must(err)
	c := call(h.wang)
	_, err = through.Decide(t.Context(), c, task.ID, func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		cut.Store(true)
		return moving(h.wang, dispatch.Paused)(snap)
	})
	wantFault(t, err, fault.Unavailable)
	answer, err := h.store.Decide(t.Context(), c, task.ID, moving(h.wang, dispatch.Paused))
	h.must(err)
	if !answer.Replay || answer.Task.State != dispatch.Paused || answer.Task.Version != 3 {
		t.Errorf("%+v", answer)
	}
	if n := h.count(`SELECT count(*) FROM event`); n != 3 {
		t.Errorf("%d events", n)
	}
}

// through opens a store behind a wire that, once cut, still carries what the client sends and drops what the server answers.
func (h *house) through() (cut *atomic.Bool, store *postgres.Store) {
	h.t.Helper()
	cut = &atomic.Bool{}
	address, err := url.Parse(h.url)
	h.must(err)
	query := address.Query()
	behind := filepath.Join(query.Get("host"), ".s.PGSQL.5432")
	query.Set("host", h.t.TempDir())
	wire, err := net.Listen("unix", filepath.Join(query.Get("host"), ".s.PGSQL.5432"))
	h.must(err)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := wire.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { carry(client, behind, cut) })
		}
	})
	address.RawQuery = query.Encode()
	store, err = postgres.Open(context.Background(), postgres.Config{URL: address.String(), MaxConns: 1})
	h.must(err)
	h.t.Cleanup(func() {
		store.Close()
		_ = wire.Close()
		wg.Wait()
	})
	return cut, store
}

func carry(client net.Conn, behind string, cut *atomic.Bool) {
	defer client.Close()
	server, err := net.Dial("unix", behind)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { _, _ = io.Copy(server, client) }()
	answer := make([]byte, 64<<10)
	for {
		n, err := server.Read(answer)
		if err != nil || cut.Load() { // what was read of the server then is the answer to COMMIT
			return
		}
		if _, err := client.Write(answer[:n]); err != nil {
			return
		}
	}
}

// A server that was made to stop waiting for its standby says COMMIT all the same, with a warning: that is no promise.
func TestACommitWithAWarningIsNoPromise(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, sql := range []string{
		`CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'canceling wait for synchronous replication'; RETURN NULL; END $$`,
		`CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON command DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION warn()`,
	} {
		_, err := h.owner.Exec(t.Context(), sql)
		h.must(err)
	}
	c := call(h.officer, h.wang)
	_, err := h.store.Create(t.Context(), c, ordering(h.officer, h.officer, h.wang))
	wantFault(t, err, fault.Unavailable)
	answer, err := h.store.Create(t.Context(), c, ordering(h.officer, h.officer, h.wang))
	h.must(err)
	if !answer.Replay {
		t.Error("what had landed was done again")
	}
}

func TestTextThatCannotBeStoredIsTheSendersFault(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, err := h.store.Create(t.Context(), call(h.officer, h.wang), func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		d, err := ordering(h.officer, h.officer, h.wang)(snap)
		d.Task.Note = "a\x00b"
		return d, err
	})
	wantFault(t, err, fault.Invalid)
}

func TestADeadDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	_, err := h.store.Task(ctx, h.wang, newID())
	wantFault(t, err, fault.Unavailable)
	_, err = postgres.Open(t.Context(), postgres.Config{URL: "postgres:///x?host=/nowhere"})
	if err == nil {
		t.Error("opened a database that is not there")
	}
}

// A database that lets nobody in answers each who comes with a code of its own; it is away like any other.
func TestADatabaseThatLetsNobodyInIsUnavailable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	address, err := url.Parse(h.url)
	h.must(err)
	name := address.Path[1:]
	address.Path = "/postgres"
	conn, err := pgx.Connect(t.Context(), address.String())
	h.must(err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), `ALTER DATABASE `+pgx.Identifier{name}.Sanitize()+` ALLOW_CONNECTIONS false`)
	h.must(err)
	h.store.Pool().Reset()
	_, err = h.store.Task(t.Context(), h.wang, newID())
	wantFault(t, err, fault.Unavailable)
}

func TestStoredRulingsAreReadAsTheyWereGiven(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	from := time.Now().Add(-time.Hour)
	first := h.dispatched()
	started := h.move(first.ID, h.wang, dispatch.Started)
	var read []dispatch.RulingRecord
	h.must(h.store.EachRuling(t.Context(), from, time.Now().Add(time.Hour), func(r dispatch.RulingRecord) error {
		read = append(read, r)
		return nil
	}))
	if len(read) != 2 || read[0].ID != first.LatestRuling || read[1].ID != *started.StandingRuling {
		t.Fatalf("%+v", read)
	}
	if r := read[1]; r.Facts.Phase != law.Start || r.Ruling.Outcome != law.Conditional || r.Path != h.north.Path || !r.Facts.At.Equal(r.At) {
		t.Errorf("%+v", r)
	}
	h.must(h.store.EachRuling(t.Context(), from, read[0].At, func(r dispatch.RulingRecord) error {
		t.Errorf("a ruling of %v lies outside", r.At)
		return nil
	}))
	if err := h.store.EachRuling(t.Context(), from, time.Now().Add(time.Hour), func(dispatch.RulingRecord) error { return io.EOF }); err != io.EOF {
		t.Errorf("got %v", err)
	}
}
