package httpapi

import (
	"context"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/law"
)

func (h *handlers) ChangeActs(ctx context.Context, r ChangeActsRequestObject) (ChangeActsResponseObject, error) {
	step, err := actsChangeOf(r.Body)
	if err != nil {
		return nil, err
	}
	a, err := h.Duty.ChangeActs(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, step)
	if err != nil {
		return nil, err
	}
	if a.Refused {
		return nil, refusal{a}
	}
	return ChangeActs200JSONResponse{
		Body:    api.ActsAnswer{Task: taskOf(a.Task), Ruling: rulingOf(a.Ruling), Officers: convert(a.Beside.Called, calledOfficerOf)},
		Headers: ChangeActs200ResponseHeaders{IdempotentReplayed: replayed(a.Replay)},
	}, nil
}

func actsChangeOf(b *api.ActsChange) (s dispatch.ChangeActs, err error) {
	s.Add, s.Remove = b.Add, b.Remove
	if s.AddTags, err = set[law.Tags]("body/add_tags", b.AddTags); err != nil {
		return s, err
	}
	if s.RemoveTags, err = set[law.Tags]("body/remove_tags", b.RemoveTags); err != nil {
		return s, err
	}
	if b.CaseKind == nil {
		return s, nil
	}
	kind, err := word[law.CaseKind]("body/case_kind", string(*b.CaseKind))
	s.CaseKind = &kind
	return s, err
}

// metOf is what was met on the scene.
func metOf(m *dispatch.Met) *api.MetOnScene {
	if m == nil {
		return nil
	}
	met := &api.MetOnScene{Tags: m.Tags.Words(), Gone: m.Gone.Words()}
	if m.CaseKind != nil {
		kind := api.CaseKind(m.CaseKind.String())
		met.CaseKind = &kind
	}
	return met
}
