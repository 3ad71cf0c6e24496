package safety_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/safety"
)

const (
	district duty.Path = "500000000000/500103000000/"
	station            = district + "500103550000/"
)

var (
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	wang = safety.Who{ID: uuid.MustParse("00000000-0000-7000-8000-000000000001"), Number: "FJ1", Name: "王磊"}
	li   = safety.Who{ID: uuid.MustParse("00000000-0000-7000-8000-000000000002"), Number: "FJ2", Name: "李强"}
	law  = duty.Law{Policies: []duty.Policy{{Measure: duty.CheckEvery, Value: 600}, {Measure: duty.CheckGrace, Value: 60}}}
)

func after(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }

// at is wang alone at work, with a check as it stands.
func at(now time.Time, checks ...safety.Check) safety.Scene {
	return safety.Scene{
		Now: now, Law: law, Watch: safety.Watch{Checks: checks},
		Task: safety.Task{ID: uuid.New(), Organ: duty.Organ{Path: station, Kind: duty.Station}, Started: true, Working: []safety.Who{wang}},
	}
}

func waiting(since time.Time) safety.Check {
	return safety.Check{Person: wang, State: safety.Waiting, Since: since}
}

func asked(since, at time.Time, misses int) safety.Check {
	return safety.Check{Person: wang, State: safety.Asked, Since: since, AskedAt: &at, Misses: misses}
}

func TestWhatTimeDoesToACheck(t *testing.T) {
	t.Parallel()
	sos := map[uuid.UUID]safety.Alarm{wang.ID: {Kind: safety.SOS, State: safety.Open}}
	missing := map[uuid.UUID]safety.Alarm{wang.ID: {Kind: safety.Unanswered, State: safety.Open}}
	escalated := safety.Check{Person: wang, State: safety.Escalated, Since: noon, AskedAt: &noon, Misses: 2}
	for name, c := range map[string]struct {
		scene                 safety.Scene
		state                 safety.CheckState
		ask, missed, escalate int
		next                  int // seconds after noon; 0: nothing is due
	}{
		"work begins":                 {at(noon), safety.Waiting, 0, 0, 0, 600},
		"a moment before":             {at(after(599), waiting(noon)), safety.Waiting, 0, 0, 0, 600},
		"it is due":                   {at(after(600), waiting(noon)), safety.Asked, 1, 0, 0, 660},
		"long due: the server slept":  {at(after(9000), waiting(noon)), safety.Asked, 1, 0, 0, 9060},
		"a moment left":               {at(after(659), asked(noon, after(600), 0)), safety.Asked, 0, 0, 0, 660},
		"missed once, asked again":    {at(after(660), asked(noon, after(600), 0)), safety.Asked, 1, 1, 0, 720},
		"missed twice":                {at(after(720), asked(noon, after(660), 1)), safety.Escalated, 0, 1, 1, 0},
		"it stays so":                 {with(at(after(9000), escalated), missing), safety.Escalated, 0, 0, 0, 0},
		"the alarm was closed":        {at(after(9000), escalated), safety.Waiting, 0, 0, 0, 9600},
		"their own alarm":             {with(at(after(600), waiting(noon)), sos), safety.Held, 0, 0, 0, 0},
		"their own alarm, was asked":  {with(at(after(700), asked(noon, after(600), 1)), sos), safety.Held, 0, 0, 0, 0},
		"their own alarm has ended":   {at(after(700), safety.Check{Person: wang, State: safety.Held}), safety.Waiting, 0, 0, 0, 1300},
		"work rests":                  {resting(at(after(660), asked(noon, after(600), 1))), safety.Over, 0, 0, 0, 0},
		"work goes on after a rest":   {at(after(660), safety.Check{Person: wang, State: safety.Over, Since: noon}), safety.Waiting, 0, 0, 0, 1260},
		"sent away":                   {sentAway(at(after(660), asked(noon, after(600), 1))), safety.Over, 0, 0, 0, 0},
		"nobody asks any more":        {under(at(after(660), asked(noon, after(600), 1)), duty.Law{}), safety.Over, 0, 0, 0, 0},
		"ordered stricter":            {ordered(at(after(120), waiting(noon)), 120), safety.Asked, 1, 0, 0, 180},
		"ordered laxer does not help": {ordered(at(after(600), waiting(noon)), 6000), safety.Asked, 1, 0, 0, 660},
		"ordered where the law asks nobody": {
			ordered(under(at(after(120), waiting(noon)), duty.Law{}), 120), safety.Asked, 1, 0, 0, 240,
		},
	} {
		before := clone(c.scene.Watch.Checks)
		step := c.scene.Step()
		if len(step.Checks) != 1 || step.Checks[0].State != c.state {
			t.Errorf("%s: %+v", name, step.Checks)
		}
		if len(step.Ask) != c.ask || len(step.Missed) != c.missed || len(step.Escalate) != c.escalate {
			t.Errorf("%s: %+v", name, step)
		}
		if c.next == 0 && step.NextAt != nil || c.next != 0 && (step.NextAt == nil || !step.NextAt.Equal(after(c.next))) {
			t.Errorf("%s: next at %v, not %v", name, step.NextAt, after(c.next))
		}
		for i := range before {
			if before[i].State != c.scene.Watch.Checks[i].State {
				t.Errorf("%s: it changed what it was given", name)
			}
		}
	}
}

func with(s safety.Scene, alarms map[uuid.UUID]safety.Alarm) safety.Scene {
	s.Alarms = alarms
	return s
}

func resting(s safety.Scene) safety.Scene {
	s.Task.Started = false
	return s
}

func sentAway(s safety.Scene) safety.Scene {
	s.Task.Working = nil
	return s
}

func under(s safety.Scene, l duty.Law) safety.Scene {
	s.Law = l
	return s
}

func ordered(s safety.Scene, every int) safety.Scene {
	s.Watch.Ordered = &safety.Ordered{Every: every}
	return s
}

func clone(checks []safety.Check) []safety.Check { return append([]safety.Check(nil), checks...) }

func TestTheColourOfAMember(t *testing.T) {
	t.Parallel()
	open, seenTo := &safety.Alarm{State: safety.Open}, &safety.Alarm{State: safety.Answered}
	due := after(600)
	overdue := waiting(noon)
	overdue.DueAt = &due
	for name, c := range map[string]struct {
		check safety.Check
		alarm *safety.Alarm
		want  safety.Colour
	}{
		"answered":                    {waiting(noon), nil, safety.Green},
		"due, and not asked yet":      {overdue, nil, safety.Amber},
		"asked":                       {asked(noon, after(600), 0), nil, safety.Amber},
		"missed":                      {asked(noon, after(660), 1), nil, safety.Red},
		"escalated":                   {safety.Check{State: safety.Escalated}, open, safety.Red},
		"in need of help":             {safety.Check{State: safety.Held}, open, safety.Red},
		"somebody is coming":          {safety.Check{State: safety.Held}, seenTo, safety.Amber},
		"well, and the alarm is open": {waiting(noon), seenTo, safety.Amber},
	} {
		if got := c.check.Colour(after(700), c.alarm); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}
