package httpapi

import (
	"cmp"
	"context"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// candidatePage is how many candidates are listed when nobody says.
const candidatePage = 50

func (h *handlers) ListCandidates(ctx context.Context, r ListCandidatesRequestObject) (ListCandidatesResponseObject, error) {
	question, err := questionOf(r.Params)
	if err != nil {
		return nil, err
	}
	found, err := h.Duty.Candidates(ctx, actorOf(ctx), question)
	return ListCandidates200JSONResponse{
		At: found.At, LeadOwed: found.LeadOwed, MayTotal: found.MayAll, LackTotal: found.LackAll,
		May: convert(found.May, candidateOf), Lack: convert(found.Lack, candidateOf),
	}, err
}

func questionOf(p api.ListCandidatesParams) (q dispatch.Question, err error) {
	q = dispatch.Question{
		Acts: p.Acts, Emergency: value(p.Emergency), Path: duty.Path(value(p.Path)), Limit: cmp.Or(value(p.Limit), candidatePage),
	}
	if q.Near, err = pointOf(p.Lat, p.Lon, p.Datum); err != nil {
		return q, err
	}
	if q.CaseKind, err = word[law.CaseKind]("query/case_kind", string(value(p.CaseKind))); err != nil {
		return q, err
	}
	if q.Tags, err = set[law.Tags]("query/tags", p.Tags); err != nil {
		return q, err
	}
	q.Operates, err = set[law.Vehicles]("query/operates", p.Operates)
	return q, err
}

// pointOf is a place in a query, which has all of its parts or none.
func pointOf(lat, lon *float64, datum *api.Datum) (*duty.Point, error) {
	switch {
	case lat == nil && lon == nil && datum == nil:
		return nil, nil
	case lat == nil || lon == nil || datum == nil:
		return nil, fault.BadField("query", "lat, lon and datum go together")
	}
	fix := duty.Fix{Lat: *lat, Lon: *lon, Datum: duty.Datum(*datum)}
	if err := fix.Check("query"); err != nil {
		return nil, err
	}
	at := fix.Point()
	return &at, nil
}

func candidateOf(c dispatch.Candidate) api.Candidate {
	p, v := c.Person, c.Verdict
	return api.Candidate{
		Person: p.ID, Number: p.Number, Name: p.Name, Class: api.Class(p.Class), Organ: organOf(p.Organ), OpenTasks: c.OpenTasks,
		OnDuty: c.OnDuty, DistanceM: c.Metres,
		Reason: api.Reason{
			Citation: v.Citation, Verdict: api.Outcome(v.Outcome.String()), Message: textOf(v.Message), Fact: v.Fact,
			Remedy: optional(v.Remedy), Act: optional(v.Act),
		},
	}
}
