package httpapi

import (
	"context"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/law"
)

// restrain carries out a step about restraint equipment, and answers that alone: whoever was sent away may take it too.
func (h *handlers) restrain(ctx context.Context, task, key uuid.UUID, step dispatch.Step) (api.RestraintAnswer, *string, error) {
	a, err := h.Duty.Do(ctx, actorOf(ctx), commandOf(ctx, key), task, step)
	if err != nil {
		return api.RestraintAnswer{}, nil, err
	}
	if a.Refused {
		return api.RestraintAnswer{}, nil, refusal{a}
	}
	return api.RestraintAnswer{
		Restraint: restraintOf(*a.Beside.Restraint), Called: convert(a.Beside.Called, calledOfficerOf), Ruling: rulingOf(a.Ruling),
	}, replayed(a.Replay), nil
}

func (h *handlers) AskRestraint(ctx context.Context, r AskRestraintRequestObject) (AskRestraintResponseObject, error) {
	class, err := word[law.EquipmentClass]("body/class", string(r.Body.Class))
	if err != nil {
		return nil, err
	}
	answer, again, err := h.restrain(ctx, r.ID, r.Params.IdempotencyKey, dispatch.AskRestraint{
		ID: value(r.Body.ID), Person: value(r.Body.Person), Danger: dispatch.Danger(r.Body.Danger), Class: class, Item: r.Body.Item,
		ObservedAt: value(r.Body.ObservedAt),
	})
	return AskRestraint201JSONResponse{Body: answer, Headers: AskRestraint201ResponseHeaders{IdempotentReplayed: again}}, err
}

func (h *handlers) CommandRestraint(ctx context.Context, r CommandRestraintRequestObject) (CommandRestraintResponseObject, error) {
	mode, err := word[law.CommandMode]("body/mode", string(r.Body.Mode))
	if err != nil {
		return nil, err
	}
	answer, again, err := h.restrain(ctx, r.ID, r.Params.IdempotencyKey, dispatch.CommandRestraint{
		Restraint: r.Restraint, Mode: mode, Recorded: r.Body.Recorded, InsteadOf: r.Body.InsteadOf,
	})
	return CommandRestraint200JSONResponse{Body: answer, Headers: CommandRestraint200ResponseHeaders{IdempotentReplayed: again}}, err
}

func (h *handlers) TellRestraintUse(ctx context.Context, r TellRestraintUseRequestObject) (TellRestraintUseResponseObject, error) {
	class, err := word[law.EquipmentClass]("body/class", string(value(r.Body.Class)))
	if err != nil {
		return nil, err
	}
	answer, again, err := h.restrain(ctx, r.ID, r.Params.IdempotencyKey, dispatch.UseRestraint{
		Restraint: r.Restraint, Stop: r.Body.Event == api.RestraintUsingEventStop, Person: value(r.Body.Person),
		Danger: dispatch.Danger(value(r.Body.Danger)), Class: class, Item: value(r.Body.Item), ObservedAt: value(r.Body.ObservedAt),
		Outcome: string(value(r.Body.Outcome)), Injuries: string(value(r.Body.Injuries)), Medical: string(value(r.Body.Medical)),
	})
	return TellRestraintUse200JSONResponse{Body: answer, Headers: TellRestraintUse200ResponseHeaders{IdempotentReplayed: again}}, err
}

func (h *handlers) ReportRestraint(ctx context.Context, r ReportRestraintRequestObject) (ReportRestraintResponseObject, error) {
	answer, again, err := h.restrain(ctx, r.ID, r.Params.IdempotencyKey, dispatch.ReportRestraint{Restraint: r.Restraint, Text: r.Body.Report})
	return ReportRestraint200JSONResponse{Body: answer, Headers: ReportRestraint200ResponseHeaders{IdempotentReplayed: again}}, err
}

func restraintOf(r dispatch.Restraint) api.Restraint {
	return api.Restraint{
		ID: r.ID, State: api.RestraintState(r.State()), Danger: api.Danger(r.Danger), Class: api.EquipmentClass(r.Class.String()), Item: r.Item,
		Unlisted: optional(r.Unlisted), Barred: optional(r.Barred), Person: r.Person, AskedBy: r.AskedBy, AskedAt: r.AskedAt,
		ObservedAt: r.ObservedAt, Orders: convert(r.Orders, restraintOrderOf), Uses: convert(r.Uses, restraintUseOf),
		Reports: convert(r.Reports, func(p dispatch.RestraintReport) api.RestraintReport {
			return api.RestraintReport{By: p.By, At: p.At, Text: p.Text}
		}),
	}
}

func restraintOrderOf(o dispatch.RestraintOrder) api.RestraintOrder {
	return api.RestraintOrder{
		ID: o.ID, Person: o.Person, Number: o.Number, Name: o.Name, Mode: api.RestraintMode(o.Mode.String()), Recorded: o.Recorded, At: o.At,
	}
}

func restraintUseOf(u dispatch.RestraintUse) api.RestraintUse {
	return api.RestraintUse{
		ID: u.ID, Person: u.Person, ToldBy: u.ToldBy, StartedAt: u.StartedAt, StartObservedAt: u.StartObservedAt, StoppedAt: u.StoppedAt,
		StopObservedAt: u.StopObservedAt, Order: u.Order, BeforeOrder: optional(u.BeforeOrder), Lawful: u.Lawful, Ruling: u.Ruling,
		Outcome: optional(api.RestraintOutcome(u.Outcome)), Injuries: optional(api.RestraintInjuries(u.Injuries)),
		Medical: optional(api.RestraintMedical(u.Medical)),
	}
}

func calledOfficerOf(c dispatch.Called) api.CalledOfficer {
	return api.CalledOfficer{
		Person: c.Person, Number: c.Number, Name: c.Name, Lead: c.Lead, Head: c.Head, OnDuty: c.OnDuty, Metres: c.Metres,
	}
}
