package app_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// A swap needs all three: who asks, who takes the place, and the officer who arranged the shift; then, and only then, the other one's
// check-in is the planned shift.
func TestASwapNeedsAllThree(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	plan := u.dispatcher.plans(planning(u.member.person))
	path := "/v1/shift-plans/" + plan + "/swaps"
	abroad := o.hire(newcomer{class: duty.FieldAuxiliary, organ: hillside, role: duty.RoleAuxiliary})
	for _, to := range []*hand{abroad, u.member} {
		if r := u.member.post(path, object{"to": to.person}).want(400); r.text("errors", 0, "field") != "body/to" {
			t.Errorf("%s", r.raw)
		}
	}
	u.colleague.post(path, object{"to": u.spare.person}).want(404)
	swap := path + "/" + u.member.post(path, object{"to": u.spare.person}).want(200).text("swaps", 0, "id")
	u.member.post(path, object{"to": u.colleague.person}).want(409) // one wish at a time
	step := func(who *hand, step string, status int) reply {
		return who.post(swap, object{"step": step}).want(status)
	}
	step(u.dispatcher, "approve", 409) // nobody has accepted
	step(u.member, "accept", 403)
	step(u.colleague, "accept", 404)
	step(u.lead, "approve", 403) // an officer, and not the one who arranged it
	step(u.spare, "approve", 403)
	u.spare.get("/v1/shift-plans/" + plan + "/roll-call").want(404) // asked, and not on it
	step(u.spare, "accept", 200)
	step(u.spare, "accept", 409)
	if r := u.dispatcher.get("/v1/shift-plans").want(200); r.text("plans", 0, "people", 0, "person") != u.member.person.String() {
		t.Errorf("before the approval: %s", r.raw)
	}
	r := step(u.dispatcher, "approve", 200)
	if r.text("people", 0, "person") != u.spare.person.String() || r.text("swaps", 0, "state") != "approved" {
		t.Errorf("%s", r.raw)
	}
	step(u.member, "refuse", 409)
	if sh := u.member.checksIn(dressedFor("yes")); sh.body.(object)["plan"] != nil {
		t.Errorf("whoever gave the place away has it: %s", sh.raw)
	}
	if sh := u.spare.checksIn(dressedFor("yes")); sh.text("plan") != plan || sh.text("arranged_by") != u.dispatcher.person.String() {
		t.Errorf("%s", sh.raw)
	}
	refused := u.dispatcher.plans(planning(u.colleague.person))
	again := "/v1/shift-plans/" + refused + "/swaps"
	id := u.colleague.post(again, object{"to": u.member.person}).want(200).text("swaps", 0, "id")
	u.member.post(again+"/"+id, object{"step": "refuse"}).want(200)
	u.member.post(again+"/"+id, object{"step": "accept"}).want(409)
	u.dispatcher.post("/v1/shift-plans/"+refused+"/cancel", because("活动取消")).want(200)
	u.dispatcher.post("/v1/shift-plans/"+refused+"/cancel", because("活动取消")).want(409)
	u.colleague.post(again, object{"to": u.spare.person}).want(409)
	if sh := u.colleague.checksIn(dressedFor("yes")); sh.body.(object)["plan"] != nil {
		t.Errorf("on a cancelled plan: %s", sh.raw)
	}
	o.sound()
}

// The roll of a plan tells who is there, who came late or early, who left and who is missing.
func TestTheRollIsCalled(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	missing := o.auxiliary()
	people := map[string]*hand{"present": u.member, "late": u.spare, "early": u.colleague, "absent": missing}
	draft := planning(u.member.person, u.spare.person, u.colleague.person, missing.person)
	from := time.Now().Add(-10 * time.Minute)
	draft["from"] = from
	plan := u.dispatcher.plans(draft)
	for state, after := range map[string]time.Duration{"present": time.Minute, "late": 8 * time.Minute, "early": -40 * time.Minute} {
		people[state].checksIn(dressedFor("yes"))
		u.change(`UPDATE shift SET doc = jsonb_set(doc, '{started_at}', to_jsonb($2::timestamptz)), started_at = $2 WHERE person_id = $1`, people[state].person, from.Add(after))
	}
	u.spare.checksOut()
	for _, by := range []*hand{u.dispatcher, missing} { // whoever is on it sees who else is there
		roll := by.get("/v1/shift-plans/" + plan + "/roll-call").want(200)
		for _, call := range roll.at("people").([]any) {
			call := call.(object)
			for state, who := range people {
				if call["person"] == who.person.String() && (call["state"] != state || call["left_early"] != (who == u.spare)) {
					t.Errorf("%s: %v", state, call)
				}
			}
		}
	}
	later := planning(missing.person)
	later["from"], later["until"] = time.Now().Add(4*time.Hour), time.Now().Add(6*time.Hour)
	if r := missing.get("/v1/shift-plans/" + u.dispatcher.plans(later) + "/roll-call").want(200); r.text("people", 0, "state") != "expected" {
		t.Errorf("%s", r.raw)
	}
}

// Hours and rest that labour law does not like are warned about, on the plan and at the check-in, and stop nobody.
func TestHoursAreWarnedAboutAndStopNobody(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	u.member.checksIn(dressedFor("yes"))
	u.change(`UPDATE shift SET started_at = now() - interval '15 hours' WHERE person_id = $1`, u.member.person)
	u.member.checksOut()
	codes := func(r reply) (found []string) {
		for _, w := range r.at("warnings").([]any) {
			found = append(found, fmt.Sprint(w.(object)["code"]))
		}
		return found
	}
	again := u.member.checksIn(dressedFor("yes"))
	if !slices.Contains(codes(again), "rest_short") {
		t.Errorf("at the check-in: %s", again.raw)
	}
	long := planning(u.spare.person, u.member.person)
	if next := time.Now().AddDate(0, 0, 1); next.UTC().Weekday() == time.Monday { // a plan is weighed by the week that it begins in
		long["from"] = next
	}
	long["until"] = long["from"].(time.Time).Add(30 * time.Hour)
	plan := u.dispatcher.post("/v1/shift-plans", long).want(201)
	if !slices.Contains(codes(plan), "day_long") {
		t.Errorf("on the plan: %s", plan.raw)
	}
	hours := u.dispatcher.get("/v1/people/" + u.member.person.String() + "/hours").want(200)
	if hours.at("seconds").(float64) < 1 || hours.text("shortest_rest_s") == "" || len(hours.at("days").([]any)) != 7 {
		t.Errorf("%s", hours.raw)
	}
	u.member.get("/v1/people/" + u.member.person.String() + "/hours").want(200)
	u.member.get("/v1/people/" + u.spare.person.String() + "/hours").want(404)
}

func TestAPlanIsChecked(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	abroad := o.hire(newcomer{class: duty.FieldAuxiliary, organ: hillside, role: duty.RoleAuxiliary})
	for field, spoil := range map[string]object{
		"body/people/1":    {"people": []uuid.UUID{u.member.person, abroad.person}},
		"body/people/2":    {"people": []uuid.UUID{u.member.person, u.spare.person, u.member.person}},
		"body/people":      {"people": []uuid.UUID{}},
		"body/until":       {"until": time.Now().Add(-time.Hour)},
		"body/strict":      {"strict": true, "place": object{"name": "江岸"}},
		"body/place/datum": {"place": object{"name": "江岸", "lat": 29, "lon": 106}},
	} {
		draft := planning(u.member.person)
		for k, v := range spoil {
			draft[k] = v
		}
		if r := u.dispatcher.post("/v1/shift-plans", draft).want(400); r.text("errors", 0, "field") != field {
			t.Errorf("%s: %s", field, r.raw)
		}
	}
	over := planning(u.member.person)
	over["from"], over["until"] = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	u.dispatcher.post("/v1/shift-plans", over).want(400)
	over["until"] = time.Now().Add(60 * time.Hour)
	u.dispatcher.post("/v1/shift-plans", over).want(400)
}
