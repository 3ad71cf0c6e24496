package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// Met is what was met on the scene beyond what was ordered. It is no part of the order: the law is asked with both.
type Met struct {
	Tags     law.Tags      `json:"tags"`
	Gone     law.Tags      `json:"gone"` // ordered, and found not to be so
	CaseKind *law.CaseKind `json:"case_kind,omitempty"`
}

// tags are the circumstances as they are known now.
func (t *Task) tags() law.Tags {
	if t.Met == nil {
		return t.Tags
	}
	return (t.Tags | t.Met.Tags) &^ t.Met.Gone
}

func (t *Task) caseKind() law.CaseKind {
	if t.Met == nil || t.Met.CaseKind == nil {
		return t.CaseKind
	}
	return *t.Met.CaseKind
}

// ChangeActs says on the scene what the work has become: acts are ordered and may be refused; circumstances are observed and are kept
// whatever the law says to them.
type ChangeActs struct {
	beside
	Add, Remove         []string
	AddTags, RemoveTags law.Tags
	CaseKind            *law.CaseKind

	nearby []Called
}

func (ChangeActs) action() Action              { return DoChangeActs }
func (ChangeActs) permission() duty.Permission { return duty.ChangeActs }
func (ChangeActs) people() []uuid.UUID         { return nil }

func (s ChangeActs) facts() bool { return s.AddTags|s.RemoveTags != 0 || s.CaseKind != nil }
func (s ChangeActs) acts() int   { return len(s.Add) + len(s.Remove) }

func (s ChangeActs) check() error {
	if s.acts() > maxActs {
		return between("body/add", s.acts(), 0, maxActs)
	}
	if s.acts() == 0 && !s.facts() {
		return fault.BadField("body", "nothing is changed")
	}
	if s.AddTags&s.RemoveTags != 0 {
		return fault.BadField("body/remove_tags", "is there twice")
	}
	return nil
}

// ChangeActs has the work changed, and answers who could come.
func (s *Service) ChangeActs(ctx context.Context, actor duty.Actor, cmd duty.Command, task uuid.UUID, step ChangeActs) (Answer, error) {
	if err := duty.Require(actor, duty.ChangeActs); err != nil {
		return Answer{}, err
	}
	if s.nearby != nil {
		view, err := s.Task(ctx, actor, task)
		if err != nil {
			return Answer{}, err
		}
		// Where nobody can be found by position, those on duty at the organ are named: the command does not wait for a map.
		step.nearby, _ = s.nearby.Nearby(ctx, actor, task, view.Task.Place)
	}
	return s.Do(ctx, actor, cmd, task, step)
}

func (s ChangeActs) apply(d *deciding) error {
	if err := s.mayChange(d); err != nil {
		return err
	}
	called := s.nearby
	if len(called) == 0 {
		called = d.calledAll(d.onDuty())
	}
	d.out.Beside = &Beside{Called: called}
	if s.facts() {
		if err := s.meet(d); err != nil {
			return err
		}
	}
	if s.acts() > 0 {
		if err := s.change(d); err != nil {
			return err
		}
	}
	if d.out.Refused && !s.facts() {
		return nil
	}
	people := d.superiors()
	for _, m := range d.task.called() {
		people = append(people, m.Person)
	}
	if d.task.Lead() == nil { // nobody is there to see to it
		people = append(people, watchersOf(d.onDuty())...)
	}
	d.tell("acts_changed", Urgent, people...)
	return nil
}

// mayChange: the lead and whoever may dispatch change what they like; a member at work only says what they have met.
func (s ChangeActs) mayChange(d *deciding) error {
	lead := d.task.Lead()
	if lead != nil && lead.Person == d.actor.Person && d.People[d.actor.Person].Status == law.StatusActive ||
		d.actor.Can(duty.DispatchTask, target(&d.task, d.actor)) {
		return nil
	}
	m := d.task.Member(d.actor.Person)
	switch {
	case m == nil:
		return fault.New(fault.Forbidden, "not_the_lead", "只有带领民警、派遣人或者队员可以变更事项", "only the lead, the dispatcher or a member changes what the work is")
	case m.State != Accepted:
		return fault.New(fault.Conflict, "not_accepted", "您尚未接受该任务", "you have not accepted the task")
	case d.steppedBack(m.Person):
		return errSteppedBack
	case len(s.Remove) > 0 || s.RemoveTags != 0 || s.CaseKind != nil:
		return fault.New(fault.Forbidden, "only_adding", "队员只能增加现场遇到的事项和情形", "a member only adds what they have met")
	}
	return nil
}

// meet keeps the circumstances and asks the law at once.
func (s ChangeActs) meet(d *deciding) error {
	met := Met{}
	if d.task.Met != nil {
		met = *d.task.Met
	}
	met.Tags, met.Gone = (met.Tags|s.AddTags)&^s.RemoveTags, (met.Gone|s.RemoveTags)&^s.AddTags
	if s.CaseKind != nil {
		met.CaseKind = s.CaseKind
	}
	d.task.Met = &met
	body := map[string]any{"tags_added": s.AddTags.Words(), "tags_removed": s.RemoveTags.Words()}
	if s.CaseKind != nil {
		body["case_kind"] = s.CaseKind.String()
	}
	if d.task.State != Started {
		d.weigh(d.phase(), d.unit())
		return d.event("task.met", body)
	}
	lawful, unfit := d.goOn()
	if err := d.event("task.met", body); err != nil || unfit != nil { // with nobody to rule on, what was met is kept all the same
		return err
	}
	return d.heed(lawful)
}

// change orders the acts. Refused, the order stays as it was, with what was met.
func (s ChangeActs) change(d *deciding) error {
	d.before = d.task.clone()
	if err := s.reorder(d); err != nil {
		return err
	}
	lawful, err := s.ruled(d)
	if err != nil {
		return err
	}
	if !lawful {
		return d.refuse()
	}
	if err := d.event("task.acts_changed", map[string]any{"added": s.Add, "removed": s.Remove}); err != nil {
		return err
	}
	return d.heed(true)
}

// ruled asks about the work as it is to be: acts that begin now are asked about as a start.
func (s ChangeActs) ruled(d *deciding) (lawful bool, err error) {
	switch {
	case d.task.State != Started:
		record, err := d.ask(law.Dispatch, d.task.called())
		return err == nil && record.Ruling.Outcome.Lawful(), s.misplaced(d, err)
	case len(s.Add) > 0:
		lawful, err = d.stand(law.Start, d.task.working())
	default:
		lawful, err = d.stand(law.During, d.task.working())
	}
	return lawful, s.misplaced(d, err)
}

// misplaced points at the added act that the law has no place for.
func (s ChangeActs) misplaced(d *deciding, err error) error {
	var input *law.InputError
	var at int
	if !errors.As(err, &input) {
		return err
	}
	if _, scan := fmt.Sscanf(input.Field, "/acts/%d", &at); scan != nil || at < len(d.task.Acts)-len(s.Add) {
		return err
	}
	return fault.BadField(fmt.Sprintf("body/add/%d", at-len(d.task.Acts)+len(s.Add)), input.Problem).Because(err)
}

// reorder puts the acts in and takes them out, of the work and of whoever does only part of it.
func (s ChangeActs) reorder(d *deciding) error {
	acts := slices.Clone(d.task.Acts)
	for i, act := range s.Remove {
		at := slices.Index(acts, act)
		if at < 0 {
			return fault.BadField(fmt.Sprintf("body/remove/%d", i), "is no act of the task")
		}
		acts = slices.Delete(acts, at, at+1)
	}
	for i, act := range s.Add {
		if slices.Contains(acts, act) {
			return fault.BadField(fmt.Sprintf("body/add/%d", i), "is there twice")
		}
		acts = append(acts, act)
	}
	if err := between("body/add", len(acts), 1, maxActs); err != nil {
		return err
	}
	d.task.Acts = acts
	own := d.task.Member(d.actor.Person)
	for i := range d.task.Members {
		m := &d.task.Members[i]
		if len(m.Acts) == 0 || m.State == Removed || m.State == Declined {
			continue // all of them, whatever they are
		}
		m.Acts = slices.DeleteFunc(slices.Clone(m.Acts), func(act string) bool { return slices.Contains(s.Remove, act) })
		if own == nil || own.Person == m.Person {
			m.Acts = append(m.Acts, s.Add...)
		}
		if len(m.Acts) == 0 {
			return fault.BadField("body/remove", "would leave a member without an act; reassign first")
		}
	}
	return nil
}
