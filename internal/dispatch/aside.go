package dispatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// Aside is what stands beside a task: the officers who reach it, and what its people have asked of the head of the station.
type Aside struct {
	Watch      []Watcher
	Recusals   []Recusal
	Objections []Objection
}

// aside is a step that looks beyond the task and its unit.
type aside interface{ looksAside() }

type beside struct{}

func (beside) looksAside() {}

// testimony is a step that whoever was sent away may still take, about the time they were there.
type testimony interface{ testifies() }

type testifying struct{ beside }

func (testifying) testifies() {}

// Watcher is a people's police officer in active service whose role reaches the task, with what was last said of their duty.
type Watcher struct {
	Person   uuid.UUID
	Number   string
	Name     string
	Path     duty.Path // of the organ that the role was granted for
	Head     bool      // of the department or station
	Duty     string    // the newest word on whether they are on duty, of a dispatcher only where there is no shift; empty: nobody spoke
	DutyFrom time.Time
	DutyBy   string // its source
}

// Called is an officer who was told, or who could come.
type Called struct {
	Person uuid.UUID `json:"person"`
	Number string    `json:"number"`
	Name   string    `json:"name"`
	Lead   bool      `json:"lead,omitempty"`
	Head   bool      `json:"head,omitempty"`
	OnDuty bool      `json:"on_duty,omitempty"`
	Metres *int      `json:"metres,omitempty"` // from the task, where it is known
}

// Beside is the part of an answer that is not the task: it is stored with the command.
type Beside struct {
	Restraint *Restraint `json:"restraint,omitempty"`
	Recusal   *Recusal   `json:"recusal,omitempty"`
	Objection *Objection `json:"objection,omitempty"`
	Called    []Called   `json:"called,omitempty"` // who was told, or who could come
}

// Nearby finds officers on duty who could come to a task, the nearest first.
type Nearby interface {
	Nearby(ctx context.Context, actor duty.Actor, task uuid.UUID, place duty.Place) ([]Called, error)
}

// SetNearby has those who could come found by where they are; without it they are those on duty at the organ.
func (s *Service) SetNearby(n Nearby) { s.nearby = n }

// called marks a watcher as the task sees them.
func (d *deciding) calledOf(w Watcher) Called {
	lead := d.task.Lead()
	return Called{
		Person: w.Person, Number: w.Number, Name: w.Name, Lead: lead != nil && lead.Person == w.Person, Head: w.Head, OnDuty: d.watches(w),
	}
}

// watches says whether somebody is on duty, by the newest word that still stands.
func (d *deciding) watches(w Watcher) bool {
	return w.Duty == law.Yes.String() && d.fresh.stands(duty.Observation{Fact: factOnDuty, Source: w.DutyBy, ReceivedAt: w.DutyFrom}, d.Now, nil)
}

// nearest are those of the watch that fit, of the organ nearest to the task that has any.
func (d *deciding) nearest(fits func(Watcher) bool) (found []Watcher) {
	near := 0
	for _, w := range d.Watch {
		if w.Person == d.actor.Person || !fits(w) || len(w.Path) < near {
			continue
		}
		if len(w.Path) > near {
			near, found = len(w.Path), nil
		}
		found = append(found, w)
	}
	return found
}

// onDuty are the officers on duty nearest to the task in the tree of organs.
func (d *deciding) onDuty() []Watcher { return d.nearest(d.watches) }

// heads may decide what concerns the task: they neither ordered it nor go with it.
func (d *deciding) heads() []Watcher { return d.nearest(d.mayDecide) }

func (d *deciding) mayDecide(w Watcher) bool {
	return w.Head && w.Person != d.task.DispatchedBy.Person && !d.task.Part(w.Person)
}

// callList puts the lead first and names nobody twice.
func (d *deciding) callList(groups ...[]Watcher) (list []Called) {
	if lead := d.task.Lead(); lead != nil && lead.Person != d.actor.Person {
		list = append(list, Called{Person: lead.Person, Number: lead.Number, Name: lead.Name, Lead: true, OnDuty: d.isOnDuty(lead.Person)})
	}
	for _, group := range groups {
		for _, w := range group {
			if !slices.ContainsFunc(list, func(c Called) bool { return c.Person == w.Person }) {
				list = append(list, d.calledOf(w))
			}
		}
	}
	return list
}

// isOnDuty is of somebody whom the command loaded.
func (d *deciding) isOnDuty(person uuid.UUID) bool {
	return read[law.Answer](d.seen.onDuty(person)) == law.Yes
}

// tell pushes to each once, however urgent the order was.
func (d *deciding) tell(kind string, urgency Urgency, people ...uuid.UUID) {
	for i, p := range people {
		if p != uuid.Nil && p != d.actor.Person && !slices.Contains(people[:i], p) {
			d.out.Pushes = append(d.out.Pushes, duty.Push{Person: p, Task: d.task.ID, Kind: kind, Priority: string(urgency)})
		}
	}
}

func peopleOf(list []Called) (people []uuid.UUID) {
	for _, c := range list {
		people = append(people, c.Person)
	}
	return people
}

func watchersOf(list []Watcher) (people []uuid.UUID) {
	for _, w := range list {
		people = append(people, w.Person)
	}
	return people
}

// sealed is the digest of a document that is not on the feed: the event vouches for what it does not tell. The document holds a salt,
// so that few words cannot be guessed from their digest.
func sealed(document any) (string, error) {
	text, err := json.Marshal(document)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

// beyond are the reasons of a ruling that another one, without the matter in question, does not have.
func beyond(ruling, without law.Ruling) (own []law.Reason) {
	for _, r := range ruling.Reasons {
		if !slices.ContainsFunc(without.Reasons, func(w law.Reason) bool {
			return w.Citation == r.Citation && w.Fact == r.Fact && w.Verdict == r.Verdict && w.Act == r.Act && w.Person == r.Person
		}) {
			own = append(own, r)
		}
	}
	return own
}

func lawful(reasons []law.Reason) bool {
	return !slices.ContainsFunc(reasons, func(r law.Reason) bool { return !r.Verdict.Lawful() })
}

// consider asks the law about facts that may yet come to be, and keeps the ruling without making it what the task stands by.
func (d *deciding) consider(facts law.Facts) (*RulingRecord, error) {
	ruling, err := d.rule(&facts)
	if err != nil {
		return nil, err
	}
	d.out.Rulings = append(d.out.Rulings, RulingRecord{
		ID: d.newID(), Task: &d.task.ID, Epoch: d.task.Epoch, Path: d.task.Organ.Path, Actor: d.by, Command: string(d.action),
		At: d.Now, Facts: facts, Ruling: ruling,
	})
	return &d.out.Rulings[len(d.out.Rulings)-1], nil
}

// builder makes facts of what is known now, or of the time in which a command was given that was recorded without network.
func (d *deciding) builder() factBuilder {
	if d.Happened != nil {
		return d.builderThen()
	}
	lead, _ := d.look()
	return factBuilder{now: d.Now, law: d.Law, people: d.People, arranged: d.Arranged, waived: d.Waived, seen: d.seen, book: d.book, lead: lead}
}

// goOn asks the law about the unit as it is now, of work that goes on, and lets it stand on the answer where that is lawful. Else the
// work keeps the ruling it had, and is a violation. It fails when there is nobody to rule on.
func (d *deciding) goOn() (lawful bool, err error) {
	epoch, standing := d.task.Epoch, d.task.StandingRuling
	if lawful, err = d.stand(law.During, d.task.working()); !lawful {
		d.task.Epoch, d.task.StandingRuling = epoch, standing
	}
	return lawful, err
}
