package app_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

// sos is a call for help as a phone sends it now.
func sos(more ...object) object {
	call := object{"raised_at": time.Now()}
	for _, m := range more {
		for key, value := range m {
			call[key] = value
		}
	}
	return call
}

func at(lat, lon float64) object {
	return object{"place": object{"lat": lat, "lon": lon, "datum": "wgs84"}}
}

// raises answers the alarm's id.
func (h *hand) raises(call object) string {
	h.s.t.Helper()
	return h.post("/v1/alarms", call).want(201).text("id")
}

func (h *hand) alarm(id string) reply {
	h.s.t.Helper()
	return h.get("/v1/alarms/" + id).want(200)
}

// told are those an alarm was brought before, with the reason.
func (r reply) told() map[string]string {
	r.t.Helper()
	people := map[string]string{}
	for _, one := range r.at("recipients").([]any) {
		people[one.(object)["person"].(string)] = one.(object)["why"].(string)
	}
	return people
}

// of is one of those an alarm was brought before.
func (r reply) of(h *hand) object {
	r.t.Helper()
	for _, one := range r.at("recipients").([]any) {
		if one.(object)["person"] == h.person.String() {
			return one.(object)
		}
	}
	r.t.Fatalf("%s was not told: %s", h.person, r.raw)
	return nil
}

func (h *hand) in(people map[string]string) string { return people[h.person.String()] }

// standing puts somebody on duty at a place, as the shift room does.
func (o *office) standing(h *hand, lat, lon float64, ago time.Duration) {
	o.t.Helper()
	o.onShift(h)
	_, err := o.sql.Exec(o.t.Context(), `INSERT INTO position_last (person_id, path, shift_id, lat, lon, accuracy_m, mock, captured_at, received_at)
		SELECT person_id, path, id, $2, $3, 10, false, now(), now() - $4::interval FROM shift WHERE person_id = $1 AND ended_at IS NULL`, h.person, lat, lon, ago)
	o.must(err)
}

func (o *office) onShift(h *hand) {
	o.t.Helper()
	_, err := o.sql.Exec(o.t.Context(), `INSERT INTO shift (id, doc, started_at)
		SELECT i.id, jsonb_build_object('id', i.id, 'person', p.id, 'organ', jsonb_build_object('path', p.path)), now()
		FROM person p, (SELECT gen_random_uuid() AS id) i WHERE p.id = $1`, h.person)
	o.must(err)
}

// pushes counts the messages of a kind to somebody.
func (o *office) pushes(kind string, to *hand) int {
	o.t.Helper()
	return o.count(`SELECT count(*) FROM river_job WHERE kind = 'push' AND args ->> 'kind' = $1 AND args ->> 'person' = $2`, kind, to.person.String())
}

func (o *office) happenings(kind string) int {
	o.t.Helper()
	return o.count(`SELECT count(*) FROM event WHERE kind = $1`, kind)
}

// With nobody on duty the heads of the organ are told; where it has none those of the organ above, and so on up.
func TestAnAlarmWithNobodyOnDutyReachesAHead(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	_, err := o.sql.Exec(t.Context(), `DELETE FROM authority WHERE role = 'station_head'`) // those of the demo
	o.must(err)
	member := o.auxiliary()
	above := o.head(district)
	first := member.post("/v1/alarms", sos()).want(201)
	if told := first.told(); above.in(told) != "head" || first.text("level") != o.path(district) {
		t.Errorf("where the station has no head: %s", first.raw)
	}
	head := o.head(riverside)
	other := o.auxiliary()
	second := other.post("/v1/alarms", sos()).want(201)
	if told := second.told(); head.in(told) != "head" || above.in(told) != "" {
		t.Errorf("where it has one: %s", second.raw)
	}
	if second.text("state") != "open" || second.text("recipients", 0, "state") != "queued" || second.text("silent") != "false" {
		t.Errorf("%s", second.raw)
	}
	if o.pushes("alarm", head) != 1 || o.pushes("alarm", other) != 0 {
		t.Error("pushes")
	}
	// An officer with no shift who was stated to be on duty counts as being so; a member of the unit is told wherever they are.
	u := newUnit(o)
	task := u.dispatcher.sends(led(order("stop-and-question", u.member, u.colleague), u.lead))
	third := u.member.post("/v1/alarms", sos(object{"task": task})).want(201)
	told := third.told()
	if third.text("task") != task || u.colleague.in(told) != "unit" || u.lead.in(told) == "" || u.dispatcher.in(told) == "" || u.otherLead.in(told) != "" {
		t.Errorf("%s", third.raw)
	}
	if u.lead.in(told) != "on_duty" {
		t.Errorf("the lead is told as %q", u.lead.in(told))
	}
	o.sound()
}

// The nearest of those whose position is fresh come first, five of them, in the station's district and no farther.
func TestTheNearestOfficersAreTold(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	var near []*hand
	for i := range 7 {
		officer := o.officer()
		o.standing(officer, 29.55+0.001*float64(7-i), 106.57, time.Minute) // the last is the nearest
		near = append(near, officer)
	}
	sister := o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
	o.standing(sister, 29.5501, 106.57, time.Second)
	stale, gone := o.officer(), o.officer()
	o.standing(stale, 29.55, 106.57, time.Hour)
	o.standing(gone, 29.55, 106.57, time.Second)
	_, err := o.sql.Exec(t.Context(), `UPDATE shift SET ended_at = now() WHERE person_id = $1`, gone.person)
	o.must(err)
	member := o.auxiliary()
	raised := member.post("/v1/alarms", sos(at(29.55, 106.57))).want(201)
	told := raised.told()
	for _, h := range []*hand{sister, near[6], near[5], near[4], near[3]} {
		if h.in(told) != "near" {
			t.Errorf("%s is %q: %s", h.person, h.in(told), raised.raw)
		}
	}
	for _, h := range []*hand{near[0], near[1], near[2], stale, gone} {
		if h.in(told) != "" {
			t.Errorf("%s is told: %s", h.person, raised.raw)
		}
	}
	// Whoever is called from the sister station sees the alarm and may answer and close it; nobody else there does.
	id := raised.text("id")
	o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer}).get("/v1/alarms/" + id).want(404)
	if list := sister.get("/v1/alarms?state=open").want(200); list.text("alarms", 0, "id") != id {
		t.Errorf("%s", list.raw)
	}
	sister.post("/v1/alarms/"+id+"/answer", object{"eta_s": 120}).want(200)
	sister.post("/v1/alarms/"+id+"/close", object{"outcome": "helped"}).want(200)
	// A position without its datum could be anywhere; a name alone is a place.
	if r := o.auxiliary().post("/v1/alarms", sos(object{"place": object{"lat": 29.55, "lon": 106.57}})).want(400); r.text("errors", 0, "field") != "body/place/datum" {
		t.Errorf("%s", r.raw)
	}
	o.auxiliary().post("/v1/alarms", sos(object{"place": object{"lat": 29.55, "lon": 106.57, "datum": "bd09"}})).want(201)
	o.auxiliary().post("/v1/alarms", sos(object{"place": object{"name": "江岸码头"}})).want(201)
	o.sound()
}

// Nothing about the person refuses an alarm: suspended, without any grant, off duty, about a task that is not theirs, raised long ago.
func TestNobodyInDangerIsRefused(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	u.setStatus(u.member, "suspended")
	u.member.raises(sos())
	_, err := o.sql.Exec(t.Context(), `DELETE FROM authority WHERE person_id = $1`, u.colleague.person)
	o.must(err)
	id := u.colleague.raises(sos())
	u.colleague.alarm(id)
	u.colleague.post("/v1/alarms/"+id+"/close", object{"outcome": "helped"}).want(200)
	foreign := u.dispatcher.begun(u.spare)
	other := o.auxiliary()
	if r := other.post("/v1/alarms", sos(object{"task": foreign})).want(201); strings.Contains(string(r.raw), foreign) {
		t.Errorf("a task that is not theirs: %s", r.raw)
	}
	if r := u.spare.post("/v1/alarms", sos()).want(201); r.text("task") != foreign {
		t.Errorf("the task at work on is not found: %s", r.raw)
	}
	late := o.auxiliary().post("/v1/alarms", object{"raised_at": time.Now().Add(-3 * time.Hour), "note": "摔伤"}).want(201)
	if late.text("late") != "true" || late.text("note") != "摔伤" {
		t.Errorf("%s", late.raw)
	}
	if n := o.count(`SELECT count(*) FROM event WHERE kind = 'alarm.raised' AND body::jsonb @> '{"late": true}'`); n != 1 {
		t.Errorf("%d late", n)
	}
	o.dispatcherRaises()
	o.sound()
}

// dispatcherRaises: an officer in danger is no different.
func (o *office) dispatcherRaises() {
	o.t.Helper()
	officer, head := o.officer(), o.head(riverside)
	if r := officer.post("/v1/alarms", sos()).want(201); head.in(r.told()) != "head" || officer.in(r.told()) != "" {
		o.t.Errorf("%s", r.raw)
	}
}

// Whoever presses again has one alarm. What two phones and eight fingers send at once is one as well.
func TestRepeatedPressesAreOneAlarm(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	member, head := o.auxiliary(), o.head(riverside)
	phones := []*hand{member, o.another(member)}
	ids := make([]string, 8)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			r, err := phones[i%2].send("/v1/alarms", sos())
			if err != nil || r.status != 201 {
				t.Errorf("%v %d %s", err, r.status, r.raw)
				return
			}
			ids[i] = r.text("id")
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("%v", ids)
		}
	}
	if o.happenings("alarm.raised") != 1 || o.happenings("alarm.repeated") != 7 || o.pushes("alarm", head) != 1 {
		t.Errorf("%d raised, %d repeated, %d pushes", o.happenings("alarm.raised"), o.happenings("alarm.repeated"), o.pushes("alarm", head))
	}
	if a := member.alarm(ids[0]); a.text("presses") != "8" {
		t.Errorf("%s", a.raw)
	}
	head.post("/v1/alarms/"+ids[0]+"/answer", object{}).want(200)
	again := member.post("/v1/alarms", sos(object{"silent": true})).want(201) // things have become worse
	if again.text("state") != "open" || again.text("silent") != "true" || again.text("id") != ids[0] || o.pushes("alarm", head) != 2 {
		t.Errorf("%s", again.raw)
	}
	head.post("/v1/alarms/"+ids[0]+"/close", object{"outcome": "helped"}).want(200)
	if id := member.raises(sos()); id == ids[0] {
		t.Error("a closed alarm was opened again")
	}
	o.sound()
}

// The sender sees how far it got; who is coming; and in silence the phone of the sender is sent nothing at all.
func TestTheSenderSeesWhoHasSeenIt(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	member, head, officer := o.auxiliary(), o.head(riverside), o.officer()
	for _, h := range []*hand{member, head} {
		h.ask("PUT", "/v1/me/push-token", object{"token": "token-of-" + h.person.String()}, nil).want(204)
	}
	id := member.raises(sos(object{"silent": true}))
	state := func() any { return member.alarm(id).of(head)["state"] }
	testkit.Wait(t, "the push service to take it", func() bool { return state() == "sent" })
	receipt := func(h *hand, what string) { h.post("/v1/alarms/"+id+"/receipts", object{"what": what}).want(204) }
	receipt(head, "delivered")
	first := member.alarm(id)
	receipt(head, "delivered")
	if again := member.alarm(id); first.of(head)["state"] != "delivered" || again.of(head)["delivered_at"] != first.of(head)["delivered_at"] {
		t.Errorf("%s", again.raw)
	}
	receipt(head, "seen")
	receipt(head, "seen")
	if state() != "seen" || o.happenings("alarm.seen") != 1 {
		t.Errorf("%s, %d", state(), o.happenings("alarm.seen"))
	}
	receipt(member, "seen") // one's own is none
	receipt(officer, "seen")
	if told := member.alarm(id).told(); officer.in(told) != "looked" || member.in(told) != "" {
		t.Errorf("%v", told)
	}
	answered := head.post("/v1/alarms/"+id+"/answer", object{"eta_s": 240, "words": "两分钟到"}).want(200)
	if answered.text("state") != "answered" || member.alarm(id).text("answers", 0, "eta_s") != "240" {
		t.Errorf("%s", answered.raw)
	}
	if r := member.post("/v1/alarms/"+id+"/answer", object{}).want(409); r.text("code") != "alarm_is_yours" {
		t.Errorf("%s", r.raw)
	}
	if r := member.post("/v1/alarms/"+id+"/close", object{"outcome": "false_alarm"}).want(400); r.text("errors", 0, "field") != "body/reason" {
		t.Errorf("%s", r.raw)
	}
	closed := member.post("/v1/alarms/"+id+"/close", object{"outcome": "false_alarm", "reason": "误触"}).want(200)
	if closed.text("closing", "outcome") != "false_alarm" || closed.text("closing", "reason") != "误触" {
		t.Errorf("%s", closed.raw)
	}
	if r := head.post("/v1/alarms/"+id+"/answer", object{}).want(409); r.text("code") != "alarm_closed" {
		t.Errorf("%s", r.raw)
	}
	if n := o.count(`SELECT count(*) FROM river_job WHERE kind = 'push' AND args ->> 'person' = $1`, member.person.String()); n != 0 {
		t.Errorf("%d messages to a phone that must stay dark", n)
	}
	loud := member.raises(sos())
	head.post("/v1/alarms/"+loud+"/answer", object{}).want(200)
	if o.pushes("alarm_answered", member) != 1 {
		t.Error("the sender is not told that somebody is coming")
	}
	if n := o.count(`SELECT count(*) FROM event WHERE kind LIKE 'alarm.%' AND path = $1`, o.path(riverside)); n != 7 {
		t.Errorf("%d events", n)
	}
	o.sound()
}

// The centre sees alarms on the feed, and not what the sender wrote or why it was closed.
func TestAlarmsAreOnTheFeed(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	viewer := o.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleViewer})
	screen := o.watch(viewer, 0)
	member := o.auxiliary()
	id := member.raises(sos(object{"note": "被打伤"}, at(29.55, 106.57)))
	member.post("/v1/alarms/"+id+"/close", object{"outcome": "false_alarm", "reason": "家事"}).want(200)
	testkit.Wait(t, "the screen to show both", func() bool { return len(screen.seen(t)) >= 2 })
	kinds := ""
	for _, e := range screen.seen(t) {
		kinds += e.Kind + " "
		if e.Body.Note+e.Body.Reason != "" {
			t.Errorf("on the feed: %+v", e)
		}
	}
	if kinds != "alarm.raised alarm.closed " {
		t.Errorf("%s", kinds)
	}
	if list := viewer.get("/v1/alarms?path=" + o.path(riverside) + "&state=closed").want(200); list.text("alarms", 0, "id") != id {
		t.Errorf("%s", list.raw)
	}
	if list := viewer.get("/v1/alarms?state=open").want(200); len(list.at("alarms").([]any)) != 0 {
		t.Errorf("%s", list.raw)
	}
	o.sound()
}

// What is not there and what is another organ's look the same, whatever is asked of it.
func TestAForeignAlarmIsNotThere(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	o.head(riverside)
	id := o.auxiliary().raises(sos())
	for _, role := range duty.Roles {
		stranger := o.hire(newcomer{class: classOf(role), organ: hillside, role: role, posts: postsOf(role)})
		for _, ask := range []func(string) reply{
			func(id string) reply { return stranger.get("/v1/alarms/" + id) },
			func(id string) reply { return stranger.post("/v1/alarms/"+id+"/receipts", object{"what": "seen"}) },
			func(id string) reply { return stranger.post("/v1/alarms/"+id+"/answer", object{}) },
			func(id string) reply { return stranger.post("/v1/alarms/"+id+"/close", object{"outcome": "helped"}) },
		} {
			if there, missing := ask(id).want(404), ask(uuid.NewString()); there.said() != missing.said() {
				t.Errorf("%s:\n%s\nand of nothing\n%s", role, there.said(), missing.said())
			}
		}
		if list := stranger.get("/v1/alarms").want(200); strings.Contains(string(list.raw), id) {
			t.Errorf("%s sees it: %s", role, list.raw)
		}
	}
	o.sound()
}
