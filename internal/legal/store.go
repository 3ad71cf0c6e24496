package legal

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Store keeps proposals. Propose and Settle run one command each: the pure function decides on a snapshot, and what it returns is
// written in the same transaction, with the command's id, so that a retry is answered from what was stored. While Settle runs no
// ruling is given, and while a ruling is being given it waits: whoever asks what the law was at a moment gets the law that the rulings
// of that moment were given under.
type Store interface {
	// Propose finds the organ with a path in the actor's sight (the zero organ when there is none).
	Propose(ctx context.Context, call Call, path duty.Path, decide func(Snapshot) (Outcome, error)) (Answer, error)
	// Settle finds a proposal in the actor's sight (fault.NotFound when there is none), with its organ.
	Settle(ctx context.Context, call Call, id uuid.UUID, decide func(Snapshot) (Outcome, error)) (Answer, error)
	// Law reads the law of the organ with a path; fault.NotFound when it is not in the actor's sight.
	Law(ctx context.Context, actor duty.Actor, path duty.Path) (Snapshot, error)
	// Proposals lists proposals in the actor's sight, newest first.
	Proposals(ctx context.Context, actor duty.Actor, filter Filter) ([]Proposal, error)
}

// Approvals keeps requests to approvers, which the dispatch room makes in the transaction that was refused.
type Approvals interface {
	// Approvals lists requests in the actor's sight, the oldest deadline first. Open ones whose task has ended, or which are about a
	// dispatch that nobody has come back to for a day, are left out.
	Approvals(ctx context.Context, actor duty.Actor, filter ApprovalFilter) ([]Approval, error)
	// Judge settles a request as Store.Settle does a proposal. The snapshot is of the organ that the task's unit belongs to in law.
	Judge(ctx context.Context, call Call, id uuid.UUID, decide func(Snapshot, Approval) (Judged, error)) (ApprovalAnswer, error)
	// Tell locks a request, gives it to decide with those who may decide at its organ and above it, and writes what that answers. A
	// request that is not there is passed over.
	Tell(ctx context.Context, id uuid.UUID, decide func(a Approval, approvers []Approver, now time.Time) (Telling, error)) error
}

// ApprovalFilter narrows a list of requests; the zero value lists the open ones in sight.
type ApprovalFilter struct {
	Path  duty.Path
	State ApprovalState
	After *uuid.UUID // keyset: those after this one
	Limit int
}

// Judged is what settling a request leaves behind.
type Judged struct {
	Approval  Approval
	Proposals []Proposal
	Events    []ledger.Event
	Pushes    []duty.Push
}

// Approver is somebody active who may decide over the subtree of an organ.
type Approver struct {
	Person uuid.UUID
	Path   duty.Path
}

// Telling is whom a request is brought before. The zero value leaves everything as it is.
type Telling struct {
	Path        duty.Path // of the organ whose approvers were told
	Pushes      []duty.Push
	EscalatedAt *time.Time
	Event       *ledger.Event
}

// Call is one command as it reached us.
type Call struct {
	Actor   duty.Actor
	Command duty.Command
}

// Snapshot is what a command is decided on, all read in the deciding transaction.
type Snapshot struct {
	Now      time.Time // of the database clock
	Organ    duty.Organ
	Approved []Proposal // of the organ, of those above it and of those below it
	Posts    []string   // codes of the posts there are
	Proposal *Proposal  // to be settled
}

// Outcome is what a command leaves behind.
type Outcome struct {
	Proposal Proposal
	Event    ledger.Event
}

// Answer is what the actor gets, now and at each retry of the same command.
type Answer struct {
	Proposal Proposal
	Replay   bool // answered from what was stored
}

// Filter narrows a list of proposals; the zero value lists all in sight.
type Filter struct {
	Path   duty.Path  // subtree; empty: everything in sight
	State  State      // empty: any
	Before *uuid.UUID // keyset: older than this one (ids are UUIDv7)
	Limit  int
}
