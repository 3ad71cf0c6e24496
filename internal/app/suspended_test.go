package app_test

import "testing"

// Whoever is suspended signs in, sees what concerns them and says what they know. They send nobody, direct no work, watch nothing and
// change nobody's status, least of all their own.
func TestWhoIsSuspendedHoldsNoPower(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := u.dispatcher.sends(led(order("stop-and-question", u.member, u.colleague), u.lead))
	ready(task, u.member, u.colleague)
	own := func(h *hand, status string) reply {
		return h.ask("PUT", "/v1/people/"+h.person.String()+"/status", object{"status": status, "reason": "自行恢复"}, nil)
	}
	personnel := u.personnel
	own(personnel, "suspended").want(200)
	if r := own(personnel, "active"); r.status != 404 {
		t.Errorf("reinstated by himself: %s", r.raw)
	}
	u.personnel = u.office.personnel()
	u.setStatus(u.dispatcher, "suspended")
	u.setStatus(u.lead, "suspended")

	for what, r := range map[string]reply{
		"dispatches":       u.dispatcher.post("/v1/tasks", order("patrol", u.spare)),
		"lists candidates": u.dispatcher.get("/v1/candidates?acts=patrol"),
		"reads the roster": u.dispatcher.get("/v1/people"),
		"cancels":          u.dispatcher.step(task, "cancel", because("误报")),
		"watches":          u.dispatcher.post("/v1/feed/tickets", nil),
		"starts work":      u.lead.step(task, "start", saying()),
		"hands over":       u.lead.step(task, "lead", object{"officer": u.otherLead.person, "on_duty": "yes"}),
	} {
		if r.status != 403 {
			t.Errorf("suspended, one %s: %d %s", what, r.status, r.raw)
		}
	}
	u.lead.get("/v1/me").want(200)
	u.lead.get("/v1/tasks/" + task).want(200)
	u.lead.observes(object{"subject": u.lead.person, "fact": "presence", "value": "absent", "task": task})
	u.setStatus(u.dispatcher, "active")
	u.dispatcher.sends(order("patrol", u.spare))
	u.sound()
}
