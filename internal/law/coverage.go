package law

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Article is one edition of one article with everything that is made of it: a row of the traceability table, in which a lawyer
// finds for each unit of the words a rule, or why there is none.
type Article struct {
	Instrument string // id
	Title      Text   // of the instrument
	Citation   string
	Number     int       // a provision of an annex has a thousand added for each annex
	From, To   time.Time // its first day in force, and the first on which it is no more; zero when open
	Words      string
	Gloss      string
	Units      []Unit
}

// Unit is the smallest part of an article that can be cited, with the items that cover it.
type Unit struct {
	Citation string
	Words    string
	Items    []Item
}

// Item is what a rulebook makes of a unit. Nothing in it was written for the table: it is read off the rules themselves.
type Item struct {
	Kind      string
	By        string    // who keeps the words where no rule does
	Note      Text      // how they are kept, or why they are not
	From, To  time.Time // where the item has a time of its own
	Acts      []ActInfo // that it permits or forbids
	Asks      []Asked
	Closes    []Closing
	Equipment []EquipmentSaid
	Advice    []Advice
	Readings  []ReadingValue // that bear on it
}

// Closing is a circumstance that closes work, and what of it a person may still open.
type Closing struct {
	When          []string // any one of them closes it
	Scope         []string // items and acts; empty: all work
	Verdict       Outcome
	Except        []string // acts
	ExceptVerdict Outcome
}

// EquipmentSaid is what an item says of one class of equipment: a verdict, or that the organ's list decides.
type EquipmentSaid struct {
	Class   EquipmentClass
	Uses    []EquipmentUse
	Role    Role // the only role it may be given to; none: it does not say
	Verdict string
}

// Articles is the traceability table: every edition of every article of the rulebook and then of the overlays in use.
func (b *Book) Articles() []Article {
	c := compiler{book: b, layers: b.parts, values: b.values}
	var list []Article
	for _, ins := range b.parts {
		editions := slices.Clone(ins.articles)
		slices.SortStableFunc(editions, func(x, y article) int {
			return cmp.Or(cmp.Compare(x.number, y.number), x.from.Compare(y.from))
		})
		for i := range editions {
			list = append(list, c.article(ins, &editions[i]))
		}
	}
	return list
}

func (c *compiler) article(ins *instrument, a *article) Article {
	row := Article{
		Instrument: ins.id, Title: ins.title, Citation: ins.cite(refOf(a.number)), Number: a.number, From: a.from, To: a.to, Words: a.words, Gloss: a.gloss,
	}
	for _, u := range cut(a.number, a.words) {
		unit := Unit{Citation: ins.cite(u.ref), Words: u.words}
		for _, it := range a.speaking(u.ref) {
			unit.Items = append(unit.Items, c.made(ins, a, it))
		}
		row.Units = append(row.Units, unit)
	}
	return row
}

// speaking are the items that cover a unit most closely: where one speaks of a part, the one about the rest of the whole is silent.
func (a *article) speaking(unit string) (items []*item) {
	for i := range a.items {
		it := &a.items[i]
		switch {
		case !covers(it.ref, unit) || len(items) > 0 && len(it.ref) < len(items[0].ref):
		case len(items) > 0 && len(it.ref) > len(items[0].ref):
			items = []*item{it}
		default:
			items = append(items, it)
		}
	}
	return items
}

// made reads off an item what it makes of its unit.
func (c *compiler) made(ins *instrument, a *article, it *item) Item {
	made := Item{Kind: string(it.kind), By: it.by, Note: it.note, Readings: c.bearing(it)}
	if !it.from.Equal(a.from) || !it.to.Equal(a.to) {
		made.From, made.To = it.from, it.to
	}
	for _, code := range c.acts(it) {
		act := ActInfo{Code: code, Name: c.layers[0].names[code].Text}
		act.stand(home{ins, it})
		made.Acts = append(made.Acts, act)
	}
	for _, o := range slices.Concat(it.conditions, it.obligations) {
		made.Asks = append(made.Asks, c.ask(ins, &o))
	}
	for i := range it.when {
		made.Closes = append(made.Closes, it.when[i].closing())
	}
	for i := range it.equipment {
		made.Equipment = append(made.Equipment, c.equipmentSaid(&it.equipment[i]))
	}
	for i := range it.advice {
		made.Advice = append(made.Advice, c.advised(ins, it, &it.advice[i]).advice)
	}
	return made
}

// bearing lists the readings that an item takes a value from.
func (c *compiler) bearing(it *item) (list []ReadingValue) {
	it.eachValue(func(_ place, v *value, _ []string) {
		if v != nil {
			list = c.readingOf(list, *v)
		}
	})
	slices.SortFunc(list, func(x, y ReadingValue) int { return strings.Compare(x.ID, y.ID) })
	return slices.Compact(list)
}

func (x *circumstance) closing() Closing {
	c := Closing{Scope: slices.Concat(x.items, x.acts), Verdict: Prohibited}
	for _, t := range x.tags.Words() {
		c.When = append(c.When, "tags="+t)
	}
	if x.caseKind != nil {
		c.When = append(c.When, "case_kind="+x.caseKind.String())
	}
	if x.signatory != nil {
		c.When = append(c.When, "signatory="+x.signatory.String())
	}
	if x.except != nil {
		c.Except, c.ExceptVerdict = x.except.acts, x.except.verdict
	}
	return c
}

func (c *compiler) equipmentSaid(e *equipmentRule) EquipmentSaid {
	said := EquipmentSaid{Class: e.class, Uses: e.uses, Role: e.role, Verdict: "listed"}
	if e.verdict != nil {
		said.Verdict = c.values.of(*e.verdict)
	}
	return said
}
