package prove

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/dutybound/dutybound/internal/law"
)

// violation is a counter-example on the way to being the smallest.
type violation struct {
	cost  int // how many facts are not the plainest
	scene scene
	why   string
	cases []Case
}

// smaller is the smaller of two counter-examples, and of equally small ones always the same.
func smaller(x, y *violation) *violation {
	if x == nil || y != nil && compare(y, x) < 0 {
		return y
	}
	return x
}

func compare(x, y *violation) int {
	a, b := &x.scene, &y.scene
	order := cmp.Or(
		cmp.Compare(x.cost, y.cost), cmp.Compare(a.sight, b.sight), cmp.Compare(a.phase, b.phase), cmp.Compare(a.status, b.status),
		cmp.Compare(a.restraint, b.restraint), cmp.Compare(x.why, y.why),
	)
	if order == 0 && a.emergency != b.emergency {
		order = 1
		if b.emergency {
			order = -1
		}
	}
	return order
}

// isSmallest says whether a violation would be the smallest of the worker's so far.
func (w *worker) isSmallest(claim int, x *violation) bool {
	return w.smallest[claim] == nil || compare(x, w.smallest[claim]) < 0
}

func (w *worker) note(claim int, x *violation) {
	if w.isSmallest(claim, x) {
		w.smallest[claim] = x
	}
}

// counter is the counter-example as it is reported, without facts that play no role in it.
func (p *proof) counter(x *violation) *Counter {
	if x == nil {
		return nil
	}
	for _, drop := range []func(*law.Facts){
		func(f *law.Facts) { f.Officers = nil },
		func(f *law.Facts) { f.GuardNamed = law.Unknown },
	} {
		p.trim(x.cases, drop)
	}
	return &Counter{Cases: x.cases, Why: x.why}
}

// trim drops a fact if no case is ruled otherwise without it.
func (p *proof) trim(cases []Case, drop func(*law.Facts)) {
	trimmed := make([]*law.Facts, len(cases))
	for i, c := range cases {
		trimmed[i] = clone(c.Facts)
		drop(trimmed[i])
		if p.ruled(trimmed[i]).Outcome != c.Outcome {
			return
		}
	}
	for i := range cases {
		cases[i].Facts = trimmed[i]
	}
}

// caseFile is a case file, in the order in which a person reads one; what has its default is left out.
type caseFile struct {
	Rulebook string            `yaml:"rulebook"`
	Readings map[string]string `yaml:"readings,omitempty,flow"`
	Entries  []law.Entry       `yaml:"entries,omitempty"`
	Cases    []writtenCase     `yaml:"cases"`
}

type writtenCase struct {
	Name        string            `yaml:"name"`
	At          string            `yaml:"at"`
	Phase       string            `yaml:"phase,omitempty"`
	Acts        []string          `yaml:"acts,flow"`
	CaseKind    string            `yaml:"case_kind,omitempty"`
	Tags        []string          `yaml:"tags,omitempty,flow"`
	GuardNamed  string            `yaml:"guard_named,omitempty"`
	EvidenceUse bool              `yaml:"evidence_use,omitempty"`
	Emergency   bool              `yaml:"emergency,omitempty"`
	Signatory   string            `yaml:"signatory,omitempty"`
	Arrangement map[string]string `yaml:"arrangement,omitempty,flow"`
	Auxiliaries []map[string]any  `yaml:"auxiliaries"`
	Officers    []map[string]any  `yaml:"officers,omitempty"`
	Command     map[string]any    `yaml:"command,omitempty,flow"`
	Decisions   []map[string]any  `yaml:"decisions,omitempty"`
}

// YAML is the counter-example as a case file for `dutybound law rule -`.
func (r *Report) YAML(x Result) string {
	file := caseFile{Rulebook: r.Rulebook, Readings: r.Settings.Readings}
	for _, c := range x.Counter.Cases {
		w := written(c.Facts)
		w.Name = x.ID + ": ruled " + c.Outcome.String()
		file.Cases = append(file.Cases, w)
		for _, e := range r.Settings.Entries {
			if e.Act == c.Facts.Acts[0] && !slices.Contains(file.Entries, e) {
				file.Entries = append(file.Entries, e)
			}
		}
	}
	text, err := yaml.Marshal(file)
	if err != nil {
		panic(err) // words, numbers and flags can be written
	}
	return string(text)
}

func written(f *law.Facts) writtenCase {
	w := writtenCase{
		At: f.At.Format(time.RFC3339), Acts: f.Acts, Tags: f.Tags.Words(), EvidenceUse: f.EvidenceUse, Emergency: f.Emergency,
		Phase: unless(f.Phase, law.Start), CaseKind: unless(f.CaseKind, law.CaseNone), GuardNamed: unless(f.GuardNamed, law.Unknown),
		Signatory: unless(f.Signatory, law.SignatoryNone), Arrangement: map[string]string{},
	}
	for key, answer := range map[string]law.Answer{"organ": f.Arrangement.Organ, "officer": f.Arrangement.Officer} {
		if answer != law.Yes {
			w.Arrangement[key] = answer.String()
		}
	}
	for i := range f.Auxiliaries {
		w.Auxiliaries = append(w.Auxiliaries, writtenAuxiliary(&f.Auxiliaries[i]))
	}
	for _, o := range f.Officers {
		m := object{"id": o.ID, "presence": o.Presence.String()}
		m.set("lead", o.Lead, o.Lead)
		m.set("on_duty", o.OnDuty.String(), o.OnDuty != law.Yes)
		m.set("same_organ", o.SameOrgan.String(), o.SameOrgan != law.Yes)
		w.Officers = append(w.Officers, m)
	}
	for _, d := range f.Decisions {
		m := object{"citation": d.Citation, "fact": d.Fact, "allow": d.Allow}
		m.set("act", d.Act, d.Act != "")
		m.set("person", d.Person, d.Person != "")
		w.Decisions = append(w.Decisions, m)
	}
	if f.Command != nil {
		w.Command = map[string]any{"mode": f.Command.Mode.String(), "recorded": f.Command.Recorded}
	}
	return w
}

func writtenAuxiliary(a *law.Auxiliary) map[string]any {
	m := object{"id": a.ID, "role": a.Role.String()}
	m.set("status", a.Status.String(), a.Status != law.StatusActive)
	m.set("training", a.Training.String(), a.Training != law.TrainingPassed)
	m.set("uniform", a.Uniform.String(), a.Uniform != law.UniformYes)
	m.set("id_card", a.IDCard.String(), a.IDCard != law.Yes)
	m.set("recording", a.Recording.String(), a.Recording != law.RecordingOn)
	m.set("recusal", a.Recusal.String(), a.Recusal != law.RecusalNone)
	m.set("qualifications", a.Qualifications.Words(), a.Qualifications != 0)
	m.set("operates", a.Operates.Words(), a.Operates != 0)
	var equipment []map[string]any
	for _, x := range a.Equipment {
		thing := object{"class": x.Class.String(), "use": x.Use.String()}
		thing.set("item", x.Item, x.Item != "")
		equipment = append(equipment, thing)
	}
	m.set("equipment", equipment, equipment != nil)
	return m
}

// object are the keys of an object that are not left out.
type object map[string]any

func (m object) set(key string, value any, is bool) {
	if is {
		m[key] = value
	}
}

// unless is a word but for the default, which is left out.
func unless[W interface {
	comparable
	String() string
}](word, preset W) string {
	if word == preset {
		return ""
	}
	return word.String()
}

// distance counts what has to be said to write facts down.
func distance(f *law.Facts) int {
	text, _ := yaml.Marshal(written(f))
	return len(strings.Fields(string(text)))
}
