package law

// ParseFacts reads facts from JSON, with the keys and the defaults of the case format: what is left out (or null) takes the
// value that format gives in brackets, what is unknown to it is refused. Errors are *InputError.
func ParseFacts(data []byte) (Facts, error) {
	n, err := readJSON(data)
	if err != nil {
		return Facts{}, err
	}
	var d decoder
	f := d.facts(n, nil)
	return f, d.error()
}

// facts reads the facts of an object which may have the keys in also beside.
func (d *decoder) facts(n node, also fields) Facts {
	f := Facts{Phase: Start, Arrangement: Arrangement{Organ: Yes, Officer: Yes}}
	known := fields{
		"at":           func(v node) { f.At = d.instant(v) },
		"phase":        func(v node) { f.Phase = word[Phase](d, v, phaseWords) },
		"acts":         func(v node) { f.Acts = list(d, v, d.name) },
		"case_kind":    func(v node) { f.CaseKind = word[CaseKind](d, v, caseKindWords) },
		"tags":         func(v node) { f.Tags = set[Tags](d, v, tagWords) },
		"guard_named":  func(v node) { f.GuardNamed = d.answer(v) },
		"evidence_use": func(v node) { f.EvidenceUse = d.flag(v) },
		"emergency":    func(v node) { f.Emergency = d.flag(v) },
		"signatory":    func(v node) { f.Signatory = word[Signatory](d, v, signatoryWords) },
		"arrangement":  func(v node) { d.arrangement(v, &f.Arrangement) },
		"auxiliaries":  func(v node) { f.Auxiliaries = list(d, v, d.auxiliary) },
		"officers":     func(v node) { f.Officers = list(d, v, d.officer) },
		"command":      func(v node) { f.Command = d.command(v) },
		"decisions":    func(v node) { f.Decisions = list(d, v, d.decision) },
	}
	for key, read := range also {
		known[key] = read
	}
	d.object(n, known)
	d.complete(n, &f)
	return f
}

// complete asks for what has no default.
func (d *decoder) complete(n node, f *Facts) {
	missing := ""
	switch {
	case f.At.IsZero():
		missing = "at"
	case len(f.Acts) == 0:
		missing = "acts"
	case len(f.Auxiliaries) == 0:
		missing = "auxiliaries"
	default:
		return
	}
	n.path += "/" + missing
	d.fail(n, "required")
}

func (d *decoder) arrangement(n node, a *Arrangement) {
	d.object(n, fields{
		"organ":   func(v node) { a.Organ = d.answer(v) },
		"officer": func(v node) { a.Officer = d.answer(v) },
	})
}

func (d *decoder) auxiliary(n node) Auxiliary {
	a := Auxiliary{Status: StatusActive, Training: TrainingPassed, Uniform: UniformYes, IDCard: Yes, Recording: RecordingOn}
	hasRole := false
	d.object(n, fields{
		"id":             func(v node) { a.ID = d.name(v) },
		"role":           func(v node) { a.Role, hasRole = word[Role](d, v, roleWords), true },
		"acts":           func(v node) { a.Acts = list(d, v, d.name) },
		"status":         func(v node) { a.Status = word[Status](d, v, statusWords) },
		"training":       func(v node) { a.Training = word[Training](d, v, trainingWords) },
		"uniform":        func(v node) { a.Uniform = word[Uniform](d, v, uniformWords) },
		"id_card":        func(v node) { a.IDCard = d.answer(v) },
		"recording":      func(v node) { a.Recording = word[Recording](d, v, recordingWords) },
		"recusal":        func(v node) { a.Recusal = word[Recusal](d, v, recusalWords) },
		"qualifications": func(v node) { a.Qualifications = set[Vehicles](d, v, vehicleWords) },
		"operates":       func(v node) { a.Operates = set[Vehicles](d, v, vehicleWords) },
		"equipment":      func(v node) { a.Equipment = list(d, v, d.equipment) },
	})
	d.identified(n, a.ID)
	if !hasRole {
		n.path += "/role"
		d.fail(n, "required: field, civilian or none")
	}
	return a
}

func (d *decoder) decision(n node) (x Decision) {
	has := map[string]bool{}
	d.object(n, fields{
		"citation": func(v node) { x.Citation, has["citation"] = d.name(v), true },
		"fact":     func(v node) { x.Fact, has["fact"] = d.name(v), true },
		"act":      func(v node) { x.Act = d.name(v) },
		"person":   func(v node) { x.Person = d.name(v) },
		"allow":    func(v node) { x.Allow, has["allow"] = d.flag(v), true },
	})
	d.require(n, has, "citation", "fact", "allow")
	return x
}

// require refuses an object that lacks one of the keys.
func (d *decoder) require(n node, has map[string]bool, keys ...string) {
	for _, key := range keys {
		if !has[key] {
			at := n
			at.path += "/" + key
			d.fail(at, "required")
		}
	}
}

func (d *decoder) identified(n node, id string) {
	if id == "" {
		n.path += "/id"
		d.fail(n, "required")
	}
}

func (d *decoder) equipment(n node) (e EquipmentItem) {
	has := map[string]bool{}
	d.object(n, fields{
		"class": func(v node) { e.Class, has["class"] = word[EquipmentClass](d, v, classWords), true },
		"item":  func(v node) { e.Item = d.text(v) },
		"use":   func(v node) { e.Use, has["use"] = word[EquipmentUse](d, v, useWords), true },
	})
	d.require(n, has, "class", "use")
	return e
}

func (d *decoder) officer(n node) Officer {
	o := Officer{OnDuty: Yes, SameOrgan: Yes}
	d.object(n, fields{
		"id":         func(v node) { o.ID = d.name(v) },
		"lead":       func(v node) { o.Lead = d.flag(v) },
		"on_duty":    func(v node) { o.OnDuty = d.answer(v) },
		"same_organ": func(v node) { o.SameOrgan = d.answer(v) },
		"presence":   func(v node) { o.Presence = word[Presence](d, v, presenceWords) },
	})
	d.identified(n, o.ID)
	return o
}

func (d *decoder) command(n node) *Command {
	if n.kind == textNode && n.text == "none" {
		return nil
	}
	var c Command
	d.object(n, fields{
		"mode":     func(v node) { c.Mode = word[CommandMode](d, v, modeWords) },
		"recorded": func(v node) { c.Recorded = d.flag(v) },
	})
	return &c
}
