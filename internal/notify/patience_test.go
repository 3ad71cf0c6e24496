package notify_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/notify"
)

// phones are two devices of one person, in memory.
type phones struct{ notify.Devices }

func (phones) PushDevices(context.Context, uuid.UUID) ([]notify.Device, error) {
	return []notify.Device{{Token: "mute"}, {Token: "well"}}, nil
}

func (phones) HoldPush(context.Context, duty.Push) (bool, error) { return false, nil }

// mute is a push service that says nothing to one of them, for as long as it is let.
type mute struct{ sent []float64 }

func (m *mute) Send(ctx context.Context, device notify.Device, _ notify.Message) (string, error) {
	began := time.Now()
	if device.Token == "mute" {
		<-ctx.Done()
	}
	m.sent = append(m.sent, time.Since(began).Seconds())
	return "", ctx.Err()
}

// A push service that says nothing has eight seconds for each device, and costs the next one nothing but those.
func TestAPushServiceHasEightSecondsForEachDevice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		service, counted := &mute{}, []notify.Outcome(nil)
		s := notify.New(phones{}, service, slog.New(slog.DiscardHandler), func(o notify.Outcome) { counted = append(counted, o) })
		if err := s.Deliver(t.Context(), duty.Push{Kind: "dispatched"}, time.Now(), time.Now()); err == nil {
			t.Error("it is not tried again")
		}
		if !slices.Equal(service.sent, []float64{8, 0}) || !slices.Equal(counted, []notify.Outcome{notify.Later, notify.Delivered}) {
			t.Errorf("%v after %v s", counted, service.sent)
		}
	})
}

// A message is tried for an hour, one that is not urgent for half a day, to the nanosecond.
func TestAMessageIsOfUseForAnHour(t *testing.T) {
	t.Parallel()
	for priority, life := range map[string]time.Duration{"immediate": time.Hour, "urgent": time.Hour, "routine": 12 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			var counted []notify.Outcome
			service := &mute{}
			s := notify.New(phones{}, service, slog.New(slog.DiscardHandler), func(o notify.Outcome) { counted = append(counted, o) })
			decided := time.Now()
			time.Sleep(life)
			_ = s.Deliver(t.Context(), duty.Push{Priority: priority}, decided, time.Now())
			if len(service.sent) != 2 {
				t.Errorf("%s: %v after %s", priority, counted, life)
			}
			counted = nil
			decided = time.Now()
			time.Sleep(life + 1)
			_ = s.Deliver(t.Context(), duty.Push{Priority: priority}, decided, time.Now())
			if !slices.Equal(counted, []notify.Outcome{notify.Expired}) {
				t.Errorf("%s: %v after more than %s", priority, counted, life)
			}
		})
	}
}
