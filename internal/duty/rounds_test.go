package duty_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
)

// made runs rounds in the bubble, and keeps when each began, in seconds.
type made struct {
	t     *testing.T
	began time.Time
	at    []float64
	stop  context.CancelFunc
	done  chan struct{}
}

func running(t *testing.T, r duty.Rounds, round func(context.Context) error) *made {
	ctx, stop := context.WithCancel(t.Context())
	m := &made{t: t, began: time.Now(), stop: stop, done: make(chan struct{})}
	go func() {
		defer close(m.done)
		r.Run(ctx, func(ctx context.Context) error {
			m.at = append(m.at, time.Since(m.began).Seconds())
			return round(ctx)
		})
	}()
	return m
}

// ends stops the rounds, which must be over at once, and holds them to when they were made.
func (m *made) ends(want ...float64) {
	m.t.Helper()
	m.stop()
	synctest.Wait()
	select {
	case <-m.done:
	default:
		m.t.Error("they go on")
		<-m.done
	}
	if !slices.Equal(m.at, want) {
		m.t.Errorf("rounds at %v, not %v", m.at, want)
	}
}

func well(context.Context) error { return nil }

func TestARoundIsMadeAtOnceAndAtEveryTick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := running(t, duty.Rounds{Every: 2 * time.Second}, well)
		time.Sleep(7 * time.Second)
		m.ends(0, 2, 4, 6)
	})
}

func TestARoundThatFailsIsLoggedAndTheNextIsMadeAllTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said strings.Builder
		failures := []error{errors.New("no database"), nil, errors.New("no database again")}
		m := running(t, duty.Rounds{What: "looking", Every: time.Second, Log: slog.New(slog.NewTextHandler(&said, nil))}, func(context.Context) (err error) {
			err, failures = failures[0], failures[1:]
			return err
		})
		time.Sleep(2500 * time.Millisecond)
		m.ends(0, 1, 2)
		if strings.Count(said.String(), `msg=looking error="no database`) != 2 {
			t.Errorf("the log says %s", &said)
		}
	})
}

func TestAWokenRoundDoesNotMoveTheTicks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		woken := make(chan struct{}, 1)
		m := running(t, duty.Rounds{Every: 10 * time.Second, Woken: woken}, well)
		time.Sleep(3 * time.Second)
		woken <- struct{}{}
		time.Sleep(18 * time.Second)
		m.ends(0, 3, 10, 20)
	})
}

// What was missed meanwhile is made up for by one round, which looks at everything.
func TestALongRoundIsFollowedByOneAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		takes := []time.Duration{7 * time.Second, 0, 0, 0}
		m := running(t, duty.Rounds{Every: 2 * time.Second}, func(context.Context) error {
			time.Sleep(takes[0])
			takes = takes[1:]
			return nil
		})
		time.Sleep(9 * time.Second)
		m.ends(0, 7, 8)
	})
}

// The end goes first: a round that was due with it is not made, one under way is told, and what breaks by it is no failure.
func TestTheEndStopsRoundsAtOnce(t *testing.T) {
	t.Parallel()
	for range 32 { // which of two that are ready a select takes is chance
		synctest.Test(t, func(t *testing.T) {
			m := running(t, duty.Rounds{Every: time.Second}, func(ctx context.Context) error { // without a log: saying anything would panic
				<-ctx.Done()
				time.Sleep(5 * time.Second) // it cannot be broken off any faster
				return ctx.Err()
			})
			time.Sleep(1500 * time.Millisecond)
			m.stop()
			time.Sleep(5 * time.Second)
			m.ends(0)
		})
	}
}

func TestRoundsThatNeverShouldBeginDoNot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		stop()
		duty.Rounds{Every: time.Second}.Run(ctx, func(context.Context) error { t.Error("a round was made"); return nil })
	})
}
