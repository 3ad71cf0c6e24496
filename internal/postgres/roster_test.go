package postgres_test

import (
	"slices"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/roster"
)

func TestPeopleAreListedWithinSight(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, c := range map[string]struct {
		actor  duty.Actor
		filter roster.Filter
		want   []string
	}{
		"the district":    {h.head, roster.Filter{}, []string{"100001", "100002", "100003", "F20001", "F20002", "F20003"}},
		"a station":       {h.officer, roster.Filter{}, []string{"100002", "F20001", "F20002"}},
		"oneself":         {h.wang, roster.Filter{}, []string{"F20001"}},
		"a subtree":       {h.head, roster.Filter{Organ: h.south.Path}, []string{"100003", "F20003"}},
		"not in sight":    {h.officer, roster.Filter{Organ: h.south.Path}, nil},
		"a class":         {h.head, roster.Filter{Class: duty.Officer}, []string{"100001", "100002", "100003"}},
		"part of a name":  {h.head, roster.Filter{Text: "静"}, []string{"F20003"}},
		"half a number":   {h.head, roster.Filter{Text: "F2000"}, []string{"F20001", "F20002", "F20003"}},
		"a wildcard":      {h.head, roster.Filter{Text: "%"}, nil},
		"the second page": {h.head, roster.Filter{After: "100002", Limit: 2}, []string{"100003", "F20001"}},
	} {
		if c.filter.Limit == 0 {
			c.filter.Limit = 200
		}
		people, err := h.store.People(t.Context(), c.actor, c.filter)
		h.must(err)
		var got []string
		for _, p := range people {
			got = append(got, p.Number)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestOrgansAreListedWithThoseAbove(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, c := range map[string]struct {
		actor duty.Actor
		want  []string
	}{
		"the district":     {h.head, []string{h.district.Code, h.north.Code, h.south.Code}},
		"a station":        {h.officer, []string{h.district.Code, h.north.Code}},
		"without any role": {h.zhao, []string{h.district.Code, h.south.Code}},
	} {
		organs, err := h.store.Organs(t.Context(), c.actor)
		h.must(err)
		var got []string
		for _, o := range organs {
			got = append(got, o.Code)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestAPersonIsSeenOrNotThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p, err := h.store.Person(t.Context(), h.officer, h.wang.Person)
	h.must(err)
	if p.Number != "F20001" || p.Status != law.StatusActive || len(p.Training) != 1 || len(p.Qualifications) != 1 || len(p.Equipment) != 1 {
		t.Errorf("%+v", p)
	}
	for _, id := range []duty.Actor{h.zhao, {Person: newID()}} {
		_, err = h.store.Person(t.Context(), h.officer, id.Person)
		wantFault(t, err, fault.NotFound)
	}
	h.dispatched()
	profile, err := h.store.Profile(t.Context(), h.wang)
	h.must(err)
	if profile.Person.ID != h.wang.Person || profile.Device != "手机" || profile.OpenTasks != 1 {
		t.Errorf("%+v", profile)
	}
}

func TestAStatusIsChangedWithinReachAndLeavesAnEvent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	personnel := h.person("P1", "人事", duty.Other, h.north, duty.RolePersonnel)
	for range 2 { // the second changes nothing
		p, err := h.roster().SetStatus(t.Context(), personnel, h.wang.Person, law.StatusSuspended, "调查")
		h.must(err)
		if p.Status != law.StatusSuspended {
			t.Errorf("%+v", p)
		}
	}
	_, err := h.roster().SetStatus(t.Context(), personnel, h.zhao.Person, law.StatusSuspended, "调查")
	wantFault(t, err, fault.NotFound)
	h.number()
	if log := h.log(); len(log) != 1 || log[0].Kind != "person.suspended" || log[0].At.IsZero() {
		t.Errorf("%+v", log)
	}
}

func TestEntriesAreWrittenAllOrNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	fresh := duty.Person{ID: newID(), Number: "F30000", Name: "新人", Class: duty.FieldAuxiliary, Organ: h.north, Status: law.StatusActive}
	taken := fresh
	taken.ID, taken.Number = newID(), "F20001"
	err := h.store.Enter(ctx, roster.Entries{People: []duty.Person{fresh, taken}})
	wantFault(t, err, fault.Conflict)
	_, err = h.store.PersonByNumber(ctx, "F30000")
	wantFault(t, err, fault.NotFound)
	err = h.store.Enter(ctx, roster.Entries{Organs: []roster.Organ{{Organ: h.north}}})
	wantFault(t, err, fault.Conflict)
	err = h.store.Enter(ctx, roster.Entries{Training: []roster.HeldTraining{{Person: h.wang.Person, Training: duty.Training{Post: "no such post", PassedOn: time.Now()}}}})
	wantFault(t, err, fault.NotFound)
	err = h.store.Enter(ctx, roster.Entries{Qualifications: []roster.HeldQualification{{Person: h.wang.Person, Qualification: duty.Qualification{Kind: "spaceship"}}}})
	wantFault(t, err, fault.Invalid)

	until := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	grant := roster.HeldGrant{Person: h.wang.Person, Role: duty.RoleViewer, Organ: h.north}
	for range 2 { // what is there already is replaced, or stays
		h.must(h.store.Enter(ctx, roster.Entries{
			Training: []roster.HeldTraining{{Person: h.wang.Person, Training: duty.Training{Post: "patrol", PassedOn: until.AddDate(-1, 0, 0), ValidTo: &until}}},
			Grants:   []roster.HeldGrant{grant},
		}))
	}
	p, err := h.store.PersonByNumber(ctx, "F20001")
	h.must(err)
	if len(p.Training) != 1 || p.Training[0].ValidTo == nil || !p.Training[0].ValidTo.Equal(until) {
		t.Errorf("%+v", p.Training)
	}
	h.must(h.store.Enter(ctx, roster.Entries{Withdrawn: []roster.HeldGrant{grant}}))
	wantFault(t, h.store.Enter(ctx, roster.Entries{Withdrawn: []roster.HeldGrant{grant}}), fault.NotFound)
	if n := h.count(`SELECT count(*) FROM authority WHERE person_id = $1`, h.wang.Person); n != 1 {
		t.Errorf("%d grants", n)
	}
	organ, err := h.store.OrganByCode(ctx, h.north.Code)
	if err != nil || organ != h.north {
		t.Errorf("%+v, %v", organ, err)
	}
	_, err = h.store.OrganByCode(ctx, "0")
	wantFault(t, err, fault.NotFound)
}

func TestAViewerReadsTheEventsOfTheirOrgans(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bounds, err := h.store.Bounds(t.Context())
	h.must(err)
	if bounds.Oldest != 1 || bounds.Head != 0 || bounds.At.IsZero() {
		t.Errorf("an empty log: %+v", bounds)
	}
	h.dispatched()
	_, err = h.store.Create(t.Context(), call(h.stranger, h.stranger, h.zhao), ordering(h.stranger, h.stranger, h.zhao))
	h.must(err)
	task := h.dispatched()
	h.number()
	h.move(task.ID, h.wang, dispatch.Started) // not numbered: not there
	for name, c := range map[string]struct {
		scope   feed.Scope
		after   int64
		limit   int
		seqs    []int64
		through int64
	}{
		"everything":  {feed.Everything, 0, 10, []int64{1, 2, 3}, 3},
		"a full page": {feed.Everything, 0, 2, []int64{1, 2}, 2},
		"the rest":    {feed.Everything, 2, 2, []int64{3}, 3},
		"north":       {feed.Scope{Paths: []duty.Path{h.north.Path}}, 0, 10, []int64{1, 3}, 3},
		"south":       {feed.Scope{Paths: []duty.Path{h.south.Path}}, 0, 10, []int64{2}, 3},
		"both":        {feed.Scope{Paths: []duty.Path{h.south.Path, h.north.Path}}, 0, 10, []int64{1, 2, 3}, 3},
		"nothing":     {feed.Scope{}, 0, 10, nil, 3},
		"at the end":  {feed.Everything, 3, 10, nil, 3},
	} {
		page, err := h.store.Page(t.Context(), c.scope, c.after, c.limit)
		h.must(err)
		var seqs []int64
		for _, e := range page.Events {
			seqs = append(seqs, e.Seq)
		}
		if !slices.Equal(seqs, c.seqs) || page.Through != c.through {
			t.Errorf("%s: %v through %d, want %v through %d", name, seqs, page.Through, c.seqs, c.through)
		}
	}
	bounds, err = h.store.Bounds(t.Context())
	h.must(err)
	if bounds.Oldest != 1 || bounds.Head != 3 {
		t.Errorf("%+v", bounds)
	}
}
