package simulate

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// member is somebody on a task.
type member struct{ task, person uuid.UUID }

// watch is what a feed shows of the watch over one member.
type watchSeen struct {
	open                        bool // asked, and not answered yet
	answered, missed, escalated int
	toEscalate                  int // misses since the last answer
}

// endsWatch are the events after which nobody on a task is asked any more, until they are at work again.
var endsWatch = []string{"task.finished", "task.cancelled", "task.paused", "task.reassigned", "recusal.requested", "recusal.decided"}

// checksKept goes through what the auditor was shown: a check that is asked is answered, missed or ended, and two that are missed are
// passed on. It is held to what those who were asked did.
func checksKept(e *Evidence, r *Record) (found []string) {
	seen, helpless := map[member]*watchSeen{}, map[uuid.UUID]bool{}
	at := func(m member) *watchSeen {
		if seen[m] == nil {
			seen[m] = &watchSeen{}
		}
		return seen[m]
	}
	for _, event := range e.Everything.Events {
		if slices.Contains(endsWatch, event.Kind) {
			for m, w := range seen {
				if m.task == event.Task {
					w.open = false
				}
			}
		}
		switch {
		case event.Kind == "alarm.raised" && r.Alarms[event.Alarm].Kind != api.AlarmKindUnanswered:
			helpless[event.Person] = true
		case event.Kind == "alarm.closed":
			delete(helpless, event.Person)
		case event.Kind == "check.asked" && helpless[event.Person]:
			found = append(found, fmt.Sprintf("task %s: %s waits for help and is asked whether they are well", event.About, event.Person))
		}
		at(member{event.About, event.Person}).takes(event.Kind)
	}
	for m, w := range seen {
		if w.open {
			found = append(found, fmt.Sprintf("task %s: %s was asked whether they are well, and it was neither answered nor missed nor ended", m.task, m.person))
		}
		if w.toEscalate >= missesBorne {
			found = append(found, fmt.Sprintf("task %s: %s missed %d checks and nobody was told", m.task, m.person, w.toEscalate))
		}
	}
	for _, want := range e.Watched {
		w := at(member{want.Task, want.Person})
		if w.answered != want.Answers {
			found = append(found, fmt.Sprintf("task %s: %s answered %d checks, and %d are on record", want.Task, want.Person, want.Answers, w.answered))
		}
		if want.Missed != (w.escalated == 1) || w.escalated > 1 {
			found = append(found, fmt.Sprintf("task %s: %s was silent: %t; escalated %d times", want.Task, want.Person, want.Missed, w.escalated))
		}
		a, ok := r.Alarms[want.Alarm]
		if want.Missed && (!ok || a.Kind != api.AlarmKindUnanswered || a.Person.Person != want.Person || a.Closing == nil || len(a.Answers) != 1) {
			found = append(found, fmt.Sprintf("task %s: %s was silent, looked for and heard of; that is not an alarm on record", want.Task, want.Person))
		}
	}
	slices.Sort(found)
	return found
}

// missesBorne is how many checks in a row may be missed without an alarm.
const missesBorne = 2

func (w *watchSeen) takes(kind string) {
	switch kind {
	case "check.asked":
		w.open = true
	case "check.answered":
		w.open, w.toEscalate = false, 0
		w.answered++
	case "check.missed":
		w.open = false
		w.missed++
		w.toEscalate++
	case "check.escalated":
		w.open, w.toEscalate = false, 0
		w.escalated++
	}
}

// alarmsOnce holds every call for help to one alarm, and every alarm of the city's people to one call.
func alarmsOnce(e *Evidence, r *Record) (found []string) {
	known := map[uuid.UUID]bool{}
	for _, w := range e.Watched {
		known[w.Alarm] = true
	}
	ours := map[uuid.UUID]bool{}
	for i := range e.Calls {
		c := &e.Calls[i]
		ours[c.Person] = true
		var of []api.Alarm
		for _, a := range r.Alarms {
			if c.raised(a) {
				of = append(of, a)
				known[a.ID] = true
			}
		}
		if len(of) != 1 {
			found = append(found, fmt.Sprintf("%s called for help at %s (without network: %t), and there are %d alarms of it",
				c.Phone, c.RaisedAt.Format(time.RFC3339Nano), c.Offline, len(of)))
			continue
		}
		found = append(found, c.holds(of[0])...)
		for _, to := range of[0].Recipients {
			if told := (Told{to.Person, "alarm", c.ID}); to.Told > 0 && e.Phones[to.Person] && !slices.Contains(e.Told, told) {
				found = append(found, fmt.Sprintf("alarm %s of %s was brought before %s, whose phone was told nothing", c.ID, c.Phone, to.Number))
			}
		}
	}
	raised := map[uuid.UUID]int{}
	for _, event := range e.Everything.Events {
		if event.Kind == "alarm.raised" {
			raised[event.Alarm]++
		}
	}
	for id, a := range r.Alarms {
		if raised[id] != 1 {
			found = append(found, fmt.Sprintf("alarm %s was shown as raised %d times", id, raised[id]))
		}
		if a.State == api.AlarmStateOpen && a.NextAt == nil || a.State == api.AlarmStateAnswered && len(a.Answers) == 0 {
			found = append(found, fmt.Sprintf("alarm %s is %s, and neither answered nor repeated", id, a.State))
		}
		if ours[a.Person.Person] && !known[id] {
			found = append(found, fmt.Sprintf("alarm %s of %s was raised by nobody", id, a.Person.Number))
		}
	}
	slices.Sort(found)
	return found
}

// holds holds an alarm to what was done about it.
func (c *Call) holds(a api.Alarm) (found []string) {
	wrong := func(format string, args ...any) {
		found = append(found, fmt.Sprintf("alarm %s of %s ", a.ID, c.Phone)+fmt.Sprintf(format, args...))
	}
	if a.ID != c.ID {
		wrong("was answered as alarm %s", c.ID)
	}
	if a.Presses != c.Presses {
		wrong("was raised %d times and is on record %d times", c.Presses, a.Presses)
	}
	if len(a.Answers) != c.Answers || slices.ContainsFunc(a.Answers, func(said api.AlarmAnswer) bool { return said.By.Person != c.SeenBy }) {
		wrong("was answered %d times by %s; the record has %d answers", c.Answers, c.SeenBy, len(a.Answers))
	}
	if a.Kind != c.Kind {
		wrong("is a call of the kind %s, and on record it is %s", c.Kind, a.Kind)
	}
	if a.Closing == nil || a.Closing.Outcome != c.Outcome {
		wrong("was closed as %s, and not so on record", c.Outcome)
	}
	if c.Repeated && a.Round < 2 {
		wrong("was left unanswered, and brought before people %d times", a.Round)
	}
	if !slices.ContainsFunc(a.Recipients, func(to api.AlarmRecipient) bool {
		return to.Person == c.SeenBy && to.DeliveredAt != nil && to.SeenAt != nil
	}) {
		wrong("was delivered to and seen by %s, and not so on record", c.SeenBy)
	}
	return found
}
