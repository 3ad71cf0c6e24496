package feed_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/testkit/feedkit"
)

// desk is a running hub on a log on paper, at its usual pace, and one viewer who reads as fast as it comes.
type desk struct {
	*testing.T
	paper  *feedkit.Paper
	errors complaints
	hub    *feed.Hub
	stop   func()
	began  time.Time
	viewer feed.Viewer
	sub    *feed.Subscription
	mu     sync.Mutex
	heard  []heard
	ended  chan error
}

type heard struct {
	what feed.Kind
	at   float64
}

func watching(t *testing.T) *desk {
	d := &desk{T: t, paper: feedkit.NewPaper(), began: time.Now(), ended: make(chan error, 1)}
	d.hub = feed.NewHub(d.paper, slog.New(&d.errors), feed.Pace{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); d.hub.Run(ctx) }()
	d.stop = func() {
		cancel()
		synctest.Wait()
		select {
		case <-done:
		default:
			t.Error("the hub goes on after its end")
		}
	}
	d.viewer = d.paper.Viewer(city)
	d.sub = feed.New(d.paper, d.hub).Subscribe(d.viewer, nil)
	go func() {
		defer d.sub.Close()
		for {
			m, err := d.sub.Next(t.Context())
			if err != nil {
				d.ended <- err
				return
			}
			d.mu.Lock()
			d.heard = append(d.heard, heard{m.Kind, d.since()})
			d.mu.Unlock()
		}
	}()
	synctest.Wait()
	return d
}

func (d *desk) since() float64 { return time.Since(d.began).Seconds() }

func (d *desk) until(seconds float64) {
	time.Sleep(time.Until(d.began.Add(time.Duration(seconds * float64(time.Second)))))
	synctest.Wait()
}

func (d *desk) hears(want ...heard) {
	d.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if want = append([]heard{{feed.Hello, 0}}, want...); !slices.Equal(d.heard, want) {
		d.Errorf("heard %v, not %v", d.heard, want)
	}
}

// why is what the subscription was ended for.
func (d *desk) why() feed.Reason {
	d.Helper()
	synctest.Wait()
	select {
	case err := <-d.ended:
		var ended *feed.Ended
		if errors.As(err, &ended) {
			return ended.Why
		}
		d.Fatal(err)
	default:
		d.Fatal("it is not ended")
	}
	return 0
}

// An event of which the hub is told is there at once; one of which nobody tells is there with the next second.
func TestAnEventWaitsForASecondAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := watching(t)
		d.until(1.2)
		d.paper.Append(north)
		d.until(1.4)
		d.hears()
		d.hub.Wake()
		d.until(1.5)
		d.hears(heard{feed.EventOf, 1.4})
		d.until(2.5)
		d.paper.Append(north)
		d.until(2.999)
		d.hears(heard{feed.EventOf, 1.4})
		d.until(3)
		d.hears(heard{feed.EventOf, 1.4}, heard{feed.EventOf, 3})
		d.stop()
		if why := d.why(); why != feed.Stopped {
			t.Errorf("ended by %d", why)
		}
	})
}

// A log that fails is read again a second later; a question that hangs is given up after ten seconds, and asked again at once. What was
// missed comes then, and nothing twice.
func TestALogThatDoesNotAnswerIsReadAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := watching(t)
		d.until(1.2)
		d.paper.Append(north)
		d.paper.Is(feedkit.Fails)
		d.until(2.5)
		if n := d.errors.Load(); n != 1 {
			t.Errorf("%d failures", n)
		}
		d.paper.Is(feedkit.Answers)
		d.until(3.5)
		d.paper.Append(north)
		d.paper.Is(feedkit.Hangs)
		d.until(13.999)
		d.hears(heard{feed.EventOf, 3})
		d.paper.Is(feedkit.Answers)
		d.until(14)
		d.hears(heard{feed.EventOf, 3}, heard{feed.EventOf, 14})
		d.stop()
	})
}

// Whoever may not watch any more is cut within three seconds. When that cannot be asked, nobody is: a database that is away takes no
// authority from anybody.
func TestAnEndedSessionIsCutWithinThreeSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := watching(t)
		d.until(5.9)
		d.paper.Is(feedkit.Fails)
		d.until(6.5)
		d.paper.Is(feedkit.Answers)
		d.paper.End(d.viewer)
		d.until(8.999)
		if d.hub.Stats().Subscribers != 1 {
			t.Error("cut already")
		}
		d.until(9)
		if why := d.why(); why != feed.Revoked || d.hub.Stats().Revoked != 1 {
			t.Errorf("ended by %d", why)
		}
		d.stop()
	})
}

// A quiet viewer hears every fifteen seconds that nothing is missing; what happens in between does not put it off.
func TestAQuietViewerHearsABeatEveryFifteenSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := watching(t)
		d.until(13.5)
		d.paper.Append(north)
		d.until(31)
		d.hears(heard{feed.EventOf, 14}, heard{feed.Beat, 15}, heard{feed.Beat, 30})
		d.stop()
	})
}
