package dispatch

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// Question is work for which nobody has been chosen yet: who may do it, and what does everybody else lack?
type Question struct {
	Acts      []string
	CaseKind  law.CaseKind
	Tags      law.Tags
	Emergency bool
	Operates  law.Vehicles // what the work has a person drive or operate (Art. 18)
	Path      duty.Path    // subtree; empty: everywhere the actor dispatches
	Near      *duty.Point  // where the work is: those who are on duty near it come first
	Limit     int          // at most so many of each list
}

// Candidates are the auxiliaries within reach, by what the law would say to sending each of them now, alone, under a lead who is
// well named. The lists are cut at the question's limit, the numbers are not.
type Candidates struct {
	At       time.Time
	May      []Candidate // the nearest first, where it is asked for and known; then the least busy
	Lack     []Candidate // those who lack least first
	MayAll   int
	LackAll  int
	LeadOwed bool // the work needs a leading officer beside whoever is chosen (Art. 16)
}

// Candidate is one auxiliary. Verdict is the first of what stands in the way, or the clause that permits it.
type Candidate struct {
	Person    duty.Person
	OpenTasks int
	OnDuty    bool                // has checked in
	Position  *accompany.Position // the last one, of somebody on duty
	Metres    *float64            // from the work, where that is asked for and the position is fresh
	Verdict   law.Verdict
}

// Roll is who may be asked for, and the moment it was read.
type Roll struct {
	Now    time.Time
	Law    duty.Law    // of the actor's organ
	People []Candidate // without a verdict
}

// Candidates judges everybody whom the actor could send. What is due only at the start (uniform, work card, camera, the lead on
// the scene) is nobody's lack yet; a recusal belongs to a task, and there is none.
func (s *Service) Candidates(ctx context.Context, actor duty.Actor, q Question) (Candidates, error) {
	if err := duty.Require(actor, duty.DispatchTask); err != nil {
		return Candidates{}, err
	}
	if err := between("query/acts", len(q.Acts), 1, maxActs); err != nil {
		return Candidates{}, err
	}
	roll, err := s.store.Roll(ctx, actor, q.Path)
	if err != nil {
		return Candidates{}, err
	}
	book, err := s.books(roll.Law)
	if err != nil {
		return Candidates{}, err
	}
	sorting := sorting{
		factBuilder: factBuilder{now: roll.Now, law: roll.Law, book: book},
		task:        q.task(actor),
		out:         Candidates{At: roll.Now, May: []Candidate{}, Lack: []Candidate{}},
	}
	if err := sorting.all(roll.People); err != nil {
		return Candidates{}, err
	}
	sorting.out.measure(q.Near, roll.Now, LimitsOf(roll.Law, q.Acts).Fresh)
	return sorting.out.cut(q.Limit), nil
}

// task is the work as the law would be asked about it, were somebody sent.
func (q Question) task(actor duty.Actor) *Task {
	return &Task{
		Order:        Order{Acts: q.Acts, CaseKind: q.CaseKind, Tags: q.Tags, Emergency: q.Emergency},
		Members:      []Member{{Operates: q.Operates}},
		DispatchedBy: Dispatcher{Class: actor.Class},
	}
}

// sorting tells those who may from those who lack something.
type sorting struct {
	factBuilder
	task *Task
	out  Candidates
}

func (s *sorting) all(people []Candidate) error {
	question := s.facts(s.task, law.Dispatch, nil)
	question.Officers = []law.Officer{{ID: "lead", Lead: true, OnDuty: law.Yes, SameOrgan: law.Yes}}
	s.out.LeadOwed = s.book.Led(s.task.Acts)
	screen := s.book.Screen(question)
	if _, err := screen.Lawful(&law.Auxiliary{ID: "nobody"}); err != nil { // the question itself is at fault, and nobody might come after
		return unruled(err)
	}
	for _, c := range people {
		m := Member{Person: c.Person.ID, Number: c.Person.Number, Class: c.Person.Class, Operates: s.task.Members[0].Operates}
		facts := s.person(c.Person, s.task, m)
		var err error
		if c.Verdict, err = screen.Verdict(&facts); err != nil {
			return err
		}
		if c.Verdict.Outcome.Lawful() {
			s.out.May = append(s.out.May, c)
		} else {
			s.out.Lack = append(s.out.Lack, c)
		}
	}
	return nil
}

// unruled names the part of the question that the law has no place for.
func unruled(err error) error {
	var input *law.InputError
	if errors.As(err, &input) {
		return fault.BadField("query"+input.Field, input.Problem).Because(err)
	}
	return err
}

// measure tells how far those who may are from the work. What a phone made up, or sent too long ago, says nothing.
func (c *Candidates) measure(from *duty.Point, now time.Time, fresh time.Duration) {
	if from == nil {
		return
	}
	for i := range c.May {
		p := c.May[i].Position
		if p != nil && !p.Mock && now.Sub(p.SeenAt) <= fresh {
			metres := from.Metres(p.Point)
			c.May[i].Metres = &metres
		}
	}
}

// nearer puts those whose distance is known before the others.
func nearer(a, b *float64) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Compare(*a, *b)
}

func (c Candidates) cut(limit int) Candidates {
	slices.SortFunc(c.May, func(a, b Candidate) int {
		return cmp.Or(nearer(a.Metres, b.Metres), cmp.Compare(a.OpenTasks, b.OpenTasks), cmp.Compare(a.Person.Number, b.Person.Number))
	})
	slices.SortFunc(c.Lack, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(a.Verdict.Outcome, b.Verdict.Outcome), cmp.Compare(a.Person.Number, b.Person.Number))
	})
	c.MayAll, c.LackAll = len(c.May), len(c.Lack)
	c.May, c.Lack = c.May[:min(limit, len(c.May))], c.Lack[:min(limit, len(c.Lack))]
	return c
}
