package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/testkit"
)

func (h *house) sequencer(store *postgres.Store, change ...func(*postgres.SequencerConfig)) *postgres.Sequencer {
	h.t.Helper()
	secret, public, err := ledger.NewKey()
	h.must(err)
	key, err := ledger.ParseKey(secret, public)
	h.must(err)
	config := postgres.SequencerConfig{Key: key, Log: slog.New(slog.DiscardHandler), Poll: 20 * time.Millisecond, Retry: 10 * time.Millisecond}
	for _, c := range change {
		c(&config)
	}
	return postgres.NewSequencer(store, config)
}

// number gives every waiting event its number.
func (h *house) number() {
	h.t.Helper()
	_, err := h.sequencer(h.store).Number(h.t.Context())
	h.must(err)
}

// run starts a sequencer; stop ends it and waits.
func run(t testing.TB, s *postgres.Sequencer) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	stop = func() {
		cancel()
		<-done
	}
	t.Cleanup(stop)
	return stop
}

func (h *house) log() []ledger.Event {
	h.t.Helper()
	page, err := h.store.Page(h.t.Context(), feed.Everything, 0, 1_000_000)
	h.must(err)
	return page.Events
}

// checkLog holds the log to its promises: numbers without gaps, each task's versions one after the other.
func (h *house) checkLog(log []ledger.Event) {
	h.t.Helper()
	versions := map[uuid.UUID]int{}
	for i, e := range log {
		if e.Seq != int64(i+1) {
			h.t.Fatalf("event %d has number %d", i+1, e.Seq)
		}
		if e.Task == nil {
			continue
		}
		if e.Version != versions[*e.Task]+1 {
			h.t.Fatalf("event %d: version %d after %d", e.Seq, e.Version, versions[*e.Task])
		}
		versions[*e.Task] = e.Version
	}
}

func TestEventsAreNumberedInTheOrderOfTheirTask(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	h.move(task.ID, h.wang, dispatch.Started)
	h.move(task.ID, h.wang, dispatch.Paused)
	h.number()
	log := h.log()
	h.checkLog(log)
	var kinds []string
	for _, e := range log {
		kinds = append(kinds, e.Kind)
	}
	if want := []string{"task.dispatched", "task.started", "task.paused"}; !slices.Equal(kinds, want) {
		t.Errorf("got %v", kinds)
	}
	h.move(task.ID, h.wang, dispatch.Started) // waits: not yet in anybody's history, though its ruling is
	history, err := h.store.History(t.Context(), h.wang, task.ID)
	h.must(err)
	if len(history.Events) != 3 || history.Events[2].Kind != "task.paused" || len(history.Rulings) != 4 || history.Task.State != dispatch.Started {
		t.Errorf("%d events, %d rulings of a task that is %s", len(history.Events), len(history.Rulings), history.Task.State)
	}
}

// Writers that are slow, that roll back and that race, two sequencers in two processes, and one reader who pages while all that
// goes on: the reader misses nothing and sees nothing twice.
func TestAReaderMissesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tasks := []dispatch.Task{h.dispatched(), h.dispatched(), h.dispatched()}
	run(t, h.sequencer(h.store))
	run(t, h.sequencer(h.open(h.url)))

	const writers, each = 6, 25
	var kept atomic.Int64
	kept.Add(int64(len(tasks)))
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				if (w+i)%5 == 0 {
					h.rollBack(tasks[i%len(tasks)].ID)
					continue
				}
				if err := h.write(tasks[(w+i)%len(tasks)].ID, i%7 == 0); err != nil {
					t.Error(err)
					return
				}
				kept.Add(1)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()

	var read []ledger.Event
	after := int64(0)
	testkit.Wait(t, "the reader to have everything", func() bool {
		page, err := h.store.Page(context.Background(), feed.Everything, after, 10)
		if err != nil {
			t.Fatal(err)
		}
		read, after = append(read, page.Events...), page.Through
		select {
		case <-done:
			return len(read) >= int(kept.Load())
		default:
			return false
		}
	})
	h.checkLog(read)
	if len(read) != int(kept.Load()) || len(h.log()) != len(read) {
		t.Errorf("%d events were kept, %d read, %d are in the log", kept.Load(), len(read), len(h.log()))
	}
	if n := h.count(`SELECT count(*) FROM event WHERE seq IS NULL`); n != 0 {
		t.Errorf("%d events were never numbered", n)
	}
}

// write adds one event to a task; slow holds the transaction open while others overtake it.
func (h *house) write(task uuid.UUID, slow bool) error {
	_, err := h.store.Decide(context.Background(), call(h.officer), task, func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		if slow {
			if _, err := h.owner.Exec(context.Background(), `SELECT pg_sleep(0.02)`); err != nil {
				return dispatch.Decision{}, err
			}
		}
		t := snap.Task
		event := happening(&t, h.officer, snap.Now, "task.noted")
		return dispatch.Decision{Task: t, Events: []ledger.Event{event}}, nil
	})
	return err
}

// rollBack takes a place in the order of events, and gives it up.
func (h *house) rollBack(task uuid.UUID) {
	given := errors.New("given up")
	err := h.as("*", uuid.Nil, func(tx pgx.Tx) error {
		if _, err := tx.Exec(context.Background(), `SELECT FROM task WHERE id = $1 FOR UPDATE`, task); err != nil {
			return err
		}
		_, err := tx.Exec(context.Background(), `INSERT INTO event (id, kind, path, version, actor, at, body) VALUES ($1, 'never', '', 0, $1, now(), '{}')`, newID())
		return errors.Join(err, given)
	})
	if !errors.Is(err, given) {
		h.t.Error(err)
	}
}

func TestATransactionLeftOpenHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	tx, err := h.owner.Begin(t.Context())
	h.must(err)
	_, err = tx.Exec(t.Context(), `INSERT INTO event (id, kind, path, version, actor, at, body) VALUES ($1, 'late', '', 0, $1, now(), '{}')`, newID())
	h.must(err)
	h.dispatched()
	h.number()
	if log := h.log(); len(log) != 1 || log[0].Kind != "task.dispatched" {
		t.Errorf("while it is open: %v", log)
	}
	h.must(tx.Commit(t.Context()))
	h.number()
	if log := h.log(); len(log) != 2 || log[1].Kind != "late" {
		t.Errorf("after it committed: %v", log)
	}
}

// With the lock out of the way two sequencers both believe that the head is theirs. Only one may pass, whatever the order.
func TestTwoSequencersCannotForkTheLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.dispatched()
	first, err := h.sequencer(h.store).Believe(t.Context())
	h.must(err)
	second, err := h.sequencer(h.store).Believe(t.Context())
	h.must(err)
	n, err := first()
	if n != 1 || err != nil {
		t.Fatalf("the first numbered %d, %v", n, err)
	}
	h.dispatched()
	if n, err := second(); n != 0 || !errors.Is(err, postgres.ErrFork) {
		t.Errorf("the second numbered %d, %v", n, err)
	}
	h.number()
	h.checkLog(h.log())

	for round := range 10 { // and both at the very same time
		h.dispatched()
		var batches [2]func() (int, error)
		for i := range batches {
			batches[i], err = h.sequencer(h.store).Believe(t.Context())
			h.must(err)
		}
		var total atomic.Int64
		var wg sync.WaitGroup
		for _, batch := range batches {
			wg.Go(func() {
				n, err := batch()
				total.Add(int64(n))
				if err != nil && !errors.Is(err, postgres.ErrFork) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if total.Load() != 1 {
			t.Fatalf("round %d: %d events were numbered, there was one", round, total.Load())
		}
	}
	h.checkLog(h.log())
}

func TestAnotherSequencerTakesOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, second := h.sequencer(h.store), h.sequencer(h.open(h.url))
	stop := run(t, first)
	testkit.Wait(t, "the first to be elected", func() bool { return first.Status().Elected })
	run(t, second)
	h.dispatched()
	testkit.Wait(t, "the first to number", func() bool { return first.Status().Head == 1 })
	if second.Status().Elected {
		t.Error("both were elected")
	}
	stop()
	h.dispatched()
	testkit.Wait(t, "the second to number", func() bool { return second.Status().Head == 2 })

	// The elected one's connection is cut: it, or another, goes on.
	_, err := h.owner.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
		AND (classid::bigint << 32) + objid::bigint = $1`, postgres.SequencerLock)
	h.must(err)
	h.dispatched()
	testkit.Wait(t, "it to be numbered after the cut", func() bool { return len(h.log()) == 3 })
	h.checkLog(h.log())
}

func TestAnImpossibleOrderStopsTheSequencerLoudly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	_, err := h.owner.Exec(t.Context(), `INSERT INTO event (id, kind, path, task_id, version, actor, at, body)
		VALUES ($1, 'task.started', '', $2, 7, $1, now(), '{}')`, newID(), task.ID)
	h.must(err)
	s := h.sequencer(h.store)
	run(t, s)
	testkit.Wait(t, "the sequencer to say why it stopped", func() bool { return s.Status().Err != nil })
	if n := len(h.log()); n != 0 {
		t.Errorf("%d events were numbered all the same", n)
	}
	n, age, err := h.store.Waiting(t.Context())
	if err != nil || n != 2 || age <= 0 {
		t.Errorf("waiting: %d for %v, %v", n, age, err)
	}
}

func TestASequencerWakesItsReadersOnceABatch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	heads := make(chan int64, 100)
	h.dispatched()
	h.dispatched()
	conn, err := h.owner.Acquire(t.Context())
	h.must(err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), `LISTEN "public.river_insert"`)
	h.must(err)
	run(t, h.sequencer(h.store, func(c *postgres.SequencerConfig) {
		c.Wake = func(_ context.Context, head int64) { heads <- head }
	}))
	if head := <-heads; head != 2 {
		t.Errorf("woken at %d", head)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	note, err := conn.Conn().WaitForNotification(ctx)
	if err != nil || note.Payload != `{"queue": "default"}` {
		t.Errorf("job workers: %+v, %v", note, err)
	}
}

func TestHeadsAreSignedAndAnchored(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	anchors := ledger.Anchors(filepath.Join(t.TempDir(), "anchors"))
	secret, public, _ := ledger.NewKey()
	key, err := ledger.ParseKey(secret, public)
	h.must(err)
	s := h.sequencer(h.store, func(c *postgres.SequencerConfig) {
		c.Key, c.Anchors, c.SignEvery, c.AnchorEvery = key, anchors, time.Millisecond, time.Millisecond
	})
	run(t, s)
	h.dispatched()
	var kept []string
	testkit.Wait(t, "an anchor", func() bool {
		kept, err = anchors.Read()
		return err != nil || len(kept) > 0
	})
	h.must(err)
	report, err := ledger.Verify(t.Context(), h.store, key.Verifier, kept)
	h.must(err)
	if len(report.Problems) > 0 || report.Size != 1 || report.Heads < 2 {
		t.Errorf("%+v", report)
	}
}

func TestVerifyFindsTampering(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"an event changed":        `UPDATE event SET body = '{"state": "finished"}' WHERE seq = 2`,
		"an event's actor":        `UPDATE event SET actor = gen_random_uuid() WHERE seq = 2`,
		"an event's time":         `UPDATE event SET at = at - interval '1 hour' WHERE seq = 2`,
		"an event removed":        `DELETE FROM event WHERE seq = 3`,
		"the last event removed":  `DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)`,
		"an event put in":         `INSERT INTO event (seq, id, kind, path, version, actor, at, body) VALUES (99, gen_random_uuid(), 'x', '', 0, gen_random_uuid(), now(), '{}')`,
		"two events exchanged":    `UPDATE event SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3); UPDATE event SET seq = -seq WHERE seq < 0`,
		"a ruling's facts":        `UPDATE ruling SET facts = '{"phase": "start"}' WHERE phase = 'start'`,
		"a ruling's outcome":      `UPDATE ruling SET outcome = 'permitted', ruling = '{"outcome": "permitted"}' WHERE phase = 'start'`,
		"a ruling removed":        `DELETE FROM ruling WHERE phase = 'during'`,
		"a ruling put in":         `INSERT INTO ruling (id, path, epoch, phase, outcome, actor, command, decided_at, event_id, facts, ruling) SELECT gen_random_uuid(), path, epoch, phase, outcome, actor, command, decided_at, event_id, facts, ruling FROM ruling LIMIT 1`,
		"an observation changed":  `UPDATE observation SET value = 'off'`,
		"an observation removed":  `DELETE FROM observation`,
		"a task's note":           `UPDATE task SET doc = jsonb_set(doc, '{note}', '"forged"')`,
		"a task with a word more": `UPDATE task SET doc = doc || '{"more": 1}'`,
		"a task's version":        `UPDATE task SET doc = jsonb_set(doc, '{version}', '5')`,
		"a task and its digest":   `UPDATE task SET doc = jsonb_set(doc, '{note}', '"forged"'); UPDATE event SET task_digest = NULL`,
		"a task removed":          `DELETE FROM task`,
		"a hash changed":          `UPDATE ledger_hash SET hash = sha256('x') WHERE idx = 1`,
		"the head turned back":    `UPDATE ledger_head SET size = 1`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			task := h.dispatched()
			h.move(task.ID, h.wang, dispatch.Started)
			h.observeOn(task.ID, h.wang, "recording", "on")
			h.move(task.ID, h.wang, dispatch.Paused)
			h.number()
			secret, public, _ := ledger.NewKey()
			key, err := ledger.ParseKey(secret, public)
			h.must(err)
			report, err := ledger.Verify(t.Context(), h.store, key.Verifier, nil)
			h.must(err)
			if len(report.Problems) > 0 || report.Size != 4 {
				t.Fatalf("before: %+v", report)
			}
			h.tamper(sql)
			report, err = ledger.Verify(t.Context(), h.store, key.Verifier, nil)
			h.must(err)
			if len(report.Problems) == 0 {
				t.Error("nothing was found")
			}
		})
	}
}

// tamper does what a superuser can: with every trigger and constraint out of the way.
func (h *house) tamper(sql string) {
	h.t.Helper()
	conn, err := h.owner.Acquire(h.t.Context())
	h.must(err)
	defer conn.Release()
	tag, err := conn.Conn().PgConn().Exec(h.t.Context(), "SET session_replication_role = replica; "+sql).ReadAll()
	h.must(err)
	if n := tag[len(tag)-1].CommandTag.RowsAffected(); n == 0 {
		h.t.Fatal("the tampering changed nothing: " + fmt.Sprint(tag))
	}
}
