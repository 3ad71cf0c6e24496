package roster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// Recruitment takes applicants through the stages of Art. 11 and asks the law twice: at the qualification review and at the hiring.
// Only personnel see applicants.
type Recruitment struct {
	roster *Service
	store  Applications
	gates  Gates
}

// Gates answers the law on recruitment as an organ reads it now.
type Gates func(ctx context.Context, organ duty.Organ) (Gate, error)

// NewRecruitment makes the service.
func NewRecruitment(roster *Service, store Applications, gates Gates) *Recruitment {
	return &Recruitment{roster, store, gates}
}

// Apply registers an applicant with an organ that the actor manages, by its code. The applicant's id follows from the command.
func (r *Recruitment) Apply(ctx context.Context, actor duty.Actor, cmd duty.Command, a Applicant) (Applicant, error) {
	if err := duty.Require(actor, duty.ManageRoster); err != nil {
		return Applicant{}, err
	}
	directory, err := r.roster.store.Directory(ctx, actor)
	if err != nil {
		return Applicant{}, err
	}
	organ, known := directory.Organs[a.Organ.Code]
	if !known {
		return Applicant{}, fault.BadField("body/organ", "no organ has this code")
	}
	if a.Class.LegalRole() == law.RoleNone {
		return Applicant{}, fault.BadField("body/class", "must be field_auxiliary or civilian_auxiliary")
	}
	a.ID, a.Organ, a.State = uuid.NewSHA1(actor.Device, cmd.ID[:]), organ, ApplicantOpen
	now, err := r.store.Now(ctx)
	if err != nil {
		return Applicant{}, err
	}
	if a.Born.After(now) {
		return Applicant{}, fault.BadField("body/born", "must not be in the future")
	}
	gate, err := r.gates(ctx, organ)
	if err != nil {
		return Applicant{}, err
	}
	if err := wordsOf(gate, a, now); err != nil {
		return Applicant{}, err
	}
	event, err := eventOf(r.roster.newID(), "applicant.registered", organ.Path, actor.Person, map[string]any{"applicant": a.ID, "class": a.Class})
	if err != nil {
		return Applicant{}, err
	}
	stored, err := r.store.AddApplicant(ctx, actor, a, event)
	if err == nil && (stored.Name != a.Name || !stored.Born.Equal(a.Born) || stored.Class != a.Class || stored.Organ.ID != organ.ID) {
		return Applicant{}, fault.New(fault.Mismatch, "command_mismatch", "该编号已用于其他请求", "this id was used before for something else")
	}
	return stored, err
}

// wordsOf refuses words that the rulebook of the organ does not have.
func wordsOf(gate Gate, a Applicant, at time.Time) error {
	for i, word := range a.Priorities {
		if known := gate.Priorities(at); !slices.Contains(known, word) {
			return fault.BadField(fmt.Sprintf("body/priorities/%d", i), fmt.Sprintf("must be one of %v", known))
		}
	}
	for _, word := range slices.Sorted(maps.Keys(a.Declared.Bars)) {
		if known := gate.Bars(at); !slices.Contains(known, word) {
			return fault.BadField("body/bars", fmt.Sprintf("%q must be one of %v", word, known))
		}
	}
	return nil
}

// Applicants lists applicants of a subtree (empty: everywhere), after one; more says that there are some after the last.
func (r *Recruitment) Applicants(ctx context.Context, actor duty.Actor, within duty.Path, after uuid.UUID) (list []Applicant, more bool, err error) {
	if err := duty.Require(actor, duty.ManageRoster); err != nil {
		return nil, false, err
	}
	list, err = r.store.Applicants(ctx, actor, within, after, PageSize+1)
	if len(list) > PageSize {
		return list[:PageSize], true, err
	}
	return list, false, err
}

// Applicant shows one, with what the law last said.
func (r *Recruitment) Applicant(ctx context.Context, actor duty.Actor, id uuid.UUID) (Applicant, error) {
	if err := duty.Require(actor, duty.ManageRoster); err != nil {
		return Applicant{}, err
	}
	return r.store.Applicant(ctx, actor, id)
}

// Declare records what the actor found out about an applicant, in place of what was declared before. The event says what was
// checked and not what was found.
func (r *Recruitment) Declare(ctx context.Context, actor duty.Actor, id uuid.UUID, d Declared) (Applicant, error) {
	return r.change(ctx, actor, id, "", func(now time.Time, a *Applicant, c *change) error {
		a.Declared, a.CheckedBy, a.CheckedAt = d, &actor.Person, &now
		if err := wordsOf(c.gate, *a, now); err != nil {
			return err
		}
		c.happened("applicant.declared", a.Organ.Path, map[string]any{"applicant": id, "bars": slices.Sorted(maps.Keys(d.Bars))})
		return nil
	})
}

// Pass records how a stage ended, each after the one before it (Art. 11). The review is not passed by whom the law refuses.
func (r *Recruitment) Pass(ctx context.Context, actor duty.Actor, id uuid.UUID, s Stage) (Applicant, error) {
	return r.change(ctx, actor, id, "", func(now time.Time, a *Applicant, c *change) error {
		if n := len(a.Stages); n > 0 && a.Stages[n-1].Name == s.Name && a.Stages[n-1].Passed == s.Passed && a.Stages[n-1].On.Equal(s.On) {
			return nil // said before
		}
		if err := next(c.gate, *a, s, now); err != nil {
			return err
		}
		if s.Name == law.ReviewStage && s.Passed {
			if err := ask(c, *a, law.Review, s.On); err != nil || c.refused() {
				return err
			}
		}
		a.Stages = append(a.Stages, s)
		body := map[string]any{"applicant": id, "stage": s.Name, "passed": s.Passed, "on": day(s.On)}
		c.happened("applicant.stage", a.Organ.Path, body)
		return nil
	})
}

// next refuses a stage that is not the one after those passed, or is not in the order of days.
func next(gate Gate, a Applicant, s Stage, now time.Time) error {
	order, n := gate.Stages(now), len(a.Stages)
	switch {
	case !slices.Contains(order, s.Name):
		return fault.BadField("path/stage", fmt.Sprintf("must be one of %v", order))
	case n == len(order) || order[n] != s.Name || n > 0 && !a.Stages[n-1].Passed:
		return fault.New(fault.Conflict, "stage_order", "招聘环节应当依次进行（第十一条）", "the stages of the recruitment follow each other (Art. 11)")
	case s.On.After(now) || n > 0 && s.On.Before(a.Stages[n-1].On):
		return fault.BadField("body/on", "must not be before the stage before it, nor in the future")
	}
	return nil
}

// Hire asks the law for the last time and makes the applicant a person of the organ, active and without any training: whoever is
// hired is trained before duty (Art. 33). The same number again changes nothing.
func (r *Recruitment) Hire(ctx context.Context, actor duty.Actor, id uuid.UUID, number string) (Applicant, []Headcount, error) {
	var over []Headcount
	a, err := r.change(ctx, actor, id, number, func(now time.Time, a *Applicant, c *change) error {
		person, taken := c.scene.People[number]
		switch {
		case a.State == ApplicantHired && taken && *a.Person == person.ID:
			return nil // hired before
		case a.State == ApplicantHired:
			return fault.New(fault.Conflict, "applicant_state", "该应聘人员已录用", "the applicant was hired already")
		case taken || c.scene.Foreign[number]:
			return fault.New(fault.Conflict, "number_taken", numberTaken.ZH, numberTaken.EN)
		}
		if err := ask(c, *a, law.Hire, now); err != nil || c.refused() {
			return err
		}
		hired := c.hire(Entry{Number: number, Name: a.Name, Class: a.Class, Organ: a.Organ})
		a.State, a.Person = ApplicantHired, &hired.ID
		c.happened("applicant.hired", a.Organ.Path, map[string]any{"applicant": id, "person": hired.ID})
		over = c.over()
		return nil
	})
	return a, over, err
}

// change changes one applicant. What the law refuses is kept as a ruling and an event, and the applicant stays as they were.
func (r *Recruitment) change(
	ctx context.Context, actor duty.Actor, id uuid.UUID, number string, do func(time.Time, *Applicant, *change) error,
) (now Applicant, err error) {
	if err := duty.Require(actor, duty.ManageRoster); err != nil {
		return Applicant{}, err
	}
	seen, err := r.store.Applicant(ctx, actor, id)
	if err != nil {
		return Applicant{}, err
	}
	gate, err := r.gates(ctx, seen.Organ) // before the transaction: one that holds a connection does not wait for another
	if err != nil {
		return Applicant{}, err
	}
	var ruling *GateRuling
	err = r.store.Recruit(ctx, actor, id, number, func(at time.Time, a Applicant, scene Scene) (Recruited, error) {
		c := r.roster.changing(scene, actor, "recruited")
		c.gate = gate
		now = a
		if err := do(at, &now, c); err != nil {
			return Recruited{}, err
		}
		ruling = c.ruling
		if ruling != nil {
			now.Ruling = &ruling.Ruling
		}
		return Recruited{now, ruling, c.out}, c.err
	})
	if err == nil && ruling != nil && !ruling.Outcome.Lawful() {
		return Applicant{}, Refused{*ruling}
	}
	return now, err
}

// ask asks the gate, and leaves the event that covers its ruling.
func ask(c *change, a Applicant, asked law.Recruiting, at time.Time) error {
	facts := a.facts(asked, at)
	ruling, err := c.gate.Admit(&facts)
	var input *law.InputError
	if errors.As(err, &input) {
		return fault.New(fault.Conflict, "applicant_incomplete", "应聘人员信息无法审查："+input.Error(), "the applicant cannot be ruled on: "+input.Error())
	}
	if err != nil {
		return err
	}
	c.ruling = &GateRuling{ID: c.newID(), Asked: asked, Ruling: ruling}
	if c.ruling.Text, err = json.Marshal(ruling); err != nil {
		return err
	}
	kind, digest := "applicant.admitted", sha256.Sum256(c.ruling.Text)
	if !ruling.Outcome.Lawful() {
		kind = "applicant.refused"
	}
	c.happened(kind, a.Organ.Path, map[string]any{
		"applicant": a.ID, "asked": asked, "outcome": ruling.Outcome, "ruling": c.ruling.ID, "digest": hex.EncodeToString(digest[:]),
	})
	return nil
}

// refused says that the gate was asked and said no.
func (c *change) refused() bool { return c.ruling != nil && !c.ruling.Outcome.Lawful() }
