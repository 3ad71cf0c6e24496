package simulate

import (
	"math/rand/v2"
	"time"
)

// deed is what a lane of a crew plays next.
type deed string

const (
	patrol   deed = "patrol"       // sent, accepted, started, walked, reported
	led      deed = "led"          // work of Art. 16 whose lead stays
	wander   deed = "wander"       // the lead walks away and comes back
	takeover deed = "takeover"     // the lead walks away and another officer takes over
	deadZone deed = "dead_zone"    // a patrol most of which is recorded without network
	turn     deed = "shift_change" // off duty for a while
	alarm    deed = "sos"          // somebody calls for help and is answered
)

// scene is one thing to play. All times are simulated.
type scene struct {
	Deed  deed
	Walk  time.Duration // how long the work takes
	Away  time.Duration // how long whoever leaves is gone
	Rest  time.Duration // before the next scene
	Twist uint64        // seeds what is drawn while the scene is played
}

// lane is who plays scenes one after the other.
type lane int

const (
	leading lane = iota // work that an officer leads
	beat                // work without one
)

// chances of the scenes of each lane, in hundredths.
var chances = map[lane][]struct {
	deed  deed
	share int
}{
	leading: {{led, 20}, {wander, 35}, {takeover, 30}, {patrol, 15}},
	beat:    {{deadZone, 40}, {patrol, 30}, {turn, 15}, {alarm, 15}},
}

// script is what a lane of a crew does in a time: the same for the same seed, whatever the server answers. A slow server only leaves its
// end unplayed.
func script(seed uint64, crew int, of lane, length time.Duration) (scenes []scene) {
	source := rand.New(rand.NewPCG(seed, uint64(crew)<<8|uint64(of)))
	for at := time.Duration(0); ; {
		s := scene{
			Deed: draw(source, of), Walk: between(source, 2*time.Minute, 8*time.Minute), Away: between(source, 3*time.Minute, 12*time.Minute),
			Rest: between(source, 0, 2*time.Minute), Twist: source.Uint64(),
		}
		if at += s.takes(); at > length && len(scenes) > 0 {
			return scenes
		}
		scenes = append(scenes, s)
		at += s.Rest
	}
}

// takes is how long a scene is, but for the server's answers.
func (s scene) takes() time.Duration {
	switch s.Deed {
	case patrol, led:
		return s.Walk
	case alarm:
		return time.Minute
	case turn:
		return s.Away
	default:
		return s.Walk + s.Away
	}
}

func draw(source *rand.Rand, of lane) deed {
	n := source.IntN(100)
	for _, c := range chances[of] {
		if n < c.share {
			return c.deed
		}
		n -= c.share
	}
	return patrol
}

func between(source *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(source.Int64N(int64(most-least)))
}

// clockError is how far a phone's clock is off: two in three are right, the others anywhere within two hours.
func clockError(seed uint64, phone int) time.Duration {
	source := rand.New(rand.NewPCG(seed, 1<<32|uint64(phone)))
	if source.IntN(3) > 0 {
		return 0
	}
	return between(source, -2*time.Hour, 2*time.Hour)
}
