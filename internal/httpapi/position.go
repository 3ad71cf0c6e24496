package httpapi

import (
	"cmp"
	"context"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/shift"
)

// Positions is what the API asks of where people on duty are.
type Positions interface {
	Take(ctx context.Context, actor duty.Actor, points []shift.Point) (shift.Taken, error)
	Nearby(ctx context.Context, actor duty.Actor, near duty.Fix, limit int) ([]shift.Near, error)
	NearbyTask(ctx context.Context, actor duty.Actor, task uuid.UUID, limit int) ([]shift.Near, error)
}

func (h *handlers) SendPositions(ctx context.Context, r SendPositionsRequestObject) (SendPositionsResponseObject, error) {
	points := convert(r.Body.Points, pointFrom)
	for i := range points {
		if sent := r.Body.SentAt; sent != nil {
			age := max(0, sent.Sub(points[i].CapturedAt))
			points[i].Age = &age
		}
	}
	taken, err := h.Positions.Take(ctx, actorOf(ctx), points)
	if err != nil {
		return nil, err
	}
	return SendPositions200JSONResponse{Accepted: taken.Accepted, Refused: convert(taken.Refused, func(r shift.Refusal) api.PositionRefused {
		return api.PositionRefused{Index: r.Index, Why: api.PositionRefusedWhy(r.Why)}
	})}, nil
}

func pointFrom(p api.PositionPoint) shift.Point {
	return shift.Point{CapturedAt: p.CapturedAt, Fix: duty.Fix{
		Lat: p.Lat, Lon: p.Lon, Datum: duty.Datum(p.Datum), Accuracy: value(p.AccuracyM), Mock: value(p.Mock),
	}}
}

func (h *handlers) ListNearbyOfficers(ctx context.Context, r ListNearbyOfficersRequestObject) (ListNearbyOfficersResponseObject, error) {
	p := r.Params
	limit := cmp.Or(value(p.Limit), taskPage)
	var near []shift.Near
	var err error
	switch at := p.Lat != nil && p.Lon != nil && p.Datum != nil; {
	case p.Task != nil && p.Lat == nil && p.Lon == nil && p.Datum == nil:
		near, err = h.Positions.NearbyTask(ctx, actorOf(ctx), *p.Task, limit)
	case at && p.Task == nil:
		near, err = h.Positions.Nearby(ctx, actorOf(ctx), duty.Fix{Lat: *p.Lat, Lon: *p.Lon, Datum: duty.Datum(*p.Datum)}, limit)
	default:
		return nil, fault.BadField("query", "needs lat, lon and datum, or else task")
	}
	return ListNearbyOfficers200JSONResponse{Officers: convert(near, nearOf)}, err
}

func nearOf(n shift.Near) api.NearbyOfficer {
	return api.NearbyOfficer{
		Person: n.Person, Number: n.Number, Name: n.Name, Organ: organOf(n.Organ), Unit: optional(n.Unit),
		DistanceM: n.Metres, AccuracyM: n.Accuracy, AgeS: n.Age.Seconds(), Leads: n.Leads, OpenTasks: n.Tasks,
	}
}
