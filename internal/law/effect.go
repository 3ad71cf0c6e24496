package law

import (
	"slices"
	"strings"
)

// What a rulebook may say and yet rule nothing, or wrongly: refused, because an error in the law must never open a door.

// newest says whether no edition of the article comes after this one. It quotes the source text, also when it has an end: words that
// no edition quotes would be covered by nothing.
func (ins *instrument) newest(art *article) bool {
	return !slices.ContainsFunc(ins.articles, func(x article) bool { return x.number == art.number && x.from.After(art.from) })
}

// strict holds an overlay to being stricter than the base it is laid over: the base permits, and says whom and from when it rules.
func (a *analysis) strict(ins *instrument, it *item) {
	overlay := len(ins.names) == 0
	if overlay && it.kind.permits() {
		a.fault(it.place, "an overlay is stricter than what it is laid over: it permits nothing")
	}
	ofBase := func(c condition) bool { return c.kind == kindAuxiliary || c.kind == kindInForce }
	if overlay && slices.ContainsFunc(it.obligations, ofBase) || slices.ContainsFunc(it.conditions, ofBase) {
		a.fault(it.place, "auxiliary and in_force are obligations of the base")
	}
}

// permit checks who may do what under an item that permits, and how far a role narrows one that forbids.
func (a *analysis) permit(it *item) {
	leads := func(c condition) bool {
		return c.kind == kindLeadOfficer && c.when == (when{}) && c.acts == nil && c.items == nil
	}
	switch {
	case it.kind.permits() && it.role == RoleNone:
		a.fault(it.place, "role: an item that permits says to whom")
	case (it.kind == permits || it.kind == permitsLed) && len(it.acts) == 0:
		a.fault(it.place, "acts: an item that permits says what")
	case it.kind == permitsLed && !slices.ContainsFunc(it.conditions, leads):
		a.fault(it.place, "an item that permits led work has the condition lead_officer, for all of its acts and always")
	case it.kind == forbids && it.role != RoleNone && len(it.when)+len(it.equipment) > 0:
		a.fault(it.place, "role: narrows acts only; circumstances and equipment are judged for every auxiliary")
	}
}

// effect: what an item names by reference is there in the base, so that the item rules something.
func (a *analysis) effect(base *instrument, it *item) {
	for _, c := range slices.Concat(it.conditions, it.obligations) {
		if c.items != nil {
			a.reach(base, it, base.possible(*c.items), kindOfficerCommand)
		}
	}
	for _, x := range it.when {
		a.reach(base, it, x.items, kindCount)
	}
	if it.otherRole != nil {
		a.reach(base, it, slices.DeleteFunc(base.possible(*it.otherRole), func(o string) bool { return o == "deny" }), kindCount)
	}
	for _, x := range it.advice {
		if x.bound != nil && !base.numbered(*x.bound) {
			a.fault(it.place, "%s: min and max are numbers, or a reading that is one", x.code)
		}
	}
	for _, id := range it.fixedBy {
		if r, ok := base.reading(id); ok && r.switchable {
			a.fault(it.place, "fixed_by: reading %s can be switched, which would change nothing here", id)
		}
	}
}

// reach holds each term of a scope expression, and each exception in it, to an item that acts stand on, or that asks for the kind.
func (a *analysis) reach(base *instrument, it *item, expressions []string, asks kind) {
	for _, expression := range expressions {
		for _, term := range terms(expression) {
			parts := strings.Split(term, "-")
			for _, ref := range parts {
				if !base.bears(ref, asks) || !covers(parts[0], ref) {
					a.fault(it.place, "items: %s of %q reaches no item with acts", ref, expression)
				}
			}
		}
	}
}

func (ins *instrument) bears(ref string, asks kind) bool {
	asking := func(c condition) bool { return c.kind == asks }
	for it := range ins.allItems() {
		acts := it.kind.permits() || it.kind == forbids && len(it.acts) > 0
		if covers(ref, it.ref) && (acts || slices.ContainsFunc(it.obligations, asking)) {
			return true
		}
	}
	return false
}

// possible are the values a parameter can take: the word, or each option of its reading.
func (ins *instrument) possible(v value) []string {
	if v.reading == "" {
		return []string{v.literal}
	}
	r, _ := ins.reading(v.reading)
	return slices.Clone(r.options)
}

func (ins *instrument) numbered(v value) bool {
	if v.reading == "" {
		_, ok := whole(v.literal)
		return ok
	}
	r, known := ins.reading(v.reading)
	return r.number || !known // an unknown reading is a fault of its own
}

func (ins *instrument) reading(id string) (reading, bool) {
	i := slices.IndexFunc(ins.readings, func(r reading) bool { return r.id == id })
	if i < 0 {
		return reading{}, false
	}
	return ins.readings[i], true
}
