package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/law"
)

func after(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func ordered(at int) dispatch.RestraintOrder {
	return dispatch.RestraintOrder{ID: uuid.New(), Number: "310111", Mode: law.ModeCommand, Recorded: true, At: after(at)}
}

func used(from, to int) dispatch.RestraintUse {
	u := dispatch.RestraintUse{ID: uuid.New(), StartedAt: after(from)}
	if to > 0 {
		end := after(to)
		u.StoppedAt = &end
	}
	return u
}

// An order is for one use: it stands from when it is given until the use on it ends.
func TestAnOrderIsForOneUse(t *testing.T) {
	t.Parallel()
	type (
		orders = []dispatch.RestraintOrder
		uses   = []dispatch.RestraintUse
	)
	for name, c := range map[string]struct {
		orders orders
		uses   uses
		state  string
		stands bool
	}{
		"asked for":                           {nil, nil, "requested", false},
		"ordered":                             {orders{ordered(1)}, nil, "commanded", true},
		"in use on an order":                  {orders{ordered(1)}, uses{used(2, 0)}, "in_use", true},
		"in use without one":                  {nil, uses{used(2, 0)}, "in_use", false},
		"the order came in the middle":        {orders{ordered(3)}, uses{used(2, 0)}, "in_use", true},
		"over":                                {orders{ordered(1)}, uses{used(2, 3)}, "ended", false},
		"over at the moment of the order":     {orders{ordered(3)}, uses{used(2, 3)}, "ended", false},
		"ordered again after that":            {orders{ordered(1), ordered(4)}, uses{used(2, 3)}, "commanded", true},
		"a second use on the first's order":   {orders{ordered(1)}, uses{used(2, 3), used(4, 0)}, "in_use", false},
		"the second use is over as well":      {orders{ordered(1)}, uses{used(2, 3), used(4, 5)}, "ended", false},
		"a second use on an order of its own": {orders{ordered(1), ordered(4)}, uses{used(2, 3), used(5, 0)}, "in_use", true},
	} {
		r := dispatch.Restraint{Orders: c.orders, Uses: c.uses}
		if r.State() != c.state || (r.Standing() != nil) != c.stands {
			t.Errorf("%s: %s, stands %v", name, r.State(), r.Standing() != nil)
		}
	}
}

// guarded is a patrol of two in an emergency of whatever is in use.
func guarded(restraints ...dispatch.Restraint) (law.Facts, *dispatch.Task, []dispatch.Member) {
	unit := []dispatch.Member{{Person: uuid.New(), Number: "a"}, {Person: uuid.New(), Number: "b"}}
	facts := law.Facts{
		At: noon, Phase: law.During, Acts: []string{"patrol"}, Arrangement: law.Arrangement{Organ: law.Yes, Officer: law.Yes},
	}
	for _, m := range unit {
		facts.Auxiliaries = append(facts.Auxiliaries, law.Auxiliary{
			ID: m.Number, Role: law.RoleField, Status: law.StatusActive, Training: law.TrainingPassed, Uniform: law.UniformYes, IDCard: law.Yes,
			Recording: law.RecordingOn,
		})
	}
	for i := range restraints {
		for j := range restraints[i].Uses {
			restraints[i].Uses[j].Person = unit[i].Person
		}
	}
	return facts, &dispatch.Task{Restraints: restraints}, unit
}

func straps(orders []dispatch.RestraintOrder, uses ...dispatch.RestraintUse) dispatch.Restraint {
	return dispatch.Restraint{ID: uuid.New(), Danger: "violence", Class: law.EquipmentRestraint, Item: "约束带", Orders: orders, Uses: uses}
}

// What is in use is in the facts with the order it is used on; of several the worst order counts, and who leads from no unit is there
// by his own word.
func TestWhatIsInUseIsInTheFacts(t *testing.T) {
	t.Parallel()
	book, err := law.Embedded().Book(law.DefaultRulebook, law.Settings{Readings: map[string]string{"restraint_list": "约束带"}})
	if err != nil {
		t.Fatal(err)
	}
	recorded, spoken := ordered(1), ordered(1)
	spoken.Recorded = false
	leads := dispatch.RestraintOrder{ID: uuid.New(), Number: "310111", Mode: law.ModeLead, At: after(1), Outside: true}
	list := func(o ...dispatch.RestraintOrder) []dispatch.RestraintOrder { return o }
	rope, gun, torch := straps(list(recorded), used(2, 0)), straps(list(recorded), used(2, 0)), straps(nil, used(2, 0))
	rope.Item, gun.Class, torch.Class = "绳", law.EquipmentWeapon, law.EquipmentOrdinary
	for name, c := range map[string]struct {
		in   []dispatch.Restraint
		want law.Outcome
		fact string
	}{
		"nothing":                        {nil, law.Permitted, ""},
		"asked for and not used":         {[]dispatch.Restraint{straps(nil)}, law.Permitted, ""},
		"on a recorded command":          {[]dispatch.Restraint{straps(list(recorded), used(2, 0))}, law.Permitted, "command=given"},
		"on a command that was not kept": {[]dispatch.Restraint{straps(list(spoken), used(2, 0))}, law.Unmet, "command.recorded=false"},
		"without any":                    {[]dispatch.Restraint{straps(nil, used(2, 0))}, law.Unmet, "command=none"},
		"without any, and over":          {[]dispatch.Restraint{straps(nil, used(2, 3))}, law.Permitted, ""},
		"led by an officer of no unit":   {[]dispatch.Restraint{straps(list(leads), used(2, 0))}, law.Permitted, "command=given"},
		"one of two without":             {[]dispatch.Restraint{straps(list(recorded), used(2, 0)), straps(nil, used(2, 0))}, law.Unmet, "command=none"},
		"off the list":                   {[]dispatch.Restraint{rope}, law.Unmet, dispatch.NotListed},
		"a weapon":                       {[]dispatch.Restraint{gun}, law.Prohibited, ""},
		"a torch":                        {[]dispatch.Restraint{torch}, law.Permitted, ""},
	} {
		facts, task, unit := guarded(c.in...)
		facts.Emergency = false
		dispatch.InUse(&facts, task, unit)
		if restrained := slices.ContainsFunc(c.in, func(r dispatch.Restraint) bool { return r.Class == law.EquipmentRestraint && r.State() == "in_use" }); facts.Emergency != restrained {
			t.Errorf("%s: an emergency: %v", name, facts.Emergency)
		}
		ruling, err := book.Rule(&facts)
		if err != nil {
			t.Fatal(err)
		}
		if ruling.Outcome != c.want || c.fact != "" && !slices.ContainsFunc(ruling.Reasons, func(r law.Reason) bool { return r.Fact == c.fact }) {
			t.Errorf("%s: %s, want %s because of %q: %+v", name, ruling.Outcome, c.want, c.fact, ruling.Reasons)
		}
	}
}

// Which reasons are about the matter in question is what the ruling has and the one without it has not.
func TestReasonsBeyondOthers(t *testing.T) {
	t.Parallel()
	reason := func(citation, fact string, verdict law.Outcome) law.Reason {
		return law.Reason{Finding: &law.Finding{Citation: citation, Fact: fact, Verdict: verdict}}
	}
	without := law.Ruling{Reasons: []law.Reason{reason("17(1)", "uniform=no", law.Unmet)}}
	with := law.Ruling{Reasons: []law.Reason{reason("17(4)", "command=none", law.Unmet), reason("17(1)", "uniform=no", law.Unmet)}}
	if own := dispatch.Beyond(with, without); len(own) != 1 || own[0].Citation != "17(4)" {
		t.Errorf("%v", own)
	}
	if own := dispatch.Beyond(without, without); len(own) != 0 {
		t.Errorf("%v", own)
	}
}
