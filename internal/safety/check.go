package safety

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// Task is what the watch needs to know of a task.
type Task struct {
	ID         uuid.UUID
	Organ      duty.Organ
	Started    bool // work goes on
	Ended      bool
	Version    int
	Acts       []string
	Working    []Who       // members who do the work
	Part       []uuid.UUID // members and officers of the unit
	Lead       *uuid.UUID
	Dispatcher uuid.UUID
}

// Watch is kept over the members of one task. Its JSON is what is stored.
type Watch struct {
	Task    uuid.UUID `json:"task"`
	Path    duty.Path `json:"path"`    // of the task's organ
	Version int       `json:"version"` // of the task when it was last looked at
	Ordered *Ordered  `json:"ordered,omitempty"`
	Checks  []Check   `json:"checks"`
}

// Ordered is a cadence that somebody set for this task alone.
type Ordered struct {
	Every int       `json:"every_s"`
	By    Who       `json:"by"`
	At    time.Time `json:"at"`
}

// CheckState is where the check of one member stands.
type CheckState string

const (
	Waiting   CheckState = "waiting"   // not due yet
	Asked     CheckState = "asked"     // due, and not answered yet
	Escalated CheckState = "escalated" // missed twice: an alarm was raised
	Held      CheckState = "held"      // an alarm of their own is open: help is on its way, and their phone stays dark
	Over      CheckState = "over"      // the work rests or has ended, or they are no longer on it
)

// Check is how it stands with one member.
type Check struct {
	Person  Who        `json:"person"`
	State   CheckState `json:"state"`
	Since   time.Time  `json:"since"` // when we last knew them to be well: the next check is due so long after it
	DueAt   *time.Time `json:"due_at,omitempty"`
	AskedAt *time.Time `json:"asked_at,omitempty"`
	Misses  int        `json:"misses,omitempty"` // since then
	Reply   *Reply     `json:"reply,omitempty"`  // the newest
}

// Wellbeing is what a check is answered with.
type Wellbeing string

const (
	Well        Wellbeing = "well"
	NeedingHelp Wellbeing = "need_help"
)

// Channel is how an answer came in.
type Channel string

const (
	ByApp Channel = "app"
	Radio Channel = "radio" // this and the others are entered by somebody else
)

// Reply is an answer to a check. The words are those that were used, when somebody else entered it.
type Reply struct {
	State      Wellbeing `json:"state"`
	Channel    Channel   `json:"channel"`
	By         Who       `json:"by"` // who entered it
	Words      string    `json:"words,omitempty"`
	ObservedAt time.Time `json:"observed_at"` // as the phone says: testimony
	At         time.Time `json:"at"`
	Late       bool      `json:"late,omitempty"`
}

// Scene is a task with its watch, all read in the deciding transaction.
type Scene struct {
	Now    time.Time
	Law    duty.Law // of the task's organ at that time
	Task   Task
	Watch  Watch               // zero: none is kept yet
	Alarms map[uuid.UUID]Alarm // open ones of the members
}

// cadence is how often each member is asked, and how long they may take: as the organ's law says for the acts, or stricter where it was
// ordered so for this task.
func (s *Scene) cadence() (every, grace time.Duration) {
	seconds := s.Law.Measure(duty.CheckEvery, s.Task.Acts...)
	if o := s.Watch.Ordered; o != nil && o.Every > 0 && (seconds == 0 || o.Every < seconds) {
		seconds = o.Every
	}
	return time.Duration(seconds) * time.Second, time.Duration(s.Law.Measure(duty.CheckGrace, s.Task.Acts...)) * time.Second
}

// Missed is a check that nobody answered in time, for the first or the second time.
type Missed struct {
	Person Who
	Misses int
}

// Step is what time has done to a watch.
type Step struct {
	Checks   []Check
	Ask      []Who
	Missed   []Missed
	Escalate []Who
	NextAt   *time.Time // when the next thing is due; nil: nothing is
}

// mostMisses are answered with an alarm.
const mostMisses = 2

// step is what is due at a moment. It decides on nothing but what it is given: the clock is the database's.
func (s *Scene) step() (out Step) {
	every, grace := s.cadence()
	on := s.Task.Started && every > 0
	out.Checks = slices.Clone(s.Watch.Checks)
	for _, who := range s.Task.Working {
		if on && !slices.ContainsFunc(out.Checks, func(c Check) bool { return c.Person.ID == who.ID }) {
			out.Checks = append(out.Checks, Check{Person: who, State: Over})
		}
	}
	for i := range out.Checks {
		c := &out.Checks[i]
		if !on || !slices.ContainsFunc(s.Task.Working, func(w Who) bool { return w.ID == c.Person.ID }) {
			c.rest(Over)
			continue
		}
		var open *Alarm
		if alarm, ok := s.Alarms[c.Person.ID]; ok {
			open = &alarm
		}
		out.one(c, s.Now, every, grace, open)
	}
	return out
}

// one takes the check of one member on, with the alarm that is open for them, if any.
func (out *Step) one(c *Check, now time.Time, every, grace time.Duration, alarm *Alarm) {
	switch {
	case alarm != nil && alarm.Kind != Unanswered:
		c.rest(Held)
		return
	case alarm != nil && (c.State == Escalated || alarm.State == Open): // they are looked for already: one escalation is enough
		c.rest(Escalated)
		return
	case c.State == Over, c.State == Held, c.State == Escalated: // it begins, or whoever closed the alarm knows how they are
		c.begin(now)
	}
	if c.State == Waiting && !now.Before(c.Since.Add(every)) {
		out.ask(c, now)
	} else if c.State == Asked && !now.Before(c.AskedAt.Add(grace)) {
		c.Misses++
		out.Missed = append(out.Missed, Missed{c.Person, c.Misses})
		if c.Misses >= mostMisses {
			c.rest(Escalated)
			out.Escalate = append(out.Escalate, c.Person)
			return
		}
		out.ask(c, now)
	}
	due := c.Since.Add(every)
	next := due
	if c.State == Asked {
		next = c.AskedAt.Add(grace)
	}
	c.DueAt = &due
	out.soon(next)
}

func (out *Step) ask(c *Check, now time.Time) {
	c.State, c.AskedAt = Asked, &now
	out.Ask = append(out.Ask, c.Person)
}

func (out *Step) soon(at time.Time) {
	if out.NextAt == nil || at.Before(*out.NextAt) {
		out.NextAt = &at
	}
}

// begin is a member who is known to be well now.
func (c *Check) begin(now time.Time) {
	c.State, c.Since, c.DueAt, c.AskedAt, c.Misses = Waiting, now, nil, nil, 0
}

// rest leaves a member unasked.
func (c *Check) rest(as CheckState) { c.State, c.DueAt, c.AskedAt = as, nil, nil }

// Colour is how it looks to whoever watches.
type Colour string

const (
	Green Colour = "green" // answered, and the next check is not due
	Amber Colour = "amber" // asked and not answered yet, or an alarm that somebody is seeing to
	Red   Colour = "red"   // missed, or an alarm that nobody has answered
)

// colour of a check at a moment, with the alarm that is open for the member, if any.
func (c *Check) colour(now time.Time, alarm *Alarm) Colour {
	switch {
	case alarm != nil && alarm.State == Open, c.State == Escalated, c.State == Asked && c.Misses > 0:
		return Red
	case alarm != nil, c.State == Asked, c.DueAt != nil && !now.Before(*c.DueAt):
		return Amber
	default:
		return Green
	}
}
