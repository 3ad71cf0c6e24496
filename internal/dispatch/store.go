package dispatch

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Store keeps tasks. Decide and Create run one command each: the pure function decides on a snapshot taken under lock, and what
// it returns is written in the same transaction, with the command's id, so that a retry is answered from what was stored.
type Store interface {
	// Decide locks the task (fault.NotFound when the actor cannot see it), and loads it with everybody on it and the people named.
	Decide(ctx context.Context, call Call, task uuid.UUID, decide func(Snapshot) (Decision, error)) (Answer, error)
	// Create loads the people named and decides a command that makes a task (Snapshot.Task is zero).
	Create(ctx context.Context, call Call, decide func(Snapshot) (Decision, error)) (Answer, error)
	// Observe stores what cannot be refused and, in the same transaction, decides the consequences for each task that an
	// observation names (fault.NotFound when the actor cannot see it) and each open task that a subject is part of, each locked,
	// in id order. The snapshots hold the observations from before this call; decide completes seen in place, and the store writes
	// it afterwards. An error from decide stores nothing.
	Observe(ctx context.Context, call Call, seen []duty.Observation, decide func(Snapshot) (Decision, error)) (Observed, error)

	// LawOf is the law of the actor's organ at a moment.
	LawOf(ctx context.Context, actor duty.Actor, at time.Time) (duty.Law, error)
	Task(ctx context.Context, actor duty.Actor, id uuid.UUID) (View, error)
	Tasks(ctx context.Context, actor duty.Actor, filter Filter) ([]Task, error)
	History(ctx context.Context, actor duty.Actor, id uuid.UUID) (History, error)

	// Silent lists tasks at work on which one of these facts about somebody of the unit has faded and was not said to have.
	Silent(ctx context.Context, facts []Fading, limit int) ([]uuid.UUID, error)
	// Alone lists tasks in which somebody worked alone, newest first, and tells the time.
	Alone(ctx context.Context, actor duty.Actor, filter SoloFilter, limit int) ([]Task, time.Time, error)

	// Roll lists the auxiliaries of a subtree whom the actor may send, with what they are busy with.
	Roll(ctx context.Context, actor duty.Actor, path duty.Path) (Roll, error)

	Docket
}

// Call is one command as it reached us.
type Call struct {
	Actor   duty.Actor
	Command duty.Command
	People  []uuid.UUID // named by the command beyond those already on the task
	Matter  uuid.UUID   // of a command that makes a task: what its content is called
	// Whole asks for what stands beside the task as well (see Aside), and lets those who were sent away speak of the time before.
	Whole bool
}

// Snapshot is what a command is decided on: the database clock, the task and the people, all read in the deciding transaction.
type Snapshot struct {
	Now          time.Time
	Law          duty.Law // of the task's organ, or of the actor's for a command that makes a task, at that time
	Task         Task
	People       map[uuid.UUID]duty.Person // on the task or named by the command, and visible to the actor
	Observations []duty.Observation        // the latest of each (subject, fact, by): of this task, or of no task
	Arranged     map[uuid.UUID]bool        // of those people: whose shift now was arranged by an officer (Art. 15)
	// Waived are the times for which orders to work in plain clothes were given to those people (Art. 17(1)).
	Waived map[uuid.UUID][]duty.Interval
	// Sightings are the last positions and open shifts of everybody on the task; Good is until when the watch has seen the lead there.
	Sightings map[uuid.UUID]accompany.Person
	Good      time.Time
	// Happened is when the command must have been given that was recorded without network; Then is what stood at the end of that time.
	Happened *duty.Interval
	Then     []duty.Observation
	// Asked are the requests to approvers of this task, oldest first; for a command that makes a task those about a dispatch of the same
	// matter that were decided within a day, or wait.
	Asked []Asked
	Aside // of a call that asks for it
}

// Decision is what a command leaves behind. The store writes all of it or nothing.
type Decision struct {
	Task         Task // Task.ID is uuid.Nil when the dispatch was refused and no task was made
	Refused      bool // by law; the ruling and the event are kept all the same
	WrongCode    bool // was entered: the command comes to nothing, and the try is kept
	Rulings      []RulingRecord
	Events       []ledger.Event
	Observations []duty.Observation
	Pushes       []duty.Push
	Request      *Request    // to the organ's approver
	Lapsed       []uuid.UUID // requests that nobody needs to decide any more
	Became       []uuid.UUID // requests about a refused dispatch that are about Task from now on
	Beside       *Beside
}

// Answer is what the actor gets, now and at each retry of the same command.
type Answer struct {
	Task    Task
	Ruling  *RulingRecord // the command's own ruling
	Refused bool
	Beside  *Beside

	WrongCode bool
	Replay    bool // answered from what was stored
}

// Observed answers an observation: when it was received, and the open tasks it was weighed for.
type Observed struct {
	ReceivedAt time.Time
	Tasks      []uuid.UUID
	Replay     bool
}

// View is a task as it stands now, with the latest of what was observed about its people.
type View struct {
	Now          time.Time
	Task         Task
	Observations []duty.Observation
	Stale        map[uuid.UUID]time.Duration // age of those observations that have become too old to count; set by the service
}

// Filter narrows a list of tasks; the zero value lists everything the actor sees, newest first.
type Filter struct {
	Reach  []duty.Path // subtrees the actor may list; tasks the actor is part of always count. Set by the service
	State  State       // empty: any
	Mine   bool        // only tasks the actor is part of
	Path   duty.Path   // subtree; empty: everything in sight
	Before *uuid.UUID  // keyset: tasks older than this one (ids are UUIDv7)
	Limit  int         // at most so many
}

// History is a task's whole record: its events in order and every ruling as it was given.
type History struct {
	Task         Task
	Events       []ledger.Event
	Rulings      []RulingRecord
	Observations []duty.Observation
}
