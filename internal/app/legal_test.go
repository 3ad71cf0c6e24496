package app_test

import (
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

// counsel is a legal department: two people with the role over an organ.
type counsel struct{ first, second *hand }

func (o *office) counsel(organ string) counsel {
	hire := func() *hand {
		return o.hire(newcomer{class: duty.Officer, organ: organ, role: duty.RoleLegal})
	}
	return counsel{hire(), hire()}
}

// setting is a proposal that sets a reading.
func setting(id, value string) object {
	return object{"reading": object{"id": id, "value": value}, "memo": "渝中公法〔2026〕1号", "reason": "统一执法尺度"}
}

// proposes answers the proposal's id.
func (h *hand) proposes(proposal object) string {
	h.s.t.Helper()
	return h.post("/v1/law/proposals", proposal).want(201).text("id")
}

func (h *hand) settles(id, how string) reply {
	h.s.t.Helper()
	var body any
	if how != "approve" {
		body = because("需再议")
	}
	return h.post("/v1/law/proposals/"+id+"/"+how, body)
}

// enacts proposes by one and approves by the other.
func (c counsel) enacts(proposal object) string {
	c.first.s.t.Helper()
	id := c.first.proposes(proposal)
	c.second.settles(id, "approve").want(200)
	return id
}

// reading is what a reading means at somebody's organ.
func (h *hand) reading(id string) string {
	h.s.t.Helper()
	law := h.get("/v1/law/readings").want(200)
	for i, r := range law.at("readings").([]any) {
		if r.(object)["id"] == id {
			return law.text("readings", i, "value")
		}
	}
	h.s.t.Fatalf("no reading %s", id)
	return ""
}

// A reading that one person proposed and a second one approved rules from then on, at the organ and below it, and nowhere else; what
// was ruled before stays, and is derived again from the law of its time.
func TestAReadingRulesFromItsApprovalOn(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal, sister := o.counsel(riverside), o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
	u := newUnit(o)
	blind := func(member *hand) reply { // who says nothing of a camera
		t.Helper()
		id := u.dispatcher.sends(order("patrol", member))
		member.step(id, "accept", nil).want(200)
		return member.step(id, "start", saying(said("uniform", "yes"), said("id_card", "yes")))
	}
	before := blind(o.auxiliary()).want(200).text("ruling", "readings")
	id := legal.first.proposes(setting("recording_unknown", "block"))
	blind(o.auxiliary()).want(200)
	legal.second.settles(id, "approve").want(200)
	after := blind(o.auxiliary()).want(422)
	if after.text("ruling", "outcome") != "needs_human" || after.text("ruling", "readings") == before {
		t.Errorf("after: %s", after.raw)
	}
	if got := u.dispatcher.reading("recording_unknown"); got != "block" {
		t.Errorf("the station reads %q", got)
	}
	if got := sister.reading("recording_unknown"); got != "warn" {
		t.Errorf("the sister station reads %q", got)
	}
	other := o.hire(newcomer{class: duty.FieldAuxiliary, organ: hillside, role: duty.RoleAuxiliary, posts: fieldPosts})
	task := sister.sends(order("patrol", other))
	other.step(task, "accept", nil).want(200)
	other.step(task, "start", saying(said("uniform", "yes"), said("id_card", "yes"))).want(200)
	asked := object{
		"at": time.Now().Add(-time.Hour), "acts": []string{"patrol"}, "phase": "start",
		"auxiliaries": []object{{"id": "a", "role": "field", "recording": "unknown"}},
	}
	if got := u.dispatcher.post("/v1/rulings", asked).want(200).text("readings"); got != before {
		t.Errorf("an hour ago the law was %s, not %s", before, got)
	}
	asked["at"] = time.Now().Add(time.Minute)
	if got := u.dispatcher.post("/v1/rulings", asked).want(200).text("outcome"); got != "needs_human" {
		t.Errorf("now the law says %s", got)
	}
	o.sound()
}

// A date in the future holds back an approved reading until it comes, by the database's clock.
func TestAReadingWaitsForItsDate(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal, officer := o.counsel(district), o.officer()
	soon := setting("recording_unknown", "block")
	soon["effective_from"] = time.Now().Add(time.Hour)
	id := legal.enacts(soon)
	if got := officer.reading("recording_unknown"); got != "warn" {
		t.Fatalf("it holds before its date: %s", got)
	}
	o.moves(`UPDATE proposal SET effective_from = clock_timestamp() + interval '100 ms' WHERE id = $1`, id)
	testkit.Wait(t, "the date to come", func() bool { return officer.reading("recording_unknown") == "block" })
	then := legal.first.get("/v1/law/readings?at=2026-03-02T08:00:00%2B08:00").want(200)
	for i, r := range then.at("readings").([]any) {
		if r.(object)["id"] == "recording_unknown" && then.text("readings", i, "value") != "warn" {
			t.Error("the past has changed")
		}
		if zh, en := then.text("readings", i, "question", "zh"), then.text("readings", i, "question", "en"); zh == "" || en == "" || zh == en {
			t.Errorf("a question in one language: %s · %s", zh, en)
		}
	}
}

// Two people make a change of law: nobody decides their own proposal, nobody withdraws another's, and a decision is one.
func TestNobodyChangesTheLawAlone(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal := o.counsel(riverside)
	refused := func(r reply, status int, code string) {
		t.Helper()
		if r.want(status).text("code") != code {
			t.Errorf("%s: %s", code, r.raw)
		}
	}
	id := legal.first.proposes(setting("recording_unknown", "block"))
	refused(legal.first.settles(id, "approve"), 403, "own_proposal")
	refused(legal.first.settles(id, "reject"), 403, "own_proposal")
	refused(legal.second.settles(id, "withdraw"), 403, "not_your_proposal")
	legal.first.settles(id, "withdraw").want(200)
	refused(legal.second.settles(id, "approve"), 409, "proposal_decided")
	id = legal.first.proposes(setting("recording_unknown", "block"))
	legal.second.settles(id, "reject").want(200)
	refused(legal.second.settles(id, "approve"), 409, "proposal_decided")
	if got := o.officer().reading("recording_unknown"); got != "warn" {
		t.Errorf("what was withdrawn and rejected holds: %s", got)
	}
	for kind, want := range map[string]int{"reading.proposed": 2, "reading.withdrawn": 1, "reading.rejected": 1, "reading.approved": 0} {
		if n := o.count(`SELECT count(*) FROM event WHERE kind = $1 AND path = $2`, kind, o.path(riverside)); n != want {
			t.Errorf("%d events %s, want %d", n, kind, want)
		}
	}
	listed := legal.second.get("/v1/law/proposals?state=rejected").want(200)
	if listed.text("proposals", 0, "id") != id || listed.text("proposals", 0, "decided_why") != "需再议" {
		t.Errorf("%s", listed.raw)
	}
}

// What the law has no place for is refused with its place in the request, and the lines that nobody may move always.
func TestTheLawHasNoPlaceForSomeChanges(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal := o.counsel(riverside)
	change := func(key string, value any) object {
		return object{key: value, "memo": "1号", "reason": "试"}
	}
	late, ended, squad := setting("recording_unknown", "block"), setting("recording_unknown", "block"), setting("recording_unknown", "block")
	late["effective_from"] = time.Now().Add(-25 * time.Hour)
	ended["end"] = true
	squad["path"] = o.path(riverside + "-01")
	both := setting("recording_unknown", "block")
	both["post"] = object{"code": "patrol", "items": []string{"cq-2021 15(1)"}}
	name := object{"zh": "汛期巡查", "en": "flood watch"}
	for what, c := range map[string]struct {
		body  object
		field string
	}{
		"an unknown reading":           {setting("nonsense", "block"), "body/reading/id"},
		"Article 19":                   {setting("art19_prohibitions", "closed"), "body/reading/id"},
		"weapons":                      {setting("weapons_for_aux", "allow"), "body/reading/id"},
		"who leads":                    {setting("lead_is_police_officer", "false"), "body/reading/id"},
		"no such option":               {setting("recording_unknown", "perhaps"), "body/reading/value"},
		"no number":                    {setting("max_aux_per_officer", "many"), "body/reading/value"},
		"no value":                     {change("reading", object{"id": "recording_unknown"}), "body/reading/value"},
		"yesterday":                    {late, "body/effective_from"},
		"an end of nothing":            {ended, "body/end"},
		"a squad":                      {squad, "body/path"},
		"two things at once":           {both, "body"},
		"nothing":                      {object{"memo": "1号", "reason": "试"}, "body"},
		"an unknown rulebook":          {change("rulebook", object{"id": "atlantis-1999"}), "body/rulebook/id"},
		"an item that is no catch-all": {change("entry", object{"act": "flood-watch", "item": "15(1)", "name": name, "basis": "某规定"}), "body/entry/item"},
		"an entry without its basis":   {change("entry", object{"act": "flood-watch", "item": "15(5)", "name": name}), "body/entry/basis"},
		"an act that is there already": {change("entry", object{"act": "patrol", "item": "15(5)", "name": name, "basis": "某规定"}), "body/entry/act"},
		"an unknown post":              {change("post", object{"code": "juggler", "items": []string{"cq-2021 15(1)"}}), "body/post/code"},
		"a post of a forbidden item":   {change("post", object{"code": "patrol", "items": []string{"cq-2021 19¶1(3)"}}), "body/post/items/0"},
	} {
		r := legal.first.post("/v1/law/proposals", c.body).want(400)
		if r.text("errors", 0, "field") != c.field {
			t.Errorf("%s: %s", what, r.raw)
		}
	}
	if n := o.count(`SELECT count(*) FROM proposal`); n != 0 {
		t.Errorf("%d proposals were kept", n)
	}
}

// The nearest organ that has set a thing decides it; one that no longer sets it inherits again.
func TestTheNearestOrganDecides(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	above, here := o.counsel(district), o.counsel(riverside)
	station, sister := o.officer(), o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
	expect := func(when, atStation, atSister string) {
		t.Helper()
		if a, b := station.reading("max_aux_per_officer"), sister.reading("max_aux_per_officer"); a != atStation || b != atSister {
			t.Errorf("%s: %s at the station, %s at its sister", when, a, b)
		}
	}
	expect("at first", "6", "6")
	above.enacts(setting("max_aux_per_officer", "5"))
	expect("the district sets it", "5", "5")
	here.enacts(setting("max_aux_per_officer", "4"))
	expect("the station sets it", "4", "5")
	above.enacts(setting("max_aux_per_officer", "3"))
	expect("the district sets it again", "4", "3")
	end := object{"reading": object{"id": "max_aux_per_officer"}, "end": true, "memo": "2号", "reason": "从分局"}
	here.enacts(end)
	expect("the station no longer sets it", "3", "3")
	if other := above.first.get("/v1/law/readings?path=" + o.path(hillside)).want(200); other.text("organ", "code") != hillside {
		t.Errorf("%s", other.raw)
	}
	here.first.get("/v1/law/readings?path=" + o.path(hillside)).want(404)
}

// An entry opens its act at the organ and nowhere else, with its basis; a post covers what the organ says it covers (Art. 33).
func TestEntriesAndPostsAreTheOrgansOwn(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal := o.counsel(riverside)
	patroller := o.hire(newcomer{class: duty.FieldAuxiliary, organ: riverside, role: duty.RoleAuxiliary, posts: []string{"patrol"}})
	officer, sister := o.officer(), o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
	memo := func(change object) object {
		change["memo"], change["reason"] = "渝中公法〔2026〕9号", "依规登记"
		return change
	}
	watch := object{"act": "flood-watch", "item": "15(5)", "name": object{"zh": "汛期巡查", "en": "flood watch"}, "basis": "某部规定第二条"}
	officer.post("/v1/tasks", order("flood-watch", patroller)).want(400)
	id := legal.enacts(memo(object{"entry": watch}))
	entered := officer.get("/v1/law/acts/flood-watch").want(200)
	if entered.text("act", "item") != "cq-2021 15(5)" {
		t.Errorf("%s", entered.raw)
	}
	sister.get("/v1/law/acts/flood-watch").want(404)
	if got := officer.get("/v1/law/readings").want(200); got.text("settings", 0, "id") != id {
		t.Errorf("%s", got.raw)
	}
	untrained := officer.post("/v1/tasks", order("flood-watch", patroller)).want(422)
	if !untrained.cites("cq-2021 33¶1") {
		t.Errorf("the post covers it unasked: %s", untrained.raw)
	}
	legal.enacts(memo(object{"post": object{"code": "patrol", "items": []string{"cq-2021 15(2)", "cq-2021 15(5)"}}}))
	officer.post("/v1/tasks", order("flood-watch", patroller)).want(201)
	officer.post("/v1/tasks", order("patrol", patroller)).want(422)
	legal.enacts(memo(object{"entry": object{"act": "flood-watch"}, "end": true}))
	officer.get("/v1/law/acts/flood-watch").want(404)
	legal.enacts(memo(object{"rulebook": object{"id": "cq-2021"}}))
	o.sound()
}

// Of many who approve at once one does, and while the law changes under running duty every ruling is given under the law of its
// moment: the record can be derived again.
func TestTheLawChangesInOnePlaceAtATime(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal, u := o.counsel(riverside), newUnit(o)
	asked := make(chan struct{})
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for {
				select {
				case <-asked:
					return
				default:
					if r, err := u.dispatcher.send("/v1/tasks", order("patrol", u.member)); err != nil || r.status != 201 {
						t.Errorf("%v: %s", err, r.raw)
						return
					}
				}
			}
		})
	}
	for _, value := range []string{"block", "warn", "block", "warn"} {
		id := legal.first.proposes(setting("recording_unknown", value))
		statuses := make([]int, 4)
		var approvals sync.WaitGroup
		for i := range statuses {
			approvals.Go(func() {
				key := keyed()
				for statuses[i] == 0 || statuses[i] == 503 { // a change gives way after two seconds, and is sent again
					r, err := legal.second.try("POST", "/v1/law/proposals/"+id+"/approve", nil, key)
					if err != nil {
						t.Error(err)
						return
					}
					statuses[i] = r.status
				}
			})
		}
		approvals.Wait()
		slices.Sort(statuses)
		if !slices.Equal(statuses, []int{200, 409, 409, 409}) {
			t.Errorf("approved at once: %v", statuses)
		}
		given := func() int { return o.count(`SELECT count(*) FROM ruling`) }
		before := given() // what was being ruled on when the law changed is among them
		testkit.Wait(t, "a ruling under this law", func() bool { return given() > before })
	}
	close(asked)
	all.Wait()
	if n := o.count(`SELECT count(DISTINCT ruling ->> 'readings') FROM ruling`); n != 2 {
		t.Errorf("rulings under %d laws", n)
	}
	o.sound()
}

// What was approved on one replica rules on another at once, and the wall sees it happen.
func TestEveryReplicaRulesUnderTheSameLaw(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal, officer := o.counsel(riverside), o.officer()
	o.sound()
	screen := o.watch(o.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleViewer}), int64(o.count(`SELECT coalesce(max(seq), 0) FROM event`)))
	other := officer.at(o.again(io.Discard, io.Discard))
	for _, value := range []string{"block", "warn", "block"} {
		legal.enacts(setting("recording_unknown", value))
		if here, there := officer.reading("recording_unknown"), other.reading("recording_unknown"); here != value || there != value {
			t.Errorf("after %s: %s here, %s there", value, here, there)
		}
		sent := other.post("/v1/tasks", order("patrol", o.auxiliary())).want(201)
		if now := officer.get("/v1/law/readings").want(200); now.text("reading_set") != sent.text("ruling", "readings") {
			t.Errorf("%s rules, %s holds", sent.text("ruling", "readings"), now.text("reading_set"))
		}
	}
	testkit.Wait(t, "the wall to see the last approval", func() bool {
		seen := 0
		for _, e := range screen.seen(t) {
			if e.Kind == "reading.approved" {
				seen++
			}
		}
		return seen == 3
	})
}

// A server whose law has no place for what an organ decided does not start: it would rule by something else.
func TestAServerThatCannotKeepTheLawIsRefused(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal := o.counsel(riverside)
	for _, sql := range []string{
		`INSERT INTO proposal (id, organ, kind, subject, value, memo, reason, effective_from, proposer, proposed_at, state)
			SELECT gen_random_uuid(), json_build_object('path', path), 'reading', 'of_another_edition', '"x"', 'm', 'r', now(),
				json_build_object('person', '` + legal.first.person.String() + `'), now(), 'proposed' FROM organ WHERE code = '` + riverside + `'`,
		`UPDATE proposal SET state = 'approved', decided_at = now(), decider = json_build_object('person', '` + legal.second.person.String() + `')`,
	} {
		_, err := o.sql.Exec(t.Context(), sql)
		o.must(err)
	}
	a, err := app.Start(t.Context(), o.config, io.Discard, slog.New(slog.DiscardHandler))
	if err == nil {
		o.must(a.Stop(t.Context()))
		t.Fatal("it starts")
	}
	if !strings.Contains(err.Error(), "of_another_edition") || !strings.Contains(err.Error(), riverside) {
		t.Error(err)
	}
}

// A back-test sets what it tries over what each organ has decided itself, and the roster is searched under the organ's own law.
func TestTrialsAndSearchesKeepTheOrgansLaw(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal, u := o.counsel(riverside), newUnit(o)
	legal.enacts(setting("recording_unknown", "block"))
	task := u.dispatcher.sends(order("patrol", u.member))
	u.member.step(task, "accept", nil).want(200)
	u.member.step(task, "start", saying(said("uniform", "yes"), said("id_card", "yes"))).want(422)
	for value, want := range map[string]float64{"": 0, "block": 0, "warn": 1} {
		readings := object{}
		if value != "" {
			readings["recording_unknown"] = value
		}
		lines := linesOf(legal.first.post("/v1/law/backtests", trialOf(readings)).want(200))
		if found := lines[len(lines)-1]["comparison"].(object); found["different"] != want {
			t.Errorf("with %q: %v", value, found)
		}
	}
	before := u.dispatcher.get("/v1/candidates?acts=patrol").want(200).at("may_total").(float64)
	legal.enacts(object{
		"post": object{"code": "patrol", "items": []string{"cq-2021 15(2)"}}, "memo": "7号", "reason": "巡逻另行培训",
	})
	if after := u.dispatcher.get("/v1/candidates?acts=patrol").want(200).at("may_total").(float64); after >= before {
		t.Errorf("%v may patrol whose post does not cover it any more, %v before", after, before)
	}
}
