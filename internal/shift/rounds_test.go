package shift_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/shift"
	"github.com/dutybound/dutybound/internal/testkit"
)

// book is the open shifts in memory. What is overdue it answers as internal/postgres/shift.go does; that is held by
// TestAForgottenCheckOutIsClosedByRule in internal/app/shift_test.go, which moves the stored times.
type book struct {
	*testkit.Bubble
	open   []shift.Late
	stuck  uuid.UUID // of a shift that cannot be written
	passes int
}

func (b *book) now(context.Context) (time.Time, error) { return time.Now(), nil }

func (b *book) Overdue(_ context.Context, before, _ time.Time, after *shift.Late, limit int) (late []shift.Late, err error) {
	b.Lock()
	defer b.Unlock()
	if b.passes++; b.Down {
		return nil, testkit.ErrDown
	}
	for _, l := range b.open {
		if l.StartedAt.Before(before) && (after == nil || l.StartedAt.After(after.StartedAt)) && len(late) < limit {
			late = append(late, l)
		}
	}
	return late, nil
}

func (b *book) CloseShift(_ context.Context, id uuid.UUID, decide func(shift.Departure) (shift.Turn, error)) error {
	b.Lock()
	defer b.Unlock()
	i := slices.IndexFunc(b.open, func(l shift.Late) bool { return l.ID == id })
	turn, err := decide(shift.Departure{Open: &shift.Shift{ID: id, StartedAt: b.open[i].StartedAt}})
	switch {
	case err != nil || b.stuck == id:
		return errors.Join(err, testkit.ErrDown)
	case turn.Shift.Ended != shift.ClosedByRule || !turn.Shift.EndedAt.Equal(time.Now()) || turn.Events[0].Kind != "shift.closed_by_rule":
		b.Errorf("it becomes %+v", turn)
	}
	b.open = slices.Delete(b.open, i, i+1)
	b.Tell(id.String())
	return nil
}

// closed is what is told of a shift that was closed at a second.
func closed(id uuid.UUID, second int) string { return fmt.Sprint(id, " ", second) }

// begins has a shift begin now, in an organ that lets them last for so many seconds; zero: for as long as is usual.
func (b *book) begins(longest int) uuid.UUID {
	l := shift.Late{ID: uuid.New(), StartedAt: time.Now()}
	if longest > 0 {
		l.Law.Policies = []duty.Policy{{Measure: duty.ShiftLongest, Value: longest}}
	}
	b.Set(func() { b.open = append(b.open, l) })
	return l.ID
}

func keeping(t *testing.T) (b *book, stop func()) {
	b = &book{Bubble: testkit.NewBubble(t)}
	closer := shift.NewCloser(shift.New(nil, nil), b, b.now, b.Logger())
	return b, b.Runs(closer.Run)
}

// A shift that nobody ends is closed within half a minute after the sixteenth hour, or what its organ allows, and not at its very second.
func TestAForgottenShiftIsClosedWithinHalfAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, stop := keeping(t)
		sharp := b.begins(0)
		b.Until(7)
		usual, short := b.begins(0), b.begins(3600)
		b.Until(16)
		b.begins(57700) // lasts longer
		b.Until(57699)
		stop()
		b.Tells(closed(short, 3630), closed(sharp, 57630), closed(usual, 57630))
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
		b.Set(func() { b.Down = true })
		b.Until(3670)
		b.Set(func() { b.Down, b.passes = false, 0 })
		b.Until(3710)
		if b.passes != 3 {
			t.Errorf("read %d pages", b.passes)
		}
		b.Set(func() { b.stuck = uuid.Nil })
		b.Until(3725)
		stop()
		b.Tells(closed(last, 3690), closed(first, 3720))
		b.Logged("closing forgotten shifts", 123) // 122 rounds without a list, one without a shift
	})
}

// days are the places that positions are kept in. What is turned and dropped the database decides by its own date (turn_positions), which
// TestPositionsAreDroppedOnAShortClock in internal/app/position_test.go holds, six days ahead.
type days struct {
	*testkit.Bubble
	shift.Positions // nobody asks for the rest of it
}

func (d *days) Turn(_ context.Context, keep int) (int, error) {
	d.Lock()
	defer d.Unlock()
	if keep != 3 {
		d.Errorf("keeps %d days", keep)
	}
	if d.Tell("turned"); d.Down {
		return 0, testkit.ErrDown
	}
	return 2, nil
}

// The days are turned every hour, also when the last time failed: there is room for two days more, so that the next hours do.
func TestTheDaysOfPositionsAreTurnedEveryHour(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &days{Bubble: testkit.NewBubble(t)}
		stop := d.Runs(shift.NewTurner(d, 3, d.Logger()).Run)
		d.Until(3000)
		d.Set(func() { d.Down = true })
		d.Until(7300)
		d.Set(func() { d.Down = false })
		d.Until(10900)
		stop()
		d.Until(20000)
		d.Tells("turned 0", "turned 3600", "turned 7200", "turned 10800")
		d.Logged(testkit.ErrDown.Error(), 2)
		d.Logged("positions dropped", 2)
	})
}
