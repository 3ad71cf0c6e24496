package prove

import "github.com/dutybound/dutybound/internal/law"

// pairs rules on every class of every part beside every class of every other part, all else the plainest, and holds all that is
// found to what was found of the two by themselves. A condition that reads facts of two parts together shows in some pair. The unit
// is taken as each of its views sees it: what a view cannot tell apart is one class.
func (w *worker) pairs(r *ruledScene) {
	f := w.proof.facts(r.scene, w.proof.classes[r.sight].members[0])
	for i := range unitPart {
		w.pair(r, f, i, &r.tables[i])
	}
	for i := range r.views {
		w.pair(r, f, unitPart, &r.views[i])
	}
}

// pair rules on the classes of a part by themselves and beside those of each part before it. With a part before it it stops at the
// first that fails: the classes come plainest first.
func (w *worker) pair(r *ruledScene, f *law.Facts, i int, t *table) {
	p := w.proof
	defer p.parts[i].values[0].set(f)
	rest := w.rest(r, i, scenePart)
	for _, v := range t.reps[1:] {
		p.parts[i].values[v].set(f)
		if !w.together(r, f, rest.with(r.tables[i].at(v))) {
			break
		}
	}
	for j := range i {
		rest := w.rest(r, i, j)
		for _, v := range t.reps[1:] {
			p.parts[i].values[v].set(f)
			if !w.beside(r, f, j, rest.with(r.tables[i].at(v))) {
				break
			}
		}
	}
}

// rest is what the scene and the plainest values of all parts but two come to.
func (w *worker) rest(r *ruledScene, i, j int) row {
	rest := row{r.given, r.reason}
	for k := range r.tables {
		if k != i && k != j {
			rest = rest.with(r.tables[k].at(0))
		}
	}
	return rest
}

// beside rules on all classes of a part but the plainest, with the facts as they stand else.
func (w *worker) beside(r *ruledScene, f *law.Facts, j int, rest row) bool {
	t, values := &r.tables[j], w.proof.parts[j].values
	defer values[0].set(f)
	for _, v := range t.reps[1:] {
		values[v].set(f)
		if !w.together(r, f, rest.with(t.at(v))) {
			return false
		}
	}
	return true
}

// together says whether facts are ruled as the parts by themselves are.
func (w *worker) together(r *ruledScene, f *law.Facts, want row) bool {
	w.paired++
	return w.same(r, f, want)
}
