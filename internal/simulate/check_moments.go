package simulate

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// named counts the events of a kind that are about one restraint, recusal or objection.
func named(events []api.Event, kind, noun string, id uuid.UUID) (found []api.Event) {
	for _, event := range events {
		var body map[string]any
		if event.Kind == kind && json.Unmarshal(event.Body, &body) == nil && body[noun] == id.String() {
			found = append(found, event)
		}
	}
	return found
}

// restraintsKnown holds each use to what whoever used it knows: whether an officer had ordered it.
func restraintsKnown(e *Evidence, r *Record) (found []string) {
	for _, u := range e.Uses {
		wrong := func(format string, args ...any) {
			found = append(found, fmt.Sprintf("task %s: restraint %s of %s ", u.Task, u.ID, u.Phone)+fmt.Sprintf(format, args...))
		}
		if u.Refused != "" {
			wrong("was answered no: %s", u.Refused)
			continue
		}
		h := r.Tasks[u.Task]
		at := slices.IndexFunc(h.Task.Restraints, func(k api.Restraint) bool { return k.ID == u.ID })
		if at < 0 || len(h.Task.Restraints[at].Uses) != 1 {
			wrong("is not on record as one use")
			continue
		}
		kept := h.Task.Restraints[at]
		if use := kept.Uses[0]; use.StoppedAt == nil || use.Outcome == nil || use.Injuries == nil || len(kept.Reports) != 1 {
			wrong("ended with an outcome and was reported, and that is not on record")
		} else if (use.Order != nil) != u.Ordered || use.Lawful != u.Ordered {
			wrong("was ordered: %t; on record it was ordered: %t, lawful: %t", u.Ordered, use.Order != nil, use.Lawful)
		}
		alarmed := slices.ContainsFunc(e.Told, func(t Told) bool {
			return t.Kind == "restraint_alarm" && t.Subject == u.Task && (u.Ordered || t.Person == u.Dispatcher)
		})
		violations := len(named(h.Events, "restraint.violation", "restraint", u.ID))
		switch {
		case u.Ordered && (alarmed || violations > 0):
			wrong("was ordered, and is an alarm: %t, and %d violations", alarmed, violations)
		case !u.Ordered && violations != 1:
			wrong("was not ordered, and is %d violations", violations)
		case !u.Ordered && !alarmed:
			wrong("was not ordered, and whoever sent the unit was not alarmed")
		}
	}
	return found
}

// recusalsDecided holds each recusal to a head having decided it as he said, and the rulings to whoever stepped back being left out.
func recusalsDecided(e *Evidence, r *Record) (found []string) {
	for _, q := range e.Recusals {
		wrong := func(format string, args ...any) {
			found = append(found, fmt.Sprintf("task %s: recusal %s ", q.Task, q.ID)+fmt.Sprintf(format, args...))
		}
		kept, ok := r.Recusals[q.ID]
		state := api.RecusalStateRefused
		if q.Granted {
			state = api.RecusalStateGranted
		}
		switch {
		case !ok || kept.State != state || kept.DecidedBy == nil:
			wrong("was decided (granted: %t), and on record it is %q", q.Granted, kept.State)
			continue
		case !q.SteppedBack:
			wrong("was asked for, and nobody stepped back")
		}
		if q.WentOn || q.Usurped {
			wrong("was of no use: they acted all the same: %t; whoever sent the unit could decide: %t", q.WentOn, q.Usurped)
		}
		by := kept.DecidedBy.Person
		if by == q.Dispatcher || by == q.Person || by == q.AskedBy || !slices.Contains(e.Heads, by) {
			wrong("was decided by %s, who is no head or has a part in it", by)
		}
		h := r.Tasks[q.Task]
		asked, decided := named(h.Events, "recusal.requested", "recusal", q.ID), named(h.Events, "recusal.decided", "recusal", q.ID)
		if len(asked) != 1 || len(decided) != 1 {
			wrong("was asked for and decided once, and on record it is %d and %d times", len(asked), len(decided))
			continue
		}
		if !slices.ContainsFunc(h.Rulings, func(given api.RulingRecord) bool {
			return !given.At.After(asked[0].At) && takesPart(given.Facts, q.Number)
		}) {
			wrong("was asked of %s, who was not ruled on before", q.Person)
		}
		for _, given := range h.Rulings {
			if given.At.After(asked[0].At) && (q.Granted || given.At.Before(decided[0].At)) && takesPart(given.Facts, q.Number) {
				wrong("had %s step back, and at %s they are ruled on", q.Person, given.At.Format(time.RFC3339Nano))
			}
		}
		if q.Instead != uuid.Nil && !slices.ContainsFunc(h.Task.Members, func(m api.Member) bool { return m.Person == q.Instead }) {
			wrong("was made up for by %s, who is not on the task", q.Instead)
		}
	}
	return found
}

func takesPart(facts api.Facts, number string) bool {
	return slices.ContainsFunc(facts.Auxiliaries, func(a api.AuxiliaryFacts) bool { return a.ID == number })
}

// objectionsHeard holds each objection to a head having been called and having answered, and to nothing else having changed.
func objectionsHeard(e *Evidence, r *Record) (found []string) {
	for _, o := range e.Objected {
		wrong := func(format string, args ...any) {
			found = append(found, fmt.Sprintf("task %s: objection %s ", o.Task, o.ID)+fmt.Sprintf(format, args...))
		}
		isHead := func(person uuid.UUID) bool { return slices.Contains(e.Heads, person) }
		if !slices.ContainsFunc(o.Called, isHead) {
			wrong("reached no head")
		}
		if o.Before != o.After {
			wrong("left a mark: %s became %s", o.Before, o.After)
		}
		kept := r.Objections[o.ID]
		if kept.AnsweredBy == nil || kept.State == api.ObjectionStateOpen {
			wrong("was answered, and on record it is %q", kept.State)
		} else if by := kept.AnsweredBy.Person; by == o.Dispatcher || by == o.Person || !isHead(by) {
			wrong("was answered by %s, who is no head or has a part in it", by)
		}
		events := r.Tasks[o.Task].Events
		made, answered := named(events, "objection.made", "objection", o.ID), named(events, "objection.answered", "objection", o.ID)
		if len(made) != 1 || len(answered) != 1 {
			wrong("was made and answered once, and on record it is %d and %d times", len(made), len(answered))
		}
	}
	return found
}
