package law

import "slices"

// ActInfo is one act of the catalogue.
type ActInfo struct {
	Code string `json:"code"`
	Item string `json:"item"` // citation of the item it stands on
	Role Role   `json:"role"` // who may do it; none: no auxiliary
	Led  bool   `json:"led"`  // only led by an officer
	Name Text   `json:"name"`
}

// Verdict is the decision without its reasons: the outcome and the clause that decided, the first of the worst.
type Verdict struct {
	Outcome  Outcome
	Citation string
	Message  Text
	Fact     string
	Remedy   string
	Act      string // "" when the clause is not about one act
	Person   string // "" when it is not about one person
}

// Acts lists the catalogue in its order.
func (b *Book) Acts() []ActInfo { return append([]ActInfo(nil), b.acts...) }

// PermittingItem is the citation of the item that permits an act to some auxiliary; false when none does.
func (b *Book) PermittingItem(act string) (string, bool) {
	id, ok := b.index[act]
	if !ok || b.acts[id].Role == RoleNone {
		return "", false
	}
	return b.acts[id].Item, true
}

// Led says whether any of the acts is permitted only under the lead of an officer.
func (b *Book) Led(acts []string) bool {
	return slices.ContainsFunc(acts, func(act string) bool {
		id, ok := b.index[act]
		return ok && b.acts[id].Led
	})
}

// Holding are the acts that an emergency opens and nobody leads: they keep a scene until an officer is there (Art. 15(1), (2)).
func (b *Book) Holding() (acts []string) {
	names := b.parts[0].names
	for i := range b.acts {
		if a := &b.acts[i]; names[a.Code].emergency && a.Item != "" && !a.Led {
			acts = append(acts, a.Code)
		}
	}
	return acts
}

// ID names the base rulebook, Rulebooks all instruments by content hash, ReadingSet the values of readings in force.
func (b *Book) ID() string               { return b.id }
func (b *Book) Rulebooks() []RulebookRef { return append([]RulebookRef(nil), b.rulebooks...) }
func (b *Book) ReadingSet() string       { return b.readings }

// at is the edition in force at a moment.
func (b *Book) at(seconds int64) *edition {
	i := len(b.editions) - 1
	for b.editions[i].from > seconds {
		i--
	}
	return &b.editions[i]
}

// Decide says whether the task is lawful, and by which clause, without allocating. It agrees with Rule. The error is an
// *InputError.
func (b *Book) Decide(f *Facts) (Verdict, error) {
	j, err := b.hear(f, false)
	defer j.dismiss()
	if err != nil {
		return Verdict{}, err
	}
	r := &j.top.reason
	v := Verdict{Outcome: r.Verdict, Citation: r.Citation, Message: r.Message, Fact: r.Fact, Remedy: r.Remedy}
	v.Act, v.Person = j.top.names(f)
	return v, nil
}

func (n note) names(f *Facts) (act, person string) {
	if n.act >= 0 {
		act = f.Acts[n.act]
	}
	if n.person >= 0 {
		person = f.Auxiliaries[n.person].ID
	}
	return act, person
}

// Rule gives the full ruling. The error is an *InputError: facts on which no ruling is possible.
func (b *Book) Rule(f *Facts) (Ruling, error) {
	j, err := b.hear(f, true)
	defer j.dismiss()
	if err != nil {
		return Ruling{}, err
	}
	r := Ruling{Outcome: j.top.reason.Verdict, Rulebooks: b.rulebooks, Readings: b.readings}
	r.Reasons = j.reasons()
	r.Obligations = j.obligations()
	r.Remedies = j.remedies()
	r.Advice = j.advice()
	return r, nil
}

// Findings shows what Rule would give as reasons, in its order, and its outcome, without making a ruling of them and without
// allocating: for whoever rules some hundred million times. The error is an *InputError.
func (b *Book) Findings(f *Facts, show func(*Finding)) (Outcome, error) {
	j, err := b.hear(f, true)
	defer j.dismiss()
	if err != nil {
		return Prohibited, err
	}
	for i := range j.notes {
		show(&j.notes[i].reason)
	}
	return j.top.reason.Verdict, nil
}

func (j *judge) reasons() []Reason {
	reasons := make([]Reason, len(j.notes))
	for i := range j.notes {
		n := &j.notes[i]
		reasons[i].Finding = &n.reason
		reasons[i].Act, reasons[i].Person = n.names(j.f)
	}
	return reasons
}

// obligations notes each kind once, in its worst state.
func (j *judge) obligations() []ObligationNote {
	var worst [kindCount]*note
	count := 0
	for i := range j.notes {
		n := &j.notes[i]
		if n.kind == kindCount {
			continue
		}
		w := &worst[n.kind]
		if *w == nil {
			count++
		}
		if *w == nil || n.notes.State > (*w).notes.State {
			*w = n
		}
	}
	list := make([]ObligationNote, count)
	count = 0
	for _, n := range worst {
		if n != nil {
			list[count].Obligation = &n.notes
			_, list[count].Person = n.names(j.f)
			count++
		}
	}
	return list
}

// remedies lists what would remove each reason that is not a permission, once.
func (j *judge) remedies() []Remedy {
	var wanted [remedyCount]bool
	count := 0
	for i := range j.notes {
		if r := j.notes[i].remedy; r != noRemedy && !wanted[r] {
			wanted[r] = true
			count++
		}
	}
	list := make([]Remedy, 0, count)
	for r, is := range wanted {
		if is {
			list = append(list, remedies[r])
		}
	}
	return list
}

func (j *judge) advice() []Advice {
	list := []Advice{}
	if j.e.closed != nil {
		return list
	}
	var asked uint64
	for i := range j.acts {
		if j.acts[i].auxiliary {
			asked |= j.acts[i].rule.advice
		}
	}
	for i := range j.e.advice {
		if d := &j.e.advice[i]; asked>>i&1 != 0 && j.advisable(d) {
			list = append(list, d.advice)
		}
	}
	return list
}

func (j *judge) advisable(d *adviceDuty) bool {
	field, overdue := 0, false
	for i := range j.f.Auxiliaries {
		a := &j.f.Auxiliaries[i]
		if a.Role == RoleField {
			field++
		}
		overdue = overdue || a.Role != RoleNone && a.Training == TrainingRefresherOverdue
	}
	officers := len(j.f.Officers)
	switch d.code {
	case adviceTeam:
		return officers == 0 && field > 0 && field < d.bound
	case adviceSpan:
		return officers > 0 && field > d.bound*officers
	}
	return overdue
}
