package law_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/lawtest"
)

// embedded is a copy of the instruments that come with the program, to be spoiled.
func embedded(t testing.TB) fstest.MapFS {
	t.Helper()
	return lawtest.Instruments(t, "instruments")
}

func TestEmbeddedRulebooksAreGood(t *testing.T) {
	t.Parallel()
	if problems := law.Check(embedded(t)); len(problems) > 0 {
		t.Fatal(problems)
	}
	if got := law.Embedded().Rulebooks(); !slices.Equal(got, []string{"cq-2021", "henan-2020"}) {
		t.Fatalf("rulebooks %v", got)
	}
}

const cq = "cq-2021/"

// Every way a rulebook can be bad is refused with the file, the item and the reason.
func TestBadRulebooksAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, old, text string
		want                  string // of the problem printed
	}{
		{"not YAML", cq + "art15.yaml", "items:", "items: [", "cq-2021/art15.yaml: /: not YAML"},
		{"empty file", cq + "acts.yaml", "*", "", "the document is empty"},
		{"two documents", cq + "art15.yaml", "article: 15", "--- {}\n---\narticle: 15", "more than one document"},
		{"anchor", cq + "art15.yaml", "role: field", "role: &r field", "anchors and aliases are not used here"},
		{"anchor in a list", cq + "art15.yaml", "[patrol,", "[&p patrol,", "anchors and aliases are not used here"},
		{"unknown key", cq + "art15.yaml", "gloss:", "glos:", `unknown key "glos"`},
		{"key twice", cq + "art15.yaml", "role: field", "role: field\nrole: field", `key "role" twice`},
		{"id differs", cq + "instrument.yaml", "id: cq-2021", "id: cq-2022", `id "cq-2022" differs`},
		{"unknown layer", cq + "instrument.yaml", "layer: city", "layer: village", `unknown word "village"`},
		{"no such source", cq + "instrument.yaml", "source: source.txt", "source: words.txt", "cq-2021/words.txt: cannot be read"},
		{"source begins in the middle", cq + "source.txt", "第一条　", "", "line 1: no article begins here"},
		{"no such overlay", cq + "instrument.yaml", "national-admin-procedure,", "provincial,", "provincial/instrument.yaml: cannot be read"},
		{"overlay that is a rulebook", "national-admin-procedure/instrument.yaml", "layer: national", "layer: national\noverlays: [national-continued-questioning]", "overlay national-admin-procedure is a rulebook of its own"},
		{"bad date", cq + "art15.yaml", "effective_from: 2021-09-01", "effective_from: 1 September 2021", "want a date like 2021-09-01"},
		{"no date", cq + "art15.yaml", "effective_from: 2021-09-01\n", "", "effective_from: required"},
		{"article number", cq + "art15.yaml", "article: 15", "article: fifteen", "want a number from 1 on"},
		{"ends before it begins", cq + "art15.yaml", "effective_from: 2021-09-01", "effective_from: 2021-09-01\neffective_to: 2021-08-01", "ends before it begins"},

		{"words differ", cq + "art15.yaml", "巡逻、值守", "巡查、值守", "cq-2021/art15.yaml: the words differ from the source text"},
		{"article not in the text", cq + "art44.yaml", "article: 44", "article: 45", "article 45 is not in the source text"},
		{"provision of another annex", "national-traffic-duty/art-annex1-3.yaml", "annex: 1", "annex: 2", "article annex2(3) is not in the source text"},
		{"provision without a file", "national-traffic-duty/source.txt", "附件1　三、", "附件1　四、", "article annex1(4) of the source text is covered by no file"},
		{"unit without an item", cq + "art17.yaml", "\"17(5)\"", "\"17(4)\"", "item 17(5) of the words is covered by no item"},
		{"item without words", cq + "art15.yaml", "\"15(5)\"", "\"15(6)\"", "cq-2021/art15.yaml: 15(6): the words have no item 15(6): nothing is asked without a clause"},

		{"unknown kind", cq + "art15.yaml", "kind: permits", "kind: allows", `unknown word "allows"`},
		{"no kind", cq + "art44.yaml", "    kind: requires\n", "", "44: kind: required"},
		{"item without a rule", cq + "art37.yaml", "\n    obligations: [{obligation: status}]", "", "37: no rule: a unit of the words that nothing is ruled on is traced"},
		{"trace by nobody", cq + "art01.yaml", "    by: not_ours\n", "", "1: a traced item says by whom and in a note"},
		{"trace by somebody unknown", cq + "art01.yaml", "by: not_ours", "by: the_mayor", `unknown word "the_mayor", want one of ruling, roster,`},
		{"trace without a note", cq + "art36.yaml", "    note:\n      zh: 表扬和奖励由机关决定。\n      en: Commendation is for the organ to decide.\n", "", "36: a traced item says by whom and in a note"},
		{"trace in one language", cq + "art36.yaml", "      zh: ", "      # ", "want zh and en"},
		{"trace of what is ruled on", cq + "art37.yaml", "kind: requires", "kind: traced\n    by: roster\n    note: {zh: 无, en: none}", "37: a traced item has no rule"},
		{"rule that names a keeper", cq + "art37.yaml", "kind: requires", "kind: requires\n    by: roster", "37: by belongs to a traced item"},
		{"acts of a requirement", cq + "art44.yaml", "    kind: requires\n", "    kind: requires\n    acts: [patrol]\n", "44: an item that requires names no acts"},
		{"acts of a catch-all", cq + "art15.yaml", "kind: catch_all", "kind: catch_all\n    acts: [patrol]", "15(5): a catch-all is opened by entries, not acts"},
		{"conditions of a requirement", cq + "art44.yaml", "    kind: requires\n", "    kind: requires\n    conditions: [{obligation: uniform}]\n", "44: conditions belong to an item that permits"},
		{"entry of a permission", cq + "art15.yaml", "kind: permits\n", "kind: permits\n    entries: [{act: patrol, basis: somewhere}]\n", `15(1): entry "patrol": only a catch-all has entries`},
		{"entry without a basis", cq + "art15.yaml", "kind: catch_all", "kind: catch_all\n    entries: [{act: patrol}]", `15(5): entry "patrol": only a catch-all has entries, each with its act and the state provision`},
		{"item ends before it begins", cq + "art15.yaml", "kind: permits\n", "kind: permits\n    effective_from: 2022-01-01\n    effective_to: 2021-10-01\n", "15(1): ends before it begins"},
		{"unknown act", cq + "art15.yaml", "[patrol,", "[patroll,", `15(1): unknown act "patroll"`},
		{"act on no item", cq + "acts.yaml", "  patrol:", "  tea: {zh: 茶, en: tea}\n  patrol:", "cq-2021/acts.yaml: tea: act on no item"},
		{"act twice", cq + "acts.yaml", "  patrol:", "  patrol: {zh: 茶, en: tea}\n  patrol:", `act "patrol" twice`},
		{"act permitted and prohibited", cq + "art19.yaml", "acts: [officer-only-work]", "acts: [officer-only-work, patrol]", `15(1): act "patrol" is permitted here and prohibited by 19¶1(5) for one role`},
		{"act of an overlay that no base knows", "national-admin-procedure/art58.yaml", "[protective-restraint-drunk]", "[drunk]", `58¶2: unknown act "drunk"`},
		{"unknown obligation", cq + "art44.yaml", "in_force", "in_effect", `unknown word "in_effect"`},
		{"never in force", cq + "art44.yaml", "in_force", "uniform", "no item says from when the rulebook is in force"},
		{"parameter of another obligation", cq + "art33.yaml", "{obligation: training}", "{obligation: training, by: organ}", `training has no parameter "by"`},
		{"unknown value", cq + "art14.yaml", "by: organ", "by: mayor", `by: unknown word "mayor", want one of organ,`},
		{"beside cites nothing", cq + "art16.yaml", "beside: \"19¶2\"", "beside: \"19¶3\"", "lead_officer: beside cites 19¶3, which no item is"},
		{"officers counted by nobody", "national-admin-procedure/art52.yaml", "officers: 2, ", "", "min_officers: officers and any_of belong to"},
		{"value that is a list", cq + "art14.yaml", "by: organ", "by: [organ]", "want text"},
		{"circumstance without one", cq + "art19.yaml", "- tags: [state_secret]", "- acts: [patrol]", "want tags, case_kind or signatory"},
		{"equipment without a verdict", cq + "art18.yaml", ", verdict: deny}", "}", "want either verdict or list"},
		{"equipment with an unknown verdict", cq + "art18.yaml", "verdict: deny", "verdict: perhaps", `verdict: unknown word "perhaps"`},

		{"act placed that is not the item's", cq + "art16.yaml", "where: {identity-check:", "where: {patrol:", `16(2): where: "patrol" is not an act of this item that a reading places`},
		{"act placed by no reading", cq + "art16.yaml", "where: {identity-check: {reading: street_id_check}}", "where: {identity-check: 16(2)}", `16(2): where: "identity-check" is not an act of this item that a reading places`},
		{"act placed where it does not stand", cq + "readings.yaml", `["16(2)", "15(1)"]`, `["16(2)", "15(2)"]`, `where: street_id_check can be set to "15(2)", which is no item that has "identity-check"`},
		{"unknown reading", cq + "art16.yaml", "reading: art16_lead", "reading: art16_leader", `16(1): unknown reading "art16_leader"`},
		{"reading that nothing uses", cq + "art16.yaml", "{reading: max_aux_per_officer}", "6", "max_aux_per_officer: a reading that nothing uses"},
		{"reading twice", cq + "readings.yaml", "id: recording_unknown", "id: recording_scope", "recording_scope: reading twice"},
		{"reading without a memo", cq + "readings.yaml", "    memo: founding reading, Art. 16", "    # founding reading, Art. 16", "a reading has id, asks, memo"},
		{"reading asked in English only", cq + "readings.yaml", "      zh: 回避申请", "      # 回避申请", "want zh and en"},
		{"reading asked in Chinese only", cq + "readings.yaml", "      en: What while an application", "      # What while an application", "want zh and en"},
		{"reading that asks nothing", cq + "readings.yaml", "    asks:\n      zh: 辅警可否配备或者使用武器？\n      en: May an auxiliary carry or use a weapon?\n", "", "a reading has id, asks, memo"},
		{"default that is no option", cq + "readings.yaml", "default: warn", "default: hope", `default: unknown option "hope"`},
		{"number that is none", cq + "readings.yaml", "default: \"6\"", "default: six", `default: want a whole number, not "six"`},
		{"option that means nothing", cq + "readings.yaml", "options: [warn, block]", "options: [warn, block, shrug]", `option "shrug" means nothing to cq-2021/art17.yaml 17(2)`},
		{"setting of one that cannot be switched", cq + "readings.yaml", "    options: [closed]", "    options: [closed, open]\n    value: open", "art19_prohibitions: value: this reading cannot be switched"},
		{"setting of one that cannot be switched to what it says", cq + "readings.yaml", "    options: [closed]", "    options: [closed]\n    value: closed", "art19_prohibitions: value: this reading cannot be switched"},
		{"setting that is no option", cq + "readings.yaml", "    options: [warn, block]", "    options: [warn, block]\n    value: shout", `recording_unknown: value: unknown option "shout"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := embedded(t)
			if c.old == "*" {
				files[c.file] = &fstest.MapFile{}
			} else {
				lawtest.Change(t, files, c.file, c.old, c.text)
			}
			_, err := law.Load(files)
			var bad *law.BadRulebook
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestMissingFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		cq + "instrument.yaml": "cq-2021/instrument.yaml: cannot be read",
		cq + "source.txt":      "cq-2021/source.txt: cannot be read",
		cq + "art01.yaml":      "article 1 of the source text is covered by no file",
		cq + "art22.yaml":      "article 22 of the source text is covered by no file",
		cq + "readings.yaml":   "unknown reading",
		cq + "acts.yaml":       "unknown act",
	} {
		files := embedded(t)
		delete(files, name)
		if _, err := law.Load(files, "cq-2021"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	if _, err := law.Load(fstest.MapFS{}); err == nil || !strings.Contains(err.Error(), "no instrument here") {
		t.Errorf("an empty folder: %v", err)
	}
}

// Editions of one article follow each other without overlap and without gap.
func TestEditionsFollowEachOther(t *testing.T) {
	t.Parallel()
	for ends, want := range map[string]string{
		"":           "cq-2021/art22b.yaml: overlaps the edition before, from 2024-01-01",
		"2024-06-01": "cq-2021/art22b.yaml: overlaps the edition before, from 2024-01-01",
		"2023-01-01": "cq-2021/art22b.yaml: leaves a gap after the edition before, from 2023-01-01 to 2024-01-01",
		"2024-01-01": "",
	} {
		files := embedded(t)
		second := strings.Replace(string(files[cq+"art22.yaml"].Data), "2021-09-01", "2024-01-01", 1)
		files[cq+"art22b.yaml"] = &fstest.MapFile{Data: []byte(second)}
		if ends != "" {
			lawtest.Change(t, files, cq+"art22.yaml", "effective_from: 2021-09-01", "effective_from: 2021-09-01\neffective_to: "+ends)
		}
		_, err := law.Load(files)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("first edition to %q: %v", ends, err)
		}
	}
}

func TestTooManyConditionsAreRefused(t *testing.T) {
	t.Parallel()
	files := embedded(t)
	lawtest.Change(t, files, cq+"art33.yaml", "[{obligation: training}]", "["+strings.Repeat("{obligation: training}, ", 65)+"]")
	lawtest.Change(t, files, cq+"art37.yaml", "kind: requires", "kind: requires\n    advice: ["+strings.Repeat("{advice: refresher_overdue}, ", 65)+"]")
	_, err := law.Load(files)
	for _, want := range []string{"conditions of people and tasks, at most 64", "pieces of advice, at most 64"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

// A city may keep only its own folder; the national rules come with the program.
func TestOverlaysComeWithTheProgram(t *testing.T) {
	t.Parallel()
	files := embedded(t)
	for name := range files {
		if !strings.HasPrefix(name, cq) {
			delete(files, name)
		}
	}
	lib, err := law.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	book, err := lib.Book("cq-2021", law.Settings{})
	if err != nil || book.ID() != "cq-2021" || !slices.Equal(book.Rulebooks(), law.Default().Rulebooks()) || len(book.Rulebooks()) != 6 {
		t.Fatalf("%v %v", book.Rulebooks(), err)
	}
}

// The hash names the content: one changed character makes another rulebook.
func TestHashNamesTheContent(t *testing.T) {
	t.Parallel()
	files := embedded(t)
	lawtest.Change(t, files, cq+"art22.yaml", "withdraws", "steps back")
	book := loaded(t, files, "cq-2021", nil)
	if book.Rulebooks()[0] == law.Default().Rulebooks()[0] || book.Rulebooks()[1] != law.Default().Rulebooks()[1] {
		t.Fatal(book.Rulebooks())
	}
}

func loaded(t testing.TB, files fs.FS, id string, readings map[string]string) *law.Book {
	t.Helper()
	lib, err := law.Load(files, id)
	if err != nil {
		t.Fatal(err)
	}
	book, err := lib.Book(id, law.Settings{Readings: readings})
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func TestReadingsAreSetWithinTheirOptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ id, value, want string }{
		{"art16_lead", "presence_or_remote", ""},
		{"max_aux_per_officer", "4", ""},
		{"restraint_list", "约束带,警绳", ""},
		{"art19_prohibitions", "closed", "this reading cannot be switched"}, // not even to what it says
		{"art19_prohibitions", "open", "this reading cannot be switched"},
		{"weapons_for_aux", "allow", "this reading cannot be switched"},
		{"civilian_on_15_16", "15", "this reading cannot be switched"},
		{"lead_is_police_officer", "false", "this reading cannot be switched"},
		{"art16_lead", "by telephone", "unknown option"},
		{"max_aux_per_officer", "-1", "want a whole number"},
		{"moon_phase", "full", "unknown reading"},
	} {
		book, err := law.Embedded().Book("cq-2021", law.Settings{Readings: map[string]string{c.id: c.value}})
		var input *law.InputError
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s=%s: %v", c.id, c.value, err)
		case c.want == "" && book.ReadingSet() == law.Default().ReadingSet():
			t.Errorf("%s=%s: the reading set has the default's name", c.id, c.value)
		case c.want != "" && (!errors.As(err, &input) || input.Field != "/readings/"+c.id || !strings.Contains(input.Problem, c.want)):
			t.Errorf("%s=%s: %v", c.id, c.value, err)
		}
	}
	for _, id := range []string{"nowhere-2020", "national-admin-procedure"} {
		if _, err := law.Embedded().Book(id, law.Settings{}); err == nil || !strings.Contains(err.Error(), "unknown rulebook") {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// A rulebook may carry the organ's own settings beside the defaults.
func TestSettingsInTheDataHold(t *testing.T) {
	t.Parallel()
	files := embedded(t)
	lawtest.Change(t, files, cq+"readings.yaml", "    options: [warn, block]", "    options: [warn, block]\n    value: block")
	f := orderly("patrol", false)
	f.Auxiliaries[0].Recording = law.RecordingUnknown
	v, err := loaded(t, files, "cq-2021", nil).Decide(f)
	if err != nil || v.Outcome != law.NeedsHuman {
		t.Errorf("%v %v", v, err)
	}
}

func TestMustPanicsOnBadData(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	law.Must(0, errors.New("bad data"))
}

func ExampleProblem() {
	fmt.Println(law.Problem{File: "cq-2021/art15.yaml", Item: "15(1)", Reason: `unknown act "patroll"`})
	fmt.Println(law.Problem{File: "cq-2021/art15.yaml", Reason: "the words differ from the source text"})
	// Output:
	// cq-2021/art15.yaml: 15(1): unknown act "patroll"
	// cq-2021/art15.yaml: the words differ from the source text
}
