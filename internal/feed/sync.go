package feed

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
)

const (
	syncPage = 200 // events and messages that one answer brings
	taskPage = 50  // tasks of a state that begins afresh
)

// Cursor is how far a phone has come.
type Cursor struct {
	After *int64 // nil: it has nothing
	// Mark is the sign that came with After. It tells a log that was restored from an older copy, or another one, from the log that
	// the phone knows. Empty: only the number is looked at.
	Mark string
	From *uuid.UUID // in the middle of a state that began afresh: the last task it got
}

// Found is what is known of the log when a phone asks.
type Found struct {
	Bounds
	Marked bool  // the event at the cursor bears the cursor's mark
	Last   int64 // seq of the last entry of the next page; 0: the page is not full
}

// Plan is what an answer brings.
type Plan struct {
	Reset   bool // the phone forgets what it has and takes the whole state, of which this is the beginning
	After   int64
	Through int64
	More    bool
	From    uuid.UUID // tasks of the whole state after this one
	Whole   bool      // tasks of the whole state, not those that changed
}

// plan says what a phone at the cursor gets. Everything that concerns it up to Through will have been told when it comes back for
// what is after Through.
func (c Cursor) plan(f Found) Plan {
	switch {
	case c.After == nil || !f.holds(*c.After) || c.Mark != "" && !f.Marked:
		return Plan{Reset: true, Whole: true, After: f.Head, Through: f.Head}
	case c.From != nil: // what has changed since the first page comes after the last
		return Plan{Whole: true, From: *c.From, After: *c.After, Through: *c.After}
	case f.Last > 0:
		return Plan{After: *c.After, Through: f.Last, More: true}
	default:
		return Plan{After: *c.After, Through: f.Head}
	}
}

// State is what a phone needs to be up to date. Documents are as they are stored, and as they are at the head of the log: they may
// already know of events that come with the next answer.
type State struct {
	Plan
	At      time.Time // database clock
	Mark    string    // of the event at Through
	Tasks   []Task
	Events  []ledger.Event
	Notices []Notice
}

// Next is the task after which a state goes on that did not fit into one answer; nil: it did.
func (s *State) Next() *uuid.UUID {
	if !s.Whole || !s.More || len(s.Tasks) == 0 {
		return nil
	}
	return &s.Tasks[len(s.Tasks)-1].ID
}

// Task is a task that concerns a person, or does not any more: then there is nothing but its id.
type Task struct {
	ID            uuid.UUID
	Doc           json.RawMessage // nil: gone
	Ruling        Ruling          // the newest about it
	ViolatedSince *time.Time      // when the work was last found not to be lawful any more; it counts where the task says that it is not
}

// Ruling is a ruling of a task.
type Ruling struct {
	ID  uuid.UUID
	At  time.Time
	Doc json.RawMessage
}

// Contact is somebody to turn to: a name and a number, and nothing else.
type Contact struct{ Number, Name string }

// Bundle is what of a shift's beginning lies with the duty itself.
type Bundle struct {
	At       time.Time
	Tasks    []Task    // open
	Contacts []Contact // officers of the person's organ who are on duty
}

// Catching keeps what a phone asks for when it comes back. Both read one snapshot of the database.
type Catching interface {
	// Sync looks, asks plan what to bring, and brings it; a page has at most limit entries, and tasks of a whole state.
	Sync(ctx context.Context, actor duty.Actor, c Cursor, limit, tasks int, plan func(Found) Plan) (State, error)
	Bundle(ctx context.Context, actor duty.Actor) (Bundle, error)
}

// Sync brings the actor's phone up to date.
func (s *Service) Sync(ctx context.Context, actor duty.Actor, c Cursor) (State, error) {
	if err := duty.Require(actor, duty.OwnAccount); err != nil {
		return State{}, err
	}
	state, err := s.store.Sync(ctx, actor, c, syncPage, taskPage, c.plan)
	if err != nil {
		return State{}, err
	}
	for i := range state.Events {
		if state.Events[i], err = discreet(state.Events[i]); err != nil {
			return State{}, err
		}
	}
	return state, nil
}

// Bundle brings what the actor's phone needs for a shift without signal.
func (s *Service) Bundle(ctx context.Context, actor duty.Actor) (Bundle, error) {
	if err := duty.Require(actor, duty.OwnAccount); err != nil {
		return Bundle{}, err
	}
	return s.store.Bundle(ctx, actor)
}
