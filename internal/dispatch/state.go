// Package dispatch owns tasks and their life: what may happen to a task in which state, and the law asked at each step.
package dispatch

// State is where a task stands.
type State string

const (
	Dispatched State = "dispatched"
	Started    State = "started"
	Paused     State = "paused"
	Finished   State = "finished"
	Cancelled  State = "cancelled"
)

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
	DoObserve     Action = "observe"
)
