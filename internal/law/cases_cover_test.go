package law_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/naive"
)

// states lists, for each row of the table of obligations, the states it can be in at each phase, and so must be seen in.
// What is due at start is open at dispatch; an emergency opens what is owed, but never status and training.
var states = []struct {
	kind                    string
	dispatch, start, during []law.ObligationState
}{
	{"arrangement", anyState, anyState, anyState},
	{"status", known, known, known},
	{"training", known, known, known},
	{"qualification", yesOrNo, yesOrNo, yesOrNo},
	{"no_recusal", opened, opened, opened},
	{"lead_officer", []law.ObligationState{law.Open, law.ObligationUnmet}, known, known},
	{"uniform", notYet, anyState, known},
	{"id_card", notYet, anyState, known},
	{"recording", notYet, anyState, known},
	{"officer_command", nil, known, yesOrNo},
	{"min_officers", notYet, known, known},
	{"combination", notYet, known, known},
	{"guard_named", notYet, known, known},
	{"officer_en_route", notYet, known, known},
	{"evidence_review", notYet, notYet, notYet},
}

var (
	notYet   = []law.ObligationState{law.Open}
	yesOrNo  = []law.ObligationState{law.Met, law.ObligationUnmet}
	known    = []law.ObligationState{law.Met, law.ObligationUnmet, law.ObligationUnknown}
	opened   = []law.ObligationState{law.Met, law.ObligationUnmet, law.Open}
	anyState = []law.ObligationState{law.Met, law.ObligationUnmet, law.ObligationUnknown, law.Open}
)

// traps are the neighbours that are easily mistaken: the first may be done, the second, in the same hands, may not.
var traps = [][2]string{
	{"minor-accident-guidance", "accident-liability-determination"},
	{"scene-examination-support", "case-investigation"},
	{"forensic-support", "appraisal-report"},
	{"equipment-keeping", "weapon-keeping"},
	{"equipment-keeping", "police-instrument-keeping"},
	{"patrol", "stop-and-question"},
	{"scene-order", "incident-handling"},
	{"scene-protection", "incident-handling"},
	{"traffic-violation-notice", "traffic-violation-correction"},
	{"administrative-evidence-receipt", "case-investigation"},
	{"suspect-guarding", "criminal-coercive-measure"},
}

// overlays lists the clauses of national rules that bind: what one asks for is met in a case and not met in another; what one closes
// is prohibited in a case.
var overlays = struct{ ask, closes []string }{
	ask: []string{
		"national-admin-procedure 52¶1", "national-admin-procedure 52¶2", "national-admin-procedure 58", "national-admin-procedure 82¶1",
		"national-traffic-accident 20¶2", "national-traffic-accident 27¶1", "national-traffic-duty 5¶1(1)", "national-traffic-duty 5¶1(3)",
		"national-traffic-duty 70", "national-traffic-duty 72(1)", "national-traffic-duty annex1(2)(5)", "national-traffic-duty annex1(3)",
		"national-traffic-violation 7¶2", "national-traffic-violation 36¶1(1)",
	},
	closes: []string{
		"national-continued-questioning 5", "national-continued-questioning 29(2)", "national-continued-questioning 30¶1",
		"national-continued-questioning 30¶2", "national-traffic-duty 5¶2",
	},
}

func TestCasesCoverTheLaw(t *testing.T) {
	t.Parallel()
	for _, gap := range gaps(allCases(t)) {
		t.Error(gap)
	}
}

// The check above would be worth nothing if it were blind: each case it asks for is missed when it is gone.
func TestAMissingCaseIsNoticed(t *testing.T) {
	t.Parallel()
	cases := allCases(t)
	for name, gone := range map[string]func(law.Case) bool{
		"no case lands on patrol":            func(c law.Case) bool { return lands(c, "patrol") },
		"no case just misses 16(7)":          func(c law.Case) bool { return misses(c, "16(7)") },
		"no case lands on officer-only-work": func(c law.Case) bool { return lands(c, "officer-only-work") },
		"no case has guard_named unknown at start": func(c law.Case) bool {
			return c.Expect.Obligations["guard_named"] == law.ObligationUnknown && c.Facts.Phase == law.Start
		},
		"no case just misses national-traffic-duty 72(1)":         cited("national-traffic-duty 72(1)"),
		"no case is closed by national-traffic-duty 5¶2":          cited("national-traffic-duty 5¶2"),
		"no case refuses weapon-keeping beside equipment-keeping": func(c law.Case) bool { return refuses(c, "weapon-keeping") },
	} {
		if !slices.Contains(gaps(slices.DeleteFunc(slices.Clone(cases), gone)), name) {
			t.Errorf("%q is not noticed", name)
		}
	}
}

func cited(clause string) func(law.Case) bool {
	return func(c law.Case) bool { return slices.Contains(c.Expect.Cites, clause) }
}

// gaps says which case is missing.
func gaps(cases []law.Case) []string {
	var missing []string
	want := func(has func(law.Case) bool, format string, args ...any) {
		if !slices.ContainsFunc(cases, has) {
			missing = append(missing, fmt.Sprintf(format, args...))
		}
	}
	for _, act := range naive.Acts() {
		want(func(c law.Case) bool { return lands(c, act) }, "no case lands on %s", act)
		if item := naive.Item(act); item[:2] != "19" {
			want(func(c law.Case) bool { return misses(c, item) }, "no case just misses %s", item)
		}
	}
	for _, trap := range traps {
		want(func(c law.Case) bool { return lands(c, trap[0]) }, "no case permits %s beside %s", trap[0], trap[1])
		want(func(c law.Case) bool { return refuses(c, trap[1]) }, "no case refuses %s beside %s", trap[1], trap[0])
	}
	ruled := func(clause string, outcome law.Outcome, format string) {
		want(func(c law.Case) bool { return expects(c, outcome) && cited(clause)(c) }, format, clause)
	}
	for _, clause := range overlays.ask {
		ruled(clause, law.Permitted, "no case meets %s")
		ruled(clause, law.Unmet, "no case just misses %s")
	}
	for _, clause := range overlays.closes {
		ruled(clause, law.Prohibited, "no case is closed by %s")
	}
	for _, row := range states {
		for phase, list := range [][]law.ObligationState{row.dispatch, row.start, row.during} {
			for _, state := range list {
				want(func(c law.Case) bool {
					have, looked := c.Expect.Obligations[row.kind]
					return looked && have == state && c.Facts.Phase == law.Phase(phase)
				}, "no case has %s %s at %s", row.kind, state, law.Phase(phase))
			}
		}
	}
	return missing
}

// lands says whether a case is about one act alone and comes down on its item: permitted, or prohibited by Article 19.
func lands(c law.Case, act string) bool {
	item, wanted := naive.Item(act), law.Permitted
	if item[:2] == "19" {
		wanted = law.Prohibited
	}
	return slices.Equal(c.Facts.Acts, []string{act}) && expects(c, wanted) && slices.Contains(c.Expect.Cites, "cq-2021 "+item)
}

// misses says whether a case names the item that would permit its act, and yet refuses it.
func misses(c law.Case, item string) bool {
	return slices.Contains(c.Expect.Cites, "cq-2021 "+item) && (expects(c, law.Unmet) || expects(c, law.OutsideScope)) &&
		!slices.ContainsFunc(c.Facts.Acts, func(act string) bool { return naive.Item(act) != item })
}

func refuses(c law.Case, act string) bool {
	return slices.Equal(c.Facts.Acts, []string{act}) && c.Expect.Outcome != nil && !c.Expect.Outcome.Lawful()
}

func expects(c law.Case, outcome law.Outcome) bool {
	return c.Expect.Outcome != nil && *c.Expect.Outcome == outcome
}

// allCases lists the cases ruled under the default readings, and those of an organ that has a list of restraint equipment.
func allCases(t *testing.T) []law.Case {
	t.Helper()
	var all []law.Case
	for _, file := range caseFiles(t) {
		delete(file.Readings, "restraint_list")
		if len(file.Readings) == 0 {
			all = append(all, file.Cases...)
		}
	}
	return all
}
