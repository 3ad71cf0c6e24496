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

func organOf(o duty.Organ) api.Organ {
	return api.Organ{ID: o.ID, Code: o.Code, Name: o.Name, Kind: api.OrganKind(o.Kind), Path: api.Path(o.Path)}
}

func placedOrganOf(o roster.Organ) api.Organ {
	placed := organOf(o.Organ)
	placed.Parent = o.Parent
	return placed
}
