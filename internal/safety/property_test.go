package safety_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/safety"
)

// street is a task with two members as time passes, answers come in or do not, and people go and come; the alarms are kept as the
// database keeps them: one for each person.
type street struct {
	*rapid.T
	service *safety.Service
	now     time.Time
	task    safety.Task
	watch   safety.Watch
	alarms  map[uuid.UUID]safety.Alarm
	heard   map[uuid.UUID]time.Time // when each was last known to be well
	lastAsk map[uuid.UUID]time.Time
	raised  int
	closed  int
}

func (s *street) scene() safety.Scene {
	alarms := map[uuid.UUID]safety.Alarm{}
	for id, a := range s.alarms {
		alarms[id] = a
	}
	return safety.Scene{Now: s.now, Law: law, Task: s.task, Watch: s.watch, Alarms: alarms}
}

// keep does what the store does with what was decided.
func (s *street) keep(out safety.Looked, err error) {
	if err != nil {
		s.Fatal(err)
	}
	s.watch = out.Watch
	for _, e := range out.Events {
		if e.Kind == "check.missed" {
			s.unheard(e.Body)
		}
	}
	for _, p := range out.Pushes {
		if p.Kind != "check" {
			continue
		}
		if !s.task.Started {
			s.Fatalf("%s is asked while nobody works", p.Person)
		}
		s.lastAsk[p.Person] = s.now
	}
	for _, p := range out.Presses {
		if a, open := s.alarms[p.Person.ID]; open && a.State == safety.Open && p.Kind == safety.Unanswered && p.Calm == nil {
			s.Fatalf("%s is escalated twice", p.Person.Name)
		}
		s.settle(p)
	}
}

// unheard holds a miss to what has happened: whoever was asked had the whole grace, and did not answer in it.
func (s *street) unheard(body []byte) {
	for _, who := range []safety.Who{wang, li} {
		if !strings.Contains(string(body), who.ID.String()) {
			continue
		}
		asked, known := s.lastAsk[who.ID], s.heard[who.ID]
		if s.now.Sub(asked) < 60*time.Second || !known.Before(asked) {
			s.Fatalf("%s is missed at %s: asked at %s, known to be well at %s", who.Name, s.now, asked, known)
		}
	}
}

func (s *street) settle(p safety.Press) {
	m := safety.Moment{Now: s.now}
	if a, open := s.alarms[p.Person.ID]; open {
		m.Alarm = &a
	}
	d, err := s.service.SettleOn(p, m)
	if safety.Nothing(err) {
		return
	}
	if err != nil {
		s.Fatal(err)
	}
	if m.Alarm == nil {
		s.raised++
	} else if d.Alarm.ID != m.Alarm.ID {
		s.Fatalf("a second alarm for %s", p.Person.Name)
	}
	if (d.Alarm.State == safety.Open) != (d.Alarm.NextAt != nil) {
		s.Fatalf("%s, next %v", d.Alarm.State, d.Alarm.NextAt)
	}
	s.alarms[p.Person.ID] = d.Alarm
}

func (s *street) who() safety.Who { return rapid.SampledFrom([]safety.Who{wang, li}).Draw(s.T, "who") }

// Never two open escalations for one member; a member who answers in time is never missed; once the work has stopped nobody is asked.
func TestTheWatchWhateverHappens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &street{
			T: t, service: safety.New(nil, nil, safety.Pace{}), now: noon, alarms: map[uuid.UUID]safety.Alarm{},
			heard: map[uuid.UUID]time.Time{wang.ID: noon, li.ID: noon}, lastAsk: map[uuid.UUID]time.Time{},
			task: safety.Task{ID: uuid.New(), Organ: duty.Organ{Path: station, Kind: duty.Station}, Started: true, Working: []safety.Who{wang, li}},
		}
		s.keep(s.service.LookAt(s.scene()))
		t.Repeat(map[string]func(*rapid.T){
			"time passes": func(t *rapid.T) {
				s.now = s.now.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "seconds")) * time.Second)
				s.keep(s.service.LookAt(s.scene()))
			},
			"a moment passes": func(t *rapid.T) {
				s.now = s.now.Add(time.Duration(rapid.IntRange(1, 70).Draw(t, "seconds")) * time.Second)
				s.keep(s.service.LookAt(s.scene()))
			},
			"nothing happens": func(*rapid.T) {
				s.now = s.now.Add(600 * time.Second)
				s.keep(s.service.LookAt(s.scene()))
			},
			"two sweeps at once": func(*rapid.T) { // the second finds what the first has written
				s.keep(s.service.LookAt(s.scene()))
				before := s.raised
				s.keep(s.service.LookAt(s.scene()))
				if s.raised != before {
					s.Fatal("the second sweep raised an alarm")
				}
			},
			"an answer": func(*rapid.T) {
				who := s.who()
				s.keep(s.service.SayOf(s.scene(), duty.Actor{Person: who.ID}, who, safety.Replied{State: safety.Well, ObservedAt: s.now}))
				s.heard[who.ID] = s.now
			},
			"a call for help": func(*rapid.T) {
				who := s.who()
				s.settle(safety.Press{Kind: safety.SOS, Person: who, RaisedAt: s.now, Organ: s.task.Organ})
				s.keep(s.service.LookAt(s.scene())) // the next sweep finds it
			},
			"an alarm is closed": func(*rapid.T) {
				who := s.who()
				if _, open := s.alarms[who.ID]; open {
					delete(s.alarms, who.ID)
					s.closed++
					for _, c := range s.watch.Checks { // whoever closes it knows how they are, unless they were asked anew meanwhile
						if c.Person.ID == who.ID && c.State != safety.Asked {
							s.heard[who.ID] = s.now
						}
					}
				}
			},
			"work rests or goes on": func(*rapid.T) {
				s.task.Started = !s.task.Started
				if s.task.Started {
					s.heard = map[uuid.UUID]time.Time{wang.ID: s.now, li.ID: s.now}
				}
				s.keep(s.service.LookAt(s.scene()))
			},
			"somebody goes or comes": func(*rapid.T) {
				if len(s.task.Working) == 2 {
					s.task.Working = []safety.Who{wang}
				} else {
					s.task.Working = []safety.Who{wang, li}
					s.heard[li.ID] = s.now
				}
				s.keep(s.service.LookAt(s.scene()))
			},
			"": func(*rapid.T) {
				if len(s.alarms) != s.raised-s.closed {
					s.Fatalf("%d raised, %d closed, %d open", s.raised, s.closed, len(s.alarms))
				}
			},
		})
	})
}

// A silent alarm sends nothing to the phone of whoever is in danger, whatever becomes of it, and repeats until somebody answers.
func TestRoundsGoOnUntilSomebodyAnswers(t *testing.T) {
	t.Parallel()
	service := safety.New(nil, nil, safety.Pace{Repeat: 30 * time.Second, Widen: 2})
	head := safety.Boss{Person: uuid.New(), Number: "310001", Name: "所长", Path: station}
	boss := safety.Boss{Person: uuid.New(), Number: "310002", Name: "局长", Path: "500000000000/"}
	around := safety.Around{Heads: []safety.Boss{head, boss}}
	d, err := service.SettleOn(safety.Press{
		Kind: safety.SOS, Person: wang, Organ: duty.Organ{Path: station, Kind: duty.Station}, Silent: true, RaisedAt: noon,
	}, safety.Moment{Now: noon, Around: around})
	if err != nil || len(d.Pushes) != 1 || d.Pushes[0].Person != head.Person || d.Alarm.Round != 1 {
		t.Fatalf("%+v %v", d, err)
	}
	now := noon
	for round := 1; round < 6; round++ {
		now = now.Add(30 * time.Second)
		a := d.Alarm
		m := safety.Moment{Now: now, Alarm: &a, Around: around}
		if _, err := service.AgainOn(m, round-1); !safety.Nothing(err) {
			t.Errorf("an old job in round %d: %v", round, err)
		}
		if d, err = service.AgainOn(m, round); err != nil {
			t.Fatal(err)
		}
		want := 1
		if round >= 2 {
			want = 2 // the district has no head: the bureau's is told
		}
		if len(d.Pushes) != want || d.Alarm.Round != round+1 || !d.Alarm.NextAt.Equal(now.Add(30*time.Second)) || !d.Schedule {
			t.Errorf("round %d: %+v", round, d)
		}
		for _, p := range d.Pushes {
			if p.Person == wang.ID || p.Priority != "immediate" {
				t.Errorf("%+v", p)
			}
		}
	}
	if d.Alarm.Level != "500000000000/" {
		t.Errorf("told up to %s", d.Alarm.Level)
	}
}

// Where nobody could be told at first, whoever comes on duty later is.
func TestWhoeverComesOnDutyLaterIsTold(t *testing.T) {
	t.Parallel()
	service := safety.New(nil, nil, safety.Pace{})
	press := safety.Press{Kind: safety.SOS, Person: wang, Organ: duty.Organ{Path: station, Kind: duty.Station}, RaisedAt: noon}
	d, err := service.SettleOn(press, safety.Moment{Now: noon})
	if err != nil || len(d.Pushes) != 0 || !d.Schedule {
		t.Fatalf("%+v %v", d, err)
	}
	around := safety.Around{}
	for round := 1; round <= 5; round++ {
		if round == 3 {
			around.Officers = []safety.Officer{officer("late", station, 0, -1)}
		}
		a := d.Alarm
		if d, err = service.AgainOn(safety.Moment{Now: after(30 * round), Alarm: &a, Around: around}, round); err != nil {
			t.Fatal(err)
		}
		if told := len(d.Pushes) == 1; told != (round >= 3) || (len(d.Events) == 2) != (round == 3) {
			t.Errorf("round %d: %+v", round, d)
		}
	}
	around.Officers = append(around.Officers, officer("later", station, 0, -1)) // at the top already: whoever is new is told when it is time
	for round := 6; round <= 9; round++ {
		a := d.Alarm
		if d, err = service.AgainOn(safety.Moment{Now: after(30 * round), Alarm: &a, Around: around}, round); err != nil {
			t.Fatal(err)
		}
	}
	if len(d.Pushes) != 2 {
		t.Errorf("%+v", d)
	}
}
