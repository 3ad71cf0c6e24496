package httpapi

import (
	"context"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/safety"
)

func (h *handlers) ListChecks(ctx context.Context, r ListChecksRequestObject) (ListChecksResponseObject, error) {
	v, err := h.Safety.Watch(ctx, actorOf(ctx), r.ID)
	return ListChecks200JSONResponse(watchOf(v)), err
}

func (h *handlers) OrderChecks(ctx context.Context, r OrderChecksRequestObject) (OrderChecksResponseObject, error) {
	v, err := h.Safety.Order(ctx, actorOf(ctx), r.ID, r.Body.EveryS)
	return OrderChecks200JSONResponse(watchOf(v)), err
}

func (h *handlers) AnswerCheck(ctx context.Context, r AnswerCheckRequestObject) (AnswerCheckResponseObject, error) {
	a, err := h.Safety.Reply(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), r.ID, safety.Replied{
		Person: value(r.Body.Person), State: safety.Wellbeing(r.Body.State), Channel: safety.Channel(value(r.Body.Channel)),
		Words: value(r.Body.Words), ObservedAt: r.Body.ObservedAt,
	})
	return AnswerCheck200JSONResponse{
		Body: watchOf(a.View), Headers: AnswerCheck200ResponseHeaders{IdempotentReplayed: replayed(a.Replay)},
	}, err
}

func watchOf(v safety.View) api.CheckList {
	list := api.CheckList{EveryS: v.Every, GraceS: v.Grace, Members: convert(v.Members, memberCheckOf)}
	if v.Ordered != nil {
		list.OrderedS = &v.Ordered.Every
	}
	return list
}

func memberCheckOf(m safety.MemberView) api.MemberCheck {
	wire := api.MemberCheck{
		Person: whoOf(m.Person), State: api.MemberCheckState(m.State), Colour: api.MemberCheckColour(m.Colour), Since: m.Since,
		DueAt: m.DueAt, AskedAt: m.AskedAt, Misses: m.Misses, Alarm: m.Alarm,
	}
	if r := m.Reply; r != nil {
		wire.Answer = &api.CheckReply{
			State: api.Wellbeing(r.State), Channel: api.CheckChannel(r.Channel), By: whoOf(r.By), Words: optional(r.Words),
			ObservedAt: r.ObservedAt, At: r.At, Late: r.Late,
		}
	}
	return wire
}
