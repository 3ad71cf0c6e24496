package law

import (
	"math/bits"
	"slices"
	"sync"
)

// judge walks the facts of one task past everything the law asks, noting what it finds. The yes/no decision and the full ruling
// are the same walk, so they cannot differ; only the ruling keeps every note.
type judge struct {
	f     *Facts
	e     *edition
	acts  []actState
	keep  bool
	notes []note
	top   note // the first of the worst
}

// note is a finding about an act or a person of the facts, by index; -1: none.
type note struct {
	*finding
	act, person int32
}

// actState is one act of the task while it is judged.
type actState struct {
	rule      *actRule
	id        int32
	done      bool // somebody does it
	auxiliary bool // an auxiliary does
	plain     bool // somebody does it whom an emergency does not excuse
}

// judges lends the memory a walk needs, so that judging allocates nothing once it has run for a while.
var judges = sync.Pool{New: func() any { return new(judge) }}

// hear checks the facts and judges them. The judge must be dismissed afterwards; its notes are no longer its own then.
func (b *Book) hear(f *Facts, keep bool) (*judge, *InputError) {
	j := judges.Get().(*judge)
	j.f, j.e, j.keep = f, b.at(f.At.Unix()), keep
	err := j.check(b)
	if err == nil {
		j.judge()
	}
	return j, err
}

func (j *judge) dismiss() {
	j.f, j.e, j.top = nil, nil, note{}
	j.acts, j.notes = j.acts[:0], j.notes[:0]
	judges.Put(j)
}

func (j *judge) note(fd *finding, act, person int) {
	for ; fd != nil; fd = fd.beside {
		n := note{fd, int32(act), int32(person)}
		if fd.reason.Verdict == NeedsHuman && len(j.f.Decisions) > 0 {
			n.finding = j.decided(n)
		}
		if j.top.finding == nil || n.reason.Verdict > j.top.reason.Verdict {
			j.top = n
		}
		if j.keep {
			j.notes = append(j.notes, n)
		}
	}
}

// decided is a finding as the approver's decision about it leaves it, and as it is where there is none.
func (j *judge) decided(n note) *finding {
	act, person := n.names(j.f)
	for i := range j.f.Decisions {
		x := &j.f.Decisions[i]
		if x.Citation != n.reason.Citation || x.Fact != n.reason.Fact || x.Act != act || x.Person != person {
			continue
		}
		if x.Allow {
			return n.allowed
		}
		return n.refused
	}
	return n.finding
}

// judge rules on facts that were checked.
func (j *judge) judge() {
	if j.e.closed != nil {
		j.note(j.e.closed, -1, -1)
		return
	}
	active := j.active()
	var plainTask, openTask uint64
	for p := range j.f.Auxiliaries {
		a := &j.f.Auxiliaries[p]
		if a.Role == RoleNone {
			j.outsider(p, a)
			continue
		}
		plainOwed, openOwed := j.person(p, a, active)
		plainTask |= plainOwed
		openTask |= openOwed
	}
	for i := range j.acts {
		j.act(i)
	}
	for owed := (plainTask | openTask) &^ j.e.person; owed != 0; owed &= owed - 1 {
		b := bits.TrailingZeros64(owed)
		j.task(b, plainTask>>b&1 != 0)
	}
}

// active is the set of conditions that the circumstances of the task call for, of those that its acts are bound by.
func (j *judge) active() uint64 {
	active, bound := j.e.always, j.e.restraint
	for i := range j.acts {
		bound |= j.acts[i].rule.owed
	}
	for rest := bound &^ active; rest != 0; rest &= rest - 1 {
		if b := bits.TrailingZeros64(rest); j.e.duties[b].when.holds(j.f) {
			active |= 1 << b
		}
	}
	return active
}

// outsider is a person who is no auxiliary (Art. 3): nothing is permitted to such a person, and no rule speaks of one.
func (j *judge) outsider(p int, a *Auxiliary) {
	for i := range j.acts {
		if does(a, j.f.Acts[i]) {
			j.note(j.acts[i].rule.byRole[RoleNone], i, p)
		}
	}
}

func does(a *Auxiliary, act string) bool {
	return len(a.Acts) == 0 || slices.Contains(a.Acts, act)
}

// person judges what one auxiliary owes, and returns what is owed for his or her acts, apart where an emergency excuses it.
func (j *judge) person(p int, a *Auxiliary, active uint64) (plainOwed, openOwed uint64) {
	rescuer := j.f.Emergency && a.Role == RoleField && a.Status == StatusActive
	for i := range j.acts {
		s := &j.acts[i]
		if !does(a, j.f.Acts[i]) {
			continue
		}
		s.auxiliary = true
		j.note(s.rule.byRole[a.Role], i, p)
		if rescuer && s.rule.emergency {
			openOwed |= s.rule.owed
		} else {
			plainOwed |= s.rule.owed
			s.plain = true
		}
	}
	if len(a.Equipment) > 0 && j.equipment(p, a) {
		if plainOwed == 0 {
			openOwed |= j.e.restraint
		} else {
			plainOwed |= j.e.restraint
		}
	}
	plainOwed &= active
	openOwed &= active
	for owed := (plainOwed | openOwed) & j.e.person; owed != 0; owed &= owed - 1 {
		b := bits.TrailingZeros64(owed)
		d := &j.e.duties[b]
		j.owes(p, a, d, d.table[j.mode(plainOwed>>b&1 != 0)])
	}
	return plainOwed, openOwed
}

func (j *judge) mode(isPlain bool) int {
	m := int(j.f.Phase) * variants
	switch {
	case !isPlain:
		return m + opened
	case j.f.Emergency:
		return m + emergency
	}
	return m
}

// equipment judges what an auxiliary carries, uses or keeps, by every layer that speaks of it (the strictest wins), and says whether
// restraint equipment is in use.
func (j *judge) equipment(p int, a *Auxiliary) (restraint bool) {
	for i := range a.Equipment {
		item := &a.Equipment[i]
		restraint = restraint || item.Class == EquipmentRestraint && item.Use == UseUse
		for _, d := range j.e.equipment[item.Class][item.Use] {
			switch {
			case d.byRole[a.Role] != nil:
				j.note(d.byRole[a.Role], -1, p)
			case slices.Contains(d.list, item.Item):
				j.note(d.listed, -1, p)
			default:
				j.note(d.unlisted, -1, p)
			}
		}
	}
	return restraint
}

// owes judges one condition of a person.
func (j *judge) owes(p int, a *Auxiliary, d *duty, table []*finding) {
	c := 0
	switch d.kind {
	case kindStatus:
		c = int(a.Status)
	case kindTraining:
		c = int(a.Training)
	case kindNoRecusal:
		c = int(a.Recusal)
	case kindUniform:
		c = int(a.Uniform)
	case kindIDCard:
		c = int(a.IDCard)
		if d.waives && a.Uniform == UniformPlainClothesOrder {
			c = idCardWaived
		}
	case kindRecording:
		c = int(a.Recording)
	case kindQualification:
		j.qualification(p, a, d, table)
		return
	default: // officer_command is the only other condition of a person
		j.command(p, a, d, table)
		return
	}
	j.note(table[c], -1, p)
}

func (j *judge) qualification(p int, a *Auxiliary, d *duty, table []*finding) {
	if a.Operates == 0 {
		return
	}
	missing := uint8(a.Operates &^ a.Qualifications)
	for m := missing; m != 0; m &= m - 1 {
		j.note(table[vehicleMissing+bits.TrailingZeros8(m)], -1, p)
	}
	if missing == 0 {
		j.note(table[vehicleHeld], -1, p)
	}
	switch {
	case d.role == RoleNone || a.Role == d.role || d.otherRole:
	case missing == 0 && !d.denied:
		j.note(table[vehicleOtherRole], -1, p)
	default:
		j.note(table[vehicleOtherAny], -1, p)
	}
}

// command judges the use of restraint equipment (Art. 17(4)): each thing that is missing is its own reason.
func (j *judge) command(p int, a *Auxiliary, d *duty, table []*finding) {
	lawful := true
	lacks := func(is bool, c int) {
		if is {
			lawful = false
			j.note(table[c], -1, p)
		}
	}
	lacks(d.role != RoleNone && a.Role != d.role, commandOtherRole)
	lacks(!j.f.Emergency, commandNoDanger)
	lacks(slices.ContainsFunc(a.Equipment, d.unlisted), commandUnlisted)
	j.ordered(d, lacks)
	if lawful {
		j.note(table[commandMet], -1, p)
	}
}

func (d *duty) unlisted(e EquipmentItem) bool {
	return e.Class == EquipmentRestraint && e.Use == UseUse && !slices.Contains(d.list, e.Item)
}

// ordered says what the officer's order lacks: it must be there, a command must be recorded, and an officer must be on the spot
// where the order may not come from afar, or is a lead that nobody recorded.
func (j *judge) ordered(d *duty, lacks func(bool, int)) {
	order := j.f.Command
	none := order == nil || order.Mode == ModeNone
	command := !none && order.Mode == ModeCommand
	lacks(none, commandNone)
	lacks(command && !order.Recorded, commandUnrecorded)
	if d.remote && (none || command || order.Recorded) {
		return
	}
	onTheSpot := j.onTheSpot()
	lacks(onTheSpot == countShort, commandNobody)
	lacks(onTheSpot == countUnknown, commandDoubtful)
}

// act judges what is asked for one act of the task, whoever does it.
func (j *judge) act(i int) {
	s := &j.acts[i]
	if !s.auxiliary {
		return
	}
	for k := range s.rule.forbidden {
		if x := &s.rule.forbidden[k]; x.applies(j.f) {
			if j.f.Emergency {
				j.note(x.inDanger, i, -1)
			} else {
				j.note(x.calm, i, -1)
			}
		}
	}
	table := j.mode(s.plain)
	for _, d := range s.rule.own {
		if d.when.holds(j.f) {
			j.asks(i, d, d.table[table])
		}
	}
}

func (j *judge) asks(i int, d *duty, table []*finding) {
	switch d.kind {
	case kindArrangement:
		j.arrangement(i, d, table)
	case kindLeadOfficer:
		j.lead(i, d, table)
	default: // officer_en_route is the only other condition of an act
		j.note(table[j.coming(d)], i, -1)
	}
}

func (j *judge) arrangement(i int, d *duty, table []*finding) {
	organ, officer := j.f.Arrangement.Organ, j.f.Arrangement.Officer
	if d.either {
		best := max(organ, officer)
		if best == No && (organ == Unknown || officer == Unknown) {
			best = Unknown
		}
		j.note(table[[...]int{Unknown: eitherUnknown, No: neitherArranged, Yes: arrangementMet}[best]], i, -1)
		return
	}
	if d.organ && organ != Yes {
		j.note(table[[...]int{Unknown: organUnknown, No: organNot}[organ]], i, -1)
	}
	if d.officer && officer != Yes {
		j.note(table[[...]int{Unknown: officerUnknown, No: officerNot}[officer]], i, -1)
	}
	if (!d.organ || organ == Yes) && (!d.officer || officer == Yes) {
		j.note(table[arrangementMet], i, -1)
	}
}

// task judges a condition of the task as a whole.
func (j *judge) task(bit int, isPlain bool) {
	d := &j.e.duties[bit]
	table := d.table[j.mode(isPlain)]
	switch d.kind {
	case kindGuardNamed:
		j.note(table[j.f.GuardNamed], -1, -1)
	case kindEvidenceReview:
		if j.f.EvidenceUse {
			j.note(table[0], -1, -1)
		}
	default: // min_officers and combination
		j.note(table[j.count(bit, d.combos)], -1, -1)
	}
}
