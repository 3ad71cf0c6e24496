package prove

import (
	"slices"
	"strconv"

	"github.com/dutybound/dutybound/internal/law"
)

// An effect is what a remedy makes of the facts; nil says that the remedy names no lawful way for this auxiliary on this work, or
// leaves it to a person's decision.
type effect func(p *proof, f *law.Facts)

// effects of the remedies that package law knows. Each does what the remedy's words say and no more.
var effects = map[string]effect{
	"assign_police_officer":      nil,
	"await_entry_into_force":     nil,
	"ask_approver":               nil,
	"heed_approver":              nil,
	"choose_field_auxiliary":     person(func(a *law.Auxiliary) { a.Role = law.RoleField }),
	"choose_civilian_auxiliary":  person(func(a *law.Auxiliary) { a.Role = law.RoleCivilian }),
	"choose_qualified_auxiliary": person(func(a *law.Auxiliary) { a.Qualifications |= a.Operates }),
	"replace_auxiliary": person(func(a *law.Auxiliary) {
		a.Status, a.Training, a.Recusal = law.StatusActive, law.TrainingPassed, law.RecusalNone
	}),
	"confirm_status":       person(func(a *law.Auxiliary) { a.Status = law.StatusActive }),
	"complete_training":    person(func(a *law.Auxiliary) { a.Training = law.TrainingPassed }),
	"confirm_training":     person(func(a *law.Auxiliary) { a.Training = law.TrainingPassed }),
	"wear_uniform":         person(func(a *law.Auxiliary) { a.Uniform = law.UniformYes }),
	"confirm_uniform":      person(func(a *law.Auxiliary) { a.Uniform = law.UniformYes }),
	"carry_id_card":        person(func(a *law.Auxiliary) { a.IDCard = law.Yes }),
	"confirm_id_card":      person(func(a *law.Auxiliary) { a.IDCard = law.Yes }),
	"start_recording":      person(func(a *law.Auxiliary) { a.Recording = law.RecordingOn }),
	"confirm_recording":    person(func(a *law.Auxiliary) { a.Recording = law.RecordingOn }),
	"stop_restraint":       person(func(a *law.Auxiliary) { a.Equipment = without(a.Equipment, restraintInUse) }),
	"use_listed_equipment": person(func(a *law.Auxiliary) { a.Equipment = without(a.Equipment, unlisted) }),
	"hand_in_equipment":    person(func(a *law.Auxiliary) { a.Equipment = without(a.Equipment, armed) }),
	"leave_to_field_auxiliary": person(func(a *law.Auxiliary) {
		a.Operates, a.Equipment = 0, without(a.Equipment, func(x law.EquipmentItem) bool { return x.Class == law.EquipmentRestraint })
	}),
	"arrange_by_organ":   task(func(f *law.Facts) { f.Arrangement.Organ = law.Yes }),
	"arrange_by_officer": task(func(f *law.Facts) { f.Arrangement.Officer = law.Yes }),
	"confirm_arrangement": task(func(f *law.Facts) {
		f.Arrangement = law.Arrangement{Organ: sure(f.Arrangement.Organ), Officer: sure(f.Arrangement.Officer)}
	}),
	"name_guard":            task(func(f *law.Facts) { f.GuardNamed = law.Yes }),
	"officer_signs":         task(func(f *law.Facts) { f.Signatory = law.SignatoryOfficer }),
	"obtain_command":        task(func(f *law.Facts) { f.Command = &law.Command{Mode: law.ModeCommand, Recorded: true} }),
	"record_command":        task(func(f *law.Facts) { f.Command.Recorded = true }),
	"name_lead_officer":     task(nameLead),
	"name_one_lead_officer": task(nameOneLead),
	"bring_lead_officer":    lead(func(o *law.Officer) { o.Presence = law.PresencePresent }),
	"confirm_lead_officer":  officers(confirm),
	"confirm_officers":      officers(confirm),
	"bring_officer":         func(_ *proof, f *law.Facts) { come(f, 1, law.PresencePresent) },
	"send_officer":          func(_ *proof, f *law.Facts) { come(f, 1, law.PresenceEnRoute) },
	"add_officers": func(p *proof, f *law.Facts) {
		most, _ := p.book.Units()
		come(f, most, law.PresencePresent)
	},
	"fall_back_to_art15": func(p *proof, f *law.Facts) {
		if p.fallBack != "" {
			f.Acts = []string{p.fallBack}
		}
	},
}

func task(do func(*law.Facts)) effect { return func(_ *proof, f *law.Facts) { do(f) } }

func person(do func(*law.Auxiliary)) effect { return task(everybody(do)) }

func officers(do func(*law.Officer)) effect {
	return task(func(f *law.Facts) {
		for i := range f.Officers {
			do(&f.Officers[i])
		}
	})
}

func lead(do func(*law.Officer)) effect {
	return officers(func(o *law.Officer) {
		if o.Lead {
			do(o)
		}
	})
}

func sure(a law.Answer) law.Answer {
	if a == law.Unknown {
		return law.Yes
	}
	return a
}

// confirm finds that what was not known is well.
func confirm(o *law.Officer) {
	o.OnDuty, o.SameOrgan = sure(o.OnDuty), sure(o.SameOrgan)
	if o.Presence == law.PresenceUnknown || o.Presence == law.PresenceDoubtful {
		o.Presence = law.PresencePresent
	}
}

// nameLead names a leading officer of the same organ who is on duty; whether he or she is there already is another matter.
func nameLead(f *law.Facts) {
	f.Officers = slices.DeleteFunc(slices.Clone(f.Officers), func(o law.Officer) bool { return o.Lead })
	come(f, 1, law.PresenceUnknown)
	f.Officers[len(f.Officers)-1].Lead = true
}

func nameOneLead(f *law.Facts) {
	found := false
	for i := range f.Officers {
		f.Officers[i].Lead = f.Officers[i].Lead && !found
		found = found || f.Officers[i].Lead
	}
}

// come adds officers of the organ who are on duty.
func come(f *law.Facts, n int, presence law.Presence) {
	for i := range n {
		f.Officers = append(f.Officers, law.Officer{ID: "new" + strconv.Itoa(i+1), OnDuty: law.Yes, SameOrgan: law.Yes, Presence: presence})
	}
}

func without(list []law.EquipmentItem, drop func(law.EquipmentItem) bool) []law.EquipmentItem {
	return slices.DeleteFunc(slices.Clone(list), drop)
}

func restraintInUse(x law.EquipmentItem) bool {
	return x.Class == law.EquipmentRestraint && x.Use == law.UseUse
}

func unlisted(x law.EquipmentItem) bool {
	return x.Class == law.EquipmentRestraint && x.Item != listedItem
}

func armed(x law.EquipmentItem) bool {
	return x.Class == law.EquipmentWeapon || x.Class == law.EquipmentPoliceInstrument
}

// cure tries the remedy of a refusal: applied to the facts, the same reason must not refuse again.
func (w *worker) cure(f *law.Facts, x *law.Reason, about int, s scene, v int32) {
	about = min(about, unitPart) // the views are of the unit
	p := w.proof
	why := w.uncured(f, x)
	if why == "" {
		return
	}
	for i := range p.claims {
		c := &p.claims[i]
		m, ok := p.player(c, nil, s)
		if !c.Remedied || !ok {
			continue
		}
		values := make([]int32, len(p.parts))
		if about != scenePart {
			values[about] = v
		}
		k := p.cheapest(func(i int) int32 { return values[i] })
		violation := &violation{cost: p.cost(s, m) + k.cost, scene: s, why: why}
		if w.isSmallest(i, violation) {
			violation.cases = []Case{p.ruled(p.play(s, m, values))}
			w.note(i, violation)
		}
	}
}

// uncured says what is wrong with the remedy of a refusal.
func (w *worker) uncured(f *law.Facts, x *law.Reason) string {
	refusal := x.Citation + " refuses (" + x.Fact + ")"
	apply, known := effects[x.Remedy]
	switch {
	case x.Remedy == "":
		return refusal + " and names no remedy"
	case !known:
		return refusal + " and names " + x.Remedy + ", of which nobody knows what it does"
	case apply == nil:
		return ""
	}
	cured := clone(f)
	apply(w.proof, cured)
	again := w.decided(cured)
	for i := range again.Reasons {
		if y := &again.Reasons[i]; y.Citation == x.Citation && y.Fact == x.Fact && !y.Verdict.Lawful() {
			return refusal + ", and again after " + x.Remedy
		}
	}
	return ""
}

func clone(f *law.Facts) *law.Facts {
	c := *f
	c.Acts, c.Officers, c.Auxiliaries = slices.Clone(f.Acts), slices.Clone(f.Officers), slices.Clone(f.Auxiliaries)
	for i := range c.Auxiliaries {
		c.Auxiliaries[i].Equipment = slices.Clone(c.Auxiliaries[i].Equipment)
	}
	if f.Command != nil {
		order := *f.Command
		c.Command = &order
	}
	return &c
}
