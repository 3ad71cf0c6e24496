package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/duty"
)

// pair is led work whose second officer does not lead, ordered by the district, where neither of them may dispatch.
func pair(u *unit) string {
	u.t.Helper()
	work := led(order("stop-and-question", u.member), u.lead)
	work["officers"] = append(work["officers"].([]object), object{"person": u.otherLead.person, "on_duty": "yes"})
	task := u.districtHead().sends(work)
	ready(task, u.member)
	u.lead.arrives(task, u.member)
	return task
}

// A lead hands over his own lead and nobody else's; work that goes on is handed to an officer who is there.
func TestALeadHandsOverHisOwnLead(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := pair(u)
	to := func(who *hand) object { return object{"officer": who.person, "on_duty": "yes"} }
	if no := u.otherLead.step(task, "lead", to(u.otherLead)).want(403); no.text("code") != "not_the_lead" {
		t.Errorf("refused as %s", no.raw)
	}
	starting(u, task).want(200)
	u.lead.step(task, "lead", to(u.otherLead)).want(422) // not there
	u.otherLead.arrives(task, u.member)
	handed := u.lead.step(task, "lead", to(u.otherLead)).want(200)
	if handed.at("task", "officers", 0, "lead") != false || handed.at("task", "officers", 1, "lead") != true {
		t.Errorf("handed over: %s", handed.raw)
	}
	u.lead.step(task, "lead", to(u.lead)).want(403)
	u.sound()
}

// Sight alone sends nobody: whoever is sent is within the reach of the permission to dispatch.
func TestWhoIsOnlySeenIsNotSent(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	dispatcher := o.officer()
	abroad := o.hire(newcomer{class: duty.FieldAuxiliary, organ: hillside, role: duty.RoleAuxiliary, posts: fieldPosts})
	if _, err := o.sql.Exec(t.Context(), `INSERT INTO authority (person_id, role, organ_id, path)
		SELECT $1, $2, id, path FROM organ WHERE code = $3`, dispatcher.person, duty.RoleViewer, district); err != nil {
		t.Fatal(err)
	}
	dispatcher.get("/v1/people/" + abroad.person.String()).want(200)
	refused := dispatcher.post("/v1/tasks", order("patrol", abroad)).want(400)
	if refused.text("errors", 0, "field") != "body/members/0/person" {
		t.Errorf("refused: %s", refused.raw)
	}
}

// Orders are given for one's own organ. Whoever may dispatch only elsewhere is told so.
func TestAnOrderIsGivenForOnesOwnOrgan(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	guest := o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer, scope: riverside})
	if no := guest.post("/v1/tasks", order("patrol", o.auxiliary())).want(403); no.text("code") != "not_your_organ" {
		t.Errorf("refused as %s", no.raw)
	}
}

// What the law cannot rule on is pointed at.
func TestAnUnknownActIsPointedAt(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	two := order("patrol", u.member)
	two["acts"] = []string{"patrol", "patroll"}
	partly := order("patrol", u.member, u.colleague)
	partly["members"].([]object)[1]["acts"] = []string{"traffic-direction"}
	for field, work := range map[string]object{"body/acts/1": two, "body/members/1/acts/0": partly} {
		refused := u.dispatcher.post("/v1/tasks", work).want(400)
		if got := refused.text("errors", 0, "field"); got != field || strings.Contains(refused.text("errors", 0, "message"), "reassign") {
			t.Errorf("%s: %s", field, refused.raw)
		}
	}
}

// A statement that is too old to count is shown as what it counts for.
func TestAStaleStatementIsShownAsUnknown(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t, func(c *app.Config) { c.RecordingFreshness = time.Nanosecond }))
	task := u.dispatcher.sends(order("patrol", u.member))
	u.member.observes(dressed()...)
	shown := map[string]object{}
	for _, o := range u.dispatcher.get("/v1/tasks/" + task).at("observations").([]any) {
		shown[o.(object)["fact"].(string)] = o.(object)
	}
	if camera := shown["recording"]; camera["value"] != "unknown" || camera["stale"] != true || camera["age_seconds"] == nil {
		t.Errorf("the camera is shown as %v", camera)
	}
	if uniform := shown["uniform"]; uniform["value"] != "yes" || uniform["stale"] != nil {
		t.Errorf("the uniform is shown as %v", uniform)
	}
	if kept := u.dispatcher.history(task).each("value", "observations"); len(kept) != 3 || kept[2] != "on" {
		t.Errorf("on record: %v", kept)
	}
}
