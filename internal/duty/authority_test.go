package duty_test

import (
	"testing"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
)

const (
	district duty.Path = "500000000000/500103000000/"
	stationA duty.Path = "500000000000/500103000000/500103550000/"
	stationB duty.Path = "500000000000/500103000000/500103560000/"
	squadA1  duty.Path = "500000000000/500103000000/500103550000/500103550000-1/"
)

func holding(role duty.Role, path duty.Path) duty.Actor {
	return duty.Actor{Organ: duty.Organ{Path: path}, Grants: []duty.Grant{{Role: role, Path: path}}}
}

// TestForeignAndMissingLookTheSame: what an actor cannot see is answered exactly like what does not exist (I4).
func TestForeignAndMissingLookTheSame(t *testing.T) {
	t.Parallel()
	for _, role := range duty.Roles {
		actor := holding(role, stationA)
		for _, p := range []duty.Permission{duty.ViewTask, duty.DispatchTask, duty.ActOnTask, duty.ReadHistory} {
			err := duty.Authorise(actor, p, duty.Target{Path: stationB}, duty.ViewTask)
			if fault.KindOf(err) != fault.NotFound {
				t.Errorf("%s asking %s of a sister station: %v, want not found", role, p, err)
			}
		}
	}
}

// TestSeenButNotPermittedIsForbidden: a viewer sees a task and may not cancel it, and is told so.
func TestSeenButNotPermittedIsForbidden(t *testing.T) {
	t.Parallel()
	for _, role := range []duty.Role{duty.RoleViewer, duty.RoleAuditor, duty.RoleLegal} {
		err := duty.Authorise(holding(role, district), duty.DispatchTask, duty.Target{Path: squadA1}, duty.ViewTask)
		if fault.KindOf(err) != fault.Forbidden {
			t.Errorf("%s dispatching: %v, want forbidden", role, err)
		}
	}
}

// TestAuxiliariesReachOnlyTheirOwn: an auxiliary acts on tasks they are part of, in their own station and out of it.
func TestAuxiliariesReachOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	actor := holding(duty.RoleAuxiliary, stationA)
	if actor.Can(duty.ViewTask, duty.Target{Path: stationA}) {
		t.Error("an auxiliary sees a colleague's task")
	}
	if !actor.Can(duty.ActOnTask, duty.Target{Path: stationB, Own: true}) {
		t.Error("an auxiliary lent to another station cannot act on the task there")
	}
	if actor.Can(duty.DispatchTask, duty.Target{Path: stationA, Own: true}) {
		t.Error("an auxiliary dispatches")
	}
}

func TestLeadsOfATaskDoNotDispatchElsewhere(t *testing.T) {
	t.Parallel()
	actor := holding(duty.RoleOfficer, stationA)
	foreign := duty.Target{Path: stationB, Own: true}
	if !actor.Can(duty.ViewTask, foreign) || !actor.Can(duty.HandOverLead, foreign) {
		t.Error("an officer leading a task of another organ cannot see it or hand it over")
	}
	if actor.Can(duty.DispatchTask, foreign) {
		t.Error("leading a task of another organ gave the right to dispatch there")
	}
}

func TestSubtreesArePrefixesOfWholeCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, root duty.Path
		want       bool
	}{
		{squadA1, stationA, true},
		{stationA, stationA, true},
		{stationA, squadA1, false},
		{stationB, stationA, false},
		{"500000000000/5001030000001/", "500000000000/500103000000/", false},
		{stationA, "", false},
	} {
		if got := c.path.Within(c.root); got != c.want {
			t.Errorf("%q within %q: %t, want %t", c.path, c.root, got, c.want)
		}
	}
}

// TestNobodyInDangerNeedsAGrant: whoever is signed in calls for help and answers such calls, and reaches nobody else's by it.
func TestNobodyInDangerNeedsAGrant(t *testing.T) {
	t.Parallel()
	nobody := duty.Actor{Organ: duty.Organ{Path: stationA}}
	for _, p := range []duty.Permission{duty.RaiseAlarm, duty.ViewAlarm, duty.AnswerAlarm, duty.CloseAlarm} {
		if !nobody.Holds(p) || !nobody.Can(p, nobody.Self()) {
			t.Errorf("%s needs a grant", p)
		}
		if nobody.Can(p, duty.Target{Path: stationA}) || len(nobody.Reach(p)) != 0 {
			t.Errorf("%s reaches another's", p)
		}
	}
	if nobody.Holds(duty.OwnAccount) || nobody.Can(duty.AnswerCheck, nobody.Self()) {
		t.Error("without a grant there is more than calling for help")
	}
}
