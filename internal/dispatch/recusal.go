package dispatch

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// Ground is one of the situations of Art. 22 ¶1.
type Ground string

const (
	GroundParty         Ground = "party"          // (1) a party to the case
	GroundCloseRelative Ground = "close_relative" // (1) a close relative of a party
	GroundInterest      Ground = "interest"       // (2) they or a close relative have an interest in the case
	GroundOtherRelation Ground = "other_relation" // (3) another relation to a party that may affect fairness
)

// RecusalState is where a request for recusal stands.
type RecusalState string

const (
	RecusalPending RecusalState = "pending"
	RecusalGranted RecusalState = "granted"
	RecusalRefused RecusalState = "refused"
)

// Recusal is a request that an auxiliary be kept out of a case, and what the head decided. Its reasons are private: events say only
// that there is one, and vouch for the rest by a digest.
type Recusal struct {
	ID      uuid.UUID    `json:"id"`
	Salt    uuid.UUID    `json:"salt"`
	Task    uuid.UUID    `json:"task"`
	Path    duty.Path    `json:"path"` // of the task's organ
	Person  uuid.UUID    `json:"person"`
	Number  string       `json:"number"`
	Name    string       `json:"name"`
	Ground  Ground       `json:"ground"`
	ByParty bool         `json:"by_party,omitempty"` // a party or their legal representative asked; else the person themselves
	Reason  string       `json:"reason,omitempty"`
	AskedBy uuid.UUID    `json:"asked_by"`
	AskedAt time.Time    `json:"asked_at"`
	Left    bool         `json:"left"` // stepped back at once, as the law has it
	State   RecusalState `json:"state"`

	Deadline    time.Time  `json:"deadline,omitzero"` // by when the head should have decided: see deciding.deadline
	EscalatedAt *time.Time `json:"escalated_at,omitempty"`

	DecidedBy *Head      `json:"decided_by,omitempty"`
	DecidedAt *time.Time `json:"decided_at,omitempty"`
	Why       string     `json:"why,omitempty"`
	// Replacements are who could be sent in their place, by what the law says of each, the least busy first.
	Replacements []Replacement `json:"replacements,omitempty"`
}

// Head is the head of a department or station who decided, as they were then.
type Head struct {
	Person uuid.UUID `json:"person"`
	Number string    `json:"number"`
	Name   string    `json:"name"`
}

// Replacement is somebody who could be sent.
type Replacement struct {
	Person    uuid.UUID `json:"person"`
	Number    string    `json:"number"`
	Name      string    `json:"name"`
	OpenTasks int       `json:"open_tasks"`
}

type (
	// AskRecusal is a member's own declaration, or a party's request that somebody of the unit passes on.
	AskRecusal struct {
		beside
		Ground  Ground
		ByParty bool
		Person  uuid.UUID // uuid.Nil: the actor
		Reason  string
	}
	// DecideRecusal is the head's decision (Art. 22 ¶2).
	DecideRecusal struct {
		beside
		Recusal uuid.UUID
		Grant   bool
		Reason  string

		roll *Roll
	}
)

func (AskRecusal) action() Action                     { return DoRecuse }
func (DecideRecusal) action() Action                  { return DoDecideRecusal }
func (AskRecusal) permission() duty.Permission        { return duty.AskRecusal }
func (DecideRecusal) permission() duty.Permission     { return duty.DecideRecusal }
func (AskRecusal) people() []uuid.UUID                { return nil }
func (DecideRecusal) people() []uuid.UUID             { return nil }
func (AskRecusal) check() error                       { return nil }
func (DecideRecusal) check() error                    { return nil }
func (d *deciding) steppedBack(person uuid.UUID) bool { return d.task.HasSteppedBack(person) }

// HasSteppedBack says whether a member is left out of the unit while their recusal is not decided.
func (t *Task) HasSteppedBack(person uuid.UUID) bool { return slices.Contains(t.SteppedBack, person) }

var errSteppedBack = fault.New(fault.Conflict, "stepped_back", "您已申请回避，待负责人决定", "your recusal is asked for and not decided: you have stepped back (Art. 22)")

func (s AskRecusal) apply(d *deciding) error {
	person := s.Person
	if person == uuid.Nil {
		person = d.actor.Person
	}
	m := d.task.Member(person)
	switch {
	case d.task.Officer(person) != nil:
		return fault.BadField("body/person", "is a people's police officer; Art. 22 speaks of auxiliaries")
	case m == nil:
		return fault.BadField("body/person", "is not a member of the task")
	case s.ByParty == (person == d.actor.Person):
		return fault.BadField("body/by_party", "one asks for oneself, or passes on what a party asks about somebody else")
	case person != d.actor.Person && !d.task.Part(d.actor.Person) && !d.actor.Can(duty.DispatchTask, target(&d.task, d.actor)):
		return errNotYours
	case slices.ContainsFunc(d.Recusals, func(r Recusal) bool { return r.Person == person && r.State == RecusalPending }):
		return fault.New(fault.Conflict, "recusal_asked", "该队员的回避申请尚未决定", "a request about this member is not decided yet")
	}
	r := Recusal{
		ID: d.newID(), Salt: d.newID(), Task: d.task.ID, Path: d.task.Organ.Path, Person: person, Number: m.Number, Name: m.Name,
		Ground: s.Ground, ByParty: s.ByParty, Reason: s.Reason, AskedBy: d.actor.Person, AskedAt: d.Now, State: RecusalPending,
		Deadline: d.deadline(),
	}
	if err := d.stepBack(&r, *m); err != nil {
		return err
	}
	heads := d.heads()
	d.tell("recusal_requested", d.task.Urgency, watchersOf(heads)...)
	d.out.Beside = &Beside{Recusal: &r, Called: d.calledAll(heads)}
	return nil
}

func (d *deciding) calledAll(watchers []Watcher) (list []Called) {
	for _, w := range watchers {
		list = append(list, d.calledOf(w))
	}
	return list
}

// stepBack leaves the member out of the unit where the law says that they may not go on while it is not decided; in the rescue of an
// emergency it does not. What is left of the unit is ruled on at once.
func (d *deciding) stepBack(r *Recusal, m Member) error {
	base, unit, err := d.beforeRecusal(m)
	if err != nil {
		return err
	}
	d.noteRecusal(r.Person, law.RecusalPending, d.sourceOf(r.Person))
	record, err := d.consider(d.builder().facts(&d.task, d.phase(), unit))
	if err != nil {
		return err
	}
	if r.Left = !lawful(beyond(record.Ruling, base)); r.Left {
		d.task.SteppedBack = append(d.task.SteppedBack, r.Person)
	}
	digest, err := sealed(r)
	if err != nil {
		return err
	}
	if err := d.event("recusal.requested", map[string]any{"recusal": r.ID, "person": r.Person, "stepped_back": r.Left, "digest": digest}); err != nil {
		return err
	}
	if r.Left {
		d.tell("member_stepped_back", d.task.Urgency, d.superiors()...)
	}
	return d.without(r.Left && m.State == Accepted)
}

// beforeRecusal is what the law says while nobody has asked, of the unit with the member in it; where that does not fit its own work,
// of the member alone.
func (d *deciding) beforeRecusal(m Member) (base law.Ruling, unit []Member, err error) {
	alone := m
	alone.Acts = nil
	for _, unit = range [][]Member{alongside(d.unit(), m), {alone}} {
		facts := d.builder().facts(&d.task, d.phase(), unit)
		if base, err = d.rule(&facts); err == nil {
			break
		}
	}
	return base, unit, err
}

func alongside(unit []Member, m Member) []Member {
	if slices.ContainsFunc(unit, func(u Member) bool { return u.Person == m.Person }) {
		return unit
	}
	return append(slices.Clone(unit), m)
}

// superiors are those who answer for the unit: its lead and whoever sent it.
func (d *deciding) superiors() []uuid.UUID {
	people := []uuid.UUID{d.task.DispatchedBy.Person}
	if lead := d.task.Lead(); lead != nil {
		people = append(people, lead.Person)
	}
	return people
}

func (d *deciding) sourceOf(person uuid.UUID) string {
	lead := d.task.Lead()
	if person != d.actor.Person && lead != nil && lead.Person == d.actor.Person {
		return "lead"
	}
	return "phone"
}

func (d *deciding) noteRecusal(person uuid.UUID, value law.Recusal, source string) {
	d.note([]duty.Observation{{
		ID: d.newID(), Subject: person, Task: &d.task.ID, Fact: factRecusal, Value: value.String(), By: d.actor.Person, Device: d.actor.Device,
		Source: source, ObservedAt: d.given(),
	}})
}

// without asks the law about the unit as it is now. Work that goes on stands on a ruling of its own when the unit at work has changed;
// where the rest may not go on it is a violation, and where nobody is left it is paused.
func (d *deciding) without(changed bool) error {
	if d.task.State != Started {
		d.weigh(law.Dispatch, d.task.called())
		return nil
	}
	if !changed {
		return d.rerule()
	}
	lawful, err := d.goOn()
	if err != nil {
		return d.nobodyLeft()
	}
	return d.heed(lawful)
}

func (d *deciding) nobodyLeft() error {
	to, err := d.task.State.Next(DoPause)
	if err != nil {
		return err
	}
	d.task.State = to
	d.fall()
	d.tell("work_paused", Urgent, d.superiors()...)
	return d.event("task.paused", map[string]any{"reason": "已无人可以继续该工作"})
}

// DecideRecusal has the head's decision carried out; granted, it looks for who could be sent instead.
func (s *Service) DecideRecusal(ctx context.Context, actor duty.Actor, cmd duty.Command, task uuid.UUID, step DecideRecusal) (Answer, error) {
	if err := duty.Require(actor, duty.DecideRecusal); err != nil {
		return Answer{}, err
	}
	if step.Grant {
		roll, err := s.store.Roll(ctx, actor, "")
		if err != nil {
			return Answer{}, err
		}
		step.roll = &roll
	}
	return s.Do(ctx, actor, cmd, task, step)
}

func (s DecideRecusal) apply(d *deciding) error {
	at := slices.IndexFunc(d.Recusals, func(r Recusal) bool { return r.ID == s.Recusal })
	me := d.actor.Person
	switch {
	case at < 0:
		return fault.Missing("recusal")
	case d.task.DispatchedBy.Person == me || d.task.Part(me) || d.Recusals[at].AskedBy == me:
		return fault.New(fault.Forbidden, "not_yours_to_decide", "派遣人、任务成员和申请人不得决定回避", "whoever sent the unit, goes with it or asked does not decide")
	case d.Recusals[at].State != RecusalPending:
		return fault.New(fault.Conflict, "recusal_decided", "该回避申请已经决定", "this request has been decided")
	}
	r := d.Recusals[at]
	r.State, r.Why, r.DecidedAt, r.DecidedBy = RecusalRefused, s.Reason, &d.Now, &Head{me, d.actor.Number, d.actor.Name}
	value := law.RecusalRefused
	if s.Grant {
		r.State, value = RecusalGranted, law.RecusalGranted
		found, err := s.replacements(d, r.Person)
		if err != nil {
			return err
		}
		r.Replacements = found
	}
	d.noteRecusal(r.Person, value, "head")
	digest, err := sealed(r)
	if err != nil {
		return err
	}
	body := map[string]any{"recusal": r.ID, "person": r.Person, "granted": s.Grant, "digest": digest}
	if s.Grant {
		body["replacements"] = r.Replacements
	}
	d.out.Beside = &Beside{Recusal: &r}
	if err := d.event("recusal.decided", body); err != nil {
		return err
	}
	d.tell("recusal_decided", d.task.Urgency, append(d.superiors(), r.Person, r.AskedBy)...)
	if !d.task.State.Open() {
		return nil
	}
	if s.Grant {
		return d.recused(r)
	}
	return d.back(r)
}

// recused sends the member away. Where the rest of a unit at work may not go on without them they stay on the paper, left out of the
// unit, until somebody is sent in their place; who was not left out, in the rescue of an emergency, goes on with it.
func (d *deciding) recused(r Recusal) error {
	m := d.task.Member(r.Person)
	if m == nil {
		return nil
	}
	was, out := *m, d.steppedBack(r.Person)
	to, err := m.State.Next(DoReassign)
	if err != nil {
		return err
	}
	m.State = to
	d.task.SteppedBack = slices.DeleteFunc(d.task.SteppedBack, func(p uuid.UUID) bool { return p == r.Person })
	if d.task.State != Started || was.State != Accepted {
		d.tell("removed", d.task.Urgency, r.Person)
		return d.without(false)
	}
	lawful, err := d.goOn()
	if err == nil && !lawful {
		*m = was
		return d.stays(r.Person, out)
	}
	d.tell("removed", d.task.Urgency, r.Person)
	if err != nil {
		return d.nobodyLeft()
	}
	return d.heed(true)
}

// stays puts a member back on the paper who could not be taken off it.
func (d *deciding) stays(person uuid.UUID, out bool) error {
	if out {
		d.task.SteppedBack = append(d.task.SteppedBack, person)
	}
	return d.rerule()
}

// back lets the member into the unit again.
func (d *deciding) back(r Recusal) error {
	out := d.steppedBack(r.Person)
	d.task.SteppedBack = slices.DeleteFunc(d.task.SteppedBack, func(p uuid.UUID) bool { return p == r.Person })
	m := d.task.Member(r.Person)
	return d.without(out && m != nil && m.State == Accepted)
}

const maxReplacements = 5

// replacements are those of the task's organ who could be sent now in somebody's place.
func (s DecideRecusal) replacements(d *deciding, person uuid.UUID) (list []Replacement, err error) {
	m := d.task.ever(person)
	if s.roll == nil || m == nil {
		return nil, nil
	}
	task := Task{
		Order:   Order{Acts: d.task.Acts, CaseKind: d.task.caseKind(), Tags: d.task.tags(), Emergency: d.task.Emergency},
		Members: []Member{{Operates: m.Operates}}, DispatchedBy: d.task.DispatchedBy,
	}
	if len(m.Acts) > 0 {
		task.Acts = m.Acts
	}
	var people []Candidate
	for _, c := range s.roll.People {
		if c.Person.Organ.Path.Within(d.task.Organ.Employs()) && d.task.ever(c.Person.ID) == nil {
			people = append(people, c)
		}
	}
	sorting := sorting{factBuilder: factBuilder{now: d.Now, law: d.Law, book: d.book}, task: &task}
	if err := sorting.all(people); err != nil {
		return nil, err
	}
	for _, c := range sorting.out.cut(maxReplacements).May {
		list = append(list, Replacement{c.Person.ID, c.Person.Number, c.Person.Name, c.OpenTasks})
	}
	return list, nil
}
