package law_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/law"
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
}

func TestRulebooksThatWouldRuleWronglyAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range flaws {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := embedded(t)
			change(t, files, c.file, c.old, c.text)
			_, err := law.Load(files)
			var bad *law.BadRulebook
			if want := c.file + ": " + c.want; !errors.As(err, &bad) || !strings.Contains(err.Error(), want) {
				t.Fatalf("got %v\nwant %s", err, want)
			}
		})
	}
}

// An overlay that lets auxiliaries carry what the base denies changes nothing: the strictest wins.
func TestAnOverlayDoesNotArmAnybody(t *testing.T) {
	t.Parallel()
	files := embedded(t)
	change(t, files, procedure+"art52.yaml", toForbid,
		"  - item: \"52¶1\"\n    kind: equips\n    equipment: [{class: weapon, use: [carry], verdict: allow}]\n")
	change(t, files, procedure+"art52.yaml", "{obligation: min_officers, officers: 2, acts: [public-security-inspection], when: {case_kind: [administrative]}}", "{obligation: status}")
	f := orderly("patrol", false)
	f.Auxiliaries[0].Equipment = []law.EquipmentItem{{Class: law.EquipmentWeapon, Item: "pistol"}}
	v, err := loaded(t, files, "cq-2021", nil).Decide(f)
	if err != nil || v.Outcome != law.Prohibited || v.Citation != "cq-2021 18" {
		t.Errorf("%+v %v", v, err)
	}
}
