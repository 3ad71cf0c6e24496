package law

import (
	"slices"
	"time"
)

// Admit says whether somebody may be recruited as an auxiliary (Art. 9 to 12): the same ruling as of a task, with every reason. The
// error is an *InputError.
func (b *Book) Admit(a *Applicant) (Ruling, error) {
	if err := a.wellFormed(); err != nil {
		return Ruling{}, err
	}
	h := hearing{a: a, worst: map[string]ObligationState{}, ruling: Ruling{
		Reasons: []Reason{}, Obligations: []ObligationNote{}, Remedies: []Remedy{}, Advice: []Advice{}, Rulebooks: b.rulebooks, Readings: b.readings,
	}}
	e := b.at(a.At.Unix())
	if e.closed != nil {
		h.say(e.closed)
		return h.ruling, nil
	}
	if err := e.knows(a); err != nil {
		return Ruling{}, err
	}
	for i := range e.gates {
		h.ask(&e.gates[i])
	}
	return h.ruling, nil
}

// Stages are the steps of recruitment in their order (Art. 11), as the rulebook has them at a moment; none when it has no such rule.
func (b *Book) Stages(at time.Time) []string { return b.at(at.Unix()).words(asksStages) }

// Bars and Priorities are the words for the bars of Art. 10 and the preferences of Art. 12.
func (b *Book) Bars(at time.Time) []string       { return b.at(at.Unix()).words(asksBar) }
func (b *Book) Priorities(at time.Time) []string { return b.at(at.Unix()).words(asksPriority) }

func (e *edition) words(asks string) (words []string) {
	for _, g := range e.gates {
		if g.asks == asks {
			words = append(words, g.of...)
		}
	}
	return words
}

func (a *Applicant) wellFormed() *InputError {
	switch {
	case a.At.IsZero():
		return inputError("/at", "required")
	case a.Born.IsZero() || a.Born.After(a.At):
		return inputError("/born", "required, and before the moment asked about")
	case a.Role != RoleField && a.Role != RoleCivilian:
		return inputError("/role", "required: field or civilian")
	case a.Asked > Hire || a.ChineseNational > Yes || a.Conduct > Yes || a.Ability > Yes || a.Education > EducationPostgraduate || a.Fitness > Yes:
		return inputError("", "a word that is not on its list")
	}
	for _, word := range sorted(a.Bars) {
		if a.Bars[word] > Yes {
			return inputError("/bars/"+word, "a word that is not on its list")
		}
	}
	for _, word := range sorted(a.Stages) {
		if a.Stages[word] > StageFailed {
			return inputError("/stages/"+word, "a word that is not on its list")
		}
	}
	return nil
}

// knows refuses words that are not the rulebook's, and a rulebook that does not recruit: nothing matching is never permission.
func (e *edition) knows(a *Applicant) *InputError {
	if len(e.gates) == 0 {
		return inputError("", "the rulebook says nothing of recruitment")
	}
	for _, named := range []struct {
		field string
		words []string
		known []string
	}{
		{"/bars/", sorted(a.Bars), append(e.words(asksBar), Others)},
		{"/stages/", sorted(a.Stages), append(e.words(asksStages), Others)},
		{"/priorities/", a.Priorities, e.words(asksPriority)},
	} {
		for _, word := range named.words {
			if !slices.Contains(named.known, word) {
				return inputError(named.field+word, "unknown word, want one of %v", named.known)
			}
		}
	}
	return nil
}

// hearing is an applicant being judged.
type hearing struct {
	a      *Applicant
	ruling Ruling
	worst  map[string]ObligationState
}

func (h *hearing) say(fd *finding) {
	h.ruling.Outcome = max(h.ruling.Outcome, fd.reason.Verdict)
	h.ruling.Reasons = append(h.ruling.Reasons, Reason{Finding: &fd.reason})
	if r := remedies[fd.remedy]; fd.remedy != noRemedy && !slices.Contains(h.ruling.Remedies, r) {
		h.ruling.Remedies = append(h.ruling.Remedies, r)
	}
}

// found notes a finding, and how what was asked stands: each thing asked is reported once, in its worst state.
func (h *hearing) found(g *gate, state ObligationState, fd *finding) {
	h.say(fd)
	note := ObligationNote{Obligation: &Obligation{Kind: g.asks, State: state, Citation: g.citation, Due: g.due.String(), Fact: fd.reason.Fact}}
	worst, looked := h.worst[g.asks]
	if looked && worst >= state {
		return
	}
	h.worst[g.asks] = state
	i := slices.IndexFunc(h.ruling.Obligations, func(o ObligationNote) bool { return o.Kind == g.asks })
	if i < 0 {
		h.ruling.Obligations = append(h.ruling.Obligations, note)
		return
	}
	h.ruling.Obligations[i] = note
}

func (h *hearing) ask(g *gate) {
	a := h.a
	switch g.asks {
	case asksNational:
		h.answer(g, a.ChineseNational)
	case asksConduct:
		h.answer(g, a.Conduct)
	case asksAbility:
		h.answer(g, a.Ability)
	case asksFitness:
		h.answer(g, a.Fitness)
	case asksAge:
		h.age(g)
	case asksEducation:
		h.education(g)
	case asksBar:
		for _, word := range g.of {
			h.bar(g, word)
		}
	case asksStages:
		h.stages(g)
	default: // priority is the only other thing asked
		for _, word := range g.of {
			if slices.Contains(a.Priorities, word) {
				h.say(preferred(g, word))
			}
		}
	}
}

// answer judges a condition that is met, not met, or not known yet.
func (h *hearing) answer(g *gate, is Answer) {
	switch is {
	case Yes:
		h.found(g, Met, conditionFinding(g, Permitted, is))
	case No:
		h.found(g, ObligationUnmet, conditionFinding(g, Unmet, is))
	default:
		h.unknown(g, conditionFact(g, is))
	}
}

// unknown leaves open what a later stage finds out; at the hiring a person must settle it.
func (h *hearing) unknown(g *gate, fact string) {
	if g.due > h.a.Asked {
		h.found(g, Open, laterFinding(g, fact))
		return
	}
	h.found(g, ObligationUnknown, unknownFinding(g, fact))
}

func (h *hearing) age(g *gate) {
	today, first, end := dateOf(h.a.At), anniversary(h.a.Born, g.min), anniversary(h.a.Born, g.max+1)
	if g.dayAfter {
		first = first.AddDate(0, 0, 1)
	}
	if g.untilBirth {
		end = anniversary(h.a.Born, g.max).AddDate(0, 0, 1)
	}
	switch {
	case today.Before(first):
		h.found(g, ObligationUnmet, ageFinding(g, Unmet, "age=below", waitForAge))
	case !today.Before(end):
		h.found(g, ObligationUnmet, ageFinding(g, Unmet, "age=above", chooseApplicant))
	default:
		h.found(g, Met, ageFinding(g, Permitted, "age=within", noRemedy))
	}
}

// dateOf is the day of a moment in China.
func dateOf(t time.Time) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// anniversary is the day on which so many years are full; where the month has no such day, its last (Civil Code Art. 202).
func anniversary(born time.Time, years int) time.Time {
	day := dateOf(born)
	full := day.AddDate(years, 0, 0)
	if full.Month() != day.Month() {
		full = full.AddDate(0, 0, -full.Day())
	}
	return full
}

func (h *hearing) education(g *gate) {
	least := g.field
	if h.a.Role == RoleCivilian {
		least = g.civilian
	}
	switch has := h.a.Education; {
	case has == EducationUnknown:
		h.unknown(g, "education=unknown")
	case has < least:
		h.found(g, ObligationUnmet, educationFinding(g, Unmet, has, least))
	default:
		h.found(g, Met, educationFinding(g, Permitted, has, least))
	}
}

func (h *hearing) bar(g *gate, word string) {
	switch h.a.bar(word) {
	case No:
		h.found(g, Met, barFinding(g, Permitted, word, noRemedy))
	case Yes:
		if g.undecided {
			h.found(g, ObligationUnknown, barFinding(g, NeedsHuman, word, askApprover))
			return
		}
		h.found(g, ObligationUnmet, barFinding(g, Prohibited, word, chooseApplicant))
	default:
		h.unknown(g, "bar="+word+" declared=unknown")
	}
}

// stages judges the steps in their order: those before the review when it is asked at the review, all of them at the hiring.
func (h *hearing) stages(g *gate) {
	for i, word := range g.of {
		switch result := h.a.stage(word); {
		case result == StageFailed:
			h.found(g, ObligationUnmet, stageFinding(g, Unmet, word, result, chooseApplicant))
		case result == StagePassed:
			h.found(g, Met, stageFinding(g, Permitted, word, result, noRemedy))
		case h.a.Asked == Review && i >= slices.Index(g.of, ReviewStage):
			h.found(g, Open, stageFinding(g, Conditional, word, result, completeStages))
		default:
			h.found(g, ObligationUnmet, stageFinding(g, Unmet, word, result, completeStages))
		}
	}
}

// ReviewStage is the step at which the gate is asked for the first time; a rulebook without it asks for every step at the hiring.
const ReviewStage = "qualification_review"
