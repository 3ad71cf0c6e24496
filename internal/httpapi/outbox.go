package httpapi

import (
	"cmp"
	"context"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/outbox"
)

func (h *handlers) UploadOutbox(ctx context.Context, r UploadOutboxRequestObject) (UploadOutboxResponseObject, error) {
	results, err := h.Outbox.Upload(ctx, actorOf(ctx), r.Body.Records)
	return UploadOutbox200JSONResponse{Records: convert(results, func(o outbox.Result) api.OutboxResult {
		return outboxResultOf(o, called(ctx).chinese)
	})}, err
}

func outboxResultOf(o outbox.Result, zh bool) api.OutboxResult {
	wire := api.OutboxResult{
		Outcome: api.OutboxResultOutcome(o.Outcome), Kept: optional(o.Kept != nil),
		Device: optional(o.Device), N: optional(o.N), ID: optional(o.ID),
	}
	why := o.Fault
	if k := o.Kept; k != nil {
		wire.State = optional(api.OutboxResultState(k.State))
		wire.Happened = intervalOf(k.Made)
		if a := k.Answer; a != nil {
			wire.Status, wire.Task, wire.Ruling, wire.RulingOutcome = optional(a.Status), a.Task, a.Ruling, optional(api.Outcome(a.Outcome))
			why = a.Fault
		}
	}
	if why != nil {
		wire.Code, wire.Title = optional(why.Code), optional(choose(zh, law.Text{ZH: why.ZH, EN: why.EN}))
		wire.Errors = convert(why.Fields, func(f fault.Field) api.FieldError {
			return api.FieldError{Field: f.Field, Message: fieldMessage(f.Message, zh)}
		})
	}
	return wire
}

func intervalOf(made *duty.Interval) *api.Interval {
	if made == nil {
		return nil
	}
	return &api.Interval{From: made.From, To: made.To}
}

func (h *handlers) ListOutboxFindings(ctx context.Context, r ListOutboxFindingsRequestObject) (ListOutboxFindingsResponseObject, error) {
	limit := cmp.Or(value(r.Params.Limit), taskPage)
	found, err := h.Outbox.Findings(ctx, actorOf(ctx), outbox.Filter{
		Open: value(r.Params.State) != api.ListOutboxFindingsParamsStateClosed, Path: duty.Path(value(r.Params.Path)), After: r.Params.After, Limit: limit + 1,
	})
	if err != nil {
		return nil, err
	}
	page := ListOutboxFindings200JSONResponse{Findings: convert(found[:min(limit, len(found))], findingOf)}
	if len(found) > limit {
		page.Next = &found[limit-1].ID
	}
	return page, nil
}

func findingOf(f outbox.Finding) api.OutboxFinding {
	wire := api.OutboxFinding{
		ID: f.ID, Device: f.Device, Person: f.Person, Path: api.Path(f.Path), Kind: api.OutboxFindingKind(f.Kind), First: f.First, Last: f.Last,
		Records: list(f.Hashes), Seconds: optional(f.Seconds), State: api.OutboxFindingStateClosed, OpenedAt: f.OpenedAt,
		ClosedAt: f.ClosedAt, ClosedBy: f.ClosedBy, Reason: optional(f.Reason),
	}
	if f.Open {
		wire.State = api.OutboxFindingStateOpen
	}
	return wire
}

func (h *handlers) CloseOutboxFinding(ctx context.Context, r CloseOutboxFindingRequestObject) (CloseOutboxFindingResponseObject, error) {
	f, again, err := h.Outbox.Close(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, r.Body.Reason)
	return CloseOutboxFinding200JSONResponse{
		Body: findingOf(f), Headers: CloseOutboxFinding200ResponseHeaders{IdempotentReplayed: replayed(again)},
	}, err
}

func (h *handlers) ListQuarantine(ctx context.Context, r ListQuarantineRequestObject) (ListQuarantineResponseObject, error) {
	limit := cmp.Or(value(r.Params.Limit), taskPage)
	held, err := h.Outbox.Quarantine(ctx, actorOf(ctx), outbox.Filter{
		Path: duty.Path(value(r.Params.Path)), AfterRecord: value(r.Params.After), Limit: limit + 1,
	})
	if err != nil {
		return nil, err
	}
	shown := func(h outbox.Held) api.QuarantinedRecord {
		return heldOf(h, mayRead(actorOf(ctx), h.Path, h.Request.Path))
	}
	return ListQuarantine200JSONResponse{Records: convert(held[:min(limit, len(held))], shown), More: len(held) > limit}, nil
}

func heldOf(h outbox.Held, words bool) api.QuarantinedRecord {
	wire := api.QuarantinedRecord{
		Device: h.Device, Person: h.Person, Path: api.Path(h.Path), N: h.N, Record: h.Hash, ID: h.ID, Request: h.Request.Path,
		Wall: h.Request.Wall, RevokedAt: h.RevokedAt, ReceivedAt: h.Received, AfterRevocation: h.AfterRevocation(),
	}
	if words && len(h.Request.Body) > 0 && h.Request.Body[0] == '{' {
		wire.Body = &h.Request.Body
	}
	if h.Request.Server != nil {
		wire.Server = &h.Request.Server.At
	}
	return wire
}

func (h *handlers) DecideQuarantine(ctx context.Context, r DecideQuarantineRequestObject) (DecideQuarantineResponseObject, error) {
	n, again, err := h.Outbox.Decide(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, outbox.Verdict{
		Release: r.Body.Release, Reason: r.Body.Reason, Hashes: r.Body.Records,
	})
	return DecideQuarantine200JSONResponse{
		Body: api.QuarantineDecided{Records: n}, Headers: DecideQuarantine200ResponseHeaders{IdempotentReplayed: replayed(again)},
	}, err
}
