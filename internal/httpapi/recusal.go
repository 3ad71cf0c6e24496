package httpapi

import (
	"cmp"
	"context"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
)

func (h *handlers) AskRecusal(ctx context.Context, r AskRecusalRequestObject) (AskRecusalResponseObject, error) {
	answer, again, err := recusalAnswer(h.Duty.Do(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, dispatch.AskRecusal{
		Ground: dispatch.Ground(r.Body.Ground), ByParty: value(r.Body.ByParty), Person: value(r.Body.Person), Reason: value(r.Body.Reason),
	}))
	return AskRecusal201JSONResponse{Body: answer, Headers: AskRecusal201ResponseHeaders{IdempotentReplayed: again}}, err
}

func (h *handlers) DecideRecusal(ctx context.Context, r DecideRecusalRequestObject) (DecideRecusalResponseObject, error) {
	answer, again, err := recusalAnswer(h.Duty.DecideRecusal(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, dispatch.DecideRecusal{
		Recusal: r.Recusal, Grant: r.Body.Decision == api.RecusalDecisionDecisionGranted, Reason: r.Body.Reason,
	}))
	return DecideRecusal200JSONResponse{Body: answer, Headers: DecideRecusal200ResponseHeaders{IdempotentReplayed: again}}, err
}

func recusalAnswer(a dispatch.Answer, err error) (api.RecusalAnswer, *string, error) {
	if err != nil {
		return api.RecusalAnswer{}, nil, err
	}
	return api.RecusalAnswer{
		Recusal: recusalOf(*a.Beside.Recusal), TaskState: api.TaskState(a.Task.State), Violation: optional(a.Task.Violation),
		Called: convert(a.Beside.Called, calledOfficerOf), Ruling: rulingOf(a.Ruling),
	}, replayed(a.Replay), nil
}

func (h *handlers) ListRecusals(ctx context.Context, r ListRecusalsRequestObject) (ListRecusalsResponseObject, error) {
	limit := cmp.Or(value(r.Params.Limit), taskPage)
	list, err := h.Duty.Recusals(ctx, actorOf(ctx), dispatch.DocketFilter{
		State: string(value(r.Params.State)), Path: duty.Path(value(r.Params.Path)), After: r.Params.After, Limit: limit + 1,
	})
	page := ListRecusals200JSONResponse{Recusals: convert(list[:min(limit, len(list))], recusalOf)}
	if len(list) > limit {
		page.Next = &list[limit-1].ID
	}
	return page, err
}

func recusalOf(r dispatch.Recusal) api.Recusal {
	return api.Recusal{
		ID: r.ID, Task: r.Task, Path: api.Path(r.Path), Person: r.Person, Number: r.Number, Name: r.Name, Ground: api.RecusalGround(r.Ground),
		ByParty: r.ByParty, Reason: optional(r.Reason), AskedBy: r.AskedBy, AskedAt: r.AskedAt, SteppedBack: r.Left,
		Deadline: optional(r.Deadline), EscalatedAt: r.EscalatedAt, State: api.RecusalState(r.State), DecidedBy: headOf(r.DecidedBy), DecidedAt: r.DecidedAt, DecidedWhy: optional(r.Why),
		Replacements: convert(r.Replacements, func(p dispatch.Replacement) api.Replacement {
			return api.Replacement{Person: p.Person, Number: p.Number, Name: p.Name, OpenTasks: p.OpenTasks}
		}),
	}
}

func headOf(h *dispatch.Head) *api.DecidingHead {
	if h == nil {
		return nil
	}
	return &api.DecidingHead{Person: h.Person, Number: h.Number, Name: h.Name}
}
