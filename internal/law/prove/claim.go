package prove

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/dutybound/dutybound/internal/law"
)

// claim is a statement made ready to be judged on tables.
type claim struct {
	law.Statement
	index int
	boxes []box
	steps []step
}

// A box is a set of facts in which every condition holds; what a statement speaks of is a union of boxes.
type box struct {
	conds   []cond
	choices *sync.Map // by folding: of each class of a part the plainest value in the box, -1: none
}

// cond asks that a fact has one of the words, or none of them.
type cond struct {
	part  int // or scenePart
	fact  int // of the part
	name  string
	words []string
	not   bool
}

// claim makes a statement ready. Unless is not met as soon as one of its facts has another word: a box for each.
func (p *proof) claim(s law.Statement) (claim, error) {
	c := claim{Statement: s, index: len(p.claims)}
	var where []cond
	for _, fact := range sorted(s.Where) {
		where = append(where, p.cond(fact, s.Where[fact], false))
	}
	if len(s.Unless) == 0 {
		c.boxes = []box{{where, new(sync.Map)}}
	}
	for _, fact := range sorted(s.Unless) {
		c.boxes = append(c.boxes, box{append(slices.Clone(where), p.cond(fact, s.Unless[fact], true)), new(sync.Map)})
	}
	for _, ladder := range s.Worse {
		for i := range len(ladder.Words) - 1 {
			step, err := p.step(ladder.Fact, ladder.Words[i], ladder.Words[i+1])
			if err != nil {
				return c, fmt.Errorf("statement %s: %w", s.ID, err)
			}
			c.steps = append(c.steps, step)
		}
	}
	return c, nil
}

func (p *proof) cond(fact string, words []string, not bool) cond {
	c := cond{name: fact, words: words, not: not}
	c.part, c.fact = p.where(fact)
	if fact == "tags" {
		p.spoken |= tagsOf(words)
	}
	return c
}

// where finds a fact among the parts, or tells that it belongs to the scene.
func (p *proof) where(fact string) (part, index int) {
	for i := range p.parts {
		if k := slices.Index(p.parts[i].facts, fact); k >= 0 {
			return i, k
		}
	}
	return scenePart, 0
}

func tagsOf(words []string) (set law.Tags) {
	for i, word := range law.Tags(1<<16 - 1).Words() {
		if slices.Contains(words, word) {
			set |= 1 << i
		}
	}
	return set
}

func (c *cond) value(v *value) bool { return slices.Contains(c.words, v.words[c.fact]) != c.not }

// scene says whether a scene, played by a member of its sight, is in the box as far as the scene's facts go.
func (p *proof) within(b *box, s scene, m member) bool {
	for i := range b.conds {
		c := &b.conds[i]
		if c.part < 0 && slices.ContainsFunc(c.words, func(word string) bool { return p.sceneHas(s, m, c.name, word) }) == c.not {
			return false
		}
	}
	return true
}

func (p *proof) sceneHas(s scene, m member, fact, word string) bool {
	flag := func(is bool) bool { return is == (word == "true") }
	switch fact {
	case "in_force":
		return flag(p.classes[s.sight].inForce)
	case "phase":
		return s.phase.String() == word
	case "emergency":
		return flag(s.emergency)
	case "role":
		return m.role.String() == word
	case "status":
		return s.status.String() == word
	case "case_kind":
		return m.kase.String() == word
	case "restraint_in_use":
		return restraintWords[s.restraint] == word
	}
	return slices.Contains(m.tags.Words(), word) || word == "none" && m.tags == 0
}

// choice is of each class of a part the plainest value in the box; -1: none is.
func (p *proof) choice(b *box, part int, f *folding) []int32 {
	type of struct {
		*folding
		part int
	}
	if list, ok := b.choices.Load(of{f, part}); ok {
		return list.([]int32)
	}
	values := p.parts[part].values
	list := slices.Repeat([]int32{-1}, len(f.reps))
	for v := range values {
		inside := !slices.ContainsFunc(b.conds, func(c cond) bool { return c.part == part && !c.value(&values[v]) })
		if c := &list[f.of[v]]; inside && (*c < 0 || values[v].cost < values[*c].cost) {
			*c = int32(v)
		}
	}
	b.choices.Store(of{f, part}, list)
	return list
}

// speaksOf says whether the statement is about an act.
func (c *claim) speaksOf(act string) bool { return len(c.Acts) == 0 || slices.Contains(c.Acts, act) }

// player is the plainest member of a sight that the statement is about; false when there is none.
func (p *proof) player(c *claim, b *box, s scene) (member, bool) {
	for _, m := range p.classes[s.sight].members {
		if c.speaksOf(p.acts[m.act].Code) && (b == nil || p.within(b, s, m)) {
			return m, true
		}
	}
	return member{}, false
}

// judge judges every statement on the tables of one scene; what compares scenes comes when all are ruled on.
func (w *worker) judge(r *ruledScene) {
	for i := range w.proof.claims {
		c := &w.proof.claims[i]
		if c.Only != nil {
			for b := range c.boxes {
				w.judgeOnly(c, &c.boxes[b], r)
			}
		}
		for k := range c.steps {
			if c.steps[k].part >= 0 {
				w.judgeStep(c, &c.steps[k], r)
			}
		}
	}
}

// pick is of each part the plainest value that will do, and what it costs.
type pick struct {
	values []int32
	cost   int
}

const impossible = 1 << 20

// with replaces the value of one part.
func (k pick) with(p *proof, part int, v int32) pick {
	old := k.values[part]
	k.values = slices.Clone(k.values)
	k.values[part] = v
	k.cost += p.price(part, v) - p.price(part, old)
	return k
}

func (p *proof) price(part int, v int32) int {
	if v < 0 {
		return impossible
	}
	return p.parts[part].values[v].cost
}

// cheapest picks of each part the plainest value that passes.
func (p *proof) cheapest(passes func(part int) int32) pick {
	k := pick{values: make([]int32, len(p.parts))}
	for i := range p.parts {
		k.values[i] = passes(i)
		k.cost += p.price(i, k.values[i])
	}
	return k
}

// judgeOnly looks for outcomes in a box that the statement excludes.
func (w *worker) judgeOnly(c *claim, b *box, r *ruledScene) {
	p := w.proof
	m, ok := p.player(c, b, r.scene)
	if !ok {
		return
	}
	for bad := r.given; bad <= law.Prohibited; bad++ {
		if slices.Contains(c.Only, bad) {
			continue
		}
		upTo := p.cheapest(func(i int) int32 {
			return p.least(b, i, &r.tables[i], func(o law.Outcome) bool { return o <= bad })
		})
		if r.given == bad {
			w.refute(c, r.scene, m, upTo)
			continue
		}
		for i := range p.parts {
			v := p.least(b, i, &r.tables[i], func(o law.Outcome) bool { return o == bad })
			w.refute(c, r.scene, m, upTo.with(p, i, v))
		}
	}
}

// least is the plainest value of a part in the box whose outcome passes; -1: none.
func (p *proof) least(b *box, part int, t *table, passes func(law.Outcome) bool) int32 {
	best := int32(-1)
	for class, v := range p.choice(b, part, t.folding) {
		if v >= 0 && passes(t.worst[class]) && (best < 0 || p.price(part, v) < p.price(part, best)) {
			best = v
		}
	}
	return best
}

// refute notes facts that a statement excludes.
func (w *worker) refute(c *claim, s scene, m member, k pick) {
	if k.cost >= impossible {
		return
	}
	x := &violation{cost: w.proof.cost(s, m) + k.cost, scene: s}
	if w.isSmallest(c.index, x) {
		x.cases = []Case{w.proof.ruled(w.proof.play(s, m, k.values))}
		w.note(c.index, x)
	}
}

// play is the facts of a scene with a value for each part.
func (p *proof) play(s scene, m member, values []int32) *law.Facts {
	f := p.facts(s, m)
	for i, v := range values {
		p.parts[i].values[v].set(f)
	}
	return f
}

func (p *proof) ruled(f *law.Facts) Case {
	v, _ := p.core.Decide(f)
	return Case{f, v.Outcome}
}

func sorted[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for key := range m {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}

func joined(words []string) string { return strings.Join(words, " ") }
