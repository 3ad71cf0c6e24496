package naive

import (
	"encoding"
	"errors"
	"fmt"
	"slices"

	"github.com/dutybound/dutybound/internal/law"
)

// check refuses facts that ask nothing: no moment, no act, nobody, an act that nobody does or that is not the task's, the same
// name twice, a value for which there is no word.
func (j *judge) check() error {
	f := j.f
	if f.At.IsZero() {
		return errors.New("at: the moment is missing")
	}
	if len(f.Acts) == 0 {
		return errors.New("acts: at least one")
	}
	if len(f.Auxiliaries) == 0 {
		return errors.New("auxiliaries: at least one")
	}
	for _, act := range f.Acts {
		if j.item(act) == "" {
			return fmt.Errorf("acts: %q is not in the catalogue", act)
		}
	}
	return errors.Join(checkTwice(f), checkShares(f), checkWords(f), checkDecisions(f))
}

func checkTwice(f *law.Facts) error {
	seen := map[string]bool{}
	names := slices.Clone(f.Acts)
	for _, p := range f.Auxiliaries {
		names = append(names, "auxiliary "+p.ID)
	}
	for _, o := range f.Officers {
		names = append(names, "officer "+o.ID)
	}
	for _, name := range names {
		if seen[name] {
			return fmt.Errorf("%s stands there twice", name)
		}
		seen[name] = true
	}
	return nil
}

func checkShares(f *law.Facts) error {
	done := map[string]bool{}
	for _, p := range f.Auxiliaries {
		for _, act := range share(f, p) {
			if !slices.Contains(f.Acts, act) {
				return fmt.Errorf("auxiliaries[%s].acts: %q is not an act of the task", p.ID, act)
			}
			done[act] = true
		}
	}
	for _, act := range f.Acts {
		if !done[act] {
			return fmt.Errorf("acts: nobody does %q", act)
		}
	}
	return nil
}

// share is what one person does of the task: their own list, or all of it.
func share(f *law.Facts, p law.Auxiliary) []string {
	if len(p.Acts) == 0 {
		return f.Acts
	}
	return p.Acts
}

// checkWords writes every value down as its word, which fails for one that has none.
func checkWords(f *law.Facts) error {
	words := []encoding.TextMarshaler{f.Phase, f.CaseKind, f.GuardNamed, f.Signatory, f.Arrangement.Organ, f.Arrangement.Officer}
	if f.Command != nil {
		words = append(words, f.Command.Mode)
	}
	for _, p := range f.Auxiliaries {
		words = append(words, p.Role, p.Status, p.Training, p.Uniform, p.IDCard, p.Recording, p.Recusal)
		for _, e := range p.Equipment {
			words = append(words, e.Class, e.Use)
		}
	}
	for _, o := range f.Officers {
		words = append(words, o.OnDuty, o.SameOrgan, o.Presence)
	}
	for _, word := range words {
		if _, err := word.MarshalText(); err != nil {
			return err
		}
	}
	return nil
}
