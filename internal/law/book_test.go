package law_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/law"
)

func TestActsStandOnTheirItems(t *testing.T) {
	t.Parallel()
	book := law.Default()
	acts := book.Acts()
	want := map[string]law.ActInfo{
		"counter-service":                  {Item: "cq-2021 14(1)", Role: law.RoleCivilian},
		"patrol":                           {Item: "cq-2021 15(1)", Role: law.RoleField},
		"stop-and-question":                {Item: "cq-2021 16(2)", Role: law.RoleField, Led: true},
		"accident-liability-determination": {Item: "cq-2021 19¶1(3)"},
	}
	for _, a := range acts {
		w, ok := want[a.Code]
		if ok && (a.Item != w.Item || a.Role != w.Role || a.Led != w.Led || a.Name.ZH == "" || a.Name.EN == "") {
			t.Errorf("%+v", a)
		}
		item, permitted := book.PermittingItem(a.Code)
		if permitted != (a.Role != law.RoleNone) || permitted && item != a.Item {
			t.Errorf("%s: %s %v", a.Code, item, permitted)
		}
	}
	if !book.Led([]string{"patrol", "stop-and-question"}) || book.Led([]string{"patrol", "tea"}) {
		t.Error("a stop and question is led, a patrol is not")
	}
	if holding := book.Holding(); !slices.Equal(holding, []string{"crime-stopping", "scene-order", "scene-protection", "rescue"}) {
		t.Errorf("what holds a scene: %v", holding)
	}
	if _, ok := book.PermittingItem("tea"); ok || len(acts) != 81 {
		t.Errorf("%d acts", len(acts))
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	book := law.Default()
	if _, err := book.Explain("tea"); err == nil {
		t.Error("tea is explained")
	}
	for _, a := range book.Acts() {
		x, err := book.Explain(a.Code)
		if err != nil || len(x.Clauses) != 1 || x.Clauses[0].Words == "" || x.Clauses[0].Citation != a.Item {
			t.Errorf("%s: %+v %v", a.Code, x.Clauses, err)
		}
	}
	x, _ := book.Explain("public-security-mediation")
	if x.Clauses[0].Words != "接报警现场处置、受案登记、接受行政案件证据、治安调解、行政案件有关文书的送达" || x.Clauses[0].Kind != "permits_led" {
		t.Errorf("%+v", x.Clauses)
	}
	lead := slices.IndexFunc(x.Conditions, func(c law.Asked) bool { return c.Obligation == "lead_officer" })
	if lead < 0 || x.Conditions[lead].Due != "start" || !slices.Contains(x.Conditions[lead].Readings, law.ReadingValue{ID: "art16_lead", Value: "presence"}) {
		t.Errorf("%+v", x.Conditions)
	}
	if !slices.ContainsFunc(x.Closed, func(c law.Closed) bool { return c.Citation == "cq-2021 19¶2" && c.Verdict == law.Prohibited }) {
		t.Errorf("%+v", x.Closed)
	}
}

// Warnings stand beside a ruling and change nothing.
func TestAdvice(t *testing.T) {
	t.Parallel()
	alone := orderly("patrol", false)
	crowd := orderly("large-event-order", true)
	for _, id := range []string{"a2", "a3", "a4", "a5", "a6", "a7"} {
		a := crowd.Auxiliaries[0]
		a.ID = id
		crowd.Auxiliaries = append(crowd.Auxiliaries, a)
	}
	overdue := orderly("stop-and-question", true)
	overdue.Auxiliaries[0].Training = law.TrainingRefresherOverdue
	for code, f := range map[string]*law.Facts{
		"team_without_officer": alone, "span_of_control": crowd, "refresher_overdue": overdue, "": orderly("stop-and-question", true),
	} {
		r, err := law.Default().Rule(f)
		var got []string
		for _, a := range r.Advice {
			if a.Message.ZH == "" || a.Message.EN == "" || a.Citation == "" {
				t.Errorf("%+v", a)
			}
			got = append(got, a.Code)
		}
		if err != nil || r.Outcome != law.Permitted || strings.Join(got, " ") != code {
			t.Errorf("%s: %v %v %v", code, r.Outcome, got, err)
		}
	}
}

// An expectation is met by more than it names and by finer citations; each difference is said.
func TestExpectations(t *testing.T) {
	t.Parallel()
	f := orderly("incident-handling", false)
	r, err := law.Default().Rule(f)
	if err != nil {
		t.Fatal(err)
	}
	outcome := func(o law.Outcome) *law.Outcome { return &o }
	met := law.Expect{
		Outcome: outcome(law.Unmet), Cites: []string{"cq-2021 16(1)", "cq-2021 19", "cq-2021 33", "national-admin-procedure 52"},
		Obligations: map[string]law.ObligationState{"lead_officer": law.ObligationUnmet}, Remedies: []string{"name_lead_officer"},
	}
	if got := met.Differences(r); len(got) > 0 {
		t.Error(got)
	}
	for want, e := range map[string]law.Expect{
		"outcome: expected permitted, got unmet":                      {Outcome: outcome(law.Permitted)},
		"cites: expected cq-2021 1, got cq-2021 16(1), cq-2021 17(1)": {Cites: []string{"cq-2021 1"}},
		"obligations: expected lead_officer met, got unmet":           {Obligations: map[string]law.ObligationState{"lead_officer": law.Met}},
		"obligations: expected guard_named met, got none":             {Obligations: map[string]law.ObligationState{"guard_named": law.Met}},
		"remedies: expected start_recording, got name_lead_officer":   {Remedies: []string{"start_recording"}},
		"expected a refusal of the facts, got unmet":                  {Error: true},
	} {
		if got := e.Differences(r); len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if !law.Cites("cq-2021 33", "cq-2021 33¶1") || law.Cites("cq-2021 1", "cq-2021 16(1)") {
		t.Error("coarser citations")
	}
}

// In an emergency Article 16 work stays led, and the ruling says what may be done instead.
func TestEmergencyFallsBackToArticle15(t *testing.T) {
	t.Parallel()
	f := orderly("incident-handling", false)
	f.Emergency = true
	r, err := law.Default().Rule(f)
	offered := slices.ContainsFunc(r.Remedies, func(x law.Remedy) bool { return x.Code == "fall_back_to_art15" })
	if err != nil || r.Outcome != law.Unmet || !offered {
		t.Errorf("%s %v %v", r.Outcome, r.Remedies, err)
	}
}

// An officer on the way of whom nobody knows whether he or she is on duty is neither coming nor not coming.
func TestOfficerOnTheWayMustBeOnDuty(t *testing.T) {
	t.Parallel()
	for duty, want := range map[law.Answer]law.Outcome{law.Yes: law.Permitted, law.Unknown: law.NeedsHuman, law.No: law.Unmet} {
		f := orderly("scene-order", true)
		f.Tags = law.TagFirstResponse
		f.Officers[0].Presence, f.Officers[0].OnDuty = law.PresenceEnRoute, duty
		if v, err := law.Default().Decide(f); err != nil || v.Outcome != want {
			t.Errorf("on duty %s: %s %v, want %s", duty, v.Outcome, err, want)
		}
	}
}

// Where no ruling is possible nothing is shown.
func TestNothingIsFoundAboutBadFacts(t *testing.T) {
	t.Parallel()
	outcome, err := law.Default().Findings(orderly("no such act", false), func(x *law.Finding) { t.Error(x) })
	if err == nil || outcome != law.Prohibited {
		t.Errorf("%s %v", outcome, err)
	}
}

// Judging allocates nothing for a decision and little for a ruling.
func TestAllocations(t *testing.T) {
	book, f := law.Default(), orderly("incident-handling", false)
	if n := allocations(func() { _, _ = book.Decide(f) }); n > 0 {
		t.Errorf("a decision allocates %v times", n)
	}
	show := func(*law.Finding) {}
	if n := allocations(func() { _, _ = book.Findings(f, show) }); n > 0 {
		t.Errorf("showing what is found allocates %v times", n)
	}
	if n := allocations(func() { _, _ = book.Rule(f) }); n > 6 {
		t.Errorf("a ruling allocates %v times", n)
	}
}

// allocations are the fewest of a hundred times: under the race detector a pool forgets one in four things that it is given.
func allocations(do func()) float64 {
	fewest := testing.AllocsPerRun(1, do)
	for range 99 {
		fewest = min(fewest, testing.AllocsPerRun(1, do))
	}
	return fewest
}
