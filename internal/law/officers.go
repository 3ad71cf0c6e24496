package law

import "slices"

// lead judges the leading officer (Art. 16): who is named, then the officer's duty, organ and presence, each its own reason.
func (j *judge) lead(i int, d *duty, table []*finding) {
	o := j.leading()
	if o < 0 {
		j.note(table[[...]int{leadNone, leadSeveral}[-o-1]], i, -1)
		return
	}
	officer := &j.f.Officers[o]
	if officer.OnDuty != Yes {
		j.note(table[[...]int{Unknown: leadDutyUnknown, No: leadOffDuty}[officer.OnDuty]], i, -1)
	}
	if !d.anyOrgan && officer.SameOrgan != Yes {
		j.note(table[[...]int{Unknown: leadOrganUnknown, No: leadOtherOrgan}[officer.SameOrgan]], i, -1)
	}
	j.note(table[leadPresence+int(officer.Presence)], i, -1)
}

// leading is the index of the one named leading officer; -1: none is named, -2: several are.
func (j *judge) leading() int {
	lead := -1
	for i := range j.f.Officers {
		if !j.f.Officers[i].Lead {
			continue
		}
		if lead >= 0 {
			return -2
		}
		lead = i
	}
	return lead
}

// coming says whether some officer is present, or where that is enough on the way.
func (j *judge) coming(d *duty) int {
	if d.enRoute {
		for i := range j.f.Officers {
			if o := &j.f.Officers[i]; o.Presence == PresenceEnRoute && o.OnDuty == Yes {
				return countMet
			}
		}
	}
	c := j.onTheSpot()
	if c == countShort && d.enRoute && slices.ContainsFunc(j.f.Officers, mayCome) {
		return countUnknown
	}
	return c
}

func mayCome(o Officer) bool { return o.Presence == PresenceEnRoute && o.OnDuty == Unknown }

// onTheSpot says whether some officer on duty is present.
func (j *judge) onTheSpot() int {
	best := countShort
	for i := range j.f.Officers {
		switch here(&j.f.Officers[i]) {
		case Yes:
			return countMet
		case Unknown:
			best = countUnknown
		}
	}
	return best
}

// Standing is all that the law can see of an officer who is not the one who leads.
type Standing uint8

const (
	OfficerAway Standing = iota
	OfficerMayCome
	OfficerComing
	OfficerMayBeThere
	OfficerThere
)

// Standing says how an officer counts where officers are counted.
func (o *Officer) Standing() Standing {
	switch h := here(o); {
	case h == Yes:
		return OfficerThere
	case h == Unknown:
		return OfficerMayBeThere
	case o.Presence == PresenceEnRoute && o.OnDuty == Yes:
		return OfficerComing
	case mayCome(*o):
		return OfficerMayCome
	}
	return OfficerAway
}

// here says whether an officer is present on duty.
func here(o *Officer) Answer {
	switch o.Presence {
	case PresencePresent:
		return o.OnDuty
	case PresenceUnknown, PresenceDoubtful:
		if o.OnDuty != No {
			return Unknown
		}
	}
	return No
}

// count says whether the unit has one of the lawful make-ups. A lead who may be there counts apart: during the work the lead
// state decides, as it does where nobody counts.
func (j *judge) count(bit int, combos []combo) int {
	hands, present, leads, doubtful := j.hands(bit), 0, 0, 0
	for i := range j.f.Officers {
		o := &j.f.Officers[i]
		switch h := here(o); {
		case h == Yes:
			present++
		case h == Unknown && o.Lead:
			leads++
		case h == Unknown:
			doubtful++
		}
	}
	switch {
	case fits(combos, hands, present):
		return countMet
	case fits(combos, hands, present+leads):
		return countLeadUnknown
	case fits(combos, hands, present+leads+doubtful):
		return countUnknown
	}
	return countShort
}

// hands counts the auxiliaries who do work that a condition is about: whoever sits at the keyboard is no help on the road.
func (j *judge) hands(bit int) int {
	n := 0
	for p := range j.f.Auxiliaries {
		if j.f.Auxiliaries[p].Role != RoleNone && j.works(&j.f.Auxiliaries[p], bit) {
			n++
		}
	}
	return n
}

func (j *judge) works(a *Auxiliary, bit int) bool {
	for i := range j.acts {
		if j.acts[i].rule.owed>>bit&1 != 0 && (len(a.Acts) == 0 || slices.Contains(a.Acts, j.f.Acts[i])) {
			return true
		}
	}
	return false
}

func fits(combos []combo, hands, officers int) bool {
	for _, c := range combos {
		if officers >= c.officers && hands >= c.auxiliaries {
			return true
		}
	}
	return false
}
