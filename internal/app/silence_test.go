package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/dispatch"
)

// A camera of which nothing was heard for too long is unknown by itself, though nobody moves and nobody reports: once, to whoever wears it,
// to whoever leads them and to the centre; and where the recording is a condition of the work, that is a violation until it is heard of again.
func TestACameraThatFallsSilentIsTold(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	administrative := order("incident-handling", u.member, u.colleague)
	administrative["case_kind"] = "administrative"
	task := u.dispatcher.sends(led(administrative, u.lead))
	other := u.dispatcher.begun(u.spare) // whose camera is heard of
	ready(task, u.member, u.colleague)
	u.lead.arrives(task, u.member)
	starting(u, task).want(200)
	silent := func(want int) {
		t.Helper()
		u.look(3, (*dispatch.Service).HearSilence)
		if n := u.count(`SELECT count(*) FROM event WHERE kind = 'recording.changed' AND body::json ->> 'source' = 'silence'`); n != want {
			t.Errorf("%d cameras are said to have fallen silent, not %d", n, want)
		}
	}
	silent(0)
	u.change(`UPDATE observation_now SET received_at = received_at - interval '11 minutes' WHERE fact = 'recording' AND subject = $1`, u.member.person)
	u.colleague.observes(said("recording", "on")) // a heartbeat
	silent(1)
	silent(1)
	for name, who := range map[string]*hand{"the member 1": u.member, "the lead 1": u.lead, "the colleague 0": u.colleague, "the other 0": u.spare} {
		if n := u.pushes("recording_silent", who); !strings.HasSuffix(name, fmt.Sprint(" ", n)) {
			t.Errorf("%s: told %d times", name, n)
		}
	}
	record := u.dispatcher.history(task)
	events := record.each("kind", "events")
	if n := len(events); !slices.Equal(events[n-3:], []string{"recording.changed", "task.violation", "approval.requested"}) {
		t.Errorf("%v", events)
	}
	fell := record.at("events").([]any)[len(events)-3].(object)["body"].(object)
	if fell["person"] != u.member.person.String() || fell["from"] != "on" || fell["to"] != "unknown" || fell["source"] != "silence" {
		t.Errorf("%v", fell)
	}
	if !u.violated(task) || u.violated(other) {
		t.Error("what is a violation")
	}
	if list := u.head(riverside).get("/v1/approvals").want(200); list.text("approvals", 0, "asked_by") != u.dispatcher.person.String() {
		t.Errorf("nobody is asked whether it may go on: %s", list.raw)
	}
	u.member.observes(said("recording", "on"))
	if u.violated(task) {
		t.Error("heard of again")
	}
	silent(1)
	u.member.observes(said("recording", "buffering"))
	u.change(`UPDATE observation_now SET received_at = received_at - interval '11 minutes' WHERE value = 'buffering'`)
	silent(1) // it has told what is wrong with it
	u.sound()
}

// That nobody knows how it is does not put right what is wrong; it is kept as it was said. Once somebody has said that it was put right, and
// then nothing more, it is unknown and not wrong again.
func TestNotToKnowPutsNothingRight(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := goingOn(u)
	u.member.observes(said("recording", "off"))
	for range 2 {
		u.member.observes(said("recording", "unknown"))
	}
	if !u.violated(task) {
		t.Error("it has become lawful by not being known")
	}
	u.ends(task, "recording.changed", "task.violation")
	if n := u.count(`SELECT count(*) FROM observation WHERE subject = $1 AND value = 'unknown'`, u.member.person); n != 2 {
		t.Errorf("%d of 2 are kept", n)
	}
	u.lead.observes(object{"subject": u.member.person, "fact": "recording", "value": "off", "task": task})
	u.member.observes(said("recording", "on"))
	u.change(`UPDATE observation_now SET received_at = received_at - interval '11 minutes' WHERE fact = 'recording'`)
	for range 2 {
		u.look(1, (*dispatch.Service).HearSilence)
	}
	if u.violated(task) {
		t.Error("what was put right is wrong again")
	}
	if n := u.count(`SELECT count(*) FROM event WHERE kind = 'recording.changed' AND body::json ->> 'person' = $1 AND body::json ->> 'source' = 'silence'`, u.member.person.String()); n != 1 {
		t.Errorf("told %d times", n)
	}
	u.sound()
}

// That plain clothes are ordered nobody can state: there is an order that holds, given by somebody who may, or there is no uniform; also for
// whoever on the task does not see the orders of others. When the order ends during work, that is told without anybody reporting it.
func TestPlainClothesAreNotDeclared(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := u.dispatcher.sends(order("patrol", u.member, u.colleague))
	ready(task, u.member, u.colleague)
	plain := said("uniform", "plain_clothes_order")
	u.refusedAndKept(u.member.step(task, "start", saying(plain)), task, flaw{outcome: "unmet", cites: "cq-2021 17(1)", remedy: "wear_uniform"})
	u.dispatcher.post("/v1/plain-clothes-orders", plainClothes(u.member)).want(201)
	u.member.observes(plain)
	u.colleague.step(task, "start", saying()).want(200)
	u.look(3, (*dispatch.Service).HearSilence)
	if u.violated(task) {
		t.Error("a violation under the order")
	}
	u.moves(`UPDATE plain_clothes_order SET valid_from = valid_from - interval '2 hours', valid_to = valid_to - interval '2 hours'`)
	u.look(3, (*dispatch.Service).HearSilence)
	u.look(1, (*dispatch.Service).HearSilence)
	record := u.dispatcher.history(task)
	events := record.at("events").([]any)
	over := events[len(events)-2].(object)
	if !u.violated(task) || over["kind"] != "fact.changed" || over["body"].(object)["source"] != "order" || over["body"].(object)["to"] != "no" {
		t.Errorf("when the order is over: %v", events[len(events)-2:])
	}
	u.sound()
}
