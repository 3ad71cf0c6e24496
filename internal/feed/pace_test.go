package feed_test

import (
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/testkit"
	"github.com/dutybound/dutybound/internal/testkit/feedkit"
)

// desk is a running hub on a log on paper, at its usual pace, and one viewer who reads as fast as it comes.
type desk struct {
	*testkit.Bubble
	paper  *feedkit.Paper
	errors complaints
	hub    *feed.Hub
	stop   func()
	viewer feed.Viewer
	sub    *feed.Subscription
	ended  chan error
}

func watching(t *testing.T) *desk {
	d := &desk{Bubble: testkit.NewBubble(t), paper: feedkit.NewPaper(), ended: make(chan error, 1)}
	d.hub = feed.NewHub(d.paper, slog.New(&d.errors), feed.Pace{})
	d.stop = d.Runs(d.hub.Run)
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
			d.Set(func() { d.Tell(string(m.Kind)) })
		}
	}()
	synctest.Wait()
	return d
}

// hears holds what the viewer heard, after the word of welcome.
func (d *desk) hears(want ...string) {
	d.Helper()
	d.Tells(append([]string{"hello 0"}, want...)...)
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
		d.Until(1.2)
		d.paper.Append(north)
		d.Until(1.4)
		d.hears()
		d.hub.Wake()
		d.Until(1.5)
		d.hears("event 1.4")
		d.Until(2.5)
		d.paper.Append(north)
		d.Until(2.999)
		d.hears("event 1.4")
		d.Until(3)
		d.hears("event 1.4", "event 3")
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
		d.Until(1.2)
		d.paper.Append(north)
		d.paper.Is(feedkit.Fails)
		d.Until(2.5)
		if n := d.errors.Load(); n != 1 {
			t.Errorf("%d failures", n)
		}
		d.paper.Is(feedkit.Answers)
		d.Until(3.5)
		d.paper.Append(north)
		d.paper.Is(feedkit.Hangs)
		d.Until(13.999)
		d.hears("event 3")
		d.paper.Is(feedkit.Answers)
		d.Until(14)
		d.hears("event 3", "event 14")
		d.stop()
	})
}

// Whoever may not watch any more is cut within three seconds. When that cannot be asked, nobody is: a database that is away takes no
// authority from anybody.
func TestAnEndedSessionIsCutWithinThreeSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := watching(t)
		d.Until(5.9)
		d.paper.Is(feedkit.Fails)
		d.Until(6.5)
		d.paper.Is(feedkit.Answers)
		d.paper.End(d.viewer)
		d.Until(8.999)
		if d.hub.Stats().Subscribers != 1 {
			t.Error("cut already")
		}
		d.Until(9)
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
		d.Until(13.5)
		d.paper.Append(north)
		d.Until(31)
		d.hears("event 14", "beat 15", "beat 30")
		d.stop()
	})
}
