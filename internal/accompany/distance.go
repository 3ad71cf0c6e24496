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
	a, b := s.Officer.Position, p.Position
	if !fresh(a, s) || !fresh(b, s) {
		return unsaid
	}
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
