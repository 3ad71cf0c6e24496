package prove

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/dutybound/dutybound/internal/law"
)

// walk holds the rulings of a scene to the tables: all combinations of what the parts can come to, each class of units beside a
// combination drawn at random, and unfolded combinations.
func (w *worker) walk(r *ruledScene) {
	p := w.proof
	f := p.facts(r.scene, p.classes[r.sight].members[0])
	draw := rand.New(rand.NewPCG(uint64(r.sight), w.number(r.scene)))
	unit := &r.tables[unitPart]
	kinds := make([][]int32, unitPart)
	for i := range kinds {
		kinds[i] = r.tables[i].kinds(r.given)
	}
	for _, v := range unit.kinds(r.given) {
		p.parts[unitPart].values[v].set(f)
		w.combine(r, f, kinds, 0, max(r.given, unit.worst[unit.of[v]]))
	}
	for _, v := range unit.reps {
		want := row{r.given, r.reason}.with(unit.at(v))
		for i := range kinds {
			pick := r.tables[i].reps[draw.IntN(len(r.tables[i].reps))]
			p.parts[i].values[pick].set(f)
			want = want.with(r.tables[i].at(pick))
		}
		p.parts[unitPart].values[v].set(f)
		w.same(r, f, want)
	}
	for range p.samples {
		w.sample(r, draw)
	}
}

// samplesOfAScene is how many unfolded combinations are drawn in each scene.
const samplesOfAScene = 48

// number tells the scenes of a sight apart.
func (w *worker) number(s scene) uint64 {
	n := uint64(s.phase)<<8 | uint64(s.status)<<4 | uint64(s.restraint)
	if s.emergency {
		n |= 1 << 16
	}
	return n
}

// kinds are the plainest values of a part for each outcome above the floor: what the outcome cannot show is walked as one.
func (t *table) kinds(floor law.Outcome) (values []int32) {
	var seen []law.Outcome
	for class, worst := range t.worst {
		if worst = max(worst, floor); !slices.Contains(seen, worst) {
			seen = append(seen, worst)
			values = append(values, t.reps[class])
		}
	}
	return values
}

// combine decides all combinations of the parts from i on but the unit.
func (w *worker) combine(r *ruledScene, f *law.Facts, kinds [][]int32, i int, want law.Outcome) {
	if i == len(kinds) {
		w.hold(r, f, want)
		return
	}
	t, values := &r.tables[i], w.proof.parts[i].values
	for _, v := range kinds[i] {
		values[v].set(f)
		w.combine(r, f, kinds, i+1, max(want, t.worst[t.of[v]]))
	}
}

func (w *worker) hold(r *ruledScene, f *law.Facts, want law.Outcome) {
	w.ruled++
	v, err := w.proof.core.Decide(f)
	if err != nil || v.Outcome != want {
		w.dependent(r, f, v.Outcome, "each part by itself: "+want.String())
	}
}

// dependent notes that facts are not ruled as the worst of their parts. The first of a scene are enough to find a small one.
func (w *worker) dependent(r *ruledScene, f *law.Facts, got law.Outcome, why string) {
	if r.differing++; r.differing > 60 {
		return
	}
	w.note(0, &violation{
		cost: w.proof.cost(r.scene, w.proof.classes[r.sight].members[0]) + distance(f), scene: r.scene,
		cases: []Case{{clone(f), got}}, why: why,
	})
}

// sample draws one combination from the unfolded space, with a member of the sight, and holds every reason about it to the tables.
func (w *worker) sample(r *ruledScene, draw *rand.Rand) {
	p := w.proof
	members := p.classes[r.sight].members
	f := p.facts(r.scene, members[draw.IntN(len(members))])
	want := row{r.given, r.reason}
	for i := range unitPart {
		t := &r.tables[i]
		for _, v := range p.draw(i, f, draw) {
			want = want.with(t.at(v))
		}
	}
	w.same(r, f, want.with(r.tables[unitPart].at(p.drawUnit(f, draw))))
	w.settleAll(f, r.scene)
}

// same says whether facts are ruled as their parts by themselves, and notes those that are not.
func (w *worker) same(r *ruledScene, f *law.Facts, want row) bool {
	got := w.finds(f)
	if got == want {
		return true
	}
	together, apart := w.proof.list(got.found), w.proof.list(want.found)
	w.dependent(r, f, got.worst, fmt.Sprintf("found together: %s; of the parts by themselves: %s", together, apart))
	return false
}

// draw sets a part to any of its values, unfolded, and tells which values of the part say together what is found of it.
func (p *proof) draw(i int, f *law.Facts, draw *rand.Rand) []int32 {
	values := p.parts[i].values
	switch p.parts[i].name {
	case "vehicles":
		return p.drawVehicles(i, f, draw)
	case "equipment":
		return p.drawGear(i, f, draw)
	}
	v := int32(draw.IntN(len(values)))
	values[v].set(f)
	return []int32{v}
}

func (p *proof) drawVehicles(i int, f *law.Facts, draw *rand.Rand) []int32 {
	var operates, holds law.Vehicles
	var picked []int32
	for k := range (len(p.parts[i].values) - 1) / 3 {
		v := int32(1 + 3*k + draw.IntN(6)) // most vehicles play no role
		if v > int32(3*k+3) {
			continue
		}
		picked = append(picked, v)
		p.parts[i].values[v].set(f)
		operates |= f.Auxiliaries[0].Operates
		holds |= f.Auxiliaries[0].Qualifications
	}
	everybody(func(a *law.Auxiliary) { a.Operates, a.Qualifications = operates, holds })(f)
	return picked
}

func (p *proof) drawGear(i int, f *law.Facts, draw *rand.Rand) []int32 {
	var picked []int32
	var set []law.EquipmentItem
	for k, x := range things {
		if draw.IntN(6) == 0 {
			set = append(set, x)
			picked = append(picked, int32(k+1))
		}
	}
	everybody(func(a *law.Auxiliary) { a.Equipment = slices.Concat(set, inUse(a.Equipment)) })(f)
	return picked
}

// drawUnit draws officers in any state, and tells the value they are folded to.
func (p *proof) drawUnit(f *law.Facts, draw *rand.Rand) int32 {
	most, people := p.book.Units()
	officers := make([]law.Officer, draw.IntN(max(most, 2)+1))
	for k := range officers {
		officers[k] = officerStates[draw.IntN(len(officerStates))]
		officers[k].Lead = draw.IntN(3) == 0
		officers[k].ID = "p" + string(rune('1'+k))
	}
	order, n := orders[draw.IntN(len(orders))], 1+draw.IntN(max(people, 1))
	send(f, officers, order, n)
	return p.parts[unitPart].byWords[joined(unitWords(officers, order, n))][0]
}
