package naive

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/dutybound/dutybound/internal/law"
)

// switches lists the readings that may be set, the default first. What is not here is not for anybody to set: Art. 19¶1,
// weapons, civilians on the work of Articles 15 and 16, and that whoever leads is an officer.
var switches = map[string][]string{
	"aux_category_crossing":          {"deny", "14(1)", "14"},
	"art15_arrangement":              {"organ_and_officer", "organ_or_officer", "organ"},
	"first_response_without_officer": {"hold_and_protect_if_officer_en_route", "officer_present"},
	"art16_lead":                     {"presence", "presence_or_remote"},
	"lead_same_organ":                {"true", "false"},
	"street_id_check":                {"16(2)", "15(1)"},
	"plainclothes_waives_id":         {"false", "true"},
	"recording_scope":                {"15-15(4),16,17(4)", "15,16,17(4)", "14,15,16,17(4)", "16,17(4)"},
	"recording_unknown":              {"warn", "block"},
	"art17_4_remote_command":         {"true_if_recorded", "false"},
	"police_instruments_for_aux":     {"deny", "needs_human", "allow"},
	"civilian_driving":               {"needs_human", "deny", "allow"},
	"recusal_pending":                {"step_back", "warn"},
	"catch_all_enabled":              {"false", "true"},
	"traffic_assistant_rules_apply":  {"true", "false"},
	"overlay_national":               {"on", "off"},
}

// free readings take any value: a list of names, or a number that only moves an advice.
var free = []string{"restraint_list", "max_aux_per_officer", "min_team_without_officer"}

func checkReadings(readings map[string]string) error {
	for id, value := range readings {
		options, known := switches[id]
		if !known && !slices.Contains(free, id) {
			return fmt.Errorf("readings: %s is no switch", id)
		}
		if known && !slices.Contains(options, value) {
			return fmt.Errorf("readings: %s cannot be %q", id, value)
		}
	}
	return nil
}

// code is what an act may be called.
var code = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// checkEntries holds each entry of the organ to one of the three catch-all items, with an act that is new and a provision.
func checkEntries(entries []law.Entry) error {
	seen := map[string]bool{}
	for _, e := range entries {
		fits := e.Item == "14(4)" || e.Item == "15(5)" || e.Item == "16(10)"
		named := e.Name.ZH != "" && e.Name.EN != "" && len(e.Act) <= 64 && code.MatchString(e.Act)
		if !fits || !named || strings.TrimSpace(e.Basis) == "" || Item(e.Act) != "" || seen[e.Act] {
			return fmt.Errorf("entries: %s cannot be entered under %q", e.Act, e.Item)
		}
		seen[e.Act] = true
	}
	return nil
}

// reading is the value of a switch.
func (j *judge) reading(id string) string {
	if value, set := j.settings.Readings[id]; set {
		return value
	}
	return switches[id][0]
}

// crosses says whether a reading opens an act of Article 14 to field auxiliaries.
func (j *judge) crosses(p law.Auxiliary, act string) bool {
	open := j.reading("aux_category_crossing")
	return p.Role == law.RoleField && (j.item(act) == open || j.article(act) == open)
}

// listed says whether the organ's list of restraint equipment names an item; by default the list is empty.
func (j *judge) listed(e law.EquipmentItem) bool {
	return e.Item != "" && slices.Contains(strings.Split(j.settings.Readings["restraint_list"], ","), e.Item)
}

// filmed says whether an act must be recorded from start to finish: by default Art. 15 without publicity, and Art. 16.
func (j *judge) filmed(act string) bool {
	scope := j.reading("recording_scope")
	switch j.article(act) {
	case "16":
		return true
	case "15":
		return strings.Contains(scope, "15") && (j.item(act) != "15(4)" || !strings.Contains(scope, "15-15(4)"))
	case "14":
		return strings.Contains(scope, "14")
	}
	return false
}

// police says what a carried or used police instrument means.
func (j *judge) police() law.Outcome {
	switch j.reading("police_instruments_for_aux") {
	case "needs_human":
		return law.NeedsHuman
	case "allow":
		return law.Permitted
	}
	return law.Prohibited
}

func (j *judge) overlaid() bool { return j.reading("overlay_national") == "on" }

// assistants says whether the working standards for traffic duty, which speak of traffic assistants, bind auxiliaries.
func (j *judge) assistants() bool {
	return j.overlaid() && j.reading("traffic_assistant_rules_apply") == "true"
}

// Switches lists the ids of the switches that have options; Options lists the options of one.
func Switches() []string         { return slices.Sorted(maps.Keys(switches)) }
func Options(id string) []string { return slices.Clone(switches[id]) }
