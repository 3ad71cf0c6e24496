package httpapi

import (
	"context"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/roster"
)

func (h *handlers) ListOrgans(ctx context.Context, _ ListOrgansRequestObject) (ListOrgansResponseObject, error) {
	organs, err := h.Roster.Organs(ctx, actorOf(ctx))
	return ListOrgans200JSONResponse{Organs: convert(organs, placedOrganOf)}, err
}

func (h *handlers) ListQuotas(ctx context.Context, r ListQuotasRequestObject) (ListQuotasResponseObject, error) {
	counts, err := h.Roster.Quotas(ctx, actorOf(ctx), duty.Path(value(r.Params.Path)))
	return ListQuotas200JSONResponse{Quotas: convert(counts, quotaOf)}, err
}

func (h *handlers) SetQuota(ctx context.Context, r SetQuotaRequestObject) (SetQuotaResponseObject, error) {
	count, err := h.Roster.SetQuota(ctx, actorOf(ctx), roster.NewQuota{
		Organ: r.ID, Class: duty.Class(r.Body.Class), Amount: r.Body.Amount, Basis: r.Body.Basis,
	})
	return SetQuota200JSONResponse(quotaOf(count)), err
}

func quotaOf(h roster.Headcount) api.Quota {
	return api.Quota{
		Organ: organOf(h.Organ), Class: api.AuxiliaryClass(h.Class), Quota: h.Quota, Basis: h.Basis, Actual: h.Actual, Over: h.Over(),
	}
}

func organOf(o duty.Organ) api.Organ {
	return api.Organ{ID: o.ID, Code: o.Code, Name: o.Name, Kind: api.OrganKind(o.Kind), Path: api.Path(o.Path)}
}

func placedOrganOf(o roster.Organ) api.Organ {
	placed := organOf(o.Organ)
	placed.Parent = o.Parent
	return placed
}
