package demo

import (
	"reflect"
	"slices"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// signIn brings everybody on duty in, each on their own phone, and lights the command centre's wall.
func (s *story) signIn() {
	s.tell.scene(text{"八点，江岸派出所：各自在登记的设备上登录", "Eight o'clock at the station: everybody signs in on the device registered to them"})
	s.issue(aPatrol, bPatrol, aTraffic, aClerk)
	for _, number := range []string{dispatcher, lead, aPatrol, bPatrol, aTraffic, aClerk, legal, viewer} {
		s.enter(number)
	}
	s.read()
	s.light()
	s.checkIn(dispatcher, lead, aPatrol, bPatrol, aTraffic, aClerk)
}

// patrol: a civilian breaks no item of Art. 19 on patrol, and still no item permits it. A field auxiliary cures that.
func (s *story) patrol() {
	s.tell.scene(text{"文职被派去巡逻", "A clerk is sent on patrol"})
	order := order{acts: []string{"patrol"}, place: text{"江岸码头一带", "the riverside wharf"}}
	s.refused(s.dispatch(order, aClerk), api.OutcomeOutsideScope, "cq-2021 15(1)", "choose_field_auxiliary")

	s.tell.aside(text{"换成两名勤务辅警", "Two field auxiliaries instead"})
	task := s.lawful(s.dispatch(order, aPatrol, bPatrol), api.OutcomeConditional, "task.dispatched")
	s.answered(task, aPatrol, bPatrol)
	s.ready(bPatrol)
	s.lawful(s.start(aPatrol, task, dressed("on")...), api.OutcomePermitted, "task.started")
	s.lawful(s.pause(aPatrol, task, text{"暴雨，码头避雨", "a cloudburst, sheltering at the wharf"}), api.OutcomePermitted, "task.paused")
	s.lawful(s.resume(aPatrol, task), api.OutcomePermitted, "task.resumed")
	s.lawful(s.finish(aPatrol, task, text{"巡逻两小时，劝离翻越护栏者三人，无异常。", "Two hours; three people talked down from the railing; nothing else."}), api.OutcomePermitted, "task.finished")
}

// stop: what Art. 16 opens, it opens under the lead of an officer, and lead means on the spot.
func (s *story) stop() {
	s.tell.scene(text{"没有民警带领的盘查", "A stop-and-question with no officer to lead it"})
	order := order{acts: []string{"stop-and-question"}, place: text{"江岸轻轨站出口", "exit of Riverside metro station"}}
	s.refused(s.dispatch(order, aPatrol, bPatrol), api.OutcomeUnmet, "cq-2021 16(2)", "name_lead_officer")

	s.tell.aside(text{"指定何敏带领", "He Min is named to lead"})
	order.lead = lead
	task := s.lawful(s.dispatch(order, aPatrol, bPatrol), api.OutcomeConditional, "task.dispatched")
	s.answered(task, aPatrol, bPatrol)
	s.ready(bPatrol)
	s.states(lead, &task, statement{"presence", "en_route"})
	s.refused(s.start(aPatrol, task, dressed("on")...), api.OutcomeUnmet, "cq-2021 16(2)", "bring_lead_officer")

	s.tell.aside(text{"何敏到场", "He Min arrives"})
	s.together(lead, aPatrol, task)
	s.lawful(s.start(aPatrol, task, dressed("on")...), api.OutcomePermitted, "task.started")
	s.lawful(s.finish(lead, task, text{"盘查两人，身份核实无误，当场放行。", "Two people checked, identities confirmed, sent on their way."}), api.OutcomePermitted, "task.finished")
	s.stopped = task
}

// accident: Art. 19 closes the door for good, and its lawful neighbour is another act.
func (s *story) accident() {
	s.tell.scene(text{"让辅警认定事故责任", "An auxiliary is to decide who caused an accident"})
	order := order{acts: []string{"accident-liability-determination"}, place: text{"滨江路与石板坡路口", "junction of Binjiang Road and Shibanpo"}, lead: lead}
	s.refused(s.dispatch(order, aTraffic), api.OutcomeProhibited, "cq-2021 19¶1(3)", "assign_police_officer")

	s.tell.aside(text{"相邻的合法事项：指导当事人自行协商轻微事故", "Its lawful neighbour: guiding the parties to settle a minor accident themselves"})
	order.acts, order.lead = []string{"minor-accident-guidance"}, ""
	task := s.lawful(s.dispatch(order, aTraffic), api.OutcomeConditional, "task.dispatched")
	s.answered(task, aTraffic)
	s.lawful(s.start(aTraffic, task, dressed("on")...), api.OutcomePermitted, "task.started")
	s.lawful(s.finish(aTraffic, task, text{"双方自行协商，当场离开，未作责任认定。", "The parties settled it themselves and left; nobody's fault was decided."}), api.OutcomePermitted, "task.finished")
}

// incident: a national rule makes the recording a condition of the law. What happens to the camera later is not refused, it is
// recorded.
func (s *story) incident() {
	s.tell.scene(text{"接警处置，执法记录仪没有打开", "An incident call, and the body camera is off"})
	order := order{acts: []string{"incident-handling"}, place: text{"青石巷18号，邻里纠纷", "18 Qingshi Lane, a quarrel between neighbours"}, lead: lead, administrative: true}
	task := s.lawful(s.dispatch(order, aPatrol, bPatrol), api.OutcomeConditional, "task.dispatched")
	s.answered(task, aPatrol, bPatrol)
	s.ready(bPatrol)
	s.together(lead, aPatrol, task)
	s.refused(s.start(aPatrol, task, dressed("off")...), api.OutcomeUnmet, "national-admin-procedure 52¶2", "start_recording")

	s.tell.aside(text{"打开记录仪", "The camera is switched on"})
	s.lawful(s.start(aPatrol, task, dressed("on")...), api.OutcomePermitted, "task.started")

	s.tell.aside(text{"处置途中记录仪关闭：不会被拒，记为违规", "It goes off in the middle of the work: nobody refuses that, it is a violation on record"})
	s.states(aPatrol, nil, statement{"recording", "off"})
	s.shown(task, "recording.changed", "task.violation")
	s.states(aPatrol, nil, statement{"recording", "on"})
	s.shown(task, "recording.changed", "task.lawful_again")
	s.lawful(s.finish(lead, task, text{"双方和解，未立案。", "The neighbours made peace; no case opened."}), api.OutcomePermitted, "task.finished")
}

// led: a lead is a state that goes on. The officer leaves; everybody is told at once what stops and what may go on, and another
// officer at the scene takes over.
func (s *story) led() {
	s.tell.scene(text{"带领民警中途离开，另一名民警接替", "The leading officer leaves in the middle, and another one takes over"})
	order := order{acts: []string{"stop-and-question"}, place: text{"江岸汽车站", "Riverside coach station"}, lead: lead}
	task := s.lawful(s.dispatch(order, aPatrol, bPatrol), api.OutcomeConditional, "task.dispatched")
	s.answered(task, aPatrol, bPatrol)
	s.ready(bPatrol)
	s.together(lead, aPatrol, task)
	s.lawful(s.start(aPatrol, task, dressed("on")...), api.OutcomePermitted, "task.started")
	s.shown(task, "lead.led")

	s.tell.aside(text{"何敏被叫往别处：盘查须停止，各人只做第十五条允许的事", "He Min is called away: the stop must cease, and everybody falls back to what Article 15 allows"})
	s.states(lead, &task, statement{"presence", "absent"})
	s.shown(task, "lead.lost", "lead.fallback", "task.violation")
	s.fallsBack(aPatrol, task)

	s.tell.aside(text{"周建川到场接替：队员出示确认码，民警输入", "Zhou Jianchuan comes and takes over: an auxiliary shows a code, the officer enters it"})
	code := newCode()
	s.done(s.shows(aPatrol, task, code), "lead.code_shown")
	s.lawful(s.takesLead(dispatcher, task, code), api.OutcomePermitted, "task.lead_named")
	s.shown(task, "task.lawful_again", "lead.led")
	s.lawful(s.finish(dispatcher, task, text{"核查四人，均无异常。", "Four people checked, nothing found."}), api.OutcomePermitted, "task.finished")
}

// reassigned: a no is an answer, and a lost connection makes no second order.
func (s *story) reassigned() {
	s.tell.scene(text{"断网后重发；不能接单，改派", "A retry after a lost connection; a no, and somebody else"})
	order := order{acts: []string{"standing-guard"}, place: text{"人民小学校门", "gate of the primary school"}}
	task := s.twice(order, bPatrol)
	s.done(s.refuse(bPatrol, task, text{"夜班刚交接，需要休息", "just off the night shift, needs rest"}), "task.declined")
	s.lawful(s.reassign(task, bPatrol, aPatrol), api.OutcomeConditional, "task.reassigned")
	s.answered(task, aPatrol)
	s.lawful(s.cancel(task, text{"学校今日停课", "no school today"}), api.OutcomeConditional, "task.cancelled")
}

// twice sends one order two times with one key: one task, one answer. Another order under that key is refused.
func (s *story) twice(o order, member string) uuid.UUID {
	key, members := newKey(), []string{member}
	send := func(p *phone) (answer, error) { return p.dispatch(s.ctx, key, s.wire(o, members)) }
	first := s.do(dispatcher, s.ordering(o, members), send)
	task := s.lawful(first, api.OutcomeConditional, "task.dispatched")
	again := s.do(dispatcher, text{"没有收到回应，用同一个编号重发", "got no answer and sends it again with the same key"}, send)
	s.same(first, again)

	o.place = text{"江岸码头", "the wharf"}
	if s.err != nil {
		return task
	}
	clash, err := s.phones[dispatcher].clashes(s.ctx, key, s.wire(o, members))
	if err != nil || !clash {
		s.fail("another order under the same key should be a mismatch (%v)", err)
	}
	return task
}

func (s *story) same(first, again answer) {
	switch {
	case s.err != nil:
	case !again.replay || !reflect.DeepEqual(again.task, first.task) || !reflect.DeepEqual(again.ruling, first.ruling):
		s.fail("the retry of task %s got another answer, about task %s", first.task.ID, again.task.ID)
	default:
		s.tell.aside(text{"同一任务、同一裁定，没有第二次派遣", "The same task and the same ruling: nobody was sent twice"})
	}
}

// record: what was asked and what the law said, for the legal department and for years to come; and for nobody else.
func (s *story) record() {
	s.tell.scene(text{"事后：法制部门查阅盘查任务的全部裁定", "Afterwards: the legal department reads every ruling about the stop"})
	var history *api.TaskHistory
	s.do(legal, text{"查阅历史", "reads the history"}, func(p *phone) (a answer, err error) {
		history, err = p.history(s.ctx, s.stopped)
		return a, err
	})
	if s.err != nil {
		return
	}
	s.held(history)
	s.hidden(aTraffic, s.stopped)
}

// held holds the record to what happened: a start refused for want of a lead on the spot, then one that was lawful.
func (s *story) held(h *api.TaskHistory) {
	var starts []api.Outcome
	for _, r := range h.Rulings {
		if r.Command == "start" {
			starts = append(starts, r.Ruling.Outcome)
		}
		s.tell.ruling(r)
	}
	if !slices.Equal(starts, []api.Outcome{api.OutcomeUnmet, api.OutcomePermitted}) {
		s.fail("the record should hold an unmet and a permitted start, but holds %v", starts)
	}
	for i, e := range h.Events {
		if e.Version == nil || *e.Version != i+1 {
			s.fail("the record has a gap at event %d", i+1)
		}
	}
}

// hidden: to an auxiliary who is not part of it, a task is not there.
func (s *story) hidden(number string, task uuid.UUID) {
	s.do(number, text{"打开同一任务", "opens the same task"}, func(p *phone) (answer, error) {
		found, err := p.finds(s.ctx, task)
		if found {
			s.fail("%s sees a task of others", number)
		}
		return answer{}, err
	})
	s.tell.aside(text{"404：与本人无关的任务，如同不存在", "404: a task of others looks as if it did not exist"})
}

func (s *story) ending() { s.tell.ending(s.asked) }
