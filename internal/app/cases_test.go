package app_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/dutybound/dutybound/internal/law"
)

// withSettings are the case files with readings or entries of their own. The API rules under the organ's, which are the defaults, so
// it cannot be asked those; the core and the naive evaluator are.
var withSettings = []string{
	"entries-by-reading.yaml", "entries-refused.yaml", "entries.yaml",
	"readings-assistants.yaml",
	"readings-civilian-driving.yaml", "readings-no-option.yaml", "readings-not-switchable-default.yaml", "readings-not-switchable.yaml",
	"readings-one-word.yaml", "readings-organ.yaml", "readings-street-id-check.yaml", "readings-strict.yaml", "readings-unknown.yaml",
	"readings-wide.yaml", "restraint.yaml",
}

// Everything that the law's case files ask, asked over the wire with the words of the file: outcome, citations, obligations and
// remedies are those that the file expects, and what is no question is a problem that names the place.
func TestTheLawsCasesOverTheWire(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	asker := o.officer()
	paths, err := filepath.Glob("../law/testdata/cases/*.yaml")
	o.must(err)
	asked, left, unaskable := 0, 0, []string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		o.must(err)
		file, err := law.ReadCases(bytes.NewReader(text))
		o.must(err)
		if len(file.Cases) == 0 { // of applicants, whom no ruling on a task speaks of
			continue
		}
		own := len(file.Readings)+len(file.Entries) > 0 || strings.Contains(string(text), "\nreadings:")
		if own || file.Rulebook != law.DefaultRulebook {
			left, unaskable = left+len(file.Cases), append(unaskable, filepath.Base(path))
			continue
		}
		bodies := caseBodies(o, text)
		if len(bodies) != len(file.Cases) {
			t.Fatalf("%s: %d bodies of %d cases", path, len(bodies), len(file.Cases))
		}
		for i, c := range file.Cases {
			asked++
			for _, difference := range shortfall(c.Expect, asker.ask("POST", "/v1/rulings", bodies[i], nil)) {
				t.Errorf("%s:%d: %s: %s", filepath.Base(path), c.Line, c.Name, difference)
			}
		}
	}
	t.Logf("%d cases asked; %d with settings of their own cannot be asked here: %s", asked, left, strings.Join(unaskable, ", "))
	if !slices.Equal(unaskable, withSettings) {
		t.Errorf("files that cannot be asked here: %v, known are %v", unaskable, withSettings)
	}
	if asked < 5*left {
		t.Errorf("only %d cases asked, %d left out", asked, left)
	}
	if n := o.count(`SELECT count(*) FROM ruling`); n != 0 {
		t.Errorf("asking kept %d rulings", n)
	}
}

// caseBodies are the facts of each case as somebody would send them, nothing read into them.
func caseBodies(o *office, text []byte) (bodies []map[string]any) {
	o.t.Helper()
	var file struct {
		Cases []map[string]any `yaml:"cases"`
	}
	o.must(yaml.Unmarshal(text, &file))
	for _, c := range file.Cases {
		delete(c, "name")
		delete(c, "expect")
		bodies = append(bodies, c)
	}
	return bodies
}

// shortfall says in what an answer falls short of what a case expects.
func shortfall(want law.Expect, got reply) (list []string) {
	got.t.Helper()
	if want.Error {
		if got.status != 400 || !strings.HasPrefix(got.text("errors", 0, "field"), "body") {
			list = append(list, "no problem that names the place: "+string(got.raw))
		}
		return list
	}
	if got.status != 200 {
		return []string{"no ruling: " + string(got.raw)}
	}
	if outcome := got.text("outcome"); outcome != want.Outcome.String() || got.at("lawful") != want.Outcome.Lawful() {
		list = append(list, "outcome "+outcome+", want "+want.Outcome.String())
	}
	for _, cite := range want.Cites {
		if !slices.ContainsFunc(got.each("citation", "reasons"), func(have string) bool { return finer(have, cite) }) {
			list = append(list, "does not cite "+cite)
		}
	}
	states := worstStates(got)
	for _, kind := range slices.Sorted(maps.Keys(want.Obligations)) {
		if states[kind] != want.Obligations[kind].String() {
			list = append(list, kind+" "+states[kind]+", want "+want.Obligations[kind].String())
		}
	}
	for _, code := range want.Remedies {
		if !slices.Contains(got.each("code", "remedies"), code) {
			list = append(list, "does not offer "+code)
		}
	}
	return list
}

// worstStates is how each kind of obligation stands with the person it stands worst with.
func worstStates(r reply) map[string]string {
	ranks := []string{"", "met", "open", "unknown", "unmet"}
	worst := map[string]string{}
	for _, o := range r.at("obligations").([]any) {
		kind, state := o.(object)["kind"].(string), o.(object)["state"].(string)
		if slices.Index(ranks, state) > slices.Index(ranks, worst[kind]) {
			worst[kind] = state
		}
	}
	return worst
}

// each lists one member of each object of a list inside the answer.
func (r reply) each(member string, path ...any) (values []string) {
	r.t.Helper()
	for _, item := range r.at(path...).([]any) {
		value, _ := item.(object)[member].(string)
		values = append(values, value)
	}
	return values
}

// finer says whether a citation is the wanted one or a finer one: 33 is matched by 33¶1, never 1 by 15.
func finer(have, want string) bool {
	rest, found := strings.CutPrefix(have, want)
	return found && (rest == "" || strings.ContainsRune("¶( ", []rune(rest)[0]))
}
