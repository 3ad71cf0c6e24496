package naive

import "github.com/dutybound/dutybound/internal/law"

// overlays adds what the national rules ask for on top of the regulation, and the officer whom a scene without one wants: at a
// first response, and in traffic when a party asks for an officer, someone is hurt or alcohol is suspected.
func (j *judge) overlays(p law.Auxiliary, act string) {
	f := j.f
	if j.overlaid() && act == "public-security-inspection" && f.CaseKind == law.CaseAdministrative {
		j.owe(p, act, counting(f, "min_officers", 2, "national-admin-procedure 52¶1"))
	}
	if j.overlaid() && counted(act) && (f.Tags.Has(law.TagHighway) || f.Tags.Has(law.TagPoorVisibility)) {
		j.owe(p, act, counting(f, "combination", combination(f), "national-traffic-duty"))
	}
	if j.overlaid() && act == "protective-restraint-drunk" {
		j.owe(p, act, duty{kind: "guard_named", state: answer(f.GuardNamed), start: true, cites: []string{"national-admin-procedure 58"}})
	}
	if article(act) == "15" && f.Tags.Has(law.TagFirstResponse) {
		state := coming(f)
		if j.reading("first_response_without_officer") == "officer_present" {
			state = officers(f, 1)
		}
		j.owe(p, act, duty{kind: "officer_en_route", state: state, start: true, cites: []string{"cq-2021 " + Item(act)}})
	}
	if Item(act) == "15(3)" && f.Tags&(law.TagPartyAsksOfficer|law.TagInjury|law.TagAlcohol) != 0 {
		d := duty{kind: "officer_en_route", state: coming(f), start: true, cites: []string{"cq-2021 15(3)"}}
		if j.overlaid() && act == "minor-accident-guidance" {
			d.cites = append(d.cites, "national-traffic-accident 20")
		}
		j.owe(p, act, d)
	}
}

// counting is a duty to have so many officers there. During the task a lead who cannot be placed only warns, as they do
// without the overlay; any other officer who cannot be placed is still a question for a person.
func counting(f *law.Facts, kind string, n int, cite string) duty {
	d := duty{kind: kind, state: officers(f, n), start: true, cites: []string{cite}}
	sure, leads, _ := headcount(f)
	if f.Phase == law.During && sure+leads >= n {
		d.unknown = law.Conditional
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

// combination says how many officers the unit needs on the road: on a highway two, or one with two auxiliaries; in poor
// visibility three, or two with two auxiliaries.
func combination(f *law.Facts) int {
	auxiliaries := 0
	for _, p := range f.Auxiliaries {
		if p.Role == law.RoleField {
			auxiliaries++
		}
	}
	need := 2
	if f.Tags.Has(law.TagPoorVisibility) {
		need = 3
	}
	if auxiliaries >= 2 {
		need--
	}
	return need
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
