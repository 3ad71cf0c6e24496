package roster_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/roster"
)

// tray holds files that wait, in memory. That one whose worker fell silent is given to another after a minute is the database's to say:
// TestAnImportIsTakenByOne in internal/postgres/import_test.go moves the stored time.
type tray struct {
	*shelf
	mu     sync.Mutex
	began  time.Time
	files  []uuid.UUID
	ended  []done
	takes  time.Duration // reading the directory
	writes time.Duration // writing every thousand people
	told   []float64     // how far a file is
	down   bool
}

type done struct {
	file  uuid.UUID
	state string
	at    float64
}

var errDown = errors.New("the database does not answer")

func (y *tray) since() float64 { return time.Since(y.began).Seconds() }

func (y *tray) AddImport(_ context.Context, _ duty.Actor, job roster.ImportJob, _ []byte) (roster.ImportJob, error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.files = append(y.files, job.ID)
	return job, nil
}

func (y *tray) TakeImport(context.Context) (job roster.ImportJob, actor duty.Actor, content []byte, err error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	switch {
	case y.down:
		return job, actor, nil, errDown
	case len(y.files) == 0:
		return job, actor, nil, fault.Missing("import")
	}
	job.ID, y.files = y.files[0], y.files[1:]
	return job, holding(duty.RolePersonnel, station), []byte("number,name,class,organ\n"), nil // of nobody
}

func (y *tray) Directory(ctx context.Context, _ duty.Actor) (roster.Directory, error) {
	select {
	case <-time.After(y.takes):
		return roster.Directory{}, nil
	case <-ctx.Done():
		return roster.Directory{}, ctx.Err()
	}
}

func (y *tray) Change(_ context.Context, _ duty.Actor, of roster.Selection, _ func(roster.Scene) (roster.Changes, error)) error {
	for n := 0; y.writes > 0 && n < 20; n++ {
		of.Told(1000*n, 20_000)
		time.Sleep(y.writes)
	}
	return nil
}

func (y *tray) TellImport(context.Context, uuid.UUID, roster.Progress) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.told = append(y.told, y.since())
}

func (y *tray) EndImport(_ context.Context, e roster.Ended) error {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.ended = append(y.ended, done{e.ID, e.State, y.since()})
	return nil
}

// working runs the worker of imports until the test ends it.
func working(t *testing.T) (y *tray, s *roster.Service, said *strings.Builder, until func(float64), stop func()) {
	y, said = &tray{shelf: newShelf(0), began: time.Now()}, &strings.Builder{}
	s = roster.New(y, slog.New(slog.NewTextHandler(said, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() { defer close(over); s.RunImports(ctx) }()
	until = func(seconds float64) {
		time.Sleep(time.Until(y.began.Add(time.Duration(seconds * float64(time.Second)))))
		synctest.Wait()
	}
	return y, s, said, until, func() {
		cancel()
		synctest.Wait()
		select {
		case <-over:
		default:
			t.Error("it goes on after its end")
		}
	}
}

// A file that was taken in here is begun at once, and one that another server took in within a second; all that wait are done in a row.
func TestAFileWaitsForASecondAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		y, s, _, until, stop := working(t)
		until(1.2)
		job, err := s.StartImport(t.Context(), holding(duty.RolePersonnel, station), duty.Command{ID: uuid.New()}, roster.File{})
		if err != nil {
			t.Fatal(err)
		}
		until(2.5)
		other := []uuid.UUID{uuid.New(), uuid.New()}
		y.mu.Lock()
		y.files = append(y.files, other...)
		y.mu.Unlock()
		until(5)
		stop()
		want := []done{{job.ID, roster.ImportDone, 1.2}, {other[0], roster.ImportDone, 3}, {other[1], roster.ImportDone, 3}}
		if !slices.Equal(y.ended, want) {
			t.Errorf("%v, not %v", y.ended, want)
		}
	})
}

// When it cannot be asked what waits, it is asked again a second later. A file that is broken off by the end is left to another server.
func TestAFileIsNotLostByAFailureOrTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		y, _, said, until, stop := working(t)
		until(0.5)
		file, left := uuid.New(), uuid.New()
		y.mu.Lock()
		y.down, y.files = true, []uuid.UUID{file}
		y.mu.Unlock()
		until(2.5)
		y.mu.Lock()
		y.down, y.takes = false, 90*time.Second
		y.mu.Unlock()
		until(60)
		y.mu.Lock()
		y.files = []uuid.UUID{left}
		y.mu.Unlock()
		until(100)
		stop()
		if want := []done{{file, roster.ImportDone, 93}}; !slices.Equal(y.ended, want) {
			t.Errorf("%v, not %v", y.ended, want)
		}
		if n := strings.Count(said.String(), errDown.Error()); n != 2 || strings.Count(said.String(), "level=ERROR") != 2 {
			t.Errorf("logged: %s", said)
		}
		if len(y.files) != 0 {
			t.Error("the file was never begun")
		}
	})
}

// How far a file is told at most twice a second, for each time is a question to the database.
func TestProgressIsToldTwiceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		y, _, _, until, stop := working(t)
		until(0.5)
		y.mu.Lock()
		y.files, y.writes = []uuid.UUID{uuid.New()}, 100*time.Millisecond
		y.mu.Unlock()
		until(5)
		stop()
		if want := []float64{1, 1.6, 2.2, 2.8}; !slices.Equal(y.told, want) {
			t.Errorf("told at %v, not %v", y.told, want)
		}
	})
}
