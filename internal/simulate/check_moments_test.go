package simulate_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/simulate"
)

// hard is a world in which the hard moments went well, too: an ordered use of restraint and one without an order, a recusal, an objection,
// somebody silent who was looked for, a call for help, a stolen phone.
type hard struct {
	*world
	alarm, head, member, other uuid.UUID
	calm, wild, contested      uuid.UUID // tasks
	ordered, unordered         uuid.UUID
	recusal, objection         uuid.UUID
	silence, theft             uuid.UUID
}

func hardWorld() *hard {
	h := &hard{world: quiet()}
	for _, id := range []*uuid.UUID{
		&h.alarm, &h.head, &h.member, &h.other, &h.calm, &h.wild, &h.contested, &h.ordered, &h.unordered, &h.recusal, &h.objection, &h.silence, &h.theft,
	} {
		*id = uuid.New()
	}
	h.e.Heads, h.e.Phones = []uuid.UUID{h.head}, map[uuid.UUID]bool{h.officer: true, h.member: true}
	h.restrains()
	h.steps()
	h.watches()
	h.steals()
	return h
}

// does adds an event to a task and to what the auditor was shown; an acknowledged one was asked for by its actor.
func (h *hard) does(task uuid.UUID, kind string, actor uuid.UUID, acked bool, body map[string]any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	history := h.r.Tasks[task]
	version, seq := len(history.Events)+1, h.e.Everything.Through+1
	history.Task.ID, history.Task.Version = task, version
	history.Events = append(history.Events, api.Event{
		Kind: kind, Actor: actor, Body: text, Version: &version, Seq: seq, At: morning.Add(time.Duration(seq) * time.Minute), Path: station, Task: &task,
	})
	h.r.Tasks[task] = history
	h.shows(simulate.Shown{Kind: kind, Task: task})
	if acked {
		h.e.Acked = append(h.e.Acked, simulate.Acked{Phone: "FJ31021", Task: task, Kind: kind, Actor: actor})
	}
}

func (h *hard) shows(event simulate.Shown) {
	all := &h.e.Everything
	all.Through++
	event.Seq, event.Path = all.Through, station
	all.Events = append(all.Events, event)
	h.e.Wall.Through, h.e.Wall.Events = all.Through, append(h.e.Wall.Events, event)
}

// changes has the task as it stands be otherwise.
func (h *hard) changes(task uuid.UUID, change func(*api.TaskHistory)) {
	kept := h.r.Tasks[task]
	change(&kept)
	h.r.Tasks[task] = kept
}

func (h *hard) restrains() {
	used := func(task, id uuid.UUID, ordered bool) {
		h.e.Uses = append(h.e.Uses, simulate.Use{Task: task, ID: id, Phone: "FJ31021", Person: h.member, Dispatcher: h.officer, Ordered: ordered})
		h.does(task, "restraint.used", h.member, true, map[string]any{"restraint": id})
		kept := api.RestraintUse{Lawful: ordered, StoppedAt: &morning, Outcome: new(api.RestraintOutcomeControlled), Injuries: new(api.RestraintInjuriesNone)}
		if ordered {
			kept.Order = new(uuid.New())
		} else {
			h.does(task, "restraint.violation", h.member, false, map[string]any{"restraint": id})
			h.e.Told = append(h.e.Told, simulate.Told{Person: h.officer, Kind: "restraint_alarm", Subject: task})
		}
		h.changes(task, func(of *api.TaskHistory) {
			of.Task.Restraints = []api.Restraint{{ID: id, Uses: []api.RestraintUse{kept}, Reports: []api.RestraintReport{{}}}}
		})
	}
	used(h.calm, h.ordered, true)
	used(h.wild, h.unordered, false)
}

func (h *hard) steps() {
	h.does(h.contested, "recusal.requested", h.member, true, map[string]any{"recusal": h.recusal})
	asked := h.r.Tasks[h.contested].Events[0].At
	h.does(h.contested, "recusal.decided", h.head, true, map[string]any{"recusal": h.recusal})
	h.does(h.contested, "objection.made", h.other, true, map[string]any{"objection": h.objection})
	h.does(h.contested, "objection.answered", h.head, true, map[string]any{"objection": h.objection})
	h.changes(h.contested, func(of *api.TaskHistory) {
		of.Task.Members = []api.Member{{Person: h.member}, {Person: h.other}}
		of.Rulings = []api.RulingRecord{
			{At: asked, Facts: api.Facts{Auxiliaries: []api.AuxiliaryFacts{{ID: "FJ31021"}}}},
			{At: asked.Add(time.Second), Facts: api.Facts{Auxiliaries: []api.AuxiliaryFacts{{ID: "FJ31022"}}}},
		}
	})
	h.e.Recusals = []simulate.Recused{{
		Task: h.contested, ID: h.recusal, Person: h.member, Number: "FJ31021", AskedBy: h.member, Dispatcher: h.officer, SteppedBack: true, Granted: true,
		Instead: h.other,
	}}
	h.r.Recusals = map[uuid.UUID]api.Recusal{h.recusal: {ID: h.recusal, State: api.RecusalStateGranted, DecidedBy: &api.DecidingHead{Person: h.head}}}
	h.e.Objected = []simulate.Objected{{
		Task: h.contested, ID: h.objection, Person: h.other, Dispatcher: h.officer, Called: []uuid.UUID{h.head}, Before: "{}", After: "{}",
	}}
	h.r.Objections = map[uuid.UUID]api.Objection{
		h.objection: {ID: h.objection, State: api.ObjectionStateUpheld, AnsweredBy: &api.DecidingHead{Person: h.head}},
	}
}

func (h *hard) watches() {
	h.shows(simulate.Shown{Kind: "alarm.raised", Alarm: h.alarm, Person: h.auxiliary})
	for _, kind := range []string{"check.asked", "check.missed", "check.asked", "check.missed", "check.escalated", "check.answered", "check.asked"} {
		h.shows(simulate.Shown{Kind: kind, About: h.calm, Person: h.member})
	}
	h.shows(simulate.Shown{Kind: "alarm.raised", Alarm: h.silence, Person: h.member})
	h.does(h.calm, "task.finished", h.member, true, nil)
	h.e.Watched = []simulate.Watched{{Task: h.calm, Person: h.member, Answers: 1, Missed: true, Alarm: h.silence}}
	h.r.Alarms = map[uuid.UUID]api.Alarm{
		h.alarm: {
			ID: h.alarm, State: api.AlarmStateClosed, Person: api.Signature{Person: h.auxiliary}, RaisedAt: morning, Presses: 1, Round: 2,
			Answers: []api.AlarmAnswer{{By: api.Signature{Person: h.officer}}}, Closing: &api.AlarmEnd{Outcome: api.AlarmOutcomeHelped},
			Recipients: []api.AlarmRecipient{{Person: h.officer, Told: 1, DeliveredAt: &morning, SeenAt: &morning}},
		},
		h.silence: {
			ID: h.silence, Kind: api.AlarmKindUnanswered, State: api.AlarmStateClosed, Person: api.Signature{Person: h.member},
			Answers: []api.AlarmAnswer{{}}, Closing: &api.AlarmEnd{},
		},
	}
	h.e.Calls = []simulate.Call{{
		Phone: "FJ31021", Person: h.auxiliary, ID: h.alarm, RaisedAt: morning, Presses: 1, Answers: 1, Repeated: true, SeenBy: h.officer, Outcome: api.AlarmOutcomeHelped,
	}}
	h.e.Told = append(h.e.Told, simulate.Told{Person: h.officer, Kind: "alarm", Subject: h.alarm})
}

func (h *hard) steals() {
	call := simulate.Call{Phone: "FJ31021", Person: h.member, RaisedAt: morning.Add(time.Hour)}
	h.does(h.wild, "task.finished", h.member, true, nil)
	h.e.Thefts = []simulate.Theft{{
		Phone: "FJ31021", Person: h.member, Device: h.theft, Task: h.wild, RevokedAt: morning, Revoked: morning, Accepted: 9,
		Last: morning.Add(300 * time.Millisecond), Refused: 9,
		Sockets: []time.Duration{-time.Millisecond, time.Second},
		Late: []simulate.Late{
			{Outcome: "quarantined", Listed: true, Released: true, Task: h.wild, Kind: "task.finished", Actor: h.member},
			{Outcome: "quarantined", Listed: true, Call: &call},
		},
	}}
}

func (h *hard) use(ordered bool) *api.RestraintUse {
	if ordered {
		return &h.r.Tasks[h.calm].Task.Restraints[0].Uses[0]
	}
	return &h.r.Tasks[h.wild].Task.Restraints[0].Uses[0]
}

func (h *hard) alters(id uuid.UUID, change func(*api.Alarm)) {
	a := h.r.Alarms[id]
	change(&a)
	h.r.Alarms[id] = a
}

// unshows takes an event of a kind out of what the auditor was shown, and leaves no gap.
func (h *hard) unshows(kind string) {
	for i := range h.e.Everything.Events {
		if h.e.Everything.Events[i].Kind == kind {
			h.e.Everything.Events[i].Kind = "noise"
			return
		}
	}
	panic("no such event")
}

func TestNothingIsFoundWhereTheHardMomentsWentWell(t *testing.T) {
	t.Parallel()
	h := hardWorld()
	if found := simulate.Check(h.e, h.r); len(found) > 0 {
		t.Errorf("%+v", found)
	}
}

// TestEachPlantedViolationOfAHardMomentIsFound plants one thing at a time, as TestEachPlantedViolationIsFound does.
func TestEachPlantedViolationOfAHardMomentIsFound(t *testing.T) {
	t.Parallel()
	for what, plant := range map[string]struct {
		breaks simulate.Invariant
		plant  func(*hard)
	}{
		"somebody in danger was told no": {simulate.RestraintsKnown, func(h *hard) { h.e.Uses[1].Refused = "403" }},
		"a use that is not on record": {simulate.RestraintsKnown, func(h *hard) {
			h.changes(h.wild, func(of *api.TaskHistory) { of.Task.Restraints = nil })
		}},
		"a use that is on record twice": {simulate.RestraintsKnown, func(h *hard) {
			h.changes(h.wild, func(of *api.TaskHistory) {
				of.Task.Restraints[0].Uses = append(of.Task.Restraints[0].Uses, of.Task.Restraints[0].Uses[0])
			})
		}},
		"a use without an order passes as lawful":       {simulate.RestraintsKnown, func(h *hard) { h.use(false).Lawful = true }},
		"an order is made up":                           {simulate.RestraintsKnown, func(h *hard) { h.use(false).Order = new(uuid.New()) }},
		"an order is forgotten":                         {simulate.RestraintsKnown, func(h *hard) { h.use(true).Order = nil }},
		"a use that never ended":                        {simulate.RestraintsKnown, func(h *hard) { h.use(true).StoppedAt = nil }},
		"nobody knows whether somebody was hurt":        {simulate.RestraintsKnown, func(h *hard) { h.use(true).Injuries = nil }},
		"a use without an order that alarms nobody":     {simulate.RestraintsKnown, func(h *hard) { h.e.Told = h.e.Told[1:] }},
		"a use without an order that alarms a stranger": {simulate.RestraintsKnown, func(h *hard) { h.e.Told[0].Person = uuid.New() }},
		"an alarm of a use on an order": {simulate.RestraintsKnown, func(h *hard) {
			h.e.Told = append(h.e.Told, simulate.Told{Person: h.officer, Kind: "restraint_alarm", Subject: h.calm})
		}},
		"a use without an order that is no violation": {simulate.RestraintsKnown, func(h *hard) {
			h.changes(h.wild, func(of *api.TaskHistory) { of.Events[1].Kind = "restraint.noted" })
		}},
		"a report that was lost": {simulate.RestraintsKnown, func(h *hard) {
			h.changes(h.calm, func(of *api.TaskHistory) { of.Task.Restraints[0].Reports = nil })
		}},
		"a use that was carried out twice": {simulate.CommandsOnce, func(h *hard) { h.does(h.calm, "restraint.used", h.member, false, nil) }},

		"a recusal that waits": {simulate.RecusalsDecided, func(h *hard) {
			h.r.Recusals[h.recusal] = api.Recusal{ID: h.recusal, State: api.RecusalStatePending}
		}},
		"a recusal that is decided otherwise": {simulate.RecusalsDecided, func(h *hard) { h.e.Recusals[0].Granted = false }},
		"a recusal that is decided by whoever sent the unit": {simulate.RecusalsDecided, func(h *hard) {
			h.r.Recusals[h.recusal].DecidedBy.Person = h.officer
		}},
		"a recusal that is decided by somebody who is no head": {simulate.RecusalsDecided, func(h *hard) {
			h.r.Recusals[h.recusal].DecidedBy.Person = uuid.New()
		}},
		"nobody stepped back": {simulate.RecusalsDecided, func(h *hard) { h.e.Recusals[0].SteppedBack = false }},
		"somebody stepped back and is ruled on": {simulate.RecusalsDecided, func(h *hard) {
			h.changes(h.contested, func(of *api.TaskHistory) { of.Rulings[1].Facts.Auxiliaries[0].ID = "FJ31021" })
		}},
		"somebody who never took part stepped back": {simulate.RecusalsDecided, func(h *hard) {
			h.changes(h.contested, func(of *api.TaskHistory) { of.Rulings = of.Rulings[1:] })
		}},
		"somebody who stepped back acted all the same": {simulate.RecusalsDecided, func(h *hard) { h.e.Recusals[0].WentOn = true }},
		"whoever sent the unit could decide":           {simulate.RecusalsDecided, func(h *hard) { h.e.Recusals[0].Usurped = true }},
		"a recusal without an event":                   {simulate.RecusalsDecided, func(h *hard) { h.e.Recusals[0].ID = h.twin(h.recusal) }},
		"a replacement that was never sent": {simulate.RecusalsDecided, func(h *hard) {
			h.changes(h.contested, func(of *api.TaskHistory) { of.Task.Members = of.Task.Members[:1] })
		}},

		"an objection that nobody heard": {simulate.ObjectionsHeard, func(h *hard) { h.e.Objected[0].Called = []uuid.UUID{h.officer} }},
		"an objection that left a mark":  {simulate.ObjectionsHeard, func(h *hard) { h.e.Objected[0].After = `{"marks":1}` }},
		"an objection that waits":        {simulate.ObjectionsHeard, func(h *hard) { h.r.Objections[h.objection] = api.Objection{State: api.ObjectionStateOpen} }},
		"an objection that was answered by whoever sent the unit": {simulate.ObjectionsHeard, func(h *hard) {
			h.r.Objections[h.objection].AnsweredBy.Person = h.officer
		}},
		"an objection without an event": {simulate.ObjectionsHeard, func(h *hard) {
			h.changes(h.contested, func(of *api.TaskHistory) { of.Events[2].Body = json.RawMessage(`{}`) })
		}},

		"a check that nobody answered and nobody missed": {simulate.ChecksKept, func(h *hard) {
			h.shows(simulate.Shown{Kind: "check.asked", About: h.calm, Person: h.member})
		}},
		"somebody who waits for help is asked whether they are well": {simulate.ChecksKept, func(h *hard) {
			h.shows(simulate.Shown{Kind: "check.asked", About: h.calm, Person: h.auxiliary})
			h.shows(simulate.Shown{Kind: "check.answered", About: h.calm, Person: h.auxiliary})
		}},
		"silence of which nobody was told": {simulate.ChecksKept, func(h *hard) { h.unshows("check.escalated") }},
		"silence that was told twice": {simulate.ChecksKept, func(h *hard) {
			h.shows(simulate.Shown{Kind: "check.escalated", About: h.calm, Person: h.member})
		}},
		"somebody who answered is looked for":   {simulate.ChecksKept, func(h *hard) { h.e.Watched[0].Missed = false }},
		"an answer by radio that was lost":      {simulate.ChecksKept, func(h *hard) { h.unshows("check.answered") }},
		"an alarm of silence of somebody else":  {simulate.ChecksKept, func(h *hard) { h.alters(h.silence, func(a *api.Alarm) { a.Person.Person = h.other }) }},
		"silence that was looked for in secret": {simulate.ChecksKept, func(h *hard) { h.alters(h.silence, func(a *api.Alarm) { a.Kind = api.AlarmKindSos }) }},

		"a call for help that is not there": {simulate.AlarmsOnce, func(h *hard) { delete(h.r.Alarms, h.alarm) }},
		"a call for help that is there twice": {simulate.AlarmsOnce, func(h *hard) {
			again := h.r.Alarms[h.alarm]
			again.ID = uuid.New()
			h.r.Alarms[again.ID] = again
			h.shows(simulate.Shown{Kind: "alarm.raised", Alarm: again.ID})
		}},
		"an alarm that nobody raised": {simulate.AlarmsOnce, func(h *hard) {
			id := uuid.New()
			h.r.Alarms[id] = api.Alarm{ID: id, Person: api.Signature{Person: h.auxiliary}, State: api.AlarmStateOpen, NextAt: &morning}
			h.shows(simulate.Shown{Kind: "alarm.raised", Alarm: id})
		}},
		"an alarm that was answered by nobody":   {simulate.AlarmsOnce, func(h *hard) { h.alters(h.alarm, func(a *api.Alarm) { a.Answers = nil }) }},
		"an alarm that was not closed":           {simulate.AlarmsOnce, func(h *hard) { h.alters(h.alarm, func(a *api.Alarm) { a.Closing = nil }) }},
		"a call of another kind":                 {simulate.AlarmsOnce, func(h *hard) { h.e.Calls[0].Kind = api.AlarmKindNeedHelp }},
		"a press that was lost":                  {simulate.AlarmsOnce, func(h *hard) { h.e.Calls[0].Presses = 2 }},
		"an alarm that was not repeated":         {simulate.AlarmsOnce, func(h *hard) { h.alters(h.alarm, func(a *api.Alarm) { a.Round = 1 }) }},
		"a receipt that was lost":                {simulate.AlarmsOnce, func(h *hard) { h.alters(h.alarm, func(a *api.Alarm) { a.Recipients[0].SeenAt = nil }) }},
		"an alarm of which no phone was told":    {simulate.AlarmsOnce, func(h *hard) { h.e.Told = h.e.Told[:1] }},
		"an alarm that was shown twice":          {simulate.AlarmsOnce, func(h *hard) { h.shows(simulate.Shown{Kind: "alarm.raised", Alarm: h.alarm}) }},
		"an alarm that is open and not repeated": {simulate.AlarmsOnce, func(h *hard) { h.alters(h.silence, func(a *api.Alarm) { a.State = api.AlarmStateOpen }) }},

		"a thief was let in too long": {simulate.StolenCutOff, func(h *hard) { h.e.Thefts[0].Last = morning.Add(1100 * time.Millisecond) }},
		"a thief was believed too long": {simulate.StolenCutOff, func(h *hard) {
			h.changes(h.wild, func(of *api.TaskHistory) {
				of.Observations = []api.Observation{{By: h.member, Task: &h.wild, ReceivedAt: morning.Add(2 * time.Second)}}
			})
		}},
		"a thief was never refused":           {simulate.StolenCutOff, func(h *hard) { h.e.Thefts[0].Refused = 0 }},
		"a thief who never got in":            {simulate.StolenCutOff, func(h *hard) { h.e.Thefts[0].Accepted = 0 }},
		"a socket that was left to the thief": {simulate.StolenCutOff, func(h *hard) { h.e.Thefts[0].Sockets[1] = 6 * time.Second }},

		"a late record was taken":     {simulate.LateQuarantined, func(h *hard) { h.e.Thefts[0].Late[0].Outcome = "applied" }},
		"a late record is not listed": {simulate.LateQuarantined, func(h *hard) { h.e.Thefts[0].Late[0].Listed = false }},
		"a late record came early":    {simulate.LateQuarantined, func(h *hard) { h.e.Thefts[0].Late[0].Early = 1 }},
		"a rejected record worked":    {simulate.LateQuarantined, func(h *hard) { h.e.Thefts[0].Late[0].Released = false }},
		"a released record was lost":  {simulate.LateQuarantined, func(h *hard) { h.e.Thefts[0].Late[0].Kind = "task.paused" }},
		"a record lies in quarantine": {simulate.LateQuarantined, func(h *hard) { h.r.Quarantine = []api.QuarantinedRecord{{Device: h.theft}} }},
		"a thief's alarm was believed": {simulate.LateQuarantined, func(h *hard) {
			id := uuid.New()
			h.r.Alarms[id] = api.Alarm{ID: id, Person: api.Signature{Person: h.member}, RaisedAt: morning.Add(time.Hour), State: api.AlarmStateClosed}
			h.shows(simulate.Shown{Kind: "alarm.raised", Alarm: id})
		}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			h := hardWorld()
			plant.plant(h)
			found := simulate.Check(h.e, h.r)
			if len(found) == 0 {
				t.Fatal("not found")
			}
			for _, v := range found {
				if v.Invariant != plant.breaks {
					t.Errorf("%s: %s", v.Invariant, v.What)
				}
			}
		})
	}
}

// twin is a recusal on the head's list like another one, of which no event tells.
func (h *hard) twin(of uuid.UUID) uuid.UUID {
	id := uuid.New()
	h.r.Recusals[id] = h.r.Recusals[of]
	return id
}
