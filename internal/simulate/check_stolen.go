package simulate

import (
	"fmt"
	"time"
)

const (
	lastLetIn  = time.Second     // after a phone was revoked
	socketsEnd = 5 * time.Second // after it
)

// stolenCutOff holds the server to what a thief saw, and to when it took the last word of theirs.
func stolenCutOff(e *Evidence, r *Record) (found []string) {
	for _, t := range e.Thefts {
		if late := t.Last.Sub(t.Revoked); t.Accepted > 0 && late > lastLetIn {
			found = append(found, fmt.Sprintf("%s: a request sent %s after the phone was revoked was let in", t.Phone, late.Round(time.Millisecond)))
		}
		if t.Accepted == 0 || t.Refused == 0 {
			found = append(found, fmt.Sprintf("%s: of a thief's requests %d were let in before and %d refused after", t.Phone, t.Accepted, t.Refused))
		}
		for _, said := range r.Tasks[t.Task].Observations {
			late := said.ReceivedAt.Sub(t.RevokedAt)
			if said.By == t.Person && said.Task != nil && *said.Task == t.Task && late > lastLetIn {
				found = append(found, fmt.Sprintf("%s: a statement was taken %s after the phone was revoked", t.Phone, late.Round(time.Millisecond)))
			}
		}
		for _, after := range t.Sockets {
			if after > socketsEnd {
				found = append(found, fmt.Sprintf("%s: a socket was open %s after the phone was revoked", t.Phone, after.Round(time.Millisecond)))
			}
		}
	}
	return found
}

// lateQuarantined holds what a revoked device brought to what was decided on it.
func lateQuarantined(e *Evidence, r *Record) (found []string) {
	for _, t := range e.Thefts {
		for i, l := range t.Late {
			wrong := func(format string, args ...any) {
				found = append(found, fmt.Sprintf("%s: late record %d ", t.Phone, i+1)+fmt.Sprintf(format, args...))
			}
			if l.Outcome != "quarantined" || !l.Listed {
				wrong("was answered %s; in quarantine: %t", l.Outcome, l.Listed)
			}
			if l.Early > 0 {
				wrong("was carried out before anybody decided")
			}
			if n := l.times(r); l.Released && n != 1 || !l.Released && n != 0 {
				wrong("was released: %t, and carried out %d times", l.Released, n)
			}
		}
		for _, q := range r.Quarantine {
			if q.Device == t.Device {
				found = append(found, fmt.Sprintf("%s: record %d was decided on, and is in quarantine", t.Phone, q.N))
			}
		}
	}
	return found
}

// times is how often a late record was carried out in the end.
func (l *Late) times(r *Record) (n int) {
	if l.Call != nil {
		for _, a := range r.Alarms {
			if l.Call.raised(a) {
				n++
			}
		}
		return n
	}
	for _, event := range r.Tasks[l.Task].Events {
		if event.Kind == l.Kind && event.Actor == l.Actor {
			n++
		}
	}
	return n
}
