package httpapi

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/shift"
)

// Plans is what the API asks of planned shifts.
type Plans interface {
	Plan(ctx context.Context, actor duty.Actor, cmd duty.Command, d shift.Draft) (shift.PlanAnswer, error)
	Cancel(ctx context.Context, actor duty.Actor, cmd duty.Command, plan uuid.UUID, why string) (shift.PlanAnswer, error)
	ProposeSwap(ctx context.Context, actor duty.Actor, cmd duty.Command, plan, to uuid.UUID) (shift.PlanAnswer, error)
	StepSwap(ctx context.Context, actor duty.Actor, cmd duty.Command, plan, swap uuid.UUID, step shift.SwapStep) (shift.PlanAnswer, error)
	Plans(ctx context.Context, actor duty.Actor, f shift.PlanFilter) ([]shift.Plan, error)
	RollCall(ctx context.Context, actor duty.Actor, plan uuid.UUID) (shift.RollCall, error)
}

func (h *handlers) PlanShift(ctx context.Context, r PlanShiftRequestObject) (PlanShiftResponseObject, error) {
	b := r.Body
	a, err := h.Plans.Plan(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), shift.Draft{
		Post: b.Post, Place: placeFrom(b.Place), Strict: value(b.Strict), From: b.From, Until: b.Until, People: b.People,
	})
	return PlanShift201JSONResponse{Body: planOf(a.Plan), Headers: PlanShift201ResponseHeaders{IdempotentReplayed: replayed(a.Replay)}}, err
}

func placeFrom(p api.Place) duty.Place {
	return duty.Place{Name: p.Name, Lat: p.Lat, Lon: p.Lon, Datum: duty.Datum(value(p.Datum))}
}

func planned(a shift.PlanAnswer) PlannedJSONResponse {
	return PlannedJSONResponse{Body: planOf(a.Plan), Headers: PlannedResponseHeaders{IdempotentReplayed: replayed(a.Replay)}}
}

func (h *handlers) CancelPlan(ctx context.Context, r CancelPlanRequestObject) (CancelPlanResponseObject, error) {
	a, err := h.Plans.Cancel(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, r.Body.Reason)
	return CancelPlan200JSONResponse{planned(a)}, err
}

func (h *handlers) ProposeSwap(ctx context.Context, r ProposeSwapRequestObject) (ProposeSwapResponseObject, error) {
	a, err := h.Plans.ProposeSwap(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, r.Body.To)
	return ProposeSwap200JSONResponse{planned(a)}, err
}

func (h *handlers) StepSwap(ctx context.Context, r StepSwapRequestObject) (StepSwapResponseObject, error) {
	a, err := h.Plans.StepSwap(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, r.Swap, shift.SwapStep(r.Body.Step))
	return StepSwap200JSONResponse{planned(a)}, err
}

func (h *handlers) ListPlans(ctx context.Context, r ListPlansRequestObject) (ListPlansResponseObject, error) {
	limit := cmp.Or(value(r.Params.Limit), taskPage)
	plans, err := h.Plans.Plans(ctx, actorOf(ctx), shift.PlanFilter{
		Path: duty.Path(value(r.Params.Path)), From: value(r.Params.From), To: value(r.Params.To), After: r.Params.After, Limit: limit + 1,
	})
	if err != nil {
		return nil, err
	}
	page := ListPlans200JSONResponse{Plans: convert(plans[:min(limit, len(plans))], planOf)}
	if len(plans) > limit {
		page.Next = &plans[limit-1].ID
	}
	return page, nil
}

func (h *handlers) CallRoll(ctx context.Context, r CallRollRequestObject) (CallRollResponseObject, error) {
	roll, err := h.Plans.RollCall(ctx, actorOf(ctx), r.ID)
	if err != nil {
		return nil, err
	}
	return CallRoll200JSONResponse{Plan: planOf(roll.Plan), At: roll.At, People: convert(roll.Calls, calledOf)}, nil
}

func planOf(p shift.Plan) api.Plan {
	return api.Plan{
		ID: p.ID, Organ: organOf(p.Organ), Post: p.Post, Place: placeOf(p.Place), Strict: p.Strict, From: p.From, Until: p.Until,
		ArrangedBy: personRefOf(p.ArrangedBy), ArrangedAt: p.ArrangedAt, People: convert(p.People, personRefOf), Swaps: convert(p.Swaps, swapOf),
		Warnings: convert(p.Warnings, func(w shift.Warned) api.PlanWarning {
			return api.PlanWarning{Person: w.Person, Code: api.PlanWarningCode(w.Code), Text: textOf(w.Text)}
		}),
		CancelledAt: p.Cancelled, CancelledWhy: optional(p.Why),
	}
}

func personRefOf(p shift.Person) api.PersonRef {
	return api.PersonRef{Person: p.Person, Number: p.Number, Name: p.Name}
}

func swapOf(w shift.Swap) api.Swap {
	return api.Swap{
		ID: w.ID, From: personRefOf(w.From), To: personRefOf(w.To), State: api.SwapState(w.State), ProposedAt: w.ProposedAt,
		AcceptedAt: w.AcceptedAt, DecidedAt: w.DecidedAt, DecidedBy: w.DecidedBy,
	}
}

func calledOf(c shift.Called) api.Called {
	return api.Called{
		Person: c.Person.Person, Number: c.Number, Name: c.Name, State: api.CalledState(c.State), Shift: c.Shift,
		StartedAt: c.StartedAt, EndedAt: c.EndedAt, LeftEarly: c.LeftEarly,
	}
}
