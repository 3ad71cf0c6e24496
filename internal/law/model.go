package law

import (
	"slices"
	"time"
)

// What the files of a rulebook say, before it is analysed and compiled.

// instrument is one authority's text: a city's regulation, or a national rule layered over it.
type instrument struct {
	id           string
	title        Text
	layer        string
	jurisdiction string
	sourceFile   string
	overlays     []string
	applies      []value // readings each of which can switch an overlay off
	names        map[string]actName
	codes        []string // of names, in catalogue order
	readings     []reading
	articles     []article // every edition of every article
	statements   []Statement
	source       []sourceArticle
	hash         string
}

type actName struct {
	Text
	emergency bool // an emergency opens what is owed for it
	at        place
}

// place is where something stands, for the analysis.
type place struct {
	file string
	item string
}

// article is one edition of one article.
type article struct {
	place
	number int // a provision of an annex has annexStep added for each annex
	span
	words      string
	gloss      string
	role       Role
	otherRole  *value
	conditions []condition
	advice     []adviceRule
	fixedBy    []string
	items      []item
}

// span is a time of effect: from the start of a day to the start of another, in the rulebook's zone; to is zero when open.
type span struct {
	from, to time.Time
}

func (s span) holds(at time.Time) bool {
	return !at.Before(s.from) && (s.to.IsZero() || at.Before(s.to))
}

type itemKind string

const (
	permits    itemKind = "permits"
	permitsLed itemKind = "permits_led"
	forbids    itemKind = "forbids"
	requires   itemKind = "requires"
	equips     itemKind = "equips"
	recuses    itemKind = "recuses"
	catchAll   itemKind = "catch_all"
	recruits   itemKind = "recruits" // speaks of applicants
	traced     itemKind = "traced"   // no rule: by and note say what the program does about the words instead
)

var itemKinds = []itemKind{permits, permitsLed, forbids, requires, equips, recuses, catchAll, recruits, traced}

// keepers are who answers for the words of a traced item: the rule of another item, a part of the service, the organ itself, a
// part that is yet to be built, or nobody here.
var keepers = []string{"ruling", "roster", "recruitment", "record", "organ", "not_yet", "not_ours"}

func (k itemKind) permits() bool { return k == permits || k == permitsLed || k == catchAll }

// item is one numbered unit of an article with what it does.
type item struct {
	place
	article int
	ref     string // "16(2)", "19¶1(3)", "44"
	kind    itemKind
	span
	role        Role   // who it speaks of; none: every auxiliary
	otherRole   *value // of an item that permits: which items are open to the other role
	gloss       string
	by          string // of a traced item: one of keepers
	note        Text   // what the program does about the words, or why it does nothing
	acts        []string
	where       map[string]value // acts that stand here only while their reading names this item
	entries     []entry          // of a catch-all
	enabled     *value           // of a catch-all
	conditions  []condition
	obligations []condition
	when        []circumstance
	equipment   []equipmentRule
	advice      []adviceRule
	fixedBy     []string
	admits      []admission // of an item that recruits
}

// speaksOf says whether an item is about a role.
func (it *item) speaksOf(role Role) bool { return it.role == RoleNone || it.role == role }

// entry opens one act under a catch-all item; it must cite the state provision.
type entry struct {
	act        string
	basis      string
	registered bool // by the organ that is asking; the rulebook's own wait for a reading to enable them
}

// value is a parameter: spelled out, or taken from a reading.
type value struct {
	literal string
	reading string
}

// entry is the item's entry for an act; the zero one when it has none.
func (it *item) entry(act string) (e entry) {
	if i := slices.IndexFunc(it.entries, func(e entry) bool { return e.act == act }); i >= 0 {
		e = it.entries[i]
	}
	return e
}

func leads(c condition) bool { return c.kind == kindLeadOfficer }

// led says whether the item permits its acts under an officer's lead only: its kind says so, or for what a catch-all opens its
// article does.
func (it *item) led() bool {
	return it.kind == permitsLed || it.kind == catchAll && slices.ContainsFunc(it.conditions, leads)
}

// condition is one obligation with its parameters and the work it is asked for.
type condition struct {
	place
	kind   kind
	params map[string]value
	acts   []string // empty: all
	items  *value   // a scope expression, instead of acts
	when   when
	beside string // an item of the same instrument cited beside it when it does not hold
	role   Role   // the only role it speaks of
	combos []combo
}

// when narrows a condition to circumstances; empty: always.
type when struct {
	tags  Tags // any of them
	all   Tags // every one of them
	cases uint8
}

// combo is one lawful make-up of a unit.
type combo struct{ officers, auxiliaries int }

// circumstance forbids acts in a case: by tag, kind of case, or who signs.
type circumstance struct {
	tags      Tags
	caseKind  *CaseKind
	signatory *Signatory
	acts      []string // with items; both empty: all
	items     []string
	except    *exception
}

type exception struct {
	acts               []string
	verdict, emergency Outcome
}

// equipmentRule judges one class of equipment in some uses.
type equipmentRule struct {
	class   EquipmentClass
	uses    []EquipmentUse
	role    Role // the only role it may be given to
	verdict *value
	list    *value // lawful only when on this list
}

type adviceRule struct {
	place
	code  string
	bound *value
}

// reading is a switch.
type reading struct {
	place
	id         string
	asks       Text
	preset     string
	set        *string // the organ's own setting in the data
	options    []string
	number     bool
	words      bool
	switchable bool
	setBy      string
	memo       string
	validFrom  time.Time
}

func (r reading) value() string {
	if r.set != nil {
		return *r.set
	}
	return r.preset
}
