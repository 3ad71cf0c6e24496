package naive

import (
	"slices"

	"github.com/dutybound/dutybound/internal/law"
)

// duty is one obligation of one person doing one act: how the facts stand, when it must hold and what a failure means.
type duty struct {
	kind   string
	state  law.ObligationState
	start  bool        // due at start; before that it is open whatever the facts say
	unmet  law.Outcome // what an unmet one makes of the task; zero: Unmet
	cites  []string
	doubts []doubt // what an unknown one leaves to a person
}

// personal walks what a person owes whatever they do.
func (j *judge) personal(p law.Auxiliary, act string) {
	j.owe(p, act, status(p))
	j.owe(p, act, training(p))
	j.owe(p, act, j.recusal(p))
	j.owe(p, act, duty{
		kind: "uniform", state: uniform(p.Uniform), start: true, cites: []string{"cq-2021 17(1)"},
		doubts: []doubt{asked("cq-2021 17(1)", "uniform=unknown", "", p.ID)},
	})
	j.owe(p, act, duty{
		kind: "id_card", state: j.idCard(p), start: true, cites: []string{"cq-2021 17(1)"},
		doubts: []doubt{asked("cq-2021 17(1)", "id_card=unknown", "", p.ID)},
	})
	if p.Operates != 0 {
		j.owe(p, act, j.qualification(p))
	}
	if used(p) {
		j.owe(p, act, j.command(p))
		j.owe(p, act, j.recording(p, act))
	}
	if j.f.EvidenceUse {
		j.owe(p, act, duty{kind: "evidence_review", state: law.Open, cites: []string{"cq-2021 17(3)"}})
	}
}

// conditions walks what the clause that permits an act asks for, also when it permits it to another role.
func (j *judge) conditions(p law.Auxiliary, act string) {
	if j.article(act) == "19" {
		return
	}
	j.owe(p, act, j.arrangement(act))
	if j.filmed(act) {
		j.owe(p, act, j.recording(p, act))
	}
	if j.article(act) == "16" {
		j.owe(p, act, j.lead(act))
	}
	j.overlays(p, act)
}

// owe settles one duty: before it is due it is open. An emergency opens it unless it is training, or the command for restraint
// equipment: that is owed in emergencies and nowhere else.
func (j *judge) owe(p law.Auxiliary, act string, d duty) {
	if d.start && j.f.Phase == law.Dispatch {
		d.state = law.Open
	}
	failing := d.state == law.ObligationUnmet || d.state == law.ObligationUnknown
	if failing && d.kind != "training" && d.kind != "officer_command" && j.rescued(p, act) {
		d.state = law.Open
		j.remedies["report_emergency"] = true
	}
	j.obligations[d.kind] = max(j.obligations[d.kind], d.state)
	j.say(j.verdict(d), d.cites...)
	if d.kind == "recording" && d.state == law.ObligationUnmet {
		j.remedies["start_recording"] = true
	}
}

func (j *judge) verdict(d duty) law.Outcome {
	switch {
	case d.state == law.Open:
		return law.Conditional
	case d.state == law.ObligationUnmet && d.unmet == 0:
		return law.Unmet
	case d.state == law.ObligationUnmet:
		return d.unmet
	case d.state == law.ObligationUnknown:
		return j.settle(d.doubts...)
	}
	return law.Permitted
}

// rescued says whether an emergency excuses this person in this act.
func (j *judge) rescued(p law.Auxiliary, act string) bool {
	return j.f.Emergency && p.Role == law.RoleField && p.Status == law.StatusActive && urgent(act)
}

func status(p law.Auxiliary) duty {
	d := duty{kind: "status", state: law.ObligationUnmet, cites: []string{"cq-2021 37"}}
	switch p.Status {
	case law.StatusActive:
		d.state = law.Met
	case law.StatusUnknown:
		d.state, d.doubts = law.ObligationUnknown, []doubt{asked("cq-2021 37", "status=unknown", "", p.ID)}
	case law.StatusSeparated:
		d.unmet = law.OutsideScope
	}
	return d
}

func training(p law.Auxiliary) duty {
	d := duty{kind: "training", state: law.ObligationUnmet, cites: []string{"cq-2021 33"}}
	switch p.Training {
	case law.TrainingPassed, law.TrainingRefresherOverdue:
		d.state = law.Met
	case law.TrainingUnknown:
		d.state, d.doubts = law.ObligationUnknown, []doubt{asked("cq-2021 33¶1", "training=unknown", "", p.ID)}
	}
	return d
}

func (j *judge) recusal(p law.Auxiliary) duty {
	d := duty{kind: "no_recusal", cites: []string{"cq-2021 22"}}
	switch p.Recusal {
	case law.RecusalPending:
		d.state = law.ObligationUnmet
		if j.reading("recusal_pending") == "warn" {
			d.unmet = law.Conditional
		}
	case law.RecusalGranted:
		d.state, d.unmet = law.ObligationUnmet, law.Prohibited
	}
	return d
}

func (j *judge) arrangement(act string) duty {
	organ, officer := answer(j.f.Arrangement.Organ), answer(j.f.Arrangement.Officer)
	d := duty{kind: "arrangement", state: organ, cites: []string{"cq-2021 " + j.article(act)}}
	asks := "organ"
	if j.article(act) == "15" {
		asks = j.reading("art15_arrangement")
	}
	wonder := func(fact string, state law.ObligationState) {
		if state == law.ObligationUnknown {
			d.doubts = append(d.doubts, asked("cq-2021 "+j.item(act), fact, act, ""))
		}
	}
	switch asks {
	case "organ_or_officer":
		d.state = min(organ, officer)
		wonder("arrangement=unknown", d.state)
	case "organ_and_officer":
		d.state = max(organ, officer)
		wonder("arrangement.officer=unknown", officer)
		fallthrough
	default:
		wonder("arrangement.organ=unknown", organ)
	}
	return d
}

func uniform(u law.Uniform) law.ObligationState {
	switch u {
	case law.UniformYes, law.UniformPlainClothesOrder:
		return law.Met
	case law.UniformNo:
		return law.ObligationUnmet
	}
	return law.ObligationUnknown
}

// qualification of what a person operates. A civilian who holds it is still a question for a person: Art. 18 names field
// auxiliaries.
func (j *judge) qualification(p law.Auxiliary) duty {
	d := duty{kind: "qualification", cites: []string{"cq-2021 18"}}
	if p.Operates&^p.Qualifications != 0 {
		d.state = law.ObligationUnmet
	}
	if p.Role == law.RoleCivilian {
		j.say(j.settle(doubt{
			cite: "cq-2021 18", fact: "operates=qualified role=other", person: p.ID, verdict: civilianDriving[j.reading("civilian_driving")],
		}), "cq-2021 18")
	}
	return d
}

var civilianDriving = map[string]law.Outcome{"needs_human": law.NeedsHuman, "deny": law.OutsideScope, "allow": law.Permitted}

// idCard is owed in plain clothes as well, unless a reading says otherwise.
func (j *judge) idCard(p law.Auxiliary) law.ObligationState {
	if p.Uniform == law.UniformPlainClothesOrder && j.reading("plainclothes_waives_id") == "true" {
		return law.Met
	}
	return answer(p.IDCard)
}

// used says whether restraint equipment is in use.
func used(p law.Auxiliary) bool {
	return slices.ContainsFunc(p.Equipment, func(e law.EquipmentItem) bool {
		return e.Class == law.EquipmentRestraint && e.Use == law.UseUse
	})
}

// command judges restraint equipment in use (Art. 17(4)): a field auxiliary, an emergency, a listed item, and an officer's order.
// The order is recorded, or the officer who gave it leads on the spot.
func (j *judge) command(p law.Auxiliary) duty {
	d := duty{
		kind: "officer_command", state: law.ObligationUnmet, cites: []string{"cq-2021 17(4)"},
		doubts: []doubt{asked("cq-2021 17(4)", "command.officer=unknown", "", p.ID)},
	}
	for _, e := range p.Equipment {
		if e.Class == law.EquipmentRestraint && e.Use == law.UseUse && !j.listed(e) {
			return d
		}
	}
	order := j.f.Command
	switch {
	case !j.f.Emergency, p.Role != law.RoleField, order == nil, order.Mode == law.ModeNone:
	case order.Recorded && j.reading("art17_4_remote_command") == "true_if_recorded":
		d.state = law.Met
	case order.Recorded, order.Mode == law.ModeLead:
		d.state = officers(j.f, 1)
	}
	return d
}

// recording of the whole course (Art. 17(2)). Not knowing only warns, but not where 52¶2 makes it a condition of the law.
func (j *judge) recording(p law.Auxiliary, act string) duty {
	d := duty{kind: "recording", start: true, cites: []string{"cq-2021 17(2)"}}
	switch p.Recording {
	case law.RecordingOff, law.RecordingBuffering:
		d.state = law.ObligationUnmet
	case law.RecordingUnknown:
		d.state = law.ObligationUnknown
	}
	own := doubt{cite: "cq-2021 17(2)", fact: "recording=unknown", person: p.ID, verdict: law.Conditional}
	if j.reading("recording_unknown") == "block" {
		own.verdict = law.NeedsHuman
	}
	d.doubts = []doubt{own}
	if j.legalCondition(act) {
		d.doubts = append(d.doubts, doubt{cite: "national-admin-procedure 52¶2", fact: "recording=unknown", person: p.ID, verdict: law.NeedsHuman})
		d.cites = append(d.cites, "national-admin-procedure 52¶2")
	}
	return d
}

func (j *judge) legalCondition(act string) bool {
	return j.overlaid() && ledByOverlay(act) && j.f.CaseKind != law.CaseCriminal
}

// lead judges Art. 16's officer: exactly one is named, on duty and of the organ; from start they are there, all through.
func (j *judge) lead(act string) duty {
	d := duty{kind: "lead_officer", cites: []string{"cq-2021 " + j.item(act)}}
	d.state = j.leading()
	if d.state == law.ObligationUnmet {
		d.cites = append(d.cites, "cq-2021 19¶2")
		j.remedies["name_lead_officer"] = true
		if j.f.Emergency {
			j.remedies["fall_back_to_art15"] = true
		}
	}
	d.doubts = j.leadDoubts(act, "cq-2021 "+j.item(act))
	if j.legalCondition(act) {
		d.cites = append(d.cites, "national-admin-procedure 52¶2")
		d.doubts = append(d.doubts, j.leadDoubts(act, "national-admin-procedure 52¶2")...)
	}
	return d
}

// leadDoubts lists what is not known of the one who leads. During the work it only warns: the lead state has its own grace.
func (j *judge) leadDoubts(act, cite string) (doubts []doubt) {
	wonder := func(is bool, fact string) {
		switch {
		case is && j.f.Phase == law.During:
			doubts = append(doubts, doubt{verdict: law.Conditional})
		case is:
			doubts = append(doubts, asked(cite, "officers.lead."+fact, act, ""))
		}
	}
	for _, o := range j.leads() {
		regulation := cite != "national-admin-procedure 52¶2" // which does not say whose officer leads
		wonder(o.OnDuty == law.Unknown, "on_duty=unknown")
		wonder(o.SameOrgan == law.Unknown && regulation && j.reading("lead_same_organ") == "true", "same_organ=unknown")
		if j.f.Phase != law.Dispatch {
			wonder(o.Presence == law.PresenceUnknown, "presence=unknown")
			wonder(o.Presence == law.PresenceDoubtful, "presence=doubtful")
		}
	}
	return doubts
}

func (j *judge) leads() (leads []law.Officer) {
	for _, o := range j.f.Officers {
		if o.Lead {
			leads = append(leads, o)
		}
	}
	return leads
}

func (j *judge) leading() law.ObligationState {
	leads := j.leads()
	if len(leads) != 1 {
		return law.ObligationUnmet
	}
	lead := leads[0]
	fit := answer(lead.OnDuty)
	if j.reading("lead_same_organ") == "true" {
		fit = max(fit, answer(lead.SameOrgan))
	}
	switch {
	case j.f.Phase == law.Dispatch:
		return max(fit, law.Open)
	case lead.Presence == law.PresenceRemote && j.reading("art16_lead") == "presence_or_remote":
		return fit
	}
	return max(fit, there(lead.Presence))
}

// there reads presence as an answer to "is the officer with the unit?".
func there(p law.Presence) law.ObligationState {
	switch p {
	case law.PresencePresent:
		return law.Met
	case law.PresenceUnknown, law.PresenceDoubtful:
		return law.ObligationUnknown
	}
	return law.ObligationUnmet
}

func answer(a law.Answer) law.ObligationState {
	switch a {
	case law.Yes:
		return law.Met
	case law.No:
		return law.ObligationUnmet
	}
	return law.ObligationUnknown
}
