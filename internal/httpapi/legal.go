package httpapi

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/legal"
)

func (h *handlers) ListReadings(ctx context.Context, r ListReadingsRequestObject) (ListReadingsResponseObject, error) {
	v, err := h.Legal.Law(ctx, actorOf(ctx), duty.Path(value(r.Params.Path)), value(r.Params.At))
	return ListReadings200JSONResponse{
		Organ: organOf(v.Organ), At: v.At, Rulebook: v.Rulebook, ReadingSet: v.ReadingSet,
		Readings: convert(v.Readings, readingInForceOf), Measures: convert(v.Measures, measureOf), Settings: convert(v.Others, proposalOf),
	}, err
}

func readingInForceOf(r legal.ReadingView) api.ReadingInForce {
	in := api.ReadingInForce{
		ID: r.ID, Question: textOf(r.Asks), Value: r.Value, Default: r.Default, Form: api.ReadingInForceFormOption, Options: list(r.Options),
		Switchable: r.Switchable, Memo: r.Memo, Since: r.ValidFrom,
	}
	switch {
	case r.Number:
		in.Form = api.ReadingInForceFormNumber
	case r.Words:
		in.Form = api.ReadingInForceFormWords
	}
	if r.Set != nil {
		set := proposalOf(*r.Set)
		in.Set, in.Memo, in.Since = &set, r.Set.Memo, *r.Set.InForceFrom
	}
	return in
}

func measureOf(m legal.MeasureView) api.MeasureInForce {
	wire := api.MeasureInForce{
		ID: api.Measure(m.ID), Means: api.Text{Zh: m.Means.ZH, En: m.Means.EN}, Value: m.Value,
		Default: m.Default, Least: m.Least, Most: m.Most, PerAct: m.PerAct,
	}
	if m.Set != nil {
		set := proposalOf(*m.Set)
		wire.Set = &set
	}
	return wire
}

func proposalOf(p legal.Proposal) api.Proposal {
	wire := api.Proposal{
		ID: p.ID, Organ: organOf(p.Organ), Kind: api.ProposalKind(p.Kind), Subject: p.Subject, Memo: p.Memo, Reason: p.Reason,
		EffectiveFrom: p.EffectiveFrom, ProposedBy: signatureOf(p.ProposedBy), ProposedAt: p.ProposedAt, State: api.ProposalState(p.State),
		DecidedAt: p.DecidedAt, DecidedWhy: optional(p.DecidedWhy), InForceFrom: p.InForceFrom,
	}
	if p.Value != nil {
		wire.Value = p.Value
	}
	if p.DecidedBy != nil {
		by := signatureOf(*p.DecidedBy)
		wire.DecidedBy = &by
	}
	return wire
}

func signatureOf(p legal.Person) api.Signature {
	return api.Signature{Person: p.Person, Number: p.Number, Name: p.Name}
}

func (h *handlers) ProposeChange(ctx context.Context, r ProposeChangeRequestObject) (ProposeChangeResponseObject, error) {
	change, err := changeOf(r.Body)
	if err != nil {
		return nil, err
	}
	a, err := h.Legal.Propose(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), legal.Draft{
		Path: duty.Path(value(r.Body.Path)), Change: change, Memo: r.Body.Memo, Reason: r.Body.Reason,
		EffectiveFrom: value(r.Body.EffectiveFrom),
	})
	return ProposeChange201JSONResponse{
		Body: proposalOf(a.Proposal), Headers: ProposeChange201ResponseHeaders{IdempotentReplayed: replayed(a.Replay)},
	}, err
}

// changeOf reads the one thing that a proposal is about.
func changeOf(b *api.NewProposal) (c legal.Change, err error) {
	named, content, missing := 0, any(nil), ""
	is := func(kind legal.Kind, subject string, v any, lacks string) {
		named++
		c.Kind, c.Subject, content, missing = kind, subject, v, lacks
	}
	if b.Rulebook != nil {
		is(legal.Rulebook, "rulebook", b.Rulebook.ID, lacking(b.Rulebook.ID == nil, "body/rulebook/id"))
	}
	if b.Reading != nil {
		is(legal.Reading, b.Reading.ID, b.Reading.Value, lacking(b.Reading.Value == nil, "body/reading/value"))
	}
	if b.Entry != nil {
		is(legal.Entry, b.Entry.Act, registered(b.Entry), "")
	}
	if b.Post != nil {
		is(legal.Post, b.Post.Code, b.Post.Items, lacking(len(b.Post.Items) == 0, "body/post/items"))
	}
	if b.Policy != nil {
		p := duty.Policy{Measure: duty.Measure(b.Policy.Measure), Act: value(b.Policy.Act), Value: value(b.Policy.Value)}
		is(legal.Policy, legal.PolicySubject(p), p, lacking(b.Policy.Value == nil, "body/policy/value"))
	}
	if b.Decision != nil {
		d := law.Decision{Citation: b.Decision.Citation, Fact: b.Decision.Fact, Act: value(b.Decision.Act), Allow: value(b.Decision.Allow)}
		is(legal.Decision, legal.Reason(d), d, lacking(b.Decision.Allow == nil, "body/decision/allow"))
	}
	switch {
	case named != 1:
		return c, fault.BadField("body", "needs exactly one of rulebook, reading, entry, post, policy and decision")
	case value(b.End):
		return c, nil
	case missing != "":
		return c, fault.BadField(missing, "is required")
	}
	c.Value, err = json.Marshal(content)
	return c, err
}

func lacking(is bool, field string) string {
	if !is {
		return ""
	}
	return field
}

func registered(e *api.EntryChange) law.Entry {
	entry := law.Entry{Act: e.Act, Item: value(e.Item), Basis: value(e.Basis)}
	if e.Name != nil {
		entry.Name = law.Text{ZH: e.Name.Zh, EN: e.Name.En}
	}
	return entry
}

func (h *handlers) ListProposals(ctx context.Context, r ListProposalsRequestObject) (ListProposalsResponseObject, error) {
	limit := cmp.Or(value(r.Params.Limit), taskPage)
	proposals, err := h.Legal.Proposals(ctx, actorOf(ctx), legal.Filter{
		Path: duty.Path(value(r.Params.Path)), State: legal.State(value(r.Params.State)), Before: r.Params.Before, Limit: limit + 1,
	})
	if err != nil {
		return nil, err
	}
	page := ListProposals200JSONResponse{Proposals: convert(proposals[:min(limit, len(proposals))], proposalOf)}
	if len(proposals) > limit {
		page.Next = &proposals[limit-1].ID
	}
	return page, nil
}

func (h *handlers) ApproveProposal(ctx context.Context, r ApproveProposalRequestObject) (ApproveProposalResponseObject, error) {
	done, err := h.settle(ctx, r.ID, r.Params.IdempotencyKey, legal.Approve, "")
	return ApproveProposal200JSONResponse{done}, err
}

func (h *handlers) RejectProposal(ctx context.Context, r RejectProposalRequestObject) (RejectProposalResponseObject, error) {
	done, err := h.settle(ctx, r.ID, r.Params.IdempotencyKey, legal.Reject, r.Body.Reason)
	return RejectProposal200JSONResponse{done}, err
}

func (h *handlers) WithdrawProposal(ctx context.Context, r WithdrawProposalRequestObject) (WithdrawProposalResponseObject, error) {
	done, err := h.settle(ctx, r.ID, r.Params.IdempotencyKey, legal.Withdraw, r.Body.Reason)
	return WithdrawProposal200JSONResponse{done}, err
}

func (h *handlers) settle(ctx context.Context, id, key uuid.UUID, v legal.Verdict, why string) (SettledJSONResponse, error) {
	a, err := h.Legal.Settle(ctx, actorOf(ctx), commandOf(ctx, key), id, v, why)
	return SettledJSONResponse{
		Body: proposalOf(a.Proposal), Headers: SettledResponseHeaders{IdempotentReplayed: replayed(a.Replay)},
	}, err
}
