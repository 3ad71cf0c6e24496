package legal

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// book compiles the law of an organ. The error is an *law.InputError.
func (s *Service) book(of duty.Law) (*law.Book, error) {
	return s.library.Book(cmp.Or(of.Rulebook, law.DefaultRulebook), of.Settings)
}

// check holds a change to what the law has a place for.
func (s *Service) check(snap Snapshot, p Proposal) error {
	of, err := LawOf(SettingsAt(snap.Approved, p.EffectiveFrom), p.Organ.Path)
	if err != nil {
		return err
	}
	rulebook := cmp.Or(of.Rulebook, law.DefaultRulebook)
	if p.Value == nil {
		return s.checkEnd(snap, p)
	}
	switch p.Kind {
	case Rulebook:
		return s.checkRulebook(p.Change)
	case Reading:
		return s.checkReading(rulebook, p.Change)
	case Entry:
		return s.checkEntry(rulebook, p.Change)
	case Post:
		return s.checkPost(of, snap.Posts, p.Change)
	case Policy:
		return s.checkPolicy(of, p.Change)
	case Decision:
		return s.checkDecision(rulebook, p.Change)
	default:
		return fault.BadField("body", "names nothing to change")
	}
}

// checkEnd asks that there is something to end.
func (s *Service) checkEnd(snap Snapshot, p Proposal) error {
	sets := func(q Proposal) bool { return q.Organ.Path == p.Organ.Path && q.thing() == p.thing() && q.Value != nil }
	if !slices.ContainsFunc(snap.Approved, sets) {
		return fault.BadField("body/end", "the organ itself does not set this")
	}
	return nil
}

func (s *Service) checkRulebook(c Change) error {
	var id string
	if err := json.Unmarshal(c.Value, &id); err != nil || !slices.Contains(s.library.Rulebooks(), id) {
		return fault.BadField("body/rulebook/id", "must be one of "+strings.Join(s.library.Rulebooks(), ", "))
	}
	return nil
}

// checkReading refuses the lines that nobody may move (Art. 19, weapons, who leads) whatever value is proposed for them.
func (s *Service) checkReading(rulebook string, c Change) error {
	known := s.library.Readings(rulebook)
	i := slices.IndexFunc(known, func(r law.ReadingInfo) bool { return r.ID == c.Subject })
	if i < 0 {
		return fault.BadField("body/reading/id", "unknown reading of "+rulebook)
	}
	if !known[i].Switchable {
		return fault.BadField("body/reading/id", "this reading cannot be switched by anybody")
	}
	var value string
	if err := json.Unmarshal(c.Value, &value); err != nil {
		return err
	}
	_, err := s.library.Book(rulebook, law.Settings{Readings: map[string]string{c.Subject: value}})
	return at("body/reading/value", "/readings/"+c.Subject, err)
}

// checkDecision asks that the clause is one of an instrument that rules here.
func (s *Service) checkDecision(rulebook string, c Change) error {
	var d law.Decision
	if err := json.Unmarshal(c.Value, &d); err != nil {
		return err
	}
	book, err := s.library.Book(rulebook, law.Settings{})
	if err != nil {
		return err
	}
	instrument, _, _ := strings.Cut(d.Citation, " ")
	if !slices.ContainsFunc(book.Rulebooks(), func(r law.RulebookRef) bool { return r.ID == instrument }) {
		return fault.BadField("body/decision/citation", "is no clause of an instrument that rules here")
	}
	return nil
}

func (s *Service) checkEntry(rulebook string, c Change) error {
	var e law.Entry
	if err := json.Unmarshal(c.Value, &e); err != nil {
		return err
	}
	_, err := s.library.Book(rulebook, law.Settings{Entries: []law.Entry{e}})
	return at("body/entry", "/entries/0", err)
}

// at moves a fault of the law's input to its place in the request.
func at(field, inside string, err error) error {
	var input *law.InputError
	if errors.As(err, &input) {
		return fault.BadField(field+strings.TrimPrefix(input.Field, inside), input.Problem)
	}
	return err
}

// checkPost refuses an item that permits nothing: training for it would qualify nobody for anything, and nobody would notice.
func (s *Service) checkPost(of duty.Law, posts []string, c Change) error {
	if !slices.Contains(posts, c.Subject) {
		return fault.BadField("body/post/code", "no such post")
	}
	var items []string
	if err := json.Unmarshal(c.Value, &items); err != nil {
		return err
	}
	book, err := s.book(of)
	if err != nil {
		return err
	}
	permitting := map[string]bool{}
	for _, act := range book.Acts() {
		if item, ok := book.PermittingItem(act.Code); ok {
			permitting[item] = true
		}
	}
	for i, item := range items {
		if !permitting[item] {
			return fault.BadField(fmt.Sprintf("body/post/items/%d", i), "no item of the statute that permits anything")
		}
	}
	return nil
}

// checkPolicy holds a measure to its bounds. An act must be one of the rulebook: a slip of the pen would set what nobody ever does.
func (s *Service) checkPolicy(of duty.Law, c Change) error {
	var p duty.Policy
	if err := json.Unmarshal(c.Value, &p); err != nil {
		return err
	}
	info, known := p.Measure.Info()
	switch {
	case !known:
		return fault.BadField("body/policy/measure", "no such measure")
	case p.Value < info.Least || p.Value > info.Most:
		return fault.BadField("body/policy/value", fmt.Sprintf("must be from %d to %d", info.Least, info.Most))
	case p.Act == "":
		return nil
	case !info.PerAct:
		return fault.BadField("body/policy/act", "this measure is one for all acts")
	}
	book, err := s.book(of)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(book.Acts(), func(a law.ActInfo) bool { return a.Code == p.Act }) {
		return fault.BadField("body/policy/act", "no act of "+book.ID())
	}
	return nil
}

// PolicySubject is what a policy is about: its measure, and the act that it is for.
func PolicySubject(p duty.Policy) string { return strings.TrimSpace(string(p.Measure) + " " + p.Act) }

// fits compiles the law of the organ and of each one below it that decides for itself, as it will be once the change is approved, at
// every moment from its date on at which something changes.
func (s *Service) fits(snap Snapshot, p Proposal) error {
	if p.InForceFrom == nil {
		p.State, p.InForceFrom, p.DecidedAt = Approved, &p.EffectiveFrom, &snap.Now
	}
	all := append(slices.Clone(snap.Approved), p)
	for _, moment := range moments(all, *p.InForceFrom) {
		settings := SettingsAt(all, moment)
		for _, path := range concerned(all, p.Organ.Path) {
			of, err := LawOf(settings, path)
			if err != nil {
				return err
			}
			if _, err := s.book(of); err != nil {
				return err
			}
		}
	}
	return nil
}

// Check compiles the law of every organ that has decided something, as it is and as it will become.
func (s *Service) Check(approved []Proposal, now time.Time) error {
	for _, moment := range moments(approved, now) {
		settings := SettingsAt(approved, moment)
		for _, set := range settings {
			of, err := LawOf(settings, set.Path)
			if err == nil {
				_, err = s.book(of)
			}
			if err != nil {
				return fmt.Errorf("law of %s from %s on: %w", set.Path, moment.Format(time.RFC3339), err)
			}
		}
	}
	return nil
}

func moments(approved []Proposal, from time.Time) []time.Time {
	all := []time.Time{from}
	for _, p := range approved {
		if p.InForceFrom.After(from) {
			all = append(all, *p.InForceFrom)
		}
	}
	return all
}

// concerned are the organ and those below it that have set something.
func concerned(approved []Proposal, path duty.Path) []duty.Path {
	paths := []duty.Path{path}
	for _, p := range approved {
		if p.Organ.Path.Within(path) && !slices.Contains(paths, p.Organ.Path) {
			paths = append(paths, p.Organ.Path)
		}
	}
	return paths
}
