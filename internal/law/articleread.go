package law

import "strings"

func readArticle(d *decoder, n node, at place) article {
	a, annex := article{place: at}, 0
	d.object(n, fields{
		"article":        func(v node) { a.number = d.number(v) },
		"annex":          func(v node) { annex = d.number(v) },
		"effective_from": func(v node) { a.from = d.date(v) },
		"effective_to":   func(v node) { a.to = d.date(v) },
		"words":          func(v node) { a.words = strings.TrimRight(d.name(v), "\n") },
		"gloss":          func(v node) { a.gloss = strings.TrimRight(d.name(v), "\n") },
		"role":           func(v node) { a.role = d.role(v) },
		"other_role":     func(v node) { a.otherRole = d.value(v) },
		"fixed_by":       func(v node) { a.fixedBy = list(d, v, d.name) },
		"conditions":     func(v node) { a.conditions = list(d, v, func(v node) condition { return readCondition(d, v, at) }) },
		"advice":         func(v node) { a.advice = list(d, v, func(v node) adviceRule { return readAdvice(d, v, at) }) },
		"items":          func(v node) { a.items = list(d, v, func(v node) item { return readItem(d, v, at) }) },
	})
	if a.from.IsZero() {
		d.fail(n, "effective_from: required")
	}
	a.number += annex * annexStep
	for i := range a.items {
		inherit(&a.items[i], &a)
	}
	return a
}

// inherit gives an item what its article says for all of its items: dates, and for items that permit, the chapeau's conditions.
func inherit(it *item, a *article) {
	it.article = a.number
	if it.from.IsZero() {
		it.from = a.from
	}
	if it.to.IsZero() {
		it.to = a.to
	}
	if it.role == RoleNone {
		it.role = a.role
	}
	if it.otherRole == nil {
		it.otherRole = a.otherRole
	}
	it.fixedBy = append(it.fixedBy, a.fixedBy...)
	if !it.kind.permits() {
		return
	}
	it.conditions = append(append([]condition(nil), a.conditions...), it.conditions...)
	it.advice = append(append([]adviceRule(nil), a.advice...), it.advice...)
	for i := range it.conditions {
		it.conditions[i].item = it.ref
	}
}

func readItem(d *decoder, n node, at place) item {
	it, good := item{place: at}, d.err == nil
	var shared condition
	d.object(n, fields{
		"item":           func(v node) { it.ref = d.name(v); it.item = it.ref },
		"kind":           func(v node) { it.kind = itemKind(d.oneOf(v, kindNames()...)) },
		"effective_from": func(v node) { it.from = d.date(v) },
		"effective_to":   func(v node) { it.to = d.date(v) },
		"role":           func(v node) { it.role = d.role(v) },
		"other_role":     func(v node) { it.otherRole = d.value(v) },
		"gloss":          func(v node) { it.gloss = d.name(v) },
		"by":             func(v node) { it.by = d.oneOf(v, keepers...) },
		"note":           func(v node) { it.note = d.bilingual(v) },
		"acts":           func(v node) { it.acts = list(d, d.filled(v), d.name) },
		"where":          func(v node) { it.where = d.where(v) },
		"entries":        func(v node) { it.entries = list(d, v, d.entry) },
		"enabled":        func(v node) { it.enabled = d.value(v) },
		"fixed_by":       func(v node) { it.fixedBy = list(d, v, d.name) },
		"admits":         func(v node) { it.admits = list(d, v, d.admission) },
		"conditions":     func(v node) { it.conditions = list(d, v, func(v node) condition { return readCondition(d, v, at) }) },
		"obligations":    func(v node) { it.obligations = list(d, v, func(v node) condition { return readCondition(d, v, at) }) },
		"for":            func(v node) { d.object(v, scopeFields(d, &shared)) },
		"when":           func(v node) { it.when = list(d, v, d.circumstance) },
		"equipment":      func(v node) { it.equipment = list(d, v, d.equipmentRule) },
		"advice":         func(v node) { it.advice = list(d, v, func(v node) adviceRule { return readAdvice(d, v, at) }) },
	})
	for i := range it.obligations {
		it.obligations[i].share(it.ref, shared)
	}
	d.fitsKind(n, &it)
	if good && d.err != nil {
		d.at = it.ref
	}
	return it
}

// share gives an obligation the scope its item names for all of them.
func (c *condition) share(ref string, s condition) {
	c.item = ref
	if c.acts == nil && c.items == nil {
		c.acts, c.items = s.acts, s.items
	}
	if c.when == (when{}) {
		c.when = s.when
	}
}

func kindNames() []string {
	names := make([]string, 0, len(itemKinds))
	for _, k := range itemKinds {
		names = append(names, string(k))
	}
	return names
}

func (d *decoder) entry(n node) (e entry) {
	d.object(n, fields{
		"act":   func(v node) { e.act = d.name(v) },
		"basis": func(v node) { e.basis = d.name(v) },
	})
	return e
}

// where takes the readings that place acts, by act.
func (d *decoder) where(n node) map[string]value {
	places, known := map[string]value{}, make(fields, len(n.keys))
	for _, key := range n.keys {
		known[key.text] = func(v node) { places[key.text] = *d.value(v) }
	}
	d.object(n, known)
	return places
}

func scopeFields(d *decoder, c *condition) fields {
	return fields{
		"acts":  func(v node) { c.acts = list(d, d.filled(v), d.name) },
		"items": func(v node) { c.items = d.value(v) },
		"when":  func(v node) { c.when = d.when(v) },
	}
}

func readCondition(d *decoder, n node, at place) condition {
	c := condition{place: at, params: map[string]value{}}
	known := scopeFields(d, &c)
	known["obligation"] = func(v node) { c.kind = word[kind](d, v, conditionWords) }
	known["beside"] = func(v node) { c.beside = d.name(v) }
	known["role"] = func(v node) { c.role = d.role(v) }
	known["any_of"] = func(v node) { c.combos = list(d, d.filled(v), d.combo) }
	known["officers"] = func(v node) { c.combos = []combo{{officers: d.number(v)}} }
	for _, spec := range specs {
		for param := range spec.params {
			known[param] = func(v node) { c.params[param] = *d.value(v) }
		}
	}
	d.object(n, known)
	for param, v := range c.params {
		options, ok := specs[c.kind].params[param]
		if !ok {
			d.fail(n, "%s has no parameter %q", c.kind, param)
		} else if v.reading == "" {
			d.literal(n, param, v.literal, options)
		}
	}
	d.whole(n, &c)
	return c
}

// literal checks a parameter spelled out against its options; no options: any word.
func (d *decoder) literal(n node, param, got string, options []string) {
	if !allowed(got, options) {
		d.fail(n, "%s: unknown word %q, want one of %s", param, got, strings.Join(options, ", "))
	}
}

func (d *decoder) when(n node) (w when) {
	d.object(n, fields{
		"tags":     func(v node) { w.tags = set[Tags](d, d.filled(v), tagWords) },
		"all_tags": func(v node) { w.all = set[Tags](d, d.filled(v), tagWords) },
		"case_kind": func(v node) {
			w.cases = set[uint8](d, d.filled(v), caseKindWords)
		},
	})
	if w == (when{}) {
		d.fail(n, "want tags, all_tags or case_kind")
	}
	return w
}

func (d *decoder) combo(n node) (c combo) {
	d.object(n, fields{
		"officers":    func(v node) { c.officers = d.number(v) },
		"auxiliaries": func(v node) { c.auxiliaries = d.number(v) },
	})
	d.required(n, "officers")
	return c
}

func (d *decoder) circumstance(n node) (c circumstance) {
	d.object(n, fields{
		"tags":      func(v node) { c.tags = set[Tags](d, v, tagWords) },
		"case_kind": func(v node) { k := word[CaseKind](d, v, caseKindWords); c.caseKind = &k },
		"signatory": func(v node) { s := word[Signatory](d, v, signatoryWords); c.signatory = &s },
		"acts":      func(v node) { c.acts = list(d, d.filled(v), d.name) },
		"items":     func(v node) { c.items = list(d, d.filled(v), d.name) },
		"except":    func(v node) { c.except = d.exception(v) },
	})
	if c.tags == 0 && c.caseKind == nil && c.signatory == nil {
		d.fail(n, "want tags, case_kind or signatory")
	}
	if c.except != nil && (c.tags == 0 || c.caseKind != nil || c.signatory != nil) {
		d.fail(n, "except is from tags, and from nothing beside them")
	}
	if c.except != nil && c.acts != nil && c.items == nil {
		d.among(n, c.except.acts, c.acts)
	}
	return c
}

func (d *decoder) exception(n node) *exception {
	var e exception
	d.object(n, fields{
		"acts":      func(v node) { e.acts = list(d, d.filled(v), d.name) },
		"verdict":   func(v node) { e.verdict = d.outcome(v, NeedsHuman) },
		"emergency": func(v node) { e.emergency = d.outcome(v, NeedsHuman, Conditional) },
	})
	d.required(n, "acts", "verdict", "emergency")
	return &e
}

var verdictOptions = []string{"deny", "needs_human", "allow"}

func (d *decoder) equipmentRule(n node) (e equipmentRule) {
	d.object(n, fields{
		"class": func(v node) { e.class = word[EquipmentClass](d, v, classWords) },
		"use": func(v node) {
			e.uses = list(d, d.filled(v), func(v node) EquipmentUse { return word[EquipmentUse](d, v, useWords) })
		},
		"role":    func(v node) { e.role = d.role(v) },
		"verdict": func(v node) { e.verdict = d.value(v) },
		"list":    func(v node) { e.list = d.value(v) },
	})
	d.required(n, "class", "use")
	if (e.verdict == nil) == (e.list == nil) {
		d.fail(n, "want either verdict or list")
	} else if e.list != nil && e.class != EquipmentRestraint {
		d.fail(n, "a list is kept of restraint equipment only")
	} else if e.verdict != nil && e.verdict.reading == "" {
		d.literal(n, "verdict", e.verdict.literal, verdictOptions)
	}
	return e
}

func readAdvice(d *decoder, n node, at place) adviceRule {
	a := adviceRule{place: at}
	d.object(n, fields{
		"advice": func(v node) { a.code = d.oneOf(v, adviceTeam, adviceSpan, adviceRefresher) },
		"min":    func(v node) { a.bound = d.value(v) },
		"max":    func(v node) { a.bound = d.value(v) },
	})
	d.bounded(n, a.code)
	return a
}
