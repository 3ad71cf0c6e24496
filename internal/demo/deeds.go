package demo

import (
	"strings"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// order is what the dispatcher sends.
type order struct {
	acts           []string
	place          text
	lead           string // number of the officer; empty: nobody leads
	administrative bool   // an administrative case
}

// statement is one fact that somebody states.
type statement struct {
	fact  api.Fact
	value string
}

// dressed is what an auxiliary states before work: uniform and work card (Art. 17(1)), and the camera (Art. 17(2)).
func dressed(camera string) []statement {
	return []statement{{"uniform", "yes"}, {"id_card", "yes"}, {"recording", camera}}
}

// do has somebody do something and answers what came back.
func (s *story) do(number string, what text, call func(*phone) (answer, error)) answer {
	if s.err != nil {
		return answer{}
	}
	p := s.phones[number]
	s.tell.does(p.account.Name, what)
	a, err := call(p)
	if err != nil {
		s.fail("%s %s: %w", p.account.Name, what.en, err)
	}
	return a
}

func (s *story) dispatch(o order, members ...string) answer {
	return s.do(dispatcher, s.ordering(o, members), func(p *phone) (answer, error) {
		return p.dispatch(s.ctx, newKey(), s.wire(o, members))
	})
}

// ordering words an order: who is sent to do what, where.
func (s *story) ordering(o order, members []string) text {
	acts := s.acts[o.acts[0]]
	what := text{"派遣 " + s.names(members) + "：" + acts.zh, "sends " + s.names(members) + ": " + acts.en}
	if o.lead != "" {
		what.zh += "，" + s.names([]string{o.lead}) + " 带领"
		what.en += ", led by " + s.names([]string{o.lead})
	}
	return text{what.zh + " @ " + o.place.zh, what.en + " @ " + o.place.en}
}

func (s *story) names(numbers []string) string {
	names := make([]string, len(numbers))
	for i, number := range numbers {
		names[i] = s.phones[number].account.Name
	}
	return strings.Join(names, "、")
}

func (s *story) wire(o order, members []string) api.DispatchOrder {
	wire := api.DispatchOrder{Acts: o.acts, Place: api.Place{Name: o.place.zh}}
	for _, number := range members {
		wire.Members = append(wire.Members, api.MemberOrder{Person: s.phones[number].person})
	}
	if o.lead != "" {
		wire.Officers = []api.OfficerOrder{{Person: s.phones[o.lead].person, Lead: new(true), OnDuty: new(api.AnswerYes)}}
	}
	if o.administrative {
		wire.CaseKind = new(api.CaseKindAdministrative)
	}
	return wire
}

// answered has everybody sent acknowledge the order and accept it.
func (s *story) answered(task uuid.UUID, numbers ...string) {
	for _, number := range numbers {
		a := s.do(number, text{"签收", "acknowledges"}, func(p *phone) (answer, error) { return p.acknowledge(s.ctx, task) })
		s.done(a, "task.acknowledged")
		a = s.do(number, text{"接受", "accepts"}, func(p *phone) (answer, error) { return p.accept(s.ctx, task) })
		s.done(a, "task.accepted")
	}
}

func (s *story) start(number string, task uuid.UUID, said ...statement) answer {
	stated := list(said)
	what := text{"开始，申报" + stated.zh, "starts, stating: " + stated.en}
	return s.do(number, what, func(p *phone) (answer, error) {
		wire := make([]api.Statement, len(said))
		for i, st := range said {
			wire[i] = api.Statement{Fact: st.fact, Value: st.value}
		}
		return p.start(s.ctx, task, wire)
	})
}

func (s *story) pause(number string, task uuid.UUID, reason text) answer {
	return s.do(number, text{"暂停：" + reason.zh, "pauses: " + reason.en}, func(p *phone) (answer, error) { return p.pause(s.ctx, task, reason.zh) })
}

func (s *story) resume(number string, task uuid.UUID) answer {
	return s.do(number, text{"继续", "resumes"}, func(p *phone) (answer, error) { return p.resume(s.ctx, task) })
}

func (s *story) finish(number string, task uuid.UUID, report text) answer {
	return s.do(number, text{"结束，反馈：" + report.zh, "finishes and reports: " + report.en},
		func(p *phone) (answer, error) { return p.finish(s.ctx, task, report.zh) })
}

func (s *story) refuse(number string, task uuid.UUID, reason text) answer {
	return s.do(number, text{"不接受：" + reason.zh, "declines: " + reason.en},
		func(p *phone) (answer, error) { return p.decline(s.ctx, task, reason.zh) })
}

func (s *story) cancel(task uuid.UUID, reason text) answer {
	return s.do(dispatcher, text{"取消：" + reason.zh, "cancels: " + reason.en},
		func(p *phone) (answer, error) { return p.cancel(s.ctx, task, reason.zh) })
}

func (s *story) reassign(task uuid.UUID, from, to string) answer {
	what := text{"改派：" + s.names([]string{from}) + " 换成 " + s.names([]string{to}), "reassigns: " + s.names([]string{to}) + " in place of " + s.names([]string{from})}
	return s.do(dispatcher, what, func(p *phone) (answer, error) {
		return p.reassign(s.ctx, task, api.Reassignment{
			Add: []api.MemberOrder{{Person: s.phones[to].person}}, Remove: []uuid.UUID{s.phones[from].person},
		})
	})
}

// states has somebody report facts outside of any command; task is nil for what holds wherever they work.
func (s *story) states(number string, task *uuid.UUID, said ...statement) {
	stated := list(said)
	s.do(number, text{"上报" + stated.zh, "reports: " + stated.en}, func(p *phone) (answer, error) {
		wire := make([]api.ObservedStatement, len(said))
		for i, st := range said {
			wire[i] = api.ObservedStatement{Task: task, Fact: st.fact, Value: st.value, ObservedAt: now()}
		}
		return answer{}, p.observe(s.ctx, wire)
	})
}

// together lets the lead show a code that an auxiliary enters: each has the other in front of them.
func (s *story) together(officer, auxiliary string, task uuid.UUID) {
	code := newCode()
	s.done(s.shows(officer, task, code), "lead.code_shown")
	a := s.do(auxiliary, text{"输入确认码", "enters the code"}, func(p *phone) (answer, error) { return p.enterCode(s.ctx, task, code) })
	s.done(a, "lead.confirmed")
}

func (s *story) shows(number string, task uuid.UUID, code string) answer {
	return s.do(number, text{"出示确认码", "shows a code"}, func(p *phone) (answer, error) { return p.showCode(s.ctx, task, code) })
}

func (s *story) takesLead(number string, task uuid.UUID, code string) answer {
	return s.do(number, text{"输入确认码，接替带领", "enters the code and takes the lead"},
		func(p *phone) (answer, error) { return p.takeLead(s.ctx, task, code) })
}

// fallsBack holds a task to telling an auxiliary what may go on while nobody leads.
func (s *story) fallsBack(number string, task uuid.UUID) {
	s.do(number, text{"查看可以做什么", "looks up what may go on"}, func(p *phone) (answer, error) {
		t, err := p.task(s.ctx, task)
		if err != nil || s.err != nil {
			return answer{}, err
		}
		acts := t.mayGoOn(p.person)
		if len(acts) == 0 {
			s.fail("%s is not told what may go on while nobody leads", p.account.Name)
			return answer{}, nil
		}
		var zh, en []string
		for _, act := range acts {
			zh, en = append(zh, s.acts[act].zh), append(en, s.acts[act].en)
		}
		s.tell.aside(text{"可以做：" + strings.Join(zh, "、"), "may go on with: " + strings.Join(en, ", ")})
		return answer{}, nil
	})
}

// ready has a colleague state that uniform, card and camera are as they should be, before somebody else starts the work.
func (s *story) ready(number string) { s.states(number, nil, dressed("on")...) }
