package app_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

// What a revoked device had signed goes to quarantine, whether it was kept before or comes from another device of the person, and
// somebody else decides.
func TestRecordsOfARevokedDeviceAreInQuarantine(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	next := o.another(u.member)
	task := u.dispatcher.sends(order("patrol", u.member))
	first := p.Records("/v1/observations", dressedAt(time.Now()))
	records := recordWork(p, task)
	wantOutcomes(t, u.member.brings(records[3]), "waiting")
	u.change(`UPDATE outbox_device SET lease = gen_random_uuid(), lease_until = now() + interval '1 hour' WHERE device_id = $1`, p.Device) // the sweep is held up
	u.personnel.post("/v1/devices/"+u.member.device.String()+"/revoke", nil).want(200)
	wantOutcomes(t, next.brings(first, records[0], records[1], records[2]), "quarantined", "quarantined", "quarantined", "quarantined")
	u.colleague.brings(first)
	wantOutcomes(t, u.colleague.brings(first), "not_yours")
	waiting := func() []any { return u.dispatcher.get("/v1/outbox/quarantine").want(200).at("records").([]any) }
	if n := len(waiting()); n != 4 {
		t.Errorf("%d wait for a decision", n)
	}
	path := "/v1/outbox/quarantine/" + p.Device.String() + "/decide"
	next.post(path, object{"release": true, "reason": "我的"}).want(403)
	abroad := o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
	abroad.post(path, object{"release": true, "reason": "x"}).want(404)
	u.dispatcher.post(path, object{"release": false, "reason": "无关", "records": []string{testkit.Hash(first)}}).want(200)
	u.dispatcher.post(path, object{"release": true, "reason": "属实", "records": []string{testkit.Hash(first)}}).want(400)
	// What was kept and not yet applied follows once it would have been applied.
	u.change(`UPDATE outbox_device SET lease = NULL, lease_until = NULL, due_at = now() WHERE device_id = $1`, p.Device)
	testkit.Wait(t, "the rest to be in quarantine", func() bool { return len(waiting()) == 4 })
	released := u.dispatcher.post(path, object{"release": true, "reason": "本人到场说明，内容属实"}).want(200)
	if released.text("records") != "4" {
		t.Errorf("%s", released.raw)
	}
	testkit.Wait(t, "what was released to be applied", func() bool {
		return o.count(`SELECT count(*) FROM outbox_record WHERE device_id = $1 AND state = 'applied'`, p.Device) == 4
	})
	if state := u.dispatcher.get("/v1/tasks/"+task).text("task", "state"); state != "finished" {
		t.Errorf("the task is %s", state)
	}
	if n := o.count(`SELECT count(*) FROM outbox_record WHERE state = 'rejected' AND reason = '无关'`); n != 1 {
		t.Errorf("%d were rejected", n)
	}
	u.dispatcher.post(path, object{"release": true, "reason": "再次"}).want(404)
}

// Whoever reviews records may be whom an objection is about: its words are shown to the heads that answer it, who page through the rest too.
func TestQuarantineTellsNobodyElseWhatIsForTheHeads(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	next := o.another(u.member)
	task := u.dispatcher.sends(order("patrol", u.member))
	records := []string{
		p.Records("/v1/tasks/"+task+"/objections", object{"reason": "派警的人自己就是当事人"}),
		p.Records("/v1/tasks/"+task+"/recusals", object{"person": u.member.person, "ground": "near_relative", "reason": "是我表弟"}),
		p.Records("/v1/observations", dressedAt(time.Now())),
		p.Records("/v1/tasks/"+task+"/no-such-thing", object{"reason": "不知给谁看"}),
	}
	u.personnel.post("/v1/devices/"+u.member.device.String()+"/revoke", nil).want(200)
	wantOutcomes(t, next.brings(records...), "quarantined", "quarantined", "quarantined", "quarantined")
	for who, want := range map[*hand][]bool{u.dispatcher: {false, false, true, false}, o.head(riverside): {true, true, true, false}} {
		after, more := "", true
		for i, signed := range records {
			page := who.get("/v1/outbox/quarantine?limit=1" + after).want(200)
			record := page.at("records").([]any)[0].(object)
			if _, shown := record["body"]; shown != want[i] || record["record"] != testkit.Hash(signed) {
				t.Errorf("%d: %v", i, record)
			}
			after, more = "&after="+testkit.Hash(signed), page.at("more").(bool)
		}
		if more || len(who.get("/v1/outbox/quarantine?limit=1"+after).want(200).at("records").([]any)) != 0 {
			t.Errorf("there is more after the last: %t", more)
		}
	}
	u.dispatcher.get("/v1/outbox/quarantine?after=x").want(400)
}

// What was signed stays as it came, and what became of it is written once, whoever runs SQL.
func TestWhatWasSignedCannotBeChanged(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	wantOutcomes(t, u.member.brings(p.Records("/v1/observations", dressedAt(time.Now()))), "applied")
	for _, sql := range []string{
		`UPDATE outbox_record SET jws = 'x'`, `UPDATE outbox_record SET n = 2`, `UPDATE outbox_record SET received_at = now()`,
		`UPDATE outbox_record SET state = 'stored'`, `UPDATE outbox_record SET latest = now()`, `DELETE FROM outbox_record`,
		`TRUNCATE outbox_record`, `TRUNCATE outbox_finding`,
	} {
		if _, err := o.sql.Exec(t.Context(), sql); err == nil {
			t.Errorf("it could %s", sql)
		}
	}
}

// A process that died after it had kept records, and while it applied them, is followed by another one.
func TestWhatADeadProcessLeftIsApplied(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	task := u.dispatcher.sends(order("patrol", u.member))
	records := recordWork(p, task)
	o.kept(u.member, records[:2], false) // before it applied anything
	// Whoever holds the lease yet would go on with what comes next.
	testkit.Wait(t, "what was kept to be applied, and its lease to be given back", func() bool {
		return o.applied(p) == 2 && o.count(`SELECT count(*) FROM outbox_device WHERE device_id = $1 AND lease IS NULL AND due_at IS NULL`, p.Device) == 1
	})
	o.kept(u.member, records[2:], true) // between carrying out and writing that it was
	testkit.Wait(t, "the rest to be applied", func() bool { return o.applied(p) == 4 })
	if state := u.dispatcher.get("/v1/tasks/"+task).text("task", "state"); state != "finished" {
		t.Errorf("the task is %s", state)
	}
	o.sound()
}

func (o *office) applied(p *testkit.Phone) int {
	o.t.Helper()
	return o.count(`SELECT count(*) FROM outbox_record WHERE device_id = $1 AND state = 'applied'`, p.Device)
}

// However many bring the same at once, each is done once and in order.
func TestTwoUploadsOfADeviceAtOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	task := u.dispatcher.sends(order("patrol", u.member))
	records := recordWork(p, task)
	before := o.events()
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			mixed := slices.Clone(records)
			if i%2 == 1 {
				slices.Reverse(mixed)
			}
			if r, err := u.member.try("POST", "/v1/outbox", object{"records": mixed}, nil); err != nil || r.status != 200 {
				t.Errorf("%d %s %v", r.status, r.raw, err)
			}
		})
	}
	all.Wait()
	wantOutcomes(t, u.member.brings(records...), "duplicate", "duplicate", "duplicate", "duplicate")
	testkit.Wait(t, "all to be applied", func() bool { return o.applied(p) == 4 })
	if n := o.events() - before; n != 6 { // accepted, three facts, started, finished
		t.Errorf("%d events", n)
	}
	o.sound()
}

// quarantined is a record of a revoked device of somebody in an organ, and the finding that those before it are missing.
func (o *office) quarantined(organ string) (finding, device uuid.UUID) {
	o.t.Helper()
	h := o.hire(newcomer{class: duty.FieldAuxiliary, organ: organ, role: duty.RoleAuxiliary, posts: fieldPosts})
	p := o.phone(h)
	p.Records("/v1/observations", nil)
	next := o.another(h)
	_, err := o.sql.Exec(o.t.Context(), `UPDATE device SET revoked_at = now() WHERE id = $1`, h.device)
	o.must(err)
	wantOutcomes(o.t, next.brings(p.Records("/v1/observations", dressedAt(time.Now()))), "quarantined")
	o.must(o.sql.QueryRow(o.t.Context(), `SELECT id FROM outbox_finding WHERE device_id = $1`, h.device).Scan(&finding))
	return finding, h.device
}
