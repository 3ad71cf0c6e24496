package shift_test

import (
	"slices"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/shift"
)

var china = time.FixedZone("CST", 8*60*60)

// at is an hour of a day of March 2026, in China; the 2nd is a Monday.
func at(day, hour int) time.Time { return time.Date(2026, 3, day, hour, 0, 0, 0, china) }

func worked(from, to time.Time) shift.Stretch { return shift.Stretch{From: from, To: &to} }

func codes(h shift.Hours) (found []string) {
	for _, w := range h.Warnings {
		found = append(found, w.Code)
	}
	return found
}

func TestHoursOfAWeek(t *testing.T) {
	t.Parallel()
	const rest = 8 * time.Hour
	for name, c := range map[string]struct {
		stretches    []shift.Stretch
		total, night time.Duration
		rest         time.Duration
		warnings     []string
	}{
		"nothing":               {},
		"a day":                 {[]shift.Stretch{worked(at(3, 8), at(3, 16))}, 8 * time.Hour, 0, 0, nil},
		"a minute more":         {[]shift.Stretch{worked(at(3, 8), at(3, 16).Add(time.Minute))}, 8*time.Hour + time.Minute, 0, 0, []string{"day_long"}},
		"a night":               {[]shift.Stretch{worked(at(3, 20), at(4, 8))}, 12 * time.Hour, 8 * time.Hour, 0, nil}, // four hours and eight
		"into the week":         {[]shift.Stretch{worked(at(1, 20), at(2, 4))}, 4 * time.Hour, 4 * time.Hour, 0, nil},
		"out of the week":       {[]shift.Stretch{worked(at(8, 22), at(9, 6))}, 2 * time.Hour, 2 * time.Hour, 0, nil},
		"the week before":       {[]shift.Stretch{worked(at(1, 8), at(1, 16))}, 0, 0, 0, nil},
		"enough rest":           {[]shift.Stretch{worked(at(3, 8), at(3, 14)), worked(at(3, 22), at(4, 0))}, 8 * time.Hour, 2 * time.Hour, 8 * time.Hour, nil},
		"too little rest":       {[]shift.Stretch{worked(at(3, 22), at(4, 0)), worked(at(3, 8), at(3, 15))}, 9 * time.Hour, 2 * time.Hour, 7 * time.Hour, []string{"day_long", "rest_short"}},
		"rest over the weekend": {[]shift.Stretch{worked(at(1, 16), at(1, 23)), worked(at(2, 3), at(2, 9))}, 6 * time.Hour, 3 * time.Hour, 4 * time.Hour, []string{"rest_short"}},
		"planned and worked":    {[]shift.Stretch{worked(at(3, 8), at(3, 16)), worked(at(3, 9), at(3, 15))}, 8 * time.Hour, 0, 0, nil},
		"44 hours": {[]shift.Stretch{
			worked(at(2, 8), at(2, 16)), worked(at(3, 8), at(3, 16)), worked(at(4, 8), at(4, 16)), worked(at(5, 8), at(5, 16)), worked(at(6, 8), at(6, 16)), worked(at(7, 8), at(7, 12)),
		}, 44 * time.Hour, 0, 16 * time.Hour, nil},
		"45 hours": {[]shift.Stretch{
			worked(at(2, 8), at(2, 16)), worked(at(3, 8), at(3, 16)), worked(at(4, 8), at(4, 16)), worked(at(5, 8), at(5, 16)), worked(at(6, 8), at(6, 16)), worked(at(7, 8), at(7, 13)),
		}, 45 * time.Hour, 0, 16 * time.Hour, []string{"week_long"}},
		"still on duty": {[]shift.Stretch{{From: at(7, 20)}}, 3 * time.Hour, time.Hour, 0, nil}, // it is 23:00
	} {
		h := shift.HoursOf(c.stretches, at(4, 12), at(7, 23), rest)
		var shortest time.Duration
		if h.Rest != nil {
			shortest = *h.Rest
		}
		if h.Total != c.total || h.Night != c.night || shortest != c.rest || !slices.Equal(codes(h), c.warnings) {
			t.Errorf("%s: %v, %v at night, %v of rest, %v; want %v, %v, %v, %v", name, h.Total, h.Night, shortest, codes(h), c.total, c.night, c.rest, c.warnings)
		}
		if !h.Monday.Equal(at(2, 0)) || len(h.Days) != 7 {
			t.Errorf("%s: %v, %d days", name, h.Monday, len(h.Days))
		}
	}
}
