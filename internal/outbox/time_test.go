package outbox_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/outbox"
)

// made is one record of an honest phone, with when it was really made.
type made struct {
	outbox.Reckoned
	truth time.Time
	wall  time.Time
}

// days are what an honest phone with a wrong clock does: it makes records, hears the server, is switched off and on. Its clock since the
// boot runs a little wrong.
func days(t *rapid.T) []made {
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	boot, booted := 1, at
	rate := 1 + rapid.Float64Range(-0.0005, 0.0005).Draw(t, "drift")
	skew := time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "skew"))
	var seen *outbox.Seen
	var records []made
	clock := func() time.Duration { return time.Duration(float64(at.Sub(booted)) * rate).Truncate(time.Millisecond) }
	for range rapid.IntRange(1, 40).Draw(t, "things") {
		at = at.Add(time.Duration(rapid.Int64Range(0, 4*3600*1000).Draw(t, "ms")) * time.Millisecond)
		switch rapid.IntRange(0, 5).Draw(t, "what") {
		case 0:
			told := at.Add(-time.Duration(rapid.Int64Range(-4_000, 30_000).Draw(t, "on its way, by another clock")) * time.Millisecond)
			seen = &outbox.Seen{At: told, SinceBoot: clock()}
		case 1:
			boot, booted, seen = boot+1, at, nil
		default:
			records = append(records, made{outbox.Reckoned{
				N: int64(len(records) + 1), Boot: fmt.Sprint(boot), SinceBoot: clock(), Server: seen,
			}, at, at.Add(skew)})
		}
	}
	return records
}

// The true time is inside, whatever the wall clock says; intervals are never empty, never past the receipt, and follow each other.
func TestTheTrueTimeIsInside(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		records := days(t)
		if len(records) == 0 {
			return
		}
		received := records[len(records)-1].truth.Add(time.Duration(rapid.Int64Range(0, 1e14).Draw(t, "until received")))
		var before *outbox.Reckoned
		for i := range records {
			r := &records[i]
			if rapid.IntRange(0, 9).Draw(t, "missing") == 0 {
				continue
			}
			r.Interval = outbox.Reckon(r.Reckoned, before, received)
			if r.truth.Before(r.From) || r.truth.After(r.To) {
				t.Fatalf("record %d was made at %s, not in [%s, %s]", r.N, r.truth, r.From, r.To)
			}
			inOrder(t, before, r.Interval, received)
			before = &r.Reckoned
		}
	})
}

// A phone that lies about everything still has an interval, and it still follows the one before.
func TestALiarsIntervalsAreIntervals(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		received := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
		var before *outbox.Reckoned
		for n := range rapid.IntRange(1, 20).Draw(t, "records") {
			r := outbox.Reckoned{
				N: int64(n + 1), Boot: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "boot"),
				SinceBoot: time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "since")) * time.Millisecond,
			}
			if rapid.Bool().Draw(t, "server") {
				r.Server = &outbox.Seen{
					At:        received.Add(time.Duration(rapid.Int64Range(-1e17, 1e17).Draw(t, "at"))),
					SinceBoot: time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "then")) * time.Millisecond,
				}
			}
			received = received.Add(time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "later")))
			r.Interval = outbox.Reckon(r, before, received)
			inOrder(t, before, r.Interval, received)
			before = &r
		}
	})
}

func inOrder(t *rapid.T, before *outbox.Reckoned, got duty.Interval, received time.Time) {
	t.Helper()
	if got.From.After(got.To) {
		t.Fatalf("[%s, %s] is empty", got.From, got.To)
	}
	if got.To.After(received) {
		t.Fatalf("it ends at %s and was received at %s", got.To, received)
	}
	if before != nil && (got.From.Before(before.From) || got.To.Before(before.To)) {
		t.Fatalf("[%s, %s] before [%s, %s]", got.From, got.To, before.From, before.To)
	}
}

func TestAnIntervalIsAsNarrowAsWhatIsKnown(t *testing.T) {
	t.Parallel()
	eight := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	seen := &outbox.Seen{At: eight, SinceBoot: time.Hour}
	two := eight.Add(6 * time.Hour)
	ten := outbox.Reckoned{N: 1, Boot: "a", SinceBoot: 3 * time.Hour, Server: seen}
	ten.Interval = outbox.Reckon(ten, nil, two)
	if ten.To.Sub(ten.From) > 2*time.Minute || ten.From.After(eight.Add(2*time.Hour)) || ten.To.Before(eight.Add(2*time.Hour)) {
		t.Errorf("two hours after the server was seen: %v", ten.Interval)
	}
	rebooted := outbox.Reckoned{N: 2, Boot: "b", SinceBoot: time.Hour}
	rebooted.Interval = outbox.Reckon(rebooted, &ten, two)
	if rebooted.From.Before(eight.Add(2*time.Hour+50*time.Minute)) || !rebooted.To.Equal(two) {
		t.Errorf("an hour after a boot after ten: %v", rebooted.Interval)
	}
	kept := outbox.Reckoned{N: 2, Boot: "b", SinceBoot: 2 * time.Hour, Server: seen} // against the format
	kept.Interval = outbox.Reckon(kept, &ten, two)
	if !kept.To.Equal(two) {
		t.Errorf("the server's time of another boot bounds %v", kept.Interval)
	}
}

func TestSkewIsToldBeyondDoubt(t *testing.T) {
	t.Parallel()
	eight := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	within := duty.Interval{From: eight, To: eight.Add(time.Hour)}
	for wall, want := range map[time.Time]time.Duration{
		eight.Add(30 * time.Minute): 0, eight.Add(-time.Minute): 0, eight.Add(61 * time.Minute): 0,
		eight.Add(-10 * time.Minute): -10 * time.Minute, eight.Add(26 * time.Hour): 25 * time.Hour,
	} {
		if got := outbox.SkewOf(wall, within); got != want {
			t.Errorf("%s is off by %s, not %s", wall, got, want)
		}
	}
}
