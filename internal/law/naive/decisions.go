package naive

import (
	"errors"
	"slices"

	"github.com/dutybound/dutybound/internal/law"
)

// doubt is one thing that is not known, or that the law leaves open: which clause asks, of which act or person.
type doubt struct {
	cite, fact, act, person string
	verdict                 law.Outcome // what it makes of the task while nobody has decided
}

// asked is a doubt that a person must settle.
func asked(cite, fact, act, person string) doubt {
	return doubt{cite, fact, act, person, law.NeedsHuman}
}

// settle says what doubts make of the task, the worst of them. Where a person must decide and the named approver has, the task may
// go on under conditions, or may not.
func (j *judge) settle(doubts ...doubt) law.Outcome {
	worst := law.Permitted
	for _, d := range doubts {
		outcome := d.verdict
		if outcome == law.NeedsHuman {
			outcome = j.decided(d)
		}
		worst = max(worst, outcome)
	}
	return worst
}

func (j *judge) decided(d doubt) law.Outcome {
	for _, x := range j.f.Decisions {
		about := x.Citation == d.cite && x.Fact == d.fact && x.Act == d.act && x.Person == d.person
		switch {
		case about && x.Allow:
			return law.Conditional
		case about:
			return law.Unmet
		}
	}
	return law.NeedsHuman
}

// checkDecisions refuses a decision about nothing, about an act or a person that is not here, and a second one about the same.
func checkDecisions(f *law.Facts) error {
	type about struct{ cite, fact, act, person string }
	seen := map[about]bool{}
	for _, x := range f.Decisions {
		key := about{x.Citation, x.Fact, x.Act, x.Person}
		here := slices.ContainsFunc(f.Auxiliaries, func(p law.Auxiliary) bool { return p.ID == x.Person })
		switch {
		case x.Citation == "" || x.Fact == "":
			return errors.New("decisions: about no reason")
		case x.Act != "" && !slices.Contains(f.Acts, x.Act), x.Person != "" && !here:
			return errors.New("decisions: about an act or a person that is not the task's")
		case seen[key]:
			return errors.New("decisions: two about one reason")
		}
		seen[key] = true
	}
	return nil
}
