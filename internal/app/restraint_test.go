package app_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// strap is a call for restraint equipment in an emergency.
func strap() object {
	return object{"danger": "violence", "class": "restraint", "item": "约束带", "observed_at": time.Now()}
}

func ordering(mode string, recorded bool) object { return object{"mode": mode, "recorded": recorded} }

func using(event string) object { return object{"event": event, "observed_at": time.Now()} }

// asks calls for a strap and answers the restraint.
func (h *hand) asksStrap(task string) string {
	h.s.t.Helper()
	return h.step(task, "restraints", strap()).want(201).text("restraint", "id")
}

func (h *hand) restrains(task, restraint, verb string, body object) reply {
	h.s.t.Helper()
	return h.step(task, "restraints/"+restraint+"/"+verb, body)
}

// onDuty has an officer say that they are, as a check-in does.
func (h *hand) onDuty() *hand {
	h.s.t.Helper()
	h.observes(said("on_duty", "yes"))
	return h
}

// listed is an office whose organ has the strap on its list.
func listed(t *testing.T) *unit {
	t.Helper()
	o := openOffice(t)
	o.counsel(riverside).enacts(setting("restraint_list", "约束带"))
	return newUnit(o)
}

func (u *unit) pushes(kind string, to *hand) int {
	u.t.Helper()
	return u.count(`SELECT count(*) FROM river_job WHERE kind = 'push' AND args ->> 'kind' = $1 AND args ->> 'person' = $2`, kind, to.person.String())
}

func called(r reply) (people []string) {
	for _, c := range r.at("called").([]any) {
		people = append(people, c.(object)["person"].(string))
	}
	return people
}

// Asked for, commanded from afar by an officer of no unit, used, ended, reported: all of it lawful, and on the task and in its record.
func TestARestraintOnARecordedCommand(t *testing.T) {
	t.Parallel()
	u := listed(t)
	task := u.dispatcher.begun(u.member, u.colleague)
	watch := u.officer().onDuty()
	u.officer() // of whom nobody knows whether they are on duty
	asked := u.member.step(task, "restraints", strap()).want(201)
	id := asked.text("restraint", "id")
	if asked.text("ruling", "outcome") != "unmet" || !asked.cites("cq-2021 17(4)") || asked.text("restraint", "state") != "requested" {
		t.Errorf("asked: %s", asked.raw)
	}
	if got := called(asked); !slices.Equal(got, []string{watch.person.String()}) || u.pushes("restraint_requested", watch) != 1 {
		t.Errorf("called %v", got)
	}
	before := u.dispatcher.get("/v1/tasks/" + task)
	if before.text("task", "latest_outcome") == "unmet" {
		t.Errorf("what might be is not what is: %s", before.raw)
	}
	ordered := watch.restrains(task, id, "command", ordering("command", true)).want(200)
	if outcome := ordered.text("ruling", "outcome"); outcome != "permitted" && outcome != "conditional" || u.pushes("restraint_commanded", u.member) != 1 {
		t.Errorf("ordered: %s", ordered.raw)
	}
	used := u.member.restrains(task, id, "use", using("start")).want(200)
	if used.at("restraint", "uses", 0, "lawful") != true || used.text("restraint", "state") != "in_use" {
		t.Errorf("used: %s", used.raw)
	}
	stopped := using("stop")
	stopped["outcome"], stopped["injuries"], stopped["medical"] = "controlled", "minor", "first_aid"
	u.member.restrains(task, id, "use", stopped).want(200)
	u.colleague.restrains(task, id, "use", using("stop")).want(200) // tells of the same: no second use, and no alarm
	if n := u.times(task, "restraint.violation"); n != 0 {
		t.Errorf("%d violations of a lawful use", n)
	}
	u.member.restrains(task, id, "report", object{"report": "已控制，转交民警"}).want(200)
	view := u.dispatcher.get("/v1/tasks/"+task).want(200).at("task", "restraints", 0).(object)
	if view["state"] != "ended" || view["uses"].([]any)[0].(object)["injuries"] != "minor" || len(view["reports"].([]any)) != 1 {
		t.Errorf("on the task: %v", view)
	}
	again := u.member.restrains(task, id, "use", using("start")).want(200) // the order was for the first use
	if again.at("restraint", "uses", 1, "lawful") != false || u.taskOf(task)["violation"] != true {
		t.Errorf("used again: %s", again.raw)
	}
	u.member.restrains(task, id, "use", using("stop")).want(200)
	kinds := u.dispatcher.history(task).each("kind", "events")
	kinds = kinds[:len(kinds)-5] // the second use: used, a violation, the work's violation, stopped, lawful again
	want := []string{
		"restraint.requested", "restraint.commanded", "restraint.used", "restraint.stopped", "restraint.stopped", "restraint.reported",
	}
	if got := kinds[len(kinds)-len(want):]; !slices.Equal(got, want) {
		t.Errorf("on record %v", got)
	}
	if n := u.count(`SELECT count(*) FROM event WHERE task_id = $1 AND (body LIKE '%minor%' OR body LIKE '%first_aid%' OR body LIKE '%已控制%')`, task); n != 0 {
		t.Errorf("%d events tell of injuries", n)
	}
	if n := u.count(`SELECT count(*) FROM ruling WHERE task_id = $1 AND facts::jsonb -> 'command' ->> 'mode' = 'command' AND phase = 'during'`, task); n < 2 {
		t.Errorf("the law was asked %d times with the command", n)
	}
	u.sound()
}

// What no order can make lawful is asked for like anything else: help is called, and the answer says what the law says.
func TestNobodyInDangerIsTurnedAway(t *testing.T) {
	t.Parallel()
	u := listed(t)
	watch := u.officer().onDuty()
	task := u.dispatcher.begun(u.member, u.colleague)
	for class, want := range map[string]string{"weapon": "prohibited", "police_instrument": "prohibited", "restraint": "unmet"} {
		call := strap()
		call["class"], call["item"] = class, "绳"
		asked := u.member.step(task, "restraints", call).want(201)
		if asked.text("ruling", "outcome") != want || len(called(asked)) != 1 {
			t.Errorf("%s: %s", class, asked.raw)
		}
		mark := "barred"
		if class == "restraint" {
			mark = "unlisted"
		}
		if asked.at("restraint", mark) != true {
			t.Errorf("%s is not marked: %s", class, asked.raw)
		}
		id := asked.text("restraint", "id")
		watch.restrains(task, id, "command", ordering("command", true)).want(422)
		u.member.restrains(task, id, "use", using("start")).want(200)
		u.ends(task, "restraint.violation", "task.violation")
		u.member.restrains(task, id, "use", using("stop")).want(200)
		u.ends(task, "restraint.stopped", "task.lawful_again")
	}
	again := strap()
	again["id"] = u.member.asksStrap(task)
	u.member.step(task, "restraints", again).want(201)
	if n := u.pushes("restraint_requested", watch); n != 5 {
		t.Errorf("called %d times", n)
	}
	u.member.step(task, "finish", object{"report": "无异常"}).want(200)
	late := u.member.step(task, "restraints", strap()).want(201)
	u.member.restrains(task, late.text("restraint", "id"), "use", using("start")).want(200)
	u.member.restrains(task, late.text("restraint", "id"), "use", using("stop")).want(200)
	history := u.dispatcher.history(task)
	if last := len(history.at("events").([]any)) - 1; history.at("events", last, "body", "late") != true || history.text("task", "state") != "finished" {
		t.Errorf("%v", history.at("events", last))
	}
	u.sound()
}

// Who may command: an officer on duty who reaches the task. A civilian's use is a violation, command or not.
func TestWhoCommandsARestraint(t *testing.T) {
	t.Parallel()
	u := listed(t)
	task := u.dispatcher.begun(u.member)
	id := u.member.asksStrap(task)
	if no := u.officer().restrains(task, id, "command", ordering("command", true)).want(409); no.text("code") != "not_on_duty" {
		t.Errorf("%s", no.raw)
	}
	abroad := u.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer}).onDuty()
	abroad.restrains(task, id, "command", ordering("command", true)).want(404)
	u.member.restrains(task, id, "command", ordering("command", true)).want(403)
	u.dispatcher.onDuty().restrains(task, uuid.NewString(), "command", ordering("command", true)).want(404)
	guest := u.hire(newcomer{class: duty.FieldAuxiliary, organ: riverside, role: duty.RoleOfficer}).onDuty()
	if no := guest.restrains(task, id, "command", ordering("command", true)).want(403); no.text("code") != "not_an_officer" {
		t.Errorf("%s", no.raw)
	}
	clerk := u.clerk()
	work := order("data-entry", clerk)
	desk := u.dispatcher.sends(work)
	ready(desk, clerk)
	clerk.step(desk, "start", saying()).want(200)
	hers := clerk.asksStrap(desk)
	u.dispatcher.restrains(desk, hers, "command", ordering("command", true)).want(422)
	used := clerk.restrains(desk, hers, "use", using("start")).want(200)
	if used.at("restraint", "uses", 0, "lawful") != false {
		t.Errorf("a civilian's use: %s", used.raw)
	}
	u.ends(desk, "restraint.violation", "task.violation")
	u.sound()
}

// Whoever has checked out commands nothing and is not called, whatever a dispatcher has typed; a long shift is one to its end.
func TestAShiftSaysWhoCommandsARestraint(t *testing.T) {
	t.Parallel()
	u := listed(t)
	u.otherLead.checksIn(dressedFor("yes"))
	u.otherLead.checksOut()
	u.lead.checksIn(dressedFor("yes"))
	u.change(`UPDATE observation_now SET received_at = received_at - interval '13 hours' WHERE subject = $1`, u.lead.person)
	work := order("patrol", u.member)
	work["officers"] = []object{{"person": u.otherLead.person, "on_duty": "yes"}}
	task := u.dispatcher.sends(work)
	ready(task, u.member)
	starting(u, task).want(200)
	asked := u.member.step(task, "restraints", strap()).want(201)
	if got := called(asked); !slices.Equal(got, []string{u.lead.person.String()}) {
		t.Errorf("called: %s", asked.raw)
	}
	id := asked.text("restraint", "id")
	if no := u.otherLead.restrains(task, id, "command", ordering("command", true)).want(409); no.text("code") != "not_on_duty" {
		t.Errorf("%s", no.raw)
	}
	u.otherLead.observes(said("on_duty", "no"))
	u.dispatcher.step(task, "lead", object{"officer": u.otherLead.person, "on_duty": "yes"}).want(200)
	u.otherLead.restrains(task, id, "command", ordering("command", true)).want(409)
	u.lead.restrains(task, id, "command", ordering("command", true)).want(200)
	u.sound()
}

// The organ's reading decides whether a command may come from afar.
func TestACommandFromAfarIsTheLawsToAllow(t *testing.T) {
	t.Parallel()
	u := listed(t)
	task := u.dispatcher.begun(u.member)
	id := u.member.asksStrap(task)
	watch := u.officer().onDuty()
	u.counsel(riverside).enacts(setting("art17_4_remote_command", "false"))
	watch.restrains(task, id, "command", ordering("command", true)).want(422)
	led := watch.restrains(task, id, "command", ordering("lead", false)).want(200) // by his own word he is there
	second := u.officer().onDuty()
	if no := second.restrains(task, id, "command", ordering("lead", true)).want(409); no.text("code") != "restraint_commanded" {
		t.Errorf("%s", no.raw)
	}
	over := ordering("lead", true)
	over["instead_of"] = led.text("restraint", "orders", 0, "id")
	second.restrains(task, id, "command", over).want(200)
	u.sound()
}

// Whoever was sent away still tells honestly of what they used before, and nothing else.
func TestWhoWasSentAwayTellsOfARestraint(t *testing.T) {
	t.Parallel()
	u := listed(t)
	task := u.dispatcher.begun(u.member, u.colleague)
	u.dispatcher.step(task, "reassign", object{"remove": []any{u.colleague.person}}).want(200)
	use := using("start")
	use["danger"], use["class"], use["item"] = "violence", "restraint", "约束带"
	id := uuid.NewString()
	if told := u.colleague.restrains(task, id, "use", use).want(200); told.at("restraint", "uses", 0, "lawful") != false {
		t.Errorf("%s", told.raw)
	}
	u.colleague.restrains(task, id, "report", object{"report": "离开前使用"}).want(200)
	u.colleague.step(task, "acts", object{"add_tags": []string{"alcohol"}}).want(404)
	u.colleague.get("/v1/tasks/" + task).want(404)
	u.spare.restrains(task, id, "use", using("stop")).want(404)
	u.sound()
}

// Of two officers who command at once one does; the other is told, and may take over by naming the order.
func TestTwoCommandsForOneRestraint(t *testing.T) {
	t.Parallel()
	u := listed(t)
	first, second := u.officer().onDuty(), u.officer().onDuty()
	for range 5 {
		task := u.dispatcher.begun(u.member)
		id := u.member.asksStrap(task)
		statuses := [3]int{}
		var start, done sync.WaitGroup
		start.Add(1)
		for i, run := range []func() (reply, error){
			first.stepper(task, "restraints/"+id+"/command", ordering("command", true)),
			second.stepper(task, "restraints/"+id+"/command", ordering("command", true)),
			u.member.stepper(task, "restraints/"+id+"/use", using("start")),
		} {
			done.Go(func() {
				start.Wait()
				answer, err := run()
				if err != nil {
					t.Error(err)
				}
				statuses[i] = answer.status
			})
		}
		start.Done()
		done.Wait()
		orders := u.taskOf(task)["restraints"].([]any)[0].(object)["orders"].([]any)
		if statuses[0]+statuses[1] != 200+409 || statuses[2] != 200 || len(orders) != 1 {
			t.Errorf("%v left %v", statuses, orders)
		}
		if u.taskOf(task)["violation"] == true { // the order came, whenever the use began
			t.Error("the use on an order is a violation")
		}
		u.member.restrains(task, id, "use", using("stop")).want(200)
		u.member.step(task, "finish", object{"report": "无异常"}).want(200)
	}
	u.sound()
}

// What a phone tells of the time of a use is kept as testimony: a use that began before its order, by the phone's clock, is marked for
// people to weigh, and the clock decides nothing.
func TestAUseToldOfLater(t *testing.T) {
	t.Parallel()
	u := listed(t)
	task := u.dispatcher.onDuty().begun(u.member)
	id := u.member.asksStrap(task)
	u.dispatcher.restrains(task, id, "command", ordering("command", true)).want(200)
	told := u.member.restrains(task, id, "use", object{"event": "start", "observed_at": time.Now().Add(-time.Hour)}).want(200)
	if told.at("restraint", "uses", 0, "before_order") != true || told.at("restraint", "uses", 0, "lawful") != true {
		t.Errorf("%s", told.raw)
	}
	u.member.restrains(task, id, "use", object{"event": "stop", "observed_at": time.Now().Add(-50 * time.Minute)}).want(200)

	other := uuid.NewString() // whose end is heard of first
	stop := object{"event": "stop", "danger": "escape", "class": "restraint", "item": "约束带", "outcome": "escaped"}
	ended := u.member.restrains(task, other, "use", stop).want(200)
	if ended.text("restraint", "state") != "ended" || ended.at("restraint", "uses", 0, "lawful") != false || u.pushes("restraint_alarm", u.dispatcher) != 1 {
		t.Errorf("%s", ended.raw)
	}
	u.sound()
}
