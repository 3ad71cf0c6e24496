package simulate

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// Record is what the server shows of it all afterwards, to an auditor.
type Record struct {
	Tasks      map[uuid.UUID]api.TaskHistory
	Alarms     map[uuid.UUID]api.Alarm
	Recusals   map[uuid.UUID]api.Recusal
	Objections map[uuid.UUID]api.Objection
	Quarantine []api.QuarantinedRecord
	Solo       []api.SoloEnforcement
	Findings   []api.OutboxFinding
	Patience   time.Duration // after which a lead that is away must be lost
}

// Invariant is something that must hold whatever happens.
type Invariant string

// The invariants, as the report names them.
const (
	CommandsOnce  Invariant = "each acknowledged command is in the record exactly once"
	FeedWhole     Invariant = "no feed has a gap or a reorder, across reconnects"
	StartsLawful  Invariant = "no work started without a lawful ruling of its epoch"
	NothingOff    Invariant = "no position is kept off duty"
	PhonesInSync  Invariant = "each phone has the server's state after its last sync"
	LossesKnown   Invariant = "each lead that was away too long is lost on record, and listed as solo enforcement"
	OutboxApplied Invariant = "each record made without network is applied, and nothing is found that was not provoked"
	NothingBroke  Invariant = "no answer of 500 and above"

	RestraintsKnown Invariant = "each use of restraint equipment without an order is a violation and an alarm, none on an order is, and none is answered no"
	RecusalsDecided Invariant = "each recusal is decided by a head who has no part in it, and nobody who stepped back is ruled on"
	ObjectionsHeard Invariant = "each objection reached a head, was answered, and left no mark"
	ChecksKept      Invariant = "each check is answered, missed or ended, and who is silent is looked for"
	AlarmsOnce      Invariant = "each call for help is one alarm, also one made without network, and is repeated until it is answered"
	StolenCutOff    Invariant = "no request of a revoked phone is let in a second later, and its sockets are closed within five"
	LateQuarantined Invariant = "nothing that a revoked phone brings takes effect before somebody decides so"
)

// Invariants lists them in the order of the report.
var Invariants = []Invariant{
	CommandsOnce, FeedWhole, StartsLawful, NothingOff, PhonesInSync, LossesKnown, OutboxApplied, RestraintsKnown, RecusalsDecided, ObjectionsHeard,
	ChecksKept, AlarmsOnce, StolenCutOff, LateQuarantined, NothingBroke,
}

// Violation is one instance of a broken invariant.
type Violation struct {
	Invariant Invariant `json:"invariant"`
	What      string    `json:"what"`
}

// Check holds a record to the evidence. It is pure.
func Check(e *Evidence, r *Record) (found []Violation) {
	checks := map[Invariant]func(*Evidence, *Record) []string{
		CommandsOnce: commandsOnce, FeedWhole: feedWhole, StartsLawful: startsLawful, NothingOff: nothingOff, PhonesInSync: phonesInSync,
		LossesKnown: lossesKnown, OutboxApplied: outboxApplied, RestraintsKnown: restraintsKnown, RecusalsDecided: recusalsDecided,
		ObjectionsHeard: objectionsHeard, ChecksKept: checksKept, AlarmsOnce: alarmsOnce, StolenCutOff: stolenCutOff, LateQuarantined: lateQuarantined,
		NothingBroke: nothingBroke,
	}
	for _, i := range Invariants {
		for _, what := range checks[i](e, r) {
			found = append(found, Violation{i, what})
		}
	}
	return found
}

// commandKinds are the events of commands beside the steps of a task.
var commandKinds = []string{
	"task.dispatched", "task.reassigned", "restraint.requested", "restraint.commanded", "restraint.used", "restraint.stopped", "restraint.reported",
	"recusal.requested", "recusal.decided", "objection.made", "objection.answered",
}

// commandsOnce counts the events of each kind, task and person: as many as were acknowledged, no more and no less.
func commandsOnce(e *Evidence, r *Record) (found []string) {
	type key struct {
		task  uuid.UUID
		kind  string
		actor uuid.UUID
	}
	asked, kinds := map[key]int{}, map[string]bool{}
	for _, kind := range slices.Concat(commandKinds, slices.Collect(maps.Values(kindOfStep))) {
		kinds[kind] = true
	}
	for _, a := range e.Acked {
		asked[key{a.Task, a.Kind, a.Actor}]++
		if h, ok := r.Tasks[a.Task]; !ok {
			found = append(found, fmt.Sprintf("%s: %s, and the record has no task %s", a.Phone, a.Kind, a.Task))
		} else if a.Version > h.Task.Version {
			found = append(found, fmt.Sprintf("%s: %s was answered with version %d of task %s, which is at %d", a.Phone, a.Kind, a.Version, a.Task, h.Task.Version))
		}
	}
	there := map[key]int{}
	for id, h := range r.Tasks {
		for i, event := range h.Events {
			if kinds[event.Kind] {
				there[key{id, event.Kind, event.Actor}]++
			}
			if event.Version == nil || *event.Version != i+1 {
				found = append(found, fmt.Sprintf("task %s: event %d of its history is not version %d", id, event.Seq, i+1))
			}
		}
	}
	for k := range there {
		asked[k] += 0
	}
	for _, u := range e.Unsure { // it may have been carried out, on whichever task it was
		for k := range there {
			if k.kind == u.Kind && k.actor == u.Actor && there[k] == asked[k]+1 {
				asked[k]++
				break
			}
		}
	}
	for k, n := range asked {
		if there[k] != n {
			found = append(found, fmt.Sprintf("task %s: %s by %s was acknowledged %d times and is on record %d times", k.task, k.kind, k.actor, n, there[k]))
		}
	}
	for _, again := range e.Repeats {
		if again.Task != again.Again || again.First != again.Later {
			found = append(found, fmt.Sprintf("%s: %s sent again was answered otherwise: task %s version %d, then task %s version %d",
				again.Phone, again.Kind, again.Task, again.First, again.Again, again.Later))
		}
	}
	slices.Sort(found)
	return found
}

// startsLawful looks at each start and each going on after a rest.
func startsLawful(_ *Evidence, r *Record) (found []string) {
	for id, h := range r.Tasks {
		for _, event := range h.Events {
			if event.Kind == "task.started" || event.Kind == "task.resumed" {
				if why := unlawful(event, h.Rulings); why != "" {
					found = append(found, fmt.Sprintf("task %s: %s at %d %s", id, event.Kind, event.Seq, why))
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

func unlawful(event api.Event, rulings []api.RulingRecord) string {
	var body struct{ Ruling uuid.UUID }
	if err := json.Unmarshal(event.Body, &body); err != nil || body.Ruling == uuid.Nil {
		return "names no ruling"
	}
	epoch := 0 // at that moment
	for _, given := range rulings {
		if !given.At.After(event.At) {
			epoch = max(epoch, given.Epoch)
		}
	}
	for _, given := range rulings {
		if given.Ruling.ID == nil || *given.Ruling.ID != body.Ruling {
			continue
		}
		switch {
		case !given.Ruling.Lawful || given.Ruling.Outcome != api.OutcomePermitted && given.Ruling.Outcome != api.OutcomeConditional:
			return fmt.Sprintf("stands on a ruling that is %s", given.Ruling.Outcome)
		case given.Epoch != epoch:
			return fmt.Sprintf("stands on a ruling of epoch %d, and it is epoch %d", given.Epoch, epoch)
		}
		return ""
	}
	return fmt.Sprintf("stands on ruling %s, which is not on record", body.Ruling)
}

func nothingOff(e *Evidence, _ *Record) (found []string) {
	for _, o := range e.OffDuty {
		if o.Kept > 0 {
			found = append(found, fmt.Sprintf("%s: %d positions captured off duty were taken (status %d)", o.Phone, o.Kept, o.Status))
		}
	}
	return found
}

func phonesInSync(e *Evidence, r *Record) (found []string) {
	for _, s := range e.Synced {
		if h := r.Tasks[s.Task]; h.Task.Version != s.Version {
			found = append(found, fmt.Sprintf("%s has version %d of task %s, which is at %d", s.Phone, s.Version, s.Task, h.Task.Version))
		}
	}
	for _, s := range e.Missing {
		found = append(found, fmt.Sprintf("%s does not have task %s", s.Phone, s.Task))
	}
	return found
}

// lossesKnown asks only for what is certain: both sides' positions showed the lead away for longer than anybody bears with.
func lossesKnown(e *Evidence, r *Record) (found []string) {
	for _, a := range e.Absences {
		if a.To.Sub(a.From) <= r.Patience {
			continue
		}
		gone := a.To.Sub(a.From).Round(time.Millisecond)
		if !slices.ContainsFunc(r.Tasks[a.Task].Events, func(event api.Event) bool {
			return event.Kind == "lead.lost" && about(event, a.Officer)
		}) {
			found = append(found, fmt.Sprintf("task %s: lead %s was away for %s and is not lost on record", a.Task, a.Officer, gone))
		}
		if !slices.ContainsFunc(r.Solo, func(s api.SoloEnforcement) bool { return s.Task == a.Task && s.Officer == a.Officer }) {
			found = append(found, fmt.Sprintf("task %s: lead %s was away for %s and it is not listed as solo enforcement", a.Task, a.Officer, gone))
		}
	}
	return found
}

// about says whether an event is about an officer, as far as it names one.
func about(event api.Event, officer uuid.UUID) bool {
	var body struct{ Officer *uuid.UUID }
	return json.Unmarshal(event.Body, &body) == nil && (body.Officer == nil || *body.Officer == officer)
}

func outboxApplied(e *Evidence, r *Record) (found []string) {
	for _, d := range e.Records {
		if d.State != string(api.OutboxResultStateApplied) {
			found = append(found, fmt.Sprintf("%s: record %d is %s (status %d)", d.Phone, d.N, d.State, d.Status))
		}
	}
	for _, f := range r.Findings {
		wrongClock, ours := e.Offline[f.Device]
		if ours && (f.Kind != api.OutboxFindingKindSkew || !wrongClock) {
			found = append(found, fmt.Sprintf("finding %s of device %s, records %d to %d, was not provoked", f.Kind, f.Device, f.First, f.Last))
		}
	}
	return found
}

func nothingBroke(e *Evidence, _ *Record) []string {
	if e.Broken == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d answers", e.Broken)}
}

// feedWhole holds the auditor's feed to the numbers, the wall to the auditor's feed, and each phone's to the tasks it is on.
func feedWhole(e *Evidence, _ *Record) (found []string) {
	all := e.Everything
	for i := range all.Events {
		if want := all.From + int64(i) + 1; all.Events[i].Seq != want {
			found = append(found, fmt.Sprintf("%s: number %d comes where %d should", all.Who, all.Events[i].Seq, want))
			break
		}
	}
	if n := len(all.Events); n > 0 && all.Through > all.Events[n-1].Seq {
		found = append(found, fmt.Sprintf("%s: served up to %d and shown up to %d", all.Who, all.Through, all.Events[n-1].Seq))
	}
	for _, s := range append([]Stream{e.Wall}, e.Mine...) {
		found = append(found, s.lacks(all.Events)...)
	}
	if all.Resets > 0 {
		found = append(found, fmt.Sprintf("%s: was reset %d times", all.Who, all.Resets))
	}
	return found
}

// lacks says what is wrong with a stream, beside everything that happened.
func (s *Stream) lacks(all []Shown) (found []string) {
	shown := make(map[int64]bool, len(s.Events))
	last := s.From
	for _, event := range s.Events {
		if event.Seq <= last {
			found = append(found, fmt.Sprintf("%s: number %d comes after %d", s.Who, event.Seq, last))
		}
		last = event.Seq
		shown[event.Seq] = true
	}
	due := func(event Shown) bool {
		return s.Path != "" && strings.HasPrefix(event.Path, s.Path) || s.Path == "" && slices.Contains(s.Tasks, event.Task)
	}
	for _, event := range all {
		switch {
		case event.Seq <= s.From:
		case due(event) && !shown[event.Seq]:
			found = append(found, fmt.Sprintf("%s: number %d (%s) was never shown", s.Who, event.Seq, event.Kind))
		case s.Path != "" && !due(event) && shown[event.Seq]:
			found = append(found, fmt.Sprintf("%s: number %d (%s) is of an organ out of sight", s.Who, event.Seq, event.Kind))
		}
	}
	return found
}
