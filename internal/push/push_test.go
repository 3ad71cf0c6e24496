package push_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/notify"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/push"
	"github.com/dutybound/dutybound/internal/testkit"
)

const (
	childVariable = "DUTYBOUND_PUSH_TEST_CHILD" // the database URL for a worker that hangs until it is killed
	patience      = 90 * time.Second            // River looks for the jobs of the dead every 30 s, and leads again after a dead leader within 20
)

func TestMain(m *testing.M) {
	if url := os.Getenv(childVariable); url != "" {
		hangAtWork(url)
		return
	}
	testkit.Main(m)
}

// desk is a Deliverer that tells the test of each message and answers what the test says.
type desk struct {
	mu     sync.Mutex
	answer func(push duty.Push, try int) error
	tries  map[uuid.UUID]int
	got    chan duty.Push
	told   chan string // steps on requests to approvers
}

func newDesk(answer func(push duty.Push, try int) error) *desk {
	return &desk{answer: answer, tries: map[uuid.UUID]int{}, got: make(chan duty.Push, 100), told: make(chan string, 100)}
}

func (d *desk) Deliver(_ context.Context, p duty.Push, _, _ time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries[p.Task]++
	d.got <- p
	return d.answer(p, d.tries[p.Task])
}

func (d *desk) Announce(_ context.Context, id uuid.UUID) error { return d.tell("announce", id) }
func (d *desk) Escalate(_ context.Context, id uuid.UUID) error { return d.tell("escalate", id) }

func (d *desk) Reconsider(_ context.Context, c duty.Concern) error {
	return d.tell("reconsider", c.Task)
}

func (d *desk) tell(step string, id uuid.UUID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tries[id]++
	d.told <- fmt.Sprint(step, " ", id)
	return d.answer(duty.Push{Task: id}, d.tries[id])
}

func fine(duty.Push, int) error { return nil }

// open connects as the server does, in the server's role.
func open(t *testing.T, url string) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), postgres.Config{URL: url, MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	return store
}

func start(t *testing.T, pool *pgxpool.Pool, d *desk, pace push.Pace) *push.Runner {
	t.Helper()
	runner, err := push.Start(context.Background(), pool, d, d, d, slog.New(slog.DiscardHandler), pace)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := runner.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return runner
}

// reluctant is a desk at work that takes everything at the second try.
func reluctant(t *testing.T, url string) *desk {
	t.Helper()
	d := newDesk(func(_ duty.Push, try int) error {
		if try == 1 {
			return errors.New("no")
		}
		return nil
	})
	start(t, open(t, url).Pool(), d, push.Pace{Poll: 20 * time.Millisecond, Retry: 20 * time.Millisecond})
	return d
}

// A request is brought before its approvers at once and again at its deadline, and tried again when that failed.
func TestARequestIsBroughtBeforeApprovers(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t)
	d := reluctant(t, db.URL)
	id := uuid.New()
	for _, step := range []string{"announce", "escalate"} {
		_, err := db.Pool().Exec(t.Context(), `INSERT INTO river_job (args, kind, priority) VALUES (jsonb_build_object('approval', $1::uuid, 'step', $2::text), 'approval', 1)`, id, step)
		if err != nil {
			t.Fatal(err)
		}
	}
	told := map[string]int{}
	for range 3 { // one of the two was the first to be tried
		select {
		case step := <-d.told:
			told[step]++
		case <-time.After(patience):
			t.Fatalf("only %v", told)
		}
	}
	if len(told) != 2 {
		t.Errorf("%v", told)
	}
}

// News about somebody reaches each task that they are part of, and is told again when that failed.
func TestNewsReachesTheTask(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t)
	d := reluctant(t, db.URL)
	task := uuid.New()
	_, err := db.Pool().Exec(t.Context(), `INSERT INTO river_job (args, kind, priority) VALUES (jsonb_build_object('task', $1::uuid), 'concern', 1)`, task)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		select {
		case told := <-d.told:
			if told != "reconsider "+task.String() {
				t.Errorf("told %q", told)
			}
		case <-time.After(patience):
			t.Fatal("nothing was told")
		}
	}
}

// leave puts a job where commands put it, and commits or not.
func leave(t *testing.T, pool *pgxpool.Pool, p duty.Push, commit bool) {
	t.Helper()
	args, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }() // after a commit it does nothing
	_, err = tx.Exec(t.Context(), `INSERT INTO river_job (args, kind, priority, max_attempts) VALUES ($1, 'push', 1, 25)`, string(args))
	if err != nil {
		t.Fatal(err)
	}
	if !commit {
		return
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func order() duty.Push {
	return duty.Push{Person: uuid.New(), Task: uuid.New(), Kind: "dispatched", Priority: "urgent"}
}

func (d *desk) next(t *testing.T) duty.Push {
	t.Helper()
	select {
	case p := <-d.got:
		return p
	case <-time.After(patience):
		t.Fatal("no message came")
		return duty.Push{}
	}
}

func TestWhatIsCommittedGoesOutAndWhatIsRolledBackDoesNot(t *testing.T) {
	t.Parallel()
	store, d := open(t, testkit.Database(t).URL), newDesk(fine)
	start(t, store.Pool(), d, push.Pace{Poll: 20 * time.Millisecond})
	never, first, second := order(), order(), order()
	leave(t, store.Pool(), first, true)
	leave(t, store.Pool(), never, false)
	leave(t, store.Pool(), second, true)
	seen := map[duty.Push]bool{d.next(t): true, d.next(t): true}
	if !seen[first] || !seen[second] {
		t.Errorf("%v", seen)
	}
	testkit.Wait(t, "both jobs to be done", func() bool { return count(t, store, `state = 'completed'`) == 2 })
	if n := count(t, store, `true`); n != 2 {
		t.Errorf("%d jobs", n)
	}
}

func count(t *testing.T, store *postgres.Store, where string) (n int) {
	t.Helper()
	if err := store.Pool().QueryRow(t.Context(), `SELECT count(*) FROM river_job WHERE `+where).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWhatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	store := open(t, testkit.Database(t).URL)
	d := newDesk(func(_ duty.Push, try int) error {
		if try < 3 {
			return errors.New("not now")
		}
		return nil
	})
	start(t, store.Pool(), d, push.Pace{Poll: 20 * time.Millisecond, Retry: 10 * time.Millisecond})
	wanted := order()
	leave(t, store.Pool(), wanted, true)
	for range 3 {
		if p := d.next(t); p != wanted {
			t.Fatalf("%+v", p)
		}
	}
	testkit.Wait(t, "the job to be done", func() bool { return count(t, store, `state = 'completed'`) == 1 })
}

func TestATimeNamedByThePushServiceIsWaitedFor(t *testing.T) {
	t.Parallel()
	store := open(t, testkit.Database(t).URL)
	d := newDesk(func(duty.Push, int) error {
		return fmt.Errorf("a device: %w", &notify.Failure{Outcome: notify.Later, After: time.Hour, Err: errors.New("too many")})
	})
	start(t, store.Pool(), d, push.Pace{Poll: 20 * time.Millisecond})
	leave(t, store.Pool(), order(), true)
	d.next(t)
	testkit.Wait(t, "the job to sleep", func() bool {
		return count(t, store, `state = 'scheduled' AND scheduled_at > now() + interval '50 minutes'`) == 1
	})
}

// A worker is killed in the middle of sending; another process does the job again.
func TestKilledWorkersJobIsDoneAgain(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t)
	store := open(t, db.URL)
	wanted := order()
	leave(t, store.Pool(), wanted, true)
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childVariable+"="+db.URL)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil { // it is sending
		t.Fatal(err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // killed, it says

	d := newDesk(fine)
	start(t, store.Pool(), d, push.Pace{Poll: 20 * time.Millisecond, Timeout: 500 * time.Millisecond, Rescue: time.Second})
	if p := d.next(t); p != wanted {
		t.Errorf("%+v", p)
	}
}

// hangAtWork is the process that gets killed.
func hangAtWork(url string) {
	store, err := postgres.Open(context.Background(), postgres.Config{URL: url, MaxConns: 4})
	if err != nil {
		panic(err)
	}
	d := newDesk(func(duty.Push, int) error {
		fmt.Print("!")
		select {}
	})
	pace := push.Pace{Poll: 20 * time.Millisecond}
	if _, err := push.Start(context.Background(), store.Pool(), d, d, d, slog.New(slog.DiscardHandler), pace); err != nil {
		panic(err)
	}
	time.Sleep(patience) // at most, should the parent die first
}
