package law_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/law"
)

// about is a decision on a reason.
func about(x law.Reason, allow bool) law.Decision {
	return law.Decision{Citation: x.Citation, Fact: x.Fact, Act: x.Act, Person: x.Person, Allow: allow}
}

func same(a, b law.Decision) bool { a.Allow = b.Allow; return a == b }

// decideSome draws decisions on reasons of a ruling: most of them on reasons that ask for one, some on others, which take none.
func decideSome(t *rapid.T, r law.Ruling) (list []law.Decision) {
	for _, x := range r.Reasons {
		ask := rapid.IntRange(0, 9).Draw(t, x.Citation)
		d := about(x, ask%2 == 0)
		wanted := ask < 8 && x.Verdict == law.NeedsHuman || ask == 9
		if wanted && !slices.ContainsFunc(list, func(y law.Decision) bool { return same(d, y) }) {
			list = append(list, d)
		}
	}
	return list
}

// A decision turns the reasons it names that a person had to settle, as it went, and leaves every other reason, every obligation
// and the advice as they were.
func TestADecisionTurnsItsReasonAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		settings := anySettings.Draw(t, "settings")
		book, err := law.Embedded().Book(law.DefaultRulebook, settings)
		if err != nil {
			t.Fatal(err)
		}
		f := factsUnder(t, settings)
		before, err := book.Rule(&f)
		if err != nil {
			t.Fatal(err)
		}
		f.Decisions = decideSome(t, before)
		after, err := book.Rule(&f)
		v, verr := book.Decide(&f)
		if err != nil || verr != nil || v.Outcome != after.Outcome || len(after.Reasons) != len(before.Reasons) {
			t.Fatalf("%v %v: ruled %s, decided %s", err, verr, after.Outcome, v.Outcome)
		}
		worst := law.Permitted
		for i, x := range after.Reasons {
			worst = max(worst, x.Verdict)
			turned(t, f.Decisions, before.Reasons[i], x)
		}
		if worst != after.Outcome || !slices.EqualFunc(before.Obligations, after.Obligations, sameNote) || !slices.Equal(before.Advice, after.Advice) {
			t.Fatalf("%s of %s\n%v\n%v", after.Outcome, worst, before.Obligations, after.Obligations)
		}
	})
}

func sameNote(a, b law.ObligationNote) bool {
	return *a.Obligation == *b.Obligation && a.Person == b.Person
}

func turned(t *rapid.T, decisions []law.Decision, was, is law.Reason) {
	i := slices.IndexFunc(decisions, func(d law.Decision) bool { return same(d, about(was, false)) })
	want, said := was.Verdict, ""
	if i >= 0 && was.Verdict == law.NeedsHuman {
		want, said = law.Unmet, "A named approver has decided against it."
		if decisions[i].Allow {
			want, said = law.Conditional, "A named approver has decided that the work may go ahead."
		}
	}
	switch {
	case is.Verdict != want || !same(about(is, false), about(was, false)):
		t.Fatalf("%+v became %+v, want %s", was.Finding, is.Finding, want)
	case said == "" && is.Message != was.Message:
		t.Fatalf("%+v became %+v", was.Finding, is.Finding)
	case !strings.HasPrefix(is.Message.EN, said) || !strings.HasSuffix(is.Message.EN, was.Message.EN):
		t.Fatalf("%q does not say what was decided about %q", is.Message.EN, was.Message.EN)
	case is.Verdict.Lawful() != (is.Remedy == "") && said != "":
		t.Fatalf("decided and yet to be cured: %+v", is.Finding)
	}
}

// What only the approver could settle, and did not allow, is not to be asked for again: officers do it.
func TestARefusalIsHeeded(t *testing.T) {
	t.Parallel()
	f := orderly("scene-order", false)
	f.Tags = law.TagCounterTerrorism
	f.Decisions = []law.Decision{{Citation: "cq-2021 19¶1(1)", Fact: "tags=counter_terrorism", Act: "scene-order"}}
	r, err := law.Default().Rule(f)
	if err != nil || r.Outcome != law.Unmet || len(r.Remedies) != 1 || r.Remedies[0].Code != "heed_approver" {
		t.Errorf("%s %v %v", r.Outcome, r.Remedies, err)
	}
}

// Facts without decisions have the JSON that stored rulings are replayed from; decisions are read back as they were.
func TestDecisionsInJSON(t *testing.T) {
	t.Parallel()
	f := orderly("patrol", false)
	plain, _ := json.Marshal(f)
	if strings.Contains(string(plain), "decisions") {
		t.Errorf("%s", plain)
	}
	f.Decisions = []law.Decision{{Citation: "cq-2021 17(1)", Fact: "uniform=unknown", Person: "a1", Allow: true}, {Citation: "cq-2021 18", Fact: "x"}}
	stored, _ := json.Marshal(f)
	again, err := law.ParseFacts(stored)
	if err != nil || !slices.Equal(again.Decisions, f.Decisions) {
		t.Errorf("%s: %+v %v", stored, again.Decisions, err)
	}
}

func TestBadDecisionsAreRefused(t *testing.T) {
	t.Parallel()
	good := law.Decision{Citation: "cq-2021 17(1)", Fact: "uniform=unknown", Act: "patrol", Person: "a1", Allow: true}
	for field, spoil := range map[string]func(*law.Decision){
		"/decisions/1/citation": func(d *law.Decision) { d.Citation = "" },
		"/decisions/1/fact":     func(d *law.Decision) { d.Fact = "" },
		"/decisions/1/act":      func(d *law.Decision) { d.Act = "rescue" },
		"/decisions/1/person":   func(d *law.Decision) { d.Person = "p1" },
		"/decisions/1":          func(d *law.Decision) { d.Allow = false },
	} {
		f := orderly("patrol", true)
		bad := good
		spoil(&bad)
		f.Decisions = []law.Decision{good, bad}
		_, err := law.Default().Rule(f)
		var input *law.InputError
		if !errors.As(err, &input) || input.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for text, want := range map[string]string{
		`[{"fact":"x","allow":true}]`:                                     "/decisions/0/citation: required",
		`[{"citation":"cq-2021 18","allow":true}]`:                        "/decisions/0/fact: required",
		`[{"citation":"cq-2021 18","fact":"x"}]`:                          "/decisions/0/allow: required",
		`[{"citation":"cq-2021 18","fact":"x","allow":"perhaps"}]`:        "/decisions/0/allow: want true or false",
		`[{"citation":"cq-2021 18","fact":"x","allow":true,"by":"p1"}]`:   `unknown key "by"`,
		`[{"citation":"cq-2021 18","fact":"","allow":true}]`:              "want text, not nothing",
		`{"citation":"cq-2021 18","fact":"x","allow":true}`:               "/decisions: want a list",
		`[{"citation":"cq-2021 18","fact":"x","allow":true,"act":["x"]}]`: "want text",
	} {
		_, err := law.ParseFacts([]byte(strings.Replace(plainJSON, `"acts"`, `"decisions":`+text+`,"acts"`, 1)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// Decisions cost nothing where there are none, and no memory where there are.
func TestDecidingByDecisionAllocatesNothing(t *testing.T) {
	book, f := law.Default(), orderly("scene-order", false)
	f.Tags = law.TagCounterTerrorism
	f.Decisions = []law.Decision{{Citation: "cq-2021 19¶1(1)", Fact: "tags=counter_terrorism", Act: "scene-order", Allow: true}}
	if n := allocations(func() { _, _ = book.Decide(f) }); n > 0 {
		t.Errorf("a decision allocates %v times", n)
	}
}
