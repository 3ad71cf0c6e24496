package law

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// whole reads a number that is not negative.
func whole(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}

// terms cuts a list of words out of a reading's value.
func terms(value string) []string {
	var words []string
	for word := range strings.SplitSeq(value, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}

// compile turns analysed instruments, the base first, into a book.
func compile(layers []*instrument, inForce Settings) *Book {
	base, values := layers[0], readingValues(inForce.Readings)
	b := &Book{
		id: base.id, index: make(map[string]int32, len(base.codes)), parts: layers,
		values: values, entries: inForce.Entries, readings: inForce.hash(),
	}
	for i, code := range base.codes {
		b.index[code] = int32(i)
		b.acts = append(b.acts, ActInfo{Code: code, Name: base.names[code].Text})
	}
	for _, ins := range layers {
		b.rulebooks = append(b.rulebooks, RulebookRef{ID: ins.id, Hash: ins.hash})
	}
	b.editions = append(b.editions, edition{from: math.MinInt64, acts: make([]actRule, len(b.acts)), closed: base.closedFinding()})
	for _, from := range edges(layers) {
		c := compiler{book: b, layers: layers, values: values, at: from}
		b.editions = append(b.editions, c.edition())
	}
	return b
}

// edges are the moments at which something begins or ends.
func edges(layers []*instrument) []time.Time {
	set := map[int64]time.Time{}
	for _, ins := range layers {
		for it := range ins.allItems() {
			set[it.from.Unix()] = it.from
			if !it.to.IsZero() {
				set[it.to.Unix()] = it.to
			}
		}
	}
	return slices.SortedFunc(maps.Values(set), time.Time.Compare)
}

// allItems walks every item of every edition of every article.
func (ins *instrument) allItems() func(func(*item) bool) {
	return func(yield func(*item) bool) {
		for a := range ins.articles {
			for i := range ins.articles[a].items {
				if !yield(&ins.articles[a].items[i]) {
					return
				}
			}
		}
	}
}

// closedFinding is what is found at a date at which the rulebook is not in force (Art. 44).
func (ins *instrument) closedFinding() *finding {
	ref := ins.entryIntoForce()
	return render(ins.cite(ref), OutsideScope, "at=not_in_force", awaitForce, Text{
		"该日期" + ins.title.ZH + "尚未施行或者已经失效，没有允许该项工作的依据。",
		"At that date " + ins.title.EN + " is not in force; nothing permits the work.",
	})
}

func (ins *instrument) cite(ref string) string { return ins.id + " " + ref }

func render(citation string, verdict Outcome, fact string, r remedy, text Text) *finding {
	fd := &finding{
		reason: Finding{Citation: citation, Verdict: verdict, Message: text, Fact: fact, Remedy: remedies[r].Code},
		kind:   kindCount, remedy: r,
	}
	if verdict == NeedsHuman {
		fd.refused, fd.allowed = refusal(citation, fact, r, text), allowance(citation, fact, text)
	}
	return fd
}

// obliges gives a finding the obligation it notes. A decision changes what the work may do about it and not how it stands.
func (fd *finding) obliges(k kind, notes Obligation) {
	fd.kind, fd.notes = k, notes
	if fd.allowed != nil {
		fd.refused.obliges(k, notes)
		fd.allowed.obliges(k, notes)
	}
}

// compiler makes the edition that holds from one moment on.
type compiler struct {
	book   *Book
	layers []*instrument
	values readingValues
	at     time.Time
	e      edition
	homes  map[string][]home // the items an act stands on
}

// home is an item that permits or forbids an act.
type home struct {
	ins *instrument
	it  *item
}

func (c *compiler) edition() edition {
	c.e = edition{from: c.at.Unix(), acts: make([]actRule, len(c.book.acts))}
	c.homes = c.findHomes()
	if !c.inForce() {
		c.e.closed = c.layers[0].closedFinding()
		return c.e
	}
	for i, code := range c.book.acts {
		c.act(&c.e.acts[i], code.Code)
	}
	for ins, it := range c.items() {
		c.item(ins, it)
	}
	c.e.always = 0
	for i, d := range c.e.duties {
		if specs[d.kind].level == personLevel {
			c.e.person |= 1 << i
		}
		if d.when == (when{}) {
			c.e.always |= 1 << i
		}
	}
	return c.e
}

// items walks the items in force, the base's first.
func (c *compiler) items() func(func(*instrument, *item) bool) {
	return func(yield func(*instrument, *item) bool) {
		for _, ins := range c.layers {
			for it := range ins.allItems() {
				if it.holds(c.at) && !yield(ins, it) {
					return
				}
			}
		}
	}
}

func (c *compiler) findHomes() map[string][]home {
	homes := map[string][]home{}
	for ins, it := range c.items() {
		for _, act := range c.acts(it) {
			homes[act] = append(homes[act], home{ins, it})
		}
	}
	return homes
}

func (c *compiler) inForce() bool {
	for ins, it := range c.items() {
		if ins == c.layers[0] && slices.ContainsFunc(it.obligations, func(o condition) bool { return o.kind == kindInForce }) {
			return true
		}
	}
	return false
}

// allActs are the acts of an item and of its entries.
func (it *item) allActs() []string {
	acts := append([]string{}, it.acts...)
	for _, e := range it.entries {
		acts = append(acts, e.act)
	}
	return acts
}

// acts are those of an item that stand on it under the readings.
func (c *compiler) acts(it *item) []string {
	return slices.DeleteFunc(it.allActs(), func(act string) bool {
		v, placed := it.where[act]
		return placed && c.values.of(v) != it.ref
	})
}

// item compiles what an item asks for, beyond who may do its acts.
func (c *compiler) item(ins *instrument, it *item) {
	for i := range it.conditions {
		c.condition(ins, &it.conditions[i], c.acts(it))
	}
	for i := range it.obligations {
		c.condition(ins, &it.obligations[i], nil)
	}
	for i := range it.when {
		c.circumstance(ins, it, &it.when[i])
	}
	for i := range it.equipment {
		c.equipment(ins, it, &it.equipment[i])
	}
	for i := range it.advice {
		c.advice(ins, it, &it.advice[i])
	}
	c.recruits(ins, it)
}

// scope is the set of acts a condition is asked for, by index, and whether restraint equipment in use is within it.
func (c *compiler) scope(o *condition, own []string) (acts []int32, restraint bool) {
	switch {
	case o.acts != nil:
		own = o.acts
	case o.items != nil:
		return c.within(terms(c.values.of(*o.items)))
	case own == nil:
		own = c.layers[0].codes
	}
	for _, code := range own {
		if id, ok := c.book.index[code]; ok { // an overlay may speak of acts that this base does not have
			acts = append(acts, id)
		}
	}
	return acts, false
}

// within reads a scope expression: items, each with exceptions after a minus. The item of officer_command stands for restraint
// equipment in use, whatever the act.
func (c *compiler) within(expression []string) (acts []int32, restraint bool) {
	for i, code := range c.layers[0].codes {
		if c.stands(code, expression) {
			acts = append(acts, int32(i))
		}
	}
	for ins, it := range c.items() {
		for _, o := range it.obligations {
			restraint = restraint || ins == c.layers[0] && o.kind == kindOfficerCommand && reaches(expression, it.ref)
		}
	}
	return acts, restraint
}

// stands says whether an act stands on an item of the base that a scope expression reaches.
func (c *compiler) stands(act string, expression []string) bool {
	for _, h := range c.homes[act] {
		if h.ins == c.layers[0] && reaches(expression, h.it.ref) {
			return true
		}
	}
	return false
}

func reaches(expression []string, ref string) bool {
	for _, term := range expression {
		parts := strings.Split(term, "-")
		excepted := slices.ContainsFunc(parts[1:], func(x string) bool { return covers(x, ref) })
		if covers(parts[0], ref) && !excepted {
			return true
		}
	}
	return false
}

// condition compiles one condition: an act's own, or a bit of those who do the acts in its scope.
func (c *compiler) condition(ins *instrument, o *condition, own []string) {
	if o.kind == kindAuxiliary || o.kind == kindInForce {
		return
	}
	acts, restraint := c.scope(o, own)
	d := c.duty(ins, o)
	if specs[o.kind].level == actLevel {
		for _, id := range acts {
			c.e.acts[id].own = append(c.e.acts[id].own, &d)
		}
		return
	}
	bit := uint64(1) << len(c.e.duties)
	c.e.duties = append(c.e.duties, d)
	if o.kind == kindOfficerCommand {
		c.e.restraint |= bit // it is owed by whoever uses restraint equipment, not for an act
		return
	}
	for _, id := range acts {
		c.e.acts[id].owed |= bit
	}
	if restraint {
		c.e.restraint |= bit
	}
}

func (c *compiler) circumstance(ins *instrument, it *item, x *circumstance) {
	for i, code := range c.layers[0].codes {
		all := x.acts == nil && x.items == nil
		if !all && !slices.Contains(x.acts, code) && !c.stands(code, x.items) {
			continue
		}
		rule := &c.e.acts[i]
		name := c.layers[0].names[code].Text
		for t := TagStateSecret; t <= lastTag; t <<= 1 {
			if x.tags.Has(t) {
				rule.forbidden = append(rule.forbidden, taggedRule(ins.cite(it.ref), t, x.exceptFor(code)))
			}
		}
		if x.caseKind != nil {
			rule.forbidden = append(rule.forbidden, caseRule(ins.cite(it.ref), *x.caseKind, name))
		}
		if x.signatory != nil {
			rule.forbidden = append(rule.forbidden, signatoryRule(ins.cite(it.ref), *x.signatory, name))
		}
	}
}

func (x *circumstance) exceptFor(act string) *exception {
	if x.except != nil && slices.Contains(x.except.acts, act) {
		return x.except
	}
	return nil
}

func (c *compiler) equipment(ins *instrument, it *item, e *equipmentRule) {
	for _, use := range e.uses {
		d := &equipmentDuty{}
		if e.list != nil {
			d.list = terms(c.values.of(*e.list))
			d.listed, d.unlisted = listRules(ins.cite(it.ref), use)
		} else {
			fd := equipmentVerdict(ins.cite(it.ref), e.class, use, c.values.of(*e.verdict))
			d.byRole[RoleField], d.byRole[RoleCivilian] = fd, fd
		}
		for role := RoleField; role <= RoleCivilian; role++ {
			if e.role != RoleNone && role != e.role {
				d.byRole[role] = equipmentOtherRole(ins.cite(it.ref), e.class, use)
			}
		}
		c.e.equipment[e.class][use] = append(c.e.equipment[e.class][use], d)
	}
}

func (c *compiler) advice(ins *instrument, it *item, a *adviceRule) {
	d := c.advised(ins, it, a)
	i := slices.IndexFunc(c.e.advice, func(x adviceDuty) bool { return x.code == d.code && x.advice.Citation == d.advice.Citation })
	if i < 0 {
		i = len(c.e.advice)
		c.e.advice = append(c.e.advice, d)
	}
	acts := c.acts(it)
	if !it.kind.permits() {
		acts = c.layers[0].codes
	}
	for _, act := range acts {
		if id, ok := c.book.index[act]; ok {
			c.e.acts[id].advice |= 1 << i
		}
	}
}

func (c *compiler) advised(ins *instrument, it *item, a *adviceRule) adviceDuty {
	citation := ins.cite(it.ref)
	if a.item == "" { // said by the article for all of its items
		citation = ins.cite(refOf(it.article))
	}
	bound := 0
	if a.bound != nil {
		bound, _ = whole(c.values.of(*a.bound))
	}
	return adviceDuty{a.code, bound, adviceFor(a.code, citation, bound)}
}
