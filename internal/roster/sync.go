package roster

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// Source is a personnel system of an organ, and how far it has told us.
type Source struct {
	Path     duty.Path
	Name     string
	Revision int64
}

// Batch is what a personnel system says at one revision of its own. The same again changes nothing; an older revision is refused,
// because it would take back what is known better by now. Whoever is not named stays as they are.
type Batch struct {
	Source   string
	Revision int64
	People   []Entry // Organ.Code alone says where they belong
	Snapshot *Snapshot
}

// Snapshot says that a batch names every auxiliary of a subtree: who is missing has left. (Of officers and others a personnel system
// for auxiliaries has nothing to say.) It is refused when more would leave than the bound allows, unless that is meant.
type Snapshot struct {
	Organ     string // code
	Most      int    // per cent of those who were there
	Confirmed bool   // more than that is meant
}

// Synced is what came of a batch.
type Synced struct {
	Report
	Separated int
}

// Sync brings the roster to what a personnel system says, all of it or nothing.
func (s *Service) Sync(ctx context.Context, actor duty.Actor, b Batch) (done Synced, err error) {
	if err := duty.Require(actor, duty.ManageRoster); err != nil {
		return Synced{}, err
	}
	directory, err := s.store.Directory(ctx, actor)
	if err != nil {
		return Synced{}, err
	}
	of, err := b.resolve(directory)
	if err != nil {
		return Synced{}, err
	}
	err = s.store.Change(ctx, actor, of, func(scene Scene) (Changes, error) {
		if b.Revision < scene.Revision {
			return Changes{}, fault.New(fault.Conflict, "stale_revision", fmt.Sprintf("已同步到修订 %d，不接受更早的修订", scene.Revision),
				fmt.Sprintf("revision %d is known already; an older one is not taken", scene.Revision))
		}
		c := s.changing(scene, actor, fmt.Sprintf("sync %s %d", b.Source, b.Revision))
		done = Synced{Report: Report{Rows: len(b.People)}}
		if err := b.enter(c, of, &done); err != nil {
			return Changes{}, err
		}
		done.Over = c.over()
		if b.Revision > scene.Revision {
			c.out.Source = &Source{actor.Organ.Path, b.Source, b.Revision}
		}
		return c.out, c.err
	})
	return done, err
}

// resolve finds the organs and posts that a batch names, and says which people it is about. Every bad place is told.
func (b *Batch) resolve(d Directory) (of Selection, err error) {
	var bad []fault.Field
	refuse := func(field, message string) { bad = append(bad, fault.Field{Field: field, Message: message}) }
	of.Source = b.Source
	seen := make(map[string]bool, len(b.People))
	for i := range b.People {
		e, at := &b.People[i], fmt.Sprintf("body/people/%d", i)
		if seen[e.Number] {
			refuse(at+"/number", "is there twice")
		}
		seen[e.Number] = true
		organ, known := d.Organs[e.Organ.Code]
		if !known {
			refuse(at+"/organ", "no organ has this code")
		}
		e.Organ = organ
		for j, t := range value(e.Training) {
			switch place := fmt.Sprintf("%s/training/%d/post", at, j); {
			case !d.Posts[t.Post]:
				refuse(place, "no post has this code")
			case slices.ContainsFunc((*e.Training)[:j], func(o duty.Training) bool { return o.Post == t.Post }):
				refuse(place, "is there twice")
			}
		}
		for j, q := range value(e.Qualifications) {
			if slices.ContainsFunc((*e.Qualifications)[:j], func(o duty.Qualification) bool { return o.Kind == q.Kind }) {
				refuse(fmt.Sprintf("%s/qualifications/%d/kind", at, j), "is there twice")
			}
		}
		of.Numbers = append(of.Numbers, e.Number)
	}
	if b.Snapshot != nil {
		of.Auxiliaries = d.Organs[b.Snapshot.Organ].Path
		if of.Auxiliaries == "" {
			refuse("body/snapshot/organ", "no organ has this code")
		}
	}
	if len(bad) > 0 {
		problem := fault.BadField(bad[0].Field, bad[0].Message)
		problem.Fields = bad[:min(len(bad), MaxProblems)]
		return of, problem
	}
	return of, nil
}

func value[T any](list *[]T) []T {
	if list == nil {
		return nil
	}
	return *list
}

func (b *Batch) enter(c *change, of Selection, done *Synced) error {
	named := make(map[string]bool, len(b.People))
	var taken []fault.Field
	for i, e := range b.People {
		named[e.Number] = true
		if c.scene.Foreign[e.Number] {
			taken = append(taken, fault.Field{Field: fmt.Sprintf("body/people/%d/number", i), Message: numberTaken.EN})
			continue
		}
		done.count(c.enter(e))
	}
	if len(taken) > 0 {
		problem := fault.BadField(taken[0].Field, taken[0].Message)
		problem.Fields = taken
		return problem
	}
	if b.Snapshot != nil {
		return b.separate(c, of.Auxiliaries, named, done)
	}
	return nil
}

var numberTaken = law.Text{ZH: "该编号已被使用", EN: "the number is in use"}

// separate lets go whom a snapshot does not name.
func (b *Batch) separate(c *change, within duty.Path, named map[string]bool, done *Synced) error {
	there, missing := 0, []duty.Person{}
	for _, p := range c.scene.People {
		if p.Status == law.StatusSeparated || p.Class.LegalRole() == law.RoleNone || !p.Organ.Path.Within(within) {
			continue
		}
		there++
		if !named[p.Number] {
			missing = append(missing, p)
		}
	}
	if len(missing)*100 > b.Snapshot.Most*there && !b.Snapshot.Confirmed {
		return fault.New(fault.Conflict, "snapshot_separates_too_many",
			fmt.Sprintf("将有 %d 人（共 %d 人）离职，超过 %d%%；确属如此请加确认", len(missing), there, b.Snapshot.Most),
			fmt.Sprintf("%d of %d people would be separated, more than %d %%; confirm it if that is meant", len(missing), there, b.Snapshot.Most))
	}
	slices.SortFunc(missing, func(a, b duty.Person) int { return strings.Compare(a.Number, b.Number) }) // a map has no order
	for _, p := range missing {
		c.outOf(p)
	}
	done.Separated = len(missing)
	return nil
}
