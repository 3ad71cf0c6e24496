package prove

import (
	"fmt"
	"slices"
	"sync"

	"github.com/dutybound/dutybound/internal/law"
)

// step is one step down a ladder: a fact of a part, or of the scene, gets worse and nothing else changes.
type step struct {
	part          int
	fact          string
	better, worse string
	changes       []change  // of a part
	pairs         *sync.Map // of changes, by folding: those that are not alike
}

// change is a value and the same with the fact worse.
type change struct{ from, to int32 }

// step is refused where it would prove nothing: a fact of the scene that has no order, or a word that never gives way to the other.
func (p *proof) step(fact, better, worse string) (step, error) {
	s := step{fact: fact, better: better, worse: worse, pairs: new(sync.Map)}
	var k int
	if s.part, k = p.where(fact); s.part == scenePart {
		if ordered := fact == "status" || fact == "restraint_in_use" || fact == "tags" && better == "none"; !ordered {
			return s, fmt.Errorf("no ladder of %s leads from %s to %s", fact, better, worse)
		}
		return s, nil
	}
	hasBetter, hasWorse := false, false
	for i, v := range p.parts[s.part].values {
		hasBetter, hasWorse = hasBetter || v.words[k] == better, hasWorse || v.words[k] == worse
		if v.words[k] != better {
			continue
		}
		words := slices.Clone(v.words)
		words[k] = worse
		for _, to := range p.parts[s.part].byWords[joined(words)] {
			s.changes = append(s.changes, change{int32(i), to})
		}
	}
	if hasBetter && hasWorse && len(s.changes) == 0 {
		return s, fmt.Errorf("%s is never %s and %s with all else the same", fact, better, worse)
	}
	return s, nil
}

// under are the changes that a folding can tell apart, of each pair of classes the plainest.
func (s *step) under(f *folding) []change {
	if list, ok := s.pairs.Load(f); ok {
		return list.([]change)
	}
	var list []change
	seen := map[change]bool{}
	for _, c := range s.changes {
		classes := change{f.of[c.from], f.of[c.to]}
		if classes.from != classes.to && !seen[classes] {
			seen[classes] = true
			list = append(list, c)
		}
	}
	s.pairs.Store(f, list)
	return list
}

// judgeStep looks for a step within a part that improves the outcome, with the other parts good enough for it to show.
func (w *worker) judgeStep(c *claim, s *step, r *ruledScene) {
	p, t := w.proof, &r.tables[s.part]
	m, ok := p.player(c, nil, r.scene)
	if !ok {
		return
	}
	for _, x := range s.under(t.folding) {
		before, after := t.worst[t.of[x.from]], t.worst[t.of[x.to]]
		if after >= before || r.given >= before {
			continue
		}
		k := p.cheapest(func(i int) int32 {
			return p.least(&nothing, i, &r.tables[i], func(o law.Outcome) bool { return o < before })
		})
		from, to := k.with(p, s.part, x.from), k.with(p, s.part, x.to)
		w.improved(c, s, r.scene, m, from, r.scene, m, to)
	}
}

// nothing is a box without conditions.
var nothing = box{choices: new(sync.Map)}

// improved notes two sets of facts of which the second is worse and ruled better.
func (w *worker) improved(c *claim, s *step, one scene, m member, from pick, two scene, n member, to pick) {
	if from.cost >= impossible || to.cost >= impossible {
		return
	}
	p := w.proof
	x := &violation{cost: p.cost(one, m) + from.cost, scene: one, why: fmt.Sprintf("%s from %s to %s", s.fact, s.better, s.worse)}
	if w.isSmallest(c.index, x) {
		x.cases = []Case{p.ruled(p.play(one, m, from.values)), p.ruled(p.play(two, n, to.values))}
		w.note(c.index, x)
	}
}

// compare looks for steps from one scene to another that improve the outcome.
func (w *worker) compare(r *ruledScene) {
	for i := range w.proof.claims {
		c := &w.proof.claims[i]
		for k := range c.steps {
			if s := &c.steps[k]; s.part < 0 {
				w.compareStep(c, s, r)
			}
		}
	}
}

func (w *worker) compareStep(c *claim, s *step, r *ruledScene) {
	p := w.proof
	if s.fact == "tags" {
		w.compareTag(c, s, r)
		return
	}
	m, ok := p.player(c, nil, r.scene)
	if !ok || !p.sceneHas(r.scene, m, s.fact, s.better) {
		return
	}
	next := r.scene
	if s.fact == "status" {
		next.status = law.Status(slices.Index(law.StatementFacts()["status"], s.worse))
	} else {
		next.restraint = uint8(slices.Index(restraintWords, s.worse))
	}
	w.compareScenes(c, s, r, m, p.sceneAt(next), m)
}

// compareTag adds a tag to each member that lacks it.
func (w *worker) compareTag(c *claim, s *step, r *ruledScene) {
	p, tag := w.proof, tagsOf([]string{s.worse})
	at := p.classes[r.sight].at.Unix()
	var done []int32
	for _, m := range p.classes[r.sight].members {
		n := m
		n.tags |= tag
		to, seen := p.classOf[placed{at, n}]
		if !seen || to == r.sight || slices.Contains(done, to) || !c.speaksOf(p.acts[m.act].Code) {
			continue // a tag that nothing looks for changes nothing
		}
		done = append(done, to)
		next := r.scene
		next.sight = to
		w.compareScenes(c, s, r, m, p.sceneAt(next), n)
	}
}

func (p *proof) sceneAt(s scene) *ruledScene {
	i := slices.Index(phases, s.phase) * 2
	if s.emergency {
		i++
	}
	i = (i*len(statuses)+slices.Index(statuses, s.status))*len(restraintWords) + int(s.restraint)
	return p.scenes[int(s.sight)*scenesOfASight+i]
}

// compareScenes looks for values of the parts under which the worse scene is ruled better. Outcome by outcome: the worse scene
// stays below it in every part, and the better one reaches it in itself or in some part.
func (w *worker) compareScenes(c *claim, s *step, one *ruledScene, m member, two *ruledScene, n member) {
	p := w.proof
	for bar := two.given + 1; bar <= law.Prohibited; bar++ {
		below := p.cheapest(func(i int) int32 { return p.leastOfBoth(i, one, two, bar, 0) })
		if below.cost >= impossible {
			continue
		}
		if one.given >= bar {
			w.improved(c, s, one.scene, m, below, two.scene, n, below)
			continue
		}
		for i := range p.parts {
			if v := p.leastOfBoth(i, one, two, bar, bar); v >= 0 {
				k := below.with(p, i, v)
				w.improved(c, s, one.scene, m, k, two.scene, n, k)
			}
		}
	}
}

// leastOfBoth is the plainest value of a part whose outcome is below the bar in the second scene and at least floor in the first.
func (p *proof) leastOfBoth(part int, one, two *ruledScene, bar, floor law.Outcome) int32 {
	t, u := &one.tables[part], &two.tables[part]
	best := int32(-1)
	for _, v := range p.joint(part, t.folding, u.folding) {
		if u.worst[u.of[v]] < bar && t.worst[t.of[v]] >= floor && (best < 0 || p.price(part, v) < p.price(part, best)) {
			best = v
		}
	}
	return best
}

// joint are the values that two foldings together can tell apart, of each class the plainest.
func (p *proof) joint(part int, f, g *folding) []int32 {
	if f == g {
		return f.reps
	}
	type both struct{ f, g *folding }
	if list, ok := p.joints.Load(both{f, g}); ok {
		return list.([]int32)
	}
	var list []int32
	seen := map[change]bool{}
	for v := range p.parts[part].values {
		if k := (change{f.of[v], g.of[v]}); !seen[k] {
			seen[k] = true
			list = append(list, int32(v))
		}
	}
	p.joints.Store(both{f, g}, list)
	return list
}
