package prove

import (
	"slices"
	"sync"
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// WalkedFields are the fields of law.Facts that the walk varies, FixedFields those it leaves as they are on purpose.
func WalkedFields() []string {
	fields := slices.Concat(sceneFields, decisionFields)
	for _, p := range parts(law.Default().Units()) {
		fields = append(fields, p.fields...)
	}
	return fields
}

// FixedFields see WalkedFields.
func FixedFields() []string { return fixedFields }

// Effects are the remedies of which the walk knows what they do.
func Effects() (codes []string) { return sorted(effects) }

// RunStatements judges the statements and takes it for granted that the parts are independent.
func RunStatements(lib *law.Library, id string, o Options) (*Report, error) {
	p, err := prepare(lib, id, o)
	if err != nil {
		return nil, err
	}
	p.holds = false
	return p.run(max(o.Workers, 1)), nil
}

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

// RunSpoiled proves with a core that says something else of what it finds, in calm scenes at the start of work, without samples and
// without what compares scenes.
func RunSpoiled(lib *law.Library, id string, o Options, spoil func(*law.Facts, law.Finding) law.Finding) (*Report, error) {
	p, err := prepare(lib, id, o)
	if err != nil {
		return nil, err
	}
	p.claims = slices.DeleteFunc(p.claims, func(c claim) bool { return c.Worse != nil })
	for i := range p.claims {
		p.claims[i].index = i
	}
	p.plays = func(s scene) bool {
		return s.phase == law.Start && s.status == law.StatusActive && s.restraint == 0 && !s.emergency
	}
	p.core, p.samples = spoiledCore{p.book, spoil, new(sync.Map)}, 0
	return p.run(o.Workers), nil
}

type spoiledCore struct {
	*law.Book
	spoil func(*law.Facts, law.Finding) law.Finding
	said  *sync.Map // each finding once, as the law core has it
}

func (c spoiledCore) Rule(f *law.Facts) (law.Ruling, error) {
	r, err := c.Book.Rule(f)
	r.Outcome = law.Permitted
	for i := range r.Reasons {
		was := r.Reasons[i].Finding
		x := c.spoil(f, *was)
		if x != *was {
			known, _ := c.said.LoadOrStore(x, &x)
			r.Reasons[i].Finding = known.(*law.Finding)
		}
		r.Outcome = max(r.Outcome, x.Verdict)
	}
	return r, err
}

func (c spoiledCore) Decide(f *law.Facts) (law.Verdict, error) {
	r, err := c.Rule(f)
	return law.Verdict{Outcome: r.Outcome}, err
}

func (c spoiledCore) Findings(f *law.Facts, show func(*law.Finding)) (law.Outcome, error) {
	r, err := c.Rule(f)
	for i := range r.Reasons {
		show(r.Reasons[i].Finding)
	}
	return r.Outcome, err
}
