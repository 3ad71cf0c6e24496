package law_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/law"
)

// Every other rulebook that comes with the program has a folder of cases. The second evaluator, which speaks of cq-2021 alone, is
// given the files beside the folders; so all of those, and none in a folder, are of cq-2021.
func TestCasesOfOtherRulebooks(t *testing.T) {
	t.Parallel()
	for path, file := range caseFiles(t) {
		if file.Rulebook != law.DefaultRulebook {
			t.Errorf("%s is of %s: it belongs into a folder of that name", path, file.Rulebook)
		}
	}
	for _, id := range law.Embedded().Rulebooks() {
		if id == law.DefaultRulebook {
			continue
		}
		files := caseFilesOf(t, "testdata/cases/"+id+"/*.yaml")
		for path, file := range files {
			if file.Rulebook != id {
				t.Errorf("%s is of %s", path, file.Rulebook)
			}
		}
		eachCase(t, files, ruledBy(law.Embedded()))
		for _, gap := range rulebookGaps(shipped(t, id), files) {
			t.Errorf("%s: %s", id, gap)
		}
	}
}

// Article 43: courts, procuratorates and prisons may refer to the regulation. A court's own rules, made up, with other work, another
// lead and an edition of their own are a folder of data: nothing in the program knows of a court.
func TestACourtIsDataOnly(t *testing.T) {
	t.Parallel()
	lib, err := law.Load(os.DirFS("testdata/court-police/instruments"))
	if err != nil {
		t.Fatal(err)
	}
	files := caseFilesOf(t, "testdata/court-police/*.yaml")
	eachCase(t, files, ruledBy(lib))
	book, err := lib.Book("court-police-2022", law.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	for _, gap := range rulebookGaps(book, files) {
		t.Error(gap)
	}
	if refs := book.Rulebooks(); len(refs) != 1 {
		t.Errorf("a court under %v", refs)
	}
}

// ruledBy answers cases by the rulebook of a library that their file names.
func ruledBy(lib *law.Library) func(law.CaseFile, law.Case) answered {
	return func(file law.CaseFile, c law.Case) answered {
		book, err := lib.Book(file.Rulebook, file.Settings)
		if err != nil {
			return answered{err: err}
		}
		ruling, err := book.Rule(&c.Facts)
		return fromRuling(ruling, err)
	}
}

// rulebookGaps says which case a rulebook lacks: each act has one that lands on its item, each item that permits one that just
// misses, and each article one that cites it where a rule stands on it.
func rulebookGaps(book *law.Book, files map[string]law.CaseFile) (missing []string) {
	var cases []law.Case
	for _, file := range files {
		cases = append(cases, file.Cases...)
	}
	for _, a := range book.Acts() {
		wanted := law.Permitted
		if a.Role == law.RoleNone {
			wanted = law.Prohibited
		}
		if !slices.ContainsFunc(cases, func(c law.Case) bool {
			return slices.Equal(c.Facts.Acts, []string{a.Code}) && expects(c, wanted) && slices.Contains(c.Expect.Cites, a.Item)
		}) {
			missing = append(missing, "no case lands on "+a.Code)
		}
		if a.Role != law.RoleNone && !slices.ContainsFunc(cases, func(c law.Case) bool {
			return (expects(c, law.Unmet) || expects(c, law.OutsideScope)) && slices.Contains(c.Expect.Cites, a.Item)
		}) {
			missing = append(missing, "no case just misses "+a.Item)
		}
	}
	for _, a := range book.Articles() {
		for _, u := range a.Units {
			kind := u.Items[0].Kind
			if a.Instrument == book.ID() && kind != "traced" && kind != "catch_all" && !slices.ContainsFunc(cases, func(c law.Case) bool {
				return slices.ContainsFunc(c.Expect.Cites, func(cite string) bool { return law.Cites(cite, u.Citation) })
			}) {
				missing = append(missing, "no case cites "+u.Citation)
			}
		}
	}
	return missing
}

// The check above is not blind: without a file its cases are missed.
func TestAMissingCaseOfAnotherRulebookIsNoticed(t *testing.T) {
	t.Parallel()
	files := caseFilesOf(t, "testdata/cases/henan-2020/*.yaml")
	for name, want := range map[string]string{
		"art15.yaml":   "no case lands on crime-stopping",
		"art16.yaml":   "no case just misses henan-2020 16(3)",
		"art17.yaml":   "no case lands on case-review",
		"conduct.yaml": "no case cites henan-2020 39",
	} {
		rest := map[string]law.CaseFile{}
		for path, file := range files {
			if filepath.Base(path) != name {
				rest[path] = file
			}
		}
		if got := rulebookGaps(shipped(t, "henan-2020"), rest); !slices.Contains(got, want) {
			t.Errorf("without %s: %s", name, strings.Join(got, ", "))
		}
	}
}
