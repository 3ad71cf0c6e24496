// Package dispatch owns tasks and their life: what may happen to a task in which state, and the law asked at each step.
package dispatch

import (
	"fmt"

	"github.com/dutybound/dutybound/internal/fault"
)

// State is where a task stands. The zero value is a task that does not exist yet.
type State string

const (
	Dispatched State = "dispatched"
	Started    State = "started"
	Paused     State = "paused"
	Finished   State = "finished"
	Cancelled  State = "cancelled"
)

// Open says whether anything can still happen to the task.
func (s State) Open() bool { return s == Dispatched || s == Started || s == Paused }

// MemberState is where one member stands.
type MemberState string

const (
	Sent         MemberState = "dispatched" // told, not yet seen
	Acknowledged MemberState = "acknowledged"
	Accepted     MemberState = "accepted"
	Declined     MemberState = "declined"
	Removed      MemberState = "removed" // sent away by a reassignment
)

// Action is a step in a task's life.
type Action string

const (
	DoDispatch    Action = "dispatch"
	DoAcknowledge Action = "acknowledge"
	DoAccept      Action = "accept"
	DoDecline     Action = "decline"
	DoStart       Action = "start"
	DoPause       Action = "pause"
	DoResume      Action = "resume"
	DoFinish      Action = "finish"
	DoCancel      Action = "cancel"
	DoReassign    Action = "reassign"
	DoNameLead    Action = "name_lead"
	DoLead        Action = "lead" // accept it, show and enter codes
	DoObserve     Action = "observe"
)

// transitions is the whole life of a task (drawn in STATES.md): what is not listed cannot happen.
var transitions = map[State]map[Action]State{
	"": {DoDispatch: Dispatched},
	Dispatched: {
		DoAcknowledge: Dispatched, DoAccept: Dispatched, DoDecline: Dispatched, DoReassign: Dispatched, DoNameLead: Dispatched, DoLead: Dispatched,
		DoObserve: Dispatched, DoStart: Started, DoCancel: Cancelled,
	},
	Started: {
		DoAcknowledge: Started, DoAccept: Started, DoDecline: Started, DoReassign: Started, DoNameLead: Started, DoLead: Started,
		DoObserve: Started, DoPause: Paused, DoFinish: Finished, DoCancel: Cancelled,
	},
	Paused: {
		DoAcknowledge: Paused, DoAccept: Paused, DoDecline: Paused, DoReassign: Paused, DoNameLead: Paused, DoLead: Paused,
		DoObserve: Paused, DoResume: Started, DoFinish: Finished, DoCancel: Cancelled,
	},
	Finished:  {DoObserve: Finished},
	Cancelled: {DoObserve: Cancelled},
}

// memberTransitions is the life of one member on a task. Accepting is an answer that binds: whoever has accepted leaves by a
// recusal or a reassignment, not by a late refusal.
var memberTransitions = map[MemberState]map[Action]MemberState{
	Sent:         {DoAcknowledge: Acknowledged, DoAccept: Accepted, DoDecline: Declined, DoReassign: Removed},
	Acknowledged: {DoAccept: Accepted, DoDecline: Declined, DoReassign: Removed},
	Accepted:     {DoReassign: Removed},
	Declined:     {DoReassign: Removed},
	Removed:      {},
}

// Next says where an action leads from a state, or why it cannot be taken.
func (s State) Next(do Action) (State, error) {
	if to, ok := transitions[s][do]; ok {
		return to, nil
	}
	return s, fault.New(fault.Conflict, "task_state",
		fmt.Sprintf("任务当前状态为“%s”，不能执行“%s”", s, do),
		fmt.Sprintf("a task that is %s cannot take %q", s, do))
}

// Next says where an action leads a member from a state, or why it cannot be taken.
func (s MemberState) Next(do Action) (MemberState, error) {
	if to, ok := memberTransitions[s][do]; ok {
		return to, nil
	}
	return s, fault.New(fault.Conflict, "member_state",
		fmt.Sprintf("该队员当前状态为“%s”，不能执行“%s”", s, do),
		fmt.Sprintf("a member who has %s cannot take %q", s, do))
}
