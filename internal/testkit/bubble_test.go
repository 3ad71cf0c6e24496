package testkit_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dutybound/dutybound/internal/testkit"
)

func TestABubbleKeepsWhatHappensAtWhichSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := testkit.NewBubble(t)
		stop := b.Runs(func(ctx context.Context) {
			for log := b.Logger(); ctx.Err() == nil; {
				select {
				case <-time.After(1500 * time.Millisecond):
					b.Set(func() { b.Tell("tick") })
				case <-ctx.Done():
					log.Info("the end")
				}
			}
		})
		b.Until(2.999)
		b.Tells("tick 1.5")
		b.Until(3)
		b.Tells("tick 1.5", "tick 3")
		b.Logged("the end", 0)
		stop()
		b.Until(60)
		b.Tells("tick 1.5", "tick 3")
		b.Logged("the end", 1)
	})
}

func TestABubbleFailsForWhatIsOtherwise(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := recorder{TB: t}
		b := testkit.NewBubble(&r)
		says := func(want string) {
			t.Helper()
			if !strings.Contains(r.said, want) {
				t.Errorf("it said %q, not %q", r.said, want)
			}
			r.said = ""
		}
		stop := b.Runs(func(ctx context.Context) {
			<-ctx.Done()
			time.Sleep(time.Nanosecond)
			b.Logger().Info("the end")
			b.Set(func() { b.Tell("end") })
		})
		stop()
		says("it goes on after its end")
		b.Until(1)
		b.Logged("the end", 2)
		says(`"the end" is logged 1 times, not 2`)
		b.Tells("end 0")
		says(`told ["end 1e-09"], not ["end 0"]`) // a nanosecond late
		b.Tells()
		says("told")
		b.Set(func() { b.Tell("again") })
		b.Tells("end 1e-09")
		says(`"again 1"], not`)
		b.Tells("again 1", "end 1e-09")
		says("told")
		b.Tells("end 1e-09", "again 1")
		if r.said != "" {
			t.Errorf("it said %q", r.said)
		}
	})
}
