package naive

import "github.com/dutybound/dutybound/internal/law"

// overlays adds what the national rules ask for on top of the regulation, and the officer whom a scene without one wants: at a
// first response, and in traffic when a party asks for an officer, someone is hurt or alcohol is suspected.
func (j *judge) overlays(p law.Auxiliary, act string) {
	f := j.f
	if j.overlaid() && act == "public-security-inspection" && f.CaseKind == law.CaseAdministrative {
		d := duty{kind: "min_officers", state: officers(f, 2), start: true, cites: []string{"national-admin-procedure 52¶1"}}
		if f.Phase == law.During {
			d.unknown = law.Conditional
		}
		j.owe(p, act, d)
	}
	if j.overlaid() && counted(act) && (f.Tags.Has(law.TagHighway) || f.Tags.Has(law.TagPoorVisibility)) {
		d := duty{kind: "combination", state: combination(f), start: true, cites: []string{"national-traffic-duty"}}
		if f.Phase == law.During {
			d.unknown = law.Conditional
		}
		j.owe(p, act, d)
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
		j.owe(p, act, duty{kind: "officer_en_route", state: coming(f), start: true, cites: []string{"cq-2021 15(3)", "national-traffic-accident 20"}})
	}
}

// officers says whether at least n officers are with the unit.
func officers(f *law.Facts, n int) law.ObligationState {
	sure, possible := headcount(f)
	switch {
	case sure >= n:
		return law.Met
	case possible >= n:
		return law.ObligationUnknown
	}
	return law.ObligationUnmet
}

// headcount counts the officers who are there, and those who are or may be.
func headcount(f *law.Facts) (sure, possible int) {
	for _, o := range f.Officers {
		switch max(answer(o.OnDuty), there(o.Presence)) {
		case law.Met:
			sure++
			possible++
		case law.ObligationUnknown:
			possible++
		}
	}
	return sure, possible
}

// combination counts the unit on the road: on a highway two officers, or one with two auxiliaries; in poor visibility three
// officers, or two with two auxiliaries.
func combination(f *law.Facts) law.ObligationState {
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
	return officers(f, need)
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
