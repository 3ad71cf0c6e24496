package push_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/dutybound/dutybound/internal/push"
)

// What fails is tried again after a second, doubled from try to try, and from the seventh on every minute. When River comes to it is the
// database's business: TestWhatFailsIsTriedAgain and TestATimeNamedByThePushServiceIsWaitedFor hold that, with the real one.
func TestWhatFailsIsTriedAfterASecondAndAtLastEveryMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for failures, seconds := range map[int]float64{1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 6: 32, 7: 60, 8: 60, 999: 60} {
			again := push.Retries(failures)
			if len(again) != 4 {
				t.Fatalf("%d kinds of jobs", len(again))
			}
			for kind, at := range again {
				if after := time.Until(at).Seconds(); after != seconds {
					t.Errorf("%s, failed %d times: again after %v s, not %v", kind, failures, after, seconds)
				}
			}
		}
	})
}
