package shift

import (
	"fmt"
	"slices"
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// China has one time for all of it.
var china = time.FixedZone("CST", 8*60*60)

// Warning says what of labour law a shift comes up against. It stops nobody: the street does not wait, and an organ has to answer
// for its hours afterwards.
type Warning struct {
	Code string   `json:"code"`
	Text law.Text `json:"text"`
}

const (
	longDay   = 8 * time.Hour  // Labour Law Art. 36
	longWeek  = 44 * time.Hour // the same
	nightFrom = 22             // o'clock in China, until nightTo
	nightTo   = 6
)

// Hours are somebody's time on duty in one week, Monday to Sunday in China.
type Hours struct {
	Monday   time.Time
	Total    time.Duration
	Night    time.Duration  // between 22:00 and 06:00
	Days     []Day          // seven
	Rest     *time.Duration // the shortest between two shifts that touch the week; nil: there were not two
	Warnings []Warning
}

// Day is one day of a week.
type Day struct {
	Date          time.Time // midnight in China
	Worked, Night time.Duration
}

// HoursOf reckons a week from stretches on duty, in any order. Open ones are taken to last until now.
func HoursOf(stretches []Stretch, at, now time.Time, rest time.Duration) Hours {
	h := Hours{Monday: monday(at)}
	sunday := h.Monday.AddDate(0, 0, 7)
	closed := closing(stretches, now)
	for i := range 7 {
		day := Day{Date: h.Monday.AddDate(0, 0, i)}
		for _, s := range closed {
			day.Worked += overlap(s, day.Date, day.Date.AddDate(0, 0, 1))
			day.Night += overlap(s, day.Date, day.Date.Add(nightTo*time.Hour)) + overlap(s, day.Date.Add(nightFrom*time.Hour), day.Date.AddDate(0, 0, 1))
		}
		h.Total, h.Night, h.Days = h.Total+day.Worked, h.Night+day.Night, append(h.Days, day)
		if day.Worked > longDay {
			h.warn("day_long", "%s 值勤 %s，超过 8 小时", "%s: %s on duty, more than 8 hours", day.Date.Format(time.DateOnly), round(day.Worked))
		}
	}
	for i := 1; i < len(closed); i++ {
		before, after := closed[i-1], closed[i]
		if overlap(span{before.from, after.to}, h.Monday, sunday) == 0 {
			continue
		}
		got := max(0, after.from.Sub(before.to))
		if h.Rest == nil || got < *h.Rest {
			h.Rest = &got
		}
		if got < rest {
			h.warn("rest_short", "%s 前仅休息 %s", "before %s only %s of rest", after.from.In(china).Format(time.DateTime), round(got))
		}
	}
	if h.Total > longWeek {
		h.warn("week_long", "%s 起的一周值勤 %s，超过 44 小时", "week of %s: %s on duty, more than 44 hours", h.Monday.Format(time.DateOnly), round(h.Total))
	}
	return h
}

func (h *Hours) warn(code, zh, en string, about ...any) {
	h.Warnings = append(h.Warnings, Warning{code, law.Text{ZH: fmt.Sprintf(zh, about...), EN: fmt.Sprintf(en, about...)}})
}

func round(d time.Duration) string {
	return fmt.Sprintf("%d h %02d min", d/time.Hour, d%time.Hour/time.Minute)
}

// monday is the beginning of the week of a moment.
func monday(at time.Time) time.Time {
	c := at.In(china)
	return time.Date(c.Year(), c.Month(), c.Day()-(int(c.Weekday())+6)%7, 0, 0, 0, 0, china)
}

type span struct{ from, to time.Time }

// closing puts stretches in order. What overlaps counts once: a shift that was planned and worked is one.
func closing(stretches []Stretch, now time.Time) (closed []span) {
	for _, s := range stretches {
		end := now
		if s.To != nil {
			end = *s.To
		}
		if !end.Before(s.From) { // one that begins now has no length yet, and a rest before it
			closed = append(closed, span{s.From, end})
		}
	}
	slices.SortFunc(closed, func(a, b span) int { return a.from.Compare(b.from) })
	merged := closed[:0]
	for _, s := range closed {
		if n := len(merged); n > 0 && s.from.Before(merged[n-1].to) {
			if s.to.After(merged[n-1].to) {
				merged[n-1].to = s.to
			}
			continue
		}
		merged = append(merged, s)
	}
	return merged
}

func overlap(s span, from, to time.Time) time.Duration {
	if s.from.After(from) {
		from = s.from
	}
	if s.to.Before(to) {
		to = s.to
	}
	return max(0, to.Sub(from))
}

// warningsFor are those that one stretch more gives rise to: what its week comes to with it, and the rest before it. Those that were
// there without it are left out.
func warningsFor(known []Stretch, more Stretch, now time.Time, rest time.Duration) (added []Warning) {
	before := HoursOf(known, more.From, now, rest).Warnings
	for _, w := range HoursOf(append(slices.Clone(known), more), more.From, now, rest).Warnings {
		if !slices.Contains(before, w) {
			added = append(added, w)
		}
	}
	return added
}
