package legal

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// Setting is a change that is in force at an organ. Of each organ there is at most one for a kind and subject.
type Setting struct {
	Path duty.Path `json:"path"`
	Change
}

// LawOf puts together the law of the organ at a path: of each thing, what the nearest organ has set. Settings of other organs are
// passed over.
func LawOf(settings []Setting, path duty.Path) (of duty.Law, err error) {
	for _, s := range nearest(settings, path) {
		if err := s.into(&of); err != nil {
			return duty.Law{}, fmt.Errorf("law of %s: %s %s: %w", path, s.Kind, s.Subject, err)
		}
	}
	return of, nil
}

// thing is what a setting is about.
type thing struct {
	kind    Kind
	subject string
}

func (c Change) thing() thing { return thing{c.Kind, c.Subject} }

// nearest keeps of each thing the setting of the nearest organ at or above the path, in a fixed order.
func nearest(settings []Setting, path duty.Path) []Setting {
	at := map[thing]Setting{}
	for _, s := range settings {
		if s.Value == nil || !path.Within(s.Path) {
			continue
		}
		if farther, known := at[s.thing()]; !known || len(s.Path) > len(farther.Path) {
			at[s.thing()] = s
		}
	}
	kept := make([]Setting, 0, len(at))
	for _, s := range at {
		kept = append(kept, s)
	}
	slices.SortFunc(kept, func(a, b Setting) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject))
	})
	return kept
}

func (s Setting) into(of *duty.Law) error {
	switch s.Kind {
	case Rulebook:
		return json.Unmarshal(s.Value, &of.Rulebook)
	case Reading:
		var value string
		if of.Settings.Readings == nil {
			of.Settings.Readings = map[string]string{}
		}
		err := json.Unmarshal(s.Value, &value)
		of.Settings.Readings[s.Subject] = value
		return err
	case Entry:
		var e law.Entry
		err := json.Unmarshal(s.Value, &e)
		of.Settings.Entries = append(of.Settings.Entries, e)
		return err
	case Post:
		var items []string
		if of.Posts == nil {
			of.Posts = map[string][]string{}
		}
		err := json.Unmarshal(s.Value, &items)
		of.Posts[s.Subject] = items
		return err
	case Policy:
		var p duty.Policy
		err := json.Unmarshal(s.Value, &p)
		of.Policies = append(of.Policies, p)
		return err
	case Decision:
		var d law.Decision
		err := json.Unmarshal(s.Value, &d)
		of.Standing = append(of.Standing, d)
		return err
	default:
		return fmt.Errorf("unknown kind")
	}
}

// InForce are the approved proposals that hold at a moment: for each organ and thing the one that came into force last.
func InForce(proposals []Proposal, at time.Time) (holding []Proposal) {
	type place struct {
		duty.Path
		thing
	}
	latest := map[place]Proposal{}
	for _, p := range proposals {
		if p.State != Approved || p.InForceFrom.After(at) {
			continue
		}
		here := place{p.Organ.Path, p.thing()}
		if before, known := latest[here]; !known || before.older(p) {
			latest[here] = p
		}
	}
	for _, p := range latest {
		holding = append(holding, p)
	}
	return holding
}

func (p Proposal) older(than Proposal) bool {
	return cmp.Or(p.InForceFrom.Compare(*than.InForceFrom), p.DecidedAt.Compare(*than.DecidedAt)) < 0
}

// SettingsAt are the settings that proposals make at a moment.
func SettingsAt(proposals []Proposal, at time.Time) (settings []Setting) {
	for _, p := range InForce(proposals, at) {
		settings = append(settings, Setting{p.Organ.Path, p.Change})
	}
	return settings
}
