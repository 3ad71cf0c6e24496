// Package naive is the second opinion on the law: the same questions as package law answers, decided a second time by plain
// switches over the facts, with a table of acts of its own and no rulebook. It is slow and long on purpose and is imported
// by tests only. Where the two disagree, the words of the regulation decide which one is wrong.
package naive

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// Result is what both evaluators must agree on. Err is set, and nothing else, for facts that are no question at all.
type Result struct {
	Outcome     law.Outcome
	Cites       []string // every clause looked at, sorted, without repeats
	Obligations map[string]law.ObligationState
	Remedies    []string // only the codes that the case format names
	Err         error
}

// Rule decides one task by cq-2021 and its overlays. The settings hold the switches that differ from their defaults, and the
// organ's entries.
func Rule(f *law.Facts, s law.Settings) Result {
	j := &judge{f: f, settings: s, cites: map[string]bool{}, obligations: map[string]law.ObligationState{}, remedies: map[string]bool{}}
	if err := errors.Join(j.check(), checkReadings(s.Readings), checkEntries(s.Entries)); err != nil {
		return Result{Err: err}
	}
	j.task()
	return Result{
		Outcome: j.outcome, Obligations: j.obligations,
		Cites: slices.Sorted(maps.Keys(j.cites)), Remedies: slices.Sorted(maps.Keys(j.remedies)),
	}
}

// judge gathers what is said against and for one task.
type judge struct {
	f           *law.Facts
	settings    law.Settings
	outcome     law.Outcome
	cites       map[string]bool
	obligations map[string]law.ObligationState
	remedies    map[string]bool
}

// say adds one reason. The worst verdict wins.
func (j *judge) say(verdict law.Outcome, cites ...string) {
	j.outcome = max(j.outcome, verdict)
	for _, cite := range cites {
		j.cites[cite] = true
	}
}

// inForce is when cq-2021 begins (Art. 44): 1 September 2021 in Chongqing.
var inForce = time.Date(2021, 9, 1, 0, 0, 0, 0, time.FixedZone("Chongqing", 8*60*60))

func (j *judge) task() {
	if j.f.At.Before(inForce) {
		j.say(law.OutsideScope, "cq-2021 44")
		return
	}
	for _, p := range j.f.Auxiliaries {
		for _, act := range share(j.f, p) {
			j.person(p, act)
		}
	}
}

// person judges one person doing one act.
func (j *judge) person(p law.Auxiliary, act string) {
	if p.Role == law.RoleNone {
		j.say(law.OutsideScope, "cq-2021 3")
		if j.roleOf(act) == law.RoleField {
			j.remedies["choose_field_auxiliary"] = true
		}
		return
	}
	j.forbidden(act)
	j.equipment(p)
	j.scope(p, act)
	j.personal(p, act)
	j.conditions(p, act)
	j.cures(p, act)
}

// forbidden looks for the prohibitions of Art. 19 and of the continued-questioning rule.
func (j *judge) forbidden(act string) {
	f := j.f
	if j.article(act) == "19" {
		j.say(law.Prohibited, "cq-2021 "+j.item(act))
	}
	if f.Tags.Has(law.TagStateSecret) {
		j.say(law.Prohibited, "cq-2021 19¶1(2)")
	}
	if f.Tags.Has(law.TagCounterTerrorism) {
		j.say(j.settle(doubt{
			cite: "cq-2021 19¶1(1)", fact: "tags=counter_terrorism", act: act, verdict: counterTerrorism(act, f.Emergency),
		}), "cq-2021 19¶1(1)")
	}
	if f.Tags.Has(law.TagContinuedQuestioning) && j.overlaid() {
		j.say(law.Prohibited, questioning(act)...)
	}
	if f.CaseKind == law.CaseCriminal && (act == "administrative-evidence-receipt" || act == "administrative-document-service") {
		j.say(law.Prohibited, "cq-2021 19¶1(3)")
	}
	if f.Signatory == law.SignatoryAuxiliary && j.enforcement(act) {
		j.say(law.Prohibited, "cq-2021 19¶2")
	}
	if f.Signatory == law.SignatoryAuxiliary && j.assistants() && (j.item(act) == "16(5)" || act == "traffic-violation-notice") {
		j.say(law.Prohibited, "national-traffic-duty 5¶2")
	}
	if f.Signatory == law.SignatoryAuxiliary && appraisal(act) {
		j.say(law.Prohibited, "cq-2021 19¶1(3)")
	}
}

// questioning lists the clauses that close an act while somebody is held in continued questioning: all of it, guarding wherever it
// is, and the houses where such a person may not be put.
func questioning(act string) []string {
	cites := []string{"national-continued-questioning 5"}
	switch act {
	case "suspect-guarding", "suspect-surveillance":
		cites = append(cites, "national-continued-questioning 29(2)", "national-continued-questioning 30¶1")
	case "case-handling-area-duty":
		cites = append(cites, "national-continued-questioning 29(2)")
	case "detention-house-duty", "lockup-duty", "compulsory-rehabilitation-duty":
		cites = append(cites, "national-continued-questioning 30¶2")
	}
	return cites
}

func counterTerrorism(act string, emergency bool) law.Outcome {
	switch {
	case !perimeter(act):
		return law.Prohibited
	case emergency:
		return law.Conditional
	default:
		return law.NeedsHuman
	}
}

// equipment looks at what a person carries, uses and keeps (Art. 18, 19¶1(4)).
func (j *judge) equipment(p law.Auxiliary) {
	for _, e := range p.Equipment {
		switch {
		case e.Class == law.EquipmentWeapon && e.Use == law.UseKeep, e.Class == law.EquipmentPoliceInstrument && e.Use == law.UseKeep:
			j.say(law.Prohibited, "cq-2021 19¶1(4)")
		case e.Class == law.EquipmentWeapon:
			j.say(law.Prohibited, "cq-2021 18")
		case e.Class == law.EquipmentPoliceInstrument:
			fact := "equipment=police_instrument use=" + e.Use.String()
			j.say(j.settle(doubt{cite: "cq-2021 18", fact: fact, person: p.ID, verdict: j.police()}), "cq-2021 18")
		case e.Class == law.EquipmentRestraint && e.Use != law.UseKeep && p.Role == law.RoleCivilian:
			j.say(law.OutsideScope, "cq-2021 18") // Art. 18 equips field auxiliaries only
		case e.Class == law.EquipmentRestraint && e.Use != law.UseKeep && !j.listed(e):
			j.say(law.Unmet, "cq-2021 18")
		}
	}
}

// scope says whether a clause gives the act to the person's role; nothing else does.
func (j *judge) scope(p law.Auxiliary, act string) {
	switch {
	case j.article(act) == "19":
	case j.roleOf(act) == p.Role, j.crosses(p, act):
		j.say(law.Permitted, "cq-2021 "+j.item(act))
	default:
		j.say(law.OutsideScope, "cq-2021 "+j.item(act))
		if j.roleOf(act) == law.RoleField {
			j.remedies["choose_field_auxiliary"] = true
		}
	}
}
