package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// done holds a step to having gone ahead, under whatever ruling, and to what the wall shows of it.
func (s *story) done(a answer, event string) uuid.UUID {
	if s.err != nil {
		return uuid.Nil
	}
	if a.refused {
		s.fail("refused, but nothing stands against it: %s", told(a.ruling))
		return uuid.Nil
	}
	s.shown(a.task.ID, event)
	return a.task.ID
}

// lawful holds a step to the outcome under which it goes ahead.
func (s *story) lawful(a answer, want api.Outcome, event string) uuid.UUID {
	if s.err != nil {
		return uuid.Nil
	}
	if a.ruling == nil || a.refused || a.ruling.Outcome != want {
		s.fail("the law should say %s, but it says: %s", want, told(a.ruling))
		return uuid.Nil
	}
	s.asked++
	s.tell.lawful(a.ruling)
	return s.done(a, event)
}

// refused holds a step to a refusal: its outcome, a clause it must cite, and the remedy it must offer. The wall shows the attempt.
func (s *story) refused(a answer, want api.Outcome, cites, remedy string) {
	if s.err != nil {
		return
	}
	if err := judge(a, want, cites, remedy); err != nil {
		s.fail("the law should say %s: %w", want, err)
		return
	}
	s.asked++
	s.tell.refused(a.ruling)
	s.see("a refusal", func(e happening) bool {
		return strings.HasSuffix(e.Kind, ".refused") && a.ruling.ID != nil && e.Body.Ruling == *a.ruling.ID
	})
}

func judge(a answer, want api.Outcome, cites, remedy string) error {
	r := a.ruling
	switch {
	case !a.refused || r.Outcome != want || r.Lawful:
		return fmt.Errorf("it says: %s", told(r))
	case !slices.ContainsFunc(r.Reasons, func(x api.Reason) bool { return x.Citation == cites && against(x) }):
		return fmt.Errorf("it does not cite %s: %s", cites, told(r))
	case !slices.ContainsFunc(r.Remedies, func(x api.Remedy) bool { return x.Code == remedy }):
		return fmt.Errorf("it does not offer %s: %s", remedy, told(r))
	}
	return nil
}

func against(x api.Reason) bool {
	return x.Verdict != api.OutcomePermitted && x.Verdict != api.OutcomeConditional
}

// told is a ruling in one line, for an error.
func told(r *api.Ruling) string {
	if r == nil {
		return "no ruling"
	}
	parts := []string{string(r.Outcome)}
	for _, x := range r.Reasons {
		if against(x) {
			parts = append(parts, fmt.Sprintf("%s (%s: %s)", x.Citation, x.Fact, x.Message.En))
		}
	}
	for _, x := range r.Remedies {
		parts = append(parts, "remedy "+x.Code)
	}
	return strings.Join(parts, ", ")
}

// shown waits until the wall shows events of a task, in this order.
func (s *story) shown(task uuid.UUID, kinds ...string) {
	for _, kind := range kinds {
		s.see(kind, func(e happening) bool { return e.Kind == kind && e.Task != nil && *e.Task == task })
	}
}

func (s *story) see(what string, fits func(happening) bool) {
	if s.err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	e, err := s.wall.until(ctx, fits)
	if err != nil {
		s.fail("the wall did not show %s: %w", what, err)
		return
	}
	s.tell.wall(e)
}
