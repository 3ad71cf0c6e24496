package law

import (
	"fmt"
	"slices"
	"strings"
)

// analysis collects what is wrong with a library.
type analysis struct {
	lib      *Library
	problems []Problem
}

func (l *Library) analyse() []Problem {
	a := analysis{lib: l}
	for _, id := range sorted(l.instruments) {
		ins := l.instruments[id]
		a.text(ins)
		a.editions(ins)
		for it := range ins.allItems() {
			a.item(ins, it)
		}
		if len(ins.names) > 0 {
			a.base(ins)
		}
	}
	return a.problems
}

func (a *analysis) fault(at place, reason string, args ...any) {
	p := Problem{File: at.file, Item: at.item, Reason: fmt.Sprintf(reason, args...)}
	if !slices.Contains(a.problems, p) {
		a.problems = append(a.problems, p)
	}
}

func (ins *instrument) file(name string) place { return place{file: ins.id + "/" + name} }

// text holds every article file to the words it quotes, and every unit of those words to an item.
func (a *analysis) text(ins *instrument) {
	for _, src := range ins.source {
		if !slices.ContainsFunc(ins.articles, func(x article) bool { return x.number == src.number }) {
			a.fault(ins.file("instrument.yaml"), "article %s of the source text is covered by no file", refOf(src.number))
		}
	}
	for i := range ins.articles {
		a.quote(ins, &ins.articles[i])
	}
}

func (a *analysis) quote(ins *instrument, art *article) {
	i := slices.IndexFunc(ins.source, func(s sourceArticle) bool { return s.number == art.number })
	switch {
	case i < 0:
		a.fault(art.place, "article %s is not in the source text", refOf(art.number))
	case ins.newest(art) && ins.source[i].words != art.words: // an older edition has older words
		a.fault(art.place, "the words differ from the source text")
	}
	units := cut(art.number, art.words)
	for _, u := range units {
		if !slices.ContainsFunc(art.items, func(it item) bool { return covers(it.ref, u.ref) }) {
			a.fault(art.place, "item %s of the words is covered by no item", u.ref)
		}
	}
	for _, it := range art.items {
		if !slices.ContainsFunc(units, func(u unit) bool { return covers(it.ref, u.ref) }) {
			a.fault(it.place, "the words have no item %s: nothing is asked without a clause", it.ref)
		}
	}
}

// editions: those of one article follow each other without overlap and without gap, and so do those of one item within them.
func (a *analysis) editions(ins *instrument) {
	byArticle := map[string][]dated{}
	byItem := map[string][]dated{}
	for _, art := range ins.articles {
		key := fmt.Sprintf("%04d", art.number)
		byArticle[key] = append(byArticle[key], dated{art.span, art.place})
		for _, it := range art.items {
			byItem[it.ref] = append(byItem[it.ref], dated{it.span, it.place})
		}
	}
	for _, key := range sorted(byArticle) {
		a.follow(byArticle[key], true)
	}
	for _, key := range sorted(byItem) {
		a.follow(byItem[key], false)
	}
}

type dated struct {
	span
	at place
}

func (a *analysis) follow(list []dated, closely bool) {
	slices.SortStableFunc(list, func(x, y dated) int { return x.from.Compare(y.from) })
	for i, d := range list {
		if !d.to.IsZero() && !d.to.After(d.from) {
			a.fault(d.at, "ends before it begins")
		}
		if i+1 == len(list) {
			continue
		}
		next := list[i+1]
		switch {
		case d.to.IsZero() || d.to.After(next.from):
			a.fault(next.at, "overlaps the edition before, from %s", next.from.Format("2006-01-02"))
		case closely && d.to.Before(next.from):
			a.fault(next.at, "leaves a gap after the edition before, from %s to %s", d.to.Format("2006-01-02"), next.from.Format("2006-01-02"))
		}
	}
}

// item checks one item against its kind.
func (a *analysis) item(ins *instrument, it *item) {
	a.traced(it)
	switch {
	case it.kind == "":
		a.fault(it.place, "kind: required")
	case !it.kind.permits() && it.kind != forbids && len(it.acts) > 0:
		a.fault(it.place, "an item that %s names no acts", it.kind)
	case (it.kind == recruits) != (len(it.admits) > 0):
		a.fault(it.place, "an item that recruits, and no other, says what it admits")
	case it.kind == catchAll && len(it.acts) > 0:
		a.fault(it.place, "a catch-all is opened by entries, not acts")
	case len(it.conditions) > 0 && !it.kind.permits():
		a.fault(it.place, "conditions belong to an item that permits; use obligations")
	}
	for _, e := range it.entries {
		if it.kind != catchAll || e.act == "" || e.basis == "" {
			a.fault(it.place, "entry %q: only a catch-all has entries, each with its act and the state provision it rests on", e.act)
		}
	}
	for _, c := range slices.Concat(it.conditions, it.obligations) {
		if c.beside != "" && !ins.has(c.beside) {
			a.fault(it.place, "%s: beside cites %s, which no item is", c.kind, c.beside)
		}
		if counts := c.kind == kindMinOfficers || c.kind == kindCombination; counts != (len(c.combos) > 0) {
			a.fault(it.place, "%s: officers and any_of belong to min_officers and combination, and are required there", c.kind)
		}
	}
	a.known(ins, it)
	a.strict(ins, it)
	a.permit(it)
}

// traced: each item has either a rule or a trace, so that whoever reads the words learns what the program does about them.
func (a *analysis) traced(it *item) {
	rules := len(it.obligations) + len(it.when) + len(it.equipment) + len(it.advice) + len(it.acts) + len(it.conditions) + len(it.admits)
	switch {
	case it.kind == traced && rules > 0:
		a.fault(it.place, "a traced item has no rule; give it the kind of its rule")
	case it.kind == traced && (it.by == "" || it.note == (Text{})):
		a.fault(it.place, "a traced item says by whom and in a note what is done about its words, or why nothing is")
	case it.kind != traced && it.by != "":
		a.fault(it.place, "by belongs to a traced item")
	case it.kind != traced && it.kind != catchAll && rules == 0:
		a.fault(it.place, "no rule: a unit of the words that nothing is ruled on is traced")
	}
}

func (ins *instrument) has(ref string) bool {
	for it := range ins.allItems() {
		if it.ref == ref {
			return true
		}
	}
	return false
}

// known refuses acts that no catalogue of the library has. What an overlay names may belong to any base it is layered over.
func (a *analysis) known(ins *instrument, it *item) {
	for _, act := range it.mentions() {
		if !a.names(ins, act) {
			a.fault(it.place, "unknown act %q", act)
		}
	}
}

func (a *analysis) names(ins *instrument, act string) bool {
	if len(ins.names) > 0 {
		_, ok := ins.names[act]
		return ok
	}
	layered := false
	for _, other := range a.lib.instruments {
		if slices.Contains(other.overlays, ins.id) {
			if _, ok := other.names[act]; ok {
				return true
			}
			layered = true
		}
	}
	return layered && catalogue()[act] // an act of another place, which a national rule may speak of too
}

// mentions are all acts an item speaks of.
func (it *item) mentions() []string {
	acts := it.allActs()
	for _, c := range slices.Concat(it.conditions, it.obligations) {
		acts = append(acts, c.acts...)
	}
	for _, x := range it.when {
		acts = append(acts, x.acts...)
		if x.except != nil {
			acts = append(acts, x.except.acts...)
		}
	}
	return acts
}

// readings: each is complete, has a fitting value, and is used.
func (a *analysis) readings(ins *instrument) {
	used := a.uses(ins)
	for i, r := range ins.readings {
		switch {
		case r.id == "" || r.asks == (Text{}) || r.memo == "" || r.validFrom.IsZero() || r.switchable == (r.setBy == ""):
			a.fault(r.place, "a reading has id, asks, memo, valid_from, and when it can be switched set_by")
		case slices.ContainsFunc(ins.readings[:i], func(x reading) bool { return x.id == r.id }):
			a.fault(r.place, "reading twice")
		case used[r.id] == nil:
			a.fault(r.place, "a reading that nothing uses")
		case r.set != nil && r.refuses(*r.set) != "":
			a.fault(r.place, "value: %s", r.refuses(*r.set))
		case r.unfit(r.preset) != "":
			a.fault(r.place, "default: %s", r.unfit(r.preset))
		default:
			a.fits(r, used[r.id])
		}
		delete(used, r.id)
	}
	for _, id := range sorted(used) {
		a.fault(used[id][0].at, "unknown reading %q", id)
	}
}

// use is one place that takes a value from a reading.
type use struct {
	at      place
	options []string // what the place understands; none: any word
}

// fits: whatever the reading can be set to, each place that uses it understands.
func (a *analysis) fits(r reading, uses []use) {
	for _, u := range uses {
		for _, o := range r.options {
			if !allowed(o, u.options) {
				a.fault(r.place, "option %q means nothing to %s %s, which knows %s", o, u.at.file, u.at.item, strings.Join(u.options, ", "))
			}
		}
	}
}

// uses finds every place of a rulebook and its overlays that takes a value from a reading.
func (a *analysis) uses(ins *instrument) map[string][]use {
	used := map[string][]use{}
	note := func(at place, v *value, options []string) {
		if v != nil && v.reading != "" {
			used[v.reading] = append(used[v.reading], use{at, options})
		}
	}
	layers := []*instrument{ins}
	for _, id := range ins.overlays {
		layers = append(layers, a.lib.instruments[id])
	}
	for _, layer := range layers {
		for i := range layer.applies {
			note(layer.file("instrument.yaml"), &layer.applies[i], []string{"on", "off", "true", "false"})
		}
		for it := range layer.allItems() {
			it.eachValue(note)
		}
	}
	return used
}

func (it *item) eachValue(note func(place, *value, []string)) {
	note(it.place, it.otherRole, nil)
	note(it.place, it.enabled, []string{"true", "false"})
	for _, act := range sorted(it.where) {
		v := it.where[act]
		note(it.place, &v, nil)
	}
	for _, id := range it.fixedBy {
		note(it.place, &value{reading: id}, nil)
	}
	for _, c := range slices.Concat(it.conditions, it.obligations) {
		note(it.place, c.items, nil)
		for name, v := range c.params {
			note(it.place, &v, specs[c.kind].params[name])
		}
	}
	for i := range it.admits {
		it.admits[i].eachValue(func(v *value, options []string) { note(it.place, v, options) })
	}
	for i := range it.equipment {
		note(it.place, it.equipment[i].verdict, verdictOptions)
		note(it.place, it.equipment[i].list, nil)
	}
	for i := range it.advice {
		note(it.place, it.advice[i].bound, nil)
	}
}
