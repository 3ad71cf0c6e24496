package dispatch

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// Step is one command on a task that exists.
type Step interface {
	applier
	action() Action
	permission() duty.Permission
	people() []uuid.UUID // named beyond those on the task
	check() error
}

type (
	// Acknowledge says that the member has seen the order (签收): proof of having been reached, not yet an answer.
	Acknowledge struct{ onTask }
	// Accept is the member's yes.
	Accept struct{ onTask }
	// Decline is the member's no, with a reason. It carries no mark against the person (Art. 20).
	Decline struct {
		onTask
		Reason string
	}
	// Start begins the work of everybody who accepted. Statements are what the phone declares of the facts nobody else sees.
	Start struct {
		onTask
		Statements []Statement
	}
	// Pause interrupts the work; it needs a fresh ruling to go on.
	Pause struct {
		onTask
		Reason string
	}
	// Resume goes on after a pause, under the law of that moment.
	Resume struct {
		onTask
		Statements []Statement
	}
	// Finish ends the work with a report.
	Finish struct {
		onTask
		Report string
	}
	// Cancel takes the order back.
	Cancel struct {
		byDispatcher
		Reason string
	}
	// Reassign sends people away and calls others.
	Reassign struct {
		byDispatcher
		Add    []MemberOrder
		Remove []uuid.UUID
	}
	// NameLead names the one officer who leads, in place of whoever did. A lead may hand over; else the dispatcher names.
	NameLead struct {
		handingOver
		Officer OfficerOrder
	}
)

// The three ways of standing towards a task.
type (
	onTask       struct{}
	byDispatcher struct{}
	handingOver  struct{}
)

func (onTask) permission() duty.Permission       { return duty.ActOnTask }
func (byDispatcher) permission() duty.Permission { return duty.DispatchTask }
func (handingOver) permission() duty.Permission  { return duty.HandOverLead }
func (onTask) people() []uuid.UUID               { return nil }
func (byDispatcher) people() []uuid.UUID         { return nil }
func (onTask) check() error                      { return nil }
func (byDispatcher) check() error                { return nil }
func (handingOver) check() error                 { return nil }

func (Acknowledge) action() Action { return DoAcknowledge }
func (Accept) action() Action      { return DoAccept }
func (Decline) action() Action     { return DoDecline }
func (Start) action() Action       { return DoStart }
func (Pause) action() Action       { return DoPause }
func (Resume) action() Action      { return DoResume }
func (Finish) action() Action      { return DoFinish }
func (Cancel) action() Action      { return DoCancel }
func (Reassign) action() Action    { return DoReassign }
func (NameLead) action() Action    { return DoNameLead }

func (s NameLead) people() []uuid.UUID { return []uuid.UUID{s.Officer.Person} }

func (s Reassign) people() (ids []uuid.UUID) {
	for _, m := range s.Add {
		ids = append(ids, m.Person)
	}
	return ids
}

func (s Reassign) check() error {
	return between("body", len(s.Add)+len(s.Remove), 1, maxMembers)
}

// phase is what the law is asked about a task that is going on or still to begin.
func (d *deciding) phase() law.Phase {
	if d.task.State == Started {
		return law.During
	}
	return law.Dispatch
}

// unit is whom the law is asked about: those at work once work has begun, before that those who were called.
func (d *deciding) unit() []Member {
	if d.task.State == Started {
		return d.task.working()
	}
	return d.task.called()
}

// move takes the acting member to their next state.
func (d *deciding) move() (*Member, error) {
	m := d.task.Member(d.actor.Person)
	if m == nil {
		return nil, fault.New(fault.Conflict, "not_a_member", "您不是该任务的队员", "only a member of the task can do this")
	}
	if d.steppedBack(m.Person) {
		return nil, errSteppedBack
	}
	to, err := m.State.Next(d.action)
	m.State = to
	return m, err
}

func (s Acknowledge) apply(d *deciding) error {
	m, err := d.move()
	if err != nil {
		return err
	}
	lawful := d.weigh(d.phase(), d.unit())
	if err := d.event("task.acknowledged", map[string]any{"person": m.Person}); err != nil {
		return err
	}
	return d.heed(lawful)
}

// apply: who accepts while the work goes on joins it, so the law is asked about the unit with them in it.
func (s Accept) apply(d *deciding) error {
	m, err := d.move()
	if err != nil {
		return err
	}
	lawful := true
	if d.task.State == Started {
		lawful, err = d.stand(law.Start, d.task.working())
	} else {
		lawful = d.weigh(law.Dispatch, d.task.called())
	}
	if err != nil {
		return err
	}
	if !lawful {
		return d.refuse()
	}
	if err := d.event("task.accepted", map[string]any{"person": m.Person}); err != nil {
		return err
	}
	return d.heed(true)
}

func (s Decline) apply(d *deciding) error {
	m, err := d.move()
	if err != nil {
		return err
	}
	m.Reason = s.Reason
	lawful := d.weigh(d.phase(), d.unit())
	if err := d.event("task.declined", map[string]any{"person": m.Person, "reason": s.Reason}); err != nil {
		return err
	}
	return d.heed(lawful)
}

// saying is a step that comes with statements.
type saying interface{ said() []Statement }

func (s Start) said() []Statement  { return s.Statements }
func (s Resume) said() []Statement { return s.Statements }

func (s Start) apply(d *deciding) error  { return d.begin("task.started", s.Statements) }
func (s Resume) apply(d *deciding) error { return d.begin("task.resumed", s.Statements) }

// begin starts or resumes the work: everybody called has answered, and the law finds the unit fit as it stands now.
func (d *deciding) begin(kind string, said []Statement) error {
	if err := d.atWork(); err != nil {
		return err
	}
	if waiting := d.task.membersIn(Sent, Acknowledged); len(waiting) > 0 {
		return fault.New(fault.Conflict, "members_not_accepted",
			fmt.Sprintf("尚有队员未接受任务：%s", names(waiting)), fmt.Sprintf("members who have not accepted: %s", names(waiting)))
	}
	if err := d.state(said); err != nil {
		return err
	}
	lawful, err := d.stand(law.Start, d.task.working())
	if err != nil {
		return err
	}
	if !lawful {
		return d.refuse()
	}
	if d.task.StartedAt == nil {
		if d.task.StartedAt = &d.Now; d.Happened != nil {
			d.task.BegunAt = &d.Happened.To
		}
	}
	if err := d.event(kind, nil); err != nil {
		return err
	}
	// What is in use goes on with the work; the ruling on the start, which is the answer, was not on that.
	n := len(d.out.Rulings)
	err = d.mark(d.restraintsLawful())
	d.out.Rulings = append(d.out.Rulings[n:len(d.out.Rulings):len(d.out.Rulings)], d.out.Rulings[:n]...)
	return err
}

// atWork keeps those out who have not said yes, and officers who are suspended: work is begun, paused and ended by the unit that
// does it and its officers. A suspended auxiliary is answered by the law itself.
func (d *deciding) atWork() error {
	if d.task.Officer(d.actor.Person) != nil && d.People[d.actor.Person].Status != law.StatusActive {
		return fault.New(fault.Forbidden, "not_active", "您目前不在岗，不能指挥该任务", "you are not on active service and do not direct the work")
	}
	if m := d.task.Member(d.actor.Person); m != nil && m.State != Accepted {
		return fault.New(fault.Conflict, "not_accepted", "您尚未接受该任务", "you have not accepted the task")
	}
	if d.steppedBack(d.actor.Person) {
		return errSteppedBack
	}
	return nil
}

func (s Pause) apply(d *deciding) error {
	if err := d.atWork(); err != nil {
		return err
	}
	d.weigh(law.During, d.task.working())
	d.fall()
	return d.event("task.paused", map[string]any{"reason": s.Reason})
}

func (s Finish) apply(d *deciding) error {
	if err := d.atWork(); err != nil {
		return err
	}
	d.weigh(law.During, d.task.working())
	d.task.Report, d.task.EndedAt, d.task.Violation = s.Report, &d.Now, false
	return d.event("task.finished", map[string]any{"report": s.Report != ""})
}

func (s Cancel) apply(d *deciding) error {
	if d.before.State == Started {
		d.weigh(law.During, d.task.working())
	} else {
		d.weigh(law.Dispatch, d.task.called())
	}
	d.task.Reason, d.task.EndedAt, d.task.Violation = s.Reason, &d.Now, false
	for _, m := range d.task.called() {
		d.push("cancelled", m.Person)
	}
	return d.event("task.cancelled", map[string]any{"reason": s.Reason})
}

// apply: people called in come under the law of a dispatch; a working unit that loses somebody needs a ruling of its own.
func (s Reassign) apply(d *deciding) error {
	for i, person := range s.Remove {
		if err := d.sendAway(fmt.Sprintf("body/remove/%d", i), person); err != nil {
			return err
		}
	}
	if err := d.addMembers("body/add", s.Add); err != nil {
		return err
	}
	record, err := d.ask(law.Dispatch, d.task.called())
	if err != nil {
		return err
	}
	lawful := record.Ruling.Outcome.Lawful()
	fewer := d.task.State == Started && len(s.Remove) > 0
	if lawful && fewer {
		if lawful, err = d.stand(law.Start, d.task.working()); err != nil {
			return err
		}
	}
	if !lawful {
		return d.refuse()
	}
	d.push("dispatched", s.people()...)
	d.push("removed", s.Remove...)
	if err := d.event("task.reassigned", map[string]any{"added": s.people(), "removed": s.Remove}); err != nil || !fewer {
		return err
	}
	return d.heed(true)
}

func (d *deciding) sendAway(field string, person uuid.UUID) error {
	m := d.task.Member(person)
	if m == nil {
		return fault.BadField(field, "is not a member of the task")
	}
	to, err := m.State.Next(DoReassign)
	m.State = to
	d.task.SteppedBack = slices.DeleteFunc(d.task.SteppedBack, func(p uuid.UUID) bool { return p == person }) // called in again, the law judges them
	return err
}

// apply: a lead hands over only his own lead; anybody else needs the permission to dispatch.
func (s NameLead) apply(d *deciding) error {
	lead := d.task.Lead()
	own := lead != nil && lead.Person == d.actor.Person
	if !own && !d.actor.Can(duty.DispatchTask, target(&d.task, d.actor)) {
		return fault.New(fault.Forbidden, "not_the_lead", "只有现任带领民警或派遣人可以指定带领民警", "only the lead or the dispatcher can name the lead")
	}
	if err := d.place(s.Officer); err != nil {
		return err
	}
	return d.settleLead(s.Officer.Person)
}

// relead asks about the unit under its new lead. Whoever takes over work that goes on must be there already, so the ruling it
// stands on from now is one of a start.
func (d *deciding) relead() (lawful bool, err error) {
	if d.task.State == Started {
		return d.stand(law.Start, d.task.working())
	}
	record, err := d.ask(law.Dispatch, d.task.called())
	return err == nil && record.Ruling.Outcome.Lawful(), err
}

func names(members []Member) (list string) {
	for i, m := range members {
		if i > 0 {
			list += "、"
		}
		list += m.Name
	}
	return list
}
