package app_test

import (
	"testing"

	"github.com/dutybound/dutybound/internal/duty"
)

// refusal is one way in which the law refuses, and what the ruling says would cure it.
type refusal struct {
	name                   string
	outcome, cites, remedy string
	refused, cured         func(u *unit, task string) reply
	comes                  func(*unit) string
}

var none = func(*unit) string { return "" }

func sentLed(u *unit) string {
	task := u.dispatcher.sends(led(order("stop-and-question", u.member, u.colleague), u.lead))
	ready(task, u.member, u.colleague)
	return task
}

func starting(u *unit, task string) reply { return u.member.step(task, "start", saying()) }

func presence(u *unit, by *hand, task, value string) {
	by.observes(object{"subject": u.lead.person, "fact": "presence", "value": value, "task": task})
}

var refusals = []refusal{
	{
		"training of another post", "unmet", "cq-2021 33¶1", "complete_training",
		func(u *unit, _ string) reply {
			return u.dispatcher.post("/v1/tasks", order("patrol", u.otherPost("facility")))
		},
		func(u *unit, _ string) reply {
			return u.dispatcher.post("/v1/tasks", order("patrol", u.otherPost("patrol")))
		}, none,
	},
	{
		"a clerk on patrol", "outside_scope", "cq-2021 15(1)", "choose_field_auxiliary",
		func(u *unit, _ string) reply { return u.dispatcher.post("/v1/tasks", order("patrol", u.clerk())) },
		func(u *unit, _ string) reply { return u.dispatcher.post("/v1/tasks", order("patrol", u.auxiliary())) }, none,
	},
	{
		"an act of Art. 19", "prohibited", "cq-2021 19¶1(3)", "assign_police_officer",
		func(u *unit, _ string) reply {
			return u.dispatcher.post("/v1/tasks", led(order("accident-liability-determination", u.member), u.lead))
		},
		func(u *unit, _ string) reply {
			return u.dispatcher.post("/v1/tasks", order("minor-accident-guidance", u.member))
		}, none,
	},
	{
		"no lead", "unmet", "cq-2021 16(2)", "name_lead_officer",
		func(u *unit, _ string) reply {
			return u.dispatcher.post("/v1/tasks", order("stop-and-question", u.member))
		},
		func(u *unit, _ string) reply {
			return u.dispatcher.post("/v1/tasks", led(order("stop-and-question", u.member), u.lead))
		}, none,
	},
	{
		"two leads", "unmet", "cq-2021 16(2)", "name_one_lead_officer",
		func(u *unit, _ string) reply {
			return u.dispatcher.post("/v1/tasks", led(order("stop-and-question", u.member), u.lead, u.otherLead))
		},
		func(u *unit, _ string) reply {
			return u.dispatcher.post("/v1/tasks", led(order("stop-and-question", u.member), u.otherLead))
		}, none,
	},
	{
		"a lead of the sister station", "unmet", "cq-2021 16(2)", "name_lead_officer",
		func(u *unit, _ string) reply {
			sister := u.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
			return u.districtHead().post("/v1/tasks", led(order("stop-and-question", u.member), sister))
		},
		func(u *unit, _ string) reply {
			return u.districtHead().post("/v1/tasks", led(order("stop-and-question", u.member), u.lead))
		}, none,
	},
	{
		"a lead of whom nobody says that he is on duty", "needs_human", "cq-2021 16(2)", "confirm_lead_officer",
		func(u *unit, _ string) reply {
			return u.dispatcher.post("/v1/tasks", unsaid(led(order("stop-and-question", u.member), u.lead)))
		},
		func(u *unit, _ string) reply {
			u.lead.observes(said("on_duty", "yes"))
			return u.dispatcher.post("/v1/tasks", unsaid(led(order("stop-and-question", u.member), u.lead)))
		}, none,
	},
	{
		"a lead on the way", "unmet", "cq-2021 16(2)", "bring_lead_officer",
		func(u *unit, task string) reply {
			presence(u, u.lead, task, "en_route")
			return starting(u, task)
		},
		func(u *unit, task string) reply {
			u.lead.arrives(task, u.member)
			return starting(u, task)
		}, sentLed,
	},
	{
		"a lead whom a member does not see", "unmet", "cq-2021 16(2)", "bring_lead_officer",
		func(u *unit, task string) reply {
			presence(u, u.member, task, "absent")
			presence(u, u.lead, task, "present") // his own word alone keeps nobody on the scene
			return starting(u, task)
		},
		func(u *unit, task string) reply {
			presence(u, u.member, task, "present")
			return starting(u, task)
		}, sentLed,
	},
	{
		"a lead who was suspended meanwhile", "unmet", "cq-2021 16(2)", "name_lead_officer",
		func(u *unit, task string) reply {
			u.lead.arrives(task, u.member)
			u.setStatus(u.lead, "suspended")
			return starting(u, task)
		},
		func(u *unit, task string) reply {
			u.dispatcher.step(task, "lead", object{"officer": u.otherLead.person, "on_duty": "yes"}).want(200)
			u.otherLead.arrives(task, u.member)
			return starting(u, task)
		}, sentLed,
	},
	{
		"one who was suspended starts himself", "unmet", "cq-2021 37", "replace_auxiliary",
		func(u *unit, task string) reply {
			u.lead.arrives(task, u.member)
			u.setStatus(u.member, "suspended")
			return starting(u, task)
		},
		func(u *unit, task string) reply {
			u.setStatus(u.member, "active")
			return starting(u, task)
		}, sentLed,
	},
	{
		"a camera that is off", "unmet", "cq-2021 17(2)", "start_recording",
		func(u *unit, task string) reply {
			u.lead.arrives(task, u.member)
			return u.member.step(task, "start", saying(said("recording", "off")))
		},
		func(u *unit, task string) reply { return u.member.step(task, "start", saying(said("recording", "on"))) }, sentLed,
	},
}

// otherPost is an auxiliary trained for one post only.
func (u *unit) otherPost(post string) *hand {
	u.t.Helper()
	return u.hire(newcomer{class: duty.FieldAuxiliary, organ: riverside, role: duty.RoleAuxiliary, posts: []string{post}})
}

func (u *unit) districtHead() *hand {
	u.t.Helper()
	return u.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleStationHead})
}

// unsaid leaves it to the officers themselves whether they are on duty.
func unsaid(order object) object {
	for _, officer := range order["officers"].([]object) {
		delete(officer, "on_duty")
	}
	return order
}

// What the law refuses for a reason of its own, and the cure that the ruling names.
func TestWhatTheLawRefusesItSaysHowToCure(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for _, r := range refusals {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			u := newUnit(o.in(t))
			task := r.comes(u)
			refused := r.refused(u, task)
			u.refusedAndKept(refused, task, flaw{outcome: r.outcome, cites: r.cites, remedy: r.remedy})
			if cured := r.cured(u, task); cured.status != 200 && cured.status != 201 {
				t.Errorf("not cured: %.400s", cured.raw)
			}
		})
	}
}
