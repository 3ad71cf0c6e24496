package httpapi

import (
	"context"
	"errors"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// Law is the law as an organ reads it: what it says of acts, for people.
type Law interface {
	Acts() []law.ActInfo
	// Explain is an *law.InputError for an act that is not in the catalogue.
	Explain(act string) (law.Explanation, error)
	// ID is the rulebook's own, Articles its traceability table with that of the rules over it.
	ID() string
	Articles() []law.Article
	Rulebooks() []law.RulebookRef
}

func (h *handlers) ListActs(ctx context.Context, _ ListActsRequestObject) (ListActsResponseObject, error) {
	book, err := h.Law(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	return ListActs200JSONResponse{Acts: convert(book.Acts(), actOf)}, nil
}

func (h *handlers) GetAct(ctx context.Context, r GetActRequestObject) (GetActResponseObject, error) {
	book, err := h.Law(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	x, err := book.Explain(r.Code)
	var unknown *law.InputError
	if errors.As(err, &unknown) {
		return nil, fault.Missing("act").Because(err)
	}
	if err != nil {
		return nil, err
	}
	return GetAct200JSONResponse(actDetailOf(x)), nil
}

func actDetailOf(x law.Explanation) api.ActDetail {
	return api.ActDetail{
		Act: actOf(x.ActInfo), Clauses: convert(x.Clauses, clauseOf), Conditions: convert(x.Conditions, conditionOf),
		Closed: convert(x.Closed, closedOf), Rulebooks: convert(x.Rulebooks, rulebookOf),
	}
}

func actOf(a law.ActInfo) api.Act {
	return api.Act{Code: a.Code, Name: textOf(a.Name), Item: a.Item, Role: api.LegalRole(a.Role.String()), Led: a.Led}
}

func clauseOf(c law.Clause) api.Clause {
	return api.Clause{
		Citation: c.Citation, Instrument: textOf(c.Instrument), Kind: c.Kind, Words: c.Words,
		Gloss: optional(c.Gloss), Basis: optional(c.Basis),
	}
}

func conditionOf(c law.Asked) api.Condition {
	return api.Condition{
		Obligation: c.Obligation, Citation: c.Citation, Due: c.Due, Asks: textOf(c.Asks), Scope: c.Scope, When: c.When,
		Readings: convert(c.Readings, readingOf),
	}
}

func readingOf(r law.ReadingValue) api.Reading { return api.Reading{ID: r.ID, Value: r.Value} }

func closedOf(c law.Closed) api.Closed {
	return api.Closed{Citation: c.Citation, Fact: c.Fact, Verdict: api.Outcome(c.Verdict.String()), Message: textOf(c.Message)}
}
