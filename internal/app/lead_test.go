package app_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

func code(digits string) object { return object{"code": digits} }

// handshake lets the lead show a code and somebody enter it.
func handshake(lead, member *hand, task string) reply {
	lead.s.t.Helper()
	digits := fmt.Sprintf("%08d", time.Now().UnixNano()%1e8)
	lead.step(task, "lead/code", code(digits)).want(200)
	return member.step(task, "lead/confirm", code(digits)).want(200)
}

// stands is the state of a task's lead, as it was last looked at.
func (h *hand) stands(task string) string {
	h.s.t.Helper()
	return h.get("/v1/tasks/"+task).want(200).text("task", "accompaniment", "state")
}

// becomes waits until the watch has brought the lead of a task to a state; nobody reports anything meanwhile. Impatient law takes ten
// seconds for it, of its own accord.
func (u *unit) becomes(task, state string) {
	u.t.Helper()
	testkit.WaitUpTo(u.t, time.Minute, "the lead to be "+state, func() bool { return u.dispatcher.stands(task) == state })
}

// violated says whether the work goes on though the law said last that it may not.
func (u *unit) violated(task string) bool {
	u.t.Helper()
	_, is := u.dispatcher.get("/v1/tasks/" + task).want(200).at("task").(object)["violation"]
	return is
}

// impatient are measures under which a lead decays within seconds.
func (u *unit) impatient() {
	legal := u.counsel(riverside)
	for id, seconds := range map[string]int{"lead_fresh_s": 10, "lead_word_s": 60, "lead_grace_s": 0} {
		legal.enacts(measured(id, seconds))
	}
}

// ages moves what was said or seen back in time, as if so many seconds had gone by.
func (u *unit) ages(task string, seconds int) {
	u.t.Helper()
	for _, sql := range []string{
		`UPDATE observation_now SET received_at = received_at - make_interval(secs => $1) WHERE fact = 'presence'`,
		`UPDATE position_last SET seen_at = seen_at - make_interval(secs => $1)`,
		`UPDATE lead_watch SET good = good - make_interval(secs => $1)`,
	} {
		u.change(sql, seconds)
	}
}

// at puts somebody on duty at a place, some metres north of the pier.
func (u *unit) at(metres float64, people ...*hand) {
	u.t.Helper()
	for _, h := range people {
		u.change(`INSERT INTO shift (id, doc, started_at)
			SELECT i.id, jsonb_build_object('id', i.id, 'person', p.id, 'organ', jsonb_build_object('path', p.path)), now()
			FROM person p, (SELECT gen_random_uuid() AS id) i
			WHERE p.id = $1 AND NOT EXISTS (SELECT FROM shift s WHERE s.person_id = $1 AND s.ended_at IS NULL)`, h.person)
		u.change(`INSERT INTO position_last (person_id, path, shift_id, lat, lon, accuracy_m, mock, captured_at, received_at, seen_at)
			SELECT s.person_id, s.path, s.id, 29.56 + $2::float8 / 111195, 106.57, 5, false, clock_timestamp(), clock_timestamp(), clock_timestamp()
			FROM shift s WHERE s.person_id = $1 AND s.ended_at IS NULL
			ON CONFLICT (person_id) DO UPDATE SET lat = excluded.lat, received_at = excluded.received_at, seen_at = excluded.seen_at`, h.person, metres)
	}
}

// Work of Art. 16 begins with an officer who has taken on the lead and is shown to be there: by a code that went between the phones.
// His own word, or that of one of those led alone, shows nothing.
func TestALeadIsShownByBothSides(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := sentLed(u)
	if got := u.lead.stands(task); got != "named" {
		t.Errorf("at first %s", got)
	}
	presence(u, u.lead, task, "present")
	if no := starting(u, task).want(422); no.text("ruling", "outcome") != "needs_human" {
		t.Errorf("on the officer's word alone: %s", no.raw)
	}
	u.member.step(task, "lead/confirm", code("11111111")).want(409)
	u.lead.step(task, "lead/code", code("1234")).want(400)
	u.lead.step(task, "lead/code", code("49381726")).want(200)
	if no := u.member.step(task, "lead/confirm", code("49381727")).want(409); no.text("code") != "wrong_code" {
		t.Errorf("a wrong code: %s", no.raw)
	}
	u.lead.step(task, "lead/confirm", code("49381726")).want(409) // one's own
	id, tried := uuid.Must(uuid.NewV7()), u.lead.step(task, "lead/code", code("49381726")).want(200).at("task", "version").(float64)
	for range 5 {
		for range 2 { // sent again it is the same try
			u.member.command("/v1/tasks/"+task+"/lead/confirm", id, code("49381727")).want(409)
		}
		id = uuid.Must(uuid.NewV7())
	}
	u.member.step(task, "lead/confirm", code("49381726")).want(409) // five tries have used it up
	if now := u.lead.get("/v1/tasks/"+task).at("task", "version").(float64); now != tried+5 {
		t.Errorf("%v events of five wrong tries", now-tried)
	}
	u.lead.step(task, "lead/code", code("49381726")).want(200)
	u.member.step(task, "lead/confirm", code("49381726")).want(200)
	u.member.step(task, "lead/confirm", code("49381726")).want(409) // it is used up
	if starting(u, task).want(200); u.lead.stands(task) != "led" {
		t.Errorf("at work it is %s", u.lead.stands(task))
	}
	lead := u.lead.get("/v1/tasks/"+task).at("task", "accompaniment").(object)
	if lead["evidence"].(object)["kind"] != "code" || lead["evidence"].(object)["with"] != u.member.person.String() {
		t.Errorf("shown by %v", lead["evidence"])
	}
	u.sound()
}

// A lead that nobody renews is lost by itself, on time: both sides and the centre are told, the work is a violation, and each auxiliary
// is told what may go on. Nothing is closed. Another officer who takes over restores it.
func TestALeadIsLostThoughNobodyReports(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	u.impatient()
	task := sentLed(u)
	u.at(0, u.lead, u.member, u.colleague)
	u.lead.step(task, "lead/accept", nil).want(200)
	starting(u, task).want(200)
	u.ages(task, 20) // every phone has fallen silent
	u.becomes(task, "lost")
	view := u.dispatcher.get("/v1/tasks/" + task).want(200)
	if view.text("task", "state") != "started" || view.at("task", "violation") != true {
		t.Errorf("the task: %.600s", view.raw)
	}
	fallback := view.at("task", "fallback").([]any)
	if len(fallback) != 2 {
		t.Fatalf("what may go on: %v", fallback)
	}
	for _, f := range fallback {
		if acts := fmt.Sprint(f.(object)["acts"]); !strings.Contains(acts, "scene-protection") || strings.Contains(acts, "stop-and-question") {
			t.Errorf("somebody may go on with %s", acts)
		}
	}
	for _, person := range []*hand{u.lead, u.member, u.colleague} {
		if n := u.count(`SELECT count(*) FROM river_job WHERE kind = 'push' AND args ->> 'kind' = 'lead_lost' AND args ->> 'person' = $1`, person.person.String()); n != 1 {
			t.Errorf("%s was told %d times", person.person, n)
		}
	}
	u.counsel(riverside).enacts(measured("lead_fresh_s", 180)) // whoever leads now is there for longer than it takes to look
	u.at(0, u.otherLead, u.member, u.colleague)
	u.otherLead.step(task, "lead/take", object{}).want(200)
	view = u.dispatcher.get("/v1/tasks/" + task).want(200)
	if view.text("task", "accompaniment", "state") != "led" || u.violated(task) || view.at("task", "led_before", 0, "state") != "handed_over" {
		t.Errorf("taken over: %.1500s", view.raw)
	}
	u.solo(task, u.lead.person)
	kinds := u.dispatcher.history(task).each("kind", "events")
	for _, kind := range []string{"lead.accepted", "lead.present", "lead.led", "lead.doubtful", "lead.lost", "lead.fallback", "task.violation", "task.lead_named", "task.lawful_again"} {
		if !slices.Contains(kinds, kind) {
			t.Errorf("no %s on record: %v", kind, kinds)
		}
	}
	u.sound()
}

// solo holds what is found of work without an officer to one stretch of a task.
func (u *unit) solo(task string, officer uuid.UUID) {
	u.t.Helper()
	found := u.dispatcher.get("/v1/solo-enforcement").want(200).at("stretches").([]any)
	if len(found) != 1 || found[0].(object)["task"] != task || found[0].(object)["officer"] != officer.String() || found[0].(object)["to"] == nil {
		u.t.Errorf("without an officer: %v", found)
	}
	past := "/v1/solo-enforcement?to=" + time.Now().Add(-time.Hour).UTC().Format("2006-01-02T15:04:05Z")
	if n := len(u.dispatcher.get(past).want(200).at("stretches").([]any)); n != 0 {
		u.t.Errorf("%d stretches an hour ago", n)
	}
	sister := u.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
	if n := len(sister.get("/v1/solo-enforcement").want(200).at("stretches").([]any)); n != 0 {
		u.t.Errorf("the sister station sees %d", n)
	}
}

// The officer walks off beside auxiliaries who stand still: it is the officer's phone that moves, and the work that stops being lawful.
func TestAnOfficerWalksOff(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t, func(c *app.Config) { c.LeadSweep = 200 * time.Millisecond }))
	task := sentLed(u)
	u.at(0, u.lead, u.member, u.colleague)
	u.lead.step(task, "lead/accept", nil).want(200)
	starting(u, task).want(200)
	u.at(400, u.lead)
	u.becomes(task, "doubtful")
	if u.violated(task) {
		t.Error("a doubt is no violation yet")
	}
	u.at(20, u.lead, u.member, u.colleague)
	u.becomes(task, "led")
	u.counsel(riverside).enacts(measured("lead_grace_s", 0))
	u.at(400, u.lead)
	u.becomes(task, "lost")
	u.at(20, u.lead, u.member, u.colleague)
	u.becomes(task, "led")
	if u.violated(task) {
		t.Error("the officer is back")
	}
	u.lead.step(task, "finish", object{"report": "无异常"}).want(200)
	if lead := u.dispatcher.get("/v1/tasks/"+task).at("task", "accompaniment").(object); lead["state"] != "ended" || len(lead["alone"].([]any)) != 1 {
		t.Errorf("the record ends as %v", lead)
	}
	u.sound()
}

// Who takes the lead over at the scene is shown to be there as any lead is; a code that one of those led shows will do.
func TestALeadIsTakenOverAtTheScene(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := sentLed(u)
	u.lead.arrives(task, u.member)
	starting(u, task).want(200)
	u.otherLead.step(task, "lead/take", object{}).want(422) // nothing shows it
	u.member.step(task, "lead/code", code("20260302")).want(200)
	u.otherLead.step(task, "lead/take", code("20260303")).want(409)
	u.otherLead.step(task, "lead/take", code("20260302")).want(200)
	u.otherLead.step(task, "lead/take", object{}).want(409)
	u.lead.step(task, "lead/accept", nil).want(409)
	if got := u.otherLead.stands(task); got != "led" {
		t.Errorf("taken over, it is %s", got)
	}
	u.sound()
}

// Until when the watch has seen one officer there says nothing of another, who takes over from afar or is named while the work rests.
func TestWhatWasSeenOfALeadIsNotAnothers(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := sentLed(u)
	u.at(0, u.lead, u.member, u.colleague)
	u.lead.step(task, "lead/accept", nil).want(200)
	starting(u, task).want(200)
	seen := func(officer *hand) {
		t.Helper()
		u.must(u.store.KeepGood(t.Context(), map[uuid.UUID]dispatch.Good{
			uuid.MustParse(task): {Officer: officer.person, Until: time.Now().Add(2 * time.Minute)},
		}))
	}
	seen(u.lead)
	u.otherLead.step(task, "lead/take", object{}).want(422)
	u.member.step(task, "pause", because("避雨")).want(200)
	u.dispatcher.step(task, "lead", object{"officer": u.otherLead.person, "on_duty": "yes"}).want(200)
	seen(u.lead) // by a watch that has not heard of it
	u.member.step(task, "resume", saying()).want(422)
	u.at(0, u.otherLead)
	u.member.step(task, "resume", saying()).want(200)
	u.sound()
}

// Who walked off is not back because somebody else was named for a moment: words from before count for no more than they did.
func TestALeadHandedOverAndBackIsNoNearer(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	task := sentLed(u)
	presence(u, u.lead, task, "present")
	presence(u, u.member, task, "present")
	u.at(0, u.lead, u.member, u.colleague)
	starting(u, task).want(200)
	u.at(400, u.lead)
	u.becomes(task, "doubtful")
	u.member.step(task, "pause", because("避雨")).want(200)
	u.change(`UPDATE position_last SET seen_at = seen_at - interval '200 seconds'`) // every phone has fallen silent
	u.member.step(task, "resume", saying()).want(422)
	for _, officer := range []*hand{u.otherLead, u.lead} {
		u.dispatcher.step(task, "lead", object{"officer": officer.person, "on_duty": "yes"}).want(200)
	}
	u.member.step(task, "resume", saying()).want(422)
	for _, member := range []*hand{u.member, u.colleague} {
		handshake(u.lead, member, task)
	}
	u.member.step(task, "resume", saying()).want(200)
	u.sound()
}

// Two servers watch the same leads: what is lost is lost once.
func TestTwoWatchesLoseALeadOnce(t *testing.T) {
	t.Parallel()
	fast := func(c *app.Config) { c.LeadSweep = 50 * time.Millisecond }
	u := newUnit(openOffice(t, fast))
	other := *u.station
	other.config.Listen = "127.0.0.1:0"
	other.start()
	t.Cleanup(other.stop)
	u.impatient()
	var tasks []string
	for range 4 {
		task := sentLed(u)
		handshake(u.lead, u.member, task)
		u.at(0, u.lead, u.member, u.colleague)
		starting(u, task).want(200)
		tasks = append(tasks, task)
	}
	u.at(400, u.lead)
	for _, task := range tasks {
		u.becomes(task, "lost")
		if n := u.times(task, "lead.lost"); n != 1 {
			t.Errorf("lost %d times", n)
		}
	}
	u.sound()
}

// Who checked in with one vehicle, or is on the roster of one closed place, is together for as long as both shifts last: no phone says
// so again. In a basement positions say nothing.
func TestOneVehicleOrOneFacilityShowsALead(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for kind, with := range map[string]object{"unit": {"unit": "渝A1234警"}, "facility": {"facility": "江岸看守所"}} {
		u := newUnit(o)
		for _, who := range []*hand{u.lead, u.member, u.colleague} {
			in := dressedFor("yes")
			for k, v := range with {
				in[k] = v
			}
			who.checksIn(in)
		}
		task := sentLed(u)
		starting(u, task).want(422) // nobody has taken on the lead
		u.lead.step(task, "lead/accept", nil).want(200)
		starting(u, task).want(200)
		lead := u.dispatcher.get("/v1/tasks/"+task).at("task", "accompaniment").(object)
		if lead["state"] != "led" || lead["evidence"].(object)["kind"] != kind {
			t.Errorf("%s: %v", kind, lead)
		}
		u.at(0, u.lead)
		u.at(900, u.member)
		switch kind {
		case "unit": // one of them has left the vehicle
			u.becomes(task, "doubtful")
		case "facility":
			o.must(o.app.SweepLeads(t.Context()))
			if got := u.dispatcher.stands(task); got != "led" {
				t.Errorf("in a basement it is %s", got)
			}
		}
	}
	o.sound()
}
