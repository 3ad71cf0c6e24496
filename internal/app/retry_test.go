package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/testkit"
	"github.com/dutybound/dutybound/openapi"
)

// sending is a command ready to be sent, with another request that its id must not be used for.
type sending struct {
	who       *hand
	path      string
	body      any
	otherPath string // empty: the same
	otherBody any
	elsewhere int // status of the same request with the same id from another device of the person: it is judged by itself
}

func (s sending) send(id uuid.UUID) reply {
	s.who.s.t.Helper()
	return s.who.command(s.path, id, s.body)
}

func stepping(who *hand, task, verb string, body, other any) sending {
	s := sending{who: who, path: "/v1/tasks/" + task + "/" + verb, body: body, otherBody: other, elsewhere: 409}
	if body == nil {
		s.otherPath = "/v1/tasks/" + uuid.NewString() + "/" + verb
	}
	return s
}

// sendings makes one of each operation that carries an Idempotency-Key, by its name in the contract.
var sendings = map[string]func(*unit) sending{
	"dispatchTask": func(u *unit) sending {
		return sending{
			who: u.dispatcher, path: "/v1/tasks", body: order("patrol", u.member), otherBody: order("patrol", u.spare), elsewhere: 201,
		}
	},
	"acknowledgeTask": func(u *unit) sending {
		return stepping(u.member, u.dispatcher.sends(order("patrol", u.member)), "acknowledge", nil, nil)
	},
	"acceptTask": func(u *unit) sending {
		return stepping(u.member, u.dispatcher.sends(order("patrol", u.member)), "accept", nil, nil)
	},
	"declineTask": func(u *unit) sending {
		task := u.dispatcher.sends(order("patrol", u.member))
		return stepping(u.member, task, "decline", because("回避"), because("疲劳"))
	},
	"startTask": func(u *unit) sending {
		task := u.dispatcher.sends(order("patrol", u.member))
		ready(task, u.member)
		return stepping(u.member, task, "start", saying(dressed()...), saying())
	},
	"pauseTask": func(u *unit) sending {
		return stepping(u.member, u.dispatcher.begun(u.member), "pause", because("避雨"), because("吃饭"))
	},
	"resumeTask": func(u *unit) sending {
		task := u.dispatcher.begun(u.member)
		u.member.step(task, "pause", because("避雨")).want(200)
		return stepping(u.member, task, "resume", saying(), saying(dressed()...))
	},
	"finishTask": func(u *unit) sending {
		return stepping(u.member, u.dispatcher.begun(u.member), "finish", object{"report": "无异常"}, object{"report": "有异常"})
	},
	"cancelTask": func(u *unit) sending {
		task := u.dispatcher.sends(order("patrol", u.member))
		return stepping(u.dispatcher, task, "cancel", because("警情解除"), because("误报"))
	},
	"reassignTask": func(u *unit) sending {
		task := u.dispatcher.sends(order("patrol", u.member))
		s := stepping(u.dispatcher, task, "reassign", object{"add": members(u.spare)}, object{"add": members(u.colleague)})
		s.elsewhere = 400 // is on the task already
		return s
	},
	"nameLead": func(u *unit) sending {
		task := u.dispatcher.sends(order("patrol", u.member))
		s := stepping(u.dispatcher, task, "lead", object{"officer": u.lead.person, "on_duty": "yes"}, object{"officer": u.otherLead.person})
		s.elsewhere = 200
		return s
	},
	"acceptLead": func(u *unit) sending {
		return stepping(u.lead, sentLed(u), "lead/accept", nil, nil)
	},
	"showCode": func(u *unit) sending {
		s := stepping(u.lead, sentLed(u), "lead/code", code("49381726"), code("49381727"))
		s.elsewhere = 200
		return s
	},
	"enterCode": func(u *unit) sending {
		task := sentLed(u)
		u.lead.step(task, "lead/code", code("49381726")).want(200)
		return stepping(u.member, task, "lead/confirm", code("49381726"), code("49381727"))
	},
	"takeLead": func(u *unit) sending {
		return stepping(u.otherLead, sentLed(u), "lead/take", object{}, code("49381727"))
	},
	"observe": func(u *unit) sending {
		u.dispatcher.begun(u.member)
		return sending{
			who: u.member, path: "/v1/observations", body: saying(now(said("recording", "off"))),
			otherBody: saying(now(said("recording", "buffering"))), elsewhere: 200,
		}
	},
	"registerDevice": func(u *unit) sending {
		return sending{
			who: u.personnel, path: "/v1/people/" + u.member.person.String() + "/devices",
			body: object{"name": "3 号机", "platform": "android"}, otherBody: object{"name": "4 号机", "platform": "android"}, elsewhere: 201,
		}
	},
	"registerApplicant": func(u *unit) sending {
		applicant := func(name string) object {
			return object{"organ": riverside, "class": "civilian_auxiliary", "name": name, "born": "2001-01-15", "education": "college"}
		}
		return sending{who: u.personnel, path: "/v1/applicants", body: applicant("甲"), otherBody: applicant("乙"), elsewhere: 201}
	},
	"proposeChange": func(u *unit) sending {
		return sending{
			who: u.counsel(hillside).first, path: "/v1/law/proposals", body: setting("max_aux_per_officer", "5"),
			otherBody: setting("max_aux_per_officer", "4"), elsewhere: 201,
		}
	},
	"approveProposal": func(u *unit) sending {
		legal := u.counsel(hillside)
		path := "/v1/law/proposals/" + legal.first.proposes(setting("max_aux_per_officer", "5")) + "/approve"
		return sending{who: legal.second, path: path, otherPath: "/v1/law/proposals/" + uuid.NewString() + "/approve", elsewhere: 409}
	},
	"rejectProposal": func(u *unit) sending {
		legal := u.counsel(hillside)
		path := "/v1/law/proposals/" + legal.first.proposes(setting("max_aux_per_officer", "5")) + "/reject"
		return sending{who: legal.second, path: path, body: because("再议"), otherBody: because("不妥"), elsewhere: 409}
	},
	"withdrawProposal": func(u *unit) sending {
		legal := u.counsel(hillside)
		path := "/v1/law/proposals/" + legal.first.proposes(setting("max_aux_per_officer", "5")) + "/withdraw"
		return sending{who: legal.first, path: path, body: because("有误"), otherBody: because("重提"), elsewhere: 409}
	},
	"decideApproval": func(u *unit) sending {
		head := u.head(riverside)
		id := u.asks(u.dispatcher, driving(u.driver(riverside)))
		return sending{
			who: head, path: "/v1/approvals/" + id.String() + "/decide", body: judging(true, "task"), otherBody: judging(false, "task"), elsewhere: 409,
		}
	},
	"raiseAlarm": func(u *unit) sending {
		return sending{who: u.auxiliary(), path: "/v1/alarms", body: sos(), otherBody: sos(object{"silent": true}), elsewhere: 201}
	},
	"answerAlarm": func(u *unit) sending {
		return sending{
			who: u.head(riverside), path: "/v1/alarms/" + u.auxiliary().raises(sos()) + "/answer", body: object{"eta_s": 60},
			otherBody: object{"eta_s": 90}, elsewhere: 200,
		}
	},
	"closeAlarm": func(u *unit) sending {
		return sending{
			who: u.head(riverside), path: "/v1/alarms/" + u.auxiliary().raises(sos()) + "/close", body: object{"outcome": "helped"},
			otherBody: object{"outcome": "false_alarm", "reason": "误触"}, elsewhere: 409,
		}
	},
	"answerCheck": func(u *unit) sending {
		bad := well()
		bad["state"] = "need_help"
		task := u.dispatcher.begun(u.member)
		u.dispatcher.ask("PUT", "/v1/tasks/"+task+"/check", object{"every_s": 900}, nil).want(200)
		s := stepping(u.member, task, "checks", well(), bad)
		s.elsewhere = 200
		return s
	},
	"checkIn": func(u *unit) sending {
		return sending{who: u.member, path: "/v1/shifts", body: dressedFor("yes"), otherBody: dressedFor("no"), elsewhere: 409}
	},
	"checkOut": func(u *unit) sending {
		u.member.checksIn(dressedFor("yes"))
		return sending{who: u.member, path: "/v1/shifts/current/end", body: object{"note": "无异常"}, otherBody: object{}, elsewhere: 409}
	},
	"orderPlainClothes": func(u *unit) sending {
		return sending{
			who: u.dispatcher, path: "/v1/plain-clothes-orders", body: plainClothes(u.member), otherBody: plainClothes(u.spare), elsewhere: 201,
		}
	},
	"holdTask": func(u *unit) sending {
		s := stepping(u.counsel(riverside).first, u.dispatcher.sends(order("patrol", u.member)), "hold", because("投诉"), because("检查"))
		s.elsewhere = 200
		return s
	},
	"planShift": func(u *unit) sending {
		return sending{
			who: u.dispatcher, path: "/v1/shift-plans", body: planning(u.member.person), otherBody: planning(u.spare.person), elsewhere: 201,
		}
	},
	"cancelPlan": func(u *unit) sending {
		plan := u.dispatcher.plans(planning(u.member.person))
		return sending{
			who: u.dispatcher, path: "/v1/shift-plans/" + plan + "/cancel", body: because("活动取消"), otherBody: because("改期"), elsewhere: 409,
		}
	},
	"proposeSwap": func(u *unit) sending {
		plan := u.dispatcher.plans(planning(u.member.person))
		return sending{
			who: u.member, path: "/v1/shift-plans/" + plan + "/swaps", body: object{"to": u.spare.person}, otherBody: object{"to": u.colleague.person},
			elsewhere: 409,
		}
	},
	"stepSwap": func(u *unit) sending {
		plan := u.dispatcher.plans(planning(u.member.person))
		swap := u.member.post("/v1/shift-plans/"+plan+"/swaps", object{"to": u.spare.person}).want(200).text("swaps", 0, "id")
		return sending{
			who: u.spare, path: "/v1/shift-plans/" + plan + "/swaps/" + swap, body: object{"step": "accept"}, otherBody: object{"step": "refuse"},
			elsewhere: 409,
		}
	},
	"askRestraint": func(u *unit) sending {
		other := strap()
		other["item"] = "绳"
		s := stepping(u.member, u.dispatcher.begun(u.member), "restraints", strap(), other)
		s.elsewhere = 201
		return s
	},
	"commandRestraint": func(u *unit) sending {
		task := u.dispatcher.onDuty().begun(u.member)
		call := strap()
		call["item"] = "未列入清单" // the demo's organs have no list: what an order may be is not tried here
		id := u.member.step(task, "restraints", call).want(201).text("restraint", "id")
		s := stepping(u.dispatcher, task, "restraints/"+id+"/command", ordering("command", true), ordering("lead", true))
		s.elsewhere = 422
		return s
	},
	"tellRestraintUse": func(u *unit) sending {
		task := u.dispatcher.begun(u.member)
		s := stepping(u.member, task, "restraints/"+u.member.asksStrap(task)+"/use", using("start"), using("stop"))
		s.elsewhere = 200
		return s
	},
	"reportRestraint": func(u *unit) sending {
		task := u.dispatcher.begun(u.member)
		s := stepping(u.member, task, "restraints/"+u.member.asksStrap(task)+"/report", object{"report": "未使用"}, object{"report": "已使用"})
		s.elsewhere = 200
		return s
	},
	"askRecusal": func(u *unit) sending {
		return stepping(u.colleague, u.dispatcher.begun(u.member, u.colleague), "recusals", object{"ground": "party"}, object{"ground": "interest"})
	},
	"decideRecusal": func(u *unit) sending {
		task := u.dispatcher.begun(u.member, u.colleague)
		id := u.colleague.recuses(task, "party").want(201).text("recusal", "id")
		decision := func(word string) object { return object{"decision": word, "reason": "已核实"} }
		return stepping(u.head(riverside), task, "recusals/"+id+"/decide", decision("granted"), decision("refused"))
	},
	"objectToOrder": func(u *unit) sending {
		return stepping(u.member, u.dispatcher.begun(u.member), "objections", because("疲劳"), because("危险"))
	},
	"answerObjection": func(u *unit) sending {
		task := u.dispatcher.begun(u.member)
		id := u.member.step(task, "objections", object{}).want(201).text("objection", "id")
		answer := func(word string) object { return object{"answer": word, "reason": "已核实"} }
		return stepping(u.head(riverside), task, "objections/"+id+"/answer", answer("upheld"), answer("dismissed"))
	},
	"changeActs": func(u *unit) sending {
		s := stepping(u.member, u.dispatcher.begun(u.member), "acts", object{"add": []string{"scene-order"}}, object{"add": []string{"rescue"}})
		s.elsewhere = 400 // is there already
		return s
	},
	"changeActs refused": func(u *unit) sending {
		s := stepping(u.member, u.dispatcher.begun(u.member), "acts", object{"add": []string{"stop-and-question"}}, object{"add": []string{"rescue"}})
		s.elsewhere = 422
		return s
	},
	"closeOutboxFinding": func(u *unit) sending {
		finding, _ := u.quarantined(riverside)
		return sending{
			who: u.dispatcher, path: "/v1/outbox/findings/" + finding.String() + "/close", body: because("已核实"), otherBody: because("误报"), elsewhere: 409,
		}
	},
	"decideQuarantine": func(u *unit) sending {
		_, device := u.quarantined(riverside)
		return sending{
			who: u.dispatcher, path: "/v1/outbox/quarantine/" + device.String() + "/decide", body: object{"release": false, "reason": "无关"},
			otherBody: object{"release": false, "reason": "属实"}, elsewhere: 404,
		}
	},
	"dispatchTask refused": func(u *unit) sending {
		return sending{
			who: u.dispatcher, path: "/v1/tasks", body: order("stop-and-question", u.member),
			otherBody: order("stop-and-question", u.spare), elsewhere: 422,
		}
	},
	"startTask refused": func(u *unit) sending {
		task := u.dispatcher.sends(order("patrol", u.member))
		u.member.step(task, "accept", nil).want(200)
		s := stepping(u.member, task, "start", saying(), saying(said("uniform", "no")))
		s.elsewhere = 422
		return s
	},
}

// Whatever the contract gives an Idempotency-Key is in the table, and the table has nothing else.
func TestEveryCommandIsRetried(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(openapi.HTTP())
	if err != nil {
		t.Fatal(err)
	}
	var carried []string
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.OperationID == "startImport" { // a file, which TestAnImportIsRetriedAsOne sends
				continue
			}
			if op.Parameters.GetByInAndName("header", "Idempotency-Key") != nil {
				carried = append(carried, op.OperationID)
			}
		}
	}
	slices.Sort(carried)
	tried := slices.Compact(slices.Sorted(func(yield func(string) bool) {
		for name := range sendings {
			operation, _, _ := strings.Cut(name, " ")
			if !yield(operation) {
				return
			}
		}
	}))
	if !slices.Equal(carried, tried) {
		t.Errorf("the contract has %v, the table %v", carried, tried)
	}
}

// I3: a command acts once, however often, however simultaneously and over whatever bad connection it is sent.
func TestARetriedCommandActsOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for _, name := range slices.Sorted(maps.Keys(sendings)) {
		make := sendings[name]
		t.Run(name, func(t *testing.T) {
			left := sentAgain(o.in(t), make)
			sentAtOnce(o.in(t), make, left)
			cutOff(o.in(t), make, left)
		})
	}
	o.sound()
}

var requestID = regexp.MustCompile(`"request_id":"[^"]*"`)

// said is an answer without what is the request's own.
func (r reply) said() string { return fmt.Sprint(r.status, string(requestID.ReplaceAll(r.raw, nil))) }

// sentAgain sends a command one after the other; it answers how many events one leaves.
func sentAgain(o *office, make func(*unit) sending) (left int) {
	o.t.Helper()
	u := newUnit(o)
	s, id, before := make(u), newKey(), 0
	before = u.events()
	first := s.send(id)
	if left = u.events() - before; left == 0 {
		u.t.Errorf("it left no event: %s", first.said())
	}
	for range 2 {
		if again := s.send(id); again.said() != first.said() {
			u.t.Errorf("answered\n%s\nand then\n%s", first.said(), again.said())
		}
	}
	other := s
	other.body = s.otherBody
	if s.otherPath != "" {
		other.path = s.otherPath
	}
	if clash := other.send(id).want(422); clash.text("code") != "command_mismatch" {
		u.t.Errorf("another request with the id: %s", clash.raw)
	}
	if n := u.events() - before; n != left {
		u.t.Errorf("%d events after all, %d at first", n, left)
	}
	elsewhere := s
	elsewhere.who = u.another(s.who)
	if r := elsewhere.send(id).want(s.elsewhere); r.header.Get("Idempotent-Replayed") != "" || r.status < 300 && r.said() == first.said() {
		u.t.Errorf("from another device it got the first one's answer")
	}
	return left
}

// sentAtOnce sends a command eight times at once.
func sentAtOnce(o *office, make func(*unit) sending, left int) {
	o.t.Helper()
	u := newUnit(o)
	s, id := make(u), newKey()
	before := u.events()
	var all sync.WaitGroup
	answers := [8]reply{}
	begin := new(sync.WaitGroup)
	begin.Add(1)
	for i := range answers {
		all.Go(func() {
			begin.Wait()
			var err error
			if answers[i], err = s.who.try("POST", s.path, s.body, keyedBy(id)); err != nil {
				u.t.Error(err)
			}
		})
	}
	begin.Done()
	all.Wait()
	want := s.send(id).said()
	for _, got := range answers {
		running := got.status == 409 && got.text("code") == "command_running" && got.header.Get("Retry-After") != ""
		if !running && got.said() != want {
			u.t.Errorf("at once\n%s\nand afterwards\n%s", got.said(), want)
		}
	}
	if n := u.events() - before; n != left {
		u.t.Errorf("eight at once left %d events instead of %d", n, left)
	}
}

// cutOff sends a command over a connection that ends before the answer, and one that ends in the middle of it.
func cutOff(o *office, make func(*unit) sending, left int) {
	o.t.Helper()
	for _, bytesRead := range []int{0, 20} {
		u := newUnit(o)
		s, id := make(u), newKey()
		before := u.events()
		s.cut(id, bytesRead)
		var answer reply
		testkit.Wait(u.t, "the command to be done", func() bool {
			answer = s.send(id)
			return answer.status != 409 || answer.text("code") != "command_running"
		})
		if again := s.send(id); again.said() != answer.said() {
			u.t.Errorf("after a cut\n%s\nand then\n%s", answer.said(), again.said())
		}
		if n := u.events() - before; n != left {
			u.t.Errorf("cut after %d bytes it left %d events instead of %d: %s", bytesRead, n, left, answer.said())
		}
	}
}

// cut sends the request, reads so many bytes of the answer and breaks the connection.
func (s sending) cut(id uuid.UUID, bytesRead int) {
	t := s.who.s.t
	t.Helper()
	var body []byte
	var err error
	if s.body != nil {
		if body, err = json.Marshal(s.body); err != nil {
			t.Fatal(err)
		}
	}
	request, err := http.NewRequest(http.MethodPost, s.who.s.url+s.path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{
		"Idempotency-Key": {id.String()}, "Authorization": {"Bearer " + s.who.token}, "Content-Type": {"application/json"},
	}
	conn, err := net.DialTimeout("tcp", request.URL.Host, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil { // a reset, not a goodbye
		t.Fatal(err)
	}
	if err := request.Write(conn); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).Peek(bytesRead); err != nil {
		t.Fatal(err)
	}
}
