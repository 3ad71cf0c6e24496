package simulate

import (
	"sync"
	"time"

	"github.com/google/uuid"
)

// Evidence is what the phones were told while they were at work: the checker holds the server to it.
type Evidence struct {
	mu sync.Mutex
	Hard

	Acked    []Acked
	Unsure   []Acked // sent again and again and never answered: carried out or not
	Repeats  []Repeat
	OffDuty  []OffDuty
	Absences []Absence
	Records  []Delivered
	Synced   []Synced
	Missing  []Synced           // tasks of a phone that its own state does not have
	Offline  map[uuid.UUID]bool // devices, and whether their clocks are wrong
	Broken   int                // answers of 500 and above

	Everything Stream   // what the auditor was shown, who sees all organs
	Wall       Stream   // what the command centre's wall was shown
	Mine       []Stream // what phones were shown
}

// Acked is a command that was answered with a yes.
type Acked struct {
	Phone   string
	Task    uuid.UUID
	Kind    string // of the event that it is to be found as
	Actor   uuid.UUID
	Version int // of the task in the answer; 0: not told
}

// Repeat is a command that was sent twice, with one key.
type Repeat struct {
	Phone, Kind  string
	Task, Again  uuid.UUID
	First, Later int // version of the task in each answer
}

// OffDuty is a position captured off duty that was sent all the same.
type OffDuty struct {
	Phone  string
	Status int
	Kept   int // points that were taken
}

// Absence is a time in which positions of both sides, taken by the server, showed a lead far from those led, while the work went on.
type Absence struct {
	Task, Officer uuid.UUID
	From, To      time.Time
}

// Delivered is what became of a record made without network.
type Delivered struct {
	Phone  string
	Device uuid.UUID
	N      int64
	State  string
	Status int
}

// Synced is a task as a phone has it after its last sync.
type Synced struct {
	Phone   string
	Task    uuid.UUID
	Version int
}

// Stream is what a feed showed, across all reconnects.
type Stream struct {
	Who        string
	Person     uuid.UUID
	From       int64 // the cursor with which it began
	Through    int64 // the cursor at the end
	Reconnects int
	Resets     int
	Path       string // of the subtree that it is to show; empty for a feed of one's own
	Events     []Shown
	Tasks      []uuid.UUID // of a feed of one's own: the tasks that it is to show from the first to the last event
}

// Shown is an event as a feed showed it.
type Shown struct {
	Seq  int64
	Kind string
	Path string
	Task uuid.UUID

	About, Person, Alarm uuid.UUID // what its body names: a task that it is no event of, somebody, an alarm
}

func (e *Evidence) acked(a Acked) { e.note(func() { e.Acked = append(e.Acked, a) }) }
func (e *Evidence) unsure(kind string, actor uuid.UUID) {
	e.note(func() { e.Unsure = append(e.Unsure, Acked{Kind: kind, Actor: actor}) })
}

func (e *Evidence) repeated(r Repeat)     { e.note(func() { e.Repeats = append(e.Repeats, r) }) }
func (e *Evidence) offDuty(o OffDuty)     { e.note(func() { e.OffDuty = append(e.OffDuty, o) }) }
func (e *Evidence) absent(a Absence)      { e.note(func() { e.Absences = append(e.Absences, a) }) }
func (e *Evidence) delivered(d Delivered) { e.note(func() { e.Records = append(e.Records, d) }) }

func (e *Evidence) offline(device uuid.UUID, wrongClock bool) {
	e.note(func() {
		if e.Offline == nil {
			e.Offline = map[uuid.UUID]bool{}
		}
		e.Offline[device] = wrongClock
	})
}

func (e *Evidence) note(what func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	what()
}

// tasks are all tasks that a command was acknowledged for, in order.
func (e *Evidence) tasks() (list []uuid.UUID) {
	seen := map[uuid.UUID]bool{}
	for _, a := range e.Acked {
		if !seen[a.Task] {
			seen[a.Task] = true
			list = append(list, a.Task)
		}
	}
	return list
}
