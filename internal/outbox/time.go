package outbox

import (
	"time"

	"github.com/dutybound/dutybound/internal/duty"
)

// A phone's wall clock can be set to anything. What cannot be set is the time since it was switched on, and what the server told it
// and when: from these follows an interval in which a record must have been made. Wall clocks have no part in it.

const (
	// drift is how wrong the clock since the boot may run: one part in a thousand, ten times what a bad crystal does.
	drift = 1000
	// rounding is what two times in whole milliseconds may hide.
	rounding = 2 * time.Millisecond
	// answerTakes is how long the server's time may have been on its way to the phone.
	answerTakes = time.Minute
	// clocksApart is how far the clocks of servers may be from that of the database.
	clocksApart = 5 * time.Second
	// skewTolerated is how far a wall clock may be off before somebody is told.
	skewTolerated = 2 * time.Minute
)

// Reckoned is a record whose interval is known.
type Reckoned struct {
	N         int64
	Boot      string
	SinceBoot time.Duration
	Server    *Seen
	duty.Interval
}

// Reckon says when a record must have been made. Before is the nearest record before it whose interval is known (nil: none); by is the
// end of what is possible: the earliest receipt of it or of any record made after it, by the database clock.
//
// For a phone that keeps to the format the true time is inside. For one that lies the interval is still one: it begins no earlier
// and ends no earlier than that of the record before, and ends by the receipt.
func Reckon(r Reckoned, before *Reckoned, by time.Time) duty.Interval {
	from, to := time.Time{}, by
	if r.Server != nil {
		from = r.Server.At.Add(-clocksApart)
		if since := r.SinceBoot - r.Server.SinceBoot; since >= 0 && !r.serverFromAnotherBoot(before) {
			from = from.Add(atLeast(since))
			to = earlier(to, r.Server.At.Add(atMost(since)+answerTakes))
		}
	}
	if before == nil {
		if from.IsZero() {
			from = to.Add(-longestOffline)
		}
		return duty.Interval{From: earlier(from, to), To: to}
	}
	from = later(from, before.From)
	switch since := r.SinceBoot - before.SinceBoot; {
	case r.Boot != before.Boot: // switched on only after the record before
		from = later(from, before.From.Add(atLeast(r.SinceBoot)))
	case since >= 0:
		from = later(from, before.From.Add(atLeast(since)))
		to = earlier(to, before.To.Add(atMost(since)))
	}
	to = later(to, before.To)
	return duty.Interval{From: later(earlier(from, to), before.From), To: to}
}

// serverFromAnotherBoot: a phone forgets the server's time when it is switched off. One that did not tells it with a boot that it
// told it with another boot before.
func (r Reckoned) serverFromAnotherBoot(before *Reckoned) bool {
	return before != nil && before.Boot != r.Boot && before.Server != nil && before.Server.At.Equal(r.Server.At)
}

// longestOffline bounds a record that nothing else bounds: before it the phone would have been without any answer of the server.
const longestOffline = 366 * 24 * time.Hour

// SkewOf is how far the wall clock was off, at the least; 0: not by more than is tolerated.
func SkewOf(wall time.Time, made duty.Interval) time.Duration {
	switch {
	case wall.After(made.To.Add(skewTolerated)):
		return wall.Sub(made.To)
	case wall.Before(made.From.Add(-skewTolerated)):
		return wall.Sub(made.From)
	default:
		return 0
	}
}

// atLeast and atMost are what a stretch on the phone's clock really was.
func atLeast(d time.Duration) time.Duration { return max(0, d-d/drift-rounding) }
func atMost(d time.Duration) time.Duration  { return d + d/drift + rounding }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
