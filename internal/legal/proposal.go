// Package legal owns the law as an organ reads it: which rulebook, which readings, which acts under the catch-all items, what the
// training for a post covers. One person proposes a change, a second one approves it, and from its date on it holds for the organ and
// those below it.
package legal

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
)

// Kind is what a proposal changes.
type Kind string

const (
	Rulebook Kind = "rulebook" // which place's regulation the organ is under
	Reading  Kind = "reading"  // what the organ takes an open point of it to mean; the restraint list is one (Art. 17(4))
	Entry    Kind = "entry"    // an act under a catch-all item, by a state provision (Art. 14(4), 15(5), 16(10))
	Post     Kind = "post"     // the items that the training for a post covers (Art. 33)
	Policy   Kind = "policy"   // a measure of how duty is watched: distances, cadences
	Decision Kind = "decision" // what holds for every task about a reason that a person must settle
)

// State is where a proposal stands.
type State string

const (
	Proposed  State = "proposed"
	Approved  State = "approved"
	Rejected  State = "rejected"
	Withdrawn State = "withdrawn" // by who proposed it, before anybody decided
)

// Change is one thing that an organ sets, or no longer sets.
type Change struct {
	Kind    Kind            `json:"kind"`
	Subject string          `json:"subject"`         // id of the reading, act of the entry, code of the post, measure of the policy
	Value   json.RawMessage `json:"value,omitempty"` // none: the organ inherits again
}

// Proposal is a change that somebody asks for, and what became of it.
type Proposal struct {
	ID    uuid.UUID  `json:"id"`
	Organ duty.Organ `json:"organ"`
	Change
	Memo          string    `json:"memo"` // reference of the legal department's paper
	Reason        string    `json:"reason"`
	EffectiveFrom time.Time `json:"effective_from"`
	ProposedBy    Person    `json:"proposed_by"`
	ProposedAt    time.Time `json:"proposed_at"`

	State       State      `json:"state"`
	DecidedBy   *Person    `json:"decided_by,omitempty"`
	DecidedAt   *time.Time `json:"decided_at,omitempty"`
	DecidedWhy  string     `json:"decided_why,omitempty"`
	InForceFrom *time.Time `json:"in_force_from,omitempty"` // approved: the date, or the approval when that came later
}

// Person is somebody as they were when they acted.
type Person struct {
	Person uuid.UUID `json:"person"`
	Number string    `json:"number"`
	Name   string    `json:"name"`
}

func personOf(a duty.Actor) Person { return Person{a.Person, a.Number, a.Name} }

// Verdict is what becomes of a proposal.
type Verdict State

const (
	Approve  Verdict = Verdict(Approved)
	Reject   Verdict = Verdict(Rejected)
	Withdraw Verdict = Verdict(Withdrawn)
)

// decide takes the proposal forward. That two people are needed can be switched off by nobody.
func (p *Proposal) decide(v Verdict, actor duty.Actor, why string, now time.Time) error {
	own := p.ProposedBy.Person == actor.Person
	switch {
	case p.State != Proposed:
		return fault.New(fault.Conflict, "proposal_decided", "该提议已有结论，不能再次处理", "the proposal has been decided: it is "+string(p.State))
	case own && v != Withdraw:
		return fault.New(fault.Forbidden, "own_proposal", "提议须由另一人审批，提议人不得自行审批", "a second person must decide; nobody decides their own proposal")
	case !own && v == Withdraw:
		return fault.New(fault.Forbidden, "not_your_proposal", "只有提议人可以撤回提议", "only the person who proposed it can withdraw it")
	}
	by := personOf(actor)
	p.State, p.DecidedBy, p.DecidedAt, p.DecidedWhy = State(v), &by, &now, why
	if v == Approve {
		from := now
		if p.EffectiveFrom.After(now) {
			from = p.EffectiveFrom
		}
		p.InForceFrom = &from
	}
	return nil
}
