package safety_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/safety"
)

const (
	bureau duty.Path = "500000000000/"
	squad            = station + "500103550000-1/"
)

// officer is one on duty, north of the place by so many hundred metres, whose position is so many seconds old; negative: not known.
func officer(name string, path duty.Path, hundreds, age int) safety.Officer {
	o := safety.Officer{Person: uuid.NewSHA1(uuid.Nil, []byte(name)), Name: name, Path: path}
	if age >= 0 {
		o.Spot = &safety.Spot{Lat: 29.55 + 0.0009*float64(hundreds), Lon: 106.57, At: after(-age)}
	}
	return o
}

func boss(name string, path duty.Path) safety.Boss {
	return safety.Boss{Person: uuid.NewSHA1(uuid.Nil, []byte(name)), Name: name, Path: path}
}

func TestWhomAnAlarmIsBroughtBefore(t *testing.T) {
	t.Parallel()
	lat, lon := 29.55, 106.57
	here := &duty.Place{Lat: &lat, Lon: &lon, Datum: duty.WGS84}
	sister := district + "500103560000/"
	heads := []safety.Boss{boss("squad", squad), boss("head", station), boss("chief", bureau)}
	for name, c := range map[string]struct {
		place  *duty.Place
		around safety.Around
		want   []string
		level  duty.Path
	}{
		"the nearest first": {here, safety.Around{Officers: []safety.Officer{
			officer("far", station, 9, 5), officer("near", sister, 1, 60), officer("middle", district, 5, 5),
		}}, []string{"near", "middle", "far"}, station},
		"five of them": {here, safety.Around{Officers: []safety.Officer{
			officer("f", station, 6, 1), officer("e", station, 5, 1), officer("d", station, 4, 1), officer("c", station, 3, 1),
			officer("b", station, 2, 1), officer("a", station, 1, 1),
		}}, []string{"a", "b", "c", "d", "e"}, station},
		"a stale position comes last": {here, safety.Around{Officers: []safety.Officer{
			officer("stale", station, 0, 301), officer("fresh", station, 9, 300),
		}}, []string{"fresh", "stale"}, station},
		"as near as each other: the freshest": {here, safety.Around{Officers: []safety.Officer{
			officer("older", station, 2, 100), officer("newer", station, 2, 10),
		}}, []string{"newer", "older"}, station},
		"where is not known: the freshest": {nil, safety.Around{Officers: []safety.Officer{
			officer("older", station, 1, 100), officer("newer", station, 9, 10),
		}}, []string{"newer", "older"}, station},
		"where they were last": {nil, safety.Around{Here: &safety.Spot{Lat: lat, Lon: lon}, Officers: []safety.Officer{
			officer("far", station, 9, 10), officer("near", station, 1, 100),
		}}, []string{"near", "far"}, station},
		"beyond the district nobody is near": {here, safety.Around{Heads: heads, Officers: []safety.Officer{
			officer("patrol", bureau, 0, 1),
		}}, []string{"squad", "head"}, station},
		"no positions: all on duty in the organ, with the unit and the heads": {here, safety.Around{
			Officers: []safety.Officer{officer("one", station, 0, -1), officer("two", squad, 0, -1), officer("other", sister, 0, -1)},
			Unit:     []safety.Helper{{Person: wang.ID, Name: "wang"}, {Person: li.ID, Name: "li"}}, Heads: heads,
		}, []string{"one", "two", "li", "squad", "head"}, station},
		"nobody but far above": {nil, safety.Around{Heads: heads[2:]}, []string{"chief"}, bureau},
		"only oneself":         {nil, safety.Around{Unit: []safety.Helper{{Person: wang.ID, Name: "wang"}}, Heads: heads[2:]}, []string{"chief"}, bureau},
		"nobody at all":        {nil, safety.Around{}, nil, bureau},
	} {
		service := safety.New(nil, nil, safety.AsMeasured, safety.Pace{})
		press := safety.Press{Person: wang, Place: c.place, Organ: duty.Organ{Path: squad, Kind: duty.Squad}}
		people, level := service.FirstOf(press, c.around, noon)
		var names []string
		for _, p := range people {
			names = append(names, p.Name)
		}
		if !slices.Equal(names, c.want) || level != c.level {
			t.Errorf("%s: %v of %s, not %v of %s", name, names, level, c.want, c.level)
		}
	}
}

// A press while an alarm is open changes what is known of it and never makes it less: what was silent stays silent.
func TestAPressIsMerged(t *testing.T) {
	t.Parallel()
	service := safety.New(nil, nil, safety.AsMeasured, safety.Pace{})
	next := after(30)
	open := safety.Alarm{
		ID: uuid.New(), Kind: safety.Unanswered, State: safety.Open, Person: wang, Presses: 1, Round: 3, NextAt: &next, Silent: true,
		Recipients: []safety.Recipient{{Person: li.ID, Told: 3}},
	}
	press := safety.Press{Kind: safety.SOS, Person: wang, By: wang.ID, Note: "腿伤", RaisedAt: noon}
	d, err := service.SettleOn(press, safety.Moment{Now: noon, Alarm: &open})
	if err != nil || d.Alarm.Kind != safety.SOS || !d.Alarm.Silent || d.Alarm.Presses != 2 || d.Alarm.Note != "腿伤" || len(d.Pushes) != 0 || d.Schedule ||
		d.Alarm.Round != 3 || !d.Alarm.NextAt.Equal(next) {
		t.Errorf("%+v %v", d, err)
	}
	if open.Presses != 1 || open.Kind != safety.Unanswered {
		t.Error("it changed what it was given")
	}
	answered := open
	answered.State, answered.NextAt = safety.Answered, nil
	d, err = service.SettleOn(press, safety.Moment{Now: noon, Alarm: &answered})
	if err != nil || d.Alarm.State != safety.Open || d.Alarm.Round != 4 || !d.Schedule || len(d.Pushes) != 1 || d.Alarm.Recipients[0].Told != 4 {
		t.Errorf("%+v %v", d, err)
	}
	if answered.Recipients[0].Told != 3 {
		t.Error("it changed what it was given")
	}
	press.RaisedAt = noon.Add(-time.Hour)
	d, err = service.SettleOn(press, safety.Moment{Now: noon})
	if err != nil || !d.Alarm.Late || d.Alarm.NextAt == nil {
		t.Errorf("%+v %v", d, err)
	}
}
