package law_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dutybound/dutybound/internal/law"
)

const (
	plainCase = "cases:\n  - name: a patrol\n    at: 2026-03-02T08:00:00+08:00\n    acts: [patrol]\n    auxiliaries: [{id: a1, role: field}]\n"
	plainJSON = `{"at":"2026-03-02T08:00:00+08:00","acts":["patrol"],"auxiliaries":[{"id":"a1","role":"field"}]}`
)

func readOne(t *testing.T, text string) law.Case {
	t.Helper()
	file, err := law.ReadCases(strings.NewReader(text))
	if err != nil || len(file.Cases) != 1 {
		t.Fatalf("%d cases, %v", len(file.Cases), err)
	}
	return file.Cases[0]
}

// What a case leaves out takes the value the format gives in brackets, in YAML and in JSON alike.
func TestDefaults(t *testing.T) {
	t.Parallel()
	c := readOne(t, plainCase)
	spelled := `{"at":"2026-03-02T08:00:00+08:00","phase":"start","acts":["patrol"],"case_kind":"none","tags":[],"guard_named":"unknown",
		"evidence_use":false,"emergency":false,"signatory":"none","arrangement":{"organ":"yes","officer":true},
		"auxiliaries":[{"id":"a1","role":"field","acts":null,"status":"active","training":"passed","uniform":"yes","id_card":"yes",
		"recording":"on","recusal":"none","qualifications":[],"operates":[],"equipment":null}],"officers":null,"command":null}`
	for _, text := range []string{plainJSON, spelled} {
		f, err := law.ParseFacts([]byte(text))
		if err != nil || !f.At.Equal(c.Facts.At) {
			t.Fatal(err)
		}
		f.At = c.Facts.At
		if !reflect.DeepEqual(f, c.Facts) {
			t.Errorf("%+v\n%+v", f, c.Facts)
		}
	}
	if c.Err != nil || c.Line != 2 || c.Name != "a patrol" {
		t.Errorf("%+v", c)
	}
}

// Words like yes, no, on, off are text, quoted or not, whatever YAML 1.1 makes of them.
func TestWordsAreText(t *testing.T) {
	t.Parallel()
	bare := strings.Replace(plainCase, "role: field", "role: field, uniform: no, id_card: yes, recording: off", 1)
	quoted := strings.Replace(plainCase, "role: field", `role: "field", uniform: "no", id_card: 'yes', recording: "off"`, 1)
	one, two := readOne(t, bare), readOne(t, quoted)
	if one.Err != nil || !reflect.DeepEqual(one.Facts, two.Facts) || one.Facts.Auxiliaries[0].Recording != law.RecordingOff {
		t.Errorf("%+v %v\n%+v %v", one.Facts, one.Err, two.Facts, two.Err)
	}
}

// Whatever the format does not know is refused, with the line and the field.
func TestBadCasesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, text, want string }{
		{"acts:", "act:", `line 4: /cases/0/act: unknown key "act"`},
		{"acts: [patrol]", "acts: [patrol]\n    acts: [patrol]", `key "acts" twice`},
		{"role: field", "role: officer", `line 5: /cases/0/auxiliaries/0/role: unknown word "officer"`},
		{"role: field", "uniform: yes", "/cases/0/auxiliaries/0/role: required"},
		{"id: a1", "id: ''", "/cases/0/auxiliaries/0/id: want text, not nothing"},
		{"id: a1, ", "", "/cases/0/auxiliaries/0/id: required"},
		{"id: a1", "id: [a1]", "want text"},
		{"[{id: a1, role: field}]", "a1", "/cases/0/auxiliaries: want a list"},
		{"[{id: a1, role: field}]", "[a1]", "want an object with keys acts, equipment"},
		{"[{id: a1, role: field}]", "[]", "/cases/0/auxiliaries: required"},
		{"acts: [patrol]", "acts: []", "/cases/0/acts: required"},
		{"    at: 2026-03-02T08:00:00+08:00\n", "", "/cases/0/at: required"},
		{"+08:00", "", "want a time with its offset"},
		{"acts: [patrol]", "acts: [patrol]\n    emergency: yes", "want true or false"},
		{"acts: [patrol]", "acts: [patrol]\n    guard_named: maybe", `unknown word "maybe"`},
		{"acts: [patrol]", "acts: [patrol]\n    tags: [rain]", `unknown word "rain"`},
		{"acts: [patrol]", "acts: [patrol]\n    tags: rain", "want a list"},
		{"acts: [patrol]", "acts: [patrol]\n    command: loud", "want an object with keys mode, recorded"},
		{"acts: [patrol]", "acts: [patrol]\n    expect: {obligations: {recording: fine}}", `unknown word "fine"`},
		{"acts: [patrol]", "acts: [patrol]\n    expect: {outcome: fine}", `unknown word "fine"`},
		{"role: field", "role: field, equipment: [{class: weapon}]", "/cases/0/auxiliaries/0/equipment/0/use: required"},
		{"role: field", "role: field, equipment: [{use: keep}]", "/cases/0/auxiliaries/0/equipment/0/class: required"},
		{"name: a patrol", "phase: start", "/cases/0/name: required"},
		{"cases:", "readings: {a: b, a: c}\ncases:", `key "a" twice`},
		{"cases:", "readings: [a]\ncases:", "want readings by id"},
		{"cases:", "readings: {restraint_list: ['strap, long']}\ncases:", "a comma parts words"},
		{"cases:", "rulebook: []\ncases:", "/rulebook: want text"},
		{"cases:", "colour: blue\ncases:", `unknown key "colour"`},
	} {
		got := readOne(t, strings.Replace(plainCase, c.old, c.text, 1))
		var input *law.InputError
		if !errors.As(got.Err, &input) || !strings.Contains(got.Err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.text, got.Err, c.want)
		}
	}
	for text, want := range map[string]string{
		"cases: []":                       "no cases",
		"[]":                              "want an object",
		"cases: [":                        "not YAML",
		"":                                "the document is empty",
		"cases: &a [*a]":                  "anchors and aliases",
		strings.Repeat("a: ", 0) + deep(): "nested too deeply",
	} {
		if _, err := law.ReadCases(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
	}
}

func deep() string { return strings.Repeat("[", 40) + strings.Repeat("]", 40) }

func TestBadJSONIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"", "/: not JSON"},
		{"{", "not JSON"},
		{`{"at"`, "not JSON"},
		{`{"at":`, "/at: not JSON"},
		{`{"acts":["patrol"`, "not JSON"},
		{`{1:2}`, "not JSON"},
		{plainJSON + "{}", "something follows the JSON value"},
		{deep(), "nested too deeply"},
		{"[]", "want an object"},
		{strings.Replace(plainJSON, `"acts"`, `"Acts"`, 1), `/Acts: unknown key "Acts"`},
		{strings.Replace(plainJSON, `"acts"`, `"at":"2026-03-02T08:00:00+08:00","acts"`, 1), `/at: key "at" twice`},
		{strings.Replace(plainJSON, `["patrol"]`, `[7]`, 1), "/acts/0: want text"},
		{strings.Replace(plainJSON, `"acts"`, `"emergency":"true","acts"`, 1), ""},
		{strings.Replace(plainJSON, `"acts"`, `"emergency":1,"acts"`, 1), "/emergency: want true or false"},
		{strings.Replace(plainJSON, `"acts"`, `"phase":true,"acts"`, 1), "/phase: want text"},
		{strings.Replace(plainJSON, `"acts"`, `"officers":[{}],"acts"`, 1), "/officers/0/id: required"},
		{strings.Replace(plainJSON, `"acts"`, `"arrangement":{"organ":false},"acts"`, 1), ""},
	} {
		_, err := law.ParseFacts([]byte(c.text))
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.text, err, c.want)
		}
	}
}

// Facts made in Go are checked too: a number that is no word, an id twice.
func TestBadFactsAreRefused(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*law.Facts){
		"/at":                   func(f *law.Facts) { *f = law.Facts{} },
		"/acts":                 func(f *law.Facts) { f.Acts = nil },
		"/acts/0":               func(f *law.Facts) { f.Acts[0] = "tea" },
		"/acts/1":               func(f *law.Facts) { f.Acts = append(f.Acts, f.Acts[0]) },
		"/auxiliaries":          func(f *law.Facts) { f.Auxiliaries = nil },
		"/auxiliaries/0":        func(f *law.Facts) { f.Auxiliaries[0].Status = 99 },
		"/auxiliaries/0/acts/0": func(f *law.Facts) { f.Auxiliaries[0].Acts = []string{"rescue"} },
		"/auxiliaries/1/id":     func(f *law.Facts) { f.Auxiliaries = append(f.Auxiliaries, f.Auxiliaries[0]) },
		"/officers/0":           func(f *law.Facts) { f.Officers[0].Presence = 99 },
		"/officers/1/id":        func(f *law.Facts) { f.Officers = append(f.Officers, f.Officers[0]) },
		"":                      func(f *law.Facts) { f.Phase = 99 },
	} {
		f := orderly("incident-handling", true)
		spoil(f)
		_, err := law.Default().Rule(f)
		_, err2 := law.Default().Decide(f)
		var input *law.InputError
		if !errors.As(err, &input) || input.Field != field || err2 == nil || err2.Error() != err.Error() {
			t.Errorf("%q: %v, %v", field, err, err2)
		}
	}
	f := orderly("incident-handling", true)
	f.Auxiliaries[0].Equipment = []law.EquipmentItem{{Use: 99}}
	if _, err := law.Default().Rule(f); err == nil {
		t.Error("a use that is no word is taken")
	}
	f = orderly("patrol", false)
	f.Acts = append(f.Acts, "rescue")
	f.Auxiliaries[0].Acts = []string{"patrol"}
	if _, err := law.Default().Rule(f); err == nil || err.Error() != `/acts/1: nobody does "rescue"` {
		t.Error(err)
	}
}

// Every word list says its words in text and takes them back, and nothing else.
func TestWordLists(t *testing.T) {
	t.Parallel()
	type facts struct {
		O law.Outcome
		S law.ObligationState
		F law.Facts
	}
	f := orderly("incident-handling", true)
	f.Tags, f.Auxiliaries[0].Operates = law.TagInjury|law.TagFacility, law.Car|law.Drone
	f.Auxiliaries[0].Equipment = []law.EquipmentItem{{Class: law.EquipmentWeapon, Use: law.UseKeep}}
	f.Command = &law.Command{Mode: law.ModeLead}
	want := facts{law.NeedsHuman, law.ObligationUnmet, *f}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got facts
	if err := json.Unmarshal(text, &got); err != nil || !reflect.DeepEqual(want, got) {
		t.Errorf("%v\n%+v\n%+v", err, want, got)
	}
	for _, bad := range []string{`{"O":"fine"}`, `{"F":{"tags":["rain"]}}`, `{"F":{"tags":"rain"}}`, `{"F":{"auxiliaries":[{"operates":[7]}]}}`} {
		if json.Unmarshal([]byte(bad), &got) == nil {
			t.Errorf("%s is taken", bad)
		}
	}
	if _, err := json.Marshal(law.Outcome(99)); err == nil || law.Outcome(99).String() != "outcome(99)" {
		t.Error("99 is an outcome")
	}
	for i, s := range []interface{ String() string }{
		f.Phase, f.CaseKind, f.GuardNamed, f.Signatory, f.Auxiliaries[0].Role, f.Auxiliaries[0].Status, f.Auxiliaries[0].Training,
		f.Auxiliaries[0].Uniform, f.Auxiliaries[0].Recording, f.Auxiliaries[0].Recusal, f.Auxiliaries[0].Equipment[0].Class,
		f.Auxiliaries[0].Equipment[0].Use, f.Officers[0].Presence, f.Command.Mode, law.Met,
	} {
		if s.String() == "" || strings.Contains(s.String(), "(") {
			t.Errorf("%d: %q", i, s)
		}
	}
	if !f.Tags.Has(law.TagInjury) || f.Tags.Has(law.TagInjury|law.TagAlcohol) || !law.Conditional.Lawful() || law.NeedsHuman.Lawful() {
		t.Error("sets and outcomes")
	}
	if v, ok := law.Vehicle("boat"); !ok || v != law.Boat {
		t.Error("boat")
	}
	if _, ok := law.Vehicle("sledge"); ok {
		t.Error("sledge")
	}
}

func FuzzReadCases(f *testing.F) {
	f.Add([]byte(plainCase))
	f.Add([]byte("cases: &a [*a]"))
	f.Add([]byte(deep()))
	paths, _ := filepath.Glob("testdata/cases/*.yaml")
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text[:min(len(text), 2000)])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := law.ReadCases(strings.NewReader(string(text)))
		if err != nil {
			return
		}
		for _, c := range file.Cases {
			if c.Err == nil {
				agreeWithItself(t, &c.Facts)
			}
		}
	})
}

func FuzzParseFacts(f *testing.F) {
	f.Add([]byte(plainJSON))
	f.Add([]byte(strings.Replace(plainJSON, `"acts"`, `"decisions":[{"citation":"cq-2021 37","fact":"status=unknown","person":"a1","allow":true}],"acts"`, 1)))
	f.Add([]byte(`{"at":"2026-03-02T08:00:00Z","acts":["rescue"],"emergency":true,"auxiliaries":[{"id":"a","role":"none"}],"command":{"mode":"lead"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		facts, err := law.ParseFacts(text)
		if err != nil {
			return
		}
		agreeWithItself(t, &facts)
		stored, err := json.Marshal(facts)
		if err != nil {
			return // a year beyond 9999 has no text
		}
		if _, err := law.ParseFacts(stored); err != nil {
			t.Fatalf("%s: %v", stored, err)
		}
	})
}

func agreeWithItself(t *testing.T, f *law.Facts) {
	r, err := law.Default().Rule(f)
	v, verr := law.Default().Decide(f)
	if (err == nil) != (verr == nil) || r.Outcome != v.Outcome {
		t.Fatalf("%v %v, %v %v", r.Outcome, err, v.Outcome, verr)
	}
}

// A rulebook of any bytes is either refused with its problems or can be compiled and asked.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"art001.yaml", "art120.yaml", "readings.yaml", "acts.yaml", "instrument.yaml", "source.txt"} {
		f.Add(name, lakeside()["lakeside-2020/"+name].Data)
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		files := lakeside()
		files["lakeside-2020/"+name] = &fstest.MapFile{Data: data}
		lib, err := law.Load(files, "lakeside-2020")
		if err != nil {
			return
		}
		book, err := lib.Book("lakeside-2020", law.Settings{})
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range book.Acts() {
			if _, err := book.Rule(orderly(a.Code, true)); err != nil {
				t.Fatal(err)
			}
			if _, err := book.Explain(a.Code); err != nil {
				t.Fatal(err)
			}
		}
	})
}
