package safety

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
)

// Pace says how alarms are repeated. Zero fields take the value named.
type Pace struct {
	Repeat time.Duration // between rounds: 30 s
	Widen  int           // rounds after which the next organ up is told as well: 4
	Sweep  time.Duration // between looks for checks that are due: 2 s
}

func (p Pace) complete() Pace {
	p.Repeat = cmp.Or(p.Repeat, 30*time.Second)
	p.Widen = cmp.Or(p.Widen, 4)
	p.Sweep = cmp.Or(p.Sweep, 2*time.Second)
	return p
}

// Service raises, repeats and ends alarms, and watches over people at work.
type Service struct {
	alarms Alarms
	checks Checks
	locate Locate
	pace   Pace
	newID  func() uuid.UUID
}

// New makes the service.
func New(alarms Alarms, checks Checks, locate Locate, pace Pace) *Service {
	return &Service{alarms, checks, locate, pace.complete(), func() uuid.UUID { return uuid.Must(uuid.NewV7()) }}
}

// Raised is an alarm as it was raised by somebody.
type Raised struct {
	RaisedAt time.Time
	Silent   bool
	Place    *duty.Place
	Note     string
	Task     *uuid.UUID
}

func (r Raised) check() error {
	if r.Place == nil {
		return nil
	}
	p := *r.Place
	if p.Name == "" && p.Lat != nil {
		p.Name = "-" // whoever is in danger need not know what a place is called
	}
	return p.Check("body/place")
}

// Raise takes an alarm. Nothing about the person, their duty or their task can refuse it.
func (s *Service) Raise(ctx context.Context, actor duty.Actor, cmd duty.Command, r Raised) (AlarmAnswer, error) {
	if err := duty.Authorise(actor, duty.RaiseAlarm, actor.Self(), duty.RaiseAlarm); err != nil {
		return AlarmAnswer{}, err
	}
	if err := r.check(); err != nil {
		return AlarmAnswer{}, err
	}
	press := Press{
		Kind: SOS, Person: whoIs(actor), Organ: actor.Organ, By: actor.Person, RaisedAt: r.RaisedAt, Silent: r.Silent, Place: r.Place,
		Note: r.Note, Task: r.Task,
	}
	return s.alarms.RaiseAlarm(ctx, Call{actor, cmd}, press, func(m Moment) (Decided, error) { return s.raise(press, m) })
}

func whoIs(a duty.Actor) Who { return Who{a.Person, a.Number, a.Name} }

// Alarm shows one alarm, to whoever is in danger how far it got.
func (s *Service) Alarm(ctx context.Context, actor duty.Actor, id uuid.UUID) (Alarm, error) {
	a, err := s.alarms.Alarm(ctx, actor, id)
	if err != nil {
		return Alarm{}, err
	}
	return a, duty.Authorise(actor, duty.ViewAlarm, target(&a, actor), duty.ViewAlarm)
}

// Alarms lists alarms in sight, newest first.
func (s *Service) Alarms(ctx context.Context, actor duty.Actor, filter AlarmFilter) ([]Alarm, error) {
	if err := duty.Require(actor, duty.ViewAlarm); err != nil {
		return nil, err
	}
	filter.Reach = actor.Reach(duty.ViewAlarm)
	return s.alarms.Alarms(ctx, actor, filter)
}

// target is an alarm as something to act on: it is the own one of whoever is in danger and of those called to help.
func target(a *Alarm, actor duty.Actor) duty.Target {
	return duty.Target{Path: a.Organ.Path, Own: a.Person.ID == actor.Person || a.recipient(actor.Person) != nil}
}

var (
	errNothing = errors.New("nothing to be done") // the store writes nothing
	errClosed  = fault.New(fault.Conflict, "alarm_closed", "该警报已解除", "the alarm has been closed")
	errYours   = fault.New(fault.Conflict, "alarm_is_yours", "求助人本人不能应答自己的警报", "whoever raised the alarm cannot answer it")
)

// Answer is somebody's word that they will help. The rounds end; the alarm stays until it is closed.
func (s *Service) Answer(ctx context.Context, actor duty.Actor, cmd duty.Command, id uuid.UUID, answer Answer) (AlarmAnswer, error) {
	return s.change(ctx, actor, cmd, id, duty.AnswerAlarm, func(a Alarm, now time.Time) (Decided, error) {
		if a.Person.ID == actor.Person {
			return Decided{}, errYours
		}
		a.see(actor, now)
		answer.By, answer.At = whoIs(actor), now
		a.Answers = append(a.Answers, answer)
		a.State, a.NextAt = Answered, nil
		out := Decided{Alarm: a, Pushes: a.toSender("alarm_answered")}
		return s.with(out, "alarm.answered", actor.Person, now, map[string]any{"by": actor.Person, "eta_s": answer.ETA, "words": answer.Words})
	})
}

// Close ends an alarm: by whoever raised it, or by an officer. That there was no danger needs a reason.
func (s *Service) Close(ctx context.Context, actor duty.Actor, cmd duty.Command, id uuid.UUID, outcome Outcome, reason string) (AlarmAnswer, error) {
	if outcome == FalseAlarm && reason == "" {
		return AlarmAnswer{}, fault.BadField("body/reason", "is required")
	}
	return s.change(ctx, actor, cmd, id, duty.CloseAlarm, func(a Alarm, now time.Time) (Decided, error) {
		if a.Person.ID != actor.Person && actor.Class != duty.Officer {
			return Decided{}, fault.New(fault.Forbidden, "not_yours_to_close", "只有求助人本人或民警可以解除警报", "only whoever raised the alarm, or an officer, closes it")
		}
		a.State, a.NextAt = Closed, nil
		a.Closing = &Closing{whoIs(actor), now, outcome, reason}
		out := Decided{Alarm: a, Pushes: a.pushes("alarm_closed", actor.Person)}
		if actor.Person != a.Person.ID {
			out.Pushes = append(out.Pushes, a.toSender("alarm_closed")...)
		}
		return s.with(out, "alarm.closed", actor.Person, now, map[string]any{"outcome": outcome, "reason": reason})
	})
}

// change runs one command on an alarm that is not closed.
func (s *Service) change(
	ctx context.Context, actor duty.Actor, cmd duty.Command, id uuid.UUID, p duty.Permission, do func(Alarm, time.Time) (Decided, error),
) (AlarmAnswer, error) {
	return s.alarms.ChangeAlarm(ctx, Call{actor, cmd}, id, func(m Moment) (Decided, error) {
		if err := duty.Authorise(actor, p, target(m.Alarm, actor), duty.ViewAlarm); err != nil {
			return Decided{}, err
		}
		if m.Alarm.State == Closed {
			return Decided{}, errClosed
		}
		return do(m.Alarm.clone(), m.Now)
	})
}

// Receipt is how far an alarm got with somebody.
type Receipt string

const (
	Delivered Receipt = "delivered" // the phone has it
	Seen      Receipt = "seen"      // the person has
)

// Acknowledge keeps that an alarm reached somebody, once: the first time stands. That a person saw it is an event, that a phone got it
// is none.
func (s *Service) Acknowledge(ctx context.Context, actor duty.Actor, id uuid.UUID, what Receipt) error {
	return s.quietly(s.alarms.NoteAlarm(ctx, &actor, id, func(m Moment) (Decided, error) {
		if err := duty.Authorise(actor, duty.AnswerAlarm, target(m.Alarm, actor), duty.ViewAlarm); err != nil {
			return Decided{}, err
		}
		a := m.Alarm.clone()
		r := a.recipient(actor.Person)
		if a.State == Closed || a.Person.ID == actor.Person || r != nil && (r.SeenAt != nil || what == Delivered && r.DeliveredAt != nil) {
			return Decided{}, errNothing
		}
		if what == Seen {
			a.see(actor, m.Now)
			return s.with(Decided{Alarm: a}, "alarm.seen", actor.Person, m.Now, map[string]any{"by": actor.Person})
		}
		a.join(actor, m.Now).DeliveredAt = &m.Now
		return Decided{Alarm: a}, nil
	}))
}

// join finds somebody among those an alarm was brought before; whoever looked in by themselves is one of them from now on.
func (a *Alarm) join(actor duty.Actor, now time.Time) *Recipient {
	if a.recipient(actor.Person) == nil {
		me := whoIs(actor)
		a.Recipients = append(a.Recipients, Recipient{Person: me.ID, Number: me.Number, Name: me.Name, Why: LookedIn, QueuedAt: now})
	}
	return a.recipient(actor.Person)
}

// see marks that somebody has seen the alarm, and so has their phone.
func (a *Alarm) see(actor duty.Actor, now time.Time) {
	r := a.join(actor, now)
	r.SeenAt = cmp.Or(r.SeenAt, &now)
	r.DeliveredAt = cmp.Or(r.DeliveredAt, &now)
}

// Sent keeps that the push service took an alarm for a person.
func (s *Service) Sent(ctx context.Context, id, device uuid.UUID) error {
	person, err := s.alarms.DeviceHolder(ctx, device)
	if err != nil {
		return err
	}
	return s.quietly(s.alarms.NoteAlarm(ctx, nil, id, func(m Moment) (Decided, error) {
		a := m.Alarm.clone()
		r := a.recipient(person)
		if a.State == Closed || r == nil || r.SentAt != nil {
			return Decided{}, errNothing
		}
		r.SentAt = &m.Now
		return Decided{Alarm: a}, nil
	}))
}

// Repeat brings an alarm before people once more, if nobody has answered it since the round named. Doing it twice does no harm.
func (s *Service) Repeat(ctx context.Context, id uuid.UUID, round int) error {
	err := s.quietly(s.alarms.RepeatAlarm(ctx, id, func(m Moment) (Decided, error) { return s.again(m, round) }))
	var known *fault.Error
	if errors.As(err, &known) && known.Kind == fault.NotFound {
		return nil
	}
	return err
}

func (s *Service) quietly(err error) error {
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// Push is the kind of the pushes that bring an alarm before people; what their task names is the alarm.
const Push = "alarm"
