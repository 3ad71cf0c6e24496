package httpapi

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/legal"
)

func (h *handlers) ListApprovals(ctx context.Context, r ListApprovalsRequestObject) (ListApprovalsResponseObject, error) {
	limit := cmp.Or(value(r.Params.Limit), taskPage)
	approvals, err := h.Legal.Approvals(ctx, actorOf(ctx), legal.ApprovalFilter{
		Path: duty.Path(value(r.Params.Path)), State: legal.ApprovalState(value(r.Params.State)), After: r.Params.After, Limit: limit + 1,
	})
	if err != nil {
		return nil, err
	}
	page := ListApprovals200JSONResponse{Approvals: []api.Approval{}}
	for _, a := range approvals[:min(limit, len(approvals))] {
		one, err := approvalOf(a)
		if err != nil {
			return nil, err
		}
		page.Approvals = append(page.Approvals, one)
	}
	if len(approvals) > limit {
		page.Next = &approvals[limit-1].ID
	}
	return page, nil
}

func approvalOf(a legal.Approval) (api.Approval, error) {
	ruling, err := rulingRecordOf(dispatch.RulingRecord{
		ID: a.Ruling.ID, Epoch: a.Ruling.Epoch, Actor: a.Ruling.Actor, Command: a.Ruling.Command, At: a.Ruling.At, Facts: a.Ruling.Facts,
		Ruling: a.Ruling.Ruling,
	})
	wire := api.Approval{
		ID: a.ID, Path: api.Path(a.Path), Task: a.Task, Ruling: ruling, Questions: convert(a.Questions, toSettleOf),
		Urgency: api.Urgency(a.Urgency), AskedBy: a.AskedBy, DispatchedBy: a.DispatchedBy, AskedAt: a.AskedAt, Deadline: a.Deadline,
		EscalatedAt: a.EscalatedAt, State: api.ApprovalState(a.State), DecidedAt: a.DecidedAt, Reason: optional(a.Reason),
	}
	if a.DecidedBy != nil {
		by, scope := signatureOf(*a.DecidedBy), api.JudgementScope(a.Scope)
		wire.Allow, wire.Scope, wire.DecidedBy = &a.Allow, &scope, &by
	}
	return wire, err
}

func toSettleOf(q law.Decision) api.Question {
	return api.Question{Citation: q.Citation, Fact: q.Fact, Act: optional(q.Act), Person: optional(q.Person)}
}

func (h *handlers) DecideApproval(ctx context.Context, r DecideApprovalRequestObject) (DecideApprovalResponseObject, error) {
	a, err := h.Legal.Judge(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, legal.Judgement{
		Allow: r.Body.Allow, Reason: r.Body.Reason, Scope: legal.Scope(r.Body.Scope), Memo: value(r.Body.Memo),
	})
	return DecideApproval200JSONResponse{
		Body:    api.Judged{Approval: a.Approval, Proposals: convert(a.Proposals, func(id uuid.UUID) uuid.UUID { return id })},
		Headers: DecideApproval200ResponseHeaders{IdempotentReplayed: replayed(a.Replay)},
	}, err
}
