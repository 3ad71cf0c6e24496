package httpapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/roster"
)

func (h *handlers) RegisterApplicant(ctx context.Context, r RegisterApplicantRequestObject) (RegisterApplicantResponseObject, error) {
	education, err := word[law.Education]("body/education", string(r.Body.Education))
	if err != nil {
		return nil, err
	}
	applicant, err := h.Recruitment.Apply(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), roster.Applicant{
		Organ: duty.Organ{Code: r.Body.Organ}, Class: duty.Class(r.Body.Class), Name: r.Body.Name, Born: dayOf(r.Body.Born), Education: education,
		Priorities: list(r.Body.Priorities),
	})
	return RegisterApplicant201JSONResponse(applicantOf(applicant)), err
}

func (h *handlers) ListApplicants(ctx context.Context, r ListApplicantsRequestObject) (ListApplicantsResponseObject, error) {
	found, more, err := h.Recruitment.Applicants(ctx, actorOf(ctx), duty.Path(value(r.Params.Path)), value(r.Params.After))
	page := ListApplicants200JSONResponse{Applicants: convert(found, applicantOf)}
	if more {
		page.Next = &found[len(found)-1].ID
	}
	return page, err
}

func (h *handlers) GetApplicant(ctx context.Context, r GetApplicantRequestObject) (GetApplicantResponseObject, error) {
	applicant, err := h.Recruitment.Applicant(ctx, actorOf(ctx), r.ID)
	return GetApplicant200JSONResponse(applicantOf(applicant)), err
}

func (h *handlers) DeclareApplicant(ctx context.Context, r DeclareApplicantRequestObject) (DeclareApplicantResponseObject, error) {
	declared, err := declaredOf(*r.Body)
	if err != nil {
		return nil, err
	}
	applicant, err := h.Recruitment.Declare(ctx, actorOf(ctx), r.ID, declared)
	return DeclareApplicant200JSONResponse(applicantOf(applicant)), err
}

func declaredOf(b api.Declarations) (d roster.Declared, err error) {
	d.Bars = map[string]law.Answer{}
	for _, said := range []struct {
		field string
		word  *api.Declaration
		into  *law.Answer
	}{
		{"chinese_national", b.ChineseNational, &d.ChineseNational},
		{"conduct", b.Conduct, &d.Conduct},
		{"ability", b.Ability, &d.Ability},
		{"fitness", b.Fitness, &d.Fitness},
	} {
		if *said.into, err = word[law.Answer]("body/"+said.field, string(value(said.word))); err != nil {
			return d, err
		}
	}
	for i, bar := range b.Bars {
		field := fmt.Sprintf("body/bars/%d", i)
		if _, twice := d.Bars[bar.Bar]; twice {
			return d, fault.BadField(field, "is there twice")
		}
		if d.Bars[bar.Bar], err = word[law.Answer](field+"/declared", string(bar.Declared)); err != nil {
			return d, err
		}
	}
	return d, nil
}

func (h *handlers) PassStage(ctx context.Context, r PassStageRequestObject) (PassStageResponseObject, error) {
	applicant, err := h.Recruitment.Pass(ctx, actorOf(ctx), r.ID, roster.Stage{Name: r.Stage, Passed: r.Body.Passed, On: dayOf(r.Body.On)})
	return PassStage200JSONResponse(applicantOf(applicant)), refusedApplicant(err)
}

func (h *handlers) HireApplicant(ctx context.Context, r HireApplicantRequestObject) (HireApplicantResponseObject, error) {
	applicant, over, err := h.Recruitment.Hire(ctx, actorOf(ctx), r.ID, r.Body.Number)
	return HireApplicant200JSONResponse{Applicant: applicantOf(applicant), Over: convert(over, quotaOf)}, refusedApplicant(err)
}

// refusedApplicant puts the law's no to an applicant on the way of every no of the law.
func refusedApplicant(err error) error {
	var refused roster.Refused
	if !errors.As(err, &refused) {
		return err
	}
	return refusal{dispatch.Answer{Ruling: &dispatch.RulingRecord{ID: refused.ID, Ruling: refused.Ruling}}}
}

func applicantOf(a roster.Applicant) api.Applicant {
	shown := api.Applicant{
		ID: a.ID, Organ: organOf(a.Organ), Class: api.AuxiliaryClass(a.Class), Name: a.Name, Born: dateOf(a.Born), Education: api.Education(a.Education.String()),
		Priorities: list(a.Priorities), Declarations: declarationsOf(a.Declared), CheckedBy: a.CheckedBy, CheckedAt: a.CheckedAt,
		Stages: convert(a.Stages, stageOf), State: api.ApplicantState(a.State), Person: a.Person, CreatedAt: a.CreatedAt,
	}
	if a.Ruling != nil {
		ruling := bareRulingOf(*a.Ruling)
		shown.Ruling = &ruling
	}
	return shown
}

func declarationsOf(d roster.Declared) api.Declarations {
	said := func(a law.Answer) *api.Declaration {
		word := api.Declaration(a.String())
		return &word
	}
	shown := api.Declarations{ChineseNational: said(d.ChineseNational), Conduct: said(d.Conduct), Ability: said(d.Ability), Fitness: said(d.Fitness)}
	for _, bar := range slices.Sorted(maps.Keys(d.Bars)) {
		shown.Bars = append(shown.Bars, api.Bar{Bar: bar, Declared: *said(d.Bars[bar])})
	}
	return shown
}

func stageOf(s roster.Stage) api.StageRecord {
	return api.StageRecord{Stage: s.Name, Passed: s.Passed, On: dateOf(s.On)}
}

func dateOf(t time.Time) openapi_types.Date { return openapi_types.Date{Time: t.In(roster.China)} }
