package law

// What a rulebook may say and yet rule nothing, or wrongly: refused, because an error in the law must never open a door.

// strict holds an overlay to being stricter than the base it is laid over, which permits and equips on its own.
func (a *analysis) strict(ins *instrument, it *item) {
	if len(ins.names) == 0 && it.kind.permits() {
		a.fault(it.place, "an overlay is stricter than what it is laid over: it permits nothing")
	}
}
