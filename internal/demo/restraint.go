package demo

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

const (
	restraintList = "restraint_list" // the reading that says what restraint equipment an organ has
	strap         = "约束带"
)

// restraint: whoever is in danger asks and is never told no; what the law wants is an officer's command, and a word of it on record.
func (s *story) restraint() {
	s.tell.scene(text{"紧急情况下使用约束性勤务装备（第十七条第四项）", "Restraint equipment in an emergency (Art. 17(4))"})
	s.lists()
	task := s.lawful(s.dispatch(order{acts: []string{"patrol"}, place: text{"江岸夜市", "the riverside night market"}}, aPatrol, bPatrol),
		api.OutcomeConditional, "task.dispatched")
	s.answered(task, aPatrol, bPatrol)
	s.ready(bPatrol)
	s.lawful(s.start(aPatrol, task, dressed("on")...), api.OutcomePermitted, "task.started")

	s.tell.aside(text{"一人持酒瓶追打摊主：求助从不被拒，在岗民警当即收到", "A man goes for a stallholder with a bottle: a call for help is never refused, and the officers on duty get it at once"})
	id := s.asksFor(task, aPatrol)
	unrecorded := s.commands(task, id, false)
	s.refused(unrecorded, api.OutcomeUnmet, "cq-2021 17(4)", "record_command")
	s.ordered(s.commands(task, id, true), task)

	s.uses(task, id, api.RestraintUsing{Event: "start"})
	s.shown(task, "restraint.used")
	s.uses(task, id, api.RestraintUsing{
		Event: "stop", Outcome: new(api.RestraintOutcome("controlled")), Injuries: new(api.RestraintInjuries("none")), Medical: new(api.RestraintMedical("not_needed")),
	})
	s.shown(task, "restraint.stopped")
	s.reports(task, id, text{"约束约四分钟，人已移交民警，无人受伤。", "Held for four minutes, handed over to an officer, nobody hurt."})
	s.shown(task, "restraint.reported")
	s.lawful(s.finish(aPatrol, task, text{"夜市秩序恢复。", "The market is calm again."}), api.OutcomePermitted, "task.finished")
}

// lists has the legal department put the strap on the list, unless it is there: one person proposes, a second one approves.
func (s *story) lists() {
	if s.err != nil {
		return
	}
	reading, err := s.phones[dispatcher].reading(s.ctx, restraintList)
	if err != nil {
		s.fail("the list of restraint equipment: %w", err)
		return
	}
	var items []string
	if reading.Value != "" {
		items = strings.Split(reading.Value, ",")
	}
	if slices.Contains(items, strap) {
		s.tell.aside(text{"约束带已在本机关的约束性勤务装备清单上", "The strap is on the organ's list of restraint equipment already"})
		return
	}
	path := s.district()
	if reading.Set != nil {
		path = reading.Set.Organ.Path // the nearest organ that has a list decides
	}
	s.enter(approver)
	var proposal uuid.UUID
	s.do(legal, text{"提议将约束带列入约束性勤务装备清单", "proposes to put the strap on the list"}, func(p *phone) (a answer, err error) {
		proposal, err = p.proposes(s.ctx, path, strings.Join(append(items, strap), ","))
		return a, err
	})
	s.do(approver, text{"批准：一人不能独自改变法律的读法", "approves: nobody changes how the law is read alone"}, func(p *phone) (answer, error) {
		return answer{}, p.approves(s.ctx, proposal)
	})
}

// district is the path of the demo's district.
func (s *story) district() string { return bureau + "/" + district + "/" }

func (s *story) asksFor(task uuid.UUID, number string) (id uuid.UUID) {
	a := s.do(number, text{"请求使用约束带：有人正在行凶", "asks for the strap: somebody is being attacked"}, func(p *phone) (answer, error) {
		got, err := p.asks(s.ctx, task)
		if err != nil {
			return answer{}, err
		}
		id = got.Restraint.ID
		if !slices.ContainsFunc(got.Called, func(c api.CalledOfficer) bool { return c.Person == s.phones[dispatcher].person && c.OnDuty }) {
			s.fail("the officer on duty was not called: %v", got.Called)
		}
		return answer{ruling: got.Ruling}, nil
	})
	if s.err != nil {
		return id
	}
	// What the law says to a use as things stand: it is no answer to the call.
	if err := judge(answer{refused: true, ruling: a.ruling}, api.OutcomeUnmet, "cq-2021 17(4)", "obtain_command"); err != nil {
		s.fail("the law should say unmet: %w", err)
		return id
	}
	s.asked++
	s.tell.aside(text{"求助已记录并送达；此刻若无指挥就使用，法律的答复是：", "The call is kept and has gone out; what the law would say to a use without a command:"})
	s.tell.refused(a.ruling)
	s.shown(task, "restraint.requested")
	return id
}

func (s *story) commands(task, id uuid.UUID, recorded bool) answer {
	what := text{"远程指挥使用，未录音", "commands its use from afar, unrecorded"}
	if recorded {
		what = text{"远程指挥使用，全程录音", "commands its use from afar, on a recorded line"}
	}
	return s.do(dispatcher, what, func(p *phone) (answer, error) { return p.commands(s.ctx, task, id, recorded) })
}

// ordered holds a command to being lawful.
func (s *story) ordered(a answer, task uuid.UUID) {
	if s.err != nil {
		return
	}
	if a.refused || a.ruling == nil || !a.ruling.Lawful ||
		!slices.ContainsFunc(a.ruling.Obligations, func(o api.Obligation) bool { return o.Kind == "officer_command" && o.State == api.ObligationStateMet }) {
		s.fail("a recorded command should make it lawful, but the law says: %s", told(a.ruling))
		return
	}
	s.asked++
	s.tell.lawful(a.ruling)
	s.tell.aside(text{"第十七条第四项：已有民警指挥，且有记录；一次指挥只管一次使用", "Art. 17(4): an officer commands, and it is on record; a command is for one use"})
	s.shown(task, "restraint.commanded")
}

func (s *story) uses(task, id uuid.UUID, use api.RestraintUsing) {
	what := text{"开始使用约束带", "uses the strap"}
	if use.Event == "stop" {
		what = text{"停止使用：已控制，无人受伤", "uses it no more: under control, nobody hurt"}
	}
	s.do(aPatrol, what, func(p *phone) (answer, error) {
		use.ObservedAt = new(now())
		got, err := p.uses(s.ctx, task, id, use)
		if err == nil && (len(got.Restraint.Uses) != 1 || !got.Restraint.Uses[0].Lawful) {
			s.fail("the use should be one, and lawful: %+v", got.Restraint.Uses)
		}
		return answer{}, err
	})
}

func (s *story) reports(task, id uuid.UUID, report text) {
	s.do(aPatrol, text{"事后报告：" + report.zh, "reports afterwards: " + report.en}, func(p *phone) (answer, error) {
		got, err := p.api.ReportRestraintWithResponse(s.ctx, task, id, &api.ReportRestraintParams{IdempotencyKey: newKey()}, api.Report{Report: report.zh})
		if err == nil && got.JSON200 == nil {
			err = unexpected(got)
		}
		return answer{}, err
	})
}

// reading is an open point of the law as the phone's organ reads it.
func (p *phone) reading(ctx context.Context, id string) (api.ReadingInForce, error) {
	got, err := p.api.ListReadingsWithResponse(ctx, &api.ListReadingsParams{})
	if err != nil {
		return api.ReadingInForce{}, err
	}
	if got.JSON200 == nil {
		return api.ReadingInForce{}, unexpected(got)
	}
	for _, r := range got.JSON200.Readings {
		if r.ID == id {
			return r, nil
		}
	}
	return api.ReadingInForce{}, nil
}

func (p *phone) proposes(ctx context.Context, path, list string) (proposal uuid.UUID, err error) {
	got, err := p.api.ProposeChangeWithResponse(ctx, &api.ProposeChangeParams{IdempotencyKey: newKey()}, api.NewProposal{
		Path: &path, Reading: &api.ReadingChange{ID: restraintList, Value: &list}, Memo: "渝中公法〔2026〕13号", Reason: "公布约束性勤务装备清单",
	})
	if err != nil {
		return proposal, err
	}
	if got.JSON201 == nil {
		return proposal, unexpected(got)
	}
	return got.JSON201.ID, nil
}

func (p *phone) approves(ctx context.Context, proposal uuid.UUID) error {
	got, err := p.api.ApproveProposalWithResponse(ctx, proposal, &api.ApproveProposalParams{IdempotencyKey: newKey()})
	if err == nil && got.JSON200 == nil {
		err = unexpected(got)
	}
	return err
}

func (p *phone) asks(ctx context.Context, task uuid.UUID) (*api.RestraintAnswer, error) {
	got, err := p.api.AskRestraintWithResponse(ctx, task, &api.AskRestraintParams{IdempotencyKey: newKey()}, api.RestraintCall{
		Danger: "violence", Class: "restraint", Item: strap, ObservedAt: new(now()),
	})
	if err != nil {
		return nil, err
	}
	if got.JSON201 == nil {
		return nil, unexpected(got)
	}
	return got.JSON201, nil
}

func (p *phone) commands(ctx context.Context, task, id uuid.UUID, recorded bool) (answer, error) {
	got, err := p.api.CommandRestraintWithResponse(ctx, task, id, &api.CommandRestraintParams{IdempotencyKey: newKey()},
		api.RestraintOrdering{Mode: "command", Recorded: recorded})
	if err != nil {
		return answer{}, err
	}
	if got.JSON200 != nil {
		return answer{ruling: got.JSON200.Ruling}, nil
	}
	return settle(got, nil)
}

func (p *phone) uses(ctx context.Context, task, id uuid.UUID, use api.RestraintUsing) (*api.RestraintAnswer, error) {
	got, err := p.api.TellRestraintUseWithResponse(ctx, task, id, &api.TellRestraintUseParams{IdempotencyKey: newKey()}, use)
	if err != nil {
		return nil, err
	}
	if got.JSON200 == nil {
		return nil, unexpected(got)
	}
	return got.JSON200, nil
}
