package httpapi

import (
	"cmp"
	"context"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/safety"
)

func (h *handlers) ListAlarms(ctx context.Context, r ListAlarmsRequestObject) (ListAlarmsResponseObject, error) {
	limit := cmp.Or(value(r.Params.Limit), taskPage)
	alarms, err := h.Safety.Alarms(ctx, actorOf(ctx), safety.AlarmFilter{
		Path: duty.Path(value(r.Params.Path)), State: safety.State(value(r.Params.State)), Before: r.Params.Before, Limit: limit + 1,
	})
	if err != nil {
		return nil, err
	}
	page := ListAlarms200JSONResponse{Alarms: convert(alarms[:min(limit, len(alarms))], alarmOf)}
	if len(alarms) > limit {
		page.Next = &alarms[limit-1].ID
	}
	return page, nil
}

func (h *handlers) RaiseAlarm(ctx context.Context, r RaiseAlarmRequestObject) (RaiseAlarmResponseObject, error) {
	raised := safety.Raised{
		RaisedAt: r.Body.RaisedAt, Silent: value(r.Body.Silent), Note: value(r.Body.Note), Task: r.Body.Task,
	}
	if p := r.Body.Place; p != nil {
		raised.Place = &duty.Place{Name: value(p.Name), Lat: p.Lat, Lon: p.Lon, Datum: duty.Datum(value(p.Datum))}
	}
	a, err := h.Safety.Raise(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), raised)
	return RaiseAlarm201JSONResponse{
		Body:    alarmOf(a.Alarm),
		Headers: RaiseAlarm201ResponseHeaders{IdempotentReplayed: replayed(a.Replay), Location: "/v1/alarms/" + a.Alarm.ID.String()},
	}, err
}

func (h *handlers) GetAlarm(ctx context.Context, r GetAlarmRequestObject) (GetAlarmResponseObject, error) {
	a, err := h.Safety.Alarm(ctx, actorOf(ctx), r.ID)
	return GetAlarm200JSONResponse(alarmOf(a)), err
}

func (h *handlers) AcknowledgeAlarm(ctx context.Context, r AcknowledgeAlarmRequestObject) (AcknowledgeAlarmResponseObject, error) {
	return AcknowledgeAlarm204Response{}, h.Safety.Acknowledge(ctx, actorOf(ctx), r.ID, safety.Receipt(r.Body.What))
}

func (h *handlers) AnswerAlarm(ctx context.Context, r AnswerAlarmRequestObject) (AnswerAlarmResponseObject, error) {
	changed, err := alarmChanged(h.Safety.Answer(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, safety.Answer{
		ETA: value(r.Body.EtaS), Words: value(r.Body.Words),
	}))
	return AnswerAlarm200JSONResponse{changed}, err
}

func (h *handlers) CloseAlarm(ctx context.Context, r CloseAlarmRequestObject) (CloseAlarmResponseObject, error) {
	changed, err := alarmChanged(h.Safety.Close(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID,
		safety.Outcome(r.Body.Outcome), value(r.Body.Reason)))
	return CloseAlarm200JSONResponse{changed}, err
}

func alarmChanged(a safety.AlarmAnswer, err error) (AlarmChangedJSONResponse, error) {
	return AlarmChangedJSONResponse{
		Body: alarmOf(a.Alarm), Headers: AlarmChangedResponseHeaders{IdempotentReplayed: replayed(a.Replay)},
	}, err
}

func alarmOf(a safety.Alarm) api.Alarm {
	wire := api.Alarm{
		ID: a.ID, Kind: api.AlarmKind(a.Kind), State: api.AlarmState(a.State), Person: whoOf(a.Person), Organ: organOf(a.Organ),
		Silent: a.Silent, Late: a.Late, Task: a.Task, Note: optional(a.Note), RaisedAt: a.RaisedAt, ReceivedAt: a.ReceivedAt,
		Presses: a.Presses, Round: a.Round, NextAt: a.NextAt, Level: api.Path(a.Level),
		Recipients: convert(a.Recipients, recipientOf),
		Answers: convert(a.Answers, func(said safety.Answer) api.AlarmAnswer {
			return api.AlarmAnswer{By: whoOf(said.By), At: said.At, EtaS: optional(said.ETA), Words: optional(said.Words)}
		}),
	}
	if p := a.Place; p != nil {
		wire.Place = &api.AlarmPlace{Name: optional(p.Name), Lat: p.Lat, Lon: p.Lon, Datum: optional(api.AlarmPlaceDatum(p.Datum))}
	}
	if c := a.Closing; c != nil {
		wire.Closing = &api.AlarmEnd{By: whoOf(c.By), At: c.At, Outcome: api.AlarmOutcome(c.Outcome), Reason: optional(c.Reason)}
	}
	return wire
}

func recipientOf(r safety.Recipient) api.AlarmRecipient {
	wire := api.AlarmRecipient{
		Person: r.Person, Number: r.Number, Name: r.Name, Why: api.AlarmRecipientWhy(r.Why), State: api.AlarmRecipientStateQueued, Told: r.Told,
		QueuedAt: r.QueuedAt, SentAt: r.SentAt, DeliveredAt: r.DeliveredAt, SeenAt: r.SeenAt,
	}
	switch {
	case r.SeenAt != nil:
		wire.State = api.AlarmRecipientStateSeen
	case r.DeliveredAt != nil:
		wire.State = api.AlarmRecipientStateDelivered
	case r.SentAt != nil:
		wire.State = api.AlarmRecipientStateSent
	}
	return wire
}

func whoOf(w safety.Who) api.Signature {
	return api.Signature{Person: w.ID, Number: w.Number, Name: w.Name}
}
