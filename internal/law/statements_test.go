package law_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/lawtest"
)

const stated = "cq-2021/statements.yaml"

// Every way a statement can be bad is refused with the file, the statement and the reason.
func TestBadStatementsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, old, text, want string }{
		{"unknown key", "    only: [outside_scope, prohibited]", "    never: [permitted]", `unknown key "never"`},
		{"unknown fact", "where: {role: [civilian]}", "where: {rank: [civilian]}", `unknown key "rank"`},
		{"unknown word", "where: {role: [civilian]}", "where: {role: [sergeant]}", `unknown word "sergeant"`},
		{"unknown outcome", "only: [outside_scope, prohibited]", "only: [outside_scope, forbidden]", `unknown word "forbidden"`},
		{"unknown act", "acts: [protective-restraint-drunk]", "acts: [tea]", `drunk-restraint-guarded: unknown act "tea"`},
		{"unknown item", `items: ["16"]`, `items: ["61"]`, "civilian-never-article-16: no act stands on 61"},
		{"unknown clause", "clause: cq-2021 16", "clause: cq-2021 61", `civilian-never-article-16: clause "cq-2021 61" is none of the rulebook's`},
		{"clause of another instrument", "clause: cq-2021 16", "clause: lakeside-2020 16", `clause "lakeside-2020 16" is none`},
		{"no clause", "    clause: cq-2021 16\n", "", `clause "" is none`},
		{"statement twice", "id: civilian-never-article-15", "id: civilian-never-article-16", "civilian-never-article-16: statement twice"},
		{"statement of every rulebook", "id: civilian-never-article-15", "id: refusals-are-cured", "refusals-are-cured: statement twice"},
		{"nothing claimed", "    where: {role: [civilian]}\n    only: [outside_scope, prohibited]\n", "", "one of only, worse, remedied and decided"},
		{"two things claimed", "    only: [outside_scope, prohibited]", "    only: [outside_scope, prohibited]\n    remedied: true", "one of only, worse, remedied and decided"},
		{"where without only", "    only: [outside_scope, prohibited]", "    remedied: true", "where and unless belong to only"},
		{"decided of some acts", "    where: {role: [civilian]}\n    only: [outside_scope, prohibited]", "    decided: true", "decided speaks of all acts"},
		{"unknown ladder", "    only: [outside_scope, prohibited]", "    worse: [{fact: rank}]", `unknown word "rank"`},
		{"unknown word on a ladder", "    only: [outside_scope, prohibited]", "    worse: [{fact: role, words: [general]}]", `role has no word "general"`},
		{"one language", "      en: No combination of facts lets a civilian auxiliary do the work of Article 16.\n", "", "want zh and en"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := embedded(t)
			lawtest.Change(t, files, stated, c.old, c.text)
			problems := law.Check(files, law.DefaultRulebook)
			if !slices.ContainsFunc(problems, func(p law.Problem) bool {
				return p.File == stated && strings.Contains(p.String(), c.want)
			}) {
				t.Errorf("%v, want %q", problems, c.want)
			}
		})
	}
}

// Statements change no ruling, so the hash that rulings carry stays what it was.
func TestStatementsAreOutsideOfTheHash(t *testing.T) {
	t.Parallel()
	files := embedded(t)
	delete(files, stated)
	without := loaded(t, files, law.DefaultRulebook, nil)
	if got, want := without.Rulebooks(), law.Default().Rulebooks(); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestStatementsSpeakOfRegisteredActs(t *testing.T) {
	t.Parallel()
	lib := law.Embedded()
	sample, err := lib.Sample(law.DefaultRulebook, "rope")
	if err != nil || len(sample.Entries) != 3 || sample.Readings["restraint_list"] != "rope" {
		t.Fatalf("%+v %v", sample, err)
	}
	if _, err := lib.Book(law.DefaultRulebook, sample); err != nil {
		t.Fatal(err)
	}
	list, err := lib.Statements(law.DefaultRulebook, sample.Entries)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(s law.Statement) bool { return s.ID == "civilian-never-article-16" })
	registered := sample.Entries[slices.IndexFunc(sample.Entries, func(e law.Entry) bool { return e.Item == "16(10)" })].Act
	if acts := list[i].Acts; !slices.Contains(acts, "stop-and-question") || !slices.Contains(acts, registered) || slices.Contains(acts, "patrol") {
		t.Errorf("%v", acts)
	}
	if len(list) <= len(law.EveryRulebook()) || list[0].ID != law.EveryRulebook()[0].ID {
		t.Errorf("%d statements", len(list))
	}
}

func TestNoRulebookNoStatements(t *testing.T) {
	t.Parallel()
	if _, err := law.Embedded().Statements("atlantis-1", nil); err == nil {
		t.Error("no error")
	}
	if _, err := law.Embedded().Sample("national-admin-procedure", "rope"); err == nil {
		t.Error("no error")
	}
}
