package naive

import (
	"errors"
	"slices"
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// Admit decides by Art. 9 to 12 whether somebody may be recruited. Stages and bars are spelled out once more.
func Admit(a *law.Applicant, readings map[string]string) Result {
	r := &recruit{a: a, readings: readings, judge: judge{cites: map[string]bool{}, obligations: map[string]law.ObligationState{}, remedies: map[string]bool{}}}
	if err := r.check(); err != nil {
		return Result{Err: err}
	}
	if a.At.Before(inForce) {
		r.say(law.OutsideScope, "cq-2021 44")
	} else {
		r.conditions()
		r.bars()
		r.stages()
		r.preferences()
	}
	return Result{Outcome: r.outcome, Obligations: r.obligations, Cites: keys(r.cites), Remedies: keys(r.remedies)}
}

func keys(set map[string]bool) (list []string) {
	for k := range set {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

type recruit struct {
	judge
	a        *law.Applicant
	readings map[string]string
}

var (
	theStages = []string{"announcement", "registration", "qualification_review", "written_test", "fitness_test", "interview", "medical", "inspection", "public_notice"}
	theBars   = []string{"criminal", "detention", "vice_or_drugs", "dismissed", "dishonest", "unsuitable"}
	preferred = []string{"bereaved_family", "veteran", "good_samaritan", "police_or_law_graduate", "needed_skills"}
)

func (r *recruit) check() error {
	a := r.a
	if a.At.IsZero() || a.Born.IsZero() || a.Born.After(a.At) || a.Role != law.RoleField && a.Role != law.RoleCivilian {
		return errors.New("no applicant")
	}
	if a.Asked > law.Hire || a.ChineseNational > law.Yes || a.Conduct > law.Yes || a.Ability > law.Yes || a.Fitness > law.Yes || a.Education > law.EducationPostgraduate {
		return errors.New("no word")
	}
	for bar, is := range a.Bars {
		if is > law.Yes || bar != "others" && !slices.Contains(theBars, bar) && !a.At.Before(inForce) {
			return errors.New("no bar")
		}
	}
	for stage, is := range a.Stages {
		if is > law.StageFailed || stage != "others" && !slices.Contains(theStages, stage) && !a.At.Before(inForce) {
			return errors.New("no stage")
		}
	}
	for _, p := range a.Priorities {
		if !slices.Contains(preferred, p) && !a.At.Before(inForce) {
			return errors.New("no priority")
		}
	}
	return nil
}

// notes records how something asked stands; the worst is kept.
func (r *recruit) notes(kind string, state law.ObligationState, verdict law.Outcome, cite string) {
	r.say(verdict, cite)
	if have, looked := r.obligations[kind]; !looked || state > have {
		r.obligations[kind] = state
	}
}

// found judges what is known (yes, no) or not; what a later stage finds out stays open before the hiring.
func (r *recruit) found(kind, cite string, is law.Answer, later bool) {
	switch {
	case is == law.Yes:
		r.notes(kind, law.Met, law.Permitted, cite)
	case is == law.No:
		r.notes(kind, law.ObligationUnmet, law.Unmet, cite)
	case later && r.a.Asked == law.Review:
		r.notes(kind, law.Open, law.Conditional, cite)
	default:
		r.notes(kind, law.ObligationUnknown, law.NeedsHuman, cite)
	}
}

func (r *recruit) conditions() {
	a := r.a
	r.found("chinese_national", "cq-2021 9(1)", a.ChineseNational, false)
	r.found("conduct", "cq-2021 9(2)", a.Conduct, true)
	r.found("age", "cq-2021 9(3)", yesOrNo(r.ofAge()), false)
	r.found("ability", "cq-2021 9(4)", a.Ability, true)
	r.found("education", "cq-2021 9(4)", r.educated(), false)
	r.found("fitness", "cq-2021 9(5)", a.Fitness, true)
}

func yesOrNo(is bool) law.Answer {
	if is {
		return law.Yes
	}
	return law.No
}

// ofAge counts full years by the calendar, day by day as people do.
func (r *recruit) ofAge() bool {
	y, m, d := r.a.At.In(inForce.Location()).Date()
	by, bm, bd := r.a.Born.In(inForce.Location()).Date()
	if last := time.Date(y, bm+1, 0, 0, 0, 0, 0, time.UTC).Day(); bd > last { // no 29 February this year
		bd = last
	}
	years, today := y-by, m == bm && d == bd
	if m < bm || m == bm && d < bd {
		years--
	}
	switch {
	case years < 18, years > 35:
		return false
	case years == 18 && today && r.readings["age_lower_day"] == "day_after":
		return false
	case years == 35 && !today && r.readings["age_upper"] == "birthday":
		return false
	}
	return true
}

func (r *recruit) educated() law.Answer {
	switch {
	case r.a.Education == law.EducationUnknown:
		return law.Unknown
	case r.a.Role == law.RoleCivilian:
		return yesOrNo(r.a.Education >= law.EducationCollege)
	default:
		return yesOrNo(r.a.Education >= law.EducationSeniorSecondary)
	}
}

func (r *recruit) bars() {
	for i, bar := range theBars {
		cite := "cq-2021 10(" + string(rune('1'+i)) + ")"
		is, named := r.a.Bars[bar]
		if !named {
			is = r.a.Bars["others"]
		}
		switch {
		case is == law.No:
			r.notes("bar", law.Met, law.Permitted, cite)
		case is == law.Unknown && r.a.Asked == law.Review:
			r.notes("bar", law.Open, law.Conditional, cite)
		case is == law.Unknown:
			r.notes("bar", law.ObligationUnknown, law.NeedsHuman, cite)
		case bar == "unsuitable" && r.readings["bar_other"] != "prohibited":
			r.notes("bar", law.ObligationUnknown, law.NeedsHuman, cite)
		default:
			r.notes("bar", law.ObligationUnmet, law.Prohibited, cite)
		}
	}
}

func (r *recruit) stages() {
	for _, stage := range theStages {
		is, named := r.a.Stages[stage]
		if !named {
			is = r.a.Stages["others"]
		}
		begun := stage == "announcement" || stage == "registration"
		switch {
		case is == law.StagePassed:
			r.notes("stages", law.Met, law.Permitted, "cq-2021 11")
		case is == law.StagePending && r.a.Asked == law.Review && !begun:
			r.notes("stages", law.Open, law.Conditional, "cq-2021 11")
		default:
			r.notes("stages", law.ObligationUnmet, law.Unmet, "cq-2021 11")
		}
	}
}

func (r *recruit) preferences() {
	for i, p := range preferred {
		if slices.Contains(r.a.Priorities, p) {
			r.say(law.Permitted, "cq-2021 12¶1("+string(rune('1'+i))+")")
		}
	}
}
