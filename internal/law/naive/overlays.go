package naive

import (
	"slices"

	"github.com/dutybound/dutybound/internal/law"
)

// overlays adds what the national rules ask for on top of the regulation, and the officer whom a scene without one wants: at a
// first response, and in traffic when a party asks for an officer, someone is hurt or alcohol is suspected.
func (j *judge) overlays(p law.Auxiliary, act string) {
	f := j.f
	if j.overlaid() {
		j.procedures(p, act)
		j.roads(p, act)
		j.drivers(p, act)
	}
	if j.assistants() {
		j.guided(p, act)
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

// procedures count the officers of an administrative case and of an accident's investigation, and want a guard beside a drunk.
func (j *judge) procedures(p law.Auxiliary, act string) {
	f := j.f
	if act == "public-security-inspection" && f.CaseKind == law.CaseAdministrative {
		j.owe(p, act, counting(f, "min_officers", 2, "national-admin-procedure 52¶1"))
		j.owe(p, act, counting(f, "min_officers", 2, "national-admin-procedure 82¶1"))
	}
	if f.Tags.Has(law.TagAccidentInvestigation) && (act == "scene-examination-support" || act == "administrative-evidence-receipt") {
		j.owe(p, act, counting(f, "min_officers", 2, "national-traffic-accident 27¶1"))
	}
	if act == "protective-restraint-drunk" {
		j.owe(p, act, duty{
			kind: "guard_named", state: answer(f.GuardNamed), start: true, cites: []string{"national-admin-procedure 58"},
			doubts: []doubt{asked("national-admin-procedure 58¶2", "guard_named=unknown", "", "")},
		})
	}
}

// roads count who is on the road, by the kind of road: town streets take nobody in particular, trunk roads, urban expressways and
// highways a unit, all but the trunk roads a larger one where one sees badly. A motorway is a highway.
func (j *judge) roads(p law.Auxiliary, act string) {
	f := j.f
	if !counted(act) {
		return
	}
	highway := f.Tags.Has(law.TagHighway) || f.Tags.Has(law.TagMotorway)
	fast := highway || f.Tags.Has(law.TagUrbanExpressway)
	if highway {
		j.owe(p, act, unit(f, "national-traffic-violation 7¶2", counted, pair{2, 0}, pair{1, 1}))
	}
	if j.assistants() && (fast || f.Tags.Has(law.TagTrunkRoad)) {
		j.owe(p, act, unit(f, "national-traffic-duty 70", counted, pair{2, 0}, pair{1, 2}))
	}
	if j.assistants() && fast && f.Tags.Has(law.TagPoorVisibility) {
		j.owe(p, act, unit(f, "national-traffic-duty 72(1)", counted, pair{3, 0}, pair{2, 2}))
	}
}

// drivers suspected of drink-driving are taken to a hospital, or restrained, by so many.
func (j *judge) drivers(p law.Auxiliary, act string) {
	f := j.f
	is := func(other string) bool { return other == act }
	switch {
	case !f.Tags.Has(law.TagDrunkDriving):
	case act == "suspect-guarding":
		j.owe(p, act, unit(f, "national-traffic-violation 36¶1(1)", is, pair{2, 0}, pair{1, 1}))
		if j.assistants() {
			j.owe(p, act, unit(f, "national-traffic-duty annex1(2)(5)", is, pair{2, 0}, pair{1, 2}))
		}
	case act == "protective-restraint-drunk" && j.assistants():
		j.owe(p, act, unit(f, "national-traffic-duty annex1(3)", is, pair{2, 0}, pair{1, 2}))
	}
}

// guided work of traffic assistants is arranged by an officer, also where the regulation is read to ask for the organ's alone.
func (j *judge) guided(p law.Auxiliary, act string) {
	cite := map[string]string{
		"traffic-direction": "national-traffic-duty 5¶1(1)", "publicity-traffic-safety": "national-traffic-duty 5¶1(3)",
	}[act]
	if cite != "" {
		j.owe(p, act, duty{
			kind: "arrangement", state: answer(j.f.Arrangement.Officer), cites: []string{cite},
			doubts: []doubt{asked(cite, "arrangement.officer=unknown", act, "")},
		})
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

// pair is one make-up of a unit: so many officers, and so many auxiliaries.
type pair struct{ officers, auxiliaries int }

// unit is a duty to be one of the make-ups: the one that wants the fewest officers, of those for which there are auxiliaries enough
// who do the work that is counted.
func unit(f *law.Facts, cite string, works func(string) bool, pairs ...pair) duty {
	auxiliaries := 0
	for _, p := range f.Auxiliaries {
		if p.Role != law.RoleNone && slices.ContainsFunc(share(f, p), works) {
			auxiliaries++
		}
	}
	fewest := pairs[0].officers
	for _, c := range pairs {
		if auxiliaries >= c.auxiliaries {
			fewest = min(fewest, c.officers)
		}
	}
	return counting(f, "combination", fewest, cite)
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
