package accompany

import (
	"time"

	"github.com/dutybound/dutybound/internal/duty"
)

// Position is where a phone last was.
type Position struct {
	duty.Point
	Accuracy float64   // metres: the phone takes itself to be within them
	SeenAt   time.Time // by the database's clock, and as old as the phone said when it sent it
	Mock     bool      // made up, by the phone's own word: it shows nothing
}

// nearness is what two positions say of each other.
type nearness int

const (
	unsaid nearness = iota // too old, made up, or not exact enough to tell
	near
	tooFar
)

// distanceNow compares the positions of the officer and one of those led. What their accuracy leaves open they do not say.
func distanceNow(s Scene, p Person) nearness {
	if !fresh(s.Officer.Position, s) || !fresh(p.Position, s) {
		return unsaid
	}
	return distance(s, p)
}

// silentSince is when positions became too old that showed the officer too far from one of those led; zero: they did not.
func silentSince(s Scene, p Person) time.Time {
	a, b := s.Officer.Position, p.Position
	if a == nil || b == nil || a.Mock || b.Mock || distance(s, p) != tooFar {
		return time.Time{}
	}
	return earlier(a.SeenAt, b.SeenAt).Add(s.Limits.Fresh)
}

func distance(s Scene, p Person) nearness {
	a, b := s.Officer.Position, p.Position
	d, blur := a.Metres(b.Point), a.Accuracy+b.Accuracy
	switch {
	case d+blur <= s.Limits.Radius:
		return near
	case d-blur > s.Limits.Radius:
		return tooFar
	}
	return unsaid
}

func fresh(p *Position, s Scene) bool {
	return p != nil && !p.Mock && s.Now.Sub(p.SeenAt) <= s.Limits.Fresh
}
