package law_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/lawtest"
)

const (
	procedure = "national-admin-procedure/"
	toForbid  = "  - item: \"52¶1\"\n    kind: requires\n"
)

// flaws are rulebooks that read well and would rule wrongly: an overlay that opens what the base closes, a word left out that would
// then be the first of its list, a rule that nothing is ever ruled by.
var flaws = []struct{ name, file, old, text, want string }{
	{"overlay that permits", procedure + "art52.yaml", toForbid, "  - item: \"52¶1\"\n    kind: permits\n    role: civilian\n    acts: [patrol]\n", "52¶1: an overlay is stricter than what it is laid over: it permits nothing"},
	{"overlay that permits, led", procedure + "art52.yaml", toForbid, "  - item: \"52¶1\"\n    kind: permits_led\n    role: civilian\n    acts: [patrol]\n", "52¶1: an overlay is stricter than what it is laid over: it permits nothing"},
	{"overlay with a catch-all", procedure + "art52.yaml", toForbid, "  - item: \"52¶1\"\n    kind: catch_all\n    role: civilian\n    entries: [{act: patrol, basis: ours}]\n", "52¶1: an overlay is stricter than what it is laid over: it permits nothing"},
	{"overlay that says who is an auxiliary", procedure + "art58.yaml", "guard_named, acts: [protective-restraint-drunk]", "auxiliary", "58¶2: auxiliary and in_force are obligations of the base"},
	{"entry into force as a condition", cq + "art14.yaml", "  - {obligation: arrangement, by: organ}", "  - {obligation: arrangement, by: organ}\n  - {obligation: in_force}", "14(1): auxiliary and in_force are obligations of the base"},

	{"words of an ended article that nothing current quotes", cq + "art44.yaml", "effective_from: 2021-09-01\nwords: |\n  第四十四条　本条例自", "effective_from: 2021-09-01\neffective_to: 2023-01-01\nwords: |\n  第四十四条　本规定自", "the words differ from the source text"},

	{"exception without an outcome", cq + "art19.yaml", ", verdict: needs_human, emergency: conditional", "", "19¶1(1): /items/0/when/0/except: verdict: required"},
	{"exception without an outcome in an emergency", cq + "art19.yaml", ", emergency: conditional", "", "19¶1(1): /items/0/when/0/except: emergency: required"},
	{"exception that permits", cq + "art19.yaml", "verdict: needs_human", "verdict: permitted", "19¶1(1): /items/0/when/0/except/verdict: an exception cannot be permitted"},
	{"exception that an emergency permits", cq + "art19.yaml", "emergency: conditional", "emergency: permitted", "19¶1(1): /items/0/when/0/except/emergency: an exception cannot be permitted"},
	{"exception of no act", cq + "art19.yaml", "acts: [scene-order, scene-protection, traffic-direction, crime-stopping, rescue]", "acts: []", "19¶1(1): /items/0/when/0/except/acts: want at least one"},
	{"exception from more than tags", cq + "art19.yaml", "- tags: [counter_terrorism]", "- tags: [counter_terrorism]\n        case_kind: criminal", "19¶1(1): /items/0/when/0: except is from tags, and from nothing beside them"},
	{"exception of what is not closed", cq + "art19.yaml", "- tags: [counter_terrorism]", "- tags: [counter_terrorism]\n        acts: [patrol, rescue]", "19¶1(1): /items/0/when/0: except: act \"scene-order\" is not closed here"},
	{"circumstance of no item", cq + "art19.yaml", "items: [\"16\"]", "items: [\"66\"]", "19¶2: items: 66 of \"66\" reaches no item with acts"},
	{"circumstance of an item without acts", cq + "art19.yaml", "items: [\"16\"]", "items: [\"17\"]", "19¶2: items: 17 of \"17\" reaches no item with acts"},
	{"circumstance of an empty list", cq + "art19.yaml", "items: [\"16\"]", "items: []", "19¶2: /items/5/when/0/items: want at least one"},

	{"equipment without a class", cq + "art18.yaml", "{class: weapon, ", "{", "18: /items/0/equipment/0: class: required"},
	{"equipment without a use", cq + "art18.yaml", ", use: [carry, use], verdict: deny", ", verdict: deny", "18: /items/0/equipment/0: use: required"},
	{"equipment of no use", cq + "art18.yaml", "use: [carry, use]", "use: []", "18: /items/0/equipment/0/use: want at least one"},
	{"list of what is no restraint equipment", cq + "art18.yaml", "class: weapon, use: [carry, use], verdict: deny", "class: weapon, use: [carry, use], list: {reading: restraint_list}", "18: /items/0/equipment/0: a list is kept of restraint equipment only"},
	{"equipment of a role that is none", cq + "art18.yaml", "class: weapon, ", "class: weapon, role: none, ", "18: /items/0/equipment/0/role: a rule speaks of field or of civilian auxiliaries"},

	{"obligation without its name", cq + "art33.yaml", "[{obligation: training}]", "[{acts: [patrol]}]", "33¶1: /items/0/obligations/0: obligation: required"},
	{"obligation named by nothing", cq + "art33.yaml", "[{obligation: training}]", "[{obligation: null, acts: [patrol]}]", "33¶1: /items/0/obligations/0: obligation: required"},
	{"arrangement by nobody", cq + "art14.yaml", "{obligation: arrangement, by: organ}", "{obligation: arrangement}", "/conditions/0: by: required"},
	{"command without a list", cq + "art17.yaml", "list: {reading: restraint_list}, ", "", "17(4): /items/3/obligations/0: list: required"},
	{"command without where from", cq + "art17.yaml", ", remote: {reading: art17_4_remote_command}", "", "17(4): /items/3/obligations/0: remote: required"},
	{"uniform of one role", cq + "art17.yaml", "{obligation: uniform}", "{obligation: uniform, role: field}", "17(1): /items/0/obligations/0: uniform is asked of every auxiliary, not of one role"},
	{"other role than none", cq + "art18.yaml", "qualification, role: field,", "qualification,", "18: /items/0/obligations/0: other_role: other than which role"},
	{"obligation of no act", procedure + "art58.yaml", "acts: [protective-restraint-drunk]", "acts: []", "58¶2: /items/1/obligations/0/acts: want at least one"},
	{"obligation of no item", cq + "art17.yaml", "items: {reading: recording_scope}", "items: \"99\"", "17(2): items: 99 of \"99\" reaches no item with acts"},
	{"reading whose option reaches nothing", cq + "readings.yaml", "\"16,17(4)\"]", "\"16,17(9)\"]", "cq-2021/art17.yaml: 17(2): items: 17(9) of \"16,17(9)\" reaches no item with acts"},
	{"exception outside its term", cq + "art17.yaml", "items: {reading: recording_scope}", "items: 15-16", "17(2): items: 16 of \"15-16\" reaches no item with acts"},
	{"obligation in no circumstance", procedure + "art52.yaml", "when: {case_kind: [administrative]}", "when: {}", "52¶1: /items/0/obligations/0/when: want tags, all_tags or case_kind"},
	{"obligation in an empty circumstance", procedure + "art52.yaml", "when: {case_kind: [administrative]}", "when: {case_kind: []}", "52¶1: /items/0/obligations/0/when/case_kind: want at least one"},
	{"make-up without officers", "national-traffic-duty/art70.yaml", "{officers: 2}", "{auxiliaries: 2}", "70: /items/0/obligations/0/any_of/0: officers: required"},
	{"make-up of none", "national-traffic-duty/art70.yaml", "[{officers: 2}, {officers: 1, auxiliaries: 2}]", "[]", "70: /items/0/obligations/0/any_of: want at least one"},
	{"officers counted twice", procedure + "art52.yaml", "officers: 2,", "officers: 2, any_of: [{officers: 1}],", "52¶1: /items/0/obligations/0: officers: stands in any_of already"},
	{"scope of no obligations", cq + "art33.yaml", "kind: requires\n    advice", "kind: requires\n    for: {acts: [patrol]}\n    advice", "33¶2: /items/1: for: narrows the obligations of its item, and there are none"},

	{"permission to nobody", cq + "art15.yaml", "role: field\n", "", "15(1): role: an item that permits says to whom"},
	{"permission to a role that is none", cq + "art15.yaml", "role: field\n", "role: none\n", "/role: a rule speaks of field or of civilian auxiliaries"},
	{"permission of nothing", cq + "art16.yaml", "\n    acts: [large-event-order]", "", "16(7): acts: an item that permits says what"},
	{"permission of an empty list", cq + "art16.yaml", "acts: [large-event-order]", "acts: []", "16(7): /items/6/acts: want at least one"},
	{"led by nobody", cq + "art16.yaml", "  - {obligation: lead_officer, presence: {reading: art16_lead}, same_organ: {reading: lead_same_organ}, beside: \"19¶2\"}\n", "", "16(1): an item that permits led work has the condition lead_officer, for all of its acts and always"},
	{"led now and then", cq + "art16.yaml", "{obligation: lead_officer, ", "{obligation: lead_officer, when: {tags: [highway]}, ", "16(1): an item that permits led work has the condition lead_officer, for all of its acts and always"},
	{"led in some acts", cq + "art16.yaml", "{obligation: lead_officer, ", "{obligation: lead_officer, acts: [patrol], ", "16(1): an item that permits led work has the condition lead_officer, for all of its acts and always"},
	{"role of a requirement", cq + "art44.yaml", "kind: requires", "kind: requires\n    role: field", "44: /items/0: role: an item that permits or forbids has one"},
	{"role of a circumstance", cq + "art19.yaml", "  - item: \"19¶2\"\n    kind: forbids", "  - item: \"19¶2\"\n    kind: forbids\n    role: field", "19¶2: role: narrows acts only; circumstances and equipment are judged for every auxiliary"},
	{"permission that waits to be enabled", cq + "art15.yaml", "kind: permits\n", "kind: permits\n    enabled: {reading: catch_all_enabled}\n", "15(1): /items/0: enabled: belongs to a catch-all"},
	{"other role of an item that is none", cq + "art14.yaml", "other_role: {reading: aux_category_crossing}", "other_role: \"66\"", "14(1): items: 66 of \"66\" reaches no item with acts"},
	{"fixed by what can be switched", cq + "art18.yaml", "fixed_by: [weapons_for_aux]", "fixed_by: [weapons_for_aux, civilian_driving]", "18: fixed_by: reading civilian_driving can be switched, which would change nothing here"},

	{"advice about nothing", cq + "art33.yaml", "{advice: refresher_overdue}", "{}", "33¶2: /items/1/advice/0: advice: required"},
	{"advice without its measure", cq + "art15.yaml", ", min: {reading: min_team_without_officer}", "", "/advice/0: min: required"},
	{"advice with another's measure", cq + "art33.yaml", "{advice: refresher_overdue}", "{advice: refresher_overdue, min: 3}", "33¶2: /items/1/advice/0: min: means nothing to refresher_overdue"},
	{"advice measured by a word", cq + "art15.yaml", "min: {reading: min_team_without_officer}", "min: few", "15(1): team_without_officer: min and max are numbers, or a reading that is one"},
	{"advice measured by a reading of words", cq + "art15.yaml", "min: {reading: min_team_without_officer}", "min: {reading: recording_unknown}", "15(1): team_without_officer: min and max are numbers, or a reading that is one"},

	{"act without a name in English", cq + "acts.yaml", "patrol: {zh: 巡逻, en: patrol}", "patrol: {zh: 巡逻}", "/acts/patrol: en: required"},
	{"act without names", cq + "acts.yaml", "patrol: {zh: 巡逻, en: patrol}", "patrol: {}", "/acts/patrol: zh: required"},
	{"rulebook without a title", cq + "instrument.yaml", "title:\n  zh: 重庆市公安机关警务辅助人员条例\n  en: Chongqing Municipality Regulations on Auxiliary Police of Public Security Organs\n", "", "/: title: required"},
	{"rulebook with half a title", cq + "instrument.yaml", "  en: Chongqing Municipality Regulations on Auxiliary Police of Public Security Organs\n", "", "/title: want zh and en"},
	{"rulebook of no layer", cq + "instrument.yaml", "layer: city\n", "", "/: layer: required"},
}

// aLine is where a problem stands in its file; these tests look for the item and the key.
var aLine = regexp.MustCompile(`line \d+: `)

func TestRulebooksThatWouldRuleWronglyAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range flaws {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := embedded(t)
			lawtest.Change(t, files, c.file, c.old, c.text)
			_, err := law.Load(files)
			var bad *law.BadRulebook
			want := c.want
			if !strings.Contains(want, ".yaml: ") { // found where it was spoiled
				want = c.file + ": " + want
			}
			if !errors.As(err, &bad) || !strings.Contains(aLine.ReplaceAllString(err.Error(), ""), want) {
				t.Fatalf("got %v\nwant %s", err, want)
			}
		})
	}
}

// An overlay that lets auxiliaries carry what the base denies changes nothing: the strictest wins.
func TestAnOverlayDoesNotArmAnybody(t *testing.T) {
	t.Parallel()
	files := embedded(t)
	lawtest.Change(t, files, procedure+"art52.yaml", toForbid,
		"  - item: \"52¶1\"\n    kind: equips\n    equipment: [{class: weapon, use: [carry], verdict: allow}]\n")
	lawtest.Change(t, files, procedure+"art52.yaml", "{obligation: min_officers, officers: 2, acts: [public-security-inspection], when: {case_kind: [administrative]}}", "{obligation: status}")
	f := orderly("patrol", false)
	f.Auxiliaries[0].Equipment = []law.EquipmentItem{{Class: law.EquipmentWeapon, Item: "pistol"}}
	v, err := loaded(t, files, "cq-2021", nil).Decide(f)
	if err != nil || v.Outcome != law.Prohibited || v.Citation != "cq-2021 18" {
		t.Errorf("%+v %v", v, err)
	}
}

// Where an overlay keeps a list of its own, restraint equipment stands on both lists, and people who carry what only one of them
// names do not look alike.
func TestEveryListCounts(t *testing.T) {
	t.Parallel()
	files := embedded(t)
	lawtest.Change(t, files, procedure+"art58.yaml", "[{obligation: guard_named, acts: [protective-restraint-drunk]}]",
		"[{obligation: guard_named, acts: [protective-restraint-drunk]}]\n    equipment: [{class: restraint, use: [carry], list: \"strap,rope\"}]")
	book := loaded(t, files, "cq-2021", map[string]string{"restraint_list": "strap,net"})
	f := orderly("patrol", false)
	screen := book.Screen(question("patrol"))
	for item, want := range map[string]string{"strap": "cq-2021 15(1)", "net": "national-admin-procedure 58¶2", "rope": "cq-2021 18"} {
		f.Auxiliaries[0].Equipment = []law.EquipmentItem{{Class: law.EquipmentRestraint, Item: item}}
		v, err := book.Decide(f)
		seen, err2 := screen.Verdict(&f.Auxiliaries[0])
		if err != nil || err2 != nil || v.Outcome.Lawful() != (item == "strap") || !v.Outcome.Lawful() && (v.Citation != want || seen.Citation != want) {
			t.Errorf("%s: %+v, screened %+v, %v %v", item, v, seen, err, err2)
		}
	}
}

// An exception may leave the emergency to the approver, too; then nothing says that the work may go ahead.
func TestAnExceptionMayLeaveTheEmergencyToAPerson(t *testing.T) {
	t.Parallel()
	files := embedded(t)
	lawtest.Change(t, files, cq+"art19.yaml", "emergency: conditional", "emergency: needs_human")
	f := orderly("rescue", false)
	f.Tags, f.Emergency = law.TagCounterTerrorism, true
	v, err := loaded(t, files, "cq-2021", nil).Decide(f)
	if err != nil || v.Outcome != law.NeedsHuman || v.Remedy != "ask_approver" || strings.Contains(v.Message.EN, "go ahead") {
		t.Errorf("%+v %v", v, err)
	}
}

// Of several editions the newest quotes the source text, ended or not; the older ones have their own words.
func TestTheNewestEditionQuotesTheSource(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ older, newer, want string }{
		{"应当", "", ""},
		{"", "应当", "cq-2021/art22b.yaml: the words differ from the source text"},
	} {
		files := embedded(t)
		second := strings.Replace(string(files[cq+"art22.yaml"].Data), "effective_from: 2021-09-01", "effective_from: 2024-01-01\neffective_to: 2025-01-01", 1)
		files[cq+"art22b.yaml"] = &fstest.MapFile{Data: []byte(second)}
		lawtest.Change(t, files, cq+"art22.yaml", "effective_from: 2021-09-01", "effective_from: 2021-09-01\neffective_to: 2024-01-01")
		lawtest.Change(t, files, cq+"art22.yaml", "由辅警所在的", c.older+"由辅警所在的")
		lawtest.Change(t, files, cq+"art22b.yaml", "由辅警所在的", c.newer+"由辅警所在的")
		_, err := law.Load(files)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("want %q, got %v", c.want, err)
		}
	}
}
