package testkit

import (
	"testing"
	"time"
)

const (
	waitLimit = time.Minute
	waitPoll  = 5 * time.Millisecond
)

// Wait polls until the condition holds, and fails the test when it does not in a minute; what completes "waiting for ...".
// Prefer a channel where there is one. Call it from the test's own goroutine.
func Wait(t testing.TB, what string, condition func() bool) {
	t.Helper()
	WaitUpTo(t, waitLimit, what, condition)
}

// WaitUpTo is Wait with another limit.
func WaitUpTo(t testing.TB, limit time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(waitPoll)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("waiting for %s: not after %s", what, limit)
		}
	}
}
