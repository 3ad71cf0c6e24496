package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

// unit is a dispatcher with a member who acts, and a colleague who will be found unfit.
type unit struct {
	*office
	dispatcher, member, colleague, spare, lead, otherLead, personnel *hand
}

func newUnit(o *office) *unit {
	return &unit{
		office: o, dispatcher: o.officer(), member: o.auxiliary(), colleague: o.auxiliary(), spare: o.auxiliary(),
		lead: o.officer(), otherLead: o.officer(), personnel: o.personnel(),
	}
}

func (u *unit) change(sql string, args ...any) {
	u.t.Helper()
	if _, err := u.sql.Exec(u.t.Context(), sql, args...); err != nil {
		u.t.Fatal(err)
	}
}

func (u *unit) setStatus(who *hand, status string) {
	u.t.Helper()
	u.personnel.ask("PUT", "/v1/people/"+who.person.String()+"/status", object{"status": status, "reason": "试验"}, nil).want(200)
	testkit.Wait(u.t, "their tasks to have heard of it", func() bool {
		return u.count(`SELECT count(*) FROM river_job WHERE kind = 'concern' AND finalized_at IS NULL`) == 0
	})
}

// flaw is what makes the colleague unfit, one for each class of refusal, and what cures it.
type flaw struct {
	outcome, cites, remedy string
	spoil, cure            func(*unit)
}

var flaws = []flaw{
	{"prohibited", "cq-2021 18", "hand_in_equipment", func(u *unit) {
		u.change(`INSERT INTO equipment (person_id, class, item) VALUES ($1, 'weapon', '手枪')`, u.colleague.person)
	}, func(u *unit) {
		u.change(`DELETE FROM equipment WHERE person_id = $1`, u.colleague.person)
	}},
	{"outside_scope", "cq-2021 37", "replace_auxiliary", func(u *unit) { u.setStatus(u.colleague, "separated") }, reinstate},
	{"unmet", "cq-2021 37", "replace_auxiliary", func(u *unit) { u.setStatus(u.colleague, "suspended") }, reinstate},
	{"needs_human", "cq-2021 37", "confirm_status", func(u *unit) {
		u.change(`UPDATE person SET status = 'unknown' WHERE id = $1`, u.colleague.person)
	}, reinstate},
}

func reinstate(u *unit) { u.setStatus(u.colleague, "active") }

// passage is a step that the law may refuse: how a unit comes to it, and the step itself, sent as often as it is called.
type passage struct {
	name  string
	comes func(*unit) (task string) // none for a dispatch
	steps func(u *unit, task string) reply
}

var passages = []passage{
	{
		"dispatch", func(*unit) string { return "" },
		func(u *unit, _ string) reply {
			return u.dispatcher.post("/v1/tasks", order("patrol", u.member, u.colleague))
		},
	},
	{
		"accept", func(u *unit) string { return u.dispatcher.sends(order("patrol", u.member, u.colleague)) },
		func(u *unit, task string) reply { return u.member.step(task, "accept", nil) },
	},
	{"accept while it goes on", func(u *unit) string {
		task := u.dispatcher.begun(u.colleague)
		u.dispatcher.step(task, "reassign", object{"add": members(u.member)}).want(200)
		u.member.observes(dressed()...)
		return task
	}, func(u *unit, task string) reply { return u.member.step(task, "accept", nil) }},
	{"start", func(u *unit) string {
		task := u.dispatcher.sends(order("patrol", u.member, u.colleague))
		ready(task, u.member, u.colleague)
		return task
	}, func(u *unit, task string) reply { return u.member.step(task, "start", saying()) }},
	{"resume", func(u *unit) string {
		task := u.dispatcher.begun(u.member, u.colleague)
		u.member.step(task, "pause", because("避雨")).want(200)
		return task
	}, func(u *unit, task string) reply { return u.member.step(task, "resume", saying()) }},
	{
		"reassign", func(u *unit) string { return u.dispatcher.sends(order("patrol", u.member)) },
		func(u *unit, task string) reply {
			return u.dispatcher.step(task, "reassign", object{"add": members(u.colleague)})
		},
	},
	{
		"reassign while it goes on", func(u *unit) string { return u.dispatcher.begun(u.member, u.colleague, u.spare) },
		func(u *unit, task string) reply {
			return u.dispatcher.step(task, "reassign", object{"remove": []any{u.spare.person}})
		},
	},
	{
		"name lead", func(u *unit) string { return u.dispatcher.sends(led(order("patrol", u.member, u.colleague), u.lead)) },
		func(u *unit, task string) reply {
			return u.dispatcher.step(task, "lead", object{"officer": u.otherLead.person, "on_duty": "yes"})
		},
	},
	{"name lead while it goes on", func(u *unit) string {
		task := u.dispatcher.sends(led(order("stop-and-question", u.member, u.colleague), u.lead))
		ready(task, u.member, u.colleague)
		u.lead.arrives(task, u.member)
		u.member.step(task, "start", saying()).want(200)
		u.dispatcher.step(task, "lead", object{"officer": u.otherLead.person, "on_duty": "yes"}).want(422) // not there yet
		return task
	}, func(u *unit, task string) reply {
		return u.lead.step(task, "lead", object{"officer": u.lead.person, "on_duty": "yes"})
	}},
}

// Each class of refusal at each step that the law can refuse: the ruling comes with the refusal and is kept, the attempt is an
// event in the record and on the feed, nothing else has changed, and what the ruling says would cure it does.
func TestTheLawRefusesAtEveryStep(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	screen := o.watch(o.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleViewer}), 0)
	for _, p := range passages {
		for _, f := range flaws {
			t.Run(p.name+" "+f.outcome, func(t *testing.T) {
				u := newUnit(o.in(t))
				task := p.comes(u)
				f.spoil(u)
				before := u.standing(task)
				refused := p.steps(u, task)
				u.refusedAndKept(refused, task, f)
				if after := u.standing(task); after != before {
					t.Errorf("the task has changed:\n%s\n%s", before, after)
				}
				screen.shows(t, refused.text("ruling", "id"))
				f.cure(u)
				if again := p.steps(u, task); again.status != 200 && again.status != 201 {
					t.Errorf("not cured: %.400s", again.raw)
				}
			})
		}
	}
	o.sound()
}

// standing is a task without what every event raises.
func (u *unit) standing(task string) (doc string) {
	u.t.Helper()
	if task == "" {
		return ""
	}
	u.must(u.sql.QueryRow(u.t.Context(), `SELECT (doc - 'version')::text FROM task WHERE id = $1`, task).Scan(&doc))
	return doc
}

// refusedAndKept holds a refusal to its words and to what is on record of it.
func (u *unit) refusedAndKept(r reply, task string, f flaw) {
	u.t.Helper()
	r.want(422)
	if r.text("code") != "refused_by_law" || r.text("ruling", "outcome") != f.outcome || r.at("ruling", "lawful") != false || !r.cites(f.cites) {
		u.t.Fatalf("not %s by %s: %.600s", f.outcome, f.cites, r.raw)
	}
	if remedies := r.each("code", "ruling", "remedies"); len(remedies) == 0 || remedies[0] != f.remedy {
		u.t.Errorf("remedies %v, want %s", remedies, f.remedy)
	}
	var outcome, kind string
	var about *string
	u.must(u.sql.QueryRow(u.t.Context(), `SELECT r.outcome, e.kind, e.task_id::text FROM ruling r JOIN event e ON e.id = r.event_id
		WHERE r.id = $1 AND e.body::json ->> 'ruling' = r.id::text`, r.text("ruling", "id")).Scan(&outcome, &kind, &about))
	want := "task.refused"
	if task == "" {
		want = "dispatch.refused"
	}
	if outcome != f.outcome || kind != want || (about == nil) != (task == "") {
		u.t.Errorf("kept as %s in %s", outcome, kind)
	}
	if task != "" {
		u.recorded(r, task)
	}
}

// recorded finds the refusal at the end of the task's history, ruling and all; what a person must settle is asked of the approver
// right after it.
func (u *unit) recorded(r reply, task string) {
	u.t.Helper()
	history := u.dispatcher.history(task)
	events, rulings := history.at("events").([]any), history.at("rulings").([]any)
	if r.text("ruling", "outcome") == "needs_human" {
		if asked := events[len(events)-1].(object); asked["kind"] != "approval.requested" {
			u.t.Errorf("nobody is asked: the record ends with %v", asked)
		}
		events = events[:len(events)-1]
	}
	last, ruled := events[len(events)-1].(object), rulings[len(rulings)-1].(object)
	if last["kind"] != "task.refused" || last["body"].(object)["ruling"] != r.text("ruling", "id") {
		u.t.Errorf("the record ends with %v", last)
	}
	if ruled["ruling"].(object)["id"] != r.text("ruling", "id") || len(ruled["facts"].(object)) == 0 {
		u.t.Errorf("the last ruling on record is %v", ruled)
	}
}

// A stale statement counts for nothing: what was said once must be said again, with the command if need be.
func TestAStaleStatementIsNoStatement(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t, func(c *app.Config) { c.RecordingFreshness, c.StatementFreshness = time.Nanosecond, time.Nanosecond }))
	task := u.dispatcher.sends(order("patrol", u.member))
	ready(task, u.member)
	u.refusedAndKept(starting(u, task), task, flaw{outcome: "needs_human", cites: "cq-2021 17(1)", remedy: "confirm_uniform"})
	u.member.step(task, "start", saying(dressed()...)).want(200)
}

// A camera that has not been heard of for too long is neither on nor off: where the law makes the recording a condition, somebody
// has to look.
func TestAStaleCameraIsUnknown(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t, func(c *app.Config) { c.RecordingFreshness = time.Nanosecond }))
	administrative := order("incident-handling", u.member, u.colleague)
	administrative["case_kind"] = "administrative"
	task := u.dispatcher.sends(led(administrative, u.lead))
	ready(task, u.member, u.colleague)
	u.lead.arrives(task, u.member)
	u.refusedAndKept(starting(u, task), task, flaw{outcome: "needs_human", cites: "national-admin-procedure 52¶2", remedy: "confirm_recording"})
	on := []object{said("recording", "on"), said("recording", "on")}
	on[0]["subject"], on[1]["subject"] = u.member.person, u.colleague.person
	u.lead.step(task, "start", saying(on...)).want(200) // the lead answers for the people led
}

// Who was separated is signed out at once, and comes in again only when that was taken back.
func TestWhoIsSeparatedIsSignedOut(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := u.dispatcher.sends(order("patrol", u.member))
	u.setStatus(u.member, "separated")
	for _, path := range []string{"/v1/me", "/v1/tasks/" + task} {
		u.member.get(path).want(401)
	}
	u.member.step(task, "accept", nil).want(401)
	if state := u.dispatcher.get("/v1/tasks/"+task).want(200).text("task", "members", 0, "state"); state != "dispatched" {
		t.Errorf("the member has %s", state)
	}
}

// What goes wrong in the course of the work is not refused. It is a violation, until it is lawful again.
func TestWorkThatLosesItsLeadIsAViolation(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := sentLed(u)
	u.lead.arrives(task, u.member)
	starting(u, task).want(200)
	stood := u.dispatcher.get("/v1/tasks/"+task).text("task", "standing_ruling")
	presence(u, u.lead, task, "absent")
	presence(u, u.lead, task, "absent") // said again: no news
	view := u.dispatcher.get("/v1/tasks/" + task).want(200)
	if view.text("task", "state") != "started" || view.text("task", "standing_ruling") != stood || view.text("task", "latest_outcome") != "unmet" {
		t.Errorf("the task stands so: %.600s", view.raw)
	}
	presence(u, u.lead, task, "present")
	kinds := u.dispatcher.history(task).each("kind", "events")
	want := []string{
		"task.started", "lead.led", "fact.changed", "lead.lost", "lead.fallback", "task.violation", "fact.changed", "lead.led", "task.lawful_again",
	}
	if got := kinds[len(kinds)-len(want):]; !slices.Equal(got, want) {
		t.Errorf("the record ends with %v, want %v", got, want)
	}
	u.sound()
}

// A no is an answer: it costs nothing, and the work is left to those who said yes.
func TestADeclineLeavesTheWorkToOthers(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := u.dispatcher.sends(order("patrol", u.member, u.colleague))
	declined := u.colleague.step(task, "decline", because("刚下夜班")).want(200)
	if declined.text("task", "members", 1, "state") != "declined" || declined.text("task", "members", 1, "reason") != "刚下夜班" {
		t.Errorf("declined: %s", declined.raw)
	}
	u.colleague.step(task, "accept", nil).want(409)
	ready(task, u.member)
	starting(u, task).want(200)
	for verb, body := range map[string]object{"pause": because("我没去"), "finish": {"report": "我没去"}} {
		if no := u.colleague.step(task, verb, body).want(409); no.text("code") != "not_accepted" {
			t.Errorf("%s by one who declined: %s", verb, no.raw)
		}
	}
	u.member.step(task, "finish", object{"report": "无异常"}).want(200)
}
