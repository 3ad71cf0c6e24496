package safety

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Press is an alarm as it was raised: by hand, or because somebody does not answer.
type Press struct {
	Kind     Kind
	Person   Who
	Organ    duty.Organ
	By       uuid.UUID // who raised it; zeros: the service itself
	RaisedAt time.Time // as the phone says
	Silent   bool
	Place    *duty.Place
	Note     string
	Calm     *Answer    // not nil: somebody who was looked for has been heard of
	Task     *uuid.UUID // that they say they are on; the store passes over one that they are not part of, or finds the one they work on
}

// Moment is what an alarm is decided on, all read in the deciding transaction.
type Moment struct {
	Now    time.Time // of the database clock
	Alarm  *Alarm    // as it stands, locked; nil: there is none yet
	Task   *uuid.UUID
	Around Around
}

// Decided is what becomes of an alarm: the store writes all of it or nothing.
type Decided struct {
	Alarm  Alarm
	Events []ledger.Event
	Pushes []duty.Push
	// Schedule: another round comes at Alarm.NextAt.
	Schedule bool
}

const lateAfter = 2 * time.Minute

// raise makes an alarm, or merges what is raised into the one that is open: nobody in danger is told to wait, and nobody's phone rings
// for each press of a button. It was raised at the first press, whichever came first; a press after somebody answered begins the rounds
// anew, for things have become worse.
func (s *Service) raise(p Press, m Moment) (Decided, error) {
	if m.Alarm == nil {
		return s.begin(p, m)
	}
	a := m.Alarm.clone()
	a.Presses++
	a.Silent = a.Silent || p.Silent // once it must be dark it stays dark
	if p.Kind != Unanswered {
		if a.Kind != Unanswered && p.RaisedAt.Before(a.RaisedAt) { // of presses without network the first one may be the last to come
			a.RaisedAt, a.Late = p.RaisedAt, a.Late || p.late(m.Now)
		}
		a.Kind = p.Kind
	}
	if p.Place != nil {
		a.Place = p.Place
	}
	if p.Note != "" {
		a.Note = p.Note
	}
	if a.Task == nil {
		a.Task = m.Task
	}
	out := Decided{Alarm: a}
	if a.State == Answered {
		out.Alarm.State = Open
		s.round(&out, m.Now)
	}
	return s.with(out, "alarm.repeated", p.By, m.Now, map[string]any{"presses": a.Presses, "late": p.late(m.Now), "silent": a.Silent})
}

func (p Press) late(now time.Time) bool { return now.Sub(p.RaisedAt) > lateAfter }

func (s *Service) begin(p Press, m Moment) (Decided, error) {
	a := Alarm{
		ID: s.newID(), Kind: p.Kind, State: Open, Person: p.Person, Organ: p.Organ, Silent: p.Silent, Late: p.late(m.Now), Task: m.Task,
		Place: p.Place, Note: p.Note, RaisedAt: p.RaisedAt, ReceivedAt: m.Now, Presses: 1, Recipients: []Recipient{},
	}
	var people []Helper
	people, a.Level = first(&a, m.Around, p.Organ.Employs(), m.Now)
	a.told(people, m.Now)
	out := Decided{Alarm: a}
	s.round(&out, m.Now)
	body := map[string]any{"silent": a.Silent, "late": a.Late, "raised_at": a.RaisedAt, "recipients": len(a.Recipients), "note": a.Note}
	if a.Place != nil {
		body["place"] = a.Place
	}
	return s.with(out, "alarm.raised", p.By, m.Now, body)
}

// round brings an alarm before everybody it is for, and has the next round come.
func (s *Service) round(out *Decided, now time.Time) {
	out.Alarm.Round++
	for i := range out.Alarm.Recipients {
		out.Alarm.Recipients[i].Told++
	}
	out.Pushes = append(out.Pushes, out.Alarm.pushes(Push)...)
	next := now.Add(s.pace.Repeat)
	out.Alarm.NextAt, out.Schedule = &next, true
}

// again is the next round of an alarm that nobody has answered, which stands in the record, so that screens show it and nobody is left
// to a push alone; after so many rounds the organ above is told as well. One that was
// answered, closed or brought before people by somebody else meanwhile is left as it is.
func (s *Service) again(m Moment, round int) (Decided, error) {
	a := m.Alarm.clone()
	if a.State != Open || a.Round != round {
		return Decided{}, errNothing
	}
	out := Decided{Alarm: a}
	if people, level := s.others(&a, m); len(people) > 0 {
		out.Alarm.Level = level
		out.Alarm.told(people, m.Now)
	}
	out, err := s.with(out, "alarm.unanswered", itself, m.Now, map[string]any{"round": a.Round, "recipients": len(out.Alarm.Recipients)})
	if err != nil {
		return out, err
	}
	if len(out.Alarm.Recipients) > len(a.Recipients) {
		if out, err = s.with(out, "alarm.widened", itself, m.Now, map[string]any{"to": out.Alarm.Level, "round": a.Round}); err != nil {
			return out, err
		}
	}
	s.round(&out, m.Now)
	return out, nil
}

// others are those to be told from the next round on: when it is time those of the organ above, and where there is none, or nobody was
// found before, whoever has come on duty since.
func (s *Service) others(a *Alarm, m Moment) (people []Helper, level duty.Path) {
	if len(a.Recipients) > 0 && a.Round%s.pace.Widen != 0 {
		return nil, a.Level
	}
	if len(a.Recipients) > 0 {
		if people, level = wider(m.Around, a.Level, a.Person.ID); len(people) > 0 {
			return people, level
		}
		people, _ = first(a, m.Around, a.Organ.Employs(), m.Now)
		return people, a.Level
	}
	return first(a, m.Around, a.Organ.Employs(), m.Now)
}

// itself is the actor of what happens because a time has come: the service.
var itself = uuid.Nil

// with adds an event about the alarm.
func (s *Service) with(out Decided, kind string, by uuid.UUID, at time.Time, body map[string]any) (Decided, error) {
	a := out.Alarm
	body["alarm"], body["person"], body["kind"], body["state"] = a.ID, a.Person.ID, a.Kind, a.State
	if a.Task != nil {
		body["task"] = *a.Task
	}
	if body["note"] == "" {
		delete(body, "note")
	}
	e, err := s.event(kind, a.Organ.Path, by, at, body)
	out.Events = append(out.Events, e)
	return out, err
}

func (s *Service) event(kind string, path duty.Path, by uuid.UUID, at time.Time, body map[string]any) (ledger.Event, error) {
	text, err := json.Marshal(body)
	return ledger.Event{ID: s.newID(), Kind: kind, Path: path, Actor: by, At: at, Body: text}, err
}
