package shift

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
)

// Swap is one person's wish that another takes their place: the other one accepts, and the officer who arranged the shift approves.
type Swap struct {
	ID         uuid.UUID  `json:"id"`
	From       Person     `json:"from"`
	To         Person     `json:"to"`
	State      SwapState  `json:"state"`
	ProposedAt time.Time  `json:"proposed_at"`
	AcceptedAt *time.Time `json:"accepted_at,omitempty"`
	DecidedAt  *time.Time `json:"decided_at,omitempty"`
	DecidedBy  *uuid.UUID `json:"decided_by,omitempty"` // who approved or refused
}

// SwapState is where a swap stands.
type SwapState string

const (
	Proposed SwapState = "proposed"
	Accepted SwapState = "accepted"
	Approved SwapState = "approved"
	Refused  SwapState = "refused" // by whoever was asked, or by the officer; or taken back
)

// SwapStep is what somebody does to a swap.
type SwapStep string

const (
	Accept  SwapStep = "accept"
	Approve SwapStep = "approve"
	Refuse  SwapStep = "refuse"
)

// step decides one step. Who may take it is part of the decision: the plan says who that is.
func (p *Plan) step(id uuid.UUID, step SwapStep, actor duty.Actor, now time.Time) (*Swap, error) {
	i := slices.IndexFunc(p.Swaps, func(s Swap) bool { return s.ID == id })
	if i < 0 {
		return nil, fault.Missing("swap")
	}
	s := &p.Swaps[i]
	me, arranging := actor.Person, actor.Person == p.ArrangedBy.Person
	may := map[SwapStep]bool{Accept: me == s.To.Person, Approve: arranging, Refuse: arranging || me == s.To.Person || me == s.From.Person}
	if !may[step] {
		return nil, fault.New(fault.Forbidden, "not_permitted", "您没有执行此操作的权限", "you may not do this")
	}
	if next := map[SwapStep]SwapState{Accept: Proposed, Approve: Accepted}[step]; (next != "" && s.State != next) || s.State == Approved || s.State == Refused {
		return nil, fault.New(fault.Conflict, "swap_state", "换班申请的当前状态不允许此操作", "the swap is not in a state that allows this")
	}
	switch step {
	case Accept:
		s.State, s.AcceptedAt = Accepted, &now
	case Refuse:
		s.State, s.DecidedAt, s.DecidedBy = Refused, &now, &me
	case Approve:
		at := p.index(s.From.Person)
		if at < 0 || p.on(s.To.Person) {
			return nil, fault.New(fault.Conflict, "swap_state", "人员安排已变更，不能换班", "the people on the shift have changed meanwhile")
		}
		p.People[at] = s.To
		s.State, s.DecidedAt, s.DecidedBy = Approved, &now, &me
	}
	return s, nil
}
