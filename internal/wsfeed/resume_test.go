package wsfeed_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/testkit"
	"github.com/dutybound/dutybound/internal/testkit/feedkit"
	"github.com/dutybound/dutybound/internal/wsfeed"
)

// replicas are two servers on one database, with a sequencer each, of which only one is elected.
type replicas struct {
	*testing.T
	log     *feedkit.Log
	servers [2]*server
	writers *pgxpool.Pool // a connection for each
	swift   *pgxpool.Pool // and another for each, to overtake itself on
}

func newReplicas(t *testing.T) *replicas {
	t.Helper()
	r := &replicas{T: t, log: feedkit.Open(t)}
	r.writers, r.swift = r.log.Owner(), r.log.Owner()
	pace := feed.Pace{Poll: 50 * time.Millisecond, Beat: 10 * time.Millisecond, Queue: 64, Page: 20}
	for i := range r.servers {
		store := r.log.Replica()
		s := serveFrom(t, r.log, store, pace, nil)
		r.log.Sequence(store, func(int64) { s.hub.Wake() })
		r.servers[i] = s
	}
	return r
}

var errGivenUp = errors.New("given up")

// write commits a number of transactions of one to three events each. Some are rolled back, and some are overtaken.
func (r *replicas) write(transactions int, seed uint64, committed *atomic.Int64) {
	random := rand.New(rand.NewPCG(seed, 1))
	for range transactions {
		events := make([]duty.Path, 1+random.IntN(3))
		for i := range events {
			events[i] = []duty.Path{north, south}[random.IntN(2)]
		}
		ending := func() error { return nil }
		switch random.IntN(12) {
		case 0:
			ending = func() error { return errGivenUp }
		case 1:
			ending = func() error { return r.overtake(committed) }
		}
		switch err := r.transaction(r.writers, events, ending); err {
		case nil:
			committed.Add(int64(len(events)))
		case errGivenUp:
		default:
			r.Error(err)
			return
		}
	}
}

// transaction writes events and does something else before it commits.
func (r *replicas) transaction(pool *pgxpool.Pool, events []duty.Path, ending func() error) error {
	return pgx.BeginFunc(r.Context(), pool, func(tx pgx.Tx) error {
		if err := feedkit.Write(r.Context(), tx, events...); err != nil {
			return err
		}
		return ending()
	})
}

// overtake commits later events and lets the head move on, before the transaction that waits for it may commit.
func (r *replicas) overtake(committed *atomic.Int64) error {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	before, err := r.log.Bounds(ctx)
	if err != nil {
		return err
	}
	if err := r.transaction(r.swift, []duty.Path{north, south}, func() error { return nil }); err != nil {
		return err
	}
	committed.Add(2)
	for now := before; now.Head == before.Head; {
		if now, err = r.log.Bounds(ctx); err != nil {
			return err
		}
	}
	return nil
}

// watch reads with random disconnects, over whichever replica, until the cursor has come to the end (once that is known).
func (r *replicas) watch(actor duty.Actor, seed uint64, end *atomic.Int64) (seen []int64) {
	random := rand.New(rand.NewPCG(seed, 2))
	for cursor := int64(0); !r.Failed(); {
		c := r.servers[random.IntN(2)].dial(actor, "?after="+strconv.FormatInt(cursor, 10))
		for range 2 + random.IntN(60) {
			m, err := c.read()
			if websocket.IsCloseError(err, wsfeed.CloseSlow) {
				cursor = c.cursorOf(err)
				break
			}
			if err != nil {
				r.Errorf("viewer %d: %v", seed, err)
				return seen
			}
			switch m.Type {
			case "event":
				seen, cursor = append(seen, m.Seq), m.Seq
			case "beat":
				cursor = m.Seq
			case "reset":
				r.Errorf("viewer %d was reset at %d", seed, cursor)
			}
		}
		_ = c.Close() // without a word, as a tunnel does
		if last := end.Load(); last > 0 && cursor >= last {
			return seen
		}
	}
	return seen
}

// I2 on the real thing: writers that roll back and are overtaken, two sequencers, two replicas, viewers who lose their connection at
// random. Each must have seen every event of its scope once and in order.
func TestViewersMissNothingAcrossReconnects(t *testing.T) {
	t.Parallel()
	r := newReplicas(t)
	var committed, end atomic.Int64
	var writers, viewers sync.WaitGroup
	organs := []duty.Path{feedkit.City, north, south}
	seen := make([][]int64, 2*len(organs))
	for i := range seen {
		actor := r.log.SignIn(duty.RoleViewer, organs[i%3])
		viewers.Go(func() { seen[i] = r.watch(actor, uint64(i), &end) })
	}
	for i := range 4 {
		writers.Go(func() { r.write(150, uint64(i), &committed) })
	}
	writers.Wait()
	testkit.Wait(t, "every event to be numbered", func() bool {
		bounds, err := r.log.Bounds(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return bounds.Head == committed.Load()
	})
	end.Store(committed.Load())
	viewers.Wait()
	for i, got := range seen {
		if want := r.numbered(organs[i%3]); !slices.Equal(got, want) {
			t.Errorf("viewer %d of %s: %d events seen of %d", i, organs[i%3], len(got), len(want))
		}
	}
}

// numbered lists what there was to see.
func (r *replicas) numbered(organ duty.Path) (seqs []int64) {
	r.Helper()
	rows, err := r.writers.Query(r.Context(), `SELECT seq FROM event WHERE path LIKE $1 || '%' ORDER BY seq`, organ)
	if err == nil {
		seqs, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	}
	if err != nil {
		r.Fatal(err)
	}
	return seqs
}
