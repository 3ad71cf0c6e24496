package outbox_test

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
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/outbox"
	"github.com/dutybound/dutybound/internal/testkit"
)

// drawer is the outbox of one device in memory, on the bubble's clock. What is due and whose the lease is it answers as
// internal/postgres/outboxapply.go does by the database's, which TestAGapIsWaitedForAndThenPassed and TestWhatADeadProcessLeftIsApplied in
// internal/app hold.
type drawer struct {
	*testing.T
	outbox.Store // nobody asks for the rest of it
	service      *outbox.Service
	phone        *testkit.Phone
	log          strings.Builder

	mu      sync.Mutex
	began   time.Time
	due     *time.Time
	holder  uuid.UUID
	until   time.Time // of the lease
	work    outbox.Work
	arrived int64
	told    []happened
	down    bool // it cannot be asked what is due
	// unwritten: what becomes of a record cannot be written.
	unwritten bool
	carries   func() (outbox.Answer, error)
}

type happened struct {
	what string
	at   float64
}

var errDown = errors.New("the database does not answer")

// stored is the outbox of a device; running says whether somebody sweeps.
func stored(t *testing.T, running bool) (d *drawer, stop func()) {
	d = &drawer{T: t, began: time.Now(), phone: testkit.NewPhone(uuid.New())}
	d.work = outbox.Work{Signer: signerOf(d.phone), Actor: &duty.Actor{Device: d.phone.Device}}
	d.service = outbox.New(d, d, nil, slog.New(slog.NewTextHandler(&d.log, nil)), 10*time.Minute)
	if !running {
		return d, nil
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); d.service.Run(ctx) }()
	return d, func() {
		cancel()
		synctest.Wait()
		select {
		case <-done:
		default:
			t.Error("it sweeps after its end")
		}
	}
}

func (d *drawer) wait(seconds float64) {
	time.Sleep(time.Until(d.began.Add(time.Duration(seconds * float64(time.Second)))))
	synctest.Wait()
}

func (d *drawer) set(what func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	what()
}

func (d *drawer) tell(what string) {
	d.told = append(d.told, happened{what, time.Since(d.began).Seconds()})
}

func (d *drawer) tells(want ...happened) {
	d.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if !slices.Equal(d.told, want) {
		d.Errorf("%v, not %v", d.told, want)
	}
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
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down {
		return false, errDown
	}
	if !d.free() {
		return false, nil
	}
	d.holder, d.until = holder, time.Now().Add(lease)
	return true, nil
}

func (d *drawer) ClaimDueOutboxes(_ context.Context, holder uuid.UUID, lease time.Duration, _ int) ([]uuid.UUID, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down {
		return nil, errDown
	}
	if d.due == nil || d.due.After(time.Now()) || !d.free() {
		return nil, nil
	}
	d.holder, d.until = holder, time.Now().Add(lease)
	return []uuid.UUID{d.phone.Device}, nil
}

func (d *drawer) NextRecords(context.Context, uuid.UUID, int) (outbox.Work, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
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
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.unwritten:
		return outbox.Standing{}, errDown
	case d.holder != holder:
		return outbox.Standing{}, nil
	}
	d.until = time.Now().Add(lease)
	i := slices.IndexFunc(d.work.Records, func(t outbox.Todo) bool { return t.N == s.N })
	if s.State == outbox.Stored {
		d.work.Records[i].Attempts++
		d.tell("again")
		return outbox.Standing{Mine: true}, nil
	}
	d.work.Records = slices.Delete(d.work.Records, i, i+1)
	d.work.Through = max(d.work.Through, s.Through)
	d.tell(string(s.State))
	return outbox.Standing{Mine: true}, nil
}

func (d *drawer) TellGaps(_ context.Context, _ uuid.UUID, hold time.Duration, _ func(outbox.Finding, time.Time) (ledger.Event, error)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i, m := range d.work.Missing {
		if !m.Told && !m.Since.Add(hold).After(time.Now()) {
			d.work.Missing[i].Told = true
			d.tell("gap")
		}
	}
	return nil
}

func (d *drawer) ReleaseOutbox(_ context.Context, _, holder uuid.UUID, arrivals int64, due *time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
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
		d.wait(1.2)
		d.set(func() {
			d.phone.Records("/v1/observations", nil) // which does not come
			d.brings()
			d.work.Missing = []outbox.Missing{{First: 1, Last: 1, Since: time.Now()}}
		})
		d.wait(604.9)
		d.tells()
		d.wait(605)
		d.tells(happened{"gap", 605}, happened{"applied", 605})
		d.wait(1000)
		stop()
		d.tells(happened{"gap", 605}, happened{"applied", 605})
	})
}

// What we fail to carry out is tried again after half a second, doubled up to thirty-two, at the next sweep after that; ten times, and then
// the next record goes on without it.
func TestARecordThatCannotBeCarriedOutIsTriedTenTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, stop := stored(t, true)
		d.wait(4)
		d.set(func() {
			d.carries = func() (outbox.Answer, error) {
				if d.work.Through == 0 {
					return outbox.Answer{}, errDown
				}
				return outbox.Answer{Status: 200}, nil
			}
			d.brings()
			d.brings()
		})
		d.wait(1000)
		stop()
		var want []happened
		for _, at := range []float64{5, 10, 15, 20, 25, 35, 55, 90, 125, 160} {
			want = append(want, happened{"again", at})
		}
		d.tells(append(want, happened{"refused", 195}, happened{"applied", 195})...)
	})
}

// What a server that died had begun is taken up when its lease is over; when it cannot be asked what is due, it is asked again.
func TestWhatADeadServerHeldIsTakenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, stop := stored(t, true)
		d.wait(1)
		d.set(func() {
			d.brings()
			if d.holder, d.until = uuid.New(), time.Now().Add(30*time.Second); d.due == nil {
				t.Error("it is not due")
			}
		})
		d.wait(31)
		d.set(func() { d.down = true })
		d.wait(41)
		d.set(func() { d.down = false })
		d.wait(60)
		stop()
		d.tells(happened{"applied", 45})
		if n := strings.Count(d.log.String(), errDown.Error()); n != 2*4 { // of each worker
			t.Errorf("logged %d times", n)
		}
	})
}

// What became of a record cannot be written, once: it is due again, though nothing more ever comes.
func TestWhatCannotBeWrittenIsDueAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, stop := stored(t, true)
		d.wait(4)
		d.set(func() { d.brings(); d.unwritten = true })
		d.wait(7)
		d.set(func() { d.unwritten = false })
		d.wait(1000)
		stop()
		d.tells(happened{"applied", 10})
	})
}

// An upload waits for its turn for five seconds, or until two before its own deadline, and looks again every twenty milliseconds;
// what it leaves is swept up.
func TestAnUploadWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		held, deadline, back float64 // for how long another holds the device; the upload's own time; when it must be back
		told                 []happened
	}{
		"its turn comes":      {1.01, 30, 1.02, []happened{{"applied", 1.02}}},
		"it does not":         {30, 30, 5, []happened{{"applied", 30}}},
		"with little time":    {30, 4, 2, []happened{{"applied", 30}}},
		"with no time at all": {0, 1, 0, []happened{{"applied", 0}}},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, stop := stored(t, true)
			synctest.Wait()
			d.set(func() {
				d.brings()
				d.holder, d.until = uuid.New(), time.Now().Add(time.Duration(c.held*float64(time.Second)))
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(c.deadline*float64(time.Second)))
			defer cancel()
			d.service.ApplyNow(ctx, d.phone.Device)
			if back := time.Since(d.began).Seconds(); back != c.back {
				t.Errorf("%s: back after %v s, not %v", name, back, c.back)
			}
			d.wait(60)
			stop()
			d.tells(c.told...)
		})
	}
}

// One who is at work on many records gives way when the time is over: an upload after five seconds, the sweep after half its lease.
func TestNobodyHoldsADeviceForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, stop := stored(t, false)
		d.set(func() {
			d.carries = func() (outbox.Answer, error) { time.Sleep(2 * time.Second); return outbox.Answer{Status: 200}, nil }
			for range 20 {
				d.brings()
			}
		})
		d.service.ApplyNow(t.Context(), d.phone.Device)
		d.tells(happened{"applied", 2}, happened{"applied", 4}, happened{"applied", 6})
		if d.holder != uuid.Nil || d.due == nil || d.due.After(time.Now()) || stop != nil {
			t.Errorf("held by %s, due %v", d.holder, d.due)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		d, stop := stored(t, true)
		d.wait(1)
		var held []uuid.UUID // by whom, at each record
		d.set(func() {
			d.carries = func() (outbox.Answer, error) {
				d.set(func() { held = append(held, d.holder) })
				time.Sleep(2 * time.Second)
				return outbox.Answer{Status: 200}, nil
			}
			for range 10 {
				d.brings()
			}
		})
		d.wait(60)
		stop()
		if len(held) != 10 || held[7] != held[0] || held[8] == held[0] {
			t.Errorf("held by %v", held) // sixteen seconds, and then by the next
		}
	})
}
