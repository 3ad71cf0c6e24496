package duty_test

import (
	"testing"

	"github.com/dutybound/dutybound/internal/duty"
)

func TestTheStrictestMeasureOfSeveralActsHolds(t *testing.T) {
	t.Parallel()
	of := duty.Law{Policies: []duty.Policy{
		{duty.LeadRadius, "", 200},
		{duty.LeadRadius, "patrol", 50},
		{duty.LeadRadius, "stop-and-question", 400},
		{duty.CheckEvery, "patrol", 900},
		{duty.CheckEvery, "rescue", 0},
	}}
	for name, c := range map[string]struct {
		measure duty.Measure
		acts    []string
		want    int
	}{
		"as it is unless set":            {duty.LeadFresh, []string{"patrol"}, 180},
		"set for all acts":               {duty.LeadRadius, nil, 200},
		"set for one":                    {duty.LeadRadius, []string{"patrol"}, 50},
		"the smaller of two":             {duty.LeadRadius, []string{"stop-and-question", "patrol"}, 50},
		"for one act wider than for all": {duty.LeadRadius, []string{"stop-and-question"}, 400},
		"one without it counts for all":  {duty.LeadRadius, []string{"stop-and-question", "rescue"}, 200},
		"no check is the laxest":         {duty.CheckEvery, []string{"rescue", "patrol"}, 900},
		"in any order":                   {duty.CheckEvery, []string{"patrol", "rescue"}, 900},
		"no check":                       {duty.CheckEvery, []string{"rescue"}, 0},
	} {
		if got := of.Measure(c.measure, c.acts...); got != c.want {
			t.Errorf("%s: %d, not %d", name, got, c.want)
		}
	}
}

func TestMeasuresAreWithinTheirOwnBounds(t *testing.T) {
	t.Parallel()
	for _, m := range duty.Measures {
		if found, ok := m.ID.Info(); !ok || found.ID != m.ID || m.Default < m.Least || m.Default > m.Most || m.Means.ZH == "" || m.Means.EN == "" {
			t.Errorf("%+v", m)
		}
	}
	if _, ok := duty.Measure("lead_colour").Info(); ok {
		t.Error("there is a measure of colour")
	}
}
