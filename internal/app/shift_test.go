package app_test

import (
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/shift"
	"github.com/dutybound/dutybound/internal/testkit"
)

// fix is Jiefangbei as a map in China has it, with more of a point.
func fix(more object) object {
	f := object{"lat": 29.554218, "lon": 106.574492, "datum": "gcj02", "accuracy_m": 10}
	for k, v := range more {
		f[k] = v
	}
	return f
}

// dressedFor is a check-in with the work card, in uniform or not.
func dressedFor(uniform string) object { return object{"uniform": uniform, "work_card": "yes"} }

func (h *hand) checksIn(with object) reply {
	h.s.t.Helper()
	return h.post("/v1/shifts", with).want(201)
}

func (h *hand) checksOut() reply {
	h.s.t.Helper()
	return h.post("/v1/shifts/current/end", object{}).want(200)
}

// planning is a shift around Jiefangbei that goes on now.
func planning(people ...uuid.UUID) object {
	return object{
		"post": "patrol", "place": object{"name": "解放碑", "lat": 29.554218, "lon": 106.574492, "datum": "gcj02"},
		"from": time.Now().Add(-time.Minute), "until": time.Now().Add(8 * time.Hour), "people": people,
	}
}

func (h *hand) plans(plan object) string {
	h.s.t.Helper()
	return h.post("/v1/shift-plans", plan).want(201).text("id")
}

func plainClothes(who *hand) object {
	return object{"person": who.person, "reason": "反扒专项", "from": time.Now().Add(-time.Minute), "until": time.Now().Add(time.Hour)}
}

// What a check-in declares is what the law reads: the start that was refused without it is lawful with it, and nobody stated anything.
func TestACheckInIsWhatTheLawReads(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	u.member.checksIn(dressedFor("no"))
	task := u.dispatcher.sends(order("patrol", u.member))
	u.member.step(task, "accept", nil).want(200)
	if r := u.member.step(task, "start", saying(said("recording", "on"))).want(422); !r.cites("cq-2021 17(1)") {
		t.Errorf("without a uniform: %.400s", r.raw)
	}
	u.member.checksOut()
	u.member.checksIn(dressedFor("yes"))
	u.member.step(task, "start", saying(said("recording", "on"))).want(200)
	if n := o.count(`SELECT count(*) FROM observation WHERE source = 'shift' AND subject = $1 AND event_id IS NOT NULL`, u.member.person); n != 7 {
		t.Errorf("%d observations of the shifts are covered by an event, not three for each check-in and one for the check-out", n)
	}
	o.sound()
}

// A lead who goes off duty makes the work that he leads a violation, and his coming back makes it lawful, without a word from the scene.
func TestAShiftIsHeardByTheWorkThatGoesOn(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	u.lead.checksIn(dressedFor("yes"))
	work := led(order("stop-and-question", u.member), u.lead)
	task := u.dispatcher.sends(work)
	ready(task, u.member)
	u.lead.arrives(task, u.member)
	u.member.step(task, "start", saying()).want(200)
	u.lead.checksOut()
	testkit.Wait(t, "the violation", func() bool { return u.times(task, "task.violation") == 1 })
	u.lead.checksIn(dressedFor("yes"))
	testkit.Wait(t, "the work to be lawful again", func() bool { return u.times(task, "task.lawful_again") == 1 })
	for _, e := range u.dispatcher.history(task).at("events").([]any) {
		if e := e.(object); e["kind"] == "fact.changed" && e["body"].(object)["fact"] == "on_duty" && e["body"].(object)["source"] != "shift" {
			t.Errorf("who says so: %v", e)
		}
	}
	o.sound()
}

// That somebody is on duty is known for as long as the shift goes on, however old the check-in: no statement would be needed again.
func TestAShiftDoesNotGrowStale(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t, func(c *app.Config) { c.StatementFreshness = 30 * time.Minute }))
	u.lead.checksIn(dressedFor("yes"))
	u.change(`UPDATE observation_now SET received_at = now() - interval '9 hours' WHERE subject = $1`, u.lead.person)
	work := led(order("stop-and-question", u.member), u.lead)
	delete(work["officers"].([]object)[0], "on_duty")
	task := u.dispatcher.sends(work)
	ready(task, u.member)
	u.lead.arrives(task, u.member)
	u.member.step(task, "start", saying()).want(200)
	u.lead.checksOut()
	testkit.Wait(t, "the violation", func() bool { return u.times(task, "task.violation") == 1 })
}

// Nobody is on duty twice, however simultaneously they check in, and from however many phones.
func TestNobodyIsOnDutyTwice(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	member := o.auxiliary()
	other := o.another(member)
	var all sync.WaitGroup
	statuses := make([]int, 10)
	for i := range statuses {
		all.Go(func() {
			who := []*hand{member, other}[i%2]
			r, err := who.try("POST", "/v1/shifts", dressedFor("yes"), keyed())
			if err != nil {
				t.Error(err)
			}
			statuses[i] = r.status
		})
	}
	all.Wait()
	in := 0
	for _, status := range statuses {
		if status == 201 {
			in++
		} else if status != 409 {
			t.Errorf("answered %d", status)
		}
	}
	if n := o.count(`SELECT count(*) FROM shift WHERE person_id = $1`, member.person); in != 1 || n != 1 {
		t.Errorf("%d check-ins, %d shifts", in, n)
	}
	member.checksOut()
	member.post("/v1/shifts/current/end", object{}).want(409)
	o.sound()
}

// What was never issued is not carried, and the answer names it (Art. 18: only what is issued).
func TestOnlyWhatIsIssuedIsCarried(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	member := o.auxiliary()
	_, err := o.sql.Exec(t.Context(), `INSERT INTO equipment (person_id, class, item) VALUES ($1, 'protective', '防刺服'), ($1, 'restraint', '约束带')`, member.person)
	o.must(err)
	carrying := func(items ...object) object {
		with := dressedFor("yes")
		with["equipment"] = items
		return with
	}
	vest := object{"class": "protective", "item": "防刺服"}
	r := member.post("/v1/shifts", carrying(vest, object{"class": "weapon", "item": "手枪"})).want(400)
	if r.text("errors", 0, "field") != "body/equipment/1" {
		t.Errorf("%s", r.raw)
	}
	sh := member.checksIn(carrying(vest))
	if sh.text("equipment", 0, "item") != "防刺服" || len(sh.at("equipment").([]any)) != 1 {
		t.Errorf("%s", sh.raw)
	}
}

// Plain clothes need an order that holds now; it waives the uniform and not the card (Art. 17(1)).
func TestPlainClothesNeedAnOrder(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	without := func(why string) {
		t.Helper()
		if r := u.member.post("/v1/shifts", dressedFor("plain_clothes_order")).want(409); r.text("code") != "no_plain_clothes_order" {
			t.Errorf("%s: %s", why, r.raw)
		}
	}
	without("there is none")
	later := plainClothes(u.member)
	later["from"] = time.Now().Add(30 * time.Minute)
	u.dispatcher.post("/v1/plain-clothes-orders", later).want(201)
	without("it holds later")
	u.dispatcher.post("/v1/plain-clothes-orders", plainClothes(u.spare)).want(201)
	without("it is another one's")
	past := plainClothes(u.member)
	past["from"], past["until"] = time.Now().Add(-time.Hour), time.Now().Add(-time.Minute)
	u.dispatcher.post("/v1/plain-clothes-orders", past).want(400)
	u.member.post("/v1/plain-clothes-orders", plainClothes(u.member)).want(403)
	given := u.dispatcher.post("/v1/plain-clothes-orders", plainClothes(u.member)).want(201).text("id")
	with := dressedFor("plain_clothes_order")
	with["work_card"] = "no"
	if sh := u.member.checksIn(with); sh.text("plain_clothes") != given {
		t.Errorf("%s", sh.raw)
	}
	task := u.dispatcher.sends(order("patrol", u.member))
	u.member.step(task, "accept", nil).want(200)
	if r := u.member.step(task, "start", saying(said("recording", "on"))).want(422); !r.cites("cq-2021 17(1)") {
		t.Errorf("without the card: %.400s", r.raw)
	}
	u.member.checksOut()
	with["work_card"] = "yes"
	u.member.checksIn(with)
	u.member.step(task, "start", saying(said("recording", "on"))).want(200)
	for _, table := range []string{"event", "river_job"} {
		column := map[string]string{"event": "body", "river_job": "args::text"}[table]
		if n := o.count(`SELECT count(*) FROM ` + table + ` WHERE ` + column + ` LIKE '%反扒%'`); n != 0 {
			t.Errorf("the reason stands in %d rows of %s", n, table)
		}
	}
	o.sound()
}

// A check-in away from the post is refused where the plan says so, with the distance, and else flagged where people look.
func TestACheckInAwayFromThePost(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	at := func(more object) object {
		with := dressedFor("yes")
		with["at"] = fix(more)
		return with
	}
	strict := planning(u.member.person)
	strict["strict"] = true
	u.dispatcher.plans(strict)
	u.dispatcher.plans(planning(u.spare.person))
	far := object{"datum": "wgs84"} // the same numbers, read in another datum, are half a kilometre away
	r := u.member.post("/v1/shifts", at(far)).want(409)
	if r.text("code") != "off_post" {
		t.Errorf("%s", r.raw)
	}
	if r.text("title") != "距岗位 480 米，须在 300 米以内签到" {
		t.Errorf("it does not say how far: %s", r.raw)
	}
	if r := u.member.post("/v1/shifts", dressedFor("yes")).want(409); r.text("code") != "place_unknown" {
		t.Errorf("%s", r.raw)
	}
	u.member.post("/v1/shifts", at(object{"mock": true})).want(409)
	for _, good := range []object{{}, {"lat": 29.5571, "lon": 106.5708, "datum": "wgs84"}, {"datum": "wgs84", "accuracy_m": 250}} {
		sh := u.member.checksIn(at(good))
		if len(sh.at("flags").([]any)) != 0 || sh.text("arranged_by") != u.dispatcher.person.String() {
			t.Errorf("%v: %s", good, sh.raw)
		}
		u.member.checksOut()
	}
	sh := u.spare.checksIn(at(far))
	if sh.text("flags", 0) != "off_post" || sh.at("distance_m").(float64) != 480 {
		t.Errorf("%s", sh.raw)
	}
	if n := o.count(`SELECT count(*) FROM event WHERE kind = 'shift.flagged' AND body::json ->> 'person' = $1`, u.spare.person.String()); n != 1 {
		t.Errorf("%d events tell of it", n)
	}
	o.sound()
}

// Whoever checked in on an officer's plan works on the arrangement of organ and officer (Art. 15), even when no officer dispatches.
func TestAPlannedShiftIsAnArrangementByAnOfficer(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	desk := o.hire(newcomer{class: duty.Other, organ: riverside, role: duty.RoleOfficer}) // a dispatcher of the organ who is no officer
	refused := func(why string, people ...*hand) {
		t.Helper()
		r := desk.post("/v1/tasks", order("patrol", people...)).want(422)
		if !r.cites("cq-2021 15") && !r.cites("cq-2021 15(1)") {
			t.Errorf("%s: %.600s", why, r.raw)
		}
	}
	refused("nobody arranged it", u.member)
	desk.post("/v1/shift-plans", planning(u.member.person)).want(403)
	u.dispatcher.plans(planning(u.member.person))
	refused("nobody has come", u.member)
	u.member.checksIn(dressedFor("yes"))
	u.spare.checksIn(dressedFor("yes"))
	refused("one of them came on their own", u.member, u.spare)
	task := desk.sends(order("patrol", u.member))
	u.member.step(task, "accept", nil).want(200)
	u.member.step(task, "start", saying(said("recording", "on"))).want(200)
	u.member.checksOut()
	testkit.Wait(t, "the work to be without its arrangement", func() bool { return u.times(task, "task.violation") == 1 })
	o.sound()
}

// A shift that nobody ends is closed once, by rule, however many replicas see to it, and listed; the law hears of it.
func TestAForgottenCheckOutIsClosedByRule(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	late, fine := o.auxiliary(), o.auxiliary()
	abroad := o.hire(newcomer{class: duty.FieldAuxiliary, organ: hillside, role: duty.RoleAuxiliary})
	o.counsel(hillside).enacts(measured("shift_longest_s", 3600))
	for who, hours := range map[*hand]int{late: 17, fine: 15, abroad: 2} {
		who.checksIn(dressedFor("yes"))
		_, err := o.sql.Exec(t.Context(), `UPDATE shift SET started_at = now() - make_interval(hours => $2) WHERE person_id = $1`, who.person, hours)
		o.must(err)
	}
	o.closes(8)
	for who, want := range map[*hand]int{late: 1, fine: 0, abroad: 1} {
		got := o.count(`SELECT count(*) FROM event WHERE kind = 'shift.closed_by_rule' AND body::json ->> 'person' = $1`, who.person.String())
		off := o.count(`SELECT count(*) FROM observation WHERE subject = $1 AND fact = 'on_duty' AND value = 'no'`, who.person)
		if got != want || off != want {
			t.Errorf("%d events and %d observations, want %d", got, off, want)
		}
	}
	list := o.officer().get("/v1/shifts?forgotten=true").want(200)
	if shifts := list.at("shifts").([]any); len(shifts) != 1 || list.text("shifts", 0, "person") != late.person.String() || list.text("shifts", 0, "ended") != "closed_by_rule" {
		t.Errorf("%s", list.raw)
	}
	late.checksIn(dressedFor("yes"))
	o.sound()
}

// Who is on duty now, and who was at a moment, within one's sight.
func TestWhoIsOnDuty(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	abroad := o.hire(newcomer{class: duty.FieldAuxiliary, organ: hillside, role: duty.RoleAuxiliary})
	abroad.checksIn(dressedFor("yes"))
	before := u.member.checksIn(dressedFor("yes")).text("started_at")
	u.spare.checksIn(dressedFor("yes"))
	who := func(query string, by *hand) map[string]bool {
		found := map[string]bool{}
		for _, sh := range by.get("/v1/shifts" + query).want(200).at("shifts").([]any) {
			found[fmt.Sprint(sh.(object)["person"])] = true
		}
		return found
	}
	expect := func(when string, got map[string]bool, want ...*hand) {
		t.Helper()
		for _, h := range want {
			if !got[h.person.String()] {
				t.Errorf("%s: somebody is missing of %v", when, got)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s: %v", when, got)
		}
	}
	expect("now", who("", u.dispatcher), u.member, u.spare)
	expect("now, to herself", who("", u.member), u.member)
	expect("of the sister station", who("?path="+o.path(hillside), u.dispatcher))
	u.member.checksOut()
	expect("after the check-out", who("", u.dispatcher), u.spare)
	expect("at the check-in", who("?at="+before, u.dispatcher), u.member)
	note := object{"note": "护栏松动", "to": u.spare.person}
	u.member.checksIn(dressedFor("yes"))
	if r := u.member.post("/v1/shifts/current/end", object{"to": abroad.person}).want(400); r.text("errors", 0, "field") != "body/to" {
		t.Errorf("%s", r.raw)
	}
	if sh := u.member.post("/v1/shifts/current/end", note).want(200); sh.text("handover", "to") != u.spare.person.String() {
		t.Errorf("%s", sh.raw)
	}
	u.setStatus(u.colleague, "suspended")
	u.colleague.post("/v1/shifts", dressedFor("yes")).want(409)
}

// closes has many replicas close forgotten shifts at the same moment.
func (o *office) closes(replicas int) {
	o.t.Helper()
	var all sync.WaitGroup
	for range replicas {
		all.Go(func() {
			closer := shift.NewCloser(shift.New(o.store, o.store), o.store, o.store.Now, slog.New(slog.DiscardHandler))
			if err := closer.Close(o.t.Context()); err != nil {
				o.t.Error(err)
			}
		})
	}
	all.Wait()
}

// Once work begins an officer's own shift says whether he is on duty, whatever a dispatcher has typed; to send people out for later it is
// enough that he will be.
func TestADispatcherPutsNobodyOnDuty(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	u.lead.checksIn(dressedFor("yes"))
	u.lead.checksOut()
	task := u.dispatcher.sends(led(order("stop-and-question", u.member), u.lead)) // who says that he is on duty
	ready(task, u.member)
	handshake(u.lead, u.member, task)
	if r := starting(u, task).want(422); !r.cites("cq-2021 16(2)") {
		t.Errorf("%.900s", r.raw)
	}
	u.lead.checksIn(dressedFor("yes"))
	starting(u, task).want(200)
	u.sound()
}
