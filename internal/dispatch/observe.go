package dispatch

import (
	"fmt"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

const maxStatements = 100

// observations turns what was said into what is stored: who said it, through what, about whom.
func (s *Service) observations(actor duty.Actor, said []Statement) ([]duty.Observation, error) {
	if err := between("body/statements", len(said), 1, maxStatements); err != nil {
		return nil, err
	}
	seen := make([]duty.Observation, 0, len(said))
	for i, st := range said {
		field := fmt.Sprintf("body/statements/%d", i)
		if err := st.check(field); err != nil {
			return nil, err
		}
		o := observation(actor, st)
		o.ID = s.newID()
		if o.Subject != actor.Person && o.Task == nil {
			return nil, fault.BadField(field+"/task", "a statement about somebody else is made for a task both are part of")
		}
		seen = append(seen, o)
	}
	return seen, nil
}

func observation(actor duty.Actor, st Statement) duty.Observation {
	o := duty.Observation{
		Subject: st.Subject, Task: st.Task, Fact: st.Fact, Value: st.Value, By: actor.Person, Device: actor.Device, Source: "phone",
		ObservedAt: st.ObservedAt,
	}
	if o.Subject == uuid.Nil {
		o.Subject = actor.Person
	}
	return o
}

// state takes the statements that come with a command, all of them about this task.
func (d *deciding) state(said []Statement) error {
	if len(said) > maxStatements {
		return between("body/statements", len(said), 0, maxStatements)
	}
	for i, st := range said {
		st.Task = &d.task.ID
		field := fmt.Sprintf("body/statements/%d", i)
		if err := st.check(field); err != nil {
			return err
		}
		o := observation(d.actor, st)
		o.ID = d.newID()
		if o.ObservedAt.IsZero() {
			o.ObservedAt = d.given()
		}
		if err := d.mayState(field, &o); err != nil {
			return err
		}
		d.note([]duty.Observation{o})
	}
	return nil
}

// mayState holds people to what they can know: everybody of the unit states their own facts, the lead those of the people led, a
// member whether the lead is there. Whoever was sent away may still speak of the time before; whoever only sees the task states
// nothing in it.
func (d *deciding) mayState(field string, o *duty.Observation) error {
	lead := d.task.Lead()
	byLead := lead != nil && lead.Person == d.actor.Person
	switch {
	case o.Subject == d.actor.Person && (d.task.Part(o.Subject) || d.task.Former(o.Subject)):
		if o.Fact == factPresence && d.task.Officer(o.Subject) == nil {
			return fault.BadField(field+"/fact", "presence is stated of an officer of the unit")
		}
		return nil
	case o.Fact == factPresence && d.task.Officer(o.Subject) != nil && (d.task.Member(d.actor.Person) != nil || d.task.Former(d.actor.Person)):
		return nil
	case byLead && d.task.Member(o.Subject) != nil && o.Fact != factOnDuty:
		o.Source = "lead"
		return nil
	}
	return errNotYours
}

var errNotYours = fault.New(fault.Forbidden, "not_yours_to_state", "您不能代他人申报该事项", "this is not yours to state about that person")

// observe weighs what was observed for one task. It marks who said what (Source, ReceivedAt) in place; the store writes that.
type observe struct{ seen []duty.Observation }

func (s observe) apply(d *deciding) error {
	for i := range s.seen {
		o := &s.seen[i]
		named := o.Task != nil && *o.Task == d.task.ID
		if named {
			if err := d.mayState(fmt.Sprintf("body/statements/%d", i), o); err != nil {
				return err
			}
		}
		if !named && (o.Task != nil || !d.task.Part(o.Subject)) {
			continue
		}
		before, news := d.seen.news(*o)
		o.ReceivedAt, o.Moot = d.Now, o.Moot || d.moot(*o)
		d.count(*o)
		if (!news || o.Moot) && d.task.State.Open() {
			continue // a heartbeat is no event
		}
		if err := d.changed(before, *o); err != nil {
			return err
		}
		if err := d.rerule(); err != nil { // at once: what the next statement cures was a violation all the same
			return err
		}
	}
	return nil
}

// changed records what is new. Of a task that has ended all testimony is: it comes seldom, and nobody can tell by our clock
// whether it speaks of the work or of what came after, so people weigh it and the law is not asked.
func (d *deciding) changed(before *duty.Observation, o duty.Observation) error {
	from := unknown
	if before != nil {
		from = before.Value
	}
	kind := "fact.changed"
	if o.Fact == factRecording {
		kind = "recording.changed"
	}
	body := map[string]any{
		"person": o.Subject, "fact": o.Fact, "from": from, "to": o.Value, "source": o.Source, "observed_at": o.ObservedAt,
	}
	if !d.task.State.Open() {
		body["late"] = true
	}
	return d.event(kind, body)
}

// rerule asks the law again while work goes on. An unlawful answer stops nobody's hands: it is a violation on record and an alert,
// until the facts are lawful again.
func (d *deciding) rerule() error {
	if d.task.State != Started {
		return nil
	}
	if err := d.attend(true); err != nil {
		return err
	}
	record, err := d.ask(law.During, d.task.working())
	if err != nil {
		return nil // nobody is left to rule on; what was observed is kept all the same
	}
	return d.heed(record.Ruling.Outcome.Lawful())
}

// heed marks whether the work that goes on may, and says so when that changes.
func (d *deciding) heed(lawful bool) error {
	if d.before.State != Started {
		return nil
	}
	return d.mark(lawful && d.restraintsLawful())
}

func (d *deciding) mark(lawful bool) error {
	if d.task.Violation == !lawful {
		return nil
	}
	d.task.Violation = !lawful
	if lawful {
		return d.event("task.lawful_again", nil)
	}
	return d.event("task.violation", nil)
}
