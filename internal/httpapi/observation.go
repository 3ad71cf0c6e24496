package httpapi

import (
	"context"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
)

func (h *handlers) Observe(ctx context.Context, r ObserveRequestObject) (ObserveResponseObject, error) {
	said := make([]dispatch.Statement, 0, len(r.Body.Statements))
	for _, s := range r.Body.Statements {
		statement := statementOf(s.Subject, s.Fact, s.Value, s.ObservedAt)
		statement.Task = s.Task
		said = append(said, statement)
	}
	seen, err := h.Duty.Observe(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), said)
	return Observe200JSONResponse{
		Body:    api.Observed{ReceivedAt: seen.ReceivedAt, Tasks: convert(seen.Tasks, func(id uuid.UUID) uuid.UUID { return id })},
		Headers: Observe200ResponseHeaders{IdempotentReplayed: replayed(seen.Replay)},
	}, err
}

func observationOf(o duty.Observation) api.Observation {
	return api.Observation{
		ID: o.ID, Subject: o.Subject, Task: o.Task, Fact: api.ObservationFact(o.Fact), Value: o.Value, By: o.By,
		Source: api.ObservationSource(o.Source), ObservedAt: o.ObservedAt, ReceivedAt: o.ReceivedAt,
	}
}
