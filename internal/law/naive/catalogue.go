package naive

import (
	"slices"
	"strings"

	"github.com/dutybound/dutybound/internal/law"
)

// items lists which acts stand under which item of the regulation, typed in by hand from the catalogue.
var items = []struct{ item, acts string }{
	{"14(1)", "clerical-assistance archive-management call-answering counter-service application-intake information-collection information-verification data-entry"},
	{"14(2)", "psychological-counselling medical-care translation network-maintenance data-analysis software-development security-monitoring communications-support"},
	{"14(2)", "funds-analysis non-secret-finance laboratory-analysis scene-examination-support forensic-support police-dog-training barracks-construction new-media-operation"},
	{"14(3)", "equipment-keeping warehouse-management"},
	{"15(1)", "patrol standing-guard crime-prevention crime-stopping"},
	{"15(2)", "scene-order scene-protection rescue"},
	{"15(3)", "traffic-direction traffic-violation-notice minor-accident-guidance"},
	{"15(4)", "publicity-public-security publicity-traffic-safety publicity-drug-control publicity-entry-exit publicity-fire-prevention"},
	{"16(1)", "incident-handling case-registration administrative-evidence-receipt public-security-mediation administrative-document-service"},
	{"16(2)", "stop-and-question block-and-contain suspect-surveillance suspect-guarding identity-check"},
	{"16(3)", "protective-restraint-drunk protective-restraint-mental-disorder"},
	{"16(4)", "public-security-inspection safety-supervision community-governance"},
	{"16(5)", "traffic-control traffic-safety-check traffic-violation-correction"},
	{"16(6)", "detention-house-duty lockup-duty compulsory-rehabilitation-duty case-handling-area-duty"},
	{"16(7)", "large-event-order"},
	{"16(8)", "emergency-incident-handling mass-incident-handling"},
	{"16(9)", "case-property-management"},
	{"19¶1(1)", "domestic-security technical-reconnaissance anti-cult counter-terrorism"},
	{"19¶1(2)", "state-secret-matter"},
	{"19¶1(3)", "case-investigation appraisal-report accident-liability-determination criminal-coercive-measure administrative-decision case-review"},
	{"19¶1(4)", "weapon-keeping police-instrument-keeping"},
	{"19¶1(5)", "officer-only-work"},
}

// Acts lists every act of the catalogue, in its order.
func Acts() []string {
	var acts []string
	for _, row := range items {
		acts = append(acts, strings.Fields(row.acts)...)
	}
	return acts
}

// Item is the item an act stands under, "" for a word that is no act.
func Item(act string) string {
	for _, row := range items {
		if slices.Contains(strings.Fields(row.acts), act) {
			return row.item
		}
	}
	return ""
}

// item is where an act stands for the organ that asks: in the catalogue, or where its entry or its reading says.
func (j *judge) item(act string) string {
	for _, e := range j.settings.Entries {
		if e.Act == act {
			return e.Item
		}
	}
	if act == "identity-check" {
		return j.reading("street_id_check")
	}
	return Item(act)
}

// article is 14, 15, 16 or 19, with anything finer left off.
func (j *judge) article(act string) string {
	item := j.item(act)
	return item[:min(2, len(item))]
}

// roleOf is the role the regulation gives an act to; acts of Art. 19 are given to nobody.
func (j *judge) roleOf(act string) law.Role {
	switch j.article(act) {
	case "14":
		return law.RoleCivilian
	case "15", "16":
		return law.RoleField
	}
	return law.RoleNone
}

// urgent acts are those that an emergency never blocks.
func urgent(act string) bool {
	switch act {
	case "crime-stopping", "scene-order", "scene-protection", "rescue":
		return true
	}
	return false
}

// perimeter acts may be done around a counter-terrorism scene once a person has settled it.
func perimeter(act string) bool { return urgent(act) || act == "traffic-direction" }

// appraisal acts end in an appraisal report, which an auxiliary must not sign (19¶1(3)).
func appraisal(act string) bool {
	switch act {
	case "forensic-support", "laboratory-analysis", "scene-examination-support":
		return true
	}
	return false
}

// enforcement acts produce papers that an auxiliary must not sign in their own name (19¶2).
func (j *judge) enforcement(act string) bool {
	return j.article(act) == "16" || act == "minor-accident-guidance" || act == "traffic-violation-notice"
}

// ledByOverlay acts fall under 52¶2 of the national procedure in a case that is not criminal.
func ledByOverlay(act string) bool { return Item(act) == "16(1)" }

// counted acts fall under the unit sizes of the national traffic duty rules.
func counted(act string) bool { return Item(act) == "16(5)" || act == "traffic-direction" }
