package roster

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Entry is what somebody's place on the roster is to be. What is nil stays as it is.
type Entry struct {
	Number         string
	Name           string
	Class          duty.Class
	Organ          duty.Organ
	Status         *law.Status // of new people, when nobody says: active
	Training       *[]duty.Training
	Qualifications *[]duty.Qualification
	Equipment      *[]duty.Equipment // of those in service; what a leaver holds is on the hand-back list
}

// entryOf is somebody's entry as it stands.
func entryOf(p duty.Person) Entry {
	return Entry{Number: p.Number, Name: p.Name, Class: p.Class, Organ: p.Organ}
}

// Scene is the roster as a change finds it, locked until the change is written.
type Scene struct {
	People   map[string]duty.Person     // by number: those selected, within the actor's reach
	Foreign  map[string]bool            // selected numbers of people outside of it
	Tasks    map[uuid.UUID][]OpenTask   // open ones that people selected are part of
	Grants   map[uuid.UUID][]duty.Grant // of people selected
	Revision int64                      // the newest that the source has told
	Counts   Counting                   // asked last, when somebody comes to count
}

// OpenTask is a task that goes on, with whom a change of one of its people concerns.
type OpenTask struct {
	ID      uuid.UUID
	Urgency string
	Others  []uuid.UUID
}

// Changes are what is written, all of it or nothing.
type Changes struct {
	Added    []duty.Person
	Moved    []duty.Person // known people as they are to be: name, class, organ, status
	Skilled  []duty.Person // whose training, qualifications and equipment are replaced
	Left     []uuid.UUID   // whose sessions end
	Withdraw []HeldGrant
	Grant    []HeldGrant
	Owed     []Owed
	Told     []duty.Push
	Concerns []duty.Concern // to the tasks of those of whom something changed that the law reads
	Events   []ledger.Event
	Source   *Source
	Import   *Ended
}

// Selection says which people a change looks at.
type Selection struct {
	Numbers     []string
	Auxiliaries duty.Path             // and every auxiliary of this subtree; empty: of none
	Source      string                // whose revision is asked for
	Told        func(done, total int) // of what is written; may be nil
}

// change works entries out against a scene.
type change struct {
	scene  Scene
	actor  uuid.UUID
	reason string
	newID  func() uuid.UUID
	out    Changes
	was    []duty.Person // of those changed, for the quotas
	is     []duty.Person
	into   map[duty.Path]bool // organs where somebody comes to count who did not
	gate   Gate               // of an applicant
	ruling *GateRuling        // of that gate
	err    error
}

func (s *Service) changing(scene Scene, actor duty.Actor, reason string) *change {
	return &change{scene: scene, actor: actor.Person, reason: reason, newID: s.newID, into: map[duty.Path]bool{}}
}

// verdict is what an entry comes to.
type verdict uint8

const (
	unchanged verdict = iota
	added
	changed
)

// enter works one entry out. The same entry twice changes nothing the second time, and leaves no event.
func (c *change) enter(e Entry) verdict {
	was, known := c.scene.People[e.Number]
	if !known {
		c.hire(e)
		return added
	}
	is, fields := merged(was, e)
	if len(fields) == 0 {
		return unchanged
	}
	c.heads(&was, is)
	c.out.Moved = append(c.out.Moved, is)
	if rest := slices.DeleteFunc(slices.Clone(fields), func(f string) bool { return f == "organ" || f == "status" }); len(rest) > 0 {
		c.out.Skilled = append(c.out.Skilled, is)
		c.happened("person.changed", is.Organ.Path, map[string]any{"person": is.ID, "fields": rest, "reason": c.reason})
	}
	for _, field := range fields { // what else the law reads of the roster; whatever it is, it stays there
		if field == "training" || field == "qualifications" || field == "equipment" {
			c.concern(is, field, "", "changed")
		}
	}
	if was.Class != is.Class {
		c.concern(is, "class", string(was.Class), string(is.Class))
	}
	if was.Organ.ID != is.Organ.ID {
		c.transfer(was, is)
		c.concern(is, "organ", was.Organ.Code, is.Organ.Code)
	}
	if was.Status != is.Status {
		c.turn(was, is)
	}
	return changed
}

func (c *change) hire(e Entry) duty.Person {
	p, _ := merged(duty.Person{ID: c.newID(), Number: e.Number, Status: law.StatusActive}, e)
	c.out.Added, c.out.Skilled = append(c.out.Added, p), append(c.out.Skilled, p)
	c.heads(nil, p)
	c.happened("person.hired", p.Organ.Path, map[string]any{
		"person": p.ID, "number": p.Number, "class": p.Class, "status": p.Status, "reason": c.reason,
	})
	return p
}

// merged is a person as the entry has them, and the names of what is different.
func merged(p duty.Person, e Entry) (_ duty.Person, fields []string) {
	differs := func(field string, yes bool) bool {
		if yes {
			fields = append(fields, field)
		}
		return yes
	}
	if differs("name", strings.TrimSpace(p.Name) != e.Name) {
		p.Name = e.Name
	}
	if differs("class", p.Class != e.Class) {
		p.Class = e.Class
	}
	if differs("organ", p.Organ.ID != e.Organ.ID) {
		p.Organ = e.Organ
	}
	if e.Status != nil && differs("status", p.Status != *e.Status) {
		p.Status = *e.Status
	}
	if e.Training != nil && differs("training", !sameTraining(p.Training, *e.Training)) {
		p.Training = *e.Training
	}
	if e.Qualifications != nil && differs("qualifications", !sameQualifications(p.Qualifications, *e.Qualifications)) {
		p.Qualifications = *e.Qualifications
	}
	if e.Equipment != nil && p.Status != law.StatusSeparated && differs("equipment", !sameEquipment(p.Equipment, *e.Equipment)) {
		p.Equipment = *e.Equipment
	}
	return p, fields
}

// China is where the days of the roster are counted: a date is the whole day there.
var China = time.FixedZone("UTC+8", 8*60*60)

func day(t time.Time) string { return t.In(China).Format(time.DateOnly) }

func sameDay(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return day(*a) == day(*b)
}

// same compares two lists whose order says nothing.
func same[T any](a, b []T, key func(T) string, equal func(a, b T) bool) bool {
	by := func(a, b T) int { return strings.Compare(key(a), key(b)) }
	a, b = slices.SortedFunc(slices.Values(a), by), slices.SortedFunc(slices.Values(b), by)
	return slices.EqualFunc(a, b, equal)
}

func sameTraining(a, b []duty.Training) bool {
	return same(a, b, func(t duty.Training) string { return t.Post }, func(a, b duty.Training) bool {
		return a.Post == b.Post && day(a.PassedOn) == day(b.PassedOn) && sameDay(a.ValidTo, b.ValidTo) && sameDay(a.RefresherDue, b.RefresherDue)
	})
}

func sameQualifications(a, b []duty.Qualification) bool {
	return same(a, b, func(q duty.Qualification) string { return q.Kind }, func(a, b duty.Qualification) bool {
		return a.Kind == b.Kind && sameDay(a.ValidTo, b.ValidTo)
	})
}

func sameEquipment(a, b []duty.Equipment) bool {
	key := func(e duty.Equipment) string { return e.Class.String() + ":" + strings.TrimSpace(e.Item) }
	return same(a, b, key, func(a, b duty.Equipment) bool { return key(a) == key(b) })
}

// transfer moves somebody to another organ. What they are goes with them; what they were appointed to over the organ they leave,
// or below it, ends. Both organs see it happen, and those who work with them at this moment are told.
func (c *change) transfer(was, is duty.Person) {
	for _, g := range c.scene.Grants[was.ID] {
		if !g.Path.Within(was.Organ.Path) {
			continue
		}
		c.out.Withdraw = append(c.out.Withdraw, HeldGrant{Person: was.ID, Role: g.Role, Organ: duty.Organ{Path: g.Path}})
		if g.Role == duty.RoleAuxiliary || g.Role == duty.RoleOfficer {
			c.out.Grant = append(c.out.Grant, HeldGrant{Person: was.ID, Role: g.Role, Organ: is.Organ})
		}
	}
	body := map[string]any{"person": is.ID, "from": was.Organ.Code, "to": is.Organ.Code, "reason": c.reason, "open_tasks": c.tell(is.ID)}
	c.happened("person.transferred", was.Organ.Path, body)
	c.happened("person.received", is.Organ.Path, body)
}

// turn changes a status. A leaver is signed out (Art. 37), and owes what they were issued (Art. 35).
func (c *change) turn(was, is duty.Person) {
	body := map[string]any{"person": is.ID, "from": was.Status, "to": is.Status, "reason": c.reason}
	c.concern(is, "status", was.Status.String(), is.Status.String())
	switch is.Status {
	case law.StatusSeparated:
		c.out.Left = append(c.out.Left, is.ID)
		body["hand_back"] = c.owe(is)
		body["open_tasks"] = c.tell(is.ID)
		c.happened("person.separated", is.Organ.Path, body)
	case law.StatusSuspended:
		body["open_tasks"] = c.tell(is.ID)
		c.happened("person.suspended", is.Organ.Path, body)
	default:
		c.happened("person.reinstated", is.Organ.Path, body)
	}
}

// concern has the law asked again about the work that somebody is part of.
func (c *change) concern(p duty.Person, fact, from, to string) {
	for _, t := range c.scene.Tasks[p.ID] {
		c.out.Concerns = append(c.out.Concerns, duty.Concern{ID: c.newID(), Task: t.ID, Person: p.ID, By: c.actor, Fact: fact, From: from, To: to})
	}
}

// tell sends word to the others on somebody's open tasks, and lists these.
func (c *change) tell(person uuid.UUID) []uuid.UUID {
	tasks := []uuid.UUID{}
	for _, task := range c.scene.Tasks[person] {
		tasks = append(tasks, task.ID)
		for _, other := range task.Others {
			c.out.Told = append(c.out.Told, duty.Push{Person: other, Task: task.ID, Kind: "member_changed", Priority: task.Urgency})
		}
	}
	return tasks
}

// owe lists what a leaver has to hand back; every auxiliary was issued a work card and a uniform (Art. 35).
func (c *change) owe(p duty.Person) int {
	owed := slices.Clone(p.Equipment)
	if p.Class.LegalRole() != law.RoleNone {
		for _, item := range []string{WorkCard, UniformAndInsignia} {
			if card := (duty.Equipment{Class: law.EquipmentOrdinary, Item: item}); !slices.Contains(owed, card) {
				owed = append(owed, card)
			}
		}
	}
	for _, e := range owed {
		c.out.Owed = append(c.out.Owed, Owed{ID: c.newID(), Person: p.ID, Path: p.Organ.Path, Equipment: e})
	}
	return len(owed)
}

// outOf separates somebody whom a snapshot no longer has.
func (c *change) outOf(p duty.Person) {
	e, separated := entryOf(p), law.StatusSeparated
	e.Status = &separated
	c.enter(e)
}

func (c *change) happened(kind string, path duty.Path, body map[string]any) {
	e, err := eventOf(c.newID(), kind, path, c.actor, body)
	if err != nil && c.err == nil {
		c.err = err
	}
	c.out.Events = append(c.out.Events, e)
}

func eventOf(id uuid.UUID, kind string, path duty.Path, actor uuid.UUID, body map[string]any) (ledger.Event, error) {
	text, err := json.Marshal(body)
	return ledger.Event{ID: id, Kind: kind, Path: path, Actor: actor, Body: text}, err
}
