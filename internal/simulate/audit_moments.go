package simulate

import (
	"context"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// readsAlarms reads every alarm since the city began, newest first.
func (c *city) readsAlarms(ctx context.Context, r *Record) error {
	limit, path := 200, over(c.auditor)
	for before := (*uuid.UUID)(nil); ; {
		got, err := c.auditor.api.ListAlarmsWithResponse(ctx, &api.ListAlarmsParams{Path: &path, Before: before, Limit: &limit})
		if err != nil {
			return err
		}
		if got.JSON200 == nil {
			return refused("alarms", got)
		}
		for _, a := range got.JSON200.Alarms {
			if a.ReceivedAt.Before(c.pace.began) {
				return nil
			}
			r.Alarms[a.ID] = a
		}
		if before = got.JSON200.Next; before == nil {
			return nil
		}
	}
}

// readsRecusals reads those that the head of the station has on his lists.
func (c *city) readsRecusals(ctx context.Context, r *Record) error {
	limit := 200
	for _, state := range []api.RecusalState{api.RecusalStatePending, api.RecusalStateGranted, api.RecusalStateRefused} {
		for after := (*uuid.UUID)(nil); ; {
			got, err := c.head.api.ListRecusalsWithResponse(ctx, &api.ListRecusalsParams{State: &state, After: after, Limit: &limit})
			if err != nil {
				return err
			}
			if got.JSON200 == nil {
				return refused("recusals", got)
			}
			for _, q := range got.JSON200.Recusals {
				r.Recusals[q.ID] = q
			}
			if after = got.JSON200.Next; after == nil {
				break
			}
		}
	}
	return nil
}

func (c *city) readsObjections(ctx context.Context, r *Record) error {
	limit := 200
	for _, state := range []api.ObjectionState{api.ObjectionStateOpen, api.ObjectionStateUpheld, api.ObjectionStateDismissed} {
		for after := (*uuid.UUID)(nil); ; {
			got, err := c.head.api.ListObjectionsWithResponse(ctx, &api.ListObjectionsParams{State: &state, After: after, Limit: &limit})
			if err != nil {
				return err
			}
			if got.JSON200 == nil {
				return refused("objections", got)
			}
			for _, o := range got.JSON200.Objections {
				r.Objections[o.ID] = o
			}
			if after = got.JSON200.Next; after == nil {
				break
			}
		}
	}
	return nil
}

func (c *city) readsQuarantine(ctx context.Context, r *Record) error {
	limit := 200
	got, err := c.auditor.api.ListQuarantineWithResponse(ctx, &api.ListQuarantineParams{Limit: &limit})
	if err != nil {
		return err
	}
	if got.JSON200 == nil {
		return refused("quarantine", got)
	}
	r.Quarantine = got.JSON200.Records
	return nil
}
