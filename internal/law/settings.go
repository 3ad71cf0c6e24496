package law

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Settings are what an organ has decided about a rulebook, on paper and by two persons: its readings by id (the rest keep their
// defaults), and the entries it has registered under catch-all items.
type Settings struct {
	Readings map[string]string `json:"readings,omitempty"`
	Entries  []Entry           `json:"entries,omitempty"`
}

// Entry opens one act under a catch-all item of the rulebook: "other work that state provisions let auxiliaries help with"
// (Art. 14(4), 15(5), 16(10)). The item's role and conditions hold for it, the leading officer of Article 16 among them.
type Entry struct {
	Item  string `json:"item"` // "16(10)"
	Act   string `json:"act"`  // a code of its own
	Name  Text   `json:"name"`
	Basis string `json:"basis"` // the state provision, as it is to be cited
}

// readingValues are the values of readings in force, by id.
type readingValues map[string]string

func (s readingValues) of(v value) string {
	if v.reading != "" {
		return s[v.reading]
	}
	return v.literal
}

// deny says whether a value switches off what depends on it.
func (s readingValues) deny(v value) bool { return s.of(v) == "off" || s.of(v) == "false" }

// Settings lists what is in force of what can be set: the value of every reading that somebody may set, the defaults too, and the
// organ's entries by act.
func (b *Book) Settings() Settings {
	values := maps.Clone(map[string]string(b.values))
	for _, r := range b.parts[0].readings {
		if !r.switchable {
			delete(values, r.id)
		}
	}
	return Settings{Readings: values, Entries: slices.Clone(b.entries)}
}

// hash names a set of readings, and of entries where there are any: without them it is that of the readings alone, under which
// rulings have been stored since before there were entries.
func (s Settings) hash() string {
	var text strings.Builder
	for _, id := range sorted(s.Readings) {
		fmt.Fprintf(&text, "%s=%s\n", id, s.Readings[id])
	}
	hash := hexSum([]byte(text.String()))
	if len(s.Entries) == 0 {
		return hash
	}
	entries, _ := json.Marshal(s.Entries) // structs of text always have a JSON form
	return hexSum(append([]byte(hash+"\n"), entries...))
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// actCode is the form of a code, as the API's contract has it.
var actCode = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

const maxActCode = 64

// enter gives a copy of the instrument with the organ's entries on their items, and the entries in the order of their acts, in
// which they always stand: the same set, however it was listed, makes the same book.
func (ins *instrument) enter(entries []Entry) (*instrument, []Entry, error) {
	if len(entries) == 0 {
		return ins, nil, nil
	}
	own := *ins
	own.names, own.codes, own.articles = maps.Clone(ins.names), slices.Clone(ins.codes), slices.Clone(ins.articles)
	for i := range own.articles {
		own.articles[i].items = slices.Clone(own.articles[i].items)
	}
	for i, e := range entries {
		if field, fault := own.refuses(e); fault != "" {
			return nil, nil, inputError(fmt.Sprintf("/entries/%d/%s", i, field), "%s", fault)
		}
		own.names[e.Act] = actName{Text: e.Name}
	}
	entries = slices.SortedFunc(slices.Values(entries), func(a, b Entry) int { return cmp.Compare(a.Act, b.Act) })
	for _, e := range entries {
		own.codes = append(own.codes, e.Act)
		own.open(e)
	}
	return &own, entries, nil
}

// refuses says which field of an entry cannot be taken, and why.
func (ins *instrument) refuses(e Entry) (field, fault string) {
	_, exists := ins.names[e.Act]
	switch {
	case !ins.has(e.Item):
		return "item", fmt.Sprintf("no item %q in %s", e.Item, ins.id)
	case len(ins.catchAlls(e.Item)) == 0:
		return "item", fmt.Sprintf("%s is no catch-all item: its acts are those of the text", e.Item)
	case len(e.Act) > maxActCode || !actCode.MatchString(e.Act):
		return "act", fmt.Sprintf("want a code like mine-patrol of at most %d characters, not %q", maxActCode, e.Act)
	case exists:
		return "act", fmt.Sprintf("act %q stands in the catalogue already", e.Act)
	case e.Name.ZH == "" || e.Name.EN == "":
		return "name", "want a name in both languages"
	case strings.TrimSpace(e.Basis) == "":
		return "basis", "want the state provision that the entry rests on"
	}
	return "", ""
}

// open puts an entry on each edition of its item.
func (ins *instrument) open(e Entry) {
	for _, it := range ins.catchAlls(e.Item) {
		it.entries = append(slices.Clip(it.entries), entry{act: e.Act, basis: e.Basis, registered: true})
	}
}

// catchAlls are the editions of a catch-all item.
func (ins *instrument) catchAlls(ref string) (items []*item) {
	for it := range ins.allItems() {
		if it.ref == ref && it.kind == catchAll {
			items = append(items, it)
		}
	}
	return items
}
