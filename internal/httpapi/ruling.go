package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// AskRuling reads the facts with the law's own reader, so that here and in the law's case files the same words mean the same.
func (h *handlers) AskRuling(ctx context.Context, _ AskRulingRequestObject) (AskRulingResponseObject, error) {
	facts, err := law.ParseFacts(called(ctx).body)
	if err != nil {
		return nil, inputFault(err)
	}
	ruling, err := h.Duty.Ask(ctx, actorOf(ctx), facts)
	return AskRuling200JSONResponse(bareRulingOf(ruling)), inputFault(err)
}

// inputFault tells which of the facts cannot be ruled on.
func inputFault(err error) error {
	var input *law.InputError
	if errors.As(err, &input) {
		return fault.BadField("body"+input.Field, input.Problem)
	}
	return err
}

// rulingOf is a kept ruling; nil stays nil.
func rulingOf(r *dispatch.RulingRecord) *api.Ruling {
	if r == nil {
		return nil
	}
	ruling := bareRulingOf(r.Ruling)
	ruling.ID = &r.ID
	return &ruling
}

func bareRulingOf(r law.Ruling) api.Ruling {
	return api.Ruling{
		Outcome: api.Outcome(r.Outcome.String()), Lawful: r.Outcome.Lawful(), Reasons: convert(r.Reasons, reasonOf),
		Obligations: convert(r.Obligations, obligationOf), Remedies: convert(r.Remedies, remedyOf), Advice: convert(r.Advice, adviceOf),
		Rulebooks: convert(r.Rulebooks, rulebookOf), Readings: r.Readings,
	}
}

// rulingRecordOf is a ruling as it was given. The facts have the same JSON on both sides, and go over in that form.
func rulingRecordOf(r dispatch.RulingRecord) (record api.RulingRecord, err error) {
	record = api.RulingRecord{Epoch: r.Epoch, Actor: r.Actor, Command: r.Command, At: r.At, Ruling: *rulingOf(&r)}
	text, err := json.Marshal(r.Facts)
	if err == nil {
		err = json.Unmarshal(text, &record.Facts)
	}
	if err != nil {
		return record, fmt.Errorf("facts of ruling %s: %w", r.ID, err)
	}
	return record, nil
}

func reasonOf(r law.Reason) api.Reason {
	return api.Reason{
		Citation: r.Citation, Verdict: api.Outcome(r.Verdict.String()), Message: textOf(r.Message), Fact: r.Fact,
		Remedy: optional(r.Remedy), Act: optional(r.Act), Person: optional(r.Person),
	}
}

func obligationOf(o law.ObligationNote) api.Obligation {
	return api.Obligation{
		Kind: o.Kind, State: api.ObligationState(o.State.String()), Citation: o.Citation, Due: o.Due, Fact: o.Fact, Person: optional(o.Person),
	}
}

func remedyOf(r law.Remedy) api.Remedy { return api.Remedy{Code: r.Code, Message: textOf(r.Message)} }

func adviceOf(a law.Advice) api.Advice {
	return api.Advice{Code: a.Code, Citation: optional(a.Citation), Message: textOf(a.Message)}
}

func rulebookOf(r law.RulebookRef) api.RulebookRef { return api.RulebookRef{ID: r.ID, Hash: r.Hash} }

func textOf(t law.Text) api.Text { return api.Text{Zh: t.ZH, En: t.EN} }
