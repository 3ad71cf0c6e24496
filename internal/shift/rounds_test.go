package shift_test

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
	"github.com/dutybound/dutybound/internal/shift"
)

var errDown = errors.New("the database does not answer")

// clock is a bubble with something that runs in it.
type clock struct {
	*testing.T
	began time.Time
	log   strings.Builder
	mu    sync.Mutex
	down  bool // the database does not answer
}

func (c *clock) until(seconds float64) {
	time.Sleep(time.Until(c.began.Add(time.Duration(seconds * float64(time.Second)))))
	synctest.Wait()
}

func (c *clock) since() float64 { return time.Since(c.began).Seconds() }

func (c *clock) set(what func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	what()
}

// runs sets something going; what it answers ends it, which takes no time.
func (c *clock) runs(run func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(c.Context())
	done := make(chan struct{})
	go func() { defer close(done); run(ctx) }()
	return func() {
		cancel()
		synctest.Wait()
		select {
		case <-done:
		default:
			c.Error("it goes on after its end")
		}
	}
}

// book is the open shifts in memory. What is overdue it answers as internal/postgres/shift.go does; that is held by
// TestAForgottenCheckOutIsClosedByRule in internal/app/shift_test.go, which moves the stored times.
type book struct {
	clock
	open   []shift.Late
	stuck  uuid.UUID // of a shift that cannot be written
	closed []closed
	passes int
}

type closed struct {
	id uuid.UUID
	at float64
}

func (b *book) now(context.Context) (time.Time, error) { return time.Now(), nil }

func (b *book) Overdue(_ context.Context, before, _ time.Time, after *shift.Late, limit int) (late []shift.Late, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.passes++; b.down {
		return nil, errDown
	}
	for _, l := range b.open {
		if l.StartedAt.Before(before) && (after == nil || l.StartedAt.After(after.StartedAt)) && len(late) < limit {
			late = append(late, l)
		}
	}
	return late, nil
}

func (b *book) CloseShift(_ context.Context, id uuid.UUID, decide func(shift.Departure) (shift.Turn, error)) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	i := slices.IndexFunc(b.open, func(l shift.Late) bool { return l.ID == id })
	turn, err := decide(shift.Departure{Open: &shift.Shift{ID: id, StartedAt: b.open[i].StartedAt}})
	switch {
	case err != nil || b.stuck == id:
		return errors.Join(err, errDown)
	case turn.Shift.Ended != shift.ClosedByRule || !turn.Shift.EndedAt.Equal(time.Now()) || turn.Events[0].Kind != "shift.closed_by_rule":
		b.Errorf("it becomes %+v", turn)
	}
	b.open = slices.Delete(b.open, i, i+1)
	b.closed = append(b.closed, closed{id, b.since()})
	return nil
}

// begins has a shift begin now, in an organ that lets them last for so many seconds; zero: for as long as is usual.
func (b *book) begins(longest int) uuid.UUID {
	l := shift.Late{ID: uuid.New(), StartedAt: time.Now()}
	if longest > 0 {
		l.Law.Policies = []duty.Policy{{Measure: duty.ShiftLongest, Value: longest}}
	}
	b.set(func() { b.open = append(b.open, l) })
	return l.ID
}

func keeping(t *testing.T) (b *book, stop func()) {
	b = &book{clock: clock{T: t, began: time.Now()}}
	closer := shift.NewCloser(shift.New(nil, nil), b, b.now, slog.New(slog.NewTextHandler(&b.log, nil)))
	return b, b.runs(closer.Run)
}

// A shift that nobody ends is closed within half a minute after the sixteenth hour, or what its organ allows, and not at its very second.
func TestAForgottenShiftIsClosedWithinHalfAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, stop := keeping(t)
		sharp := b.begins(0)
		b.until(7)
		usual, short := b.begins(0), b.begins(3600)
		b.until(16)
		b.begins(57700) // lasts longer
		b.until(57699)
		stop()
		if want := []closed{{short, 3630}, {sharp, 57630}, {usual, 57630}}; !slices.Equal(b.closed, want) {
			t.Errorf("closed %v, not %v", b.closed, want)
		}
	})
}

// What fails is tried again half a minute later: a list that cannot be read, and a shift that cannot be written, which keeps no other from
// being closed. However many are overdue, one pass comes to the end of them.
func TestClosingThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, stop := keeping(t)
		first := b.begins(3600)
		b.stuck = first
		for range 1200 { // of organs with long shifts, before those with short ones
			time.Sleep(time.Millisecond)
			b.begins(0)
		}
		time.Sleep(time.Millisecond)
		last := b.begins(3600)
		b.set(func() { b.down = true })
		b.until(3670)
		b.set(func() { b.down, b.passes = false, 0 })
		b.until(3710)
		if b.passes != 3 {
			t.Errorf("read %d pages", b.passes)
		}
		b.set(func() { b.stuck = uuid.Nil })
		b.until(3725)
		stop()
		if want := []closed{{last, 3690}, {first, 3720}}; !slices.Equal(b.closed, want) {
			t.Errorf("closed %v, not %v", b.closed, want)
		}
		if n := strings.Count(b.log.String(), "closing forgotten shifts"); n != 123 { // 122 rounds without a list, one without a shift
			t.Errorf("logged %d times", n)
		}
	})
}

// days are the places that positions are kept in. What is turned and dropped the database decides by its own date (turn_positions), which
// TestPositionsAreDroppedOnAShortClock in internal/app/position_test.go holds, six days ahead.
type days struct {
	clock
	shift.Positions // nobody asks for the rest of it
	turned          []float64
}

func (d *days) Turn(_ context.Context, keep int) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if keep != 3 {
		d.Errorf("keeps %d days", keep)
	}
	if d.turned = append(d.turned, d.since()); d.down {
		return 0, errDown
	}
	return 2, nil
}

// The days are turned every hour, also when the last time failed: there is room for two days more, so that the next hours do.
func TestTheDaysOfPositionsAreTurnedEveryHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &days{clock: clock{T: t, began: time.Now()}}
		stop := d.runs(shift.NewTurner(d, 3, slog.New(slog.NewTextHandler(&d.log, nil))).Run)
		d.until(3000)
		d.set(func() { d.down = true })
		d.until(7300)
		d.set(func() { d.down = false })
		d.until(10900)
		stop()
		d.until(20000)
		if want := []float64{0, 3600, 7200, 10800}; !slices.Equal(d.turned, want) {
			t.Errorf("turned at %v, not %v", d.turned, want)
		}
		if failed, dropped := strings.Count(d.log.String(), errDown.Error()), strings.Count(d.log.String(), "positions dropped"); failed != 2 || dropped != 2 {
			t.Errorf("%d failures and %d successes are logged", failed, dropped)
		}
	})
}
