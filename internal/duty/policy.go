package duty

import "github.com/dutybound/dutybound/internal/law"

// Measure names a number of how duty is watched: within what distance an officer leads, how often somebody is asked whether they are
// well. The statute gives none of them; an organ sets them as it sets a reading, by two persons and from a date on.
type Measure string

const (
	LeadRadius    Measure = "lead_radius_m"     // metres within which a leading officer's position shows presence (Art. 16)
	LeadFresh     Measure = "lead_fresh_s"      // seconds for which evidence of presence is good; after it the lead is doubtful
	LeadWord      Measure = "lead_word_s"       // seconds for which a code or the word of both sides is good where positions say nothing
	LeadGrace     Measure = "lead_grace_s"      // seconds for which a lead may be doubtful before it is lost
	CheckEvery    Measure = "check_every_s"     // seconds between accountability checks; 0: none
	CheckGrace    Measure = "check_grace_s"     // seconds for which a check may stay unanswered before it is missed
	CheckInRadius Measure = "check_in_radius_m" // metres around its place in which one checks in at a post
	ShiftLongest  Measure = "shift_longest_s"   // seconds after which a shift that nobody ended is closed by rule
	RestShortest  Measure = "rest_shortest_s"   // seconds of rest between shifts below which one is warned
)

// MeasureInfo is what a measure may be.
type MeasureInfo struct {
	ID                   Measure
	Default, Least, Most int
	PerAct               bool // can be set for one act of the catalogue
	Means                law.Text
}

// Measures lists every measure. All but the radius of a post and the longest shift are the stricter the smaller they are.
var Measures = []MeasureInfo{
	{LeadRadius, 100, 10, 2000, true, law.Text{
		ZH: "带领民警的位置在多少米以内，可以作为其在场的证据", EN: "metres within which a leading officer's position is evidence of presence",
	}},
	{LeadFresh, 180, 10, 3600, true, law.Text{
		ZH: "在场证据在多少秒内有效；超过的，带领情况存疑", EN: "seconds for which evidence of presence is good; after that the lead is doubtful",
	}},
	{LeadWord, 1800, 60, 14400, true, law.Text{
		ZH: "没有位置信息时，确认码或者双方口头确认在多少秒内有效", EN: "seconds for which a code or the word of both sides is good where positions say nothing",
	}},
	{LeadGrace, 60, 0, 3600, true, law.Text{
		ZH: "带领情况存疑超过多少秒，视为失去带领", EN: "seconds for which a lead may be doubtful before it counts as lost",
	}},
	{CheckEvery, 0, 0, 86400, true, law.Text{
		ZH: "每隔多少秒进行一次安全点名；0 为不点名", EN: "seconds between accountability checks; 0 for none",
	}},
	{CheckGrace, 120, 10, 3600, true, law.Text{
		ZH: "安全点名多少秒未应答，视为失联并上报", EN: "seconds for which a check may stay unanswered before it is missed and passed on",
	}},
	{CheckInRadius, 300, 10, 5000, false, law.Text{
		ZH: "在岗位位置多少米以内签到", EN: "metres around a post within which one checks in",
	}},
	{ShiftLongest, 57600, 3600, 172800, false, law.Text{
		ZH: "签到多少秒后仍未签退的，由系统结束班次并列入清单", EN: "seconds after which a shift that nobody ended is closed and listed",
	}},
	{RestShortest, 28800, 0, 86400, false, law.Text{
		ZH: "两个班次之间休息少于多少秒的，予以提示", EN: "seconds of rest between shifts below which a warning is given",
	}},
}

// Info finds what a measure may be; false for one that there is none of.
func (m Measure) Info() (MeasureInfo, bool) {
	for _, info := range Measures {
		if info.ID == m {
			return info, true
		}
	}
	return MeasureInfo{}, false
}

// Policy is a measure as an organ has set it, for all acts or for one.
type Policy struct {
	Measure Measure `json:"measure"`
	Act     string  `json:"act,omitempty"`
	Value   int     `json:"value"`
}

// Measure is what a measure comes to for work of some acts: of each act what was set for it, or else for all; of several the
// strictest, and no check at all only where none of them asks for one.
func (l Law) Measure(m Measure, acts ...string) int {
	info, _ := m.Info()
	general := info.Default
	for _, p := range l.Policies {
		if p.Measure == m && p.Act == "" {
			general = p.Value
		}
	}
	strictest := -1
	for _, act := range acts {
		value := general
		for _, p := range l.Policies {
			if p.Measure == m && p.Act == act {
				value = p.Value
			}
		}
		if strictest < 0 || m.stricter(value, strictest) {
			strictest = value
		}
	}
	if strictest < 0 {
		return general
	}
	return strictest
}

func (m Measure) stricter(a, b int) bool {
	if m == CheckEvery && (a == 0 || b == 0) {
		return a > b
	}
	return a < b
}
