package law_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/naive"
)

// Two evaluators written apart from the same words agree on every question that can be asked.
func TestCoreAndNaiveEvaluatorAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { agree(t, law.Settings{}) })
}

func TestCoreAndNaiveEvaluatorAgreeUnderOtherReadings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { agree(t, anySettings.Draw(t, "settings")) })
}

func agree(t *rapid.T, settings law.Settings) {
	facts := factsUnder(t, settings)
	book, err := law.Embedded().Book(law.DefaultRulebook, settings)
	if err != nil {
		t.Fatal(err)
	}
	ruling, err := book.Rule(&facts)
	if rapid.Bool().Draw(t, "somebody decided") {
		facts.Decisions = decideSome(t, ruling)
		ruling, err = book.Rule(&facts)
	}
	core, second := fromRuling(ruling, err), naive.Rule(&facts, settings)
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

// Facts that are no question are refused by both.
func TestCoreAndNaiveEvaluatorRefuseTheSameFacts(t *testing.T) {
	t.Parallel()
	book, err := law.Embedded().Book(law.DefaultRulebook, law.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*law.Facts){
		"no moment":              func(f *law.Facts) { f.At = time.Time{} },
		"no act":                 func(f *law.Facts) { f.Acts = nil },
		"unknown act":            func(f *law.Facts) { f.Acts = []string{"dancing"} },
		"an act twice":           func(f *law.Facts) { f.Acts = append(slices.Clone(f.Acts), f.Acts[0]) },
		"nobody":                 func(f *law.Facts) { f.Auxiliaries = nil },
		"a person twice":         func(f *law.Facts) { f.Auxiliaries = append(f.Auxiliaries, f.Auxiliaries[0]) },
		"an officer twice":       func(f *law.Facts) { f.Officers = []law.Officer{{ID: "p1"}, {ID: "p1"}} },
		"an act of another task": func(f *law.Facts) { f.Auxiliaries[0].Acts = []string{"dancing"} },
		"an act nobody does": func(f *law.Facts) {
			f.Acts, f.Auxiliaries = []string{"patrol", "rescue"}, f.Auxiliaries[:1]
			f.Auxiliaries[0].Acts = []string{"patrol"}
		},
		"no such phase":     func(f *law.Facts) { f.Phase = law.During + 1 },
		"no such signatory": func(f *law.Facts) { f.Signatory = law.SignatoryAuxiliary + 1 },
		"no such command":   func(f *law.Facts) { f.Command = &law.Command{Mode: law.ModeLead + 1} },
		"no such answer":    func(f *law.Facts) { f.Arrangement.Officer = law.Yes + 1 },
		"no such recording": func(f *law.Facts) { f.Auxiliaries[0].Recording = law.RecordingBuffering + 1 },
		"no such presence":  func(f *law.Facts) { f.Officers = []law.Officer{{ID: "p1", Presence: law.PresenceEnRoute + 1}} },
		"a decision about nobody": func(f *law.Facts) {
			f.Decisions = []law.Decision{{Citation: "cq-2021 37", Fact: "status=unknown", Person: "somebody"}}
		},
		"a decision about no act": func(f *law.Facts) {
			f.Decisions = []law.Decision{{Citation: "cq-2021 37", Fact: "status=unknown", Act: "dancing"}}
		},
		"a decision about no reason": func(f *law.Facts) { f.Decisions = []law.Decision{{Citation: "cq-2021 37"}} },
		"a decision twice": func(f *law.Facts) {
			f.Decisions = []law.Decision{{Citation: "cq-2021 37", Fact: "status=unknown"}, {Citation: "cq-2021 37", Fact: "status=unknown", Allow: true}}
		},
		"no such class": func(f *law.Facts) {
			f.Auxiliaries[0].Equipment = []law.EquipmentItem{{Class: law.EquipmentWeapon + 1}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				facts := anyFacts.Draw(t, "facts")
				spoil(&facts)
				if _, err := book.Rule(&facts); err == nil {
					t.Error("the core answers")
				}
				if naive.Rule(&facts, law.Settings{}).Err == nil {
					t.Error("the naive evaluator answers")
				}
			})
		})
	}
}
