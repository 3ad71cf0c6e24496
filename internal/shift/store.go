package shift

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Store keeps shifts. Begin and End run one command each: the pure function decides on what was read under lock, and what it returns
// is written in the same transaction, with the command's id, so that a retry is answered from what was stored.
type Store interface {
	// Begin locks the actor. What is held back for them since they went off duty goes out with the decision.
	Begin(ctx context.Context, call Call, decide func(Arrival) (Turn, error)) (Answer, error)
	// End locks the actor's open shift (Arrival.Open is nil when there is none) and looks for the person who takes over.
	End(ctx context.Context, call Call, to *uuid.UUID, decide func(Departure) (Turn, error)) (Answer, error)
	// Shifts lists shifts in the actor's sight, newest first, and tells the time.
	Shifts(ctx context.Context, actor duty.Actor, filter Filter) ([]Shift, time.Time, error)
	// Stretches are the times on duty of a person in sight (fault.NotFound otherwise) that touch a time, with the law of their organ now.
	Stretches(ctx context.Context, actor duty.Actor, person uuid.UUID, from, to time.Time) (worked []Stretch, of duty.Law, now time.Time, err error)
	// Order gives an order to work in plain clothes. Person is the zero person when there is none in the actor's sight.
	Order(ctx context.Context, call Call, person uuid.UUID, decide func(duty.Person, time.Time) (Order, ledger.Event, error)) (order Order, replay bool, err error)
}

// Call is one command as it reached us.
type Call struct {
	Actor   duty.Actor
	Command duty.Command
}

// Scene is what every command here is decided on, read after whatever was locked.
type Scene struct {
	Now   time.Time
	Law   duty.Law    // of the actor's organ
	Tasks []uuid.UUID // open, that the person is part of
}

// Arrival is what a check-in is decided on.
type Arrival struct {
	Scene
	Person duty.Person
	Open   *Shift
	Recent []Stretch // of the person's last eight days
	Plans  []Plan    // not cancelled, that the person is on and that have not ended, soonest first
	Orders []Order   // to work in plain clothes, that hold now
}

// Departure is what a check-out is decided on.
type Departure struct {
	Scene
	Open *Shift
	To   *duty.Person // who takes over, of the same organ; nil: there is none
}

// Turn is what a check-in or check-out leaves behind. The first event covers the observations.
type Turn struct {
	Shift        Shift
	Events       []ledger.Event
	Observations []duty.Observation
	Concerns     []duty.Concern
}

// Answer is what the actor gets, now and at each retry of the same command.
type Answer struct {
	Shift  Shift
	Replay bool
}

// Filter narrows a list of shifts; the zero value lists whoever is on duty now.
type Filter struct {
	Reach     []duty.Path // subtrees the actor may list; one's own always count. Set by the service
	Path      duty.Path   // subtree; empty: everything in sight
	Person    uuid.UUID   // uuid.Nil: everybody
	At        time.Time   // on duty at that moment; zero: now
	Forgotten bool        // closed by rule, whenever
	Before    *uuid.UUID  // keyset: older than this one (ids are UUIDv7)
	Limit     int
}
