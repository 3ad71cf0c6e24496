package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/duty"
)

// An objection goes to the head with the ruling, is answered once, and changes nothing: not the task, not the person, not the roster,
// not who is proposed for work.
func TestAnObjectionCarriesNoMark(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	head, abroad := u.head(riverside), u.head(hillside)
	task := u.dispatcher.sends(order("patrol", u.member, u.colleague))
	marks := func() string {
		return strings.Join([]string{
			u.standing(task), u.dispatcher.get("/v1/people/" + u.colleague.person.String()).said(),
			u.dispatcher.get("/v1/people?limit=200&path=" + u.path(riverside)).said(), u.candidatesNow(),
			u.colleague.get("/v1/me").said(),
		}, "\n")
	}
	u.colleague.step(task, "decline", because("刚下夜班")).want(200)
	before := marks()
	made := u.colleague.step(task, "objections", object{"reason": "连续两班未休息"}).want(201)
	id := made.text("objection", "id")
	if made.text("objection", "ruling") != u.taskOf(task)["latest_ruling"] || !slices.Contains(called(made), head.person.String()) || u.pushes("objection_made", head) != 1 {
		t.Errorf("made: %s", made.raw)
	}
	if after := marks(); after != before {
		t.Errorf("it left a mark:\n%s\n%s", before, after)
	}
	u.colleague.step(task, "objections", object{}).want(409)
	if queue := head.get("/v1/objections").want(200); queue.text("objections", 0, "reason") != "连续两班未休息" {
		t.Errorf("%s", queue.raw)
	}
	if list := abroad.get("/v1/objections").want(200); len(list.at("objections").([]any)) != 0 {
		t.Errorf("the sister station sees it: %s", list.raw)
	}
	answer := object{"answer": "upheld", "reason": "已调整班次"}
	u.dispatcher.step(task, "objections/"+id+"/answer", answer).want(403)
	abroad.step(task, "objections/"+id+"/answer", answer).want(404)
	answered := head.step(task, "objections/"+id+"/answer", answer).want(200)
	if answered.text("objection", "state") != "upheld" || u.pushes("objection_answered", u.colleague) != 1 {
		t.Errorf("%s", answered.raw)
	}
	head.step(task, "objections/"+id+"/answer", answer).want(409)
	if after := marks(); after != before {
		t.Errorf("the answer left a mark:\n%s\n%s", before, after)
	}
	u.member.step(task, "objections", object{}).want(201) // one tap
	u.dispatcher.step(task, "objections", object{}).want(403)
	u.dispatcher.step(task, "cancel", because("误报")).want(200)
	u.colleague.step(task, "objections", object{}).want(201) // afterwards, too
	u.discreet(task, "objection", id, "连续两班", "已调整")
	u.sound()
}

// One that was made without network leaves no mark either: the law is not asked again because somebody contests an order.
func TestAnObjectionWithoutNetworkCarriesNoMark(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	p := u.phone(u.member)
	task := u.dispatcher.begun(u.member, u.colleague)
	rulings := func() int { return u.count(`SELECT count(*) FROM ruling WHERE task_id = $1`, task) }
	before, asked := u.standing(task), rulings()
	wantOutcomes(t, u.member.brings(p.Records(stepPath(task, "objections"), object{"reason": "未安排民警带领"})), "applied")
	if after := u.standing(task); after != before || rulings() != asked {
		t.Errorf("it left a mark, %d rulings:\n%s\n%s", rulings()-asked, before, after)
	}
	u.ends(task, "objection.made")
	u.sound()
}

func (u *unit) candidatesNow() string {
	u.t.Helper()
	r := u.dispatcher.get("/v1/candidates?acts=patrol&limit=200&path=" + u.path(riverside)).want(200)
	if list := r.at("may").([]any); len(list) > 0 {
		r.raw = []byte(strings.Replace(string(r.raw), r.text("at"), "", 1))
	}
	return r.said()
}

// An order of the station's own head goes to the head above.
func TestAnObjectionToTheHeadGoesAbove(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	head := u.head(riverside)
	above := u.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleStationHead})
	u.change(`DELETE FROM authority WHERE role = 'station_head' AND path = $1 AND person_id <> $2`, u.path(riverside), head.person)
	task := head.sends(order("patrol", u.member))
	made := u.member.step(task, "objections", object{}).want(201)
	if !slices.Contains(called(made), above.person.String()) || slices.Contains(called(made), head.person.String()) {
		t.Errorf("%s", made.raw)
	}
	id := made.text("objection", "id")
	head.step(task, "objections/"+id+"/answer", object{"answer": "dismissed", "reason": "合规"}).want(403)
	above.step(task, "objections/"+id+"/answer", object{"answer": "dismissed", "reason": "合规"}).want(200)
	u.sound()
}

// Nobody decides what they asked for, and what was settled stays, by no SQL that the server could run.
func TestNoSQLDecidesOnesOwn(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	head := u.head(riverside)
	task := u.dispatcher.begun(u.member, u.colleague)
	recusal := u.colleague.recuses(task, "party").want(201).text("recusal", "id")
	objection := u.member.step(task, "objections", object{}).want(201).text("objection", "id")
	decided := func(table, id, by, state string, who *hand) error {
		_, err := u.sql.Exec(t.Context(), `UPDATE `+table+` SET doc = (jsonb_set(doc::jsonb, '{state}', to_jsonb($2::text)) ||
			jsonb_build_object('`+by+`', jsonb_build_object('person', $3::text)))::json WHERE id = $1`, id, state, who.person.String())
		return err
	}
	for name, err := range map[string]error{
		"the recused":             decided("recusal", recusal, "decided_by", "granted", u.colleague),
		"the objector":            decided("objection", objection, "answered_by", "upheld", u.member),
		"somebody, undecided yet": decided("recusal", recusal, "decided_by", "pending", head),
		"an unknown word":         decided("objection", objection, "answered_by", "perhaps", head),
	} {
		if err == nil {
			t.Errorf("%s decided", name)
		}
	}
	head.decides(task, recusal, "refused").want(200)
	head.step(task, "objections/"+objection+"/answer", object{"answer": "dismissed", "reason": "合规"}).want(200)
	for name, err := range map[string]error{
		"the recusal":   decided("recusal", recusal, "decided_by", "granted", head),
		"the objection": decided("objection", objection, "answered_by", "upheld", head),
	} {
		if err == nil {
			t.Errorf("%s was settled again", name)
		}
	}
	for _, table := range []string{"recusal", "objection"} {
		for _, sql := range []string{`DELETE FROM ` + table, `TRUNCATE ` + table} {
			if _, err := u.sql.Exec(t.Context(), sql); err == nil {
				t.Errorf("it could %s", sql)
			}
		}
	}
}
