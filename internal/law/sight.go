package law

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Sights tells what the law can see of a task by its act, the role of who does it, and its circumstances (tags, kind of case).
// It is read off the compiled rulebook, so that whoever walks the space of facts (`dutybound law prove`) can fold what no clause
// tells apart. Not for use by more than one goroutine.
type Sights struct {
	book     *Book
	meanings map[*duty]string
}

// Sights gives a fresh one.
func (b *Book) Sights() *Sights { return &Sights{book: b, meanings: map[*duty]string{}} }

// Moments are a moment before anything is in force and one for each date from which something changes, oldest first.
func (b *Book) Moments() []time.Time {
	moments := make([]time.Time, 0, len(b.editions))
	for i := range b.editions {
		from := b.editions[i].from
		if i == 0 {
			from = b.editions[1].from - 1
		}
		moments = append(moments, time.Unix(from, 0).In(zone))
	}
	return moments
}

// InForce says whether the rulebook is in force at a moment.
func (b *Book) InForce(at time.Time) bool { return b.at(at.Unix()).closed == nil }

// Units are the largest numbers of officers and auxiliaries that a clause counts up to.
func (b *Book) Units() (officers, auxiliaries int) {
	for i := range b.editions {
		for _, d := range b.editions[i].duties {
			for _, c := range d.combos {
				officers, auxiliaries = max(officers, c.officers), max(auxiliaries, c.auxiliaries)
			}
		}
	}
	return officers, auxiliaries
}

// Tags are those that some clause about the act looks for.
func (s *Sights) Tags(at time.Time, act string) (seen Tags) {
	e := s.book.at(at.Unix())
	rule := &e.acts[s.book.index[act]]
	for i := range rule.forbidden {
		seen |= rule.forbidden[i].tags
	}
	e.asked(rule, func(d *duty, _ bool) { seen |= d.when.tags | d.when.all })
	return seen
}

// asked takes each condition that can be asked for an act, and tells which only because restraint equipment is used.
func (e *edition) asked(rule *actRule, take func(d *duty, restrained bool)) {
	for _, d := range rule.own {
		take(d, false)
	}
	for i := range e.duties {
		owed := rule.owed>>i&1 != 0
		if owed || e.restraint>>i&1 != 0 {
			take(&e.duties[i], !owed)
		}
	}
}

// Of is the sight of one act in a role and circumstances. Equal sights are ruled alike on all other facts, but for citations and
// names: the same verdicts, obligations and remedies.
func (s *Sights) Of(at time.Time, act string, role Role, tags Tags, k CaseKind) string {
	e := s.book.at(at.Unix())
	if e.closed != nil {
		return "closed"
	}
	rule := &e.acts[s.book.index[act]]
	lines := []string{"role " + chain(rule.byRole[role])}
	if role == RoleNone { // Art. 19 and all conditions speak of auxiliaries
		return lines[0]
	}
	lines = append(lines, role.String(), fmt.Sprint("emergency ", rule.emergency))
	f := Facts{Tags: tags, CaseKind: k}
	for i := range rule.forbidden {
		if x := &rule.forbidden[i]; x.signs != 0 || x.applies(&f) {
			lines = append(lines, fmt.Sprint("closed ", x.signs, chain(x.calm), chain(x.inDanger)))
		}
	}
	e.asked(rule, func(d *duty, restrained bool) {
		if d.when.holds(&f) {
			lines = append(lines, fmt.Sprint("asked ", restrained, s.meaning(d)))
		}
	})
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "\n")
}

// meaning is all of a condition but the clause that asks for it and the circumstances in which it does.
func (s *Sights) meaning(d *duty) string {
	if text, ok := s.meanings[d]; ok {
		return text
	}
	var text strings.Builder
	fmt.Fprint(&text, d.kind, d.organ, d.officer, d.either, d.remote, d.anyOrgan, d.waives, d.enRoute, d.role, d.otherRole, d.denied, d.list, d.combos)
	for _, table := range d.table {
		for _, fd := range table {
			text.WriteString(chain(fd))
		}
	}
	s.meanings[d] = text.String()
	return s.meanings[d]
}

// chain is what a finding and those beside it come to: verdicts, states and remedies.
func chain(fd *finding) string {
	var text strings.Builder
	for ; fd != nil; fd = fd.beside {
		fmt.Fprintf(&text, "%d.%d.%d ", fd.reason.Verdict, fd.notes.State, fd.remedy)
	}
	return text.String()
}
