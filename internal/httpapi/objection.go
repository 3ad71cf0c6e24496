package httpapi

import (
	"cmp"
	"context"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
)

func (h *handlers) ObjectToOrder(ctx context.Context, r ObjectToOrderRequestObject) (ObjectToOrderResponseObject, error) {
	answer, again, err := objectionAnswer(h.Duty.Do(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, dispatch.Object{
		Reason: value(r.Body.Reason),
	}))
	return ObjectToOrder201JSONResponse{Body: answer, Headers: ObjectToOrder201ResponseHeaders{IdempotentReplayed: again}}, err
}

func (h *handlers) AnswerObjection(ctx context.Context, r AnswerObjectionRequestObject) (AnswerObjectionResponseObject, error) {
	answer, again, err := objectionAnswer(h.Duty.Do(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, dispatch.AnswerObjection{
		Objection: r.Objection, Uphold: r.Body.Answer == api.ObjectionDecisionAnswerUpheld, Reason: r.Body.Reason,
	}))
	return AnswerObjection200JSONResponse{Body: answer, Headers: AnswerObjection200ResponseHeaders{IdempotentReplayed: again}}, err
}

func objectionAnswer(a dispatch.Answer, err error) (api.ObjectionAnswer, *string, error) {
	if err != nil {
		return api.ObjectionAnswer{}, nil, err
	}
	return api.ObjectionAnswer{Objection: objectionOf(*a.Beside.Objection), Called: convert(a.Beside.Called, calledOfficerOf)}, replayed(a.Replay), nil
}

func (h *handlers) ListObjections(ctx context.Context, r ListObjectionsRequestObject) (ListObjectionsResponseObject, error) {
	limit := cmp.Or(value(r.Params.Limit), taskPage)
	list, err := h.Duty.Objections(ctx, actorOf(ctx), dispatch.DocketFilter{
		State: string(value(r.Params.State)), Path: duty.Path(value(r.Params.Path)), After: r.Params.After, Limit: limit + 1,
	})
	page := ListObjections200JSONResponse{Objections: convert(list[:min(limit, len(list))], objectionOf)}
	if len(list) > limit {
		page.Next = &list[limit-1].ID
	}
	return page, err
}

func objectionOf(o dispatch.Objection) api.Objection {
	return api.Objection{
		ID: o.ID, Task: o.Task, Path: api.Path(o.Path), Person: o.Person, Number: o.Number, Name: o.Name, Reason: optional(o.Reason),
		Ruling: o.Ruling, Outcome: api.Outcome(o.Outcome.String()), At: o.At, Deadline: optional(o.Deadline), EscalatedAt: o.EscalatedAt, State: api.ObjectionState(o.State),
		AnsweredBy: headOf(o.AnsweredBy), AnsweredAt: o.AnsweredAt, Answer: optional(o.Answer),
	}
}
