package prove

import (
	"fmt"
	"slices"

	"github.com/dutybound/dutybound/internal/law"
)

// decisionFields are those of law.Facts that an approver's decision fills. They are walked beside the reasons they are about.
var decisionFields = []string{
	"Decisions.Citation", "Decisions.Fact", "Decisions.Act", "Decisions.Person", "Decisions.Allow",
}

func about(x *law.Reason, allow bool) law.Decision {
	return law.Decision{Citation: x.Citation, Fact: x.Fact, Act: x.Act, Person: x.Person, Allow: allow}
}

// settle lets an approver decide about one reason: allow it where it refuses, refuse it where it does not, and both where it is open
// to a person. s, the part and its value v are where the facts stand in the walk.
func (w *worker) settle(f *law.Facts, was *law.Ruling, x *law.Reason, part int, s scene, v int32) {
	for _, allow := range []bool{true, false} {
		if x.Verdict != law.NeedsHuman && allow == x.Verdict.Lawful() {
			continue
		}
		decisions := []law.Decision{about(x, allow)}
		if why := w.meddles(f, was, decisions); why != "" {
			cost := 0
			if part != scenePart {
				cost = w.proof.price(min(part, unitPart), v)
			}
			w.unsettled(f, decisions, s, cost, why)
		}
	}
}

// settleAll allows everything that is found about facts at once.
func (w *worker) settleAll(f *law.Facts, s scene) {
	was := w.decided(f)
	var decisions []law.Decision
	for i := range was.Reasons {
		if d := about(&was.Reasons[i], true); !slices.Contains(decisions, d) {
			decisions = append(decisions, d)
		}
	}
	if why := w.meddles(f, &was, decisions); why != "" {
		w.unsettled(f, decisions, s, distance(f), why)
	}
}

// meddles says what decisions change that they may not: a reason that asked for one becomes lawful when it is allowed and is refused
// when it is not; every other reason, every obligation and all advice stay, and the outcome is still the worst of the reasons.
func (w *worker) meddles(f *law.Facts, was *law.Ruling, decisions []law.Decision) string {
	f.Decisions = decisions
	is := w.decided(f)
	f.Decisions = nil
	asked := slices.EqualFunc(is.Obligations, was.Obligations, sameNote) && slices.Equal(is.Advice, was.Advice)
	if !asked || len(is.Reasons) != len(was.Reasons) {
		return "a decision changes what is asked"
	}
	worst := law.Permitted
	for i := range is.Reasons {
		old, now := &was.Reasons[i], &is.Reasons[i]
		worst = max(worst, now.Verdict)
		want := *old.Finding
		if old.Verdict == law.NeedsHuman {
			if k := slices.IndexFunc(decisions, func(d law.Decision) bool { return d == about(old, d.Allow) }); k >= 0 {
				want = *now.Finding
				want.Citation, want.Fact, want.Verdict = old.Citation, old.Fact, law.Unmet
				if decisions[k].Allow {
					want.Verdict = law.Conditional
				}
			}
		}
		if *now.Finding != want || now.Act != old.Act || now.Person != old.Person {
			return fmt.Sprintf("a decision turns %s (%s) from %s to %s", old.Citation, old.Fact, old.Verdict, now.Verdict)
		}
	}
	if is.Outcome != worst {
		return fmt.Sprintf("decided, the outcome is %s, of reasons the worst of which is %s", is.Outcome, worst)
	}
	return ""
}

func sameNote(a, b law.ObligationNote) bool {
	return *a.Obligation == *b.Obligation && a.Person == b.Person
}

// unsettled notes facts before and after decisions that change what they may not.
func (w *worker) unsettled(f *law.Facts, decisions []law.Decision, s scene, cost int, why string) {
	p := w.proof
	for i := range p.claims {
		x := &violation{cost: p.cost(s, p.classes[s.sight].members[0]) + cost, scene: s, why: why}
		if !p.claims[i].Decided || !w.isSmallest(i, x) {
			continue
		}
		after := clone(f)
		after.Decisions = decisions
		x.cases = []Case{p.ruled(clone(f)), p.ruled(after)}
		w.note(i, x)
	}
}
