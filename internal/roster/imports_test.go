package roster_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/testkit"
)

// tray holds files that wait, in memory. That one whose worker fell silent is given to another after a minute is the database's to say:
// TestAnImportIsTakenByOne in internal/postgres/import_test.go moves the stored time.
type tray struct {
	*testkit.Bubble
	*shelf
	files  []uuid.UUID
	ended  []done
	takes  time.Duration // reading the directory
	writes time.Duration // writing every thousand people
}

type done struct {
	file  uuid.UUID
	state string
	at    float64
}

func (y *tray) AddImport(_ context.Context, _ duty.Actor, job roster.ImportJob, _ []byte) (roster.ImportJob, error) {
	y.Lock()
	defer y.Unlock()
	y.files = append(y.files, job.ID)
	return job, nil
}

func (y *tray) TakeImport(context.Context) (job roster.ImportJob, actor duty.Actor, content []byte, err error) {
	y.Lock()
	defer y.Unlock()
	switch {
	case y.Down:
		return job, actor, nil, testkit.ErrDown
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
	y.Lock()
	defer y.Unlock()
	y.Tell("progress")
}

func (y *tray) EndImport(_ context.Context, e roster.Ended) error {
	y.Lock()
	defer y.Unlock()
	y.ended = append(y.ended, done{e.ID, e.State, y.Since()})
	return nil
}

// working runs the worker of imports until the test ends it.
func working(t *testing.T) (y *tray, s *roster.Service, stop func()) {
	y = &tray{Bubble: testkit.NewBubble(t), shelf: newShelf(0)}
	s = roster.New(y, y.Logger())
	return y, s, y.Runs(s.RunImports)
}

// A file that was taken in here is begun at once, and one that another server took in within a second; all that wait are done in a row.
func TestAFileWaitsForASecondAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		y, s, stop := working(t)
		y.Until(1.2)
		job, err := s.StartImport(t.Context(), holding(duty.RolePersonnel, station), duty.Command{ID: uuid.New()}, roster.File{})
		if err != nil {
			t.Fatal(err)
		}
		y.Until(2.5)
		other := []uuid.UUID{uuid.New(), uuid.New()}
		y.Set(func() { y.files = append(y.files, other...) })
		y.Until(5)
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
		y, _, stop := working(t)
		y.Until(0.5)
		file, left := uuid.New(), uuid.New()
		y.Set(func() { y.Down, y.files = true, []uuid.UUID{file} })
		y.Until(2.5)
		y.Set(func() { y.Down, y.takes = false, 90*time.Second })
		y.Until(60)
		y.Set(func() { y.files = []uuid.UUID{left} })
		y.Until(100)
		stop()
		if want := []done{{file, roster.ImportDone, 93}}; !slices.Equal(y.ended, want) {
			t.Errorf("%v, not %v", y.ended, want)
		}
		y.Logged(testkit.ErrDown.Error(), 2)
		y.Logged("level=ERROR", 2)
		if len(y.files) != 0 {
			t.Error("the file was never begun")
		}
	})
}

// How far a file is told at most twice a second, for each time is a question to the database.
func TestProgressIsToldTwiceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		y, _, stop := working(t)
		y.Until(0.5)
		y.Set(func() { y.files, y.writes = []uuid.UUID{uuid.New()}, 100*time.Millisecond })
		y.Until(5)
		stop()
		y.Tells("progress 1", "progress 1.6", "progress 2.2", "progress 2.8")
	})
}
