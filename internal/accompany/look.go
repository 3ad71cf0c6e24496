package accompany

import (
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/law"
)

// Limits are the measures that an organ sets (package duty).
type Limits struct {
	Radius float64       // metres within which positions show presence
	Fresh  time.Duration // for which a position counts
	Word   time.Duration // for which a code or a word counts
	Grace  time.Duration // for which a lead may be doubtful before it is lost
}

// Scene is what can be seen of a lead at a moment.
type Scene struct {
	Now    time.Time
	Limits Limits
	// Working: the work has begun and does not rest. MustBeLed: it is work that an officer must lead (Art. 16).
	Working, MustBeLed bool
	Officer            Person
	Led                []Person // those who are to be led
}

// at is the same scene at another moment.
func (s Scene) at(now time.Time) Scene {
	s.Now = now
	return s
}

// Person is somebody at the scene, or who should be.
type Person struct {
	ID       uuid.UUID
	Position *Position // the last one while on duty
	Shift    *Shift    // that is open
	Word     *Word     // what they last said of the officer's presence
}

// Shift is what somebody checked in with.
type Shift struct {
	Unit     string // call sign of a vehicle or unit
	Facility string
	Since    time.Time
}

// Word is what somebody said, and when it was received.
type Word struct {
	Says law.Presence
	At   time.Time
}

// Look brings the lead up to now. It answers the lead as it is, and the changes since it was last looked at, in order; the receiver
// stays as it was.
func (l *Lead) Look(s Scene) (*Lead, []Change) {
	if l.Over() {
		return l, nil
	}
	c := *l // what it shares with the receiver is copied before it is changed
	is := &c
	if w := s.Officer.Word; says(w, law.PresencePresent) || says(w, law.PresenceEnRoute) {
		is.Accept(w.At)
	}
	v := is.view(s)
	is.Evidence, is.Apart = v.best, v.apart
	is.Good = later(is.Good, v.good)
	var changes []Change
	for _, step := range is.steps(s, v) {
		at := clip(step.at, is.Since, s.Now)
		if step.to == is.State {
			continue
		}
		changes = append(changes, Change{is.State, step.to, at})
		is.move(step.to, at, s.Working && s.MustBeLed)
	}
	is.count(is.State == Lost && s.Working && s.MustBeLed, s.Now)
	is.Presence = is.told(v)
	return is, changes
}

// told is what the law is told of the officer's presence.
func (l *Lead) told(v view) law.Presence {
	switch l.State {
	case Present, Led:
		return law.PresencePresent
	case Doubtful:
		return law.PresenceDoubtful
	case Lost:
		if v.against != nil && v.against.Says != law.PresenceDoubtful {
			return v.against.Says
		}
		return law.PresenceAbsent
	}
	if v.against != nil {
		return v.against.Says
	}
	return law.PresenceUnknown
}

// step is a state that the lead is in from a moment on.
type step struct {
	to State
	at time.Time
}

// steps are the states since the last look, the present one last. Before the work begins nothing can be lost: what is too old leaves
// it doubtful whether the officer is there.
func (l *Lead) steps(s Scene, v view) []step {
	switch {
	case v.against != nil && v.against.Says != law.PresenceDoubtful: // known not to be there
		if !s.Working {
			return []step{{l.waiting(), s.Now}}
		}
		return []step{{Lost, v.against.At}}
	case l.AcceptedAt == nil:
		return []step{{Named, s.Now}}
	case v.against != nil:
		return l.fading(s, v.against.At)
	case len(v.apart) > 0:
		return l.fading(s, sinceWhen(v.apart))
	case v.best != nil && l.doubted() && v.heard && v.freed.After(l.Since):
		return append(l.fading(s.at(v.freed), l.Since), step{l.there(s), v.freed})
	case v.best != nil:
		return []step{{l.there(s), l.shown(s, v.best)}}
	case l.Good.IsZero():
		return []step{{l.waiting(), s.Now}}
	case !s.Now.After(l.Good):
		return []step{{l.there(s), s.Now}}
	default:
		return l.fading(s, l.Good)
	}
}

func sinceWhen(apart []Apart) time.Time {
	first := apart[0].Since
	for _, a := range apart {
		first = earlier(first, a.Since)
	}
	return first
}

// fading is doubtful from a moment on, and lost after the grace if the work goes on.
func (l *Lead) fading(s Scene, from time.Time) []step {
	if l.State == Doubtful {
		from = earlier(from, l.Since)
	}
	lost := from.Add(s.Limits.Grace)
	switch {
	case s.Working && l.State == Lost: // doubt does not restore what was lost
		return nil
	case s.Working && !s.Now.Before(lost):
		return []step{{Doubtful, from}, {Lost, lost}}
	default:
		return []step{{Doubtful, from}}
	}
}

// shown is since when evidence restores a lead that was in doubt; else the state goes over now.
func (l *Lead) shown(s Scene, e *Evidence) time.Time {
	if l.doubted() && e.At.After(l.Since) {
		return e.At
	}
	return s.Now
}

func (l *Lead) doubted() bool { return l.State == Doubtful || l.State == Lost }

func (l *Lead) there(s Scene) State {
	if s.Working {
		return Led
	}
	return Present
}

func (l *Lead) waiting() State {
	if l.AcceptedAt == nil {
		return Named
	}
	return Accepted
}

func clip(at, low, high time.Time) time.Time {
	switch {
	case at.Before(low):
		return low
	case at.After(high):
		return high
	}
	return at
}
