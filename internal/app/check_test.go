package app_test

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/safety"
	"github.com/dutybound/dutybound/internal/testkit"
)

// watched is a station whose law asks everybody at work every ten minutes, and gives them one to answer.
func watched(o *office) *unit {
	u := newUnit(o)
	legal := o.counsel(riverside)
	legal.enacts(measured("check_every_s", 600))
	legal.enacts(measured("check_grace_s", 60))
	return u
}

// ages lets so much time pass for a member's check.
func (o *office) ages(task string, who *hand, by time.Duration) {
	o.t.Helper()
	ctx := o.t.Context()
	tx, err := o.sql.Begin(ctx)
	o.must(err)
	defer func() { _ = tx.Rollback(ctx) }() // already committed, unless the test failed
	_, err = tx.Exec(ctx, `SELECT FROM task WHERE id = $1 FOR UPDATE`, task)
	o.must(err)
	_, err = tx.Exec(ctx, `UPDATE task_check SET next_at = CASE WHEN next_at IS NOT NULL THEN now() END, doc = jsonb_set(doc, '{checks}', (
			SELECT jsonb_agg(CASE WHEN c #>> '{person,id}' = $2 THEN c || jsonb_build_object('since', (c ->> 'since')::timestamptz - $3::interval)
				|| CASE WHEN c ? 'asked_at' THEN jsonb_build_object('asked_at', (c ->> 'asked_at')::timestamptz - $3::interval) ELSE '{}' END
				ELSE c END ORDER BY n)
			FROM jsonb_array_elements(doc -> 'checks') WITH ORDINALITY AS x (c, n)))
		WHERE task_id = $1`, task, who.person.String(), by)
	o.must(err)
	o.must(tx.Commit(ctx))
}

// check is how it stands with a member, as somebody sees it; nil: they are not watched over.
func (h *hand) check(task string, who *hand) object {
	h.s.t.Helper()
	for _, m := range h.get("/v1/tasks/" + task + "/checks").want(200).at("members").([]any) {
		if m.(object)["person"].(object)["person"] == who.person.String() {
			return m.(object)
		}
	}
	return nil
}

func (h *hand) checks(task string, who *hand, state string) bool {
	c := h.check(task, who)
	return c != nil && c["state"] == state
}

func well() object { return object{"state": "well", "observed_at": time.Now()} }

// comesTo waits until a member's check has a state, and says its colour.
func (u *unit) comesTo(task string, who *hand, state string) any {
	u.t.Helper()
	testkit.Wait(u.t, "the check to be "+state, func() bool { return u.dispatcher.checks(task, who, state) })
	return u.dispatcher.check(task, who)["colour"]
}

// Missed once, the lead and the dispatcher know; missed twice there is one alarm, whatever goes on sweeping, and it is not raised again.
func TestAMissedCheckEscalatesOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u, head := watched(o), o.head(riverside)
	o.again(io.Discard, io.Discard) // sweeps as well
	task := u.dispatcher.begun(u.member, u.colleague)
	if colour := u.comesTo(task, u.member, "waiting"); colour != "green" || u.dispatcher.check(task, u.member)["due_at"] == nil {
		t.Errorf("%v", u.dispatcher.check(task, u.member))
	}
	o.ages(task, u.member, 600*time.Second)
	if colour := u.comesTo(task, u.member, "asked"); colour != "amber" || o.pushes("check", u.member) != 1 || o.pushes("check", u.colleague) != 0 {
		t.Errorf("%v, %d", colour, o.pushes("check", u.member))
	}
	o.ages(task, u.member, 60*time.Second)
	testkit.Wait(t, "the check to be missed", func() bool { return o.happenings("check.missed") == 1 })
	if c := u.dispatcher.check(task, u.member); c["colour"] != "red" || c["misses"] != 1.0 || o.pushes("check_missed", u.dispatcher) != 1 || o.pushes("check", u.member) != 2 {
		t.Errorf("%v", c)
	}
	if o.count(`SELECT count(*) FROM alarm`) != 0 {
		t.Error("an alarm already")
	}
	o.ages(task, u.member, 60*time.Second)
	if colour := u.comesTo(task, u.member, "escalated"); colour != "red" {
		t.Errorf("%v", colour)
	}
	for range 3 {
		o.ages(task, u.member, time.Hour)
		testkit.Wait(t, "a sweep to have looked", func() bool {
			return o.count(`SELECT count(*) FROM task_check WHERE next_at > now() AND task_id = $1`, task) == 1
		})
	}
	if a, m, e := o.happenings("alarm.raised"), o.happenings("check.missed"), o.happenings("check.escalated"); a != 1 || m != 2 || e != 1 {
		t.Errorf("%d raised, %d missed, %d escalated", a, m, e)
	}
	list := head.get("/v1/alarms?state=open").want(200)
	id := list.text("alarms", 0, "id")
	told := head.alarm(id).told()
	if list.text("alarms", 0, "kind") != "unanswered" || list.text("alarms", 0, "task") != task || head.in(told) != "head" ||
		u.dispatcher.in(told) == "" || u.colleague.in(told) != "unit" || u.member.in(told) != "" || o.pushes("alarm", head) != 1 {
		t.Errorf("%s", list.raw)
	}
	if n := o.pushes("check", u.member); n != 2 {
		t.Errorf("%d times asked", n)
	}
	// They are heard of: the rounds end, somebody still closes the alarm, and the watch goes on.
	answer := u.member.step(task, "checks", well()).want(200)
	if answer.text("members", 0, "colour") != "amber" || head.alarm(id).text("state") != "answered" {
		t.Errorf("%s and %s", answer.raw, head.alarm(id).raw)
	}
	head.post("/v1/alarms/"+id+"/close", object{"outcome": "false_alarm", "reason": "电量耗尽"}).want(200)
	if c := u.dispatcher.check(task, u.member); c["colour"] != "green" || c["answer"].(object)["channel"] != "app" {
		t.Errorf("%v", c)
	}
	o.sound()
}

// Eight sweeps at once do what one does.
func TestSweepsAtOnceDoItOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u, head := watched(o), o.head(riverside)
	task := u.dispatcher.begun(u.member)
	u.comesTo(task, u.member, "waiting")
	o.stop()
	service := safety.New(o.store, o.store, safety.Pace{})
	storm := func() {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 5 {
					if err := service.Sweep(t.Context()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	}
	for _, by := range []time.Duration{600 * time.Second, 60 * time.Second, 60 * time.Second, time.Hour} {
		o.ages(task, u.member, by)
		storm()
	}
	for what, n := range map[string]int{
		"alarms": o.count(`SELECT count(*) FROM alarm`), "escalations": o.happenings("check.escalated"), "raised": o.happenings("alarm.raised"),
		"told to the head": o.pushes("alarm", head),
	} {
		if n != 1 {
			t.Errorf("%d %s", n, what)
		}
	}
	if n := o.pushes("check", u.member); n != 2 {
		t.Errorf("%d times asked", n)
	}
}

// What somebody says by radio is entered with the words used and by whom; whoever has no business with the task enters nothing.
func TestAnAnswerByRadioIsEntered(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := watched(o)
	task := u.dispatcher.begun(u.member, u.colleague)
	u.comesTo(task, u.member, "waiting")
	o.ages(task, u.member, 600*time.Second)
	u.comesTo(task, u.member, "asked")
	radio := well()
	radio["person"], radio["channel"], radio["words"] = u.member.person, "radio", "三号位一切正常"
	without := func(field string) object {
		less := object{}
		for key, value := range radio {
			if key != field {
				less[key] = value
			}
		}
		return less
	}
	for _, field := range []string{"channel", "words"} {
		if r := u.dispatcher.step(task, "checks", without(field)).want(400); r.text("errors", 0, "field") != "body/"+field {
			t.Errorf("%s", r.raw)
		}
	}
	u.colleague.step(task, "checks", radio).want(403)
	if r := u.dispatcher.step(task, "checks", without("person")).want(400); r.text("errors", 0, "field") != "body/channel" {
		t.Errorf("%s", r.raw)
	}
	o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer}).step(task, "checks", radio).want(404)
	u.dispatcher.step(task, "checks", radio).want(200)
	c := u.dispatcher.check(task, u.member)
	said := c["answer"].(object)
	if c["state"] != "waiting" || c["colour"] != "green" || said["channel"] != "radio" || said["words"] != "三号位一切正常" ||
		said["by"].(object)["person"] != u.dispatcher.person.String() {
		t.Errorf("%v", c)
	}
	if n := o.count(`SELECT count(*) FROM event WHERE kind = 'check.answered' AND actor = $1 AND body LIKE '%三号位一切正常%'`, u.dispatcher.person); n != 1 {
		t.Errorf("%d on record", n)
	}
	radio["person"] = u.spare.person
	if r := u.dispatcher.step(task, "checks", radio).want(400); r.text("errors", 0, "field") != "body/person" {
		t.Errorf("%s", r.raw)
	}
	old := well()
	old["observed_at"] = time.Now().Add(-time.Hour)
	if r := u.colleague.step(task, "checks", old).want(200); r.text("members", 1, "answer", "late") != "true" {
		t.Errorf("%s", r.raw)
	}
	o.sound()
}

// In need of help, whoever was asked has an alarm at once, and is not asked again while it is open.
func TestInNeedOfHelpIsAnAlarm(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u, head := watched(o), o.head(riverside)
	task := u.dispatcher.begun(u.member)
	u.comesTo(task, u.member, "waiting")
	bad := well()
	bad["state"] = "need_help"
	answer := u.member.step(task, "checks", bad).want(200)
	if answer.text("members", 0, "colour") != "red" || o.pushes("alarm", head) != 1 {
		t.Errorf("%s", answer.raw)
	}
	list := head.get("/v1/alarms").want(200)
	if list.text("alarms", 0, "kind") != "need_help" || list.text("alarms", 0, "person", "person") != u.member.person.String() {
		t.Errorf("%s", list.raw)
	}
	o.ages(task, u.member, time.Hour)
	u.comesTo(task, u.member, "held")
	if o.pushes("check", u.member) != 0 {
		t.Error("whoever waits for help is asked whether they are well")
	}
	head.post("/v1/alarms/"+list.text("alarms", 0, "id")+"/close", object{"outcome": "helped"}).want(200)
	o.ages(task, u.member, 0)
	u.comesTo(task, u.member, "waiting")
	// Where no watch is kept it is an alarm as well.
	quiet := o.hire(newcomer{class: duty.FieldAuxiliary, organ: hillside, role: duty.RoleAuxiliary, posts: fieldPosts})
	boss := o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
	other := boss.begun(quiet)
	if r := quiet.step(other, "checks", bad).want(200); r.text("every_s") != "0" {
		t.Errorf("%s", r.raw)
	}
	if r := boss.get("/v1/alarms?state=open").want(200); r.text("alarms", 0, "task") != other {
		t.Errorf("%s", r.raw)
	}
	o.sound()
}

// A pause, an end, a cancellation and being sent away end the check; going on begins it anew. Afterwards nobody is asked anything.
func TestTheWatchEndsWithTheWork(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := watched(o)
	task := u.dispatcher.begun(u.member, u.colleague)
	u.comesTo(task, u.member, "waiting")
	o.ages(task, u.member, 300*time.Second)
	u.member.step(task, "pause", because("避雨")).want(200)
	gone := func(who *hand) {
		t.Helper()
		testkit.Wait(t, "the watch to end", func() bool { return u.dispatcher.check(task, who) == nil })
	}
	gone(u.member)
	o.ages(task, u.member, time.Hour)
	u.member.step(task, "resume", saying(dressed()...)).want(200)
	u.comesTo(task, u.member, "waiting")
	if due, err := time.Parse(time.RFC3339, u.dispatcher.check(task, u.member)["due_at"].(string)); err != nil || time.Until(due) < 500*time.Second {
		t.Errorf("due at %v: %v", due, err)
	}
	u.dispatcher.step(task, "reassign", object{"remove": []any{u.colleague.person}}).want(200)
	gone(u.colleague)
	u.member.step(task, "finish", object{"report": "无异常"}).want(200)
	gone(u.member)
	for _, who := range []*hand{u.member, u.colleague} {
		o.ages(task, who, time.Hour)
	}
	o.must(safety.New(o.store, o.store, safety.Pace{}).Sweep(t.Context()))
	if n := o.count(`SELECT count(*) FROM river_job WHERE kind = 'push' AND args ->> 'kind' LIKE 'check%'`); n != 0 {
		t.Errorf("%d asked", n)
	}
	if n := o.count(`SELECT count(*) FROM task_check WHERE next_at IS NOT NULL`); n != 0 {
		t.Errorf("%d watches that nobody needs are looked at", n)
	}
	u.dispatcher.ask("PUT", "/v1/tasks/"+task+"/check", object{"every_s": 60}, nil).want(409)
	o.sound()
}

// Whoever sent the unit, or leads it, sets a stricter cadence for one task; a laxer one than the law's changes nothing.
func TestACadenceIsOrderedForOneTask(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	task := u.dispatcher.sends(order("patrol", u.member))
	put := func(h *hand, every int) reply {
		return h.ask("PUT", "/v1/tasks/"+task+"/check", object{"every_s": every}, nil)
	}
	put(u.member, 300).want(403)
	put(o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer}), 300).want(404)
	if r := put(u.dispatcher, 300).want(200); r.text("every_s") != "300" || r.text("ordered_s") != "300" || len(r.at("members").([]any)) != 0 {
		t.Errorf("%s", r.raw)
	}
	ready(task, u.member)
	u.member.step(task, "start", saying()).want(200)
	u.comesTo(task, u.member, "waiting")
	o.ages(task, u.member, 300*time.Second)
	u.comesTo(task, u.member, "asked")
	legal := o.counsel(riverside)
	legal.enacts(measured("check_every_s", 200, "patrol"))
	if r := put(u.dispatcher, 900).want(200); r.text("every_s") != "200" || r.text("ordered_s") != "900" {
		t.Errorf("%s", r.raw)
	}
	legal.enacts(object{"policy": object{"measure": "check_every_s", "act": "patrol"}, "end": true, "memo": "4号", "reason": "不再适用"})
	if r := put(u.dispatcher, 0).want(200); r.text("every_s") != "0" || strings.Contains(string(r.raw), "ordered_s") || len(r.at("members").([]any)) != 0 {
		t.Errorf("%s", r.raw)
	}
	if n := o.happenings("check.ordered"); n != 3 {
		t.Errorf("%s", fmt.Sprint(n))
	}
	o.sound()
}
