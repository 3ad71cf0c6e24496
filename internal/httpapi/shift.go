package httpapi

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/runtime/types"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/shift"
)

// Shifts is what the API asks of who is on duty.
type Shifts interface {
	CheckIn(ctx context.Context, actor duty.Actor, cmd duty.Command, d shift.Declared) (shift.Answer, error)
	CheckOut(ctx context.Context, actor duty.Actor, cmd duty.Command, h shift.Handover) (shift.Answer, error)
	Shifts(ctx context.Context, actor duty.Actor, f shift.Filter) ([]shift.Shift, time.Time, error)
	Hours(ctx context.Context, actor duty.Actor, person uuid.UUID, at time.Time) (shift.Hours, error)
	Hold(ctx context.Context, actor duty.Actor, cmd duty.Command, task uuid.UUID, reason string) (hold shift.Hold, replay bool, err error)
	OrderPlainClothes(ctx context.Context, actor duty.Actor, cmd duty.Command, o shift.Order) (order shift.Order, replay bool, err error)
}

func (h *handlers) CheckIn(ctx context.Context, r CheckInRequestObject) (CheckInResponseObject, error) {
	declared, err := checkInOf(r.Body)
	if err != nil {
		return nil, err
	}
	a, err := h.Shifts.CheckIn(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), declared)
	return CheckIn201JSONResponse{Body: shiftOf(a.Shift), Headers: CheckIn201ResponseHeaders{IdempotentReplayed: replayed(a.Replay)}}, err
}

func checkInOf(b *api.CheckIn) (d shift.Declared, err error) {
	d.Post, d.Unit, d.Facility, d.At = value(b.Post), value(b.Unit), value(b.Facility), fixFrom(b.At)
	if d.Uniform, err = word[law.Uniform]("body/uniform", string(b.Uniform)); err != nil {
		return d, err
	}
	if d.WorkCard, err = word[law.Answer]("body/work_card", string(b.WorkCard)); err != nil {
		return d, err
	}
	for i, e := range b.Equipment {
		class, err := word[law.EquipmentClass](fmt.Sprintf("body/equipment/%d/class", i), string(e.Class))
		if err != nil {
			return d, err
		}
		d.Equipment = append(d.Equipment, duty.Equipment{Class: class, Item: e.Item})
	}
	return d, nil
}

func fixFrom(f *api.Fix) *duty.Fix {
	if f == nil {
		return nil
	}
	return &duty.Fix{Lat: f.Lat, Lon: f.Lon, Datum: duty.Datum(f.Datum), Accuracy: value(f.AccuracyM), Mock: value(f.Mock)}
}

func (h *handlers) CheckOut(ctx context.Context, r CheckOutRequestObject) (CheckOutResponseObject, error) {
	a, err := h.Shifts.CheckOut(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), shift.Handover{Note: value(r.Body.Note), To: r.Body.To})
	return CheckOut200JSONResponse{Body: shiftOf(a.Shift), Headers: CheckOut200ResponseHeaders{IdempotentReplayed: replayed(a.Replay)}}, err
}

func (h *handlers) ListShifts(ctx context.Context, r ListShiftsRequestObject) (ListShiftsResponseObject, error) {
	limit := cmp.Or(value(r.Params.Limit), taskPage)
	shifts, now, err := h.Shifts.Shifts(ctx, actorOf(ctx), shift.Filter{
		Path: duty.Path(value(r.Params.Path)), Person: value(r.Params.Person), At: value(r.Params.At), Forgotten: value(r.Params.Forgotten),
		Before: r.Params.Before, Limit: limit + 1,
	})
	if err != nil {
		return nil, err
	}
	page := ListShifts200JSONResponse{At: now, Shifts: convert(shifts[:min(limit, len(shifts))], shiftOf)}
	if len(shifts) > limit {
		page.Next = &shifts[limit-1].ID
	}
	return page, nil
}

func shiftOf(s shift.Shift) api.Shift {
	wire := api.Shift{
		ID: s.ID, Person: s.Person, Number: s.Number, Name: s.Name, Class: api.Class(s.Class), Organ: organOf(s.Organ),
		Post: optional(s.Post), Unit: optional(s.Unit), Facility: optional(s.Facility),
		Uniform: api.UniformWord(s.Uniform.String()), WorkCard: api.Answer(s.WorkCard.String()), Equipment: convert(s.Equipment, equipmentOf),
		PlainClothes: s.PlainClothes, Plan: s.Plan, PlannedTo: s.PlannedTo, ArrangedBy: s.ArrangedBy,
		Flags: convert(s.Flags, func(f shift.Flag) api.ShiftFlag { return api.ShiftFlag(f) }), DistanceM: s.DistanceM,
		Warnings:  convert(s.Warnings, warningOf),
		StartedAt: s.StartedAt, EndedAt: s.EndedAt, Ended: optional(api.ShiftEnded(s.Ended)),
	}
	if s.At != nil {
		wire.At = &api.Fix{Lat: s.At.Lat, Lon: s.At.Lon, Datum: api.Datum(s.At.Datum), AccuracyM: &s.At.Accuracy, Mock: optional(s.At.Mock)}
	}
	if s.Handover != nil {
		wire.Handover = &api.Handover{Note: optional(s.Handover.Note), To: s.Handover.To}
	}
	return wire
}

func warningOf(w shift.Warning) api.LabourWarning {
	return api.LabourWarning{Code: api.LabourWarningCode(w.Code), Text: textOf(w.Text)}
}

func (h *handlers) OrderPlainClothes(ctx context.Context, r OrderPlainClothesRequestObject) (OrderPlainClothesResponseObject, error) {
	o, again, err := h.Shifts.OrderPlainClothes(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), shift.Order{
		Person: r.Body.Person, Reason: r.Body.Reason, From: r.Body.From, Until: r.Body.Until,
	})
	return OrderPlainClothes201JSONResponse{
		Body: api.PlainClothesOrder{
			ID: o.ID, Person: o.Person, Path: api.Path(o.Path), Approver: o.Approver, Reason: o.Reason, From: o.From, Until: o.Until, GivenAt: o.GivenAt,
		},
		Headers: OrderPlainClothes201ResponseHeaders{IdempotentReplayed: replayed(again)},
	}, err
}

func (h *handlers) HoldTask(ctx context.Context, r HoldTaskRequestObject) (HoldTaskResponseObject, error) {
	o, again, err := h.Shifts.Hold(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, r.Body.Reason)
	return HoldTask200JSONResponse{
		Body:    api.Hold{Task: o.Task, Path: api.Path(o.Path), Reason: o.Reason, By: o.By, At: o.At},
		Headers: HoldTask200ResponseHeaders{IdempotentReplayed: replayed(again)},
	}, err
}

func (h *handlers) GetHours(ctx context.Context, r GetHoursRequestObject) (GetHoursResponseObject, error) {
	hours, err := h.Shifts.Hours(ctx, actorOf(ctx), r.ID, value(r.Params.At))
	if err != nil {
		return nil, err
	}
	wire := GetHours200JSONResponse{
		Monday: hours.Monday, Seconds: whole(hours.Total), NightSeconds: whole(hours.Night), Warnings: convert(hours.Warnings, warningOf),
		Days: convert(hours.Days, func(d shift.Day) api.HoursOfDay {
			return api.HoursOfDay{Date: types.Date{Time: d.Date}, Seconds: whole(d.Worked), NightSeconds: whole(d.Night)}
		}),
	}
	if hours.Rest != nil {
		rest := whole(*hours.Rest)
		wire.ShortestRestS = &rest
	}
	return wire, nil
}

func whole(d time.Duration) int64 { return int64(d / time.Second) }
