package wsfeed_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/testkit"
	"github.com/dutybound/dutybound/internal/wsfeed"
)

// replicas are two servers on one real database, with a sequencer each, of which only one is elected.
type replicas struct {
	*testing.T
	owner   *pgxpool.Pool
	servers [2]*server
	city    duty.Organ
	north   duty.Organ
	south   duty.Organ
}

func newReplicas(t *testing.T) *replicas {
	t.Helper()
	db := testkit.Database(t)
	r := &replicas{
		T: t, owner: db.Pool(),
		city:  duty.Organ{ID: uuid.New(), Code: "500103000000", Name: "分局", Kind: duty.District, Path: "500103000000/"},
		north: duty.Organ{ID: uuid.New(), Code: "500103550000", Name: "城北派出所", Kind: duty.Station, Path: "500103000000/500103550000/"},
		south: duty.Organ{ID: uuid.New(), Code: "500103560000", Name: "城南派出所", Kind: duty.Station, Path: "500103000000/500103560000/"},
	}
	for i := range r.servers {
		r.servers[i] = r.server(db.URL)
	}
	return r
}

func (r *replicas) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *replicas) server(url string) *server {
	r.Helper()
	store, err := postgres.Open(r.Context(), postgres.Config{URL: url, MaxConns: 8})
	r.must(err)
	r.Cleanup(store.Close)
	if r.servers[0] == nil {
		r.must(store.Enter(r.Context(), roster.Entries{Organs: []roster.Organ{
			{Organ: r.city}, {Organ: r.north, Parent: &r.city.ID}, {Organ: r.south, Parent: &r.city.ID},
		}}))
	}
	s := serveFrom(r.T, store, feed.Pace{Poll: 50 * time.Millisecond, Beat: 10 * time.Millisecond, Queue: 64, Page: 20}, nil)
	r.sequence(store, s.hub)
	return s
}

func (r *replicas) sequence(store *postgres.Store, hub *feed.Hub) {
	secret, public, err := ledger.NewKey()
	r.must(err)
	key, err := ledger.ParseKey(secret, public)
	r.must(err)
	sequencer := postgres.NewSequencer(store, postgres.SequencerConfig{
		Key: key, Log: slog.New(slog.DiscardHandler), Poll: 5 * time.Millisecond, Wake: func(context.Context, int64) { hub.Wake() },
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); sequencer.Run(ctx) }()
	r.Cleanup(func() { cancel(); <-done })
}

// viewer enters somebody who watches an organ, with a device and a live session.
func (r *replicas) viewer(store *postgres.Store, number string, organ duty.Organ) duty.Actor {
	r.Helper()
	a := duty.Actor{
		Person: uuid.New(), Number: number, Device: uuid.New(), Session: uuid.New(), Organ: organ,
		Grants: []duty.Grant{{Role: duty.RoleViewer, Path: organ.Path}},
	}
	r.must(store.Enter(r.Context(), roster.Entries{
		People: []duty.Person{{ID: a.Person, Number: number, Name: "值班员", Class: duty.Officer, Organ: organ, Status: law.StatusActive}},
		Grants: []roster.HeldGrant{{Person: a.Person, Role: duty.RoleViewer, Organ: organ}},
	}))
	_, err := store.AddDevice(r.Context(), identity.Device{ID: a.Device, Person: a.Person, Name: "大屏", Platform: identity.Web}, nil)
	r.must(err)
	r.must(store.SetPassword(r.Context(), a.Person, "hash", false, uuid.Nil))
	token := [32]byte(append(a.Session[:], a.Device[:]...))
	_, err = store.AddSession(r.Context(), identity.NewSession{
		ID: a.Session, Token: token, Person: a.Person, Device: a.Device, Password: "hash", Life: time.Hour,
	})
	r.must(err)
	return a
}

// write commits a number of transactions of one to three events each, some of them slow and some rolled back.
func (r *replicas) write(transactions int, seed uint64, committed *atomic.Int64) {
	random := rand.New(rand.NewPCG(seed, 1))
	for range transactions {
		events := 1 + random.IntN(3)
		err := pgx.BeginFunc(r.Context(), r.owner, func(tx pgx.Tx) error {
			for range events {
				path := []duty.Path{r.north.Path, r.south.Path}[random.IntN(2)]
				_, err := tx.Exec(r.Context(), `INSERT INTO event (id, kind, path, version, actor, at, body)
					VALUES ($1, 'test.written', $2, 0, $1, clock_timestamp(), '{}')`, uuid.New(), path)
				if err != nil {
					return err
				}
			}
			switch random.IntN(12) {
			case 0:
				return context.Canceled // roll back
			case 1: // hold it open while others pass
				_, err := tx.Exec(r.Context(), `SELECT pg_sleep(0.05)`)
				return err
			default:
				return nil
			}
		})
		switch err {
		case nil:
			committed.Add(int64(events))
		case context.Canceled:
		default:
			r.Error(err)
			return
		}
	}
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

// I2 on the real thing: writers that roll back and dawdle, two sequencers, two replicas, viewers who lose their connection at random.
// Each must have seen every event of its scope once and in order.
func TestViewersMissNothingAcrossReconnects(t *testing.T) {
	t.Parallel()
	r := newReplicas(t)
	var committed, end atomic.Int64
	var writers, viewers sync.WaitGroup
	organs := []duty.Organ{r.city, r.north, r.south}
	seen := make([][]int64, 2*len(organs))
	store, err := postgres.Open(t.Context(), postgres.Config{URL: r.owner.Config().ConnString(), MaxConns: 2})
	r.must(err)
	defer store.Close()
	for i := range seen {
		actor := r.viewer(store, "V"+strconv.Itoa(i), organs[i%3])
		viewers.Go(func() { seen[i] = r.watch(actor, uint64(i), &end) })
	}
	for i := range 4 {
		writers.Go(func() { r.write(150, uint64(i), &committed) })
	}
	writers.Wait()
	testkit.Wait(t, "every event to be numbered", func() bool {
		bounds, err := store.Bounds(t.Context())
		r.must(err)
		return bounds.Head == committed.Load()
	})
	end.Store(committed.Load())
	viewers.Wait()
	for i, got := range seen {
		want := r.numbered(organs[i%3])
		if !slices.Equal(got, want) {
			t.Errorf("viewer %d of %s: %d events seen of %d", i, organs[i%3].Name, len(got), len(want))
		}
	}
}

// numbered lists what there was to see.
func (r *replicas) numbered(organ duty.Organ) (seqs []int64) {
	r.Helper()
	rows, err := r.owner.Query(r.Context(), `SELECT seq FROM event WHERE path LIKE $1 || '%' ORDER BY seq`, organ.Path)
	r.must(err)
	seqs, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	r.must(err)
	return seqs
}

// A session revoked in the database is off the feed within five seconds.
func TestRevokedInTheDatabaseIsClosedWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	r := newReplicas(t)
	store, err := postgres.Open(t.Context(), postgres.Config{URL: r.owner.Config().ConnString(), MaxConns: 2})
	r.must(err)
	defer store.Close()
	actor := r.viewer(store, "V1", r.north)
	c := r.servers[1].dial(actor, "")
	c.next("hello")
	r.must(store.EndSession(t.Context(), actor.Session))
	begin := time.Now()
	if code, _, _ := c.closed(); code != wsfeed.CloseRevoked {
		t.Errorf("closed with %d", code)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}
