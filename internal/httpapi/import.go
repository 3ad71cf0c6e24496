package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	openapi_types "github.com/oapi-codegen/runtime/types"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/roster"
)

func (h *handlers) StartImport(ctx context.Context, r StartImportRequestObject) (StartImportResponseObject, error) {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	job, err := h.Roster.StartImport(ctx, actorOf(ctx), commandOf(ctx, r.Params.IdempotencyKey), roster.File{
		Content: content, Dry: value(r.Params.DryRun),
	})
	return StartImport202JSONResponse{
		Body: importOf(job), Headers: StartImport202ResponseHeaders{Location: fmt.Sprintf("/v1/roster/imports/%s", job.ID)},
	}, err
}

func (h *handlers) GetImport(ctx context.Context, r GetImportRequestObject) (GetImportResponseObject, error) {
	job, err := h.Roster.ImportJob(ctx, actorOf(ctx), r.ID)
	return GetImport200JSONResponse(importOf(job)), err
}

func (h *handlers) ExportRoster(ctx context.Context, r ExportRosterRequestObject) (ExportRosterResponseObject, error) {
	var file bytes.Buffer
	err := h.Roster.Export(ctx, actorOf(ctx), duty.Path(value(r.Params.Path)), &file)
	return ExportRoster200TextCsvResponse{Body: &file, ContentLength: int64(file.Len())}, err
}

func (h *handlers) SyncRoster(ctx context.Context, r SyncRosterRequestObject) (SyncRosterResponseObject, error) {
	batch := roster.Batch{Source: r.Body.Source, Revision: r.Body.Revision}
	for i, p := range r.Body.People {
		entry, err := syncedOf(fmt.Sprintf("body/people/%d", i), p)
		if err != nil {
			return nil, err
		}
		batch.People = append(batch.People, entry)
	}
	if s := r.Body.Snapshot; s != nil {
		batch.Snapshot = &roster.Snapshot{Organ: s.Organ, Most: fivePercent, Confirmed: value(s.Confirmed)}
		if s.AtMostPercent != nil {
			batch.Snapshot.Most = *s.AtMostPercent
		}
	}
	done, err := h.Roster.Sync(ctx, actorOf(ctx), batch)
	return SyncRoster200JSONResponse{
		Added: done.Added, Changed: done.Changed, Unchanged: done.Unchanged, Separated: done.Separated, Over: convert(done.Over, quotaOf),
	}, err
}

const fivePercent = 5 // of those there may be missing from a snapshot when it does not say

func syncedOf(field string, p api.SyncPerson) (roster.Entry, error) {
	e := roster.Entry{Number: p.Number, Name: p.Name, Class: duty.Class(p.Class), Organ: duty.Organ{Code: p.Organ}}
	if p.Status != nil {
		status, err := word[law.Status](field+"/status", string(*p.Status))
		if err != nil {
			return e, err
		}
		e.Status = &status
	}
	if p.Training != nil {
		training := convert(p.Training, func(t api.SyncTraining) duty.Training {
			return duty.Training{Post: t.Post, PassedOn: dayOf(t.PassedOn), ValidTo: optionalDay(t.ValidTo), RefresherDue: optionalDay(t.RefresherDue)}
		})
		e.Training = &training
	}
	if p.Qualifications != nil {
		held := convert(p.Qualifications, func(q api.SyncQualification) duty.Qualification {
			return duty.Qualification{Kind: string(q.Kind), ValidTo: optionalDay(q.ValidTo)}
		})
		e.Qualifications = &held
	}
	return e, nil
}

// dayOf is the beginning of a day where the roster counts days.
func dayOf(d openapi_types.Date) time.Time {
	y, m, day := d.Date()
	return time.Date(y, m, day, 0, 0, 0, 0, roster.China)
}

func optionalDay(d *openapi_types.Date) *time.Time {
	if d == nil {
		return nil
	}
	t := dayOf(*d)
	return &t
}

func importOf(j roster.ImportJob) api.RosterImport {
	shown := api.RosterImport{
		ID: j.ID, DryRun: j.Dry, State: api.RosterImportState(j.State), Phase: optional(j.Progress.Phase), Done: j.Progress.Done,
		Total: j.Progress.Total, CreatedAt: j.CreatedAt, EndedAt: j.EndedAt,
	}
	if r := j.Report; r != nil {
		shown.Report = &api.ImportReport{
			Rows: r.Rows, Added: r.Added, Changed: r.Changed, Unchanged: r.Unchanged, Wrong: r.Wrong,
			Problems: convert(r.Problems, problemAt), Over: convert(r.Over, quotaOf),
		}
	}
	return shown
}

func problemAt(p roster.Problem) api.ImportProblem {
	return api.ImportProblem{Line: p.Line, Column: optional(p.Column), Value: optional(p.Value), Message: textOf(p.Message)}
}
