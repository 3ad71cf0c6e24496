package httpapi

import (
	"cmp"
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/law"
)

func (h *handlers) DispatchTask(ctx context.Context, r DispatchTaskRequestObject) (DispatchTaskResponseObject, error) {
	order, err := orderOf(r.Body)
	if err != nil {
		return nil, err
	}
	answer, again, err := answered(h.Duty.Dispatch(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), order))
	return DispatchTask201JSONResponse{DispatchedJSONResponse{Body: answer, Headers: DispatchedResponseHeaders{
		IdempotentReplayed: again, Location: "/v1/tasks/" + answer.Task.ID.String(),
	}}}, err
}

func orderOf(b *api.DispatchOrder) (o dispatch.DispatchOrder, err error) {
	o.Acts, o.Note, o.Emergency, o.EvidenceUse = b.Acts, value(b.Note), value(b.Emergency), value(b.EvidenceUse)
	o.Place = placeFrom(b.Place)
	o.Urgency = cmp.Or(dispatch.Urgency(value(b.Urgency)), dispatch.Routine)
	if o.CaseKind, err = word[law.CaseKind]("body/case_kind", string(value(b.CaseKind))); err != nil {
		return o, err
	}
	if o.Signatory, err = word[law.Signatory]("body/signatory", string(value(b.Signatory))); err != nil {
		return o, err
	}
	if o.GuardNamed, err = word[law.Answer]("body/guard_named", string(value(b.GuardNamed))); err != nil {
		return o, err
	}
	if o.Tags, err = set[law.Tags]("body/tags", b.Tags); err != nil {
		return o, err
	}
	if o.Members, err = memberOrdersOf("body/members", b.Members); err != nil {
		return o, err
	}
	for i, f := range b.Officers {
		officer, err := officerOrderOf(fmt.Sprintf("body/officers/%d", i), f.Person, value(f.Lead), value(f.OnDuty))
		if err != nil {
			return o, err
		}
		o.Officers = append(o.Officers, officer)
	}
	return o, nil
}

func memberOrdersOf(field string, members []api.MemberOrder) (orders []dispatch.MemberOrder, err error) {
	for i, m := range members {
		operates, err := set[law.Vehicles](fmt.Sprintf("%s/%d/operates", field, i), m.Operates)
		if err != nil {
			return nil, err
		}
		orders = append(orders, dispatch.MemberOrder{Person: m.Person, Acts: m.Acts, Operates: operates})
	}
	return orders, nil
}

func officerOrderOf(field string, person uuid.UUID, lead bool, onDuty api.Answer) (dispatch.OfficerOrder, error) {
	answer, err := word[law.Answer](field+"/on_duty", string(onDuty))
	return dispatch.OfficerOrder{Person: person, Lead: lead, OnDuty: answer}, err
}
