package law

import (
	"fmt"
	"slices"
	"strings"
)

// Differences says in words where a ruling is not what a case expects; nothing when it is.
func (e Expect) Differences(r Ruling) []string {
	if e.Error {
		return []string{"expected a refusal of the facts, got " + r.Outcome.String()}
	}
	var list []string
	if e.Outcome != nil && *e.Outcome != r.Outcome {
		list = append(list, fmt.Sprintf("outcome: expected %s, got %s", e.Outcome, r.Outcome))
	}
	for _, want := range e.Cites {
		if !slices.ContainsFunc(r.Reasons, func(x Reason) bool { return Cites(want, x.Citation) }) {
			list = append(list, fmt.Sprintf("cites: expected %s, got %s", want, strings.Join(citations(r), ", ")))
		}
	}
	for _, kind := range sorted(e.Obligations) {
		if got := r.obligation(kind); got != e.Obligations[kind].String() {
			list = append(list, fmt.Sprintf("obligations: expected %s %s, got %s", kind, e.Obligations[kind], got))
		}
	}
	for _, want := range e.Remedies {
		if !slices.ContainsFunc(r.Remedies, func(x Remedy) bool { return x.Code == want }) {
			list = append(list, fmt.Sprintf("remedies: expected %s, got %s", want, strings.Join(remedyCodes(r), ", ")))
		}
	}
	return list
}

// Cites says whether a citation meets an expected one, which may be coarser: "cq-2021 33" is met by "cq-2021 33¶1".
func Cites(want, got string) bool { return covers(want, got) }

func citations(r Ruling) (list []string) {
	for _, x := range r.Reasons {
		if !slices.Contains(list, x.Citation) {
			list = append(list, x.Citation)
		}
	}
	return list
}

func remedyCodes(r Ruling) (list []string) {
	for _, x := range r.Remedies {
		list = append(list, x.Code)
	}
	return list
}

func (r Ruling) obligation(kind string) string {
	for _, o := range r.Obligations {
		if o.Kind == kind {
			return o.State.String()
		}
	}
	return "none"
}
