package naive

import (
	"slices"

	"github.com/dutybound/dutybound/internal/law"
)

// cures names what would help where the first thing that comes to mind would not.
func (j *judge) cures(p law.Auxiliary, act string) {
	j.civilianCures(p)
	j.commandCures(p)
	present := j.reading("first_response_without_officer") == "officer_present"
	response := j.article(act) == "15" && j.f.Tags.Has(law.TagFirstResponse) && j.f.Phase != law.Dispatch
	if present && response && p.Role != law.RoleNone && !j.rescued(p, act) && officers(j.f, 1) == law.ObligationUnmet {
		j.remedies["bring_officer"] = true // one who is on the way was sent already
	}
}

// civilianCures: who does what Art. 18 and 17(4) give to field auxiliaries is not replaced by one, whom Art. 14 does not name; the
// thing goes to somebody else, or where a reading leaves it open a person decides.
func (j *judge) civilianCures(p law.Auxiliary) {
	if p.Role != law.RoleCivilian {
		return
	}
	reading := j.reading("civilian_driving")
	if p.Operates != 0 && reading == "deny" || slices.ContainsFunc(p.Equipment, restrains) {
		j.remedies["leave_to_field_auxiliary"] = true
	}
	if p.Operates != 0 && reading == "needs_human" {
		j.remedies["ask_approver"] = true
	}
}

// commandCures: what Art. 17(4) asks of an order for restraint equipment is asked all at once, the record and the officer on the spot.
func (j *judge) commandCures(p law.Auxiliary) {
	order := j.f.Command
	if !used(p) {
		return
	}
	if order != nil && order.Mode == law.ModeCommand && !order.Recorded {
		j.remedies["record_command"] = true
	}
	if j.reading("art17_4_remote_command") == "false" && officers(j.f, 1) == law.ObligationUnmet {
		j.remedies["bring_officer"] = true
	}
}

func restrains(e law.EquipmentItem) bool {
	return e.Class == law.EquipmentRestraint && e.Use != law.UseKeep
}
