package law

import "strconv"

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
	return f.Phase <= During && f.CaseKind <= CaseCriminal && f.Tags <= TagFacility<<1-1 && f.GuardNamed <= Yes &&
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
