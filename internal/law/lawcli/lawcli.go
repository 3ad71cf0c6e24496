// Package lawcli is the law core at the command line: `dutybound law rule|test|check|explain|coverage|readings`. It owns the printed forms; what
// is printed is decided in package law.
package lawcli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dutybound/dutybound/internal/law"
)

// Exit codes: everything as asked, something differs or is refused, the call itself is wrong.
const (
	exitGood  = 0
	exitBad   = 1
	exitUsage = 2
)

// answer is one line of `law rule`.
type answer struct {
	File        string                         `json:"file"`
	Name        string                         `json:"name"`
	Outcome     law.Outcome                    `json:"outcome"`
	Reasons     []reason                       `json:"reasons"`
	Obligations map[string]law.ObligationState `json:"obligations"`
	Remedies    []string                       `json:"remedies"`
	Advice      []law.Advice                   `json:"advice"`
	Rulebooks   []law.RulebookRef              `json:"rulebooks"`
	Readings    string                         `json:"readings"`
}

// reason is a reason with all of its keys: who reads the line by machine finds null where there is no remedy.
type reason struct {
	Citation string      `json:"citation"`
	Verdict  law.Outcome `json:"verdict"`
	Message  law.Text    `json:"message"`
	Fact     string      `json:"fact"`
	Remedy   *string     `json:"remedy"`
	Act      string      `json:"act,omitempty"`
	Person   string      `json:"person,omitempty"`
}

// refusal is one line of `law rule` for facts that no ruling is possible on.
type refusal struct {
	File  string `json:"file"`
	Name  string `json:"name"`
	Error string `json:"error"`
}

// ruled is a case with what the law said to it.
type ruled struct {
	file   string
	c      law.Case
	ruling law.Ruling
	err    error
}

// Rule prints the ruling of every case of every file ("-": stdin), one JSON object a line, and reports 1 when a file cannot be
// read at all.
func Rule(files []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(files) == 0 {
		fmt.Fprintln(stderr, "law rule: name case files, or - for standard input")
		return exitUsage
	}
	out := json.NewEncoder(stdout)
	out.SetEscapeHTML(false)
	code := exitGood
	for _, file := range files {
		cases, err := ruleFile(file, stdin)
		if err != nil {
			code = exitBad
			_ = out.Encode(refusal{File: file, Error: err.Error()})
		}
		for _, r := range cases {
			_ = out.Encode(r.line())
		}
	}
	return code
}

func (r ruled) line() any {
	if r.err != nil {
		return refusal{File: r.file, Name: r.c.Name, Error: r.err.Error()}
	}
	return answer{
		File: r.file, Name: r.c.Name, Outcome: r.ruling.Outcome, Reasons: reasons(r.ruling), Obligations: states(r.ruling),
		Remedies: codes(r.ruling), Advice: r.ruling.Advice, Rulebooks: r.ruling.Rulebooks, Readings: r.ruling.Readings,
	}
}

func reasons(r law.Ruling) []reason {
	list := make([]reason, 0, len(r.Reasons))
	for _, x := range r.Reasons {
		printed := reason{Citation: x.Citation, Verdict: x.Verdict, Message: x.Message, Fact: x.Fact, Act: x.Act, Person: x.Person}
		if x.Remedy != "" {
			printed.Remedy = &x.Remedy
		}
		list = append(list, printed)
	}
	return list
}

func states(r law.Ruling) map[string]law.ObligationState {
	m := make(map[string]law.ObligationState, len(r.Obligations))
	for _, o := range r.Obligations {
		m[o.Kind] = o.State
	}
	return m
}

func codes(r law.Ruling) []string {
	list := make([]string, 0, len(r.Remedies))
	for _, remedy := range r.Remedies {
		list = append(list, remedy.Code)
	}
	return list
}

// ruleFile rules on every case of a file. What is wrong with the rulebook it names is the error of each of its cases.
func ruleFile(name string, stdin io.Reader) ([]ruled, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	file, err := law.ReadCases(in)
	if err != nil {
		return nil, err
	}
	book, bookErr := law.Embedded().Book(file.Rulebook, file.Settings)
	list := make([]ruled, 0, len(file.Cases)+len(file.Applicants))
	rule := func(c law.Case, ask func() (law.Ruling, error)) {
		r := ruled{file: name, c: c, err: c.Err}
		switch {
		case r.err != nil:
		case bookErr != nil:
			r.err = bookErr
		default:
			r.ruling, r.err = ask()
		}
		list = append(list, r)
	}
	for _, c := range file.Cases {
		rule(c, func() (law.Ruling, error) { return book.Rule(&c.Facts) })
	}
	for _, c := range file.Applicants {
		rule(law.Case{Name: c.Name, Line: c.Line, Expect: c.Expect, Err: c.Err}, func() (law.Ruling, error) { return book.Admit(&c.Applicant) })
	}
	return list, nil
}

// Test compares the ruling of every case with what it expects, prints every difference and the count, and reports 1 when there
// is one.
func Test(files []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(files) == 0 {
		fmt.Fprintln(stderr, "law test: name case files, or - for standard input")
		return exitUsage
	}
	passed, failed := 0, 0
	for _, file := range files {
		cases, err := ruleFile(file, stdin)
		if err != nil {
			failed++
			fmt.Fprintf(stdout, "%s: %v\n", file, err)
		}
		for _, r := range cases {
			differences := r.differences()
			for _, d := range differences {
				fmt.Fprintf(stdout, "%s: %s: %s\n", file, r.c.Name, d)
			}
			if len(differences) > 0 {
				failed++
			} else {
				passed++
			}
		}
	}
	fmt.Fprintf(stdout, "%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		return exitBad
	}
	return exitGood
}

func (r ruled) differences() []string {
	if r.err != nil {
		if r.c.Expect.Error {
			return nil
		}
		return []string{"refused: " + r.err.Error()}
	}
	return r.c.Expect.Differences(r.ruling)
}

// Check prints the analysis of the rulebook in a folder, of one instrument or of several side by side, and reports 1 when it is
// refused.
func Check(dir string, stdout, stderr io.Writer) int {
	root, ids, err := instruments(dir)
	if err != nil {
		fmt.Fprintf(stderr, "law check: %v\n", err)
		return exitUsage
	}
	problems := law.Check(os.DirFS(root), ids...)
	for _, p := range problems {
		fmt.Fprintln(stdout, p)
	}
	if len(problems) > 0 {
		fmt.Fprintf(stdout, "%s: this rulebook is refused\n", count(len(problems), "problem"))
		return exitBad
	}
	fmt.Fprintln(stdout, "no problems: this rulebook can be loaded")
	return exitGood
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// instruments finds the folder of instruments: dir itself, or the parent when dir is one instrument.
func instruments(dir string) (root string, ids []string, err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return "", nil, err
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", nil, errors.Join(fmt.Errorf("%s is not a folder", dir), err)
	}
	if _, err := os.Stat(filepath.Join(dir, "instrument.yaml")); err == nil {
		return filepath.Dir(dir), []string{filepath.Base(dir)}, nil
	}
	return dir, nil, nil
}

// Explain prints an act's clauses, conditions and words for a person, and reports 1 for an act that is not in the catalogue of the
// rulebook, or a rulebook that is not there.
func Explain(act, rulebook string, stdout, stderr io.Writer) int {
	book, err := law.Embedded().Book(rulebook, law.Settings{})
	if err != nil {
		fmt.Fprintf(stderr, "law explain: %v\n", err)
		return exitBad
	}
	x, err := book.Explain(act)
	if err != nil {
		fmt.Fprintf(stderr, "law explain: %v\n%s\n", err, suggest(act, book))
		return exitBad
	}
	fmt.Fprintf(stdout, "%s  %s · %s\n", x.Code, x.Name.ZH, x.Name.EN)
	fmt.Fprintf(stdout, "%s\n", who(x))
	for _, c := range x.Clauses {
		fmt.Fprintf(stdout, "\n%s (%s) %s\n  %s\n", c.Citation, c.Kind, c.Instrument.ZH, c.Words)
		if c.Gloss != "" {
			fmt.Fprintf(stdout, "  %s\n", c.Gloss)
		}
	}
	if len(x.Conditions) > 0 && x.Role != law.RoleNone {
		fmt.Fprintln(stdout, "\nConditions · 条件")
		for _, c := range x.Conditions {
			fmt.Fprintf(stdout, "  %-16s %-9s %s  %s · %s%s%s\n",
				c.Obligation, c.Due, c.Citation, c.Asks.ZH, c.Asks.EN, narrowed(" when ", c.When), readings(c.Readings))
		}
	}
	if len(x.Closed) > 0 {
		fmt.Fprintln(stdout, "\nClosed when · 禁止情形")
		for _, c := range x.Closed {
			fmt.Fprintf(stdout, "  %s  %s (%s)\n    %s\n    %s\n", c.Citation, c.Fact, c.Verdict, c.Message.ZH, c.Message.EN)
		}
	}
	questions(stdout, x, law.Embedded().Readings(rulebook))
	return exitGood
}

// questions says what the readings ask that the conditions of an act were taken under.
func questions(stdout io.Writer, x law.Explanation, of []law.ReadingInfo) {
	values := map[string]string{}
	for _, c := range x.Conditions {
		for _, r := range c.Readings {
			values[r.ID] = r.Value
		}
	}
	if len(values) == 0 || x.Role == law.RoleNone {
		return
	}
	fmt.Fprintln(stdout, "\nReadings · 读法")
	for _, r := range of {
		if value, used := values[r.ID]; used {
			fmt.Fprintf(stdout, "  %s=%s\n    %s\n    %s\n", r.ID, value, r.Asks.ZH, r.Asks.EN)
		}
	}
}

func who(x law.Explanation) string {
	switch {
	case x.Role == law.RoleNone:
		return "No auxiliary may do this. · 辅警不得从事。"
	case x.Led:
		return "A " + x.Role.String() + " auxiliary may help with this, led by a people's police officer. · 须由人民警察带领。"
	}
	return "A " + x.Role.String() + " auxiliary may do this. · 可以从事。"
}

func readings(values []law.ReadingValue) string {
	var list []string
	for _, r := range values {
		list = append(list, r.ID+"="+r.Value)
	}
	if list == nil {
		return ""
	}
	return "  [" + strings.Join(list, " ") + "]"
}

// suggest lists the acts that share a word with what was asked for, or all of them.
func suggest(act string, book *law.Book) string {
	var near, all []string
	for _, a := range book.Acts() {
		all = append(all, a.Code)
		if slices.ContainsFunc(strings.Split(act, "-"), func(w string) bool { return len(w) > 2 && strings.Contains(a.Code, w) }) {
			near = append(near, a.Code)
		}
	}
	if near == nil {
		near = all
	}
	return "acts: " + strings.Join(near, ", ")
}
