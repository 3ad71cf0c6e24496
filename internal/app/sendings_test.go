package app_test

import (
	"github.com/google/uuid"
)

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
