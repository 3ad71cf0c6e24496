package postgres_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/postgres"
)

// No connection goes into a bubble: what is timed here is what the sequencer waits for, and not its batches, which the tests in
// sequencer_test.go hold against the real database.

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// A batch follows the last one after ten milliseconds at the earliest, however many commit; an event that nobody tells of waits for a
// second. The end is the end of waiting.
func TestABatchWaitsForASecondAndNoLonger(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ago        float64 // the last batch
		committed  float64 // here; 0: nothing is
		called     float64 // by another process
		ends, back float64
		goesOn     bool
	}{
		"nothing happens":                 {0, 0, 0, 9, 1, true},
		"something is committed":          {0, 0.3, 0, 9, 0.3, true},
		"another process calls":           {0, 0, 0.4, 9, 0.4, true},
		"right after the last batch":      {0, 0.001, 0, 9, 0.01, true},
		"a while after the last batch":    {5, 0.001, 0, 9, 0.001, true},
		"the end":                         {0, 0, 0, 0.2, 0.2, false},
		"the end while the events gather": {0, 0.001, 0, 0.005, 0.005, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, commit := postgres.Idle(postgres.SequencerConfig{})
			began := time.Now()
			ctx, stop := context.WithTimeout(t.Context(), seconds(c.ends))
			defer stop()
			if c.committed > 0 {
				time.AfterFunc(seconds(c.committed), commit)
			}
			if c.called > 0 {
				time.AfterFunc(seconds(c.called), s.Called)
			}
			goesOn := s.Await(ctx, began.Add(-seconds(c.ago)))
			if back := time.Since(began).Seconds(); back != c.back || goesOn != c.goesOn {
				t.Errorf("%s: back after %v s, goes on %v", name, back, goesOn)
			}
		})
	}
}

// Whoever is not elected, or has failed, tries again after a second, and passes on meanwhile that something was committed here.
func TestATermIsTriedForAfterASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var calls []float64
		s, commit := postgres.Idle(postgres.SequencerConfig{Call: func() { calls = append(calls, time.Since(began).Seconds()) }})
		for _, at := range []float64{0.25, 0.75} {
			time.AfterFunc(seconds(at), commit)
		}
		s.StandBy(t.Context())
		if took := time.Since(began); took != time.Second || !slices.Equal(calls, []float64{0.25, 0.75}) {
			t.Errorf("back after %s, called at %v", took, calls)
		}
		ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer stop()
		s.StandBy(ctx)
		if took := time.Since(began); took != 1100*time.Millisecond {
			t.Errorf("it outlived its end: %s", took)
		}
	})
}

// book keeps when heads were signed.
type book struct {
	began time.Time
	at    []float64
	down  bool
}

func (b *book) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	if b.down {
		return pgconn.CommandTag{}, errors.New("down")
	}
	b.at = append(b.at, time.Since(b.began).Seconds())
	return pgconn.CommandTag{}, nil
}

// A head that moves is signed every two seconds and leaves the house every five minutes; one that stands still is signed once. What could
// not be kept is tried again at the next look.
func TestAHeadThatMovesIsSignedEveryTwoSeconds(t *testing.T) {
	t.Parallel()
	secret, public, err := ledger.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := ledger.ParseKey(secret, public)
	if err != nil {
		t.Fatal(err)
	}
	anchors := ledger.Anchors(filepath.Join(t.TempDir(), "anchors"))
	synctest.Test(t, func(t *testing.T) {
		b := &book{began: time.Now()}
		s, _ := postgres.Idle(postgres.SequencerConfig{Key: key, Anchors: anchors})
		var tree ledger.Tree
		anchored := []float64{}
		look := func(moves bool) error {
			if moves {
				tree.Add([]byte("x"))
			}
			before, _ := anchors.Read()
			err := s.Witness(t.Context(), b, ledger.Head{Size: tree.Size(), Root: tree.Root(), At: time.Now()})
			if after, _ := anchors.Read(); len(after) > len(before) {
				anchored = append(anchored, time.Since(b.began).Seconds())
			}
			time.Sleep(500 * time.Millisecond)
			return err
		}
		for range 1210 { // ten minutes and five seconds
			if err := look(true); err != nil {
				t.Fatal(err)
			}
		}
		if len(b.at) != 303 || b.at[1] != 2 || b.at[302] != 604 {
			t.Errorf("signed %d times, at %v", len(b.at), b.at)
		}
		if want := []float64{0, 300, 600}; !slices.Equal(anchored, want) {
			t.Errorf("anchored at %v, not %v", anchored, want)
		}
		b.at = nil
		for range 1300 { // it stands still
			if err := look(false); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(b.at, []float64{606}) || len(anchored) != 4 || anchored[3] != 900 {
			t.Errorf("standing still: signed at %v, anchored at %v", b.at, anchored)
		}
		b.at, b.down = nil, true
		if look(true) == nil {
			t.Error("it was not kept, and nobody is told")
		}
		b.down = false
		if err := look(false); err != nil || len(b.at) != 1 {
			t.Errorf("%v, signed at %v", err, b.at)
		}
	})
}

// A question of many that the database does not answer is given up after five seconds; who has less than that waits no longer.
func TestAQuestionOfManyIsGivenUpAfterFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := postgres.Together(func(ctx context.Context, _ []int) ([]int, error) { <-ctx.Done(); return nil, ctx.Err() })
		began := time.Now()
		if _, err := one(t.Context(), 1); err == nil || time.Since(began) != 5*time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		began = time.Now()
		if _, err := one(ctx, 1); err == nil || time.Since(began) != time.Second {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		time.Sleep(4 * time.Second) // the question itself has its own time
	})
}
