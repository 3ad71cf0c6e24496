package duty_test

import (
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func days(n int) *time.Time {
	at := noon.AddDate(0, 0, n)
	return &at
}

// TestTrainingIsJudgedForTheItem: a pass counts only for the items its post covers, and only while it is valid (Art. 33).
func TestTrainingIsJudgedForTheItem(t *testing.T) {
	t.Parallel()
	patrol := duty.Training{Post: "patrol", Items: []string{"cq-2021 15(1)"}, PassedOn: *days(-400)}
	with := func(validTo, refresher *time.Time) duty.Training {
		tr := patrol
		tr.ValidTo, tr.RefresherDue = validTo, refresher
		return tr
	}
	for _, c := range []struct {
		name     string
		training []duty.Training
		item     string
		want     law.Training
	}{
		{"none", nil, "cq-2021 15(1)", law.TrainingMissing},
		{"another post's", []duty.Training{patrol}, "cq-2021 16(2)", law.TrainingMissing},
		{"passed", []duty.Training{patrol}, "cq-2021 15(1)", law.TrainingPassed},
		{"valid to tomorrow", []duty.Training{with(days(1), nil)}, "cq-2021 15(1)", law.TrainingPassed},
		{"ran out this moment", []duty.Training{with(days(0), nil)}, "cq-2021 15(1)", law.TrainingExpired},
		{"refresher due", []duty.Training{with(days(100), days(-1))}, "cq-2021 15(1)", law.TrainingRefresherOverdue},
		{"an expired one and a good one", []duty.Training{with(days(-1), nil), patrol}, "cq-2021 15(1)", law.TrainingPassed},
		{"overdue beats expired", []duty.Training{with(nil, days(-1)), with(days(-1), nil)}, "cq-2021 15(1)", law.TrainingRefresherOverdue},
	} {
		if got := (duty.Person{Training: c.training}).TrainedFor(c.item, noon); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestSameOrgan: squads are part of their station; a district's officer is of the same organ as its stations; sisters are not.
func TestSameOrgan(t *testing.T) {
	t.Parallel()
	organ := func(kind duty.OrganKind, path duty.Path) duty.Organ { return duty.Organ{Kind: kind, Path: path} }
	squad1, squad2 := organ(duty.Squad, squadA1), organ(duty.Squad, stationA+"500103550000-2/")
	a, b, d := organ(duty.Station, stationA), organ(duty.Station, stationB), organ(duty.District, district)
	for _, c := range []struct {
		officer, auxiliary duty.Organ
		want               bool
	}{
		{squad1, squad2, true},
		{a, squad1, true},
		{squad1, a, true},
		{d, squad1, true},
		{a, b, false},
		{squad1, b, false},
		{a, d, false},
	} {
		if got := c.officer.SameOrgan(c.auxiliary); got != c.want {
			t.Errorf("officer of %s, auxiliary of %s: %t, want %t", c.officer.Path, c.auxiliary.Path, got, c.want)
		}
	}
}

func TestQualificationsRunOut(t *testing.T) {
	t.Parallel()
	p := duty.Person{Qualifications: []duty.Qualification{{Kind: "car"}, {Kind: "drone", ValidTo: days(0)}, {Kind: "boat", ValidTo: days(1)}}}
	got := p.QualifiedFor(noon)
	if len(got) != 2 || got[0] != "car" || got[1] != "boat" {
		t.Errorf("qualified for %v, want car and boat", got)
	}
}

func TestAPositionNeedsItsDatum(t *testing.T) {
	t.Parallel()
	lat, lon, far := 29.5571, 106.5708, 200.0
	for _, c := range []struct {
		place duty.Place
		ok    bool
	}{
		{duty.Place{Name: "解放碑"}, true},
		{duty.Place{Name: "解放碑", Lat: &lat, Lon: &lon, Datum: duty.WGS84}, true},
		{duty.Place{Name: "解放碑", Lat: &lat, Lon: &lon}, false},
		{duty.Place{Name: "解放碑", Lat: &lat, Datum: duty.WGS84}, false},
		{duty.Place{Name: "解放碑", Lat: &lat, Lon: &far, Datum: duty.WGS84}, false},
		{duty.Place{Name: "解放碑", Lat: &far, Lon: &lon, Datum: duty.WGS84}, false},
		{duty.Place{Name: "解放碑", Lat: &lat, Lon: &lon, Datum: "cgcs"}, false},
		{duty.Place{Lat: &lat, Lon: &lon, Datum: duty.WGS84}, false},
	} {
		if err := c.place.Check("body/place"); (err == nil) != c.ok {
			t.Errorf("%+v: error %v, want ok %t", c.place, err, c.ok)
		}
	}
}
