package outbox_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/outbox"
	"github.com/dutybound/dutybound/internal/testkit"
)

// drawer is the outbox of one device in memory, on the bubble's clock. What is due and whose the lease is it answers as
// internal/postgres/outboxapply.go does by the database's, which TestAGapIsWaitedForAndThenPassed and TestWhatADeadProcessLeftIsApplied in
// internal/app hold.
type drawer struct {
	*testkit.Bubble
	outbox.Store // nobody asks for the rest of it
	service      *outbox.Service
	phone        *testkit.Phone

	due     *time.Time
	holder  uuid.UUID
	until   time.Time // of the lease
	work    outbox.Work
	arrived int64
	// unwritten: what becomes of a record cannot be written.
	unwritten bool
	carries   func() (outbox.Answer, error)
}

// stored is the outbox of a device; running says whether somebody sweeps.
func stored(t *testing.T, running bool) (d *drawer, stop func()) {
	d = &drawer{Bubble: testkit.NewBubble(t), phone: testkit.NewPhone(uuid.New())}
	d.work = outbox.Work{Signer: signerOf(d.phone), Actor: &duty.Actor{Device: d.phone.Device}}
	d.service = outbox.New(d, d, nil, d.Logger(), 10*time.Minute)
	if !running {
		return d, nil
	}
	return d, d.Runs(d.service.Run)
}

// brings keeps the phone's next record. Called under lock.
func (d *drawer) brings() {
	n, now := d.phone.Next.N, time.Now()
	signed := d.phone.Records("/v1/observations", nil)
	d.work.Records = append(d.work.Records, outbox.Todo{
		Kept: outbox.Kept{Device: d.phone.Device, N: n, Hash: testkit.Hash(signed), Signed: signed, State: outbox.Stored, Received: now}, By: now,
	})
	d.arrived++
	d.due = &now
}

func (d *drawer) free() bool { return d.holder == uuid.Nil || !d.until.After(time.Now()) }

func (d *drawer) ClaimOutbox(_ context.Context, _, holder uuid.UUID, lease time.Duration) (bool, error) {
	d.Lock()
	defer d.Unlock()
	if d.Down {
		return false, testkit.ErrDown
	}
	if !d.free() {
		return false, nil
	}
	d.holder, d.until = holder, time.Now().Add(lease)
	return true, nil
}

func (d *drawer) ClaimDueOutboxes(_ context.Context, holder uuid.UUID, lease time.Duration, _ int) ([]uuid.UUID, error) {
	d.Lock()
	defer d.Unlock()
	if d.Down {
		return nil, testkit.ErrDown
	}
	if d.due == nil || d.due.After(time.Now()) || !d.free() {
		return nil, nil
	}
	d.holder, d.until = holder, time.Now().Add(lease)
	return []uuid.UUID{d.phone.Device}, nil
}

func (d *drawer) NextRecords(context.Context, uuid.UUID, int) (outbox.Work, error) {
	d.Lock()
	defer d.Unlock()
	w := d.work
	w.Now, w.Arrivals = time.Now(), d.arrived
	w.Missing, w.Records = slices.Clone(w.Missing), slices.Clone(w.Records)
	return w, nil
}

func (d *drawer) Carry(context.Context, duty.Actor, outbox.Request) (outbox.Answer, error) {
	if d.carries != nil {
		return d.carries()
	}
	return outbox.Answer{Status: 200}, nil
}

func (d *drawer) SettleRecord(_ context.Context, holder uuid.UUID, lease time.Duration, s outbox.Settled) (outbox.Standing, error) {
	d.Lock()
	defer d.Unlock()
	switch {
	case d.unwritten:
		return outbox.Standing{}, testkit.ErrDown
	case d.holder != holder:
		return outbox.Standing{}, nil
	}
	d.until = time.Now().Add(lease)
	i := slices.IndexFunc(d.work.Records, func(t outbox.Todo) bool { return t.N == s.N })
	if s.State == outbox.Stored {
		d.work.Records[i].Attempts++
		d.Tell("again")
		return outbox.Standing{Mine: true}, nil
	}
	d.work.Records = slices.Delete(d.work.Records, i, i+1)
	d.work.Through = max(d.work.Through, s.Through)
	d.Tell(string(s.State))
	return outbox.Standing{Mine: true}, nil
}

func (d *drawer) TellGaps(_ context.Context, _ uuid.UUID, hold time.Duration, _ func(outbox.Finding, time.Time) (ledger.Event, error)) error {
	d.Lock()
	defer d.Unlock()
	for i, m := range d.work.Missing {
		if !m.Told && !m.Since.Add(hold).After(time.Now()) {
			d.work.Missing[i].Told = true
			d.Tell("gap")
		}
	}
	return nil
}

func (d *drawer) ReleaseOutbox(_ context.Context, _, holder uuid.UUID, arrivals int64, due *time.Time) error {
	d.Lock()
	defer d.Unlock()
	if d.holder != holder {
		return nil
	}
	if d.holder, d.due = uuid.Nil, due; arrivals != d.arrived {
		now := time.Now()
		d.due = &now
	}
	return nil
}

// A record waits ten minutes for those missing before it. Then they are told missing and it is carried out, at the next sweep.
func TestAGapIsPassedAfterTenMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, stop := stored(t, true)
		d.Until(1.2)
		d.Set(func() {
			d.phone.Records("/v1/observations", nil) // which does not come
			d.brings()
			d.work.Missing = []outbox.Missing{{First: 1, Last: 1, Since: time.Now()}}
		})
		d.Until(604.9)
		d.Tells()
		d.Until(605)
		d.Tells("gap 605", "applied 605")
		d.Until(1000)
		stop()
		d.Tells("gap 605", "applied 605")
	})
}

// What we fail to carry out is tried again after half a second, doubled up to thirty-two, at the next sweep after that; ten times, and then
// the next record goes on without it.
func TestARecordThatCannotBeCarriedOutIsTriedTenTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, stop := stored(t, true)
		d.Until(4)
		d.Set(func() {
			d.carries = func() (outbox.Answer, error) {
				if d.work.Through == 0 {
					return outbox.Answer{}, testkit.ErrDown
				}
				return outbox.Answer{Status: 200}, nil
			}
			d.brings()
			d.brings()
		})
		d.Until(1000)
		stop()
		d.Tells("again 5", "again 10", "again 15", "again 20", "again 25", "again 35", "again 55", "again 90", "again 125", "again 160",
			"refused 195", "applied 195")
	})
}

// What a server that died had begun is taken up when its lease is over; when it cannot be asked what is due, it is asked again.
func TestWhatADeadServerHeldIsTakenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, stop := stored(t, true)
		d.Until(1)
		d.Set(func() {
			d.brings()
			if d.holder, d.until = uuid.New(), time.Now().Add(30*time.Second); d.due == nil {
				t.Error("it is not due")
			}
		})
		d.Until(31)
		d.Set(func() { d.Down = true })
		d.Until(41)
		d.Set(func() { d.Down = false })
		d.Until(60)
		stop()
		d.Tells("applied 45")
		d.Logged(testkit.ErrDown.Error(), 2*4) // of each worker
	})
}

// What became of a record cannot be written, once: it is due again, though nothing more ever comes.
func TestWhatCannotBeWrittenIsDueAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, stop := stored(t, true)
		d.Until(4)
		d.Set(func() { d.brings(); d.unwritten = true })
		d.Until(7)
		d.Set(func() { d.unwritten = false })
		d.Until(1000)
		stop()
		d.Tells("applied 10")
	})
}

// An upload waits for its turn for five seconds, or until two before its own deadline, and looks again every twenty milliseconds;
// what it leaves is swept up.
func TestAnUploadWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		held, deadline, back float64 // for how long another holds the device; the upload's own time; when it must be back
		told                 []string
	}{
		"its turn comes":      {1.01, 30, 1.02, []string{"applied 1.02"}},
		"it does not":         {30, 30, 5, []string{"applied 30"}},
		"with little time":    {30, 4, 2, []string{"applied 30"}},
		"with no time at all": {0, 1, 0, []string{"applied 0"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, stop := stored(t, true)
			synctest.Wait()
			d.Set(func() {
				d.brings()
				d.holder, d.until = uuid.New(), time.Now().Add(time.Duration(c.held*float64(time.Second)))
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(c.deadline*float64(time.Second)))
			defer cancel()
			d.service.ApplyNow(ctx, d.phone.Device)
			if back := d.Since(); back != c.back {
				t.Errorf("%s: back after %v s, not %v", name, back, c.back)
			}
			d.Until(60)
			stop()
			d.Tells(c.told...)
		})
	}
}

// One who is at work on many records gives way when the time is over: an upload after five seconds, the sweep after half its lease.
func TestNobodyHoldsADeviceForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, stop := stored(t, false)
		d.Set(func() {
			d.carries = func() (outbox.Answer, error) { time.Sleep(2 * time.Second); return outbox.Answer{Status: 200}, nil }
			for range 20 {
				d.brings()
			}
		})
		d.service.ApplyNow(t.Context(), d.phone.Device)
		d.Tells("applied 2", "applied 4", "applied 6")
		if d.holder != uuid.Nil || d.due == nil || d.due.After(time.Now()) || stop != nil {
			t.Errorf("held by %s, due %v", d.holder, d.due)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		d, stop := stored(t, true)
		d.Until(1)
		var held []uuid.UUID // by whom, at each record
		d.Set(func() {
			d.carries = func() (outbox.Answer, error) {
				d.Set(func() { held = append(held, d.holder) })
				time.Sleep(2 * time.Second)
				return outbox.Answer{Status: 200}, nil
			}
			for range 10 {
				d.brings()
			}
		})
		d.Until(60)
		stop()
		if len(held) != 10 || held[7] != held[0] || held[8] == held[0] {
			t.Errorf("held by %v", held) // sixteen seconds, and then by the next
		}
	})
}
