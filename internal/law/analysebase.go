package law

import "slices"

// What is asked of a rulebook with its overlays as a whole.

// maxDuties and maxAdvice are what fits the words of bits a ruling is made with.
const (
	maxDuties = 64
	maxAdvice = 64
)

// base checks a rulebook with its overlays as a whole.
func (a *analysis) base(ins *instrument) {
	a.readings(ins)
	a.homes(ins)
	a.placed(ins)
	a.conflicts(ins)
	a.statements(ins)
	at := ins.file("instrument.yaml")
	if ins.entryIntoForce() == "" {
		a.fault(at, "no item says from when the rulebook is in force (obligation in_force)")
	}
	layers := []*instrument{ins}
	for _, id := range ins.overlays {
		if o := a.lib.instruments[id]; len(o.names) > 0 || len(o.readings) > 0 || len(o.overlays) > 0 {
			a.fault(at, "overlay %s is a rulebook of its own", id)
		} else {
			layers = append(layers, o)
		}
	}
	duties, advice := 0, 0
	for _, layer := range layers {
		for it := range layer.allItems() {
			a.effect(ins, it)
			for _, c := range slices.Concat(it.conditions, it.obligations) {
				if specs[c.kind].level != actLevel {
					duties++
				}
			}
			advice += len(it.advice)
		}
	}
	if duties > maxDuties {
		a.fault(at, "%d conditions of people and tasks, at most %d", duties, maxDuties)
	}
	if advice > maxAdvice {
		a.fault(at, "%d pieces of advice, at most %d", advice, maxAdvice)
	}
}

// homes: every act of the catalogue stands on an item.
func (a *analysis) homes(ins *instrument) {
	stands := map[string]bool{}
	for it := range ins.allItems() {
		for _, act := range it.allActs() {
			stands[act] = true
		}
	}
	for _, code := range ins.codes {
		if !stands[code] {
			a.fault(place{ins.id + "/acts.yaml", code}, "act on no item")
		}
	}
}

// placed: an act that a reading places stands, whatever the reading is set to, on one of the items it can name.
func (a *analysis) placed(ins *instrument) {
	for it := range ins.allItems() {
		for _, act := range sorted(it.where) {
			i := slices.IndexFunc(ins.readings, func(r reading) bool { return r.id == it.where[act].reading })
			if i < 0 || !slices.Contains(it.acts, act) {
				a.fault(it.place, "where: %q is not an act of this item that a reading places", act)
				continue
			}
			for _, ref := range ins.readings[i].options {
				if !ins.holds(ref, act) {
					a.fault(it.place, "where: %s can be set to %q, which is no item that has %q", ins.readings[i].id, ref, act)
				}
			}
		}
	}
}

func (ins *instrument) holds(ref, act string) bool {
	for it := range ins.allItems() {
		if it.ref == ref && slices.Contains(it.acts, act) {
			return true
		}
	}
	return false
}

// conflicts: no act is both permitted and prohibited for one role at one time.
func (a *analysis) conflicts(ins *instrument) {
	for permit := range ins.allItems() {
		if !permit.kind.permits() {
			continue
		}
		for forbid := range ins.allItems() {
			if forbid.kind != forbids || !overlap(permit.span, forbid.span) || !forbid.speaksOf(permit.role) {
				continue
			}
			for _, act := range permit.allActs() {
				if slices.Contains(forbid.acts, act) {
					a.fault(permit.place, "act %q is permitted here and prohibited by %s for one role", act, forbid.ref)
				}
			}
		}
	}
}

func overlap(x, y span) bool {
	return (x.to.IsZero() || y.from.Before(x.to)) && (y.to.IsZero() || x.from.Before(y.to))
}

// entryIntoForce is the item that says from when a rulebook holds.
func (ins *instrument) entryIntoForce() string {
	for it := range ins.allItems() {
		for _, c := range it.obligations {
			if c.kind == kindInForce {
				return it.ref
			}
		}
	}
	return ""
}
