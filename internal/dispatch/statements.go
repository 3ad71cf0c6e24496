package dispatch

import (
	"cmp"
	"encoding"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// Facts that the system cannot see are stated by somebody. Better sources will come (cameras, positions, rosters); they will
// write the same observations with another source, and nothing here will change.
const (
	factRecording = "recording"
	factUniform   = "uniform"
	factIDCard    = "id_card"
	factPresence  = "presence"
	factOnDuty    = "on_duty"
	factRecusal   = "recusal"
)

// Statement is one fact as a phone or a dispatcher states it.
type Statement struct {
	Subject    uuid.UUID // whom it is about; uuid.Nil: the actor
	Task       *uuid.UUID
	Fact       string
	Value      string
	ObservedAt time.Time // by the device's clock; zero: now
}

// check refuses words that the law has no place for; field locates the statement in the request.
func (s Statement) check(field string) error {
	var err error
	switch s.Fact {
	case factRecording:
		_, err = parse[law.Recording](s.Value)
	case factUniform:
		_, err = parse[law.Uniform](s.Value)
	case factIDCard, factOnDuty:
		_, err = parse[law.Answer](s.Value)
	case factPresence:
		_, err = parse[law.Presence](s.Value)
	case factRecusal: // Art. 22 ¶2: it is decided by a head, before whom a word said in passing does not come
		return fault.BadField(field+"/fact", "a recusal is asked for with POST /v1/tasks/{id}/recusals")
	default:
		return fault.BadField(field+"/fact", fmt.Sprintf("unknown fact %q", s.Fact))
	}
	if err != nil {
		return fault.BadField(field+"/value", err.Error())
	}
	if s.Fact == factPresence && s.Task == nil {
		return fault.BadField(field+"/task", "presence is stated for a task")
	}
	return nil
}

func parse[W any, P interface {
	*W
	encoding.TextUnmarshaler
}](word string) (W, error) {
	var w W
	err := P(&w).UnmarshalText([]byte(word))
	return w, err
}

// read is the word an observation states; nobody having stated anything is the zero word, which assumes least.
func read[W any, P interface {
	*W
	encoding.TextUnmarshaler
}](o *duty.Observation) W {
	var none W
	if o == nil {
		return none
	}
	w, err := parse[W, P](o.Value)
	if err != nil {
		return none
	}
	return w
}

// statements are the observations that still stand at a moment.
type statements []duty.Observation

// standing drops what is stale: too old by the time it was received (a phone's clock decides nothing). Begun is when the work did, whose
// facts they are; nil: it has not.
func standing(all []duty.Observation, now time.Time, fresh Freshness, begun *time.Time) statements {
	kept := make(statements, 0, len(all))
	for _, o := range all {
		if fresh.stands(o, now, lasting(all, o, begun)) {
			kept = append(kept, o)
		}
	}
	return kept
}

// lasting is since when what is wrong lasts: what somebody has spoken of since then does not.
func lasting(all statements, o duty.Observation, begun *time.Time) *time.Time {
	if !slices.Contains(wrong[o.Fact], o.Value) {
		return begun
	}
	if newest := all.latest(o.Subject, o.Fact); newest != nil && newest.ReceivedAt.After(o.ReceivedAt) {
		return nil
	}
	return begun
}

func (f Freshness) stands(o duty.Observation, now time.Time, begun *time.Time) bool {
	switch {
	case o.Fact == factRecusal: // until it is decided
	case o.Fact == factOnDuty && o.Source == sourceShift: // until the shift ends, which is a statement of its own
	case slices.Contains(wrong[o.Fact], o.Value) && begun != nil && !o.ReceivedAt.Before(*begun): // until somebody says that it was put right
	default:
		return now.Sub(o.ReceivedAt) <= f.of(o.Fact)
	}
	return true
}

// wrong is what work may not go on with. Said in its course it does not fade: a camera that was switched off and of which nothing more was
// heard has not become one of which nobody knows, nor has one that only buffers.
var wrong = map[string][]string{
	factRecording: {law.RecordingOff.String(), law.RecordingBuffering.String()},
	factUniform:   {law.UniformNo.String()}, factIDCard: {law.No.String()}, factOnDuty: {law.No.String()},
}

// of is how long a statement of a fact stands.
func (f Freshness) of(fact string) time.Duration {
	if fact == factRecording {
		return f.Recording
	}
	return f.Statement
}

// stale is the age of what stands no more.
func (f Freshness) stale(all []duty.Observation, now time.Time, begun *time.Time) map[uuid.UUID]time.Duration {
	ages := map[uuid.UUID]time.Duration{}
	for _, o := range all {
		if !f.stands(o, now, lasting(all, o, begun)) {
			ages[o.ID] = now.Sub(o.ReceivedAt)
		}
	}
	return ages
}

// latest is the newest statement of a fact about a person, whoever made it; of two received together the later in the list.
func (s statements) latest(subject uuid.UUID, fact string) *duty.Observation {
	var newest *duty.Observation
	for i := range s {
		if o := &s[i]; o.Subject == subject && o.Fact == fact && (newest == nil || !o.ReceivedAt.Before(newest.ReceivedAt)) {
			newest = o
		}
	}
	return newest
}

// shift is the newest word of somebody's shifts on whether they are on duty; nil: they keep none here.
func (s statements) shift(subject uuid.UUID) *duty.Observation {
	var said statements
	for _, o := range s {
		if o.Source == sourceShift {
			said = append(said, o)
		}
	}
	return said.latest(subject, factOnDuty)
}

// onDuty is the newest word; where that is a dispatcher's, who is elsewhere, the officer's own and their shift know better.
func (s statements) onDuty(officer uuid.UUID) *duty.Observation {
	last := s.latest(officer, factOnDuty)
	if last == nil || last.Source != sourceDispatcher {
		return last
	}
	var own statements
	for _, o := range s {
		if o.Source == sourceShift || o.By == officer {
			own = append(own, o)
		}
	}
	return cmp.Or(own.latest(officer, factOnDuty), last)
}

// own is what one witness last said of a fact about a person.
func (s statements) own(subject uuid.UUID, fact string, by uuid.UUID) *duty.Observation {
	var said statements
	for _, o := range s {
		if o.By == by {
			said = append(said, o)
		}
	}
	return said.latest(subject, fact)
}

// news says whether an observation tells anything beyond what stands, and what stood before it. Of most facts the newest word
// counts, whoever said it. Presence is weighed witness by witness: there each one's own last word is what it is held against.
func (s statements) news(o duty.Observation) (before *duty.Observation, news bool) {
	own := s.own(o.Subject, o.Fact, o.By)
	before = own
	if o.Fact != factPresence {
		before = s.latest(o.Subject, o.Fact)
	}
	return before, own == nil || own.Value != o.Value || before.Value != o.Value
}

// fromTheScene leaves out what those who were called in again said of others' presence while they were away, or before: they could
// not see what became of it. It is on record, and tells nothing.
func (s statements) fromTheScene(t *Task) statements {
	return slices.DeleteFunc(s, func(o duty.Observation) bool {
		m := t.Member(o.By)
		return o.Fact == factPresence && m != nil && m.CalledAgain != nil && o.ReceivedAt.Before(*m.CalledAgain)
	})
}

// presence weighs what each side last said of an officer's presence: the worst of them counts, so that a lead who left is not
// kept on the scene by his own word alone. Only those are heard who are there to see it.
func (s statements) presence(officer uuid.UUID, heard func(witness uuid.UUID) bool) law.Presence {
	last := map[uuid.UUID]*duty.Observation{}
	for i := range s {
		o := &s[i]
		if o.Subject != officer || o.Fact != factPresence || !heard(o.By) {
			continue
		}
		if before := last[o.By]; before == nil || !o.ReceivedAt.Before(before.ReceivedAt) {
			last[o.By] = o
		}
	}
	worst := law.PresenceUnknown
	for _, o := range last {
		if got := read[law.Presence](o); presenceRank[got] > presenceRank[worst] {
			worst = got
		}
	}
	return worst
}

// presenceRank orders what was stated from weakest to strongest in effect; unknown is what nobody having spoken leaves.
var presenceRank = map[law.Presence]int{
	law.PresenceUnknown: 0, law.PresencePresent: 1, law.PresenceDoubtful: 2, law.PresenceEnRoute: 3, law.PresenceRemote: 4, law.PresenceAbsent: 5,
}
