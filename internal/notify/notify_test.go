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
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/notify"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/testkit"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) { testkit.Main(m) }

// station is a real store with an organ to enter people in.
type station struct {
	*testing.T
	store *postgres.Store
	organ duty.Organ
}

func open(t *testing.T) *station {
	t.Helper()
	store, err := postgres.Open(t.Context(), postgres.Config{URL: testkit.Database(t).URL, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	organ := duty.Organ{ID: uuid.New(), Code: "500103550000", Name: "城北派出所", Kind: duty.Station, Path: "500103550000/"}
	s := &station{t, store, organ}
	s.must(store.Enter(t.Context(), roster.Entries{Organs: []roster.Organ{{Organ: organ}}}))
	return s
}

func (s *station) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// urgent is an order to somebody new, who has a phone for each token.
func (s *station) urgent(tokens ...string) duty.Push {
	s.Helper()
	id := uuid.New()
	s.must(s.store.Enter(s.Context(), roster.Entries{People: []duty.Person{{
		ID: id, Number: id.String()[:8], Name: "王磊", Class: duty.FieldAuxiliary, Organ: s.organ, Status: law.StatusActive,
	}}}))
	for _, token := range tokens {
		device := identity.Device{ID: uuid.New(), Person: id, Name: "警务通", Platform: identity.Android}
		_, err := s.store.AddDevice(s.Context(), device)
		s.must(err)
		s.must(s.store.SetPushToken(s.Context(), device.ID, token))
	}
	return duty.Push{Person: id, Task: uuid.New(), Kind: "dispatched", Priority: "urgent"}
}

// tokens are those that a person can still be reached by.
func (s *station) tokens(person uuid.UUID) (left []string) {
	s.Helper()
	devices, err := s.store.PushDevices(s.Context(), person)
	s.must(err)
	for _, device := range devices {
		left = append(left, device.Token)
	}
	return left
}

// channel is the push service: what it says to each token, and what it was given.
type channel struct {
	answers map[string]error

	sent    []notify.Message
	counted []notify.Outcome
}

func (c *channel) Send(ctx context.Context, device notify.Device, m notify.Message) (string, error) {
	if _, bounded := ctx.Deadline(); !bounded {
		return "", errors.New("sent without a deadline")
	}
	c.sent = append(c.sent, m)
	return "receipt", c.answers[device.Token]
}

func (c *channel) deliver(t *testing.T, devices notify.Devices, push duty.Push, age time.Duration) error {
	t.Helper()
	count := func(o notify.Outcome) { c.counted = append(c.counted, o) }
	return notify.New(devices, c, slog.New(slog.DiscardHandler), count).Deliver(t.Context(), push, now.Add(-age), now)
}

// unlisted is the store when it cannot say which devices somebody has.
type unlisted struct {
	*postgres.Store
	err error
}

func (u unlisted) PushDevices(context.Context, uuid.UUID) ([]notify.Device, error) { return nil, u.err }

func failure(outcome notify.Outcome) error {
	return &notify.Failure{Outcome: outcome, After: time.Minute, Err: errors.New("the service says no")}
}

func TestEachDeviceIsJudgedByItself(t *testing.T) {
	t.Parallel()
	s := open(t)
	push := s.urgent("good", "dead", "refused", "busy", "odd")
	c := &channel{answers: map[string]error{
		"dead": failure(notify.DeadToken), "refused": failure(notify.Refused), "busy": failure(notify.Later), "odd": errors.New("?"),
	}}
	err := c.deliver(t, s.store, push, 0)
	var again *notify.Failure
	if !errors.As(err, &again) || again.Outcome != notify.Later || again.After != time.Minute {
		t.Errorf("%v", err)
	}
	want := []notify.Outcome{notify.Delivered, notify.DeadToken, notify.Refused, notify.Later, notify.Later}
	left := s.tokens(push.Person)
	if !slices.Equal(c.counted, want) || !slices.Equal(left, []string{"good", "refused", "busy", "odd"}) {
		t.Errorf("counted %v, left %v", c.counted, left)
	}
}

func TestNothingIsLeftToDoWhenNoTryCanHelp(t *testing.T) {
	t.Parallel()
	s := open(t)
	for name, tokens := range map[string][]string{"no device": nil, "refused": {"refused"}, "dead": {"dead"}} {
		c := &channel{answers: map[string]error{"refused": failure(notify.Refused), "dead": failure(notify.DeadToken)}}
		if err := c.deliver(t, s.store, s.urgent(tokens...), 0); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(c.counted) != 1 {
			t.Errorf("%s: counted %v", name, c.counted)
		}
	}
}

func TestStoreThatFailsMeansAgain(t *testing.T) {
	t.Parallel()
	s, down := open(t), errors.New("down")
	if err := new(channel).deliver(t, unlisted{s.store, down}, s.urgent("x"), 0); !errors.Is(err, down) {
		t.Errorf("%v", err)
	}
}

func TestMessageLivesAsLongAsItIsOfUse(t *testing.T) {
	t.Parallel()
	s := open(t)
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
		phone, push := new(channel), s.urgent("x")
		push.Priority = c.priority
		if err := phone.deliver(t, s.store, push, c.age); err != nil {
			t.Fatal(err)
		}
		if c.want == nil {
			if len(phone.sent) > 0 || !slices.Equal(phone.counted, []notify.Outcome{notify.Expired}) {
				t.Errorf("%s after %s: sent %v, counted %v", c.priority, c.age, phone.sent, phone.counted)
			}
			continue
		}
		c.want.Task, c.want.Kind = push.Task, push.Kind
		if len(phone.sent) != 1 || phone.sent[0] != *c.want {
			t.Errorf("%s after %s: %+v", c.priority, c.age, phone.sent)
		}
	}
}
