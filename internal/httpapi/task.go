package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
)

// taskPage is how many tasks are listed when nobody says.
const taskPage = 50

func (h *handlers) ListTasks(ctx context.Context, r ListTasksRequestObject) (ListTasksResponseObject, error) {
	limit := cmp.Or(value(r.Params.Limit), taskPage)
	tasks, err := h.Duty.Tasks(ctx, actorOf(ctx), dispatch.Filter{
		State: dispatch.State(value(r.Params.State)), Mine: value(r.Params.Mine), Path: duty.Path(value(r.Params.Path)),
		Before: r.Params.Before, Limit: limit + 1, // one more says whether there is a next page
	})
	if err != nil {
		return nil, err
	}
	page := ListTasks200JSONResponse{Tasks: convert(tasks[:min(limit, len(tasks))], taskOf)}
	if len(tasks) > limit {
		page.Next = &tasks[limit-1].ID
	}
	return page, nil
}

func (h *handlers) GetTask(ctx context.Context, r GetTaskRequestObject) (GetTaskResponseObject, error) {
	view, err := h.Duty.Task(ctx, actorOf(ctx), r.ID)
	return GetTask200JSONResponse{
		Task: taskOf(view.Task), Observations: convert(view.Observations, func(o duty.Observation) api.Observation { return shown(o, view.Stale) }),
	}, err
}

// shown is an observation as it counts now: a stale source says nothing any more, and least of all what it said last.
func shown(o duty.Observation, stale map[uuid.UUID]time.Duration) api.Observation {
	a := observationOf(o)
	if age, old := stale[o.ID]; old {
		yes, seconds := true, int(age/time.Second)
		a.Value, a.Stale, a.AgeSeconds = "unknown", &yes, &seconds
	}
	return a
}

func (h *handlers) GetTaskHistory(ctx context.Context, r GetTaskHistoryRequestObject) (GetTaskHistoryResponseObject, error) {
	history, err := h.Duty.History(ctx, actorOf(ctx), r.ID)
	if err != nil {
		return nil, err
	}
	answer := GetTaskHistory200JSONResponse{
		Task: taskOf(history.Task), Events: convert(history.Events, eventOf), Rulings: []api.RulingRecord{},
		Observations: convert(history.Observations, observationOf),
	}
	for _, r := range history.Rulings {
		record, err := rulingRecordOf(r)
		if err != nil {
			return nil, err
		}
		answer.Rulings = append(answer.Rulings, record)
	}
	return answer, nil
}

func taskOf(t dispatch.Task) api.Task {
	return api.Task{
		ID: t.ID, Organ: organOf(t.Organ), State: api.TaskState(t.State), Version: t.Version, Epoch: t.Epoch,
		Acts: list(t.Acts), Place: placeOf(t.Place), CaseKind: api.CaseKind(t.CaseKind.String()), Tags: t.Tags.Words(),
		Urgency: api.Urgency(t.Urgency), Emergency: t.Emergency, EvidenceUse: t.EvidenceUse,
		Signatory: api.Signatory(t.Signatory.String()), GuardNamed: api.Answer(t.GuardNamed.String()), Note: t.Note,
		Members: convert(t.Members, memberOf), Officers: convert(t.Officers, unitOfficerOf),
		DispatchedBy: dispatcherOf(t.DispatchedBy), DispatchedAt: t.DispatchedAt, StartedAt: t.StartedAt, EndedAt: t.EndedAt,
		Report: optional(t.Report), Reason: optional(t.Reason),
		StandingRuling: t.StandingRuling, LatestRuling: t.LatestRuling, LatestOutcome: api.Outcome(t.LatestOutcome.String()),
		Accompaniment: leadOf(t.Accompaniment), LedBefore: ledBefore(t.LedBefore), Fallback: fallbacks(t.Fallback),
		Violation: optional(t.Violation),
	}
}

func placeOf(p duty.Place) api.Place {
	return api.Place{Name: p.Name, Lat: p.Lat, Lon: p.Lon, Datum: optional(api.PlaceDatum(p.Datum))}
}

func memberOf(m dispatch.Member) api.Member {
	return api.Member{
		Person: m.Person, Number: m.Number, Name: m.Name, Class: api.Class(m.Class), Acts: m.Acts,
		Operates: words[api.Vehicle](m.Operates.Words()), State: api.MemberState(m.State), Reason: optional(m.Reason),
	}
}

func unitOfficerOf(o dispatch.Officer) api.UnitOfficer {
	return api.UnitOfficer{Person: o.Person, Number: o.Number, Name: o.Name, Lead: o.Lead}
}

func dispatcherOf(d dispatch.Dispatcher) api.Dispatcher {
	return api.Dispatcher{Person: d.Person, Number: d.Number, Name: d.Name, Class: api.Class(d.Class)}
}

func eventOf(e ledger.Event) api.Event {
	return api.Event{
		Seq: e.Seq, ID: e.ID, Kind: e.Kind, Path: api.Path(e.Path), Task: e.Task, Version: optional(e.Version),
		Actor: e.Actor, At: e.At, Body: e.Body,
	}
}

// answered is the answer to a command: a refusal is an error from here on.
func answered(a dispatch.Answer, err error) (api.TaskAnswer, *string, error) {
	if err != nil {
		return api.TaskAnswer{}, nil, err
	}
	if a.Refused {
		return api.TaskAnswer{}, nil, refusal{a}
	}
	return api.TaskAnswer{Task: taskOf(a.Task), Ruling: rulingOf(a.Ruling)}, replayed(a.Replay), nil
}

const replayedHeader = "Idempotent-Replayed"

func replayed(is bool) *string {
	if !is {
		return nil
	}
	yes := "true"
	return &yes
}

func setReplayed(c *fiber.Ctx, is bool) {
	if is {
		c.Set(http.CanonicalHeaderKey(replayedHeader), "true")
	}
}
