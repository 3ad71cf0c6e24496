package dispatch

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// Task is a duty given to a unit: what to do, where, who, and who leads. Its JSON is stored with each answer, so that a retried
// command gets the same answer for ever.
type Task struct {
	ID    uuid.UUID  `json:"id"`
	Organ duty.Organ `json:"organ"`
	State State      `json:"state"`
	// Version rises by one with every event of the task. Epoch rises whenever a standing ruling stops to fit (unit, lead or
	// work changed, work paused): a started task needs a lawful ruling of its own epoch, and the database holds it to that.
	Version int `json:"version"`
	Epoch   int `json:"epoch"`

	Order
	Members  []Member  `json:"members"`
	Officers []Officer `json:"officers"`

	DispatchedBy Dispatcher `json:"dispatched_by"`
	DispatchedAt time.Time  `json:"dispatched_at"`
	StartedAt    *time.Time `json:"started_at,omitempty"` // first start
	BegunAt      *time.Time `json:"begun_at,omitempty"`   // of a start recorded without network: when it must have been
	EndedAt      *time.Time `json:"ended_at,omitempty"`   // finished or cancelled
	Report       string     `json:"report,omitempty"`     // from the finish command
	Reason       string     `json:"reason,omitempty"`     // of the cancellation

	StandingRuling *uuid.UUID  `json:"standing_ruling,omitempty"` // what the task was last started (or changed while started) under
	LatestRuling   uuid.UUID   `json:"latest_ruling"`             // the newest about the task as it stands, whatever it says
	LatestOutcome  law.Outcome `json:"latest_outcome"`
	// Accompaniment is the lead as it was when last looked at; nil: nobody leads. LedBefore are those who led before, in order.
	Accompaniment *accompany.Lead  `json:"accompaniment,omitempty"`
	LedBefore     []accompany.Lead `json:"led_before,omitempty"`
	Code          *Code            `json:"code,omitempty"`     // that a phone shows for the other side to enter
	Fallback      []Fallback       `json:"fallback,omitempty"` // while the lead is lost: what each may go on with
	// Violation: the work goes on, and the law said last of it that it may not. Only rulings on the work itself set it, never one
	// on an order to come.
	Violation bool `json:"violation,omitempty"`

	Met         *Met        `json:"met,omitempty"`          // on the scene, beyond what was ordered
	SteppedBack []uuid.UUID `json:"stepped_back,omitempty"` // members left out of the unit while their recusal is not decided (Art. 22)
	Restraints  []Restraint `json:"restraints,omitempty"`   // asked for or used (Art. 17(4)), in order
}

// Order is what the dispatching officer orders.
type Order struct {
	Acts        []string      `json:"acts"`
	Place       duty.Place    `json:"place"`
	CaseKind    law.CaseKind  `json:"case_kind"`
	Tags        law.Tags      `json:"tags"`
	Urgency     Urgency       `json:"urgency"`
	Emergency   bool          `json:"emergency"`
	EvidenceUse bool          `json:"evidence_use"`
	Signatory   law.Signatory `json:"signatory"`
	GuardNamed  law.Answer    `json:"guard_named"`
	Note        string        `json:"note"`
}

// Urgency decides the priority of the push; it is no legal fact (Emergency is).
type Urgency string

const (
	Routine   Urgency = "routine"
	Urgent    Urgency = "urgent"
	Immediate Urgency = "immediate"
)

// Dispatcher is who gave the order, as they were then: whether an officer did is a fact of Art. 15.
type Dispatcher struct {
	Person uuid.UUID  `json:"person"`
	Number string     `json:"number"`
	Name   string     `json:"name"`
	Class  duty.Class `json:"class"`
}

// Member is a person (not an officer) sent on the task, named as they were when sent.
type Member struct {
	Person   uuid.UUID    `json:"person"`
	Number   string       `json:"number"`
	Name     string       `json:"name"`
	Class    duty.Class   `json:"class"`
	Acts     []string     `json:"acts,omitempty"`     // of the task's acts; empty: all
	Operates law.Vehicles `json:"operates,omitempty"` // what the task has them drive or operate (Art. 18)
	State    MemberState  `json:"state"`
	Reason   string       `json:"reason,omitempty"` // why declined
	// CalledAgain is when somebody who had been sent away was called in again: what they said of the scene before that is not heard.
	CalledAgain *time.Time `json:"called_again,omitempty"`
}

// Officer is a people's police officer of the unit.
type Officer struct {
	Person uuid.UUID `json:"person"`
	Number string    `json:"number"`
	Name   string    `json:"name"`
	Lead   bool      `json:"lead"`
}

// RulingRecord is a ruling as it was given, with the facts it was given on.
type RulingRecord struct {
	ID      uuid.UUID  `json:"id"`
	Task    *uuid.UUID `json:"task,omitempty"` // nil: asked without dispatching, or a refused dispatch
	Epoch   int        `json:"epoch"`
	Path    duty.Path  `json:"-"`
	Actor   uuid.UUID  `json:"actor"`
	Command string     `json:"command"` // what asked for it: dispatch, start, ask, observe, ...
	At      time.Time  `json:"at"`
	Facts   law.Facts  `json:"facts"`
	Ruling  law.Ruling `json:"ruling"`
}

// begun is since when the work goes on; nil: it has not begun.
func (t *Task) begun() *time.Time { return cmp.Or(t.BegunAt, t.StartedAt) }

// Part says whether the person is part of the task, as a member who has not been sent away or as an officer of the unit.
func (t *Task) Part(person uuid.UUID) bool {
	return t.Member(person) != nil || t.Officer(person) != nil
}

// Called says whether the person is an officer of the unit, or a member who has neither declined nor been sent away.
func (t *Task) Called(person uuid.UUID) bool {
	m := t.Member(person)
	return t.Officer(person) != nil || m != nil && m.State != Declined
}

// Former says whether the person was a member and has been sent away since.
func (t *Task) Former(person uuid.UUID) bool {
	return !t.Part(person) && slices.ContainsFunc(t.Members, func(m Member) bool { return m.Person == person })
}

// Member finds a person among the members still on the task.
func (t *Task) Member(person uuid.UUID) *Member {
	for i := range t.Members {
		if t.Members[i].Person == person && t.Members[i].State != Removed {
			return &t.Members[i]
		}
	}
	return nil
}

// Officer finds a person among the unit's officers.
func (t *Task) Officer(person uuid.UUID) *Officer {
	for i := range t.Officers {
		if t.Officers[i].Person == person {
			return &t.Officers[i]
		}
	}
	return nil
}

// Lead is the officer named to lead, or nil.
func (t *Task) Lead() *Officer {
	for i := range t.Officers {
		if t.Officers[i].Lead {
			return &t.Officers[i]
		}
	}
	return nil
}
