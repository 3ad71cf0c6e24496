package app_test

import (
	"slices"
	"testing"

	"github.com/dutybound/dutybound/internal/testkit"
)

// goingOn is led work that goes on as it should.
func goingOn(u *unit) string {
	u.t.Helper()
	task := sentLed(u)
	u.lead.arrives(task, u.member)
	starting(u, task).want(200)
	return task
}

// ends holds the record of a task to the kinds of its last events.
func (u *unit) ends(task string, want ...string) {
	u.t.Helper()
	kinds := u.dispatcher.history(task).each("kind", "events")
	if got := kinds[max(0, len(kinds)-len(want)):]; !slices.Equal(got, want) {
		u.t.Errorf("the record ends with %v, want %v", got, want)
	}
}

func (u *unit) times(task, kind string) (n int) {
	u.t.Helper()
	for _, k := range u.dispatcher.history(task).each("kind", "events") {
		if k == kind {
			n++
		}
	}
	return n
}

// Calling somebody in asks the law about the order. It says nothing of the work that goes on, and hides no violation.
func TestCallingSomebodyInHidesNoViolation(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := goingOn(u)
	presence(u, u.lead, task, "absent")
	called := u.dispatcher.step(task, "reassign", object{"add": members(u.spare)}).want(200)
	if called.text("task", "latest_outcome") != "conditional" || called.at("task", "violation") != true {
		t.Errorf("the task stands so: %.600s", called.raw)
	}
	presence(u, u.lead, task, "present")
	u.ends(task, "task.violation", "task.reassigned", "fact.changed", "lead.led", "task.lawful_again")
	u.sound()
}

// What was not seen when it happened is a violation when the law is next asked about the work, whatever made it ask.
func TestAViolationIsFoundWhoeverAsks(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := goingOn(u)
	u.dispatcher.step(task, "reassign", object{"add": members(u.spare)}).want(200)
	u.setStatus(u.colleague, "suspended")
	u.spare.step(task, "acknowledge", nil).want(200)
	presence(u, u.lead, task, "absent") // a second reason is no second violation
	if n := u.times(task, "task.violation"); n != 1 {
		t.Errorf("%d violations on record", n)
	}
	u.setStatus(u.colleague, "active")
	presence(u, u.lead, task, "present")
	if n := u.times(task, "task.lawful_again"); n != 1 {
		t.Errorf("lawful again %d times", n)
	}
}

// A phone that was out of reach tells everything at once; what was wrong in between stays wrong.
func TestEachStatementOfAnUploadIsWeighed(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := goingOn(u)
	said := func(value string) object { return object{"fact": "presence", "value": value, "task": task} }
	u.lead.observes(said("absent"), said("present"))
	u.ends(task,
		"task.started", "lead.led", "fact.changed", "lead.lost", "lead.fallback", "task.violation", "fact.changed", "lead.led", "task.lawful_again")
	u.sound()
}

// Testimony that comes after the end changes nothing about the task and is on record all the same.
func TestLateTestimonyIsOnRecord(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := u.dispatcher.begun(u.member, u.colleague)
	u.member.step(task, "finish", object{"report": "无异常"}).want(200)
	before := u.standing(task)
	off := object{"fact": "recording", "value": "off", "task": task}
	u.member.observes(off)
	u.member.observes(off)
	if after := u.standing(task); after != before {
		t.Errorf("the task has changed:\n%s\n%s", before, after)
	}
	u.ends(task, "task.finished", "recording.changed", "recording.changed")
	history := u.dispatcher.history(task)
	if last := len(history.at("events").([]any)) - 1; history.at("events", last, "body", "late") != true {
		t.Errorf("the last event: %v", history.at("events", last))
	}
	if n := u.count(`SELECT count(*) FROM observation WHERE task_id = $1 AND event_id IS NULL`, task); n != 0 {
		t.Errorf("%d statements are outside the ledger", n)
	}
	u.sound()
}

// Whoever is sent away leaves behind what was observed of them, and may still speak of the time they were there; whoever is called
// in later brings nothing from before.
func TestTestimonyStaysWithTheTask(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := u.dispatcher.begun(u.member, u.colleague)
	u.colleague.observes(said("recording", "off"))
	u.spare.observes(said("uniform", "no"))
	u.dispatcher.step(task, "reassign", object{"remove": []any{u.colleague.person}, "add": members(u.spare)}).want(200)
	u.colleague.observes(said("id_card", "no")) // elsewhere
	u.spare.observes(said("uniform", "plain_clothes_order"))
	seen := map[string]bool{}
	for _, o := range u.dispatcher.history(task).at("observations").([]any) {
		o := o.(object)
		seen[o["subject"].(string)+" "+o["value"].(string)] = true
	}
	for what, want := range map[string]bool{
		u.colleague.person.String() + " off": true, u.colleague.person.String() + " no": false,
		u.spare.person.String() + " no": false, u.spare.person.String() + " plain_clothes_order": true,
	} {
		if seen[what] != want {
			t.Errorf("%s on record: %v, want %v", what, seen[what], want)
		}
	}
	told := u.colleague.observes(
		object{"fact": "recording", "value": "buffering", "task": task}, said("uniform", "yes"))
	if told.at("tasks", 0) != task {
		t.Errorf("weighed for %v", told.at("tasks"))
	}
	u.ends(task, "recording.changed")
	u.colleague.get("/v1/tasks/" + task).want(404)
	u.colleague.get("/v1/tasks/" + task + "/history").want(404)
	u.colleague.step(task, "finish", object{"report": "我没去"}).want(404)
	u.sound()
}

// A witness who has left cannot see whether the lead is there, and holds up nobody.
func TestAWitnessWhoHasLeftIsNotHeard(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := sentLed(u)
	u.lead.arrives(task, u.member)
	presence(u, u.colleague, task, "absent")
	starting(u, task).want(422)
	u.dispatcher.step(task, "reassign", object{"remove": []any{u.colleague.person}}).want(200)
	starting(u, task).want(200)
	presence(u, u.colleague, task, "absent") // kept, and not weighed
	if outcome := u.dispatcher.get("/v1/tasks/"+task).text("task", "latest_outcome"); outcome != "permitted" && outcome != "conditional" {
		t.Errorf("the work is %s", outcome)
	}
}

// A witness who was away and is called in again is heard from then on: not with what they said of the scene while they were away, and
// with the same words once they are there to see it.
func TestAWitnessWhoIsCalledAgainIsHeardFromThenOn(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := sentLed(u)
	u.lead.arrives(task, u.member)
	starting(u, task).want(200)
	u.dispatcher.step(task, "reassign", object{"remove": []any{u.colleague.person}}).want(200)
	presence(u, u.colleague, task, "absent")
	u.dispatcher.step(task, "reassign", object{"add": members(u.colleague)}).want(200)
	u.colleague.observes(said("uniform", "yes"), said("id_card", "yes"), said("recording", "on"))
	u.colleague.step(task, "accept", nil).want(200)
	if n := u.times(task, "task.violation"); n != 0 {
		t.Errorf("%d violations by the word of one who was away", n)
	}
	presence(u, u.colleague, task, "absent")
	u.ends(task, "fact.changed", "lead.lost", "lead.fallback", "task.violation")
	u.sound()
}

// A naming that is refused leaves the ruling behind, and no word about the officer.
func TestARefusedNamingSaysNothingOfTheOfficer(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := sentLed(u)
	u.dispatcher.step(task, "lead", object{"officer": u.otherLead.person, "on_duty": "no"}).want(422)
	if n := u.count(`SELECT count(*) FROM observation WHERE subject = $1`, u.otherLead.person); n != 0 {
		t.Errorf("%d statements about the officer", n)
	}
}

// Two witnesses who each say again what they said before tell nothing new, whether they agree or not.
func TestTwoWitnessesAreNoNews(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := goingOn(u)
	presence(u, u.member, task, "present")
	on := func() object {
		return object{"subject": u.member.person, "fact": "recording", "value": "on", "task": task}
	}
	u.lead.observes(on())
	n := u.times(task, "fact.changed") + u.times(task, "recording.changed")
	for range 2 {
		u.lead.arrives(task, u.member)
		presence(u, u.member, task, "present")
		u.lead.observes(on())
		u.member.observes(on())
	}
	if again := u.times(task, "fact.changed") + u.times(task, "recording.changed"); again != n {
		t.Errorf("%d events more", again-n)
	}
	presence(u, u.member, task, "absent")
	u.ends(task, "fact.changed", "lead.lost", "lead.fallback", "task.violation")
}

// The lead speaks for the people led, marked as such; nobody else speaks for a colleague.
func TestOnlyTheLeadSpeaksForOthers(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := sentLed(u)
	of := func(who *hand) object {
		return object{"subject": who.person, "fact": "recording", "value": "on", "task": task, "observed_at": "2026-03-01T08:00:00Z"}
	}
	for _, speaker := range []*hand{u.member, u.dispatcher} {
		no := speaker.post("/v1/observations", saying(of(u.colleague))).want(403)
		if no.text("code") != "not_yours_to_state" {
			t.Errorf("refused as %s", no.raw)
		}
	}
	u.lead.post("/v1/observations", saying(of(u.colleague))).want(200)
	sources := map[string]bool{}
	for _, o := range u.dispatcher.get("/v1/tasks/" + task).at("observations").([]any) {
		o := o.(object)
		if o["subject"] == u.colleague.person.String() && o["fact"] == "recording" {
			sources[o["source"].(string)] = true
		}
	}
	if !sources["lead"] {
		t.Errorf("said through %v", sources)
	}
}

// One who has not answered keeps the start waiting.
func TestAStartWaitsForEveryAnswer(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := u.dispatcher.sends(order("patrol", u.member, u.colleague))
	ready(task, u.member)
	if no := starting(u, task).want(409); no.text("code") != "members_not_accepted" {
		t.Errorf("refused as %s", no.raw)
	}
	u.colleague.step(task, "acknowledge", nil).want(200)
	starting(u, task).want(409)
}

// Whom an order concerns is told: the new lead, and everybody who was called when it is called off.
func TestTheNewLeadAndTheCalledOffAreTold(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := u.dispatcher.sends(led(order("stop-and-question", u.member), u.lead))
	u.dispatcher.step(task, "lead", object{"officer": u.otherLead.person, "on_duty": "yes"}).want(200)
	u.dispatcher.step(task, "cancel", because("警情解除")).want(200)
	for kind, who := range map[string]*hand{"lead_named": u.otherLead, "cancelled": u.member} {
		if n := u.count(`SELECT count(*) FROM river_job WHERE args ->> 'kind' = $1 AND args ->> 'person' = $2 AND args ->> 'task' = $3`,
			kind, who.person.String(), task); n != 1 {
			t.Errorf("%d pushes of %s", n, kind)
		}
	}
}

// Whoever may not work any more (Art. 37) makes the work a violation, though nobody at the scene has said anything; and whoever
// may again ends it.
func TestWhoeverIsSuspendedAtWorkMakesAViolation(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := goingOn(u)
	u.setStatus(u.colleague, "suspended")
	testkit.Wait(t, "the violation", func() bool { return u.times(task, "task.violation") == 1 })
	u.ends(task, "fact.changed", "task.violation")
	u.setStatus(u.colleague, "active")
	testkit.Wait(t, "the end of it", func() bool { return u.times(task, "task.lawful_again") == 1 })
	u.dispatcher.step(task, "cancel", because("收队")).want(200)
	u.setStatus(u.colleague, "suspended") // who is at no work concerns none
	u.ends(task, "fact.changed", "task.lawful_again", "task.cancelled")
	u.sound()
}
