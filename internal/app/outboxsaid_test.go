package app_test

import (
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/testkit"
)

// What somebody said with a start that came too late is testimony like any other: the no to the start does not take it off the record.
func TestWhatWasSaidWithALateStartIsKept(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	task := u.dispatcher.sends(order("patrol", u.member, u.colleague))
	ready(task, u.member, u.colleague)
	records := []string{p.Records(stepPath(task, "start"), saying(said("uniform", "no")))}
	u.colleague.step(task, "start", saying()).want(200)
	results := u.member.brings(records...)
	wantOutcomes(t, results, "refused")
	if results[0]["status"] != 409.0 {
		t.Errorf("%v", results[0])
	}
	heard := func() int {
		return o.count(`SELECT count(*) FROM observation WHERE subject = $1 AND fact = 'uniform' AND value = 'no' AND task_id = $2`, u.member.person, task)
	}
	if n := heard(); n != 1 {
		t.Errorf("it is on the record %d times", n)
	}
	if violation := u.dispatcher.get("/v1/tasks/"+task).text("task", "violation"); violation != "true" {
		t.Errorf("the law was not asked: %s", violation)
	}
	u.dispatcher.step(task, "cancel", because("警情解除")).want(200)
	records = append(records, p.Records(stepPath(task, "resume"), saying(said("uniform", "no"))))
	wantOutcomes(t, u.member.brings(records...), "duplicate", "refused")
	testkit.Wait(t, "the second to be heard", func() bool { return heard() == 2 })
	o.sound()
}

// A statement that names no time is of when its record was made, not of when it came.
func TestAStatementWithoutATimeIsOfItsRecord(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	task := u.dispatcher.sends(order("patrol", u.member))
	ready(task, u.member)
	p.Next.Server = &testkit.SeenAt{At: time.Now().Add(-time.Hour), SinceBoot: p.Next.SinceBoot}
	p.Next.SinceBoot += 600_000
	u.member.brings(p.Records(stepPath(task, "start"), saying(said("uniform", "yes"))))
	if n := o.count(`SELECT count(*) FROM observation o JOIN outbox_record r ON r.latest = o.observed_at
		WHERE o.subject = $1 AND o.fact = 'uniform' AND r.latest < now() - interval '40 minutes'`, u.member.person); n != 1 {
		t.Errorf("%d statements are of then", n)
	}
}

// What went wrong in the course of work that began without network has not faded by the time it is heard of.
func TestWhatWentWrongWithoutNetworkDoesNotFade(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	task := u.dispatcher.sends(order("patrol", u.member))
	p.Next.Server = &testkit.SeenAt{At: time.Now().Add(-time.Hour), SinceBoot: p.Next.SinceBoot}
	p.Next.SinceBoot += 600_000
	wantOutcomes(t, u.member.brings(
		p.Records(stepPath(task, "accept"), nil), p.Records("/v1/observations", dressedAt(p.Next.Wall)), p.Records(stepPath(task, "start"), saying()),
		p.Records("/v1/observations", saying(object{"fact": "recording", "value": "off", "observed_at": p.Next.Wall})),
	), "applied", "applied", "applied", "applied")
	if !u.violated(task) || u.times(task, "task.lawful_again") != 0 {
		t.Error("the camera has been off for three quarters of an hour")
	}
	u.member.observes(said("recording", "on"))
	if u.violated(task) {
		t.Error("switched on again")
	}
	o.sound()
}

// Who checks in with one vehicle afterwards was not together in it before: a start of an hour ago is ruled on without that.
func TestAShiftShowsNoLeadOfBeforeIt(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p, q := o.phone(u.member), o.phone(u.lead)
	for _, one := range []*testkit.Phone{p, q} {
		one.Next.Server = &testkit.SeenAt{At: time.Now().Add(-time.Hour), SinceBoot: one.Next.SinceBoot}
		one.Next.SinceBoot += 600_000
	}
	onDuty := object{"fact": "on_duty", "value": "yes", "observed_at": q.Next.Wall}
	wantOutcomes(t, u.lead.brings(q.Records("/v1/observations", saying(onDuty))), "applied")
	task := u.dispatcher.sends(led(order("stop-and-question", u.member), u.lead))
	u.lead.step(task, "lead/accept", nil).want(200)
	p.Next.SinceBoot += 600_000
	for _, who := range []*hand{u.lead, u.member} {
		in := dressedFor("yes")
		in["unit"] = "渝A1234警"
		who.checksIn(in)
	}
	results := u.member.brings(
		p.Records(stepPath(task, "accept"), nil), p.Records("/v1/observations", dressedAt(p.Next.Wall)), p.Records(stepPath(task, "start"), saying()),
	)
	wantOutcomes(t, results, "applied", "applied", "refused")
	if results[2]["ruling_outcome"] != "needs_human" || len(unlawfulStarts(u, task)) != 1 {
		t.Errorf("%v", results[2])
	}
	u.member.step(task, "start", saying(dressed()...)).want(200)
	o.sound()
}

// A start by an officer who was suspended by the time it came is answered 403; that the work began is on the record all the same.
func TestAStartOfASuspendedOfficerIsOnTheRecord(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.lead)
	task := u.dispatcher.sends(led(order("patrol", u.member), u.lead))
	ready(task, u.member)
	_, err := o.sql.Exec(t.Context(), `UPDATE person SET status = 'suspended' WHERE id = $1`, u.lead.person)
	o.must(err)
	results := u.lead.brings(p.Records(stepPath(task, "start"), saying(said("uniform", "no"))))
	wantOutcomes(t, results, "refused")
	if results[0]["status"] != 403.0 {
		t.Errorf("%v", results[0])
	}
	if bodies := unlawfulStarts(u, task); len(bodies) != 1 || bodies[0]["refused"] != results[0]["code"] {
		t.Errorf("%v", bodies)
	}
	if n := o.count(`SELECT count(*) FROM observation WHERE subject = $1 AND fact = 'uniform' AND value = 'no'`, u.lead.person); n != 1 {
		t.Errorf("what was said with it is on the record %d times", n)
	}
}
