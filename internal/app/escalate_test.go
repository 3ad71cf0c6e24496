package app_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// What a head leaves unanswered goes to the heads above, once, however many servers look; who was asked first may still answer it. The
// round that looks is shown in internal/dispatch/escalate_test.go.
func TestWhatAHeadLeavesUnansweredGoesUp(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	head := u.head(riverside)
	above := u.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleStationHead})
	task := u.dispatcher.begun(u.member, u.colleague)
	asked := u.colleague.recuses(task, "party").want(201)
	made := u.member.step(task, "objections", object{"reason": "连续两班未休息"}).want(201)
	if r, o := takes(t, asked, "recusal", "asked_at"), takes(t, made, "objection", "at"); r != 4*time.Hour || o != 4*time.Hour {
		t.Errorf("of a routine order there are %v and %v", r, o)
	}
	u.escalates(3)
	if n := u.happenings("recusal.escalated") + u.happenings("objection.escalated"); n != 0 {
		t.Errorf("%d went up before their time", n)
	}
	for _, table := range []string{"recusal", "objection"} {
		u.moves(`UPDATE ` + table + ` SET doc = replace(doc::text, doc ->> 'deadline', '2026-01-01T00:00:00Z')::json`)
	}
	u.escalates(3)
	for what, answer := range map[string]struct {
		list   string
		settle func(id string)
	}{
		"recusal": {"recusals", func(id string) { head.decides(task, id, "refused").want(200) }},
		"objection": {"objections", func(id string) {
			above.step(task, "objections/"+id+"/answer", object{"answer": "upheld", "reason": "已调整班次"}).want(200)
		}},
	} {
		if n, head, above := u.happenings(what+".escalated"), u.pushes(what+"_escalated", head), u.pushes(what+"_escalated", above); n != 1 || head != 0 || above != 1 {
			t.Errorf("%s: %d events, told the head %d times and the one above %d times", what, n, head, above)
		}
		waiting := above.get("/v1/" + answer.list).want(200)
		if waiting.text(answer.list, 0, "escalated_at") == "" {
			t.Errorf("%s", waiting.raw)
		}
		answer.settle(waiting.text(answer.list, 0, "id"))
	}
	u.discreet(task, "objection", made.text("objection", "id"), "连续两班", "已调整")
	u.sound()
}

// Where nobody is above them, the same heads are told again. What was asked before there were deadlines has waited for long enough.
func TestNobodyIsAboveTheHeads(t *testing.T) {
	t.Parallel()
	u := newUnit(openOffice(t))
	head := u.head(riverside)
	u.change(`DELETE FROM authority WHERE role = 'station_head' AND path <> $1`, u.path(riverside))
	task := u.dispatcher.sends(order("patrol", u.member))
	u.member.step(task, "objections", object{}).want(201)
	u.moves(`UPDATE objection SET doc = (doc::jsonb - 'deadline')::json`)
	if list := head.get("/v1/objections").want(200).raw; strings.Contains(string(list), "deadline") {
		t.Errorf("%s", list)
	}
	u.escalates(1)
	if n := u.pushes("objection_escalated", head); n != 1 {
		t.Errorf("told %d times", n)
	}
	u.sound()
}

func (o *office) escalates(replicas int) { o.look(replicas, (*dispatch.Service).Escalate) }

// look has many replicas look for something at the same moment.
func (o *office) look(replicas int, at func(*dispatch.Service, context.Context) error) {
	o.t.Helper()
	book, err := law.Embedded().Book(law.DefaultRulebook, law.Settings{})
	o.must(err)
	var all sync.WaitGroup
	for range replicas {
		all.Go(func() {
			s := dispatch.New(o.store, func(duty.Law) (dispatch.Book, error) { return book, nil }, dispatch.DefaultFreshness, time.Hour)
			if err := at(s, o.t.Context()); err != nil {
				o.t.Error(err)
			}
		})
	}
	all.Wait()
}

// takes is how long there is from one moment of an answer to its deadline.
func takes(t *testing.T, r reply, what, from string) time.Duration {
	t.Helper()
	var at []time.Time
	for _, field := range []string{from, "deadline"} {
		moment, err := time.Parse(time.RFC3339, r.text(what, field))
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, moment)
	}
	return at[1].Sub(at[0])
}
