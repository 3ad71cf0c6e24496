package naive

import (
	"slices"

	"github.com/dutybound/dutybound/internal/law"
)

// overlays adds what the national rules ask for on top of the regulation, and the officer whom a scene without one wants: at a
// first response, and in traffic when a party asks for an officer, someone is hurt or alcohol is suspected.
func (j *judge) overlays(p law.Auxiliary, act string) {
	f := j.f
	if j.overlaid() && act == "public-security-inspection" && f.CaseKind == law.CaseAdministrative {
		j.owe(p, act, counting(f, "min_officers", 2, "national-admin-procedure 52¶1"))
	}
	if j.overlaid() && counted(act) && f.Tags.Has(law.TagHighway) {
		j.owe(p, act, counting(f, "combination", lessWithTwo(f, 2), "national-traffic-duty 70"))
	}
	if j.overlaid() && counted(act) && f.Tags.Has(law.TagHighway|law.TagPoorVisibility) {
		j.owe(p, act, counting(f, "combination", lessWithTwo(f, 3), "national-traffic-duty 72(1)"))
	}
	if j.overlaid() && act == "protective-restraint-drunk" {
		j.owe(p, act, duty{
			kind: "guard_named", state: answer(f.GuardNamed), start: true, cites: []string{"national-admin-procedure 58"},
			doubts: []doubt{asked("national-admin-procedure 58¶2", "guard_named=unknown", "", "")},
		})
	}
	if j.article(act) == "15" && f.Tags.Has(law.TagFirstResponse) {
		state := coming(f)
		if j.reading("first_response_without_officer") == "officer_present" {
			state = officers(f, 1)
		}
		j.owe(p, act, enRoute(act, state, "cq-2021 "+j.item(act)))
	}
	if j.item(act) == "15(3)" && f.Tags&(law.TagPartyAsksOfficer|law.TagInjury|law.TagAlcohol) != 0 {
		j.owe(p, act, enRoute(act, coming(f), "cq-2021 15(3)"))
		if j.overlaid() && act == "minor-accident-guidance" && f.Tags.Has(law.TagPartyAsksOfficer) {
			j.owe(p, act, enRoute(act, coming(f), "national-traffic-accident 20¶2"))
		}
	}
}

// enRoute is a duty to have an officer there or on the way.
func enRoute(act string, state law.ObligationState, cite string) duty {
	return duty{
		kind: "officer_en_route", state: state, start: true, cites: []string{cite},
		doubts: []doubt{asked(cite, "officers.presence=unknown", act, "")},
	}
}

// counting is a duty to have so many officers there. During the task a lead who cannot be placed only warns, as they do
// without the overlay; any other officer who cannot be placed is still a question for a person.
func counting(f *law.Facts, kind string, n int, cite string) duty {
	d := duty{kind: kind, state: officers(f, n), start: true, cites: []string{cite}}
	sure, leads, _ := headcount(f)
	switch {
	case sure+leads >= n && f.Phase == law.During:
		d.doubts = []doubt{{verdict: law.Conditional}}
	case sure+leads >= n:
		d.doubts = []doubt{asked(cite, "officers.present=lead_unknown", "", "")}
	default:
		d.doubts = []doubt{asked(cite, "officers.present=unknown", "", "")}
	}
	return d
}

// officers says whether at least n officers are with the unit.
func officers(f *law.Facts, n int) law.ObligationState {
	sure, leads, others := headcount(f)
	switch {
	case sure >= n:
		return law.Met
	case sure+leads+others >= n:
		return law.ObligationUnknown
	}
	return law.ObligationUnmet
}

// headcount counts the officers who are there, and those of whom nobody knows, leads apart.
func headcount(f *law.Facts) (sure, leads, others int) {
	for _, o := range f.Officers {
		switch state := max(answer(o.OnDuty), there(o.Presence)); {
		case state == law.Met:
			sure++
		case state == law.ObligationUnknown && o.Lead:
			leads++
		case state == law.ObligationUnknown:
			others++
		}
	}
	return sure, leads, others
}

// lessWithTwo is one officer less than n when two auxiliaries do the counted work: on a highway two officers, or one and two
// auxiliaries; in poor visibility three, or two and two.
func lessWithTwo(f *law.Facts, n int) int {
	auxiliaries := 0
	for _, p := range f.Auxiliaries {
		if p.Role != law.RoleNone && slices.ContainsFunc(share(f, p), counted) {
			auxiliaries++
		}
	}
	if auxiliaries >= 2 {
		n--
	}
	return n
}

// coming says whether an officer is there or on the way.
func coming(f *law.Facts) law.ObligationState {
	state := law.ObligationUnmet
	for _, o := range f.Officers {
		one := there(o.Presence)
		if o.Presence == law.PresenceEnRoute {
			one = law.Met
		}
		state = min(state, max(one, answer(o.OnDuty)))
	}
	return state
}
