package app_test

// doors has an entry for every route of the contract, by its operationId.
var doors = map[string]door{
	"getMe":         plain("/v1/me", everyRole),
	"listActs":      plain("/v1/law/acts", everyRole),
	"getAct":        plain("/v1/law/acts/patrol", everyRole),
	"listApprovals": plain("/v1/approvals", answers{403, 403, 200, 200, 403, 403, 200}),
	"decideApproval": {matter: true, own: answers{403, 403, 200, 200, 403, 403, 403}, foreign: answers{403, 403, 404, 404, 403, 403, 403}, ask: func(t target) asking {
		return asking{"/v1/approvals/" + t.approval.String() + "/decide", judging(true, "task")}
	}},
	"listReadings":     plain("/v1/law/readings", everyRole),
	"listProposals":    plain("/v1/law/proposals", answers{403, 403, 200, 200, 403, 403, 200}),
	"approveProposal":  settling("approve", nil, 200),
	"rejectProposal":   settling("reject", because("再议"), 200),
	"withdrawProposal": settling("withdraw", because("有误"), 403), // another one's
	"proposeChange": {law: true, own: answers{403, 403, 403, 201, 403, 403, 403}, foreign: answers{403, 403, 403, 400, 403, 403, 403}, ask: func(t target) asking {
		change := setting("min_team_without_officer", "3")
		change["path"] = t.path
		return asking{"/v1/law/proposals", change}
	}},
	"listOrgans":   plain("/v1/organs", answers{403, 200, 200, 403, 200, 200, 200}),
	"listPeople":   plain("/v1/people", answers{403, 200, 200, 403, 200, 200, 200}),
	"listArticles": plain("/v1/law/articles?instrument=cq-2021", everyRole),
	"getArticle":   plain("/v1/law/articles/16", everyRole),
	"runBacktest": {own: answers{403, 403, 403, 400, 403, 403, 403}, ask: func(target) asking { // a time that ends before it begins
		return asking{"/v1/law/backtests", object{"from": "2026-03-02T00:00:00Z", "to": "2026-03-01T00:00:00Z"}}
	}},
	"listCandidates":   plain("/v1/candidates?acts=patrol", dispatching),
	"listTasks":        plain("/v1/tasks", answers{200, 200, 200, 200, 403, 200, 200}),
	"getHealth":        plain("/healthz", everyRole),
	"getOpenapi":       plain("/openapi.yaml", everyRole),
	"getAsyncapi":      plain("/asyncapi.yaml", everyRole),
	"getReadiness":     plain("/readyz", everyRole),
	"watchFeed":        plain("/v1/feed", everybody(400)), // no handshake; with one see TestViewersMissNothingOfAStorm
	"createFeedTicket": plain("/v1/feed/tickets", answers{403, 201, 201, 403, 403, 201, 201}),

	"syncPhone":      plain("/v1/sync", everyRole),
	"getShiftBundle": plain("/v1/sync/bundle", everyRole),

	"signIn": {own: everybody(401), ask: func(t target) asking {
		return asking{"/v1/sessions", object{"person_number": "nobody" + t.task.String()[:8], "password": "wrong", "device": t.device}}
	}},
	"signOut":      {own: everybody(204), ask: func(target) asking { return asking{path: "/v1/sessions/current"} }},
	"setPushToken": {own: everybody(204), ask: func(t target) asking { return asking{"/v1/me/push-token", object{"token": "t-" + t.task.String()}} }},
	"enrolDeviceKey": {own: everybody(401), ask: func(target) asking { // without a proof; with one see TestAKeyIsEnrolledOnce
		return asking{"/v1/devices/current/key", object{"jwk": aKey().JWK()}}
	}},
	"changePassword": {own: everybody(400), ask: func(target) asking { // nobody was given one here
		return asking{"/v1/me/password", object{"current": "none", "new": "江岸-夜班-七棵黄桷树"}}
	}},

	"askRuling": {own: answers{200, 200, 200, 200, 403, 403, 403}, ask: func(target) asking {
		return asking{"/v1/rulings", object{"at": "2026-03-02T08:00:00+08:00", "acts": []string{"patrol"}, "auxiliaries": []object{{"id": "a", "role": "field"}}}}
	}},
	"dispatchTask": {own: answers{403, 201, 201, 403, 403, 403, 403}, foreign: answers{403, 400, 400, 403, 403, 403, 403}, ask: func(t target) asking {
		return asking{"/v1/tasks", object{"acts": []string{"patrol"}, "place": object{"name": "江岸码头"}, "members": []object{{"person": t.person}}}}
	}},
	"getTask": {task: "dispatched", own: answers{200, 200, 200, 200, 403, 200, 200}, foreign: answers{404, 404, 404, 404, 403, 404, 404}, ask: func(t target) asking {
		return asking{path: "/v1/tasks/" + t.task.String()}
	}},
	"getTaskHistory": {task: "dispatched", own: answers{200, 200, 200, 200, 403, 403, 200}, foreign: answers{404, 404, 404, 404, 403, 403, 404}, ask: func(t target) asking {
		return asking{path: "/v1/tasks/" + t.task.String() + "/history"}
	}},
	// An officer is of the unit, and is no member who could answer the order.
	"acknowledgeTask": taskStep("acknowledge", nil, "dispatched", answers{200, 409, 409, 403, 403, 403, 403}, actingAbroad),
	"acceptTask":      taskStep("accept", nil, "dispatched", answers{200, 409, 409, 403, 403, 403, 403}, actingAbroad),
	"declineTask":     taskStep("decline", because("回避"), "dispatched", answers{200, 409, 409, 403, 403, 403, 403}, actingAbroad),
	"startTask":       taskStep("start", saying(), "ready", onTask, actingAbroad),
	"pauseTask":       taskStep("pause", because("避雨"), "started", onTask, actingAbroad),
	"resumeTask":      taskStep("resume", saying(), "paused", onTask, actingAbroad),
	"finishTask":      taskStep("finish", object{"report": "无异常"}, "started", onTask, actingAbroad),
	"cancelTask":      taskStep("cancel", because("警情解除"), "dispatched", dispatching, dispatchingAbroad),
	"reassignTask": {task: "dispatched", own: dispatching, foreign: dispatchingAbroad, ask: func(t target) asking {
		return asking{"/v1/tasks/" + t.task.String() + "/reassign", object{"add": []object{{"person": t.person}}}}
	}},
	"nameLead": {task: "dispatched", own: answers{403, 400, 400, 403, 403, 403, 403}, foreign: dispatchingAbroad, ask: func(t target) asking {
		return asking{"/v1/tasks/" + t.task.String() + "/lead", object{"officer": t.person}} // an auxiliary: Art. 16
	}},
	// Nobody leads the patrol: there is no lead to accept, to show a code to or to confirm, until an officer takes it.
	"acceptLead":          taskStep("lead/accept", nil, "dispatched", nobodyLeads, actingAbroad),
	"showCode":            taskStep("lead/code", code("49381726"), "ready", answers{200, 409, 409, 403, 403, 403, 403}, actingAbroad),
	"enterCode":           taskStep("lead/confirm", code("49381726"), "ready", nobodyLeads, actingAbroad),
	"takeLead":            taskStep("lead/take", object{}, "dispatched", dispatching, dispatchingAbroad),
	"listSoloEnforcement": plain("/v1/solo-enforcement", answers{403, 200, 200, 200, 403, 403, 200}),
	"observe": {task: "dispatched", own: answers{200, 200, 200, 403, 404, 403, 403}, foreign: notThere, ask: func(t target) asking {
		return asking{"/v1/observations", saying(object{"fact": "uniform", "value": "yes", "task": t.task, "observed_at": "2026-03-02T08:00:00+08:00"})}
	}},

	"uploadOutbox": {own: everyRole, ask: func(target) asking { // what is no record is told of that one
		return asking{"/v1/outbox", object{"records": []string{"x"}}}
	}},
	"listOutboxFindings": plain("/v1/outbox/findings", answers{403, 200, 200, 403, 403, 403, 200}),
	"listQuarantine":     plain("/v1/outbox/quarantine", answers{403, 200, 200, 403, 403, 403, 200}),
	"closeOutboxFinding": {outbox: true, own: answers{403, 200, 200, 403, 403, 403, 403}, foreign: answers{403, 404, 404, 403, 403, 403, 403}, ask: func(t target) asking {
		return asking{"/v1/outbox/findings/" + t.finding.String() + "/close", because("已核实")}
	}},
	"decideQuarantine": {outbox: true, own: answers{403, 200, 200, 403, 403, 403, 403}, foreign: answers{403, 404, 404, 403, 403, 403, 403}, ask: func(t target) asking {
		return asking{"/v1/outbox/quarantine/" + t.quarantined.String() + "/decide", object{"release": true, "reason": "属实"}}
	}},

	"getPerson": {own: readingRoster, foreign: notThere, ask: func(t target) asking { return asking{path: "/v1/people/" + t.person.String()} }},
	"setPersonStatus": {own: changingRoster, foreign: notThere, ask: func(t target) asking {
		return asking{"/v1/people/" + t.person.String() + "/status", object{"status": "suspended", "reason": "调查"}}
	}},
	"transferPerson": {own: answers{404, 403, 403, 404, 400, 403, 403}, foreign: notThere, ask: func(t target) asking { // the district's other station is not theirs
		return asking{"/v1/people/" + t.person.String() + "/organ", object{"organ": hillside, "reason": "调动"}}
	}},
	"getHandBack": {own: readingRoster, foreign: notThere, ask: func(t target) asking {
		return asking{path: "/v1/people/" + t.person.String() + "/hand-back"}
	}},
	"receiveBack": {own: answers{404, 403, 403, 404, 404, 403, 403}, foreign: notThere, ask: func(t target) asking { // who has not left owes nothing
		return asking{path: "/v1/people/" + t.person.String() + "/hand-back/" + t.task.String()}
	}},
	"listQuotas": plain("/v1/quotas", answers{403, 200, 200, 403, 200, 200, 200}),
	"setQuota": {own: notThere, ask: func(t target) asking { // TestQuotas has one that exists
		return asking{"/v1/organs/" + t.task.String() + "/quota", object{"class": "field_auxiliary", "amount": 3, "basis": "x"}}
	}},
	"startImport": {own: answers{403, 403, 403, 403, 202, 403, 403}, ask: func(t target) asking {
		return asking{"/v1/roster/imports?dry_run=true", csvFile("number,name,class,organ\n")}
	}},
	"getImport": {own: answers{403, 403, 403, 403, 404, 403, 403}, foreign: answers{403, 403, 403, 403, 404, 403, 403}, ask: func(t target) asking {
		return asking{path: "/v1/roster/imports/" + t.task.String()}
	}},
	"exportRoster": plain("/v1/roster/export", answers{403, 200, 200, 403, 200, 200, 200}),
	"syncRoster": {own: answers{403, 403, 403, 403, 200, 403, 403}, ask: func(t target) asking {
		return asking{"/v1/roster/sync", object{"source": "hr" + t.task.String()[:8], "revision": 1, "people": []object{}}}
	}},
	"registerApplicant": {own: answers{403, 403, 403, 403, 201, 403, 403}, ask: func(target) asking {
		return asking{"/v1/applicants", object{"organ": riverside, "class": "field_auxiliary", "name": "应聘人", "born": "2001-01-15", "education": "college"}}
	}},
	"listApplicants": plain("/v1/applicants", answers{403, 403, 403, 403, 200, 403, 403}),
	// Of the applicants that exist TestApplicantsAreForPersonnelOfTheirOrgan speaks.
	"getApplicant": {own: applicantsOfNobody, foreign: applicantsOfNobody, ask: func(t target) asking {
		return asking{path: "/v1/applicants/" + t.task.String()}
	}},
	"declareApplicant": {own: applicantsOfNobody, foreign: applicantsOfNobody, ask: func(t target) asking {
		return asking{"/v1/applicants/" + t.task.String() + "/declarations", object{"conduct": "yes"}}
	}},
	"passStage": {own: applicantsOfNobody, foreign: applicantsOfNobody, ask: func(t target) asking {
		return asking{"/v1/applicants/" + t.task.String() + "/stages/announcement", object{"passed": true, "on": "2026-01-05"}}
	}},
	"hireApplicant": {own: applicantsOfNobody, foreign: applicantsOfNobody, ask: func(t target) asking {
		return asking{"/v1/applicants/" + t.task.String() + "/hire", object{"number": "FJ" + t.task.String()[:8]}}
	}},
	"listShifts": plain("/v1/shifts", answers{200, 200, 200, 403, 200, 200, 200}),
	"checkIn": {own: answers{201, 201, 201, 403, 403, 403, 403}, ask: func(target) asking {
		return asking{"/v1/shifts", object{"uniform": "yes", "work_card": "yes"}}
	}},
	"checkOut": {own: answers{409, 409, 409, 403, 403, 403, 403}, ask: func(target) asking { // nobody has checked in
		return asking{"/v1/shifts/current/end", object{}}
	}},
	"sendPositions": {own: answers{409, 409, 409, 403, 403, 403, 403}, ask: func(target) asking {
		return asking{"/v1/positions", object{"points": []object{fix(object{"captured_at": "2026-03-02T08:00:00+08:00"})}}}
	}},
	"orderPlainClothes": {own: answers{403, 201, 201, 403, 403, 403, 403}, foreign: answers{403, 400, 400, 403, 403, 403, 403}, ask: func(t target) asking {
		return asking{"/v1/plain-clothes-orders", object{"person": t.person, "reason": "反扒", "from": "2026-03-02T08:00:00+08:00", "until": "2096-03-02T08:00:00+08:00"}}
	}},
	"listNearbyOfficers": {task: "dispatched", own: answers{403, 409, 409, 403, 403, 409, 403}, foreign: answers{403, 404, 404, 403, 403, 404, 403}, ask: func(t target) asking {
		return asking{path: "/v1/officers/nearby?task=" + t.task.String()} // its place has a name only
	}},
	"getHours": {own: answers{404, 200, 200, 403, 200, 200, 200}, foreign: answers{404, 404, 404, 403, 404, 404, 404}, ask: func(t target) asking {
		return asking{path: "/v1/people/" + t.person.String() + "/hours"}
	}},
	"holdTask": {task: "dispatched", own: answers{403, 403, 403, 200, 403, 403, 200}, foreign: answers{403, 403, 403, 404, 403, 403, 404}, ask: func(t target) asking {
		return asking{"/v1/tasks/" + t.task.String() + "/hold", because("投诉")}
	}},
	"listPlans": plain("/v1/shift-plans", answers{200, 200, 200, 403, 200, 200, 200}),
	"planShift": {own: answers{403, 201, 201, 403, 403, 403, 403}, foreign: answers{403, 400, 400, 403, 403, 403, 403}, ask: func(t target) asking {
		return asking{"/v1/shift-plans", planning(t.person)}
	}},
	"cancelPlan": {plan: true, own: answers{403, 200, 200, 403, 403, 403, 403}, foreign: answers{403, 404, 404, 403, 403, 403, 403}, ask: func(t target) asking {
		return asking{"/v1/shift-plans/" + t.plan.String() + "/cancel", because("活动取消")}
	}},
	"callRoll": {plan: true, own: answers{404, 200, 200, 403, 200, 200, 200}, foreign: answers{404, 404, 404, 403, 404, 404, 404}, ask: func(t target) asking {
		return asking{path: "/v1/shift-plans/" + t.plan.String() + "/roll-call"}
	}},
	"proposeSwap": {plan: true, own: answers{404, 403, 403, 403, 403, 403, 403}, foreign: answers{404, 404, 404, 403, 403, 403, 403}, ask: func(t target) asking { // not on it
		return asking{"/v1/shift-plans/" + t.plan.String() + "/swaps", object{"to": t.person}}
	}},
	"stepSwap": {plan: true, own: answers{404, 404, 404, 403, 403, 403, 403}, foreign: answers{404, 404, 404, 403, 403, 403, 403}, ask: func(t target) asking { // there is none
		return asking{"/v1/shift-plans/" + t.plan.String() + "/swaps/" + t.task.String(), object{"step": "accept"}}
	}},
	// Of restraints, recusals and objections that exist the tests of each speak.
	"askRestraint": taskStep("restraints", object{"danger": "violence", "class": "restraint", "item": "约束带"}, "started",
		answers{201, 400, 400, 403, 403, 403, 403}, actingAbroad), // an officer says who is to use it
	"commandRestraint": ofTask("restraints/%s/command", object{"mode": "command", "recorded": true}, dispatchingAbroad),
	"tellRestraintUse": taskStep("restraints/0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c50/use",
		object{"event": "start", "danger": "violence", "class": "restraint", "item": "约束带"}, "started", answers{200, 400, 400, 403, 403, 403, 403}, actingAbroad),
	"reportRestraint": ofTask("restraints/%s/report", object{"report": "无异常"}, actingAbroad),
	"askRecusal":      taskStep("recusals", object{"ground": "party"}, "dispatched", answers{201, 400, 400, 403, 403, 403, 403}, actingAbroad), // Art. 22 is not of officers
	"decideRecusal":   ofTask("recusals/%s/decide", object{"decision": "granted", "reason": "属实"}, decidingAbroad),
	"listRecusals":    plain("/v1/recusals", answers{403, 403, 200, 403, 403, 403, 403}),
	"objectToOrder":   taskStep("objections", object{"reason": "疲劳"}, "dispatched", answers{201, 409, 409, 403, 403, 403, 403}, actingAbroad),
	"answerObjection": ofTask("objections/%s/answer", object{"answer": "upheld", "reason": "属实"}, decidingAbroad),
	"listObjections":  plain("/v1/objections", answers{403, 403, 200, 403, 403, 403, 403}),
	"changeActs":      taskStep("acts", object{"add_tags": []string{"alcohol"}}, "ready", onTask, actingAbroad),
	"getSupervision": {own: answers{403, 403, 200, 200, 403, 403, 200}, foreign: answers{403, 403, 404, 404, 403, 403, 404}, ask: func(t target) asking {
		return asking{path: "/v1/people/" + t.person.String() + "/supervision?from=2026-01-01T00:00:00Z&to=2026-12-31T00:00:00Z"}
	}},
	"registerDevice": {own: answers{404, 403, 403, 404, 201, 403, 403}, foreign: notThere, ask: func(t target) asking {
		return asking{"/v1/people/" + t.person.String() + "/devices", object{"name": "3 号机", "platform": "android"}}
	}},
	"revokeDevice": {own: answers{404, 200, 200, 404, 200, 403, 403}, foreign: notThere, ask: func(t target) asking {
		return asking{path: "/v1/devices/" + t.device.String() + "/revoke"}
	}},

	// ---- safety. Everybody calls for help, and sees whom they called; TestTheNearestOfficersAreTold has those who were called.
	"raiseAlarm": {own: everybody(201), ask: func(target) asking { return asking{"/v1/alarms", object{"raised_at": "2026-03-02T08:00:00+08:00"}} }},
	"listAlarms": plain("/v1/alarms", everyRole),
	"getAlarm": {alarm: true, own: answers{404, 200, 200, 404, 404, 200, 200}, foreign: notThere, ask: func(t target) asking {
		return asking{path: "/v1/alarms/" + t.alarm.String()}
	}},
	"acknowledgeAlarm": helping("receipts", object{"what": "seen"}, 204),
	"answerAlarm":      helping("answer", object{"eta_s": 60}, 200),
	"closeAlarm":       helping("close", object{"outcome": "helped"}, 200),
	"orderChecks": {task: "started", own: dispatching, foreign: dispatchingAbroad, ask: func(t target) asking {
		return asking{"/v1/tasks/" + t.task.String() + "/check", object{"every_s": 900}}
	}},
	"listChecks": {task: "dispatched", own: answers{200, 200, 200, 200, 403, 200, 200}, foreign: answers{404, 404, 404, 404, 403, 404, 404}, ask: func(t target) asking {
		return asking{path: "/v1/tasks/" + t.task.String() + "/checks"}
	}},
	// An officer is of the unit, and is no member who is asked; for others TestAnAnswerByRadioIsEntered answers.
	"answerCheck": taskStep("checks", object{"state": "well", "observed_at": "2026-03-02T08:00:00+08:00"}, "started",
		answers{200, 400, 400, 403, 403, 403, 403}, actingAbroad),
}

// helping is what officers and heads do about a call for help.
func helping(verb string, body any, done int) door {
	return door{alarm: true, own: answers{404, done, done, 404, 404, 403, 403}, foreign: notThere, ask: func(t target) asking {
		return asking{"/v1/alarms/" + t.alarm.String() + "/" + verb, body}
	}}
}
