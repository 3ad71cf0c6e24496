// Package notify owns how a message reaches a person: on which devices, with what in it, for how long it is of use, and what
// becomes of a delivery that fails. A message says which task it is about and nothing else: the app fetches the rest inside its
// session, for a case's details go to nobody who need not know them (Art. 21(2)).
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// Device is where a person can be reached.
type Device struct {
	ID       uuid.UUID
	Platform string // android, ios, harmonyos, web
	Token    string // the push service's name for it
}

// Message is what goes out. A later one about the same task takes the place of one not shown yet, so that the duplicate that a
// retry may send does no harm.
type Message struct {
	Task   uuid.UUID
	Kind   string        // of duty.Push
	Urgent bool          // wake the phone up
	Life   time.Duration // how long the push service may try
}

// Devices is what this room asks of the roster's store.
type Devices interface {
	// PushDevices lists a person's devices that are not revoked and can be reached.
	PushDevices(ctx context.Context, person uuid.UUID) ([]Device, error)
	// DropPushToken forgets a token that is dead, unless the device has another one by now.
	DropPushToken(ctx context.Context, device uuid.UUID, token string) error
	// HoldPush keeps a message for somebody who is off duty until they check in; false: they are not off duty.
	HoldPush(ctx context.Context, push duty.Push) (held bool, err error)
}

// Sender is a channel to devices. An error is a *Failure, or else worth another try. The receipt is the push service's own id.
type Sender interface {
	Send(ctx context.Context, device Device, message Message) (receipt string, err error)
}

// Outcome is what became of one delivery.
type Outcome string

const (
	Delivered Outcome = "delivered"  // to the push service
	Later     Outcome = "later"      // another try may succeed
	DeadToken Outcome = "dead_token" // the app is gone from the device
	Refused   Outcome = "refused"    // no try will ever succeed
	Nowhere   Outcome = "nowhere"    // the person has no device to reach
	Expired   Outcome = "expired"    // tried for as long as it was of use
	Held      Outcome = "held"       // the person is off duty; it goes out at the next check-in
)

// Failure is a delivery that did not succeed, judged by its channel.
type Failure struct {
	Outcome Outcome       // Later, DeadToken or Refused
	After   time.Duration // Later: not before, when the push service says so
	Err     error
}

func (f *Failure) Error() string { return string(f.Outcome) + ": " + f.Err.Error() }

func (f *Failure) Unwrap() error { return f.Err }

// Service delivers messages.
type Service struct {
	devices Devices
	sender  Sender
	log     *slog.Logger
	count   func(Outcome)
}

// sendWithin is for one device: enough for the push service's own quick retries.
const sendWithin = 8 * time.Second

// New makes the service; count (nil: none) is told of each outcome.
func New(devices Devices, sender Sender, log *slog.Logger, count func(Outcome)) *Service {
	if count == nil {
		count = func(Outcome) {}
	}
	return &Service{devices, sender, log, count}
}

// Deliver sends a push that was decided at a moment to each device of its person. The error means: try again, not before the time
// that a *Failure in it names. Off duty means off: whatever is no call for help waits for the next check-in. Devices that had it already
// get it again then, which the message is made for.
func (s *Service) Deliver(ctx context.Context, push duty.Push, decided, now time.Time) error {
	message := messageOf(push)
	if now.Sub(decided) > message.Life {
		s.note(ctx, push, Device{}, "", Expired, nil)
		return nil
	}
	if !push.CallsForHelp() {
		held, err := s.devices.HoldPush(ctx, push)
		if err != nil {
			return fmt.Errorf("is %s on duty: %w", push.Person, err)
		}
		if held {
			s.note(ctx, push, Device{}, "", Held, nil)
			return nil
		}
	}
	devices, err := s.devices.PushDevices(ctx, push.Person)
	if err != nil {
		return fmt.Errorf("devices of %s: %w", push.Person, err)
	}
	if len(devices) == 0 {
		s.note(ctx, push, Device{}, "", Nowhere, nil)
	}
	var again []error
	for _, device := range devices {
		again = append(again, s.send(ctx, push, device, message))
	}
	return errors.Join(again...)
}

// send answers an error only when it is to be tried again.
func (s *Service) send(ctx context.Context, push duty.Push, device Device, message Message) error {
	within, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	receipt, err := s.sender.Send(within, device, message)
	if err == nil {
		s.note(ctx, push, device, receipt, Delivered, nil)
		return nil
	}
	failure := &Failure{Outcome: Later, Err: err}
	errors.As(err, &failure)
	s.note(ctx, push, device, "", failure.Outcome, failure.Err)
	switch failure.Outcome {
	case Later:
		return failure
	case DeadToken:
		return s.devices.DropPushToken(ctx, device.ID, device.Token)
	default:
		return nil
	}
}

// messageOf decides how hard to try: an order to act now is of no use in the evening.
func messageOf(push duty.Push) Message {
	m := Message{Task: push.Task, Kind: push.Kind, Urgent: push.Priority != "routine", Life: time.Hour}
	if !m.Urgent {
		m.Life = 12 * time.Hour
	}
	return m
}

func (s *Service) note(ctx context.Context, push duty.Push, device Device, receipt string, outcome Outcome, err error) {
	s.count(outcome)
	level := slog.LevelInfo
	if outcome != Delivered && outcome != Held {
		level = slog.LevelWarn
	}
	s.log.Log(ctx, level, "push", "outcome", outcome, "task", push.Task, "kind", push.Kind, "person", push.Person,
		"device", device.ID, "receipt", receipt, "error", err)
}
