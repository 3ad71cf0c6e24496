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

	restraint deed = "restraint"           // asked for, commanded or led by an officer, used, ended, reported (Art. 17(4))
	unordered deed = "restraint_unordered" // used without an order
	unheardOf deed = "restraint_offline"   // the same, without network, and told of later
	recusal   deed = "recusal"             // somebody declares one of themselves (Art. 22)
	byParty   deed = "recusal_by_party"    // a party asks for one
	objection deed = "objection"           // somebody contests the order (Art. 20)
	stolen    deed = "stolen_phone"        // a phone is revoked in the hands of a thief
	asked     deed = "check"               // those at work are asked whether they are well, and answer
	missed    deed = "check_missed"        // and do not
	unheard   deed = "sos_unanswered"      // a call for help that is repeated until somebody answers
	deadSOS   deed = "sos_offline"         // a call for help that waits for a network
)

// scene is one thing to play. All times are simulated.
type scene struct {
	Deed  deed
	Walk  time.Duration // how long the work takes
	Away  time.Duration // how long whoever leaves is gone
	Rest  time.Duration // before the next scene
	Twist uint64        // seeds what is drawn while the scene is played
	Dealt bool          // one of a hand: played to the end of it, however slow the server
}

// lane is who plays scenes one after the other.
type lane int

const (
	leading lane = iota // work that an officer leads
	beat                // work without one
	trouble             // work on which something goes wrong
	alone               // work of one person, who is watched over
)

// lanes lists them.
var lanes = []lane{leading, beat, trouble, alone}

// chances of the scenes of each lane, in hundredths.
var chances = map[lane][]struct {
	deed  deed
	share int
}{
	leading: {{led, 20}, {wander, 35}, {takeover, 30}, {patrol, 15}},
	beat:    {{deadZone, 40}, {patrol, 30}, {turn, 15}, {alarm, 15}},
	trouble: {
		{patrol, 70}, {restraint, 7}, {unordered, 3}, {unheardOf, 2}, {recusal, 5}, {byParty, 3}, {objection, 7}, {stolen, 3},
	},
	alone: {{patrol, 55}, {asked, 30}, {missed, 3}, {unheard, 6}, {deadSOS, 6}},
}

// deck are the hard moments of a lane: rare, and yet each is to happen in every city. They are dealt out to the crews.
var deck = map[lane][]deed{
	trouble: {stolen, restraint, recusal, unordered, objection, unheardOf, byParty},
	alone:   {missed, asked, unheard, deadSOS},
}

// hand is what a crew is dealt: its share of a deck that the seed has shuffled, but for the first card, which takes longest and is begun
// first. A city of one crew has nobody to share with, and plays what there is time for.
func hand(seed uint64, crew, crews int, of lane) (dealt []scene) {
	cards := append([]deed(nil), deck[of]...)
	rand.New(rand.NewPCG(seed, 1<<40|uint64(of))).Shuffle(max(0, len(cards)-1), func(i, j int) {
		cards[i+1], cards[j+1] = cards[j+1], cards[i+1]
	})
	for i := crew; i < len(cards); i += crews {
		dealt = append(dealt, scene{Deed: cards[i], Dealt: crews > 1})
	}
	return dealt
}

// script is what a lane of a crew does in a time, its hand first: the same for the same seed, whatever the server answers. A slow server
// only leaves its end unplayed.
func script(seed uint64, crew, crews int, of lane, length time.Duration) (scenes []scene) {
	source := rand.New(rand.NewPCG(seed, uint64(crew)<<8|uint64(of)))
	dealt := hand(seed, crew, crews, of)
	for at := time.Duration(0); ; {
		s := scene{
			Deed: draw(source, of), Walk: between(source, 2*time.Minute, 8*time.Minute), Away: between(source, 3*time.Minute, 12*time.Minute),
			Rest: between(source, 0, 2*time.Minute), Twist: source.Uint64(),
		}
		if n := len(scenes); n < len(dealt) {
			s.Deed, s.Dealt = dealt[n].Deed, dealt[n].Dealt
		}
		if at += s.takes(); at > length && len(scenes) >= max(1, len(dealt)) {
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
	case restraint, unordered, unheardOf, recusal, byParty, objection, stolen, asked, missed, unheard, deadSOS:
		return s.Walk / 2
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
