package dispatch

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
)

// applier is what a command does to the task it is deciding.
type applier interface {
	apply(d *deciding) error
}

// deciding is one command being decided: a snapshot, the task as it is becoming, and what will be left behind.
type deciding struct {
	Snapshot
	actor  duty.Actor
	action Action
	book   Book
	fresh  Freshness
	newID  func() uuid.UUID
	by     uuid.UUID // whose doing it is: nobody's, when a lead decays

	matter   uuid.UUID // of a dispatch
	urgency  Urgency
	patience time.Duration

	before Task // as it was; a refused command leaves it so
	task   Task
	seen   statements // what stands, with what this command itself states
	said   statements // of these, what this command states
	out    Decision
	quiet  bool // its last ruling weighs what might be: no approver is asked about it
}

func (s *Service) decide(snap Snapshot, actor duty.Actor, action Action, matter uuid.UUID, a applier) (Decision, error) {
	to, err := snap.Task.State.Next(action)
	if err != nil {
		return Decision{}, err
	}
	book, err := s.books(snap.Law)
	if err != nil {
		return Decision{}, err
	}
	d := &deciding{
		Snapshot: snap, actor: actor, action: action, book: book, fresh: s.fresh, newID: s.newID,
		matter: matter, patience: s.patience, before: snap.Task, task: snap.Task.clone(), seen: standing(snap.Observations, snap.Now, s.fresh, snap.Task.begun()).fromTheScene(&snap.Task),
	}
	if err := d.attend(false); err != nil {
		return Decision{}, err
	}
	d.by = actor.Person
	d.before = d.task.clone()
	d.task.State = to
	if err := a.apply(d); err != nil {
		return Decision{}, err
	}
	if err := d.attend(true); err != nil {
		return Decision{}, err
	}
	if err := d.backToNow(); err != nil {
		return Decision{}, err
	}
	d.endFallback()
	if err := d.consult(); err != nil {
		return Decision{}, err
	}
	d.out.Task = d.task
	return d.out, nil
}

// clone copies what a command may change, so that the snapshot stays as it was.
func (t *Task) clone() Task {
	c := *t
	c.Members = append([]Member{}, t.Members...)
	c.Officers = append([]Officer{}, t.Officers...)
	c.SteppedBack, c.Restraints = slices.Clone(t.SteppedBack), slices.Clone(t.Restraints)
	return c
}

// ask asks the law about a unit now, and keeps the ruling whatever it says. It fails when there is nothing to rule on: no
// unit, or an act of the task that nobody of the unit does.
func (d *deciding) ask(phase law.Phase, unit []Member) (*RulingRecord, error) {
	facts := d.builder().facts(&d.task, phase, unit)
	ruling, err := d.rule(&facts)
	if err != nil {
		return nil, fault.New(fault.Conflict, "unit_does_not_fit", "现有人员与任务事项不匹配，请先调整人员或事项："+err.Error(),
			"the unit does not fit the task as it stands, reassign first: "+err.Error()).Because(err)
	}
	record := RulingRecord{
		ID: d.newID(), Epoch: d.task.Epoch, Path: d.task.Organ.Path, Actor: d.by, Command: string(d.action),
		At: d.Now, Facts: facts, Ruling: ruling,
	}
	if d.task.ID != uuid.Nil {
		record.Task = &d.task.ID
	}
	d.out.Rulings = append(d.out.Rulings, record)
	d.task.LatestRuling, d.task.LatestOutcome = record.ID, ruling.Outcome
	return &record, nil
}

// rule asks the book, and once more with what approvers have decided about the reasons that a person must settle.
func (d *deciding) rule(facts *law.Facts) (law.Ruling, error) {
	ruling, err := d.book.Rule(facts)
	if err != nil {
		return ruling, err
	}
	if facts.Decisions = d.settled(ruling); len(facts.Decisions) == 0 {
		return ruling, nil
	}
	return d.book.Rule(facts)
}

// weigh asks the law where its answer cannot stand in the way of stopping or of saying no; where there is nothing left to rule
// on it keeps no ruling.
func (d *deciding) weigh(phase law.Phase, unit []Member) (lawful bool) {
	record, err := d.ask(phase, unit)
	return err != nil || record.Ruling.Outcome.Lawful()
}

// Idle says that a command leaves nothing behind.
func (d Decision) Idle() bool { return len(d.Events) == 0 && len(d.Observations) == 0 }

// stand makes a lawful ruling the one a started task stands on, in an epoch of its own.
func (d *deciding) stand(phase law.Phase, unit []Member) (lawful bool, err error) {
	d.task.Epoch++
	record, err := d.ask(phase, unit)
	if err != nil || !record.Ruling.Outcome.Lawful() {
		return false, err
	}
	d.task.StandingRuling = &record.ID
	return true, nil
}

// fall takes away the ruling the task stood on: nothing may go on under it.
func (d *deciding) fall() {
	d.task.Epoch++
	d.task.StandingRuling, d.task.Violation = nil, false
}

// refuse undoes the command and keeps the ruling that refused it in the record. What a phone stated with it is testimony and stays;
// what the dispatcher stated of the people was part of the order.
func (d *deciding) refuse() error {
	d.task = d.before.clone()
	d.out.Refused, d.out.Pushes = true, nil
	d.out.Observations = slices.DeleteFunc(d.out.Observations, func(o duty.Observation) bool { return o.Source == sourceDispatcher })
	return d.event("task.refused", map[string]any{"command": d.action})
}

// event records that something happened to the task; each one raises the version.
func (d *deciding) event(kind string, body map[string]any) error {
	if body == nil {
		body = map[string]any{}
	}
	body["state"] = d.task.State
	if n := len(d.out.Rulings); n > 0 {
		body["ruling"], body["outcome"] = d.out.Rulings[n-1].ID, d.out.Rulings[n-1].Ruling.Outcome
	}
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	e := ledger.Event{ID: d.newID(), Kind: kind, Path: d.task.Organ.Path, Actor: d.by, At: d.Now, Body: text}
	if d.task.ID != uuid.Nil {
		d.task.Version++
		e.Task, e.Version = &d.task.ID, d.task.Version
	}
	d.out.Events = append(d.out.Events, e)
	return nil
}

// note keeps what this command states and lets it count at once.
func (d *deciding) note(seen []duty.Observation) {
	for _, o := range seen {
		o.ReceivedAt, o.Moot = d.Now, d.moot(o)
		d.out.Observations = append(d.out.Observations, o)
		d.count(o)
	}
}

// moot says that somebody does not know of what stands as wrong: that does not put it right.
func (d *deciding) moot(o duty.Observation) bool {
	before := d.seen.latest(o.Subject, o.Fact)
	return o.Value == unknown && before != nil && slices.Contains(wrong[o.Fact], before.Value)
}

// count lets what was stated stand from when it must have been stated, unless it is too old by now.
func (d *deciding) count(o duty.Observation) {
	if o.Moot {
		return
	}
	o.ReceivedAt = o.StatedBy(d.Happened)
	d.said = append(d.said, o)
	if d.fresh.stands(o, d.Now, lasting(d.Observations, o, d.task.begun())) {
		d.seen = append(d.seen, o)
	}
}

// push tells people that there is something to fetch.
func (d *deciding) push(kind string, people ...uuid.UUID) {
	for _, p := range people {
		d.out.Pushes = append(d.out.Pushes, duty.Push{Person: p, Task: d.task.ID, Kind: kind, Priority: string(d.task.Urgency)})
	}
}

// called is the unit as ordered: everybody who has not declined or been sent away.
func (t *Task) called() []Member { return t.membersIn(Sent, Acknowledged, Accepted) }

// working is the unit that does the work: those who accepted.
func (t *Task) working() []Member { return t.membersIn(Accepted) }

func (t *Task) membersIn(states ...MemberState) (unit []Member) {
	for _, m := range t.Members {
		if slices.Contains(t.SteppedBack, m.Person) {
			continue
		}
		for _, s := range states {
			if m.State == s {
				unit = append(unit, m)
			}
		}
	}
	return unit
}
