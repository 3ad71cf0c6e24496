package safety

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// Call is one command as it reached us.
type Call struct {
	Actor   duty.Actor
	Command duty.Command
}

// AlarmAnswer is what the actor gets, now and at each retry of the same command.
type AlarmAnswer struct {
	Alarm  Alarm
	Replay bool // answered from what was stored
}

// AlarmFilter narrows a list of alarms; the zero value lists all in sight, newest first.
type AlarmFilter struct {
	Reach  []duty.Path // subtrees the actor may watch; alarms of the actor's own always count. Set by the service
	Path   duty.Path   // subtree; empty: everything in sight
	State  State       // empty: any
	Before *uuid.UUID  // keyset: older than this one (ids are UUIDv7)
	Limit  int
}

// Alarms keeps alarms. A pure function decides on an alarm that is locked, and what it returns is written in the same transaction: the
// alarm, its events, the pushes and the job of the next round. When it fails nothing is kept.
type Alarms interface {
	// RaiseAlarm finds the open alarm of the person, if there is one, and whoever could be told otherwise.
	RaiseAlarm(ctx context.Context, call Call, p Press, decide func(Moment) (Decided, error)) (AlarmAnswer, error)
	// ChangeAlarm runs one command on an alarm in the actor's sight (fault.NotFound when there is none).
	ChangeAlarm(ctx context.Context, call Call, id uuid.UUID, decide func(Moment) (Decided, error)) (AlarmAnswer, error)
	// NoteAlarm changes an alarm without a command: in the sight of an actor, or of the service (nil).
	NoteAlarm(ctx context.Context, actor *duty.Actor, id uuid.UUID, decide func(Moment) (Decided, error)) error
	// RepeatAlarm changes an alarm in the service's own sight, with whoever else could be told.
	RepeatAlarm(ctx context.Context, id uuid.UUID, decide func(Moment) (Decided, error)) error
	// DeviceHolder is whose a device is.
	DeviceHolder(ctx context.Context, device uuid.UUID) (uuid.UUID, error)

	Alarm(ctx context.Context, actor duty.Actor, id uuid.UUID) (Alarm, error)
	Alarms(ctx context.Context, actor duty.Actor, filter AlarmFilter) ([]Alarm, error)
	// OverdueAlarms are alarms whose round was due before the patience ended: a server died over them.
	OverdueAlarms(ctx context.Context, patience time.Duration) ([]Alarm, error)
}

// Checks keeps the watch over people at work.
type Checks interface {
	// DueWatches lists tasks whose watch is to be looked at now.
	DueWatches(ctx context.Context, limit int) ([]uuid.UUID, error)
	// LookAfter locks a task, unless somebody else has locked it, and its watch, and writes what decide makes of it. Alarms that it raises
	// are decided by raise, in the same transaction, with the organ of the person filled in. A task that is locked is passed over.
	LookAfter(ctx context.Context, task uuid.UUID, decide func(Scene) (Looked, error), raise func(Press, Moment) (Decided, error)) error
	// ChangeWatch runs one command on the watch of a task in the actor's sight (fault.NotFound when there is none).
	ChangeWatch(ctx context.Context, call Call, task uuid.UUID, decide func(Scene) (Looked, error), raise func(Press, Moment) (Decided, error)) (CheckAnswer, error)
	// OrderWatch changes the watch of a task in the actor's sight, without a command.
	OrderWatch(ctx context.Context, actor duty.Actor, task uuid.UUID, decide func(Scene) (Looked, error), raise func(Press, Moment) (Decided, error)) (Looked, error)
	// WatchOf shows the watch of a task in the actor's sight.
	WatchOf(ctx context.Context, actor duty.Actor, task uuid.UUID) (Scene, error)
}
