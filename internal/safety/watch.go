package safety

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Looked is what looking at a watch leaves behind.
type Looked struct {
	Watch   Watch
	NextAt  *time.Time // when it is to be looked at again; nil: when the task changes
	Events  []ledger.Event
	Pushes  []duty.Push
	Presses []Press // alarms to raise, or to answer (Press.Calm)
	View    View
}

// View is a watch as people see it.
type View struct {
	Task    uuid.UUID    `json:"task"`
	Every   int          `json:"every_s"` // 0: nobody is asked
	Grace   int          `json:"grace_s"`
	Ordered *Ordered     `json:"ordered,omitempty"`
	Members []MemberView `json:"members"`
}

// MemberView is one member who is watched over.
type MemberView struct {
	Check
	Colour Colour     `json:"colour"`
	Alarm  *uuid.UUID `json:"alarm,omitempty"` // open
}

// CheckAnswer is what the actor gets, now and at each retry of the same command.
type CheckAnswer struct {
	View   View
	Replay bool
}

func (s *Scene) view() View {
	every, grace := s.cadence()
	v := View{Task: s.Task.ID, Every: int(every / time.Second), Grace: int(grace / time.Second), Ordered: s.Watch.Ordered, Members: []MemberView{}}
	for _, c := range s.Watch.Checks {
		if c.State == Over {
			continue
		}
		m := MemberView{Check: c}
		var open *Alarm
		if a, ok := s.Alarms[c.Person.ID]; ok {
			open, m.Alarm = &a, a.id()
		}
		m.Colour = c.colour(s.Now, open)
		v.Members = append(v.Members, m)
	}
	return v
}

// lookAgain is how soon a change of the law, or the end of an alarm, is noticed.
const lookAgain = 30 * time.Second

// look does what is due.
func (s *Service) look(scene Scene) (out Looked, err error) {
	t := scene.Task
	step := scene.step()
	scene.Watch.Task, scene.Watch.Path, scene.Watch.Version, scene.Watch.Checks = t.ID, t.Organ.Path, t.Version, step.Checks
	for _, who := range step.Ask {
		if err := s.happened(&out, scene, "check.asked", itself, map[string]any{"person": who.ID}); err != nil {
			return out, err
		}
		out.Pushes = append(out.Pushes, duty.Push{Person: who.ID, Task: t.ID, Kind: "check", Priority: "urgent"})
	}
	for _, m := range step.Missed {
		if err := s.happened(&out, scene, "check.missed", itself, map[string]any{"person": m.Person.ID, "misses": m.Misses}); err != nil {
			return out, err
		}
		for _, who := range t.watchers(m.Person.ID) {
			out.Pushes = append(out.Pushes, duty.Push{Person: who, Task: t.ID, Kind: "check_missed", Priority: "urgent"})
		}
	}
	for _, who := range step.Escalate {
		if err := s.happened(&out, scene, "check.escalated", itself, map[string]any{"person": who.ID}); err != nil {
			return out, err
		}
		out.Presses = append(out.Presses, Press{Kind: Unanswered, Person: who, By: itself, RaisedAt: scene.Now, Task: &t.ID})
	}
	out.Watch, out.View = scene.Watch, scene.view()
	if t.Started {
		next := scene.Now.Add(lookAgain)
		if step.NextAt != nil && step.NextAt.Before(next) {
			next = *step.NextAt
		}
		out.NextAt = &next
	}
	return out, nil
}

// watchers are the lead and whoever sent the unit, without the member it is about.
func (t *Task) watchers(except uuid.UUID) (people []uuid.UUID) {
	if t.Lead != nil && *t.Lead != except {
		people = append(people, *t.Lead)
	}
	if t.Dispatcher != except && (t.Lead == nil || *t.Lead != t.Dispatcher) {
		people = append(people, t.Dispatcher)
	}
	return people
}

func (s *Service) happened(out *Looked, scene Scene, kind string, by uuid.UUID, body map[string]any) error {
	body["task"] = scene.Task.ID
	e, err := s.event(kind, scene.Task.Organ.Path, by, scene.Now, body)
	out.Events = append(out.Events, e)
	return err
}

// Replied is an answer to a check as somebody sent it: of themselves, or of a member who gave it by radio, by phone or face to face.
type Replied struct {
	Person     uuid.UUID // zero: oneself
	State      Wellbeing
	Channel    Channel
	Words      string
	ObservedAt time.Time
}

// Reply takes the answer to a check. Whether one was due does not matter: that somebody is well, or is not, is always news.
func (s *Service) Reply(ctx context.Context, actor duty.Actor, cmd duty.Command, task uuid.UUID, r Replied) (CheckAnswer, error) {
	if err := duty.Require(actor, duty.AnswerCheck); err != nil {
		return CheckAnswer{}, err
	}
	if r.Person == actor.Person {
		r.Person = uuid.Nil
	}
	if err := r.check(); err != nil {
		return CheckAnswer{}, err
	}
	return s.checks.ChangeWatch(ctx, Call{actor, cmd}, task, func(scene Scene) (Looked, error) {
		who, err := scene.Task.speaksOf(actor, r)
		if err != nil {
			return Looked{}, err
		}
		return s.reply(scene, actor, who, r)
	}, s.settle)
}

func (r Replied) check() error {
	switch {
	case r.Person == uuid.Nil && r.Channel != "" && r.Channel != ByApp:
		return fault.BadField("body/channel", "is for what somebody else said")
	case r.Person != uuid.Nil && (r.Channel == "" || r.Channel == ByApp):
		return fault.BadField("body/channel", "is required")
	case r.Person != uuid.Nil && r.Words == "":
		return fault.BadField("body/words", "is required")
	default:
		return nil
	}
}

// speaksOf finds the member an answer is of. For somebody else the officers of the unit, who sent them, and the officers of
// the organ enter it.
func (t *Task) speaksOf(actor duty.Actor, r Replied) (Who, error) {
	p, at, person := duty.AnswerCheck, duty.Target{Path: t.Organ.Path, Own: t.part(actor.Person)}, actor.Person
	if r.Person != uuid.Nil {
		p, at, person = duty.EnterCheck, t.directed(actor), r.Person
	}
	if err := duty.Authorise(actor, p, at, duty.ViewTask); err != nil {
		return Who{}, err
	}
	if i := slices.IndexFunc(t.Working, func(w Who) bool { return w.ID == person }); i >= 0 {
		return t.Working[i], nil
	}
	return Who{}, fault.BadField("body/person", "is not a member of the task")
}

func (t *Task) part(person uuid.UUID) bool { return slices.Contains(t.Part, person) }

// directed is the task as the own one of the unit and of whoever sent it; of them only officers enter what others said.
func (t *Task) directed(actor duty.Actor) duty.Target {
	return duty.Target{Path: t.Organ.Path, Own: t.Dispatcher == actor.Person || t.part(actor.Person)}
}

// reply keeps an answer. Well, the next check is due a whole cadence from now, and a member who was looked for has been heard of; in
// need of help, an alarm is raised whatever the watch says.
func (s *Service) reply(scene Scene, actor duty.Actor, who Who, r Replied) (Looked, error) {
	said := Reply{
		State: r.State, Channel: r.Channel, By: whoIs(actor), Words: r.Words, ObservedAt: r.ObservedAt, At: scene.Now,
		Late: scene.Now.Sub(r.ObservedAt) > lateAfter,
	}
	if said.Channel == "" {
		said.Channel = ByApp
	}
	scene.Alarms = maps.Clone(scene.Alarms)
	scene.expect(who, r.State)
	scene.Watch.Checks = slices.Clone(scene.Watch.Checks)
	for i := range scene.Watch.Checks {
		if c := &scene.Watch.Checks[i]; c.Person.ID == who.ID {
			if c.Reply = &said; c.State != Over {
				c.begin(scene.Now)
			}
		}
	}
	out, err := s.look(scene)
	if err != nil {
		return out, err
	}
	press := Press{Kind: NeedHelp, Person: who, By: actor.Person, RaisedAt: r.ObservedAt, Note: r.Words, Task: &scene.Task.ID}
	if r.State == Well {
		press = Press{Kind: Unanswered, Person: who, By: actor.Person, Calm: &Answer{By: whoIs(actor), At: scene.Now, Words: r.Words}}
	}
	out.Presses = append(out.Presses, press)
	return out, s.happened(&out, scene, "check.answered", actor.Person, map[string]any{
		"person": who.ID, "answer": r.State, "channel": said.Channel, "observed_at": r.ObservedAt, "late": said.Late, "words": r.Words,
	})
}

// expect is the alarm of a member as it will be once their answer is heard.
func (s *Scene) expect(who Who, said Wellbeing) {
	a, open := s.Alarms[who.ID]
	switch {
	case said == NeedingHelp:
		a.Kind, a.State = NeedHelp, Open
	case open && a.Kind == Unanswered:
		a.State = Answered
	case !open:
		return
	}
	if s.Alarms == nil {
		s.Alarms = map[uuid.UUID]Alarm{}
	}
	s.Alarms[who.ID] = a
}

// id is nil for an alarm that is yet to be made.
func (a *Alarm) id() *uuid.UUID {
	if a.ID == uuid.Nil {
		return nil
	}
	return &a.ID
}

// settle is what becomes of an alarm that a watch raises, or that somebody who was looked for answers themselves.
func (s *Service) settle(p Press, m Moment) (Decided, error) {
	if p.Calm == nil {
		return s.raise(p, m)
	}
	if m.Alarm == nil || m.Alarm.Kind != Unanswered || m.Alarm.State != Open {
		return Decided{}, errNothing
	}
	a := m.Alarm.clone()
	a.State, a.NextAt = Answered, nil
	a.Answers = append(a.Answers, *p.Calm)
	return s.with(Decided{Alarm: a}, "alarm.answered", p.By, m.Now, map[string]any{"by": p.By, "heard_of": true, "words": p.Calm.Words})
}

// Nothing says whether an error means that a decision left everything as it was.
func Nothing(err error) bool { return err == errNothing }

// Order sets how often the members of one task are asked, where that is stricter than the law; 0 takes the order back.
func (s *Service) Order(ctx context.Context, actor duty.Actor, task uuid.UUID, every int) (View, error) {
	if err := duty.Require(actor, duty.EnterCheck); err != nil {
		return View{}, err
	}
	out, err := s.checks.OrderWatch(ctx, actor, task, func(scene Scene) (Looked, error) {
		if err := duty.Authorise(actor, duty.EnterCheck, scene.Task.directed(actor), duty.ViewTask); err != nil {
			return Looked{}, err
		}
		if scene.Task.Ended {
			return Looked{}, fault.New(fault.Conflict, "task_state", "任务已结束", "the task has ended")
		}
		scene.Watch.Ordered = &Ordered{every, whoIs(actor), scene.Now}
		if every == 0 {
			scene.Watch.Ordered = nil
		}
		out, err := s.look(scene)
		if err != nil {
			return out, err
		}
		return out, s.happened(&out, scene, "check.ordered", actor.Person, map[string]any{"every_s": every})
	}, s.settle)
	return out.View, err
}

// Watch shows how the members of a task are.
func (s *Service) Watch(ctx context.Context, actor duty.Actor, task uuid.UUID) (View, error) {
	if err := duty.Require(actor, duty.ViewTask); err != nil {
		return View{}, err
	}
	scene, err := s.checks.WatchOf(ctx, actor, task)
	if err != nil {
		return View{}, err
	}
	at := duty.Target{Path: scene.Task.Organ.Path, Own: scene.Task.part(actor.Person)}
	return scene.view(), duty.Authorise(actor, duty.ViewTask, at, duty.ViewTask)
}
