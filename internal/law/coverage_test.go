package law_test

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/lawtest"
)

// Every unit of every shipped rulebook's words has a rule or a trace in both languages, and every article a gloss.
func TestEveryUnitIsTraced(t *testing.T) {
	t.Parallel()
	articles := map[string]int{}
	for _, id := range law.Embedded().Rulebooks() {
		for _, a := range shipped(t, id).Articles() {
			articles[a.Instrument]++
			if a.Gloss == "" || a.Title.ZH == "" || len(a.Units) == 0 {
				t.Errorf("%s %d: %+v", a.Instrument, a.Number, a)
			}
			for _, u := range a.Units {
				if u.Words == "" || !strings.Contains(a.Words, u.Words) || len(u.Items) != 1 {
					t.Errorf("%s: %+v", u.Citation, u)
				}
				if it := u.Items[0]; (it.Kind == "traced") != (it.By != "") || it.By != "" && (it.Note.ZH == "" || it.Note.EN == "") {
					t.Errorf("%s: %+v", u.Citation, it)
				}
			}
		}
	}
	if articles["cq-2021"] != 44 {
		t.Errorf("cq-2021 has %d articles", articles["cq-2021"])
	}
}

// What stands in the table is read off the rules.
func TestCoverageSaysWhatTheRulesAre(t *testing.T) {
	t.Parallel()
	is := map[string]func(law.Item) bool{
		"cq-2021 16(2)": func(it law.Item) bool {
			a := it.Acts[0]
			return it.Kind == "permits_led" && a.Code == "stop-and-question" && a.Led && a.Role == law.RoleField && a.Item == "cq-2021 16(2)" &&
				it.Asks[1].Obligation == "lead_officer" && it.Advice[0].Code == "span_of_control" && reads(it, "art16_lead", "presence")
		},
		"cq-2021 15(3)": func(it law.Item) bool {
			return slices.Equal(it.Asks[2].When, []string{"tags=injury|alcohol|party_asks_officer"}) && it.Asks[2].Scope == nil
		},
		"cq-2021 17(2)": func(it law.Item) bool {
			return slices.Equal(it.Asks[0].Scope, []string{"15-15(4)", "16", "17(4)"}) && reads(it, "recording_unknown", "warn")
		},
		"cq-2021 3¶3": func(it law.Item) bool { return it.Asks[0].Asks.ZH == "从事人员属于辅警" },
		"cq-2021 18": func(it law.Item) bool {
			return it.Equipment[1].Verdict == "deny" && it.Equipment[2].Verdict == "listed" && it.Equipment[2].Role == law.RoleField
		},
		"cq-2021 19¶1(1)": func(it law.Item) bool {
			c := it.Closes[0]
			return len(it.Acts) == 4 && it.Acts[0].Role == law.RoleNone && len(c.Except) == 5 && c.ExceptVerdict == law.NeedsHuman
		},
		"cq-2021 19¶1(3)": func(it law.Item) bool {
			return it.Closes[0].When[0] == "case_kind=criminal" && len(it.Closes[0].Scope) == 2 && it.Closes[1].When[0] == "signatory=auxiliary"
		},
		"cq-2021 19¶2": func(it law.Item) bool { return it.Closes[0].Scope[0] == "16" && it.Closes[0].Verdict == law.Prohibited },
		"cq-2021 33¶2": func(it law.Item) bool { return it.Advice[0].Code == "refresher_overdue" },
		"national-admin-procedure 52¶2": func(it law.Item) bool {
			return it.Asks[0].When[0] == "case_kind=none|administrative" && len(it.Asks[0].Scope) == 5
		},
		"national-traffic-duty 72(1)": func(it law.Item) bool { return slices.Contains(it.Asks[0].When, "tags=poor_visibility") },
	}
	for _, a := range law.Default().Articles() {
		for _, u := range a.Units {
			if holds := is[u.Citation]; holds != nil && !holds(u.Items[0]) {
				t.Errorf("%s: %+v", u.Citation, u.Items[0])
			}
			delete(is, u.Citation)
		}
	}
	if len(is) > 0 {
		t.Errorf("not in the table: %v", is)
	}
}

func reads(it law.Item, id, value string) bool {
	return slices.Contains(it.Readings, law.ReadingValue{ID: id, Value: value})
}

// Editions stand in the order of their dates, and an item that ended before its article did says so.
func TestCoverageShowsEditions(t *testing.T) {
	t.Parallel()
	files := embedded(t)
	later := strings.Replace(string(files[cq+"art22.yaml"].Data), "2021-09-01", "2024-01-01", 1)
	lawtest.Change(t, files, cq+"art22.yaml", "effective_from: 2021-09-01", "effective_from: 2021-09-01\neffective_to: 2024-01-01")
	files[cq+"art21b.yaml"] = &fstest.MapFile{Data: []byte(later)}
	var dates []string
	for _, a := range loaded(t, files, "cq-2021", nil).Articles() {
		if a.Instrument == "cq-2021" && a.Number == 22 {
			dates = append(dates, a.From.Format(time.DateOnly), a.To.Format(time.DateOnly))
		}
	}
	if !slices.Equal(dates, []string{"2021-09-01", "2024-01-01", "2024-01-01", "0001-01-01"}) {
		t.Error(dates)
	}
	coarse := embedded(t)
	lawtest.Change(t, coarse, cq+"art38.yaml", "items:\n", "items:\n  - item: \"38\"\n    kind: traced\n    by: organ\n    note: {zh: 全条, en: the whole}\n")
	whole := loaded(t, coarse, "cq-2021", nil).Articles()[37]
	if items := whole.Units[0].Items; whole.Citation != "cq-2021 38" || len(items) != 1 || items[0].By != "not_yet" {
		t.Errorf("what is said of a unit alone is not what the table says: %+v", whole)
	}
	repealed := loaded(t, lakeside(), "lakeside-2020", nil).Articles()[0].Units[1]
	if it := repealed.Items[0]; it.To.Format(time.DateOnly) != "2023-01-01" {
		t.Errorf("%+v", repealed)
	}
}

func shipped(t testing.TB, id string) *law.Book {
	t.Helper()
	book, err := law.Embedded().Book(id, law.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	return book
}
