package httpapi

import (
	"context"

	"github.com/dutybound/dutybound/internal/dispatch"
)

func (h *handlers) GetSupervision(ctx context.Context, r GetSupervisionRequestObject) (GetSupervisionResponseObject, error) {
	record, err := h.Duty.Supervision(ctx, actorOf(ctx), r.ID, dispatch.Period{From: r.Params.From, To: r.Params.To})
	if err != nil {
		return nil, err
	}
	answer := GetSupervision200JSONResponse{
		Person: record.Person.ID, From: record.Span.From, To: record.Span.To, Events: convert(record.Events, eventOf),
	}
	n := &answer.Counts
	n.DispatchesRefused, n.CommandsRefused = record.Counts["dispatches_refused"], record.Counts["commands_refused"]
	n.RestraintCommands, n.Decisions, n.LeadsLeft = record.Counts["restraint_commands"], record.Counts["decisions"], record.Counts["leads_left"]
	return answer, nil
}
