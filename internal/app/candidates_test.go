package app_test

import (
	"fmt"
	"strings"
	"testing"
)

// candidates are the two lists of an answer, by number.
func candidates(r reply) (may, lack map[string]object) {
	r.t.Helper()
	read := func(list string) map[string]object {
		found := map[string]object{}
		for _, c := range r.at(list).([]any) {
			found[fmt.Sprint(c.(object)["number"])] = c.(object)
		}
		return found
	}
	return read("may"), read("lack")
}

// TestCandidatesAreThoseWhoCouldBeSent sends everybody of a station, one by one, and holds the law's answers to the lists.
func TestCandidatesAreThoseWhoCouldBeSent(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	officer, lead := o.officer(), o.officer()
	suspended := o.auxiliary()
	o.personnel().ask("PUT", "/v1/people/"+suspended.person.String()+"/status", object{"status": "suspended", "reason": "调查"}, nil).want(200)
	o.clerk()
	for _, asked := range []struct {
		acts, more string
		order      object
	}{
		{acts: "patrol"},
		{acts: "data-entry"},
		{acts: "stop-and-question", order: object{"officers": []object{{"person": lead.person, "lead": true, "on_duty": "yes"}}}},
		{acts: "domestic-security"},
		{acts: "patrol", more: "&tags=state_secret", order: object{"tags": []string{"state_secret"}}},
		{acts: "patrol", more: "&operates=drone", order: object{"operates": []string{"drone"}}},
		{acts: "crime-stopping", more: "&emergency=true", order: object{"emergency": true}},
	} {
		answer := officer.get("/v1/candidates?limit=200&path=" + o.path(riverside) + "&acts=" + asked.acts + asked.more).want(200)
		may, lack := candidates(answer)
		if all := o.count(`SELECT count(*) FROM person WHERE path LIKE '%' || $1 || '/%' AND class LIKE '%_auxiliary'`, riverside); len(may)+len(lack) != all {
			t.Errorf("%s: %d may and %d lack something, of %d", asked.acts, len(may), len(lack), all)
		}
		if answer.at("lead_owed") != (asked.acts == "stop-and-question") {
			t.Errorf("%s: lead_owed %v", asked.acts, answer.at("lead_owed"))
		}
		for number, c := range may {
			if got := officer.sends1(asked.acts, c, asked.order); got.status != 201 {
				t.Errorf("%s may do %s%s, and is refused: %.300s", number, asked.acts, asked.more, got.raw)
			}
		}
		for number, c := range lack {
			got := officer.sends1(asked.acts, c, asked.order)
			reason := c["reason"].(object)
			if got.status != 422 || got.text("ruling", "outcome") != reason["verdict"] || !got.cites(fmt.Sprint(reason["citation"])) {
				t.Errorf("%s lacks %v for %s%s, and gets %.400s", number, reason, asked.acts, asked.more, got.raw)
			}
		}
	}
}

// sends1 sends one candidate on one act.
func (h *hand) sends1(act string, candidate, more object) reply {
	h.s.t.Helper()
	member := object{"person": candidate["person"]}
	work := object{"acts": []string{act}, "place": object{"name": "江岸码头"}, "members": []object{member}}
	for key, value := range more {
		if key == "operates" {
			member[key] = value
		} else {
			work[key] = value
		}
	}
	return h.post("/v1/tasks", work)
}

// TestTheLeastBusyComeFirst and the lists are cut, but not the numbers.
func TestTheLeastBusyComeFirst(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	officer, busy := o.officer(), o.auxiliary()
	before := officer.get("/v1/candidates?acts=patrol&limit=200&path=" + o.path(riverside)).want(200)
	officer.sends(order("patrol", busy))
	answer := officer.get("/v1/candidates?acts=patrol&limit=200&path=" + o.path(riverside)).want(200)
	list := answer.at("may").([]any)
	last := list[len(list)-1].(object)
	if last["person"] != busy.person.String() || fmt.Sprint(last["open_tasks"]) != "1" {
		t.Errorf("last is %v", last)
	}
	short := officer.get("/v1/candidates?acts=patrol&limit=1&path=" + o.path(riverside)).want(200)
	if len(short.at("may").([]any)) != 1 || short.text("may_total") != before.text("may_total") || short.text("lack_total") != before.text("lack_total") {
		t.Errorf("%.300s", short.raw)
	}
}

// TestAQuestionTheLawHasNoPlaceForIsNamed even where there is nobody to ask about.
func TestAQuestionTheLawHasNoPlaceForIsNamed(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	officer := o.officer()
	for query, field := range map[string]string{
		"acts=patrol,juggling": "query/acts/1", "acts=patrol,patrol": "query/acts/1", "acts=": "query/acts/0", "tags=highway": "query/acts", "acts=patrol&tags=sunny": "query/tags/0",
		"acts=patrol&limit=0": "query/limit", "acts=patrol&case_kind=civil": "query/case_kind", "acts=patrol&operates=tank": "query/operates/0",
		"acts=juggling&path=" + o.path(hillside): "query/acts/0",
	} {
		if r := officer.get("/v1/candidates?" + query); r.status != 400 || !strings.Contains(string(r.raw), `"`+field) {
			t.Errorf("%s: %d %s", query, r.status, r.raw)
		}
	}
	abroad := officer.get("/v1/candidates?acts=patrol&path=" + o.path(hillside)).want(200)
	if abroad.text("may_total") != "0" || abroad.text("lack_total") != "0" {
		t.Errorf("abroad: %.300s", abroad.raw)
	}
}

// Near a place the nearest come first, whatever they are busy with; of whom nobody knows where they are, the least busy.
func TestTheNearestComeFirst(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	u.at(500, u.member)
	u.at(100, u.colleague)
	u.dispatcher.sends(order("patrol", u.colleague))
	u.at(50, u.spare)
	u.change(`UPDATE position_last SET seen_at = seen_at - interval '1 hour' WHERE person_id = $1`, u.spare.person) // who knows where by now
	near := u.dispatcher.get("/v1/candidates?acts=patrol&limit=2&lat=29.56&lon=106.57&datum=wgs84").want(200)
	for i, want := range []struct {
		who    *hand
		metres float64
	}{{u.colleague, 100}, {u.member, 500}} {
		c := near.at("may", i).(object)
		if far, _ := c["distance_m"].(float64); c["person"] != want.who.person.String() || c["on_duty"] != true || far < want.metres-2 || far > want.metres+2 {
			t.Errorf("%d: %v, want %s", i, c, want.who.person)
		}
	}
	if r := u.dispatcher.get("/v1/candidates?acts=patrol&lat=29.56").want(400); r.text("errors", 0, "field") != "query" {
		t.Errorf("half a place: %s", r.raw)
	}
	if c := u.dispatcher.get("/v1/candidates?acts=patrol&limit=1").at("may", 0).(object); c["distance_m"] != nil {
		t.Errorf("nobody asked how far: %v", c)
	}
}
