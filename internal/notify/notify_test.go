package notify_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/notify"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// drawer is a person's devices and what their push service says to each.
type drawer struct {
	devices []notify.Device
	answers map[string]error
	broken  error

	sent    []notify.Message
	dropped []string
	counted []notify.Outcome
}

func (d *drawer) PushDevices(context.Context, uuid.UUID) ([]notify.Device, error) {
	return d.devices, d.broken
}

func (d *drawer) DropPushToken(_ context.Context, _ uuid.UUID, token string) error {
	d.dropped = append(d.dropped, token)
	return nil
}

func (d *drawer) Send(ctx context.Context, device notify.Device, m notify.Message) (string, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		return "", errors.New("sent without a deadline")
	}
	d.sent = append(d.sent, m)
	return "receipt", d.answers[device.Token]
}

func (d *drawer) deliver(t *testing.T, push duty.Push, age time.Duration) error {
	t.Helper()
	count := func(o notify.Outcome) { d.counted = append(d.counted, o) }
	return notify.New(d, d, slog.New(slog.DiscardHandler), count).Deliver(t.Context(), push, now.Add(-age), now)
}

func devices(tokens ...string) (all []notify.Device) {
	for _, token := range tokens {
		all = append(all, notify.Device{ID: uuid.New(), Platform: "android", Token: token})
	}
	return all
}

func failure(outcome notify.Outcome) error {
	return &notify.Failure{Outcome: outcome, After: time.Minute, Err: errors.New("the service says no")}
}

func urgent() duty.Push {
	return duty.Push{Person: uuid.New(), Task: uuid.New(), Kind: "dispatched", Priority: "urgent"}
}

func TestEachDeviceIsJudgedByItself(t *testing.T) {
	t.Parallel()
	d := &drawer{devices: devices("good", "dead", "refused", "busy", "odd"), answers: map[string]error{
		"dead": failure(notify.DeadToken), "refused": failure(notify.Refused), "busy": failure(notify.Later), "odd": errors.New("?"),
	}}
	err := d.deliver(t, urgent(), 0)
	var again *notify.Failure
	if !errors.As(err, &again) || again.Outcome != notify.Later || again.After != time.Minute {
		t.Errorf("%v", err)
	}
	want := []notify.Outcome{notify.Delivered, notify.DeadToken, notify.Refused, notify.Later, notify.Later}
	if !slices.Equal(d.counted, want) || !slices.Equal(d.dropped, []string{"dead"}) {
		t.Errorf("counted %v, dropped %v", d.counted, d.dropped)
	}
}

func TestNothingIsLeftToDoWhenNoTryCanHelp(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]*drawer{
		"no device": {}, "refused": {devices: devices("x"), answers: map[string]error{"x": failure(notify.Refused)}},
		"dead": {devices: devices("x"), answers: map[string]error{"x": failure(notify.DeadToken)}},
	} {
		if err := d.deliver(t, urgent(), 0); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(d.counted) != 1 {
			t.Errorf("%s: counted %v", name, d.counted)
		}
	}
}

func TestStoreThatFailsMeansAgain(t *testing.T) {
	t.Parallel()
	d := &drawer{broken: errors.New("down")}
	if err := d.deliver(t, urgent(), 0); !errors.Is(err, d.broken) {
		t.Errorf("%v", err)
	}
}

func TestMessageLivesAsLongAsItIsOfUse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		priority string
		age      time.Duration
		want     *notify.Message
	}{
		{"immediate", time.Hour, &notify.Message{Urgent: true, Life: time.Hour}},
		{"immediate", time.Hour + time.Second, nil},
		{"urgent", 0, &notify.Message{Urgent: true, Life: time.Hour}},
		{"routine", 12 * time.Hour, &notify.Message{Life: 12 * time.Hour}},
		{"routine", 13 * time.Hour, nil},
	} {
		d, push := &drawer{devices: devices("x")}, urgent()
		push.Priority = c.priority
		if err := d.deliver(t, push, c.age); err != nil {
			t.Fatal(err)
		}
		if c.want == nil {
			if len(d.sent) > 0 || !slices.Equal(d.counted, []notify.Outcome{notify.Expired}) {
				t.Errorf("%s after %s: sent %v, counted %v", c.priority, c.age, d.sent, d.counted)
			}
			continue
		}
		c.want.Task, c.want.Kind = push.Task, push.Kind
		if len(d.sent) != 1 || d.sent[0] != *c.want {
			t.Errorf("%s after %s: %+v", c.priority, c.age, d.sent)
		}
	}
}
