package law_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/law"
)

func TestBadEntriesAreRefused(t *testing.T) {
	t.Parallel()
	good := entries[1]
	for _, c := range []struct {
		name, field, want string
		spoil             func(*law.Entry)
	}{
		{"an item that names its acts", "item", "16(2) is no catch-all item", func(e *law.Entry) { e.Item = "16(2)" }},
		{"a prohibition", "item", "19¶1(5) is no catch-all item", func(e *law.Entry) { e.Item = "19¶1(5)" }},
		{"no such item", "item", `no item "15(6)" in cq-2021`, func(e *law.Entry) { e.Item = "15(6)" }},
		{"no item", "item", `no item "" in cq-2021`, func(e *law.Entry) { e.Item = "" }},
		{"an act of the catalogue", "act", `act "patrol" stands in the catalogue already`, func(e *law.Entry) { e.Act = "patrol" }},
		{"a prohibited act", "act", "stands in the catalogue already", func(e *law.Entry) { e.Act = "case-investigation" }},
		{"no code", "act", "want a code", func(e *law.Entry) { e.Act = "" }},
		{"a code with a space", "act", "want a code", func(e *law.Entry) { e.Act = "flood watch" }},
		{"a code with a capital", "act", "want a code", func(e *law.Entry) { e.Act = "Flood-watch" }},
		{"a code that ends in nothing", "act", "want a code", func(e *law.Entry) { e.Act = "flood-" }},
		{"a code without end", "act", "want a code", func(e *law.Entry) { e.Act = strings.Repeat("a", 65) }},
		{"no basis", "basis", "want the state provision", func(e *law.Entry) { e.Basis = " " }},
		{"no name in Chinese", "name", "want a name in both languages", func(e *law.Entry) { e.Name.ZH = "" }},
		{"no name in English", "name", "want a name in both languages", func(e *law.Entry) { e.Name.EN = "" }},
	} {
		bad := good
		c.spoil(&bad)
		_, err := law.Embedded().Book("cq-2021", law.Settings{Entries: []law.Entry{entries[0], bad}})
		var input *law.InputError
		if !errors.As(err, &input) || input.Field != "/entries/1/"+c.field || !strings.Contains(input.Problem, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if _, err := law.Embedded().Book("cq-2021", law.Settings{Entries: []law.Entry{good, good}}); err == nil {
		t.Error("an entry twice is taken")
	}
}

// The name of a reading set is the one under which rulings are stored: entries change it, however they are listed, and a set
// without entries keeps the name it had before there were any.
func TestTheReadingSetCoversEntries(t *testing.T) {
	t.Parallel()
	values, lines := law.Default().Settings().Readings, ""
	maps.Copy(values, map[string]string{ // which nobody may set, and which count all the same
		"art19_prohibitions": "closed", "civilian_on_15_16": "deny", "lead_is_police_officer": "true", "weapons_for_aux": "deny",
	})
	for _, id := range slices.Sorted(maps.Keys(values)) {
		lines += id + "=" + values[id] + "\n"
	}
	before := fmt.Sprintf("%x", sha256.Sum256([]byte(lines)))
	if got := law.Default().ReadingSet(); got != before {
		t.Errorf("the default reading set is named %s", got)
	}
	book := func(list ...law.Entry) *law.Book {
		b, err := law.Embedded().Book("cq-2021", law.Settings{Entries: list})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	names := map[string]bool{before: true}
	other := entries[1]
	other.Basis = "某部规定第九条"
	for _, list := range [][]law.Entry{entries[:1], entries[1:2], {other}, entries} {
		name := book(list...).ReadingSet()
		if names[name] {
			t.Errorf("%v: the name is taken", list)
		}
		names[name] = true
	}
	turned := slices.Clone(entries)
	slices.Reverse(turned)
	if one, two := book(entries...), book(turned...); one.ReadingSet() != two.ReadingSet() || !reflect.DeepEqual(one.Acts(), two.Acts()) {
		t.Error("the order of entries makes another book")
	}
	if empty := book([]law.Entry{}...); empty.ReadingSet() != before {
		t.Error("no entries are some")
	}
}

// A book lists what is in force, so that it can be made again from what it says.
func TestSettingsInForce(t *testing.T) {
	t.Parallel()
	given := law.Settings{Readings: map[string]string{"recusal_pending": "warn"}, Entries: entries}
	book, err := law.Embedded().Book("cq-2021", given)
	if err != nil {
		t.Fatal(err)
	}
	s := book.Settings()
	if s.Readings["recusal_pending"] != "warn" || s.Readings["art16_lead"] != "presence" || len(s.Entries) != len(entries) {
		t.Errorf("%+v", s)
	}
	again, err := law.Embedded().Book("cq-2021", s)
	if err != nil || again.ReadingSet() != book.ReadingSet() {
		t.Errorf("made again: %v", err)
	}
	s.Readings["art16_lead"], s.Entries[0].Act = "", ""
	if !maps.Equal(book.Settings().Readings, again.Settings().Readings) || book.Settings().Entries[0].Act == "" {
		t.Error("what is listed is the book's own")
	}
	if d := law.Default().Settings(); d.Entries != nil || d.Readings["catch_all_enabled"] != "false" {
		t.Errorf("%+v", d)
	}
}

// An entry's act stands in the catalogue of the organ that registered it and of nobody else, under its item, with its basis.
func TestAnEntryIsExplained(t *testing.T) {
	t.Parallel()
	book, err := law.Embedded().Book("cq-2021", law.Settings{Entries: entries})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		x, err := book.Explain(e.Act)
		if err != nil || len(x.Clauses) != 1 || x.Clauses[0].Basis != e.Basis || x.Clauses[0].Kind != "catch_all" || x.Name != e.Name {
			t.Errorf("%s: %+v %v", e.Act, x.Clauses, err)
		}
		if item, ok := book.PermittingItem(e.Act); !ok || item != "cq-2021 "+e.Item || x.Led != (e.Item == "16(10)") {
			t.Errorf("%s stands on %s, led %t", e.Act, item, x.Led)
		}
		if _, ok := law.Default().PermittingItem(e.Act); ok {
			t.Errorf("%s is everybody's", e.Act)
		}
	}
	if got := len(book.Acts()) - len(law.Default().Acts()); got != len(entries) {
		t.Errorf("%d acts more", got)
	}
	r, err := book.Rule(orderly("boat-check", true))
	at := slices.IndexFunc(r.Reasons, func(x law.Reason) bool { return x.Citation == "cq-2021 16(10)" && x.Fact == "role=field" })
	if err != nil || at < 0 || !strings.Contains(r.Reasons[at].Message.ZH, "某部规定第三条") || !strings.Contains(r.Reasons[at].Message.EN, "led by") {
		t.Errorf("%+v %v", r.Reasons, err)
	}
}

// What a rulebook enters itself waits for its reading; what an organ registered beside it does not.
func TestARegisteredEntryNeedsNoReading(t *testing.T) {
	t.Parallel()
	lib, err := law.Load(lakeside(), "lakeside-2020")
	if err != nil {
		t.Fatal(err)
	}
	own := law.Entry{Item: "1(3)", Act: "flood-watch", Name: law.Text{ZH: "汛期巡查", EN: "flood watch"}, Basis: "State provision 8"}
	for value, shipped := range map[string]law.Outcome{"true": law.Permitted, "false": law.OutsideScope} {
		book, err := lib.Book("lakeside-2020", law.Settings{Readings: map[string]string{"entries": value}, Entries: []law.Entry{own}})
		if err != nil {
			t.Fatal(err)
		}
		for act, want := range map[string]law.Outcome{"drone-watch": shipped, "flood-watch": law.Permitted} {
			if v, err := book.Decide(orderly(act, false)); err != nil || v.Outcome != want {
				t.Errorf("entries=%s: %s is %s %v, want %s", value, act, v.Outcome, err, want)
			}
		}
		if x, err := book.Explain("drone-watch"); err != nil || x.Clauses[0].Basis != "State provision 7" || x.Led {
			t.Errorf("%+v %v", x.Clauses, err)
		}
	}
}

// The switches are listed as the data has them, and each says how it may be set.
func TestReadingsAreListed(t *testing.T) {
	t.Parallel()
	lib := law.Embedded()
	if lib.Readings("atlantis-1999") != nil {
		t.Error("a rulebook that is not there has readings")
	}
	for _, r := range lib.Readings(law.DefaultRulebook) {
		if r.Asks.ZH == "" || r.Memo == "" || r.ValidFrom.IsZero() || r.Switchable && r.SetBy == "" {
			t.Errorf("%+v", r)
		}
		if len(r.Options) == 0 && !r.Number && !r.Words {
			t.Errorf("%s: nothing says what it may be set to", r.ID)
		}
		if _, err := lib.Book(law.DefaultRulebook, law.Settings{Readings: map[string]string{r.ID: r.Default}}); (err == nil) != r.Switchable {
			t.Errorf("its own default: %v", err)
		}
	}
}
