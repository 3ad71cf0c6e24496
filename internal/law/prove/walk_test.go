//go:build !race

// Walks that share nothing with one another: under the race detector, which slows each ten times and more, TestTheRulebookHolds is the
// walk that looks for races.

package prove_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/lawtest"
	"github.com/dutybound/dutybound/internal/law/prove"
)

// A statement that speaks of no facts at all would hold whatever the law says. With every outcome forbidden each must be refuted.
func TestEveryStatementSpeaksOfSomething(t *testing.T) {
	t.Parallel()
	only := regexp.MustCompile(`only: \[.*\]`)
	for id, acts := range map[string][]string{
		"cq-2021": {
			"clerical-assistance", "patrol", "stop-and-question", "case-review", "administrative-evidence-receipt", "public-security-inspection",
			"protective-restraint-drunk",
		},
		"henan-2020": {"patrol", "crime-prevention", "case-review", "forensic-support"},
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			files := lawtest.Instruments(t, "../instruments")
			name := id + "/statements.yaml"
			files[name].Data = only.ReplaceAll(files[name].Data, []byte("only: []"))
			lib, err := law.Load(files, id)
			if err != nil {
				t.Fatal(err)
			}
			r, err := prove.RunStatements(lib, id, prove.Options{Workers: 2, Acts: acts})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range r.Statements {
				if s.Clause != "" && s.Counter == nil {
					t.Errorf("%s speaks of nothing", s.ID)
				}
			}
		})
	}
}

// Ladders upside down are refuted wherever the fact stands: in a part, in the unit, in the scene.
func TestLaddersCanFail(t *testing.T) {
	t.Parallel()
	ladders := map[string]string{
		"uniform": `["no", "yes"]`, "officers.lead.presence": `[absent, present]`, "status": "[suspended, active]",
		"restraint_in_use": "[listed, none]", "command": "[none, lead]", "equipment": "[weapon carry, none]",
		"officers.others.present": `["0", "1"]`, "auxiliaries": `["1", "2"]`,
	}
	text := "statements:"
	for fact, words := range ladders {
		text += "\n  - {id: " + fact + ", says: {zh: x, en: x}, clause: cq-2021 33, worse: [{fact: " + fact + ", words: " + words + "}]}"
	}
	r := run(t, prove.RunStatements, spoiled(t, "cq-2021/statements.yaml", "statements:", text), "traffic-control")
	for fact := range ladders {
		x := result(t, r, fact).Counter
		if len(x.Cases) != 2 || x.Cases[0].Outcome <= x.Cases[1].Outcome || !strings.HasPrefix(x.Why, fact+" from ") {
			t.Errorf("%s %+v", x.Why, x.Cases)
		}
	}
}

func TestLaddersThatProveNothingAreRefused(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		"{fact: phase, words: [start, during]}":             "no ladder of phase leads from start to during",
		"{fact: tags, words: [injury, alcohol]}":            "no ladder of tags leads from injury to alcohol",
		"{fact: officers.lead, words: [one, several]}":      "officers.lead is never one and several with all else the same",
		"{fact: command, words: [none, command]}":           "",
		"{fact: auxiliaries, words: [\"3\", \"2\", \"1\"]}": "",
	} {
		lib := spoiled(t, "cq-2021/statements.yaml", "statements:",
			"statements:\n  - {id: nothing, says: {zh: x, en: x}, clause: cq-2021 33, worse: ["+words+"]}")
		_, err := prove.Run(lib, law.DefaultRulebook, prove.Options{Workers: 1, Acts: []string{"case-review"}})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", words, err, want)
		}
	}
}

// What the law does tell apart cannot be folded unnoticed: unfolded combinations are held to their representatives.
func TestAWrongFoldingIsFoundOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		how runner
		act string
	}{
		"officers":      {prove.RunBlind, "suspect-guarding"},
		"kinds of case": {prove.RunMixedUp, "administrative-evidence-receipt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if x := result(t, run(t, c.how, law.Embedded(), c.act), "parts-are-independent"); x.Counter.Why == "" || len(x.Counter.Cases) != 1 {
				t.Errorf("%+v", x.Counter)
			}
		})
	}
}

// The report is the same whoever did which part of the work.
func TestReportsAreStable(t *testing.T) {
	t.Parallel()
	lib := spoiled(t, "cq-2021/readings.yaml", "default: organ_and_officer", "default: organ")
	texts := map[string]bool{}
	for workers := 1; workers <= 2; workers++ {
		r, err := prove.Run(lib, law.DefaultRulebook, prove.Options{Workers: workers, Acts: []string{"standing-guard"}})
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.Join(refuted(r), " ")+r.YAML(result(t, r, "article-15-arranged"))] = true
	}
	if len(texts) != 1 {
		t.Errorf("%v", texts)
	}
}
