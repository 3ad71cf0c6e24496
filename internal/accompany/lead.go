// Package accompany owns the lead of an officer over auxiliaries as a state that is always true of now (Art. 16 "带领"): named, accepted,
// present, led, doubtful, lost. What shows it is evidence with an age, and evidence that nobody renews decays by itself, also when
// nobody moves and nobody reports. Pure: it is given what can be seen at a moment, and reads no clock.
package accompany

import (
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/law"
)

// State is how it stands between an officer and those he is to lead.
type State string

const (
	Named    State = "named"    // to lead, by the dispatcher or by whoever led before
	Accepted State = "accepted" // the officer has taken it on; nothing shows that he is there
	Present  State = "present"  // shown to be there, before the work or while it rests
	Led      State = "led"      // shown to be there while the work goes on
	Doubtful State = "doubtful" // what showed it is too old, or something speaks against it
	Lost     State = "lost"     // doubtful for longer than is borne with, or known to be gone
	// The two ends.
	HandedOver State = "handed_over"
	Ended      State = "ended"
)

// Kind is what shows that an officer is there, the strongest first.
type Kind string

const (
	ByCode     Kind = "code"     // one phone showed a code, the other one entered it
	ByFacility Kind = "facility" // both are on the roster of one closed place: no position says anything there (Art. 16(6), (9))
	ByUnit     Kind = "unit"     // both checked in with one vehicle or unit
	ByPosition Kind = "position" // both positions are fresh and near each other
	ByWord     Kind = "word"     // the officer says so and so does one of those led
)

// Evidence is the best there is that the officer is there.
type Evidence struct {
	Kind  Kind      `json:"kind"`
	With  uuid.UUID `json:"with"` // of those led
	At    time.Time `json:"at"`
	Until time.Time `json:"until"` // it is good for so long
}

// Handshake is a code that went from one phone to the other.
type Handshake struct {
	With uuid.UUID `json:"with"`
	At   time.Time `json:"at"`
}

// Apart is that positions show the officer too far from one of those led, and nothing newer shows them together.
type Apart struct {
	With  uuid.UUID `json:"with"`
	Since time.Time `json:"since"`
	Last  time.Time `json:"last"` // the newest position that does
}

// Interval is a stretch of time; To is nil while it goes on.
type Interval struct {
	From time.Time  `json:"from"`
	To   *time.Time `json:"to,omitempty"`
}

// Lead is the record of one officer's lead. Its JSON is part of the task.
type Lead struct {
	Officer    uuid.UUID  `json:"officer"`
	NamedAt    time.Time  `json:"named_at"`
	AcceptedAt *time.Time `json:"accepted_at,omitempty"`

	State    State        `json:"state"`
	Since    time.Time    `json:"since"`
	Presence law.Presence `json:"presence"` // what the law is told
	Evidence *Evidence    `json:"evidence,omitempty"`

	Confirmed []Handshake `json:"confirmed,omitempty"` // the newest with each
	Good      time.Time   `json:"good"`                // what has been seen so far shows presence up to here; zero: nothing ever did
	Apart     []Apart     `json:"apart,omitempty"`

	Spent map[State]Span `json:"spent,omitempty"` // in each state, up to Since
	Steps []Step         `json:"steps,omitempty"` // the states it came to, in order; of very many the newest
	Alone []Interval     `json:"alone,omitempty"` // work that must be led went on and the lead was lost
}

// Step is a state that a lead came to.
type Step struct {
	To State     `json:"to"`
	At time.Time `json:"at"`
}

// maxSteps are kept: a lead that changes more often within a task is kept by its events.
const maxSteps = 200

// Span is a length of time, in milliseconds when written.
type Span time.Duration

// Change is one step of a lead.
type Change struct {
	From, To State
	At       time.Time // when it came about, which is earlier than when it was seen
}

// New is the lead of an officer who has just been named.
func New(officer uuid.UUID, now time.Time) *Lead {
	return &Lead{Officer: officer, NamedAt: now, State: Named, Since: now, Spent: map[State]Span{}}
}

// Accept is the officer's yes. Whatever the officer does as lead says it as well.
func (l *Lead) Accept(now time.Time) {
	if l.AcceptedAt == nil {
		l.AcceptedAt = &now
	}
}

// Confirm keeps that a code went between the officer and one of those led.
func (l *Lead) Confirm(with uuid.UUID, now time.Time) {
	l.Accept(now)
	kept := l.Confirmed[:0:0]
	for _, h := range l.Confirmed {
		if h.With != with {
			kept = append(kept, h)
		}
	}
	l.Confirmed = append(kept, Handshake{with, now})
}

// End closes the lead: it was handed over, or the work is over. What is shared with other copies of the record stays as it is.
func (l *Lead) End(how State, now time.Time) { l.move(how, now, false) }

// Over says that the lead is closed.
func (l *Lead) Over() bool { return l.State == HandedOver || l.State == Ended }

// move goes over to a state at a moment, and counts the time in the one that it leaves. Alone says that work goes on that must be led.
func (l *Lead) move(to State, at time.Time, alone bool) {
	if at.Before(l.Since) {
		at = l.Since
	}
	spent := map[State]Span{l.State: 0}
	maps.Copy(spent, l.Spent)
	spent[l.State] += Span(at.Sub(l.Since))
	l.Spent = spent
	l.State, l.Since = to, at
	l.Steps = append(slices.Clone(l.Steps[max(0, len(l.Steps)+1-maxSteps):]), Step{to, at})
	l.count(to == Lost && alone, at)
}

// count opens and closes the stretches in which those led were alone.
func (l *Lead) count(alone bool, at time.Time) {
	n := len(l.Alone)
	open := n > 0 && l.Alone[n-1].To == nil
	switch {
	case alone && !open:
		l.Alone = append(slices.Clone(l.Alone), Interval{From: at})
	case !alone && open:
		l.Alone = slices.Clone(l.Alone)
		l.Alone[n-1].To = &at
	}
}

// TimeIn is how long the lead has been in a state, up to now.
func (l *Lead) TimeIn(s State, now time.Time) time.Duration {
	d := time.Duration(l.Spent[s])
	if s == l.State && now.After(l.Since) {
		d += now.Sub(l.Since)
	}
	return d
}
