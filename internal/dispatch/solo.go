package dispatch

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/duty"
)

// SoloFilter narrows a question about solo enforcement; the zero value asks about all of it in sight.
type SoloFilter struct {
	Reach    []duty.Path // subtrees the actor may ask about. Set by the service
	Path     duty.Path   // subtree; empty: everything in sight
	From, To time.Time   // zero: no bound
}

// Solo is a stretch of time in which work that must be led ran without an officer (Art. 16, 19¶2).
type Solo struct {
	Task    uuid.UUID
	Organ   duty.Organ
	Acts    []string
	Officer uuid.UUID // who led, and was lost
	Members []uuid.UUID
	From    time.Time
	To      *time.Time // nil: it goes on
	For     time.Duration
}

// SoloList answers a question about solo enforcement.
type SoloList struct {
	Stretches []Solo
	More      bool // there are more tasks with such stretches than were looked at
}

// maxSoloTasks are looked at for one question.
const maxSoloTasks = 500

// Solo finds every stretch in which work of Art. 16 ran without an officer, by the records of the leads.
func (s *Service) Solo(ctx context.Context, actor duty.Actor, filter SoloFilter) (list SoloList, err error) {
	if err := duty.RequireOver(actor, duty.ReadHistory); err != nil {
		return list, err
	}
	filter.Reach = actor.Reach(duty.ReadHistory)
	tasks, now, err := s.store.Alone(ctx, actor, filter, maxSoloTasks+1)
	if err != nil {
		return list, err
	}
	list.More = len(tasks) > maxSoloTasks
	for _, t := range tasks[:min(len(tasks), maxSoloTasks)] {
		list.Stretches = append(list.Stretches, t.solo(filter, now)...)
	}
	return list, nil
}

// solo are the stretches of a task that touch the time asked for.
func (t *Task) solo(asked SoloFilter, now time.Time) (found []Solo) {
	leads := t.LedBefore
	if t.Accompaniment != nil {
		leads = append(leads[:len(leads):len(leads)], *t.Accompaniment)
	}
	for _, l := range leads {
		for _, i := range l.Alone {
			if asked.touches(i, now) {
				found = append(found, t.soloIn(l.Officer, i, now))
			}
		}
	}
	return found
}

func (f SoloFilter) touches(i accompany.Interval, now time.Time) bool {
	end := now
	if i.To != nil {
		end = *i.To
	}
	return (f.To.IsZero() || i.From.Before(f.To)) && (f.From.IsZero() || end.After(f.From))
}

func (t *Task) soloIn(officer uuid.UUID, i accompany.Interval, now time.Time) Solo {
	s := Solo{Task: t.ID, Organ: t.Organ, Acts: t.Acts, Officer: officer, From: i.From, To: i.To, For: now.Sub(i.From), Members: []uuid.UUID{}}
	if i.To != nil {
		s.For = i.To.Sub(i.From)
	}
	for _, m := range t.working() {
		s.Members = append(s.Members, m.Person)
	}
	return s
}
