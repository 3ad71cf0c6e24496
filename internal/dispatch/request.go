package dispatch

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// Request asks the organ's approver to settle what the law leaves to a person.
type Request struct {
	ID           uuid.UUID
	Matter       uuid.UUID  // the task; of a dispatch that was refused, its organ and content
	Task         *uuid.UUID // nil: a dispatch that was refused
	Path         duty.Path
	Ruling       uuid.UUID
	Questions    []law.Decision // the reasons that ask; Allow says nothing yet
	Urgency      Urgency
	AskedBy      uuid.UUID
	DispatchedBy uuid.UUID
	At           time.Time
	Deadline     time.Time
}

// Asked is an earlier request as a command finds it.
type Asked struct {
	ID      uuid.UUID
	Task    *uuid.UUID
	Open    bool
	Answers []law.Decision // Allow is what was decided
}

// deadline is by when an approver must have decided: the setting is for an urgent task.
func (u Urgency) deadline(urgent time.Duration) time.Duration {
	switch u {
	case Immediate:
		return urgent / 3
	case Urgent:
		return urgent
	default:
		return 8 * urgent
	}
}

// matter names the content of an order for an organ: the work, the facts the dispatcher states, and the people, in whatever order
// they are listed. What is decided about a refused dispatch is found again by it.
func (o DispatchOrder) matter(organ duty.Organ) (uuid.UUID, error) {
	o.Place, o.Note, o.Urgency = duty.Place{}, "", ""
	o.Acts = slices.Sorted(slices.Values(o.Acts))
	o.Members = slices.SortedFunc(slices.Values(o.Members), func(a, b MemberOrder) int { return bytes.Compare(a.Person[:], b.Person[:]) })
	o.Officers = slices.SortedFunc(slices.Values(o.Officers), func(a, b OfficerOrder) int { return bytes.Compare(a.Person[:], b.Person[:]) })
	text, err := json.Marshal(o)
	return uuid.NewSHA1(organ.ID, text), err
}

// settled are the decisions of approvers about what a ruling leaves to a person, in the words of its reasons: for this task the newest,
// and, where there is none, what stands for every task of the organ.
func (d *deciding) settled(r law.Ruling) (known []law.Decision) {
	for _, q := range questions(r) {
		if x, ok := d.answer(q); ok {
			known = append(known, x)
		}
	}
	return known
}

func (d *deciding) answer(q law.Decision) (law.Decision, bool) {
	for _, a := range slices.Backward(d.Asked) {
		for _, x := range a.Answers {
			if q.Allow = x.Allow; x == q && !a.Open {
				return x, true
			}
		}
	}
	for _, x := range d.Law.Standing {
		x.Person = q.Person // whoever it is
		if q.Allow = x.Allow; x == q {
			return x, true
		}
	}
	return law.Decision{}, false
}

// questions are the reasons that a person must settle, each once.
func questions(r law.Ruling) (list []law.Decision) {
	for _, reason := range r.Reasons {
		q := law.Decision{Citation: reason.Citation, Fact: reason.Fact, Act: reason.Act, Person: reason.Person}
		if reason.Verdict == law.NeedsHuman && !slices.Contains(list, q) {
			list = append(list, q)
		}
	}
	return list
}

// openly are questions as they are told: without an answer that nobody has given.
func openly(questions []law.Decision) (told []map[string]string) {
	for _, q := range questions {
		told = append(told, map[string]string{"citation": q.Citation, "fact": q.Fact, "act": q.Act, "person": q.Person})
	}
	return told
}

// consult brings before the organ's approver what the ruling of this command leaves to a person, unless it is before them already. It
// takes back what waits for them once the work is lawful without it or over, or is another question by now.
func (d *deciding) consult() error {
	n := len(d.out.Rulings)
	if n == 0 || d.quiet {
		return nil
	}
	ruling := d.out.Rulings[n-1]
	over := d.task.ID != uuid.Nil && !d.task.State.Open()
	switch {
	case over || !d.out.Refused && ruling.Ruling.Outcome.Lawful():
		d.settleMatter()
		return nil
	case ruling.Ruling.Outcome != law.NeedsHuman:
		return nil
	}
	r := d.requestOn(ruling)
	if d.waits(r.Questions) {
		return nil
	}
	d.out.Request = &r
	return d.requested(r)
}

// waits says whether all of the questions are before the approver; a request that lacks one of them makes way for the new one.
func (d *deciding) waits(questions []law.Decision) bool {
	for _, a := range d.Asked {
		switch {
		case a.Open && !slices.ContainsFunc(questions, func(q law.Decision) bool { return !slices.Contains(a.Answers, q) }):
			return true
		case a.Open:
			d.out.Lapsed = append(d.out.Lapsed, a.ID)
		}
	}
	return false
}

// settleMatter lets what is open lapse, and makes decisions about a refused dispatch those of the task it has become.
func (d *deciding) settleMatter() {
	for _, a := range d.Asked {
		switch {
		case a.Open:
			d.out.Lapsed = append(d.out.Lapsed, a.ID)
		case a.Task == nil:
			d.out.Became = append(d.out.Became, a.ID)
		}
	}
}

func (d *deciding) requestOn(ruling RulingRecord) Request {
	r := Request{
		ID: d.newID(), Matter: d.matter, Path: ruling.Path, Ruling: ruling.ID, Urgency: d.urgency, AskedBy: d.actor.Person,
		DispatchedBy: d.actor.Person, At: d.Now,
	}
	if d.task.ID != uuid.Nil {
		r.Task, r.Matter, r.Urgency, r.DispatchedBy = &d.task.ID, d.task.ID, d.task.Urgency, d.task.DispatchedBy.Person
	}
	r.AskedBy = cmp.Or(r.AskedBy, r.DispatchedBy) // what nobody said or did is asked for whoever sent them
	r.Deadline, r.Questions = d.Now.Add(r.Urgency.deadline(d.patience)), questions(ruling.Ruling)
	return r
}

// requested is the event; that of a refused dispatch is of no task.
func (d *deciding) requested(r Request) error {
	was := d.task.Organ.Path
	d.task.Organ.Path = r.Path
	err := d.event("approval.requested", map[string]any{"approval": r.ID, "deadline": r.Deadline, "questions": openly(r.Questions)})
	d.task.Organ.Path = was
	return err
}
