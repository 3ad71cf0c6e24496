package dispatch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// DispatchOrder is an order with the unit that is to carry it out.
type DispatchOrder struct {
	Order
	Members  []MemberOrder
	Officers []OfficerOrder
}

// MemberOrder sends one auxiliary.
type MemberOrder struct {
	Person   uuid.UUID
	Acts     []string // of the order's acts; empty: all
	Operates law.Vehicles
}

// OfficerOrder puts an officer into the unit. OnDuty is what the dispatcher states; unknown leaves it to the officer's own word.
type OfficerOrder struct {
	Person uuid.UUID
	Lead   bool
	OnDuty law.Answer
}

// sourceDispatcher marks what an order says of the people in it, sourceShift what their shifts say.
const (
	sourceDispatcher = "dispatcher"
	sourceShift      = "shift"
)

const (
	maxMembers  = 50
	maxOfficers = 10
	maxActs     = 20
)

func (o DispatchOrder) check() error {
	if err := between("body/acts", len(o.Acts), 1, maxActs); err != nil {
		return err
	}
	if err := between("body/officers", len(o.Officers), 0, maxOfficers); err != nil {
		return err
	}
	if err := o.Place.Check("body/place"); err != nil {
		return err
	}
	if err := checkMembers("body/members", o.Members); err != nil {
		return err
	}
	named := map[uuid.UUID]bool{}
	for i, person := range o.people() {
		if named[person] {
			return fault.BadField(o.fieldOf(i), "named twice")
		}
		named[person] = true
	}
	return nil
}

func checkMembers(field string, members []MemberOrder) error {
	return between(field, len(members), 1, maxMembers)
}

func between(field string, n, low, high int) error {
	if n < low || n > high {
		return fault.BadField(field, fmt.Sprintf("needs %d to %d entries, has %d", low, high, n))
	}
	return nil
}

func (o DispatchOrder) people() (ids []uuid.UUID) {
	for _, m := range o.Members {
		ids = append(ids, m.Person)
	}
	for _, f := range o.Officers {
		ids = append(ids, f.Person)
	}
	return ids
}

// fieldOf locates the i-th of the order's people in the request.
func (o DispatchOrder) fieldOf(i int) string {
	if i < len(o.Members) {
		return fmt.Sprintf("body/members/%d/person", i)
	}
	return fmt.Sprintf("body/officers/%d/person", i-len(o.Members))
}

func (o DispatchOrder) apply(d *deciding) error {
	d.task = Task{
		ID: d.newID(), Organ: d.actor.Organ, State: Dispatched, Order: o.Order, DispatchedAt: d.Now,
		Members: []Member{}, Officers: []Officer{},
		DispatchedBy: Dispatcher{d.actor.Person, d.actor.Number, d.actor.Name, d.actor.Class},
	}
	if !d.actor.Can(duty.DispatchTask, duty.Target{Path: d.task.Organ.Path}) {
		return fault.New(fault.Forbidden, "not_your_organ", "任务只能以本人所属单位的名义派遣，您在本单位没有派遣权限",
			"a task is dispatched for the organ one belongs to, and you may not dispatch for yours")
	}
	if err := d.addMembers("body/members", o.Members); err != nil {
		return err
	}
	for i, f := range o.Officers {
		if err := d.addOfficer(fmt.Sprintf("body/officers/%d/person", i), f); err != nil {
			return err
		}
	}
	d.urgency = o.Urgency
	record, err := d.ask(law.Dispatch, d.task.called())
	if err != nil {
		return misordered(err)
	}
	if !record.Ruling.Outcome.Lawful() {
		return d.refuseDispatch(o)
	}
	d.push("dispatched", o.people()...)
	return d.event("task.dispatched", map[string]any{
		"acts": o.Acts, "place": o.Place.Name, "urgency": o.Urgency, "members": d.task.Members, "officers": d.task.Officers,
	})
}

// misordered points at the part of the order that the law has no place for.
func misordered(err error) error {
	var input *law.InputError
	if !errors.As(err, &input) {
		return err
	}
	field := "body" + strings.Replace(input.Field, "/auxiliaries/", "/members/", 1)
	return fault.BadField(field, input.Problem).Because(err)
}

// refuseDispatch leaves no task behind, but the ruling and the attempt (Art. 42: the supervisor's own record).
func (d *deciding) refuseDispatch(o DispatchOrder) error {
	attempt := map[string]any{"acts": o.Acts, "place": o.Place.Name, "members": d.task.Members, "officers": d.task.Officers}
	path := d.task.Organ.Path
	d.out.Rulings[0].Task = nil
	d.out.Refused, d.out.Observations = true, nil
	d.task = Task{}
	d.task.Organ.Path = path
	err := d.event("dispatch.refused", attempt)
	d.task = Task{}
	return err
}

// addMembers puts people into the unit, as they are now.
func (d *deciding) addMembers(field string, orders []MemberOrder) error {
	for i, o := range orders {
		at := fmt.Sprintf("%s/%d", field, i)
		p, err := d.reachable(at+"/person", o.Person)
		if err != nil {
			return err
		}
		if p.Class == duty.Officer {
			return fault.BadField(at+"/person", "is a people's police officer; officers go into officers")
		}
		if d.task.Part(p.ID) {
			return fault.BadField(at+"/person", "is on the task already")
		}
		m := Member{Person: p.ID, Number: p.Number, Name: p.Name, Class: p.Class, Acts: o.Acts, Operates: o.Operates, State: Sent}
		if d.task.Former(p.ID) {
			m.CalledAgain = &d.Now
		}
		d.task.Members = append(d.task.Members, m)
		d.seen = d.seen.fromTheScene(&d.task)
	}
	return nil
}

// addOfficer puts an officer into the unit. That the one who leads is a people's police officer can be switched off by nobody.
func (d *deciding) addOfficer(field string, o OfficerOrder) error {
	p, err := d.reachable(field, o.Person)
	if err != nil {
		return err
	}
	if p.Class != duty.Officer {
		return fault.BadField(field, "is no people's police officer (Art. 16)")
	}
	if known := d.task.Officer(p.ID); known != nil {
		known.Lead = known.Lead || o.Lead
	} else {
		d.task.Officers = append(d.task.Officers, Officer{Person: p.ID, Number: p.Number, Name: p.Name, Lead: o.Lead})
	}
	if o.OnDuty != law.Unknown {
		d.note([]duty.Observation{{
			ID: d.newID(), Subject: p.ID, Fact: factOnDuty, Value: o.OnDuty.String(), By: d.actor.Person, Device: d.actor.Device,
			Source: sourceDispatcher, ObservedAt: d.Now,
		}})
	}
	return nil
}

// reachable finds a person whom the actor may send: on the task already, within the actor's reach, or the actor. A foreign person and one
// who does not exist look the same.
func (d *deciding) reachable(field string, id uuid.UUID) (duty.Person, error) {
	p, ok := d.People[id]
	if ok && (d.before.Part(id) || id == d.actor.Person || d.actor.Can(duty.DispatchTask, duty.Target{Path: p.Organ.Path})) {
		return p, nil
	}
	return duty.Person{}, fault.BadField(field, "no such person")
}
