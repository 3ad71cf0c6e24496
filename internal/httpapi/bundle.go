package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/legal"
)

func (h *handlers) GetShiftBundle(ctx context.Context, r GetShiftBundleRequestObject) (GetShiftBundleResponseObject, error) {
	bundle, err := h.bundle(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	tag, err := tagOf(bundle)
	if err != nil {
		return nil, err
	}
	if matches(value(r.Params.IfNoneMatch), tag) {
		return GetShiftBundle304Response{Headers: GetShiftBundle304ResponseHeaders{ETag: tag}}, nil
	}
	return GetShiftBundle200JSONResponse{Body: bundle, Headers: GetShiftBundle200ResponseHeaders{ETag: tag}}, nil
}

// bundle puts together what the rooms know of one person's shift.
func (h *handlers) bundle(ctx context.Context, actor duty.Actor) (b api.ShiftBundle, err error) {
	field, err := h.Phones.Bundle(ctx, actor)
	if err != nil {
		return b, err
	}
	me, err := h.Roster.Profile(ctx, actor)
	if err != nil {
		return b, err
	}
	view, err := h.Legal.Law(ctx, actor, "", time.Time{})
	if err != nil {
		return b, err
	}
	book, err := h.Law(ctx, actor)
	if err != nil {
		return b, err
	}
	acts, err := actsFor(book, actor.Class)
	if err != nil {
		return b, err
	}
	measures, err := measuresOf(view)
	if err != nil {
		return b, err
	}
	p, err := phoneTasksOf(field.Tasks)
	if err != nil {
		return b, err
	}
	b = api.ShiftBundle{
		At: field.At, Person: personOf(me.Person), Grants: grantsOf(actor.Grants), Acts: acts, Fallback: fallbackOf(acts),
		Rulebook: view.Rulebook, ReadingSet: view.ReadingSet, Measures: measures,
		Tasks: []api.Task{}, Rulings: p.rulings, Violations: p.violations,
		Contacts: convert(field.Contacts, func(c feed.Contact) api.ContactOfficer { return api.ContactOfficer{Number: c.Number, Name: c.Name} }),
	}
	for _, t := range p.tasks {
		b.Tasks = append(b.Tasks, *t.Task)
	}
	return b, nil
}

// measuresOf are those for all acts, and after them those that were set for one.
func measuresOf(v legal.View) ([]api.BundledMeasure, error) {
	measures := []api.BundledMeasure{}
	for _, m := range v.Measures {
		measures = append(measures, api.BundledMeasure{ID: api.Measure(m.ID), Value: m.Value})
	}
	for _, p := range v.Others {
		if p.Kind != legal.Policy {
			continue
		}
		var set duty.Policy
		if err := json.Unmarshal(p.Value, &set); err != nil {
			return nil, fmt.Errorf("measure of proposal %s: %w", p.ID, err)
		}
		if set.Act != "" {
			measures = append(measures, api.BundledMeasure{ID: api.Measure(set.Measure), Act: &set.Act, Value: set.Value})
		}
	}
	return measures, nil
}

// tagOf names what a bundle says, whenever it says it.
func tagOf(b api.ShiftBundle) (string, error) {
	b.At = time.Time{}
	text, err := json.Marshal(b)
	if err != nil {
		return "", fmt.Errorf("bundle: %w", err)
	}
	sum := sha256.Sum256(text)
	return `"` + hex.EncodeToString(sum[:16]) + `"`, nil
}

// matches reads If-None-Match (RFC 9110, 13.1.2), which compares weakly: a proxy that has compressed the answer calls its tag weak.
func matches(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			return true
		}
	}
	return false
}
