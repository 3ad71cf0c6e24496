package httpapi

import (
	"context"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
)

func (h *handlers) AcceptLead(ctx context.Context, r AcceptLeadRequestObject) (AcceptLeadResponseObject, error) {
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, dispatch.AcceptLead{})
	return AcceptLead200JSONResponse{done}, err
}

func (h *handlers) ShowCode(ctx context.Context, r ShowCodeRequestObject) (ShowCodeResponseObject, error) {
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, dispatch.ShowCode{Code: r.Body.Code})
	return ShowCode200JSONResponse{done}, err
}

func (h *handlers) EnterCode(ctx context.Context, r EnterCodeRequestObject) (EnterCodeResponseObject, error) {
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, dispatch.EnterCode{Code: r.Body.Code})
	return EnterCode200JSONResponse{done}, err
}

func (h *handlers) TakeLead(ctx context.Context, r TakeLeadRequestObject) (TakeLeadResponseObject, error) {
	step := dispatch.TakeLead{Officer: actorOf(ctx).Person, Code: value(r.Body.Code)}
	done, err := h.do(ctx, r.ID, r.Params.IdempotencyKey, step)
	return TakeLead200JSONResponse{done}, err
}

func (h *handlers) ListSoloEnforcement(ctx context.Context, r ListSoloEnforcementRequestObject) (ListSoloEnforcementResponseObject, error) {
	found, err := h.Duty.Solo(ctx, actorOf(ctx), dispatch.SoloFilter{
		Path: duty.Path(value(r.Params.Path)), From: value(r.Params.From), To: value(r.Params.To),
	})
	return ListSoloEnforcement200JSONResponse{Stretches: convert(found.Stretches, soloOf), More: found.More}, err
}

func soloOf(s dispatch.Solo) api.SoloEnforcement {
	return api.SoloEnforcement{
		Task: s.Task, Organ: organOf(s.Organ), Acts: list(s.Acts), Officer: s.Officer, Members: s.Members,
		From: s.From, To: s.To, Seconds: float32(s.For.Seconds()),
	}
}

func leadOf(l *accompany.Lead) *api.Lead {
	if l == nil {
		return nil
	}
	wire := api.Lead{
		Officer: l.Officer, NamedAt: l.NamedAt, AcceptedAt: l.AcceptedAt, State: api.LeadState(l.State), Since: l.Since,
		Presence: l.Presence.String(), Spent: map[string]int64{}, Alone: convert(l.Alone, stretchOf),
	}
	for state, span := range l.Spent {
		wire.Spent[string(state)] = span.Milliseconds()
	}
	if e := l.Evidence; e != nil {
		wire.Evidence = &api.LeadEvidence{Kind: api.LeadEvidenceKind(e.Kind), With: e.With, At: e.At, Until: e.Until}
	}
	return &wire
}

func ledBefore(leads []accompany.Lead) []api.Lead {
	return convert(leads, func(l accompany.Lead) api.Lead { return *leadOf(&l) })
}

func stretchOf(i accompany.Interval) api.Stretch { return api.Stretch{From: i.From, To: i.To} }

func fallbacks(list []dispatch.Fallback) []api.Fallback {
	return convert(list, func(f dispatch.Fallback) api.Fallback { return api.Fallback{Person: f.Person, Acts: f.Acts} })
}
