package law_test

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/naive"
)

// answered is what an evaluator says to the facts of one case, in the words of the case format.
type answered struct {
	outcome     law.Outcome
	cites       []string
	obligations map[string]law.ObligationState
	remedies    []string
	err         error
}

func TestCasesAreWhatTheCoreRules(t *testing.T) {
	t.Parallel()
	eachCase(t, caseFiles(t), ruledBy(law.Embedded()))
}

func TestCasesAreWhatTheNaiveEvaluatorRules(t *testing.T) {
	t.Parallel()
	eachCase(t, caseFiles(t), func(file law.CaseFile, c law.Case) answered {
		r := naive.Rule(&c.Facts, file.Settings)
		return answered{r.Outcome, r.Cites, r.Obligations, r.Remedies, r.Err}
	})
}

func TestCasesHaveNamesOfTheirOwn(t *testing.T) {
	t.Parallel()
	for path, file := range caseFiles(t) {
		seen := map[string]bool{}
		for _, c := range file.Cases {
			if seen[c.Name] {
				t.Errorf("%s:%d: the name %q is taken", path, c.Line, c.Name)
			}
			seen[c.Name] = true
		}
	}
}

// eachCase compares what one evaluator answers with what every case expects.
func eachCase(t *testing.T, files map[string]law.CaseFile, rule func(law.CaseFile, law.Case) answered) {
	t.Helper()
	for path, file := range files {
		if len(file.Cases) == 0 { // of applicants: see admit_test.go
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			t.Parallel()
			for _, c := range file.Cases {
				got := answered{err: c.Err}
				if got.err == nil {
					got = rule(file, c)
				}
				for _, difference := range differences(c.Expect, got) {
					t.Errorf("%s:%d: %s: %s", path, c.Line, c.Name, difference)
				}
			}
		})
	}
}

// caseFiles reads every case file of cq-2021, by path: those that both evaluators answer. Other rulebooks have folders of their own.
func caseFiles(t *testing.T) map[string]law.CaseFile { return caseFilesOf(t, "testdata/cases/*.yaml") }

func caseFilesOf(t *testing.T, pattern string) map[string]law.CaseFile {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no case files: %v", err)
	}
	files := make(map[string]law.CaseFile, len(paths))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[path], err = law.ReadCases(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	return files
}

func fromRuling(r law.Ruling, err error) answered {
	a := answered{outcome: r.Outcome, obligations: map[string]law.ObligationState{}, err: err}
	for _, reason := range r.Reasons {
		a.cites = append(a.cites, reason.Citation)
	}
	for _, note := range r.Obligations {
		a.obligations[note.Kind] = max(a.obligations[note.Kind], note.State)
	}
	for _, remedy := range r.Remedies {
		a.remedies = append(a.remedies, remedy.Code)
	}
	return a
}

// differences says in what an answer falls short of an expectation.
func differences(want law.Expect, got answered) []string {
	switch {
	case want.Error && got.err == nil:
		return []string{"an answer instead of an error: " + got.outcome.String()}
	case want.Error:
		return nil
	case got.err != nil:
		return []string{"error: " + got.err.Error()}
	}
	var list []string
	if want.Outcome == nil {
		list = append(list, "the case expects no outcome")
	} else if *want.Outcome != got.outcome {
		list = append(list, "outcome "+got.outcome.String()+", want "+want.Outcome.String())
	}
	for _, cite := range want.Cites {
		if !slices.ContainsFunc(got.cites, func(have string) bool { return within(have, cite) }) {
			list = append(list, "does not cite "+cite+", only "+strings.Join(got.cites, ", "))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(want.Obligations)) {
		have, looked := got.obligations[kind]
		if !looked {
			list = append(list, kind+" was not looked at, want "+want.Obligations[kind].String())
		} else if have != want.Obligations[kind] {
			list = append(list, kind+" "+have.String()+", want "+want.Obligations[kind].String())
		}
	}
	for _, code := range want.Remedies {
		if !slices.Contains(got.remedies, code) {
			list = append(list, "does not offer "+code+", only "+strings.Join(got.remedies, ", "))
		}
	}
	return list
}

// within says whether a citation is the wanted one or a finer one: 33 is matched by 33¶1, 19 by 19¶1(3), never 1 by 15.
func within(have, want string) bool {
	rest, found := strings.CutPrefix(have, want)
	return found && (rest == "" || strings.ContainsRune("¶( ", []rune(rest)[0]))
}
