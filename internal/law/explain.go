package law

import (
	"slices"
	"strings"
	"time"
)

// Explanation says what the law has to say about one act, for a person: the clauses it stands on with their words, what they ask
// for, and in which circumstances the act is closed.
type Explanation struct {
	ActInfo
	Clauses    []Clause      `json:"clauses"`
	Conditions []Asked       `json:"conditions"`
	Closed     []Closed      `json:"closed"`
	Rulebooks  []RulebookRef `json:"rulebooks"`
}

// Clause is an item of an instrument with its own words, and a gloss that is ours.
type Clause struct {
	Citation   string `json:"citation"`
	Instrument Text   `json:"instrument"`
	Kind       string `json:"kind"` // permits, permits_led, forbids, catch_all
	Words      string `json:"words"`
	Basis      string `json:"basis,omitempty"` // of an entry under a catch-all: the state provision that it rests on
	Gloss      string `json:"gloss,omitempty"`
}

// Asked is one condition of the act, with the readings it was taken under.
type Asked struct {
	Obligation string         `json:"obligation"`
	Citation   string         `json:"citation"`
	Due        string         `json:"due"` // dispatch, start, used, after
	Asks       Text           `json:"asks"`
	Scope      []string       `json:"scope,omitempty"` // items and acts it is narrowed to
	When       []string       `json:"when,omitempty"`  // circumstances, each of which must hold: "tags=injury|alcohol"
	Readings   []ReadingValue `json:"readings,omitempty"`
}

// ReadingValue is a switch and the value in force.
type ReadingValue struct {
	ID    string `json:"id"`
	Value string `json:"value"`
}

// Closed is a circumstance in which the act is not lawful, or a person must decide.
type Closed struct {
	Citation string  `json:"citation"`
	Fact     string  `json:"fact"`
	Verdict  Outcome `json:"verdict"`
	Message  Text    `json:"message"`
}

var asks = [kindCount]Text{
	kindArrangement:    {"由条文所指的机关、人民警察安排", "the arrangement by the organ or an officer that the clause names"},
	kindStatus:         {"人员在职", "the person is in active service"},
	kindTraining:       {"通过本岗位岗前培训", "training for the post passed"},
	kindQualification:  {"驾驶、操控须有相应资格", "the qualification for what is driven or operated"},
	kindNoRecusal:      {"没有应当回避的情形", "no recusal"},
	kindLeadOfficer:    {"由一名在岗、在场的本机关人民警察带领", "led by one officer of the same organ, on duty and present"},
	kindUniform:        {"着统一制式服装", "uniform worn"},
	kindIDCard:         {"携带工作证件", "work card carried"},
	kindRecording:      {"全程录音录像", "recorded throughout"},
	kindOfficerCommand: {"使用约束性勤务装备须有人民警察指挥或者带领", "an officer's command or lead for restraint equipment"},
	kindMinOfficers:    {"人民警察达到规定人数", "the number of officers asked for"},
	kindCombination:    {"人民警察和辅警的组成符合规定", "the make-up of officers and auxiliaries asked for"},
	kindGuardNamed:     {"指定专人看护", "a named guard"},
	kindOfficerEnRoute: {"人民警察在场或者正在赶赴现场", "an officer present or on the way"},
	kindEvidenceReview: {"用作办案根据前经公安机关审查", "review by the organ before use as evidence"},
	kindAuxiliary:      {"从事人员属于辅警", "that whoever does the work is an auxiliary"},
	kindInForce:        {"规定已经施行", "that the rulebook is in force"},
}

// Explain tells about an act under the newest edition of the rulebook. An act that is not in the catalogue is an *InputError.
func (b *Book) Explain(act string) (Explanation, error) {
	id, ok := b.index[act]
	if !ok {
		return Explanation{}, inputError("/act", "unknown act %q", act)
	}
	newest := &b.editions[len(b.editions)-1]
	c := compiler{book: b, layers: b.parts, values: b.values, at: time.Unix(newest.from, 0)}
	c.homes = c.findHomes()
	x := Explanation{
		ActInfo: b.acts[id], Clauses: []Clause{}, Conditions: []Asked{}, Closed: []Closed{}, Rulebooks: b.rulebooks,
	}
	for _, h := range c.homes[act] {
		x.Clauses = append(x.Clauses, h.clause(act))
	}
	for ins, it := range c.items() {
		x.Conditions = append(x.Conditions, c.asked(id, ins, it.conditions, c.acts(it))...)
		x.Conditions = append(x.Conditions, c.asked(id, ins, it.obligations, nil)...)
	}
	for _, f := range newest.acts[id].forbidden {
		r := f.calm.reason
		x.Closed = append(x.Closed, Closed{r.Citation, r.Fact, r.Verdict, r.Message})
	}
	return x, nil
}

func (h *home) clause(act string) Clause {
	c := Clause{Citation: h.cite(), Instrument: h.ins.title, Kind: string(h.it.kind), Gloss: h.it.gloss, Basis: h.it.entry(act).basis}
	for _, a := range h.ins.articles {
		for _, u := range cut(a.number, a.words) {
			if u.ref == h.it.ref && a.file == h.it.file {
				c.Words = u.words
			}
		}
	}
	return c
}

// asked lists the conditions whose scope the act is in.
func (c *compiler) asked(id int32, ins *instrument, conditions []condition, own []string) (list []Asked) {
	for i := range conditions {
		o := &conditions[i]
		if o.kind == kindAuxiliary || o.kind == kindInForce { // about whom and when the rulebook speaks, not about the act
			continue
		}
		if acts, _ := c.scope(o, own); !slices.Contains(acts, id) {
			continue
		}
		list = append(list, c.ask(ins, o))
	}
	return list
}

func (c *compiler) ask(ins *instrument, o *condition) Asked {
	a := Asked{
		Obligation: o.kind.String(), Citation: ins.cite(o.item), Due: dueWords.list[specs[o.kind].due], Asks: asks[o.kind],
		Scope: o.acts, When: o.when.facts(),
	}
	if o.items != nil {
		a.Scope = terms(c.values.of(*o.items))
		a.Readings = c.readingOf(a.Readings, *o.items)
	}
	for _, name := range sorted(o.params) {
		a.Readings = c.readingOf(a.Readings, o.params[name])
	}
	return a
}

// facts are the circumstances in the words of the case format; each must hold, of words beside a bar any.
func (w when) facts() (list []string) {
	if w.tags != 0 {
		list = append(list, "tags="+strings.Join(w.tags.Words(), "|"))
	}
	if w.all != 0 {
		list = append(list, "tags="+strings.Join(w.all.Words(), "+"))
	}
	if w.cases != 0 {
		list = append(list, "case_kind="+strings.Join(setWords(caseKindWords, uint16(w.cases)), "|"))
	}
	return list
}

func (c *compiler) readingOf(list []ReadingValue, v value) []ReadingValue {
	if v.reading == "" {
		return list
	}
	return append(list, ReadingValue{v.reading, c.values.of(v)})
}
