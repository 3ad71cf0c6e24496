package law_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/lawtest"
	"github.com/dutybound/dutybound/internal/law/naive"
)

// eachApplicant compares what one evaluator answers with what every case about an applicant expects.
func eachApplicant(t *testing.T, admit func(law.CaseFile, *law.Applicant) answered) {
	t.Helper()
	count := 0
	for path, file := range caseFiles(t) {
		for _, c := range file.Applicants {
			count++
			got := answered{err: c.Err}
			if got.err == nil {
				got = admit(file, &c.Applicant)
			}
			for _, difference := range differences(c.Expect, got) {
				t.Errorf("%s:%d: %s: %s", path, c.Line, c.Name, difference)
			}
		}
	}
	if count < 30 {
		t.Errorf("only %d cases", count)
	}
}

func TestApplicantsAreWhatTheCoreAdmits(t *testing.T) {
	t.Parallel()
	eachApplicant(t, func(file law.CaseFile, a *law.Applicant) answered {
		book, err := law.Embedded().Book(file.Rulebook, file.Settings)
		if err != nil {
			return answered{err: err}
		}
		return fromRuling(book.Admit(a))
	})
}

func TestApplicantsAreWhatTheNaiveEvaluatorAdmits(t *testing.T) {
	t.Parallel()
	eachApplicant(t, func(file law.CaseFile, a *law.Applicant) answered {
		r := naive.Admit(a, file.Readings)
		// The second evaluator names no remedies of the gate.
		core := fromRuling(law.Default().Admit(a))
		return answered{r.Outcome, r.Cites, r.Obligations, core.remedies, r.Err}
	})
}

var (
	answers       = rapid.SampledFrom([]law.Answer{law.Unknown, law.No, law.Yes, law.Yes, law.Yes})
	stageResults  = rapid.SampledFrom([]law.StageResult{law.StagePending, law.StagePassed, law.StagePassed, law.StageFailed})
	gateReadings  = map[string][]string{"age_lower_day": {"birthday", "day_after"}, "age_upper": {"whole_year", "birthday"}, "bar_other": {"needs_human", "prohibited"}}
	recruitedFrom = time.Date(2021, 9, 1, 0, 0, 0, 0, time.FixedZone("", 8*60*60))
)

// anyApplicant is somebody whose age is mostly near one of its edges.
var anyApplicant = rapid.Custom(func(t *rapid.T) law.Applicant {
	at := recruitedFrom.AddDate(0, 0, rapid.IntRange(-3, 3000).Draw(t, "day")).Add(time.Duration(rapid.IntRange(0, 86399).Draw(t, "second")) * time.Second)
	years := rapid.SampledFrom([]int{18, 25, 35, 36}).Draw(t, "years")
	a := law.Applicant{
		At: at, Born: at.AddDate(-years, 0, rapid.IntRange(-2, 2).Draw(t, "near")), Asked: rapid.SampledFrom([]law.Recruiting{law.Review, law.Hire}).Draw(t, "asked"),
		Role:            rapid.SampledFrom([]law.Role{law.RoleField, law.RoleCivilian}).Draw(t, "role"),
		ChineseNational: answers.Draw(t, "national"), Conduct: answers.Draw(t, "conduct"), Ability: answers.Draw(t, "ability"), Fitness: answers.Draw(t, "fitness"),
		Education: rapid.SampledFrom([]law.Education{law.EducationUnknown, law.EducationBelow, law.EducationSeniorSecondary, law.EducationCollege, law.EducationPostgraduate}).Draw(t, "education"),
		Bars:      map[string]law.Answer{law.Others: law.No}, Stages: map[string]law.StageResult{law.Others: law.StagePassed},
	}
	if rapid.Bool().Draw(t, "leap") {
		a.Born = time.Date(2008-rapid.SampledFrom([]int{0, 4, 16, 20}).Draw(t, "leaps"), 2, 29, 0, 0, 0, 0, recruitedFrom.Location())
		if a.Born.After(a.At) {
			a.Born = a.At
		}
	}
	for _, word := range rapid.SliceOfDistinct(rapid.SampledFrom(law.Default().Bars(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))), rapid.ID[string]).Draw(t, "bars") {
		a.Bars[word] = answers.Draw(t, word)
	}
	for _, word := range rapid.SliceOfDistinct(rapid.SampledFrom(law.Default().Stages(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))), rapid.ID[string]).Draw(t, "stages") {
		a.Stages[word] = stageResults.Draw(t, word)
	}
	a.Priorities = rapid.SliceOfDistinct(rapid.SampledFrom(law.Default().Priorities(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))), rapid.ID[string]).Draw(t, "priorities")
	return a
})

// Two gates written apart from the same words agree on everybody, under every reading.
func TestCoreAndNaiveGateAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		readings := map[string]string{}
		for _, id := range slices.Sorted(maps.Keys(gateReadings)) {
			readings[id] = rapid.SampledFrom(gateReadings[id]).Draw(t, id)
		}
		a := anyApplicant.Draw(t, "applicant")
		book, err := law.Embedded().Book(law.DefaultRulebook, law.Settings{Readings: readings})
		if err != nil {
			t.Fatal(err)
		}
		core, second := fromRuling(book.Admit(&a)), naive.Admit(&a, readings)
		if core.err != nil || second.Err != nil {
			t.Fatalf("core %v, naive %v", core.err, second.Err)
		}
		cites := slices.Compact(slices.Sorted(slices.Values(core.cites)))
		if core.outcome != second.Outcome || !maps.Equal(core.obligations, second.Obligations) || !slices.Equal(cites, second.Cites) {
			t.Fatalf("core %v %v %v\nnaive %v %v %v", core.outcome, core.obligations, cites, second.Outcome, second.Obligations, second.Cites)
		}
	})
}

// Nobody becomes easier to recruit by something getting worse, and every refusal says what to do.
func TestWorseFactsNeverAdmit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := anyApplicant.Draw(t, "applicant")
		before, err := law.Default().Admit(&a)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range before.Reasons {
			if (r.Verdict != law.Permitted) != (r.Remedy != "") || r.Message.ZH == "" || r.Message.EN == "" {
				t.Fatalf("%+v", r)
			}
		}
		word := rapid.SampledFrom(law.Default().Bars(a.At.AddDate(1, 0, 0))).Draw(t, "bar")
		a.Bars[word] = law.Yes
		if after, err := law.Default().Admit(&a); err == nil && after.Outcome < before.Outcome {
			t.Fatalf("%s and then %s with %s", before.Outcome, after.Outcome, word)
		}
	})
}

func TestApplicantsThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*law.Applicant){
		"/at":               func(a *law.Applicant) { a.At = time.Time{} },
		"/born":             func(a *law.Applicant) { a.Born = time.Time{} },
		"/role":             func(a *law.Applicant) { a.Role = law.RoleNone },
		"/":                 func(a *law.Applicant) { a.Asked = law.Hire + 1 },
		"/bars/criminal":    func(a *law.Applicant) { a.Bars = map[string]law.Answer{"criminal": law.Yes + 1} },
		"/bars/tattoo":      func(a *law.Applicant) { a.Bars = map[string]law.Answer{"tattoo": law.No} },
		"/stages/medical":   func(a *law.Applicant) { a.Stages = map[string]law.StageResult{"medical": law.StageFailed + 1} },
		"/stages/dance":     func(a *law.Applicant) { a.Stages = map[string]law.StageResult{"dance": law.StagePassed} },
		"/priorities/money": func(a *law.Applicant) { a.Priorities = []string{"money"} },
	} {
		a := law.Applicant{At: recruitedFrom, Born: recruitedFrom.AddDate(-20, 0, 0), Role: law.RoleField}
		spoil(&a)
		_, err := law.Default().Admit(&a)
		if err == nil || !strings.HasPrefix(err.Error(), field+":") {
			t.Errorf("%s: %v", field, err)
		}
		if naive.Admit(&a, nil).Err == nil {
			t.Errorf("%s: the naive gate answers", field)
		}
	}
}

// What nobody declared is unknown or pending, never good.
func TestAnApplicantOfWhomNothingIsKnownIsNotHired(t *testing.T) {
	t.Parallel()
	a := law.Applicant{At: recruitedFrom, Born: recruitedFrom.AddDate(-20, 0, 0), Role: law.RoleField, Asked: law.Hire}
	r, err := law.Default().Admit(&a)
	if err != nil || r.Outcome != law.Unmet {
		t.Errorf("%v, %v", r.Outcome, err)
	}
	for _, o := range r.Obligations {
		if o.Kind != "age" && o.State == law.Met {
			t.Errorf("%+v", o.Obligation)
		}
	}
}

// A rulebook that says nothing of recruitment admits nobody, and one that says it badly is refused with the place.
func TestTheGateIsData(t *testing.T) {
	t.Parallel()
	book := loaded(t, lakeside(), "lakeside-2020", nil)
	a := law.Applicant{At: recruitedFrom.AddDate(5, 0, 0), Born: recruitedFrom.AddDate(-20, 0, 0), Role: law.RoleField}
	if _, err := book.Admit(&a); err == nil || !strings.Contains(err.Error(), "says nothing of recruitment") {
		t.Errorf("%v", err)
	}
	for _, c := range []struct{ from, to, want string }{
		{"admits: [{asks: chinese_national}]", "admits: [{asks: shoe_size}]", "shoe_size"},
		{"asks: age, min: 18", "asks: age", "age has min"},
		{"lower: {reading: age_lower_day}", "lower: noon", `unknown word "noon"`},
		{"lower: {reading: age_lower_day}", "lower: {reading: nothing}", `unknown reading "nothing"`},
		{"kind: recruits\n    admits: [{asks: chinese_national}]", "kind: requires\n    admits: [{asks: chinese_national}]", "says what it admits"},
		{"field: senior_secondary, ", "", "education field and civilian"},
	} {
		lib := embedded(t)
		lawtest.Change(t, lib, "cq-2021/art09.yaml", c.from, c.to)
		if !slices.ContainsFunc(law.Check(lib, law.DefaultRulebook), func(p law.Problem) bool { return strings.Contains(p.String(), c.want) }) {
			t.Errorf("%s: %v", c.to, law.Check(lib, law.DefaultRulebook))
		}
	}
}

func TestWordsOfApplicantsAreText(t *testing.T) {
	t.Parallel()
	for _, word := range []interface {
		String() string
		MarshalText() ([]byte, error)
	}{law.Hire, law.EducationCollege, law.StageFailed} {
		if text, err := word.MarshalText(); err != nil || string(text) != word.String() {
			t.Errorf("%s, %v", text, err)
		}
	}
	var e law.Education
	if err := e.UnmarshalText([]byte("college")); err != nil || e != law.EducationCollege || e.UnmarshalText([]byte("kindergarten")) == nil {
		t.Errorf("%s, %v", e, err)
	}
}
