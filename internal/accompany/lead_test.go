package accompany_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

var (
	noon    = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	officer = uuid.MustParse("0198f5a2-7c1e-7d4a-9b52-000000000001")
	first   = uuid.MustParse("0198f5a2-7c1e-7d4a-9b52-000000000002")
	second  = uuid.MustParse("0198f5a2-7c1e-7d4a-9b52-000000000003")
	limits  = accompany.Limits{Radius: 100, Fresh: 3 * time.Minute, Word: 30 * time.Minute, Grace: time.Minute}
)

// story plays a lead: what happens at which second, and what it is said to be afterwards.
type story struct {
	t     *testing.T
	lead  *accompany.Lead
	scene accompany.Scene
	told  []string
}

func begin(t *testing.T) *story {
	return &story{t: t, lead: accompany.New(officer, noon), scene: accompany.Scene{
		Now: noon, Limits: limits, MustBeLed: true,
		Officer: accompany.Person{ID: officer}, Led: []accompany.Person{{ID: first}, {ID: second}},
	}}
}

// at goes to a second after noon, lets something happen and looks.
func (s *story) at(second int, happens func(*story)) *story {
	s.scene.Now = noon.Add(time.Duration(second) * time.Second)
	if happens != nil {
		happens(s)
	}
	is, changes := s.lead.Look(s.scene)
	for _, c := range changes {
		s.told = append(s.told, fmt.Sprintf("%d:%s", int(c.At.Sub(noon).Seconds()), c.To))
	}
	s.lead = is
	return s
}

func (s *story) tells(want string) *story {
	s.t.Helper()
	if got := strings.Join(s.told, " "); got != want {
		s.t.Errorf("told %q, not %q", got, want)
	}
	return s
}

func (s *story) person(id uuid.UUID) *accompany.Person {
	if id == officer {
		return &s.scene.Officer
	}
	for i := range s.scene.Led {
		if s.scene.Led[i].ID == id {
			return &s.scene.Led[i]
		}
	}
	s.t.Fatalf("nobody is %s", id)
	return nil
}

func accepts(s *story) { s.lead.Accept(s.scene.Now) }
func starts(s *story)  { s.scene.Working = true }
func rests(s *story)   { s.scene.Working = false }

func all(do ...func(*story)) func(*story) {
	return func(s *story) {
		for _, d := range do {
			d(s)
		}
	}
}

func code(with uuid.UUID) func(*story) { return func(s *story) { s.lead.Confirm(with, s.scene.Now) } }

func word(who uuid.UUID, p law.Presence) func(*story) {
	return func(s *story) { s.person(who).Word = &accompany.Word{Says: p, At: s.scene.Now} }
}

// standing puts somebody so many metres north of the place, as exactly as said.
func standing(who uuid.UUID, metres, accuracy float64) func(*story) {
	return func(s *story) {
		s.person(who).Position = &accompany.Position{Point: duty.Point{Lat: 29.56 + metres/111195, Lon: 106.57}, Accuracy: accuracy, SeenAt: s.scene.Now}
	}
}

func shift(who uuid.UUID, unit, facility string) func(*story) {
	return func(s *story) { s.person(who).Shift = &accompany.Shift{Unit: unit, Facility: facility} }
}

func TestLeads(t *testing.T) {
	t.Parallel()
	near := all(standing(officer, 0, 10), standing(first, 30, 10))
	for name, c := range map[string]struct {
		play func(*story)
		want string
		told law.Presence
	}{
		"named and nothing more": {func(s *story) { s.at(60, nil) }, "", law.PresenceUnknown},
		"taken on, not there":    {func(s *story) { s.at(60, accepts).at(4000, nil) }, "60:accepted", law.PresenceUnknown},
		"a code decays by itself, on time, with nobody reporting": {func(s *story) {
			s.at(10, code(first)).at(20, starts).at(9000, nil)
		}, "10:present 20:led 1810:doubtful 1870:lost", law.PresenceAbsent},
		"positions decay sooner": {func(s *story) {
			s.at(0, all(accepts, near)).at(20, starts).at(200, nil)
		}, "0:present 20:led 180:doubtful", law.PresenceDoubtful},
		"positions renewed": {func(s *story) {
			s.at(0, all(accepts, near, starts)).at(150, near).at(300, nil)
		}, "0:led", law.PresencePresent},
		"one side's position is no evidence": {func(s *story) {
			s.at(0, all(accepts, standing(officer, 0, 10))).at(10, nil)
		}, "0:accepted", law.PresenceUnknown},
		"positions without the officer's yes": {func(s *story) { s.at(0, near).at(10, nil) }, "", law.PresenceUnknown},
		"the officer walks off beside people who stand still": {func(s *story) {
			s.at(0, all(accepts, near, starts)).at(60, standing(officer, 400, 10)).at(61, nil).at(121, nil)
		}, "0:led 60:doubtful 120:lost", law.PresenceAbsent},
		"and comes back within the grace": {func(s *story) {
			s.at(0, all(accepts, near, starts)).at(60, standing(officer, 400, 10)).at(90, near)
		}, "0:led 60:doubtful 90:led", law.PresencePresent},
		"a position too blurred to tell says nothing": {func(s *story) {
			s.at(0, all(accepts, near, starts)).at(60, standing(officer, 150, 90)).at(100, nil)
		}, "0:led", law.PresencePresent},
		"a made-up position shows nothing": {func(s *story) {
			s.at(0, all(accepts, near, func(s *story) { s.person(first).Position.Mock = true }))
		}, "0:accepted", law.PresenceUnknown},
		"one of those led strays": {func(s *story) {
			s.at(0, all(accepts, near, standing(second, 20, 10), starts)).at(30, standing(second, 500, 10)).at(95, nil)
		}, "0:led 30:doubtful 90:lost", law.PresenceAbsent},
		"both say so": {func(s *story) {
			s.at(0, word(officer, law.PresencePresent)).at(5, word(first, law.PresencePresent))
		}, "0:accepted 5:present", law.PresencePresent},
		"the officer's word alone": {func(s *story) { s.at(0, word(officer, law.PresencePresent)).at(5, starts) }, "0:accepted", law.PresenceUnknown},
		"one of those led says that he has gone": {func(s *story) {
			s.at(0, all(code(first), starts)).at(50, word(second, law.PresenceAbsent))
		}, "0:led 50:lost", law.PresenceAbsent},
		"a code with who said so takes it back": {func(s *story) {
			s.at(0, all(code(first), starts)).at(50, word(second, law.PresenceAbsent)).at(80, code(second))
		}, "0:led 50:lost 80:led", law.PresencePresent},
		"a code with another does not": {func(s *story) {
			s.at(0, all(code(first), starts)).at(50, word(second, law.PresenceAbsent)).at(80, code(first))
		}, "0:led 50:lost", law.PresenceAbsent},
		"on the way, and then seen there": {func(s *story) {
			s.at(0, word(officer, law.PresenceEnRoute)).at(100, near)
		}, "0:accepted 100:present", law.PresencePresent},
		"on the way":         {func(s *story) { s.at(0, word(officer, law.PresenceEnRoute)).at(100, nil) }, "0:accepted", law.PresenceEnRoute},
		"leading by radio":   {func(s *story) { s.at(0, all(code(first), starts)).at(9, word(officer, law.PresenceRemote)) }, "0:led 9:lost", law.PresenceRemote},
		"somebody has doubt": {func(s *story) { s.at(0, all(code(first), starts)).at(9, word(first, law.PresenceDoubtful)) }, "0:led 9:doubtful", law.PresenceDoubtful},
		"and it is not cleared up": {func(s *story) {
			s.at(0, all(code(first), starts)).at(9, word(first, law.PresenceDoubtful)).at(100, nil)
		}, "0:led 9:doubtful 69:lost", law.PresenceAbsent},
		"in a basement positions say nothing": {func(s *story) {
			s.at(0, all(accepts, shift(officer, "", "看守所"), shift(first, "", "看守所"), standing(officer, 0, 5), standing(first, 900, 5), starts)).at(100, nil)
		}, "0:led", law.PresencePresent},
		"in one vehicle": {func(s *story) {
			s.at(0, all(accepts, shift(officer, "渝A1234警", ""), shift(first, "渝A1234警", ""), starts)).at(5000, nil)
		}, "0:led", law.PresencePresent},
		"the officer leaves the vehicle's shift": {func(s *story) {
			s.at(0, all(accepts, shift(officer, "渝A1234警", ""), shift(first, "渝A1234警", ""), starts)).
				at(100, func(s *story) { s.person(officer).Shift = nil }).at(300, nil)
		}, "0:led 180:doubtful 240:lost", law.PresenceAbsent},
		"a vehicle that one of them has left": {func(s *story) {
			s.at(0, all(accepts, shift(officer, "渝A1234警", ""), shift(first, "渝A1234警", ""), starts)).
				at(30, all(standing(officer, 0, 5), standing(first, 900, 5))).at(100, nil)
		}, "0:led 30:doubtful 90:lost", law.PresenceAbsent},
		"a code outweighs older positions": {func(s *story) {
			s.at(0, all(accepts, standing(officer, 0, 5), standing(first, 900, 5))).at(5, code(first))
		}, "0:doubtful 5:present", law.PresencePresent},
		"and newer ones outweigh it": {func(s *story) {
			s.at(5, code(first)).at(20, all(standing(officer, 0, 5), standing(first, 900, 5)))
		}, "5:present 20:doubtful", law.PresenceDoubtful},
		"positions outlast a code": {func(s *story) {
			s.at(0, all(code(first), starts)).at(1700, near).at(1900, nil)
		}, "0:led 1880:doubtful", law.PresenceDoubtful},
		"words count when positions that outweighed them are too old, and not before": {func(s *story) {
			s.at(0, all(accepts, near, starts)).at(10, standing(first, 900, 5)).at(20, word(officer, law.PresencePresent)).
				at(30, word(first, law.PresencePresent)).at(200, nil)
		}, "0:led 10:doubtful 70:lost 180:led", law.PresencePresent},
		"and at once when they are spoken after that": {func(s *story) {
			s.at(0, all(accepts, near, starts)).at(10, standing(first, 900, 5)).at(20, word(officer, law.PresencePresent)).
				at(190, nil).at(190, word(first, law.PresencePresent))
		}, "0:led 10:doubtful 70:lost 190:led", law.PresencePresent},
		"and not before another is seen there who was apart as well": {func(s *story) {
			s.at(0, all(accepts, near, starts)).at(10, all(standing(first, 900, 5), standing(second, 900, 5))).at(20, word(officer, law.PresencePresent)).
				at(30, word(first, law.PresencePresent)).at(300, code(second))
		}, "0:led 10:doubtful 70:lost 300:led", law.PresencePresent},
		"a doubt does not begin anew": {func(s *story) {
			s.at(0, all(accepts, near, starts)).at(200, standing(officer, 0, 5)).at(220, all(standing(officer, 0, 5), standing(first, 900, 5))).at(241, nil)
		}, "0:led 180:doubtful 240:lost", law.PresenceAbsent},
		"doubt does not restore what was lost": {func(s *story) {
			s.at(0, all(code(first), starts)).at(50, word(first, law.PresenceAbsent)).at(60, word(first, law.PresenceDoubtful))
		}, "0:led 50:lost", law.PresenceAbsent},
		"before the work nothing is lost": {func(s *story) { s.at(0, code(first)).at(9000, nil) }, "0:present 1800:doubtful", law.PresenceDoubtful},
		"while it rests nothing is lost":  {func(s *story) { s.at(0, all(code(first), starts)).at(60, rests).at(9000, nil) }, "0:led 60:present 1800:doubtful", law.PresenceDoubtful},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := begin(t)
			c.play(s)
			s.tells(c.want)
			if s.lead.Presence != c.told {
				t.Errorf("the law is told %s, not %s", s.lead.Presence, c.told)
			}
		})
	}
}

// The seconds in each state and the stretches alone are those of the changes, however late somebody looked.
func TestTimeIsCountedFromWhenItWas(t *testing.T) {
	t.Parallel()
	s := begin(t).at(10, code(first)).at(20, starts).at(2000, nil).at(2100, code(first)).at(2200, word(officer, law.PresenceAbsent))
	s.at(2250, rests)
	s.tells("10:present 20:led 1810:doubtful 1870:lost 2100:led 2200:lost 2250:accepted")
	for state, want := range map[accompany.State]int{
		accompany.Named: 10, accompany.Present: 10, accompany.Led: 1790 + 100, accompany.Doubtful: 60, accompany.Lost: 230 + 50, accompany.Accepted: 50,
	} {
		if got := s.lead.TimeIn(state, noon.Add(2300*time.Second)); got != time.Duration(want)*time.Second {
			t.Errorf("%s: %s, not %d s", state, got, want)
		}
	}
	if len(s.lead.Alone) != 2 || s.lead.Alone[1].To == nil || s.lead.Alone[0].To.Sub(s.lead.Alone[0].From) != 230*time.Second {
		t.Errorf("alone: %+v", s.lead.Alone)
	}
	s.lead.End(accompany.Ended, noon.Add(3000*time.Second))
	if _, changes := s.at(9000, starts).lead.Look(s.scene); len(changes) > 0 || s.lead.State != accompany.Ended {
		t.Errorf("a lead that has ended: %+v", changes)
	}
}

// Work that needs no lead is nobody's solo work.
func TestNobodyIsAloneInWorkOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := begin(t)
	s.scene.MustBeLed = false
	s.at(0, all(code(first), starts)).at(5000, nil).tells("0:led 1800:doubtful 1860:lost")
	if len(s.lead.Alone) != 0 {
		t.Errorf("alone: %+v", s.lead.Alone)
	}
	s.scene.MustBeLed = true // the patrol stops and questions
	if s.at(5100, nil); len(s.lead.Alone) != 1 || !s.lead.Alone[0].From.Equal(noon.Add(5100*time.Second)) {
		t.Errorf("alone: %+v", s.lead.Alone)
	}
}

func TestALeadIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	s := begin(t).at(0, all(code(first), starts)).at(2000, nil)
	text, err := json.Marshal(s.lead)
	if err != nil {
		t.Fatal(err)
	}
	var read accompany.Lead
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	again, _ := json.Marshal(read)
	if string(again) != string(text) {
		t.Errorf("%s\nread and written again:\n%s", text, again)
	}
}
