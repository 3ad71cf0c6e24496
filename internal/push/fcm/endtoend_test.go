package fcm_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/notify"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/push"
	"github.com/dutybound/dutybound/internal/push/fcm"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// line is the whole way of a message, from the job in a real database to the endpoint.
type line struct {
	*testing.T
	store *postgres.Store
	owner *pgxpool.Pool
	organ duty.Organ
	sent  chan fcm.Sent // each try that reached the endpoint
}

// lay lays the line; the endpoint answers as it is told.
func lay(t *testing.T, answer func(fcm.Sent) fcm.Refusal) *line {
	t.Helper()
	db := testkit.Database(t)
	store, err := postgres.Open(t.Context(), postgres.Config{URL: db.URL, MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	l := &line{
		T: t, store: store, owner: db.Pool(), sent: make(chan fcm.Sent, 100),
		organ: duty.Organ{ID: uuid.New(), Code: "500103550000", Name: "城北派出所", Kind: duty.Station, Path: "500103550000/"},
	}
	l.must(store.Enter(t.Context(), roster.Entries{Organs: []roster.Organ{{Organ: l.organ}}}))
	sender, sink, _ := local(t)
	sink.Answer(func(s fcm.Sent) fcm.Refusal { l.sent <- s; return answer(s) })
	deliveries := notify.New(store, sender, slog.New(slog.DiscardHandler), nil)
	runner, err := push.Start(context.Background(), store.Pool(), deliveries, nil, nil, slog.New(slog.DiscardHandler),
		push.Pace{Poll: 20 * time.Millisecond, Retry: 20 * time.Millisecond})
	l.must(err)
	t.Cleanup(func() { l.must(runner.Stop(context.Background())) })
	return l
}

func (l *line) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

// person enters somebody with a phone for each token.
func (l *line) person(tokens ...string) uuid.UUID {
	l.Helper()
	id := uuid.New()
	l.must(l.store.Enter(l.Context(), roster.Entries{People: []duty.Person{{
		ID: id, Number: "F20001", Name: "王磊", Class: duty.FieldAuxiliary, Organ: l.organ, Status: law.StatusActive,
	}}}))
	for _, token := range tokens {
		device := identity.Device{ID: uuid.New(), Person: id, Name: "警务通", Platform: identity.Android}
		_, err := l.store.AddDevice(l.Context(), device)
		l.must(err)
		l.must(l.store.SetPushToken(l.Context(), device.ID, token))
	}
	return id
}

// order leaves the job that a dispatch leaves.
func (l *line) order(person uuid.UUID) duty.Push {
	l.Helper()
	p := duty.Push{Person: person, Task: uuid.New(), Kind: "dispatched", Priority: "immediate"}
	args, err := json.Marshal(p)
	l.must(err)
	_, err = l.owner.Exec(l.Context(), `INSERT INTO river_job (args, kind, priority, max_attempts) VALUES ($1, $2, 1, 25)`,
		string(args), push.Kind)
	l.must(err)
	return p
}

func (l *line) next() fcm.Sent {
	l.Helper()
	select {
	case s := <-l.sent:
		return s
	case <-time.After(20 * time.Second):
		l.Fatal("nothing was sent")
		return fcm.Sent{}
	}
}

func (l *line) done() {
	l.Helper()
	testkit.Wait(l.T, "the job to be done", func() bool {
		var left int
		l.must(l.owner.QueryRow(l.Context(), `SELECT count(*) FROM river_job WHERE state <> 'completed'`).Scan(&left))
		return left == 0
	})
}

func TestCommittedOrderReachesEveryPhone(t *testing.T) {
	t.Parallel()
	l := lay(t, func(fcm.Sent) fcm.Refusal { return fcm.Refusal{} })
	order := l.order(l.person("one", "two"))
	tokens := map[string]bool{}
	for range 2 {
		s := l.next()
		tokens[s.Token] = true
		if s.Task != order.Task.String() || s.Kind != "dispatched" || s.Priority != "high" {
			t.Errorf("%+v", s)
		}
	}
	if !tokens["one"] || !tokens["two"] {
		t.Errorf("%v", tokens)
	}
	l.done()
}

func TestDeadTokenIsDropped(t *testing.T) {
	t.Parallel()
	l := lay(t, func(s fcm.Sent) fcm.Refusal {
		if s.Token == "dead" {
			return fcm.Refusal{Status: http.StatusNotFound, Code: "UNREGISTERED"}
		}
		return fcm.Refusal{}
	})
	person := l.person("dead", "alive")
	l.order(person)
	l.next()
	l.next()
	l.done()
	devices, err := l.store.PushDevices(t.Context(), person)
	l.must(err)
	if len(devices) != 1 || devices[0].Token != "alive" {
		t.Errorf("%+v", devices)
	}
}

// The SDK tries a 503 again by itself, a 500 not: that is River's to do.
func TestFailureOverThereIsTriedAgain(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusInternalServerError} {
		var tries atomic.Int64
		l := lay(t, func(fcm.Sent) fcm.Refusal {
			if tries.Add(1) < 3 {
				return fcm.Refusal{Status: status, Code: map[int]string{503: "UNAVAILABLE", 500: "INTERNAL"}[status]}
			}
			return fcm.Refusal{}
		})
		order := l.order(l.person("one"))
		for range 3 {
			if s := l.next(); s.Task != order.Task.String() {
				t.Errorf("%+v", s)
			}
		}
		l.done()
	}
}
