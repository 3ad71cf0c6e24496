package law_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/naive"
)

// Two evaluators written apart from the same words agree on every question that can be asked.
func TestCoreAndNaiveEvaluatorAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { agree(t, map[string]string{}) })
}

func TestCoreAndNaiveEvaluatorAgreeUnderOtherReadings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { agree(t, anyReadings.Draw(t, "readings")) })
}

func agree(t *rapid.T, readings map[string]string) {
	facts := anyFacts.Draw(t, "facts")
	book, err := law.Embedded().Book(law.DefaultRulebook, readings)
	if err != nil {
		t.Fatal(err)
	}
	ruling, err := book.Rule(&facts)
	core, second := fromRuling(ruling, err), naive.Rule(&facts, readings)
	switch {
	case (core.err != nil) != (second.Err != nil):
		t.Fatalf("core error %v, naive error %v", core.err, second.Err)
	case core.outcome != second.Outcome:
		t.Fatalf("core %v citing %v, naive %v citing %v", core.outcome, core.cites, second.Outcome, second.Cites)
	case !maps.Equal(core.obligations, second.Obligations):
		t.Fatalf("obligations: core %v, naive %v", core.obligations, second.Obligations)
	}
	for _, cite := range second.Cites {
		if !slices.ContainsFunc(core.cites, func(have string) bool { return within(have, cite) }) {
			t.Fatalf("naive cites %s, core only %v", cite, core.cites)
		}
	}
}
