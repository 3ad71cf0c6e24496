package law

import (
	"slices"
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

// duty compiles a condition: its parameters under the readings, and for every mode and code what is found.
func (c *compiler) duty(ins *instrument, o *condition) duty {
	d := duty{
		kind: o.kind, when: o.when, role: o.role, combos: o.combos,
		anyOrgan: c.param(o, "same_organ") == "false",
		waives:   c.param(o, "plain_clothes_waives") == "true",
		enRoute:  c.param(o, "officer") != "officer_present",
		remote:   c.param(o, "remote") != "false",
		list:     terms(c.param(o, "list")),
	}
	by := c.param(o, "by")
	d.organ = by == "organ" || by == "organ_and_officer"
	d.officer = by == "officer" || by == "organ_and_officer"
	d.either = by == "organ_or_officer"
	d.otherRole = c.param(o, "other_role") == "allow"
	d.denied = c.param(o, "other_role") == "deny"

	codes := c.codes(o)
	for mode := range d.table {
		d.table[mode] = make([]*finding, len(codes))
		for i, k := range codes {
			d.table[mode][i] = c.finding(ins, o, k, mode)
		}
	}
	return d
}

// param is a parameter's value under the readings; "" when the rulebook does not give it.
func (c *compiler) param(o *condition, name string) string { return c.values.of(o.params[name]) }

// codes are a kind's codes as the readings turn them.
func (c *compiler) codes(o *condition) []code {
	codes := slices.Clone(specs[o.kind].codes)
	switch {
	case c.param(o, "unknown") == "warn":
		codes[RecordingUnknown].verdict = Conditional
	case c.param(o, "pending") == "warn":
		codes[RecusalPending].verdict = Conditional
	case c.param(o, "presence") == "presence_or_remote":
		codes[leadPresence+int(PresenceRemote)] = met("officers.lead.presence=remote",
			"带领的人民警察远程带领，本机关的理解认可。", "The officer leads from afar, which the organ's reading accepts.")
	case c.param(o, "other_role") == "deny":
		codes[vehicleOtherAny] = deniedVehicle
	case c.param(o, "officer") == "officer_present":
		copy(codes, officerPresent)
	}
	return codes
}

// finding renders what a code means in a mode: due later, excused by an emergency, or as it stands.
func (c *compiler) finding(ins *instrument, o *condition, k code, mode int) *finding {
	sp := &specs[o.kind]
	phase, variant := Phase(mode/variants), mode%variants
	state, due, r := k.state, sp.due, k.remedy
	verdict, text := k.verdict, k.text
	switch {
	case phase == Dispatch && sp.due == dueStart && !k.atDispatch:
		state, r = Open, noRemedy
		verdict, text = Conditional, c.opening(o)
	case variant == opened && sp.opens && k.state > Open:
		state, due, r = Open, dueAfter, reportEmergency
		verdict = Conditional
		text = Text{"紧急情况下可先行处置，事后须报告。" + text.ZH, "In the emergency work may go ahead; a report must follow. " + text.EN}
	case phase == During && k.during:
		verdict = Conditional
	}
	fd := render(ins.cite(o.item), verdict, k.fact, r, text)
	fd.obliges(o.kind, Obligation{
		Kind: o.kind.String(), State: state, Citation: fd.reason.Citation, Due: dueWords.list[due], Fact: k.fact,
	})
	if o.beside != "" && verdict == Unmet {
		fd.beside = besideFinding(ins.cite(o.beside), fd, variant == emergency && c.rescues())
	}
	return fd
}

// opening is what is said at dispatch of a condition that is due at start.
func (c *compiler) opening(o *condition) Text {
	if c.param(o, "officer") == "officer_present" {
		return Text{"开始工作前须有人民警察在场。", "An officer must be present by the start of work."}
	}
	return specs[o.kind].open
}

// rescues says whether the rulebook has work to fall back to in an emergency without an officer: an act that one excuses and nobody
// leads. Where all work is led, what helps is a lead.
func (c *compiler) rescues() bool {
	led := map[int32]bool{}
	note := func(conditions []condition, own []string) {
		for _, o := range conditions {
			acts, _ := c.scope(&o, own)
			for _, id := range acts {
				led[id] = led[id] || leads(o)
			}
		}
	}
	for _, it := range c.items() {
		note(it.conditions, c.acts(it))
		note(it.obligations, nil)
	}
	for act, homes := range c.homes {
		permitted := slices.ContainsFunc(homes, func(h home) bool { return h.it.kind == permits })
		if c.layers[0].names[act].emergency && permitted && !led[c.book.index[act]] {
			return true
		}
	}
	return false
}

// besideFinding is the wider clause that stands behind a missing lead: without one, the work would be enforcement alone (19¶2).
func besideFinding(citation string, of *finding, falls bool) *finding {
	r := of.remedy
	text := Text{
		"没有人民警察带领即为单独执法，辅警不得单独执法。",
		"Without a leading officer this would be enforcement alone, which no auxiliary may do.",
	}
	if falls {
		r = fallBack
		text.ZH += "紧急情况下只做第十五条允许的工作。"
		text.EN += " In the emergency do what Article 15 allows."
	}
	return render(citation, Unmet, of.reason.Fact, r, text)
}
