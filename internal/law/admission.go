package law

import "slices"

// What the files of a rulebook ask of applicants. An item of the kind "recruits" has a list of these.

// admission is one thing that is asked of an applicant.
type admission struct {
	asks            string
	of              []string // the words of bars, stages or priorities
	due             Recruiting
	min, max        int       // age
	lower, upper    *value    // age: which day is the first, and the last
	field, civilian Education // the least, by the role applied for
	verdict         *value    // of a bar that holds
}

const (
	asksNational  = "chinese_national"
	asksConduct   = "conduct"
	asksAge       = "age"
	asksAbility   = "ability"
	asksEducation = "education"
	asksFitness   = "fitness"
	asksBar       = "bar"
	asksStages    = "stages"
	asksPriority  = "priority"
)

var (
	lowerOptions = []string{"birthday", "day_after"}
	upperOptions = []string{"whole_year", "birthday"}
	barOptions   = []string{"prohibited", "needs_human"}
)

func (d *decoder) admission(n node) admission {
	x := admission{}
	d.object(n, fields{
		"asks": func(v node) {
			x.asks = d.oneOf(v, asksNational, asksConduct, asksAge, asksAbility, asksEducation, asksFitness, asksBar, asksStages, asksPriority)
		},
		"of":       func(v node) { x.of = list(d, d.filled(v), d.name) },
		"due":      func(v node) { x.due = word[Recruiting](d, v, recruitingWords) },
		"min":      func(v node) { x.min = d.number(v) },
		"max":      func(v node) { x.max = d.number(v) },
		"lower":    func(v node) { x.lower = d.option(v, lowerOptions) },
		"upper":    func(v node) { x.upper = d.option(v, upperOptions) },
		"field":    func(v node) { x.field = word[Education](d, v, educationWords) },
		"civilian": func(v node) { x.civilian = word[Education](d, v, educationWords) },
		"verdict":  func(v node) { x.verdict = d.option(v, barOptions) },
	})
	d.required(n, "asks")
	if !x.complete() {
		d.fail(n, "age has min, max, lower and upper; education field and civilian; bar, stages and priority of; a bar verdict")
	}
	return x
}

// option takes a word of a list, or the reading that supplies it.
func (d *decoder) option(n node, options []string) *value {
	v := d.value(n)
	if v.reading == "" && !slices.Contains(options, v.literal) {
		d.fail(n, "unknown word %q, want one of %v", v.literal, options)
	}
	return v
}

func (x admission) complete() bool {
	return (x.asks == asksAge) == (x.min > 0 && x.max > 0 && x.lower != nil && x.upper != nil) &&
		(x.asks == asksEducation) == (x.field != EducationUnknown && x.civilian != EducationUnknown) &&
		(x.asks == asksBar) == (x.verdict != nil) &&
		(x.asks == asksBar || x.asks == asksStages || x.asks == asksPriority) == (len(x.of) > 0)
}

func (x *admission) eachValue(note func(*value, []string)) {
	note(x.lower, lowerOptions)
	note(x.upper, upperOptions)
	note(x.verdict, barOptions)
}

// gate is an admission under one set of readings.
type gate struct {
	admission
	citation   string
	dayAfter   bool // the lower age is reached on the day after the birthday
	untilBirth bool // the upper age ends with the birthday itself
	undecided  bool // a person decides on the bar
}

// recruits adds what an item asks of applicants.
func (c *compiler) recruits(ins *instrument, it *item) {
	for _, x := range it.admits {
		g := gate{admission: x, citation: ins.cite(it.ref)}
		if x.asks == asksAge {
			g.dayAfter, g.untilBirth = c.values.of(*x.lower) == "day_after", c.values.of(*x.upper) == "birthday"
		}
		g.undecided = x.asks == asksBar && c.values.of(*x.verdict) == "needs_human"
		c.e.gates = append(c.e.gates, g)
	}
}
