package shift

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
)

// MaxPoints are in one batch.
const MaxPoints = 200

// Point is a position of the actor as their phone has it.
type Point struct {
	CapturedAt time.Time // testimony
	// Age is how old the phone says the point was when it was sent: its clock may be wrong, and is the same for both. Nil: it did not say.
	Age *time.Duration
	duty.Fix
}

// Positions keeps where people on duty are.
type Positions interface {
	// Keep stores, durably, the points that were captured since the person's check-in and not after now, and answers that time; the
	// zero time, and nothing stored, when the person is not on duty. The same point again is the same row, so that a batch whose
	// answer was lost can be sent again.
	Keep(ctx context.Context, person uuid.UUID, points []Point) (Window, error)
	// Nearby are officers on duty in the actor's subtree, the nearest first, whose position is no older than fresh.
	Nearby(ctx context.Context, actor duty.Actor, near duty.Point, fresh time.Duration, limit int) ([]Near, error)
	// Scene is the place and the acts of a task in the actor's sight (fault.NotFound otherwise), and whether it is open; of no task
	// it is only the law of the actor's organ.
	Scene(ctx context.Context, actor duty.Actor, task *uuid.UUID) (TaskScene, error)
	// Turn makes room for the days to come and drops what is older than some days.
	Turn(ctx context.Context, days int) (dropped int, err error)
}

// Holds keep what would be dropped.
type Holds interface {
	// Hold finds a task in the actor's sight (fault.NotFound otherwise) and keeps the hold that is decided.
	Hold(ctx context.Context, call Call, task uuid.UUID, decide func(path duty.Path, now time.Time) (Hold, ledger.Event, error)) (hold Hold, replay bool, err error)
}

// Hold keeps the positions of everybody on a task, from the dispatch to its end, beyond the short clock: a complaint or an inquiry
// needs them (Art. 38). It saves nothing that has been dropped before.
type Hold struct {
	Task   uuid.UUID `json:"task"`
	Path   duty.Path `json:"path"`
	Reason string    `json:"reason"`
	By     uuid.UUID `json:"by"`
	At     time.Time `json:"at"`
}

// Window is the time whose points are kept: since the check-in, and up to the moment of receipt with what a clock may be off.
type Window struct{ From, To time.Time }

// ClockSlack is how far a phone's clock may be ahead. What it says decides nothing but the order of its own points.
const ClockSlack = time.Minute

// TaskScene is what a search for officers is about.
type TaskScene struct {
	Law   duty.Law
	Place duty.Place
	Acts  []string
}

// Near is an officer who could come.
type Near struct {
	Person   uuid.UUID
	Number   string
	Name     string
	Organ    duty.Organ
	Unit     string
	Metres   float64
	Accuracy float64
	Age      time.Duration // of the position
	Leads    int           // open tasks, as far as the actor sees them
	Tasks    int           // open tasks that the officer is part of
}

// Tracker takes positions and finds people by them.
type Tracker struct{ positions Positions }

// NewTracker makes it.
func NewTracker(positions Positions) *Tracker { return &Tracker{positions} }

// Taken says what became of a batch.
type Taken struct {
	Accepted int
	Refused  []Refusal
}

// Refusal is one point that is kept nowhere.
type Refusal struct {
	Index int
	Why   Why
}

// Why a point is not kept.
type Why string

const (
	BeforeShift Why = "before_shift" // captured before the check-in: it is nobody's business
	InFuture    Why = "in_future"
)

// Take keeps where the actor is while they are on duty. Off duty nothing is kept (it would be nobody's to know).
func (t *Tracker) Take(ctx context.Context, actor duty.Actor, points []Point) (Taken, error) {
	if err := duty.Require(actor, duty.KeepShift); err != nil {
		return Taken{}, err
	}
	window, err := t.positions.Keep(ctx, actor.Person, points)
	if err != nil {
		return Taken{}, err
	}
	if window == (Window{}) {
		return Taken{}, offDuty
	}
	return window.sort(points), nil
}

func (w Window) sort(points []Point) (t Taken) {
	for i, p := range points {
		switch {
		case p.CapturedAt.Before(w.From):
			t.Refused = append(t.Refused, Refusal{i, BeforeShift})
		case p.CapturedAt.After(w.To):
			t.Refused = append(t.Refused, Refusal{i, InFuture})
		default:
			t.Accepted++
		}
	}
	return t
}

// Nearby finds officers who could come and lead, around a point.
func (t *Tracker) Nearby(ctx context.Context, actor duty.Actor, near duty.Fix, limit int) ([]Near, error) {
	if err := duty.Require(actor, duty.FindOfficers); err != nil {
		return nil, err
	}
	if err := near.Check("query"); err != nil {
		return nil, err
	}
	scene, err := t.positions.Scene(ctx, actor, nil)
	if err != nil {
		return nil, err
	}
	return t.positions.Nearby(ctx, actor, near.Point(), seconds(scene.Law, duty.LeadFresh), limit)
}

// NearbyTask finds officers who could come and lead a task.
func (t *Tracker) NearbyTask(ctx context.Context, actor duty.Actor, task uuid.UUID, limit int) ([]Near, error) {
	if err := duty.Require(actor, duty.FindOfficers); err != nil {
		return nil, err
	}
	scene, err := t.positions.Scene(ctx, actor, &task)
	if err != nil {
		return nil, err
	}
	at, known := scene.Place.Point()
	if !known {
		return nil, fault.New(fault.Conflict, "no_position", "该任务没有位置坐标", "the task's place has no position")
	}
	fresh := time.Duration(scene.Law.Measure(duty.LeadFresh, scene.Acts...)) * time.Second
	return t.positions.Nearby(ctx, actor, at, fresh, limit)
}
