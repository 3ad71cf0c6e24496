package law_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/law"
)

// What has the same sight is ruled alike, whatever the other facts are: the same verdicts, obligations and remedies. Of each set of
// facts the act, a tag and the kind of case are exchanged for others that cannot be seen; a tag that no clause asks about is always one.
func TestEqualSightsAreRuledAlike(t *testing.T) {
	t.Parallel()
	book := law.Default()
	sights := book.Sights()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts.Draw(t, "facts")
		f.Acts, f.Auxiliaries = f.Acts[:1], f.Auxiliaries[:1]
		f.Auxiliaries[0].Acts = nil
		sight := sights.Of(f.At, f.Acts[0], f.Auxiliaries[0].Role, f.Tags, f.CaseKind)
		alike := func(name string, others []law.Facts) law.Facts {
			return rapid.SampledFrom(slices.DeleteFunc(others, func(g law.Facts) bool {
				return sights.Of(g.At, g.Acts[0], g.Auxiliaries[0].Role, g.Tags, g.CaseKind) != sight
			})).Draw(t, name)
		}
		var others []law.Facts
		g := f
		for tag := range 10 {
			g.Tags = f.Tags ^ 1<<tag
			others = append(others, g)
		}
		g, others = alike("tag", others), nil
		for _, kind := range []law.CaseKind{law.CaseNone, law.CaseAdministrative, law.CaseCriminal} {
			g.CaseKind = kind
			others = append(others, g)
		}
		g, others = alike("case", others), nil
		for _, act := range book.Acts() {
			g.Acts = []string{act.Code}
			others = append(others, g)
		}
		g = alike("act", others)
		one, err1 := book.Rule(&f)
		two, err2 := book.Rule(&g)
		if err1 != nil || err2 != nil || one.Outcome != two.Outcome || !slices.Equal(come(one), come(two)) {
			t.Fatalf("%v %v %v\n%v %v %v", one.Outcome, come(one), err1, two.Outcome, come(two), err2)
		}
	})
}

// come is what a ruling comes to, without the clauses it cites.
func come(r law.Ruling) []string {
	var list []string
	for _, x := range r.Reasons {
		if x.Verdict > law.Permitted {
			list = append(list, x.Verdict.String()+" "+x.Remedy)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func TestSightsTellApart(t *testing.T) {
	t.Parallel()
	book := law.Default()
	s := book.Sights()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	of := func(act string, role law.Role, tags law.Tags, k law.CaseKind) string {
		return s.Of(now, act, role, tags, k)
	}
	field := of("patrol", law.RoleField, 0, law.CaseNone)
	for name, other := range map[string]string{
		"the role":         of("patrol", law.RoleCivilian, 0, law.CaseNone),
		"no auxiliary":     of("patrol", law.RoleNone, 0, law.CaseNone),
		"a tag":            of("patrol", law.RoleField, law.TagFirstResponse, law.CaseNone),
		"an emergency act": of("rescue", law.RoleField, 0, law.CaseNone),
		"a led act":        of("stop-and-question", law.RoleField, 0, law.CaseNone),
		"before the law":   s.Of(now.AddDate(-9, 0, 0), "patrol", law.RoleField, 0, law.CaseNone),
	} {
		if field == other {
			t.Errorf("%s cannot be seen", name)
		}
	}
	if of("incident-handling", law.RoleField, 0, law.CaseAdministrative) == of("incident-handling", law.RoleField, 0, law.CaseCriminal) {
		t.Error("the kind of case cannot be seen")
	}
	if field != of("standing-guard", law.RoleField, law.TagFacility, law.CaseCriminal) {
		t.Error("acts of one item differ, or a tag and a kind of case that no clause names can be seen")
	}
	if tags := s.Tags(now, "traffic-control"); !tags.Has(law.TagHighway|law.TagPoorVisibility|law.TagStateSecret) || tags.Has(law.TagInjury) {
		t.Errorf("%v", tags.Words())
	}
}

func TestMomentsAndUnits(t *testing.T) {
	t.Parallel()
	book := law.Default()
	moments := book.Moments()
	last := moments[len(moments)-1]
	if !slices.IsSortedFunc(moments, time.Time.Compare) || !book.InForce(last) || book.InForce(moments[0]) || !last.After(moments[0]) {
		t.Errorf("%v", moments)
	}
	if officers, auxiliaries := book.Units(); officers != 3 || auxiliaries != 2 {
		t.Errorf("%d officers, %d auxiliaries", officers, auxiliaries)
	}
}

func TestStandings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		duty     law.Answer
		presence law.Presence
		want     law.Standing
	}{
		{law.Yes, law.PresencePresent, law.OfficerThere},
		{law.No, law.PresencePresent, law.OfficerAway},
		{law.Unknown, law.PresencePresent, law.OfficerMayBeThere},
		{law.Yes, law.PresenceDoubtful, law.OfficerMayBeThere},
		{law.Yes, law.PresenceEnRoute, law.OfficerComing},
		{law.Unknown, law.PresenceEnRoute, law.OfficerMayCome},
		{law.No, law.PresenceEnRoute, law.OfficerAway},
		{law.Yes, law.PresenceRemote, law.OfficerAway},
	} {
		o := law.Officer{OnDuty: c.duty, Presence: c.presence}
		if got := o.Standing(); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.duty, c.presence, got, c.want)
		}
	}
}

func TestRemedyCodes(t *testing.T) {
	t.Parallel()
	codes := law.RemedyCodes()
	if !slices.Contains(codes, "name_lead_officer") || slices.Contains(codes, "") || len(slices.Compact(slices.Sorted(slices.Values(codes)))) != len(codes) {
		t.Errorf("%v", codes)
	}
}
