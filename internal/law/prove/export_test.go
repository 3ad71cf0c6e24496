package prove

import (
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// WalkedFields are the fields of law.Facts that the walk varies, FixedFields those it leaves as they are on purpose.
func WalkedFields() []string {
	fields := append([]string{}, sceneFields...)
	for _, p := range parts(law.Default().Units()) {
		fields = append(fields, p.fields...)
	}
	return fields
}

// FixedFields see WalkedFields.
func FixedFields() []string { return fixedFields }

// Effects are the remedies of which the walk knows what they do.
func Effects() (codes []string) { return sorted(effects) }

// RunBlind proves with a folding that takes all officers for alike, whatever is asked of them.
func RunBlind(lib *law.Library, id string, o Options) (*Report, error) {
	p, err := prepare(lib, id, o)
	if err != nil {
		return nil, err
	}
	p.see = func(asked) asked { return asked{} }
	return p.run(o.Workers), nil
}

// RunMixedUp proves with a folding that takes all kinds of case for alike.
func RunMixedUp(lib *law.Library, id string, o Options) (*Report, error) {
	p, err := prepare(lib, id, o)
	if err != nil {
		return nil, err
	}
	p.sightOf = func(at time.Time, act string, role law.Role, tags law.Tags, _ law.CaseKind) string {
		return p.reader.Of(at, act, role, tags, law.CaseNone)
	}
	return p.run(o.Workers), nil
}
