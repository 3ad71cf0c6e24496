package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

// driver is a civilian auxiliary with a licence: whether one may drive for duty is for a person to settle (Art. 18 names field ones).
func (o *office) driver(organ string) *hand {
	o.t.Helper()
	clerk := o.hire(newcomer{class: duty.CivilianAuxiliary, organ: organ, role: duty.RoleAuxiliary, posts: []string{"clerk"}})
	_, err := o.sql.Exec(o.t.Context(), `INSERT INTO qualification (person_id, kind) VALUES ($1, 'car')`, clerk.person)
	o.must(err)
	return clerk
}

// driving is counter work to which a clerk is to drive.
func driving(clerk *hand) object {
	work := order("counter-service")
	work["members"] = []object{{"person": clerk.person, "operates": []string{"car"}}}
	return work
}

func (o *office) head(organ string) *hand {
	return o.hire(newcomer{class: duty.Officer, organ: organ, role: duty.RoleStationHead})
}

func judging(allow bool, scope string) object {
	return object{"allow": allow, "scope": scope, "reason": "现场核实"}
}

// asks has an order refused because a person must settle something, and answers the request to the approver.
func (o *office) asks(dispatcher *hand, work object) (id uuid.UUID) {
	o.t.Helper()
	refused := dispatcher.post("/v1/tasks", work).want(422)
	o.must(o.sql.QueryRow(o.t.Context(), `SELECT id FROM approval WHERE ruling_id = $1`, refused.text("ruling", "id")).Scan(&id))
	return id
}

func (h *hand) judges(id uuid.UUID, j object) reply {
	h.s.t.Helper()
	return h.post("/v1/approvals/"+id.String()+"/decide", j)
}

// What a dispatch is refused for because a person must settle it waits for the station's approver; allowed, the same order goes
// through once, with the decision among its facts, and its task can be worked on.
func TestARefusedDispatchWaitsForItsApprover(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	officer, head, clerk := o.officer(), o.head(riverside), o.driver(riverside)
	id := o.asks(officer, driving(clerk))
	queue := head.get("/v1/approvals").want(200)
	if queue.text("approvals", 0, "id") != id.String() || queue.text("approvals", 0, "questions", 0, "citation") != "cq-2021 18" ||
		queue.text("approvals", 0, "ruling", "ruling", "outcome") != "needs_human" || len(queue.at("approvals").([]any)) != 1 {
		t.Errorf("%s", queue.raw)
	}
	if again := officer.post("/v1/tasks", driving(clerk)).want(422); o.count(`SELECT count(*) FROM approval`) != 1 {
		t.Errorf("it was asked twice: %s", again.raw)
	}
	testkit.Wait(t, "the head to be told", func() bool {
		return o.count(`SELECT count(*) FROM river_job WHERE kind = 'push' AND args ->> 'kind' = 'approval_requested' AND args ->> 'person' = $1`, head.person) == 1
	})
	officer.judges(id, judging(true, "task")).want(403)
	if r := head.judges(id, judging(true, "standing")).want(400); r.text("errors", 0, "field") != "body/memo" {
		t.Errorf("%s", r.raw)
	}
	standing := judging(true, "standing")
	standing["memo"] = "1号"
	if r := head.judges(id, standing).want(403); r.text("code") != "standing_is_for_legal" {
		t.Errorf("%s", r.raw)
	}
	head.judges(id, judging(true, "task")).want(200)
	if r := head.judges(id, judging(false, "task")).want(409); r.text("code") != "approval_decided" {
		t.Errorf("%s", r.raw)
	}
	sent := officer.post("/v1/tasks", driving(clerk)).want(201)
	task := sent.text("task", "id")
	officer.post("/v1/tasks", driving(clerk)).want(422) // this task only
	clerk.step(task, "accept", nil).want(200)
	clerk.step(task, "start", saying(dressed()...)).want(200)
	history := clerk.history(task)
	if history.text("rulings", 0, "facts", "decisions", 0, "allow") != "true" {
		t.Errorf("%s", history.raw)
	}
	if n := o.count(`SELECT count(*) FROM event WHERE kind = 'approval.decided' AND path = $1`, o.path(riverside)); n != 1 {
		t.Errorf("%d decisions on record", n)
	}
	o.sound()
}

// Refused by the approver, the reason is unmet: the same order is refused again and nobody is asked again.
func TestAnApproverRefuses(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	officer, head, clerk := o.officer(), o.head(riverside), o.driver(riverside)
	head.judges(o.asks(officer, driving(clerk)), judging(false, "task")).want(200)
	if r := officer.post("/v1/tasks", driving(clerk)).want(422); r.text("ruling", "outcome") != "unmet" {
		t.Errorf("%s", r.raw)
	}
	if n := o.count(`SELECT count(*) FROM approval`); n != 1 {
		t.Errorf("%d requests", n)
	}
	own := o.asks(head, driving(o.driver(riverside)))
	if r := head.judges(own, judging(true, "task")).want(403); r.text("code") != "own_request" {
		t.Errorf("a head decides their own order: %s", r.raw)
	}
	o.counsel(district).first.judges(own, judging(true, "task")).want(200)
	o.sound()
}

// A step that is refused for such a reason is asked once; when the fact becomes known and the work starts, nobody needs to decide.
func TestARequestLapsesWithItsReason(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u, head := newUnit(o), o.head(riverside)
	task := u.dispatcher.sends(order("patrol", u.member))
	u.member.step(task, "accept", nil).want(200)
	for range 2 {
		u.member.step(task, "start", saying(said("id_card", "yes"), said("recording", "on"))).want(422)
	}
	queue := head.get("/v1/approvals").want(200)
	if len(queue.at("approvals").([]any)) != 1 || queue.text("approvals", 0, "task") != task {
		t.Errorf("%s", queue.raw)
	}
	u.change(`UPDATE person SET status = 'unknown' WHERE id = $1`, u.member.person) // a second thing to settle
	u.member.step(task, "start", saying()).want(422)
	u.setStatus(u.member, "active")
	if asked := head.get("/v1/approvals").want(200); len(asked.at("approvals").([]any)) != 1 || len(asked.at("approvals", 0, "questions").([]any)) != 2 {
		t.Errorf("another question did not take the place of the first: %s", asked.raw)
	} else {
		queue = asked
	}
	id := uuid.MustParse(queue.text("approvals", 0, "id"))
	u.member.step(task, "start", saying(dressed()...)).want(200)
	if r := head.judges(id, judging(true, "task")).want(409); r.text("code") != "approval_lapsed" {
		t.Errorf("%s", r.raw)
	}
	if left := head.get("/v1/approvals").want(200).at("approvals").([]any); len(left) != 0 {
		t.Errorf("%v", left)
	}
	other := u.dispatcher.sends(order("patrol", u.spare))
	u.spare.step(other, "accept", nil).want(200)
	u.spare.step(other, "start", saying(said("id_card", "yes"), said("recording", "on"))).want(422)
	allowed := uuid.MustParse(head.get("/v1/approvals").want(200).text("approvals", 0, "id"))
	head.judges(allowed, judging(true, "task")).want(200)
	u.spare.step(other, "start", saying(said("id_card", "yes"), said("recording", "on"))).want(200)
	u.dispatcher.history(task)
	o.sound()
}

// A standing decision is a change of law: the legal department proposes it, a second person approves, and nobody is asked any more,
// at that organ, until it is ended.
func TestAStandingDecisionTakesTwo(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal, officer := o.counsel(riverside), o.officer()
	standing := judging(true, "standing")
	standing["memo"] = "渝中公法〔2026〕21号"
	decided := legal.first.judges(o.asks(officer, driving(o.driver(riverside))), standing).want(200)
	proposal := decided.text("proposals", 0)
	officer.post("/v1/tasks", driving(o.driver(riverside))).want(422)
	legal.first.settles(proposal, "approve").want(403)
	legal.second.settles(proposal, "approve").want(200)
	officer.post("/v1/tasks", driving(o.driver(riverside))).want(201)
	sister := o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
	sister.post("/v1/tasks", driving(o.driver(hillside))).want(422)
	made := legal.second.get("/v1/law/proposals").want(200)
	value := made.at("proposals", 0, "value").(object)
	legal.enacts(object{
		"decision": object{"citation": value["citation"], "fact": value["fact"]}, "end": true, "memo": "22号", "reason": "不再适用",
	})
	officer.post("/v1/tasks", driving(o.driver(riverside))).want(422)
	o.sound()
}

// A deadline that passes is told to those above, once.
func TestADeadlineIsToldToThoseAbove(t *testing.T) {
	t.Parallel()
	o := openOffice(t, func(c *app.Config) { c.ApprovalDeadline = 3 * time.Second })
	officer, above := o.officer(), o.counsel(district)
	o.head(riverside)
	work := driving(o.driver(riverside))
	work["urgency"] = "immediate"
	id := o.asks(officer, work)
	if n := o.count(`SELECT count(*) FROM river_job WHERE kind = 'approval' AND max_attempts = 1000`); n != 2 {
		t.Errorf("%d jobs are tried for as long as a message is", n)
	}
	testkit.Wait(t, "those above to be told", func() bool {
		return o.count(`SELECT count(*) FROM river_job WHERE kind = 'push' AND args ->> 'kind' = 'approval_escalated' AND args ->> 'person' = $1`, above.first.person) == 1
	})
	if n := o.count(`SELECT count(*) FROM event WHERE kind = 'approval.escalated' AND body::json ->> 'approval' = $1`, id.String()); n != 1 {
		t.Errorf("%d escalations", n)
	}
	queue := above.second.get("/v1/approvals").want(200)
	if queue.text("approvals", 0, "escalated_at") == "" {
		t.Errorf("%s", queue.raw)
	}
	above.second.judges(id, judging(true, "task")).want(200)
	o.sound()
}
