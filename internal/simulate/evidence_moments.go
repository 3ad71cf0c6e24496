package simulate

import (
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// Hard is what the phones were told of the hard moments.
type Hard struct {
	Heads    []uuid.UUID // who decides recusals and answers objections
	Uses     []Use
	Recusals []Recused
	Objected []Objected
	Watched  []Watched
	Calls    []Call
	Thefts   []Theft
	Phones   map[uuid.UUID]bool // people of whom Told is everything they were told
	Told     []Told             // every message that a phone has
}

// Use is one use of restraint equipment, with an order or without one.
type Use struct {
	Task, ID   uuid.UUID
	Phone      string
	Person     uuid.UUID
	Dispatcher uuid.UUID
	Ordered    bool
	Offline    bool
	Refused    string // what was answered no, which nothing may be
}

// Recused is somebody of whom a recusal was asked.
type Recused struct {
	Task, ID                    uuid.UUID
	Person, AskedBy, Dispatcher uuid.UUID
	Number                      string // of the person: rulings know people by it
	SteppedBack                 bool
	Granted                     bool
	Instead                     uuid.UUID // who was sent in their place
	WentOn, Usurped             bool      // they acted all the same; whoever sent the unit decided
}

// Objected is somebody who contested an order.
type Objected struct {
	Task, ID           uuid.UUID
	Person, Dispatcher uuid.UUID
	Called             []uuid.UUID
	Offline            bool
	Before, After      string // where a mark could have been left
}

// Watched is somebody who was asked whether they are well.
type Watched struct {
	Task, Person uuid.UUID
	Answers      int       // of their own or by radio
	Missed       bool      // they were silent until they were looked for
	Alarm        uuid.UUID // that they were looked for with
}

// Call is a call for help.
type Call struct {
	Phone    string
	Person   uuid.UUID
	ID       uuid.UUID // zero: the server does not know it
	RaisedAt time.Time // by the phone's clock
	Presses  int
	Answers  int
	Offline  bool
	Kind     api.AlarmKind
	Repeated bool      // nobody answered until it was brought before them again
	SeenBy   uuid.UUID // who said that it has arrived, that they have seen it, and that they come
	Outcome  api.AlarmOutcome
}

// raised says whether an alarm is the one that was called for.
func (c *Call) raised(a api.Alarm) bool {
	return a.Person.Person == c.Person && a.RaisedAt.Truncate(time.Millisecond).Equal(c.RaisedAt.Truncate(time.Millisecond))
}

// Theft is a phone that was revoked in the hands of a thief.
type Theft struct {
	Phone          string
	Person, Device uuid.UUID
	Task           uuid.UUID       // that the thief speaks of
	RevokedAt      time.Time       // by the server's clock
	Revoked        time.Time       // when that was answered, by ours
	Accepted       int             // requests of the thief
	Last           time.Time       // when the last of those was sent
	Refused        int             // requests
	Sockets        []time.Duration // after the revocation, when each was closed
	Late           []Late
}

// Late is a record of a revoked device.
type Late struct {
	Record   string // its digest
	Outcome  string // what its upload was answered
	Listed   bool   // in quarantine
	Early    int    // how often it had been carried out before anybody decided
	Released bool   // or rejected
	Task     uuid.UUID
	Kind     string // of the event that it makes once it is released
	Actor    uuid.UUID
	Call     *Call // that it is, and that nobody may hear
}

// Told is a message that a phone has.
type Told struct {
	Person  uuid.UUID
	Kind    string
	Subject uuid.UUID
}

func (e *Evidence) used(u Use)          { e.note(func() { e.Uses = append(e.Uses, u) }) }
func (e *Evidence) recused(r Recused)   { e.note(func() { e.Recusals = append(e.Recusals, r) }) }
func (e *Evidence) objected(o Objected) { e.note(func() { e.Objected = append(e.Objected, o) }) }
func (e *Evidence) watched(w Watched)   { e.note(func() { e.Watched = append(e.Watched, w) }) }
func (e *Evidence) called(c Call)       { e.note(func() { e.Calls = append(e.Calls, c) }) }
func (e *Evidence) robbed(t Theft)      { e.note(func() { e.Thefts = append(e.Thefts, t) }) }

func (e *Evidence) replaced(recusal, by uuid.UUID) {
	e.note(func() {
		for i := range e.Recusals {
			if e.Recusals[i].ID == recusal {
				e.Recusals[i].Instead = by
			}
		}
	})
}
