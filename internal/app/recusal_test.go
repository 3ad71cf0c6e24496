package app_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/duty"
)

func (h *hand) recuses(task, ground string) reply {
	h.s.t.Helper()
	return h.step(task, "recusals", object{"ground": ground, "reason": "系当事人表弟"})
}

func (h *hand) decides(task, recusal, decision string) reply {
	h.s.t.Helper()
	return h.step(task, "recusals/"+recusal+"/decide", object{"decision": decision, "reason": "已核实"})
}

func (u *unit) taskOf(task string) object {
	u.t.Helper()
	return u.dispatcher.get("/v1/tasks/" + task).want(200).at("task").(object)
}

// A member who declares a recusal steps back at once and the rest goes on under a ruling of its own; the head of the station decides,
// from a list, and the answer proposes who could be sent instead. The reasons are on no feed, and vouched for.
func TestARecusalStepsBackAndIsDecided(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	head := u.head(riverside)
	u.auxiliary()
	task := u.dispatcher.begun(u.member, u.colleague)
	stood := u.taskOf(task)
	asked := u.colleague.recuses(task, "close_relative").want(201)
	id := asked.text("recusal", "id")
	if asked.at("recusal", "stepped_back") != true || !slices.Contains(called(asked), head.person.String()) || u.pushes("recusal_requested", head) != 1 {
		t.Errorf("asked: %s", asked.raw)
	}
	now := u.taskOf(task)
	if now["state"] != "started" || now["violation"] == true || now["epoch"] == stood["epoch"] || now["standing_ruling"] == stood["standing_ruling"] {
		t.Errorf("the rest: %v", now)
	}
	if back := now["stepped_back"].([]any); len(back) != 1 || back[0] != u.colleague.person.String() {
		t.Errorf("stepped back: %v", back)
	}
	if no := u.colleague.step(task, "finish", object{"report": "完"}).want(409); no.text("code") != "stepped_back" {
		t.Errorf("%s", no.raw)
	}
	u.colleague.recuses(task, "party").want(409)
	u.colleague.post("/v1/observations", saying(object{"fact": "recusal", "value": "none", "task": task, "observed_at": time.Now()})).want(400)
	queue := head.get("/v1/recusals").want(200)
	if queue.text("recusals", 0, "id") != id || queue.text("recusals", 0, "ground") != "close_relative" {
		t.Errorf("%s", queue.raw)
	}
	u.dispatcher.get("/v1/recusals").want(403)
	u.dispatcher.decides(task, id, "granted").want(403)
	granted := head.decides(task, id, "granted").want(200)
	proposed := granted.at("recusal", "replacements").([]any)
	if len(proposed) == 0 || len(proposed) > 5 {
		t.Fatalf("proposed: %s", granted.raw)
	}
	for _, p := range proposed {
		if who := p.(object)["person"]; who == u.colleague.person.String() || who == u.member.person.String() {
			t.Errorf("proposed is %v, who is on the task", who)
		}
	}
	u.dispatcher.step(task, "reassign", object{"add": []object{{"person": proposed[0].(object)["person"]}}}).want(200)
	now = u.taskOf(task)
	if memberState(now, 1) != "removed" || now["stepped_back"] != nil || now["violation"] == true {
		t.Errorf("granted: %v", now)
	}
	head.decides(task, id, "refused").want(409)
	u.colleague.get("/v1/tasks/" + task).want(404)
	u.discreet(task, "recusal", id, "表弟", "close_relative", "已核实")
	u.sound()
}

// discreet holds the events of a task to not telling what is private, and the document to the digest in its newest event.
func (u *unit) discreet(task, noun, id string, words ...string) {
	u.t.Helper()
	for _, word := range words {
		if n := u.count(`SELECT count(*) FROM event WHERE task_id = $1 AND body LIKE '%' || $2 || '%'`, task, word); n != 0 {
			u.t.Errorf("%d events say %s", n, word)
		}
	}
	var doc, digest string
	u.must(u.sql.QueryRow(u.t.Context(), `SELECT d.doc::text, (SELECT body::json ->> 'digest' FROM event WHERE task_id = $1 AND body::json ->> '`+noun+`' = $2::text
		ORDER BY ord DESC LIMIT 1) FROM `+noun+` d WHERE id = $2::uuid`, task, id).Scan(&doc, &digest))
	if sum := sha256.Sum256([]byte(doc)); hex.EncodeToString(sum[:]) != digest {
		u.t.Errorf("the %s is not what its event vouches for", noun)
	}
}

// Refused, the member comes back and works on; a party's request is passed on by somebody else.
func TestARefusedRecusalBringsTheMemberBack(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	head := u.head(riverside)
	task := goingOn(u)
	party := object{"ground": "other_relation", "by_party": true, "person": u.colleague.person}
	u.spare.step(task, "recusals", party).want(404)
	asked := u.lead.step(task, "recusals", party).want(201)
	refused := head.decides(task, asked.text("recusal", "id"), "refused").want(200)
	now := u.taskOf(task)
	if refused.text("task_state") != "started" || now["stepped_back"] != nil || now["violation"] == true || memberState(now, 1) != "accepted" {
		t.Errorf("refused: %v", now)
	}
	if u.pushes("recusal_decided", u.colleague) != 1 || u.pushes("recusal_decided", u.lead) != 1 {
		t.Error("nobody is told")
	}
	u.colleague.step(task, "pause", because("避雨")).want(200)
	for field, body := range map[string]object{
		"body/person":   {"ground": "party", "by_party": true, "person": u.lead.person},
		"body/by_party": {"ground": "party", "person": u.colleague.person},
		"body/ground":   {"ground": "boredom"},
	} {
		if no := u.member.step(task, "recusals", body).want(400); no.text("errors", 0, "field") != field {
			t.Errorf("%s: %s", field, no.raw)
		}
	}
	u.sound()
}

// Where the rest may not go on it is a violation and a granted member stays left out; where nobody is left the work is paused.
func TestWorkWithoutTheRecused(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	head := u.head(riverside)
	task := u.dispatcher.begun(u.member, u.colleague)
	u.member.observes(said("uniform", "no"))
	asked := u.colleague.recuses(task, "interest").want(201)
	if asked.text("task_state") != "started" || asked.at("violation") != true {
		t.Errorf("%s", asked.raw)
	}
	head.decides(task, asked.text("recusal", "id"), "granted").want(200)
	u.member.observes(said("uniform", "yes"))
	now := u.taskOf(task)
	if now["state"] != "started" || now["violation"] == true || len(now["stepped_back"].([]any)) != 1 {
		t.Errorf("%v", now)
	}
	u.dispatcher.step(task, "reassign", object{"remove": []any{u.colleague.person}}).want(200)

	alone := u.dispatcher.begun(u.spare)
	if asked := u.spare.recuses(alone, "party").want(201); asked.text("task_state") != "paused" {
		t.Errorf("%s", asked.raw)
	}
	u.ends(alone, "recusal.requested", "task.paused")

	each := order("patrol", u.member, u.spare)
	each["acts"] = []string{"patrol", "standing-guard"}
	each["members"].([]object)[0]["acts"], each["members"].([]object)[1]["acts"] = []string{"patrol"}, []string{"standing-guard"}
	parted := u.dispatcher.sends(each)
	ready(parted, u.member, u.spare)
	starting(u, parted).want(200)
	if asked := u.member.recuses(parted, "party").want(201); asked.text("task_state") != "paused" {
		t.Errorf("nobody does the patrol: %s", asked.raw)
	}
	second := u.spare.recuses(parted, "party").want(201).text("recusal", "id")
	head.decides(parted, second, "granted").want(200)
	u.sound()
}

// Whoever is in the middle of a rescue goes on with it: nobody drowns for a cousin.
func TestARescueGoesOnThroughARecusal(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	work := order("rescue", u.member, u.colleague)
	work["emergency"] = true
	task := u.dispatcher.sends(work)
	ready(task, u.member, u.colleague)
	starting(u, task).want(200)
	asked := u.colleague.recuses(task, "close_relative").want(201)
	if asked.at("recusal", "stepped_back") != false || u.taskOf(task)["stepped_back"] != nil {
		t.Errorf("%s", asked.raw)
	}
	u.sound()
}

// Before the work begins whoever steps back holds up nobody, and the head of the sister station decides nothing.
func TestARecusalBeforeTheStart(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	head, abroad := u.head(riverside), u.head(hillside)
	task := u.dispatcher.sends(order("patrol", u.member, u.colleague))
	ready(task, u.member)
	id := u.colleague.recuses(task, "party").want(201).text("recusal", "id")
	abroad.decides(task, id, "granted").want(404)
	if list := abroad.get("/v1/recusals").want(200); strings.Contains(string(list.raw), id) {
		t.Errorf("the sister station sees it: %s", list.raw)
	}
	starting(u, task).want(200)
	head.decides(task, id, "granted").want(200)
	if now := u.taskOf(task); memberState(now, 1) != "removed" || now["state"] != "started" {
		t.Errorf("%v", now)
	}
	u.sound()
}

// Whoever sent the unit, goes with it or asked decides nothing, head or not.
func TestTheHeadWhoSentTheUnitDecidesNoRecusal(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	sender, other := u.head(riverside), u.head(riverside)
	u.dispatcher = sender
	task := u.dispatcher.sends(order("patrol", u.member, u.colleague))
	own := u.colleague.recuses(task, "party").want(201).text("recusal", "id")
	passedOn := other.step(task, "recusals", object{"ground": "interest", "by_party": true, "person": u.member.person}).want(201).text("recusal", "id")
	for id, head := range map[string]*hand{own: sender, passedOn: other} {
		if no := head.decides(task, id, "refused").want(403); no.text("code") != "not_yours_to_decide" {
			t.Errorf("%s", no.raw)
		}
	}
	other.decides(task, own, "refused").want(200)
	u.sound()
}

// The reading decides whether one who has asked steps back.
func TestTheReadingSaysWhetherToStepBack(t *testing.T) {
	t.Parallel()
	o := openOffice(t, func(*app.Config) {})
	o.counsel(riverside).enacts(setting("recusal_pending", "warn"))
	u := newUnit(o)
	head := u.hire(newcomer{class: duty.Officer, organ: riverside, role: duty.RoleStationHead})
	task := u.dispatcher.begun(u.member, u.colleague)
	asked := u.colleague.recuses(task, "interest").want(201)
	if asked.at("recusal", "stepped_back") != false || asked.text("ruling", "outcome") != "conditional" {
		t.Errorf("%s", asked.raw)
	}
	head.decides(task, asked.text("recusal", "id"), "granted").want(200)
	if now := u.taskOf(task); memberState(now, 1) != "removed" || now["violation"] == true {
		t.Errorf("%v", now)
	}
	u.sound()
}
