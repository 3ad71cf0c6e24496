package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/testkit"
)

// What is used instead of the piece that was ordered is kept as what it was, and was ordered by nobody.
func TestAnotherPieceThanTheOneOrdered(t *testing.T) {
	t.Parallel()
	u := listed(t)
	u.dispatcher.onDuty()
	task := goingOn(u)
	id := u.member.asksStrap(task)
	u.dispatcher.restrains(task, id, "command", ordering("command", true)).want(200)
	use := using("start")
	use["danger"], use["class"], use["item"] = "violence", "weapon", "手枪"
	told := u.lead.restrains(task, id, "use", use).want(200)
	if told.text("restraint", "person") != u.member.person.String() {
		t.Errorf("not of whoever asked: %s", told.raw)
	}
	if told.text("restraint", "id") == id || told.text("restraint", "item") != "手枪" || told.at("restraint", "uses", 0, "lawful") != false || u.pushes("restraint_alarm", u.dispatcher) != 1 {
		t.Errorf("%s", told.raw)
	}
	use["event"] = "stop"
	u.member.restrains(task, id, "use", use).want(200)
	all := u.taskOf(task)["restraints"].([]any)
	if len(all) != 2 || all[0].(object)["state"] != "commanded" || all[1].(object)["state"] != "ended" {
		t.Errorf("%v", all)
	}
	u.sound()
}

// A use that must have begun before its order, as a record made without network shows, was one without an order and is alarmed; that the
// order has come meanwhile makes the work lawful from then on.
func TestAUseOfBeforeItsOrderAlarms(t *testing.T) {
	t.Parallel()
	u := listed(t)
	p := u.phone(u.member)
	p.Next.Server = &testkit.SeenAt{At: time.Now().Add(-time.Hour), SinceBoot: p.Next.SinceBoot}
	p.Next.SinceBoot += 600_000
	task := u.dispatcher.onDuty().begun(u.member)
	id := u.member.asksStrap(task)
	u.dispatcher.restrains(task, id, "command", ordering("command", true)).want(200)
	wantOutcomes(t, u.member.brings(p.Records("/v1/tasks/"+task+"/restraints/"+id+"/use", using("start"))), "applied")
	use := u.taskOf(task)["restraints"].([]any)[0].(object)["uses"].([]any)[0].(object)
	if use["lawful"] != false || use["order"] != nil || u.times(task, "restraint.violation") != 1 || u.pushes("restraint_alarm", u.dispatcher) != 1 {
		t.Errorf("%v", use)
	}
	if u.violated(task) {
		t.Error("the order has come")
	}
	u.sound()
}

// Used without a command it is never refused: a violation on record, an alarm to everybody who answers for it, until an officer
// commands or it ends.
func TestARestraintWithoutACommandAlarms(t *testing.T) {
	t.Parallel()
	u := listed(t)
	head, watch := u.head(riverside), u.officer().onDuty()
	task := goingOn(u)
	id := uuid.NewString()
	use := using("start")
	use["danger"], use["class"], use["item"] = "escape", "restraint", "约束带"
	told := u.colleague.restrains(task, id, "use", use).want(200)
	if told.at("restraint", "uses", 0, "lawful") != false || !told.cites("cq-2021 17(4)") {
		t.Errorf("told: %s", told.raw)
	}
	for who, h := range map[string]*hand{"lead": u.lead, "dispatcher": u.dispatcher, "on duty": watch, "head": head} {
		if u.pushes("restraint_alarm", h) != 1 {
			t.Errorf("the %s is not alarmed", who)
		}
	}
	u.ends(task, "restraint.used", "restraint.violation", "task.violation")
	if u.dispatcher.get("/v1/tasks/"+task).at("task", "violation") != true {
		t.Error("the work is no violation")
	}
	u.colleague.restrains(task, id, "use", using("start")).want(200) // told twice: no second use
	if again := u.lead.restrains(task, id, "command", ordering("command", false)).want(422); !again.cites("cq-2021 17(4)") {
		t.Errorf("an unrecorded command: %s", again.raw)
	}
	u.lead.restrains(task, id, "command", ordering("lead", false)).want(200) // the lead is there
	u.ends(task, "restraint.used", "task.refused", "restraint.commanded", "task.lawful_again")
	u.colleague.restrains(task, id, "use", using("stop")).want(200)
	if uses := u.dispatcher.get("/v1/tasks/"+task).at("task", "restraints", 0, "uses").([]any); len(uses) != 1 || uses[0].(object)["order"] != nil {
		t.Errorf("uses %v", uses)
	}
	u.sound()
}

// Neither another unit nor a rest makes the work look lawful while a strap is in use without a command.
func TestAUseWithoutACommandIsHiddenByNothing(t *testing.T) {
	t.Parallel()
	u := listed(t)
	task := u.dispatcher.begun(u.member, u.colleague)
	id := u.member.asksStrap(task)
	u.member.restrains(task, id, "use", using("start")).want(200)
	u.dispatcher.step(task, "reassign", object{"remove": []any{u.colleague.person}}).want(200)
	if u.dispatcher.get("/v1/tasks/"+task).at("task", "violation") != true {
		t.Error("the violation is gone")
	}
	u.member.step(task, "pause", because("避雨")).want(200)
	if resumed := u.member.step(task, "resume", saying()).want(200); resumed.at("ruling", "lawful") != true || resumed.at("task", "violation") != true {
		t.Errorf("resumed: %.900s", resumed.raw)
	}
	u.ends(task, "task.resumed", "task.violation")
	u.member.restrains(task, id, "use", using("stop")).want(200)
	u.ends(task, "restraint.stopped", "task.lawful_again")
	u.member.restrains(task, id, "use", using("start")).want(200) // an order is for one use, and there was none
	u.ends(task, "restraint.violation", "task.violation")
	u.sound()
}
