package law

import (
	"slices"
	"strconv"
)

// check refuses facts that no rule can be asked about, and resolves the acts.
func (j *judge) check(b *Book) *InputError {
	f := j.f
	if err := f.wellFormed(); err != nil {
		return err
	}
	for i, act := range f.Acts {
		id, ok := b.index[act]
		if !ok {
			return inputError("/acts/"+strconv.Itoa(i), "unknown act %q", act)
		}
		for k := range j.acts {
			if j.acts[k].id == id {
				return inputError("/acts/"+strconv.Itoa(i), "act %q twice", act)
			}
		}
		j.acts = append(j.acts, actState{id: id, rule: &j.e.acts[id]})
	}
	for p := range f.Auxiliaries {
		if err := j.assign(p, &f.Auxiliaries[p]); err != nil {
			return err
		}
	}
	for i := range j.acts {
		if !j.acts[i].done {
			return inputError("/acts/"+strconv.Itoa(i), "nobody does %q", f.Acts[i])
		}
	}
	return f.decisionsKnown()
}

// decisionsKnown: each decision is about a reason that these facts can have, and no reason is decided twice.
func (f *Facts) decisionsKnown() *InputError {
	for i := range f.Decisions {
		if field, problem := f.refuses(i); problem != "" {
			return inputError("/decisions/"+strconv.Itoa(i)+field, "%s", problem)
		}
	}
	return nil
}

func (f *Facts) refuses(i int) (field, problem string) {
	x := &f.Decisions[i]
	switch {
	case x.Citation == "":
		return "/citation", "required"
	case x.Fact == "":
		return "/fact", "required"
	case x.Act != "" && !slices.Contains(f.Acts, x.Act):
		return "/act", "the act is not the task's"
	case x.Person != "" && !slices.ContainsFunc(f.Auxiliaries, func(a Auxiliary) bool { return a.ID == x.Person }):
		return "/person", "the person is not on the task"
	case slices.ContainsFunc(f.Decisions[:i], func(y Decision) bool { return y.sameAs(x) }):
		return "", "decided twice"
	}
	return "", ""
}

func (x Decision) sameAs(y *Decision) bool {
	return x.Citation == y.Citation && x.Fact == y.Fact && x.Act == y.Act && x.Person == y.Person
}

// assign marks the acts a person does.
func (j *judge) assign(p int, a *Auxiliary) *InputError {
	if len(a.Acts) == 0 {
		for i := range j.acts {
			j.acts[i].done = true
		}
	}
	for k, act := range a.Acts {
		i := slices.Index(j.f.Acts, act)
		if i < 0 {
			return inputError("/auxiliaries/"+strconv.Itoa(p)+"/acts/"+strconv.Itoa(k), "act %q is not the task's", act)
		}
		j.acts[i].done = true
	}
	return nil
}

// wellFormed checks what no word list can: that what is required is there, that ids are unique, that every word is one of its
// list (facts made in Go may hold any number).
func (f *Facts) wellFormed() *InputError {
	switch {
	case f.At.IsZero():
		return inputError("/at", "required")
	case len(f.Acts) == 0:
		return inputError("/acts", "at least one act")
	case len(f.Auxiliaries) == 0:
		return inputError("/auxiliaries", "at least one person")
	case !f.wordsKnown():
		return inputError("", "a word that is not on its list")
	}
	for i := range f.Auxiliaries {
		a := &f.Auxiliaries[i]
		if !a.wordsKnown() {
			return inputError("/auxiliaries/"+strconv.Itoa(i), "a word that is not on its list")
		}
		for k := range i {
			if f.Auxiliaries[k].ID == a.ID {
				return inputError("/auxiliaries/"+strconv.Itoa(i)+"/id", "id %q twice", a.ID)
			}
		}
	}
	for i := range f.Officers {
		o := &f.Officers[i]
		if o.OnDuty > Yes || o.SameOrgan > Yes || o.Presence > PresenceEnRoute {
			return inputError("/officers/"+strconv.Itoa(i), "a word that is not on its list")
		}
		for k := range i {
			if f.Officers[k].ID == o.ID {
				return inputError("/officers/"+strconv.Itoa(i)+"/id", "id %q twice", o.ID)
			}
		}
	}
	return nil
}

func (f *Facts) wordsKnown() bool {
	return f.Phase <= During && f.CaseKind <= CaseCriminal && f.Tags <= lastTag<<1-1 && f.GuardNamed <= Yes &&
		f.Signatory <= SignatoryAuxiliary && f.Arrangement.Organ <= Yes && f.Arrangement.Officer <= Yes &&
		(f.Command == nil || f.Command.Mode <= ModeLead)
}

func (a *Auxiliary) wordsKnown() bool {
	for i := range a.Equipment {
		if e := &a.Equipment[i]; e.Class > EquipmentWeapon || e.Use > UseKeep {
			return false
		}
	}
	return a.Role <= RoleCivilian && a.Status <= StatusSeparated && a.Training <= TrainingExpired &&
		a.Uniform <= UniformPlainClothesOrder && a.IDCard <= Yes && a.Recording <= RecordingBuffering &&
		a.Recusal <= RecusalRefused && a.Operates <= Drone<<1-1 && a.Qualifications <= Drone<<1-1
}
