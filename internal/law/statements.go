package law

import (
	"bytes"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Statement is a sentence about every ruling that a rulebook can give, written as data beside the law and held to the whole
// space of facts by `dutybound law prove`. It makes one claim: Only, Worse, Remedied or Decided.
type Statement struct {
	ID       string
	Says     Text
	Clause   string              // "cq-2021 16"; "" for what holds under every rulebook
	Acts     []string            // the acts it speaks of; empty: all
	Where    map[string][]string // by fact (StatementFacts): it speaks of facts that have one of the words
	Unless   map[string][]string // it does not speak of facts that have one of the words of each of these
	Only     []Outcome           // no other outcome is possible
	Worse    []Ladder            // no step down a ladder improves the outcome
	Remedied bool                // every refusal names a remedy after which it is not refused for the same reason
	Decided  bool                // an approver's decision turns the reason it is about, if that was open, and nothing else
	place    place
	items    []string
}

// Ladder orders words of one fact from good to bad. A set (tags, operates) is worse with a word in it than without: none, word.
type Ladder struct {
	Fact  string
	Words []string
}

// StatementFacts are the facts that a statement can speak of, with their words. A set has its members and none; of
// equipment each member is a class and a use; restraint equipment in use is a fact of its own, because other facts hang on it.
var StatementFacts = sync.OnceValue(func() map[string][]string {
	yesNo, counts := []string{"false", "true"}, []string{"0", "1", "2", "3"}
	return map[string][]string{
		"in_force": yesNo, "phase": phaseWords.list, "emergency": yesNo, "role": roleWords.list, "status": statusWords.list,
		"case_kind": caseKindWords.list, "tags": set0(tagWords.list), "restraint_in_use": {"none", "listed", "unlisted"},
		"training": trainingWords.list, "uniform": uniformWords.list, "id_card": answerWords.list, "recording": recordingWords.list,
		"recusal": recusalWords.list, "operates": set0(vehicleWords.list), "qualifications": set0(vehicleWords.list),
		"equipment": set0(carried()), "arrangement.organ": answerWords.list, "arrangement.officer": answerWords.list,
		"signatory": signatoryWords.list, "guard_named": answerWords.list, "evidence_use": yesNo,
		"officers.lead": {"none", "one", "several"}, "officers.lead.on_duty": answerWords.list,
		"officers.lead.same_organ": answerWords.list, "officers.lead.presence": presenceWords.list,
		"officers.others.present": counts, "officers.others.unknown": counts, "officers.others.coming": counts,
		"command": modeWords.list, "command.recorded": yesNo, "auxiliaries": counts[1:],
	}
})

func set0(members []string) []string { return append([]string{"none"}, members...) }

// carried are the ways of having equipment, but for restraint equipment in use.
func carried() (list []string) {
	for class, word := range classWords.list {
		for use, how := range useWords.list {
			if EquipmentClass(class) != EquipmentRestraint || EquipmentUse(use) != UseUse {
				list = append(list, word+" "+how)
			}
		}
	}
	return list
}

// EveryRulebook are the statements that hold whatever a rulebook says.
var EveryRulebook = sync.OnceValue(func() []Statement {
	data := must(fs.ReadFile(instruments(), "statements.yaml"))
	var d decoder
	list := d.statements(must(readYAML(bytes.NewReader(data))), place{file: "statements.yaml"})
	return must(list, d.error())
})

// Statements are those of every rulebook and the rulebook's own; what they say of an item they say of the acts registered under
// it. An id that is no rulebook's is an *InputError.
func (l *Library) Statements(id string, entries []Entry) ([]Statement, error) {
	base, err := l.base(id)
	if err != nil {
		return nil, err
	}
	list := slices.Clone(EveryRulebook())
	for _, s := range base.statements {
		s.Acts = append(slices.Clone(s.Acts), base.actsOn(s.items)...)
		for _, e := range entries {
			if reachedBy(s.items, e.Item) {
				s.Acts = append(s.Acts, e.Act)
			}
		}
		list = append(list, s)
	}
	return list, nil
}

// Sample are settings under which every clause of a rulebook can be seen at work: the readings as they are by default, with one
// item on each list that the organ keeps, and one act registered under each catch-all item.
func (l *Library) Sample(id, item string) (Settings, error) {
	base, err := l.base(id)
	if err != nil {
		return Settings{}, err
	}
	s := Settings{Readings: map[string]string{}}
	for _, r := range base.readings {
		if r.words {
			s.Readings[r.id] = item
		}
	}
	registered := map[string]bool{}
	for it := range base.allItems() {
		if it.kind == catchAll && !registered[it.ref] {
			registered[it.ref] = true
			s.Entries = append(s.Entries, Entry{
				Item: it.ref, Act: "registered-" + itoa(len(s.Entries)+1), Basis: "sample",
				Name: Text{"依" + it.ref + "登记的工作", "work registered under " + it.ref},
			})
		}
	}
	return s, nil
}

func reachedBy(items []string, ref string) bool {
	return slices.ContainsFunc(items, func(x string) bool { return covers(x, ref) })
}

// actsOn are the acts that stand on the items, or on items of the articles, that are named, as the readings are by default.
func (ins *instrument) actsOn(items []string) (acts []string) {
	c := compiler{values: must(ins.settle(nil))}
	for it := range ins.allItems() {
		if reachedBy(items, it.ref) {
			acts = append(acts, c.acts(it)...)
		}
	}
	return acts
}

// statements reads the file beside the articles. No ruling depends on it, so the hash that rulings carry does not cover it.
func (f *folder) statements(ins *instrument) {
	sum := f.sum
	f.file("statements.yaml", false, func(d *decoder, n node, at place) { ins.statements = d.statements(n, at) })
	f.sum = sum
}

func (d *decoder) statements(n node, at place) (all []Statement) {
	d.object(n, fields{"statements": func(v node) {
		all = list(d, v, func(v node) Statement { return readStatement(d, v, at) })
	}})
	return all
}

func readStatement(d *decoder, n node, at place) Statement {
	s := Statement{place: at}
	d.object(n, fields{
		"id":       func(v node) { s.ID = d.name(v); s.place.item = s.ID },
		"says":     func(v node) { s.Says = d.bilingual(v) },
		"clause":   func(v node) { s.Clause = d.name(v) },
		"acts":     func(v node) { s.Acts = list(d, v, d.name) },
		"items":    func(v node) { s.items = list(d, v, d.name) },
		"where":    func(v node) { s.Where = d.factWords(v) },
		"unless":   func(v node) { s.Unless = d.factWords(v) },
		"only":     func(v node) { s.Only = list(d, v, func(v node) Outcome { return word[Outcome](d, v, outcomeWords) }) },
		"worse":    func(v node) { s.Worse = d.ladders(v) },
		"remedied": func(v node) { s.Remedied = d.flag(v) },
		"decided":  func(v node) { s.Decided = d.flag(v) },
	})
	claims := 0
	for _, made := range []bool{s.Only != nil, s.Worse != nil, s.Remedied, s.Decided} {
		if made {
			claims++
		}
	}
	if s.Only == nil && len(s.Where)+len(s.Unless) > 0 {
		d.fail(n, "where and unless belong to only")
	}
	if s.Decided && len(s.Acts)+len(s.items) > 0 {
		d.fail(n, "decided speaks of all acts")
	}
	if s.ID == "" || s.Says == (Text{}) || claims != 1 {
		d.fail(n, "a statement has id, says, and one of only, worse, remedied and decided")
	}
	return s
}

// factWords reads words by the fact they are words of.
func (d *decoder) factWords(n node) map[string][]string {
	spoken := map[string][]string{}
	known := fields{}
	for fact, words := range StatementFacts() {
		known[fact] = func(v node) { spoken[fact] = list(d, v, func(v node) string { return d.oneOf(v, words...) }) }
	}
	d.object(n, known)
	return spoken
}

// ladders reads ladders by their facts; added is short for one of none and the word for each word.
func (d *decoder) ladders(n node) (ladders []Ladder) {
	d.each(n, func(v node) {
		var fact string
		var words, added []string
		d.object(v, fields{
			"fact":  func(v node) { fact = d.oneOf(v, slices.Sorted(maps.Keys(StatementFacts()))...) },
			"words": func(v node) { words = list(d, v, d.name) },
			"added": func(v node) { added = list(d, v, d.name) },
		})
		for _, w := range slices.Concat(words, added) {
			if !slices.Contains(StatementFacts()[fact], w) {
				d.fail(v, "%s has no word %q", fact, w)
			}
		}
		if words != nil {
			ladders = append(ladders, Ladder{fact, words})
		}
		for _, w := range added {
			ladders = append(ladders, Ladder{fact, []string{"none", w}})
		}
	})
	return ladders
}

// statements holds what a rulebook states about itself to its own acts, items and clauses.
func (a *analysis) statements(ins *instrument) {
	seen := map[string]bool{}
	for _, s := range EveryRulebook() {
		seen[s.ID] = true
	}
	for _, s := range ins.statements {
		if seen[s.ID] {
			a.fault(s.place, "statement twice")
		}
		seen[s.ID] = true
		if !a.cited(ins, s.Clause) {
			a.fault(s.place, "clause %q is none of the rulebook's or its overlays'", s.Clause)
		}
		for _, act := range s.Acts {
			if !a.names(ins, act) {
				a.fault(s.place, "unknown act %q", act)
			}
		}
		for _, item := range s.items {
			if len(ins.actsOn([]string{item}))+len(ins.catchAlls(item)) == 0 {
				a.fault(s.place, "no act stands on %s", item)
			}
		}
	}
}

// cited says whether a citation is that of an item, or of the article or paragraph of one, of a rulebook or an overlay of it.
func (a *analysis) cited(ins *instrument, clause string) bool {
	id, ref, _ := strings.Cut(clause, " ")
	if id != ins.id && !slices.Contains(ins.overlays, id) {
		return false
	}
	for it := range a.lib.instruments[id].allItems() {
		if covers(ref, it.ref) {
			return true
		}
	}
	return false
}
