package law

import "time"

type (
	Recruiting  uint8
	Education   uint8
	StageResult uint8
)

const (
	Review Recruiting = iota // 资格审查: what later stages find out may be open
	Hire                     // 录用: everything is known
)

const (
	EducationUnknown Education = iota
	EducationBelow             // below senior secondary
	EducationSeniorSecondary
	EducationCollege
	EducationBachelor
	EducationPostgraduate
)

const (
	StagePending StageResult = iota
	StagePassed
	StageFailed
)

var (
	recruitingWords = words{"asked", []string{"review", "hire"}}
	educationWords  = words{"education", []string{"unknown", "below", "senior_secondary", "college", "bachelor", "postgraduate"}}
	stageWords      = words{"stage", []string{"pending", "passed", "failed"}}
)

func (r Recruiting) String() string                { return recruitingWords.name(uint8(r)) }
func (r Recruiting) MarshalText() ([]byte, error)  { return recruitingWords.text(uint8(r)) }
func (e Education) String() string                 { return educationWords.name(uint8(e)) }
func (e Education) MarshalText() ([]byte, error)   { return educationWords.text(uint8(e)) }
func (s StageResult) String() string               { return stageWords.name(uint8(s)) }
func (s StageResult) MarshalText() ([]byte, error) { return stageWords.text(uint8(s)) }

func (e *Education) UnmarshalText(text []byte) error {
	v, err := educationWords.parse(text)
	*e = Education(v)
	return err
}

// Applicant is somebody who applies to become an auxiliary (Art. 9 to 12), at one moment: everything the gate may depend on. What is
// behind a bar of Art. 10 is no fact of ours: whoever checked declares yes or no. Bars, stages and priorities go by the words of the
// rulebook; what is not named takes the value of Others, and without that it is unknown, or pending.
type Applicant struct {
	At              time.Time              `json:"at"`
	Asked           Recruiting             `json:"asked"`
	Role            Role                   `json:"role"` // applied for
	Born            time.Time              `json:"born"` // the day, as read in China
	ChineseNational Answer                 `json:"chinese_national"`
	Conduct         Answer                 `json:"conduct"` // supports the constitution, keeps the law, of good conduct
	Ability         Answer                 `json:"ability"`
	Education       Education              `json:"education"`
	Fitness         Answer                 `json:"fitness"` // body and mind
	Bars            map[string]Answer      `json:"bars"`
	Stages          map[string]StageResult `json:"stages"`
	Priorities      []string               `json:"priorities"` // claimed and checked
}

// Others is the key for every bar or stage that is not named.
const Others = "others"

func (a *Applicant) bar(word string) Answer {
	if answer, named := a.Bars[word]; named {
		return answer
	}
	return a.Bars[Others]
}

func (a *Applicant) stage(word string) StageResult {
	if result, named := a.Stages[word]; named {
		return result
	}
	return a.Stages[Others]
}

// ApplicantCase is a case of a case file about an applicant.
type ApplicantCase struct {
	Name      string
	Line      int
	Applicant Applicant
	Expect    Expect
	Err       error
}

func readApplicantCase(n node) ApplicantCase {
	var d decoder
	c := ApplicantCase{Line: n.line}
	c.Applicant = d.applicant(n, fields{
		"name":   func(v node) { c.Name = d.name(v) },
		"expect": func(v node) { c.Expect = d.expect(v) },
	})
	d.required(n, "name")
	c.Err = d.error()
	return c
}

// applicant reads an object; left out, nothing speaks against the applicant.
func (d *decoder) applicant(n node, known fields) Applicant {
	a := Applicant{
		ChineseNational: Yes, Conduct: Yes, Ability: Yes, Fitness: Yes,
		Bars: map[string]Answer{Others: No}, Stages: map[string]StageResult{Others: StagePassed},
	}
	known["at"] = func(v node) { a.At = d.instant(v) }
	known["asked"] = func(v node) { a.Asked = word[Recruiting](d, v, recruitingWords) }
	known["role"] = func(v node) { a.Role = word[Role](d, v, roleWords) }
	known["born"] = func(v node) { a.Born = d.date(v) }
	known["chinese_national"] = func(v node) { a.ChineseNational = d.answer(v) }
	known["conduct"] = func(v node) { a.Conduct = d.answer(v) }
	known["ability"] = func(v node) { a.Ability = d.answer(v) }
	known["education"] = func(v node) { a.Education = word[Education](d, v, educationWords) }
	known["fitness"] = func(v node) { a.Fitness = d.answer(v) }
	known["bars"] = func(v node) { eachWord(d, v, func(key string, v node) { a.Bars[key] = d.answer(v) }) }
	known["stages"] = func(v node) {
		eachWord(d, v, func(key string, v node) { a.Stages[key] = word[StageResult](d, v, stageWords) })
	}
	known["priorities"] = func(v node) { a.Priorities = list(d, v, d.name) }
	d.object(n, known)
	d.required(n, "at", "born", "role")
	return a
}

// eachWord reads an object whose keys are the rulebook's own words.
func eachWord(d *decoder, n node, read func(key string, v node)) {
	known := make(fields, len(n.keys))
	for _, key := range n.keys {
		known[key.text] = func(v node) { read(key.text, v) }
	}
	d.object(n, known)
}
