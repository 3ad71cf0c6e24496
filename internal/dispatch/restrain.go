package dispatch

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

type (
	// AskRestraint asks for restraint equipment in an emergency. It is a call for help: nobody in danger is told no. The same id again
	// calls again.
	AskRestraint struct {
		testifying
		ID         uuid.UUID // made by the phone, so that its later records can speak of it; uuid.Nil: made here
		Person     uuid.UUID // who is to use it; uuid.Nil: the actor
		Danger     Danger
		Class      law.EquipmentClass
		Item       string
		ObservedAt time.Time
	}
	// CommandRestraint is an officer's command or lead (Art. 17(4)). It can be refused: by law, or because somebody else commands.
	CommandRestraint struct {
		beside
		Restraint uuid.UUID
		Mode      law.CommandMode
		Recorded  bool
		InsteadOf *uuid.UUID // the order it takes the place of
	}
	// UseRestraint tells that the equipment is being used or no more. It is testimony, whether or not anybody asked or commanded.
	UseRestraint struct {
		testifying
		Restraint uuid.UUID
		Stop      bool
		Person    uuid.UUID // who uses it; uuid.Nil: the actor, or who asked
		// Of one that nobody asked for.
		Danger     Danger
		Class      law.EquipmentClass
		Item       string
		ObservedAt time.Time
		Outcome    string
		Injuries   string
		Medical    string
	}
	// ReportRestraint is the report afterwards.
	ReportRestraint struct {
		testifying
		Restraint uuid.UUID
		Text      string
	}
)

func (AskRestraint) action() Action     { return DoRestrain }
func (CommandRestraint) action() Action { return DoCommand }
func (UseRestraint) action() Action     { return DoRestrain }
func (ReportRestraint) action() Action  { return DoRestrain }

func (AskRestraint) permission() duty.Permission     { return duty.ActOnTask }
func (CommandRestraint) permission() duty.Permission { return duty.CommandRestraint }
func (UseRestraint) permission() duty.Permission     { return duty.ActOnTask }
func (ReportRestraint) permission() duty.Permission  { return duty.ActOnTask }

func (AskRestraint) people() []uuid.UUID     { return nil }
func (CommandRestraint) people() []uuid.UUID { return nil }
func (UseRestraint) people() []uuid.UUID     { return nil }
func (ReportRestraint) people() []uuid.UUID  { return nil }

func (s AskRestraint) check() error { return equipped(s.Danger, s.Item) }

func (s CommandRestraint) check() error {
	if s.Mode == law.ModeNone {
		return fault.BadField("body/mode", "must be one of command, lead")
	}
	return nil
}

func (s UseRestraint) check() error {
	if s.Danger == "" && s.Item == "" {
		return nil
	}
	return equipped(s.Danger, s.Item)
}

func (ReportRestraint) check() error { return nil }

// apply calls the lead and the officers on duty, and answers who was called and what the law says to a use as things stand.
func (s AskRestraint) apply(d *deciding) error {
	person, err := d.user(s.Person, uuid.Nil)
	if err != nil {
		return err
	}
	r := d.task.restraint(s.ID)
	again := r != nil && r.AskedBy != nil
	if r == nil {
		id := s.ID
		if id == uuid.Nil {
			id = d.newID()
		}
		r = d.task.adds(Restraint{ID: id, Danger: s.Danger, Class: s.Class, Item: s.Item, Person: person})
	}
	if !again {
		r.AskedBy, r.AskedAt, r.ObservedAt = &d.actor.Person, &d.Now, moment(s.ObservedAt)
	}
	d.quiet = true
	d.weighUse(r)
	called := d.summons()
	d.tell("restraint_requested", Immediate, peopleOf(called)...)
	return d.restrained(r, called, "restraint.requested", map[string]any{"danger": r.Danger, "item": r.Item, "unlisted": r.Unlisted, "again": again})
}

// summons are the lead and the officers on duty nearest to the task; where nobody is, the head and whoever sent the unit.
func (d *deciding) summons() []Called {
	list := d.callList(d.onDuty())
	if !slices.ContainsFunc(list, func(c Called) bool { return c.OnDuty }) {
		list = d.callList(d.heads(), d.dispatcherWatch())
	}
	return list
}

func (d *deciding) dispatcherWatch() []Watcher {
	by := d.task.DispatchedBy
	if by.Class != duty.Officer || by.Person == d.actor.Person {
		return nil
	}
	return []Watcher{{Person: by.Person, Number: by.Number, Name: by.Name}}
}

// user is whom a use is about: one of the members, now or before.
func (d *deciding) user(named, asked uuid.UUID) (uuid.UUID, error) {
	if named == uuid.Nil && d.task.ever(d.actor.Person) != nil {
		return d.actor.Person, nil
	}
	if named == uuid.Nil {
		named = asked
	}
	if d.task.ever(named) == nil {
		return uuid.Nil, fault.BadField("body/person", "is not a member of the task")
	}
	return named, nil
}

func (t *Task) adds(r Restraint) *Restraint {
	t.Restraints = append(t.Restraints, r)
	return &t.Restraints[len(t.Restraints)-1]
}

// restrained is the event of a restraint, and the answer.
func (d *deciding) restrained(r *Restraint, called []Called, kind string, body map[string]any) error {
	body["restraint"], body["person"], body["class"] = r.ID, r.Person, r.Class.String()
	if !d.task.State.Open() {
		body["late"] = true
	}
	now := *r
	d.out.Beside = &Beside{Restraint: &now, Called: called}
	return d.event(kind, body)
}

var (
	errNoOfficer = fault.New(fault.Forbidden, "not_an_officer", "约束性装备只能由人民警察指挥或者带领使用", "only a people's police officer commands or leads restraint (Art. 17(4))")
	errOffDuty   = fault.New(fault.Conflict, "not_on_duty", "您目前不在岗；签到后方可指挥", "you are not on duty: check in and command then")
	errCommanded = fault.New(fault.Conflict, "restraint_commanded", "已有民警指挥；接替指挥须指明所接替的指令", "another officer commands already; to take over name the order that you take the place of")
)

// apply: any officer on duty who reaches the task may command, from wherever the organ's reading lets the command come.
func (s CommandRestraint) apply(d *deciding) error {
	r := d.task.restraint(s.Restraint)
	me := d.People[d.actor.Person]
	switch {
	case d.actor.Class != duty.Officer:
		return errNoOfficer
	case r == nil:
		return fault.Missing("restraint")
	case me.Status != law.StatusActive || !d.isOnDuty(d.actor.Person):
		return errOffDuty
	}
	if standing := r.Standing(); standing != nil && (s.InsteadOf == nil || *s.InsteadOf != standing.ID) {
		return errCommanded
	}
	r.Orders = append(r.Orders, RestraintOrder{
		ID: d.newID(), Person: d.actor.Person, Number: d.actor.Number, Name: d.actor.Name, Mode: s.Mode, Recorded: s.Recorded, At: d.Now,
		Outside: d.task.Officer(d.actor.Person) == nil,
	})
	d.quiet = true
	record, own := d.weighUse(r)
	if record != nil && !lawful(own) {
		return d.refuse()
	}
	people := []uuid.UUID{r.Person}
	if r.AskedBy != nil {
		people = append(people, *r.AskedBy)
	}
	if lead := d.task.Lead(); lead != nil {
		people = append(people, lead.Person)
	}
	d.tell("restraint_commanded", Immediate, people...)
	if err := d.restrained(r, nil, "restraint.commanded", map[string]any{"mode": s.Mode.String(), "recorded": s.Recorded}); err != nil {
		return err
	}
	if r.use() == nil {
		return nil
	}
	return d.rerule()
}

func (s UseRestraint) apply(d *deciding) error {
	r := d.task.restraint(s.Restraint)
	asked := uuid.Nil
	if r != nil {
		asked = r.Person
	}
	if r != nil && s.another(r) { // the order was not for this piece, and what was used is kept as what it was
		s.Restraint, s.Danger = uuid.NewSHA1(r.ID, []byte(s.Class.String()+" "+s.Item)), cmp.Or(s.Danger, r.Danger)
		r = d.task.restraint(s.Restraint)
	}
	person, err := d.user(s.Person, asked)
	if err != nil {
		return err
	}
	if r == nil { // used before anybody could ask, or heard of in another order
		if s.Danger == "" {
			return fault.BadField("body/danger", "is required of a use that nobody asked for")
		}
		r = d.task.adds(Restraint{ID: s.Restraint, Danger: s.Danger, Class: s.Class, Item: s.Item, Person: person})
	}
	if s.Stop {
		return s.stop(d, r, person)
	}
	if r.use() != nil {
		return d.restrained(r, nil, "restraint.used", map[string]any{"again": true, "lawful": r.use().Lawful})
	}
	if err := s.start(d, r, person); err != nil {
		return err
	}
	return d.rerule()
}

// another says that it is a piece of equipment other than the one that was asked for. The least class may be one that was left out.
func (s UseRestraint) another(r *Restraint) bool {
	return s.Item != "" && (s.Item != r.Item || s.Class != law.EquipmentOrdinary && s.Class != r.Class)
}

// start keeps a use, and raises the alarm when no officer ordered it or the law does not allow it.
func (s UseRestraint) start(d *deciding, r *Restraint, person uuid.UUID) error {
	use := RestraintUse{ID: d.newID(), Person: person, ToldBy: d.actor.Person, StartedAt: d.Now}
	if !s.Stop {
		use.StartObservedAt = moment(s.ObservedAt)
	}
	// What was recorded without network before the order came was used without one, whatever the phone's clock says.
	if order := r.Standing(); order != nil && !d.given().Before(order.At) {
		use.Order, use.BeforeOrder = &order.ID, use.StartObservedAt != nil && use.StartObservedAt.Before(order.At)
	}
	r.Uses = append(r.Uses, use)
	d.quiet = true
	record, own := d.weighUse(r)
	kept := r.use()
	kept.Lawful = use.Order != nil && record != nil && lawful(own)
	if record != nil {
		kept.Ruling = &record.ID
	}
	body := map[string]any{"item": r.Item, "commanded": use.Order != nil, "lawful": kept.Lawful}
	if kept.Lawful {
		return d.restrained(r, nil, "restraint.used", body)
	}
	called := d.callList(d.onDuty(), d.heads(), d.dispatcherWatch())
	if err := d.restrained(r, called, "restraint.used", body); err != nil {
		return err
	}
	d.tell("restraint_alarm", Immediate, append(peopleOf(called), d.task.DispatchedBy.Person)...)
	return d.restrained(r, called, "restraint.violation", map[string]any{"commanded": use.Order != nil})
}

// stop ends the use. One whose start we never heard of is kept from now on: what it was is for people to find out.
func (s UseRestraint) stop(d *deciding, r *Restraint, person uuid.UUID) error {
	var called []Called
	if d.toldAlready(r) {
		return d.restrained(r, nil, "restraint.stopped", map[string]any{"again": true})
	}
	if r.use() == nil {
		if err := s.start(d, r, person); err != nil {
			return err
		}
		called = d.out.Beside.Called
	}
	use := r.use()
	use.StoppedAt, use.StopObservedAt, use.StopToldBy = &d.Now, moment(s.ObservedAt), &d.actor.Person
	use.Outcome, use.Injuries, use.Medical = s.Outcome, s.Injuries, s.Medical
	urgency := Urgent
	if s.Injuries != "" && s.Injuries != "none" {
		urgency = Immediate
	}
	people := []uuid.UUID{d.task.DispatchedBy.Person}
	if lead := d.task.Lead(); lead != nil {
		people = append(people, lead.Person)
	}
	d.tell("restraint_stopped", urgency, people...)
	if err := d.restrained(r, called, "restraint.stopped", map[string]any{}); err != nil {
		return err
	}
	return d.rerule()
}

// sameStop is how long after a stop another one of the unit may tell of the same.
const sameStop = 10 * time.Minute

// toldAlready says that somebody else of the unit has just told of this stop. Whoever tells of a second stop of their own tells of a second
// use.
func (d *deciding) toldAlready(r *Restraint) bool {
	last := r.last()
	return r.use() == nil && last != nil && d.Now.Sub(*last.StoppedAt) <= sameStop && last.StopToldBy != nil && *last.StopToldBy != d.actor.Person
}

func (s ReportRestraint) apply(d *deciding) error {
	r := d.task.restraint(s.Restraint)
	if r == nil {
		return fault.Missing("restraint")
	}
	r.Reports = append(r.Reports, RestraintReport{By: d.actor.Person, At: d.Now, Text: s.Text})
	return d.restrained(r, nil, "restraint.reported", map[string]any{})
}
