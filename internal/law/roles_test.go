package law_test

import (
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/lawtest"
)

// An item may forbid an act to one role that another item permits to the other.
func TestAnItemForbidsToItsRoleOnly(t *testing.T) {
	t.Parallel()
	files := lakeside()
	lawtest.Change(t, files, "lakeside-2020/art201.yaml", "acts: [investigation]", "role: civilian, acts: [investigation, patrol]")
	book := loaded(t, files, "lakeside-2020", nil)
	for _, c := range []struct {
		act    string
		role   law.Role
		want   law.Outcome
		cites  string
		remedy string
	}{
		{"patrol", law.RoleField, law.Permitted, "lakeside-2020 1(1)", ""},
		{"patrol", law.RoleCivilian, law.Prohibited, "lakeside-2020 201", "choose_field_auxiliary"},
		{"patrol", law.RoleNone, law.OutsideScope, "lakeside-2020 1(1)", "choose_field_auxiliary"},
		{"investigation", law.RoleCivilian, law.Prohibited, "lakeside-2020 201", "assign_police_officer"},
		{"investigation", law.RoleField, law.OutsideScope, "lakeside-2020 201", "assign_police_officer"},
		{"investigation", law.RoleNone, law.OutsideScope, "lakeside-2020 201", "assign_police_officer"},
	} {
		f := orderly(c.act, false)
		f.Auxiliaries[0].Role = c.role
		v, err := book.Decide(f)
		if err != nil || v.Outcome != c.want || v.Citation != c.cites || v.Remedy != c.remedy {
			t.Errorf("%s by %s: %+v %v", c.act, c.role, v, err)
		}
	}
	if item, ok := book.PermittingItem("patrol"); !ok || item != "lakeside-2020 1(1)" {
		t.Errorf("patrol stands on %s", item)
	}
	files = lakeside()
	lawtest.Change(t, files, "lakeside-2020/art201.yaml", "acts: [investigation]", "role: field, acts: [investigation, patrol]")
	if _, err := law.Load(files, "lakeside-2020"); err == nil || !strings.Contains(err.Error(), `1(1): act "patrol" is permitted here and prohibited by 201 for one role`) {
		t.Error(err)
	}
}

// What is refused in a time in which the rulebook is in force is never said to be refused because it is not.
func TestNotInForceIsSaidOfWhatIsNotInForce(t *testing.T) {
	t.Parallel()
	book := loaded(t, lakeside(), "lakeside-2020", nil)
	for _, role := range []law.Role{law.RoleNone, law.RoleField, law.RoleCivilian} {
		for _, a := range book.Acts() {
			f := orderly(a.Code, false)
			f.Auxiliaries[0].Role = role
			v, err := book.Decide(f)
			if err != nil || v.Fact == "at=not_in_force" || (v.Remedy == "await_entry_into_force") != (v.Fact == "act=not_in_force") {
				t.Errorf("%s by %s: %+v %v", a.Code, role, v, err)
			}
		}
	}
}
