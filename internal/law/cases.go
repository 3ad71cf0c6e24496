package law

import (
	"io"
	"strings"
)

// CaseFile is a file of the law's tests: facts and what the law must say to them, readable by a lawyer.
type CaseFile struct {
	Rulebook string // instrument id, cq-2021 when left out
	Settings
	Cases      []Case
	Applicants []ApplicantCase // beside the cases, or instead of them
}

// Case is one case. Err says why its facts, or the file they stand in, cannot be read; a case may expect that.
type Case struct {
	Name   string
	Line   int
	Facts  Facts
	Expect Expect
	Err    error
}

// Expect is what a case asks of its ruling. Each list names what must be there; more may be.
type Expect struct {
	Outcome     *Outcome
	Cites       []string
	Obligations map[string]ObligationState
	Remedies    []string
	Error       bool
}

// DefaultRulebook is what facts are ruled under when nothing else is named.
const DefaultRulebook = "cq-2021"

// ReadCases reads a case file. What is wrong with one case is kept with it (Case.Err), what is wrong with the file with each of
// its cases; an error is returned only when no case can be read at all. Problems are *InputError with the line and the field.
func ReadCases(r io.Reader) (CaseFile, error) {
	n, err := readYAML(r)
	if err != nil {
		return CaseFile{}, err
	}
	var d decoder
	file := CaseFile{Rulebook: DefaultRulebook, Settings: Settings{Readings: map[string]string{}}}
	d.object(n, fields{
		"rulebook": func(v node) { file.Rulebook = d.name(v) },
		"readings": func(v node) { d.readings(v, file.Readings) },
		"entries":  func(v node) { file.Entries = list(&d, v, d.registered) },
		"cases":    func(v node) { file.Cases = list(&d, v, readCase) },

		"applicants": func(v node) { file.Applicants = list(&d, v, readApplicantCase) },
	})
	if len(file.Cases)+len(file.Applicants) == 0 {
		d.fail(n, "no cases")
		return file, d.error()
	}
	for i := range file.Cases {
		if file.Cases[i].Err == nil {
			file.Cases[i].Err = d.error()
		}
	}
	for i := range file.Applicants {
		if file.Applicants[i].Err == nil {
			file.Applicants[i].Err = d.error()
		}
	}
	return file, nil
}

// listEnd closes a list of words, so that a list is told from one word: only a reading of words takes it.
const listEnd = ","

// readings takes the value of a reading as one word, or as a list of words (restraint_list).
func (d *decoder) readings(n node, to map[string]string) {
	if n.kind != objectNode {
		d.fail(n, "want readings by id")
		return
	}
	for i, key := range n.keys {
		if _, twice := to[key.text]; twice {
			d.fail(key, "key %q twice", key.text)
		}
		if v := n.list[i]; v.kind == listNode {
			to[key.text] = strings.Join(list(d, v, d.item), ",") + listEnd
		} else {
			to[key.text] = d.text(v)
		}
	}
}

// registered reads an organ's entry; what it lacks the rulebook refuses.
func (d *decoder) registered(n node) (e Entry) {
	d.object(n, fields{
		"item":  func(v node) { e.Item = d.name(v) },
		"act":   func(v node) { e.Act = d.name(v) },
		"name":  func(v node) { e.Name = d.bilingual(v) },
		"basis": func(v node) { e.Basis = d.name(v) },
	})
	return e
}

func (d *decoder) item(n node) string {
	if strings.Contains(n.text, ",") {
		d.fail(n, "a comma parts words")
	}
	return d.name(n)
}

func readCase(n node) Case {
	var d decoder
	c := Case{Line: n.line}
	c.Facts = d.facts(n, fields{
		"name":   func(v node) { c.Name = d.name(v) },
		"expect": func(v node) { c.Expect = d.expect(v) },
	})
	if c.Name == "" {
		n.path += "/name"
		d.fail(n, "required")
	}
	c.Err = d.error()
	return c
}

func (d *decoder) expect(n node) (e Expect) {
	d.object(n, fields{
		"outcome": func(v node) {
			o := word[Outcome](d, v, outcomeWords)
			e.Outcome = &o
		},
		"cites":       func(v node) { e.Cites = list(d, v, d.name) },
		"obligations": func(v node) { e.Obligations = d.states(v) },
		"remedies":    func(v node) { e.Remedies = list(d, v, d.name) },
		"error":       func(v node) { e.Error = d.flag(v) },
	})
	return e
}

func (d *decoder) states(n node) map[string]ObligationState {
	states := make(map[string]ObligationState, len(n.keys))
	known := make(fields, len(n.keys))
	for _, key := range n.keys {
		known[key.text] = func(v node) { states[key.text] = word[ObligationState](d, v, obligationWords) }
	}
	d.object(n, known)
	return states
}
