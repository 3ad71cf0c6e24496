package prove

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dutybound/dutybound/internal/law"
)

// folding says which values of a part cannot be told apart: the class of each value, and of each class its plainest value.
type folding struct {
	of   []int32
	reps []int32
}

// unfolded is the folding that folds nothing.
func unfolded(p *part) *folding {
	f := &folding{}
	for i := range p.values {
		f.of = append(f.of, int32(i))
		f.reps = append(f.reps, int32(i))
	}
	return f
}

// foldUnit folds the units that the conditions asked for cannot tell apart.
func foldUnit(p *part, a asked) *folding {
	f, seen := &folding{}, map[[14]uint8]int32{}
	facts := law.Facts{Auxiliaries: []law.Auxiliary{{ID: "a1"}}}
	for i := range p.values {
		p.values[i].set(&facts)
		key := a.sees(&facts)
		class, ok := seen[key]
		if !ok {
			class = int32(len(f.reps))
			seen[key] = class
			f.reps = append(f.reps, int32(i))
		}
		f.of = append(f.of, class)
	}
	return f
}

// table is what rulings in one scene say of one part, by class.
type table struct {
	*folding
	worst []law.Outcome // the worst reason about the part
	found []lines       // of the reasons about the part
}

// at is what is said of a value of the part.
func (t *table) at(v int32) row { return row{t.worst[t.of[v]], t.found[t.of[v]]} }

func (t *table) add(r row) { t.worst, t.found = append(t.worst, r.worst), append(t.found, r.found) }

// ruledScene is a scene after its parts were ruled on one by one.
type ruledScene struct {
	scene
	given     law.Outcome // what the scene makes of the task whatever the other facts are
	reason    lines       // found in the scene itself
	tables    []table     // of the parts
	views     []table     // of the unit
	differing int         // rulings found so far that are not the union of their parts
}

// rule rules on every class of every part of a scene, with everything else the plainest, and weighs what is said of the part. The
// unit is ruled on as each condition that counts it sees it; what is found of it is the union of that.
func (w *worker) rule(s scene) *ruledScene {
	p := w.proof
	f := p.facts(s, p.classes[s.sight].members[0])
	plain := w.decided(f)
	r := &ruledScene{scene: s}
	scene := w.weigh(f, &plain, scenePart, s, 0)
	r.given, r.reason = scene.worst, scene.found
	for i := range unitPart {
		r.tables = append(r.tables, w.table(s, f, i, i, p.folds[i]))
	}
	asked := askedIn(&plain)
	unit := table{folding: p.unitFold(asked)}
	for view := range views {
		r.views = append(r.views, w.table(s, f, unitPart, unitPart+view, p.unitFold(asked.only(view))))
	}
	for _, v := range unit.reps {
		var seen row
		for i := range r.views {
			seen = seen.with(r.views[i].at(v))
		}
		unit.add(seen)
	}
	r.tables = append(r.tables, unit)
	return r
}

// table rules on each class of a part and weighs the reasons about one aspect of it.
func (w *worker) table(s scene, f *law.Facts, i, aspect int, fold *folding) table {
	t := table{folding: fold}
	part := &w.proof.parts[i]
	for _, v := range t.reps {
		part.values[v].set(f)
		ruling := w.decided(f)
		t.add(w.weigh(f, &ruling, aspect, s, v))
	}
	part.values[0].set(f)
	return t
}

func (w *worker) decided(f *law.Facts) law.Ruling {
	w.ruled++
	r, err := w.proof.core.Rule(f)
	if err != nil {
		panic(unruly(err))
	}
	return r
}

// unruly is said of facts on which no ruling is possible: the walk makes them, nobody else.
func unruly(err error) string { return fmt.Sprintf("facts of the walk are not well-formed: %v", err) }

// weigh is what the reasons about one part come to (or one aspect of the unit). On the way each refusal is tried for its
// remedy, and each reason for what an approver's decision makes of it.
func (w *worker) weigh(f *law.Facts, r *law.Ruling, about int, s scene, v int32) (sum row) {
	for i := range r.Reasons {
		x := &r.Reasons[i]
		m := w.mark(x.Finding)
		if m.about != about {
			continue
		}
		sum = sum.with(row{x.Verdict, m.lines})
		if !x.Verdict.Lawful() {
			w.cure(f, x, about, s, v)
		}
		w.settle(f, r, x, about, s, v)
	}
	return sum
}

// find is the part that a reason is about, of the unit the view, told by the fact it names.
func (p *proof) find(fact string) int {
	starts := func(begin string) bool { return strings.HasPrefix(fact, begin) }
	if slices.ContainsFunc(sceneAbout, starts) {
		return scenePart
	}
	for view, about := range viewsAbout {
		if slices.ContainsFunc(about, starts) {
			return unitPart + view
		}
	}
	for i := range unitPart {
		if slices.ContainsFunc(p.parts[i].about, starts) {
			return i
		}
	}
	panic(fmt.Sprintf("a ruling speaks of %q, a fact that the walk does not know: give it a part", fact))
}
