package roster

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Applicant is somebody who applies to become an auxiliary of an organ (Art. 8 to 12). There is no id card number, and what lies
// behind a bar of Art. 10 is not kept: only that it was checked, by whom and when (PIPL Art. 6).
type Applicant struct {
	ID         uuid.UUID     `json:"id"`
	Organ      duty.Organ    `json:"organ"`
	Class      duty.Class    `json:"class"` // applied for
	Name       string        `json:"name"`
	Born       time.Time     `json:"born"` // the day, in China
	Education  law.Education `json:"education"`
	Priorities []string      `json:"priorities"` // words of Art. 12
	Declared   Declared      `json:"declared"`
	CheckedBy  *uuid.UUID    `json:"checked_by"`
	CheckedAt  *time.Time    `json:"checked_at"`
	Stages     []Stage       `json:"stages"` // in order, so far
	State      string        `json:"state"`
	Person     *uuid.UUID    `json:"person"` // once hired
	CreatedAt  time.Time     `json:"created_at"`
	Ruling     *law.Ruling   `json:"-"` // the newest that the gate gave
}

// The states of an applicant.
const (
	ApplicantOpen  = "open"
	ApplicantHired = "hired"
)

// Declared is what whoever checked says of an applicant; what nobody declared is unknown.
type Declared struct {
	ChineseNational law.Answer            `json:"chinese_national"`
	Conduct         law.Answer            `json:"conduct"`
	Ability         law.Answer            `json:"ability"`
	Fitness         law.Answer            `json:"fitness"`
	Bars            map[string]law.Answer `json:"bars"` // words of Art. 10
}

// Stage is one stage of the recruitment that is over (Art. 11).
type Stage struct {
	Name   string    `json:"stage"`
	Passed bool      `json:"passed"`
	On     time.Time `json:"on"` // the day, in China
}

// facts are what the gate is asked.
func (a Applicant) facts(asked law.Recruiting, at time.Time) law.Applicant {
	f := law.Applicant{
		At: at, Asked: asked, Role: a.Class.LegalRole(), Born: a.Born, Education: a.Education, Priorities: a.Priorities,
		ChineseNational: a.Declared.ChineseNational, Conduct: a.Declared.Conduct, Ability: a.Declared.Ability, Fitness: a.Declared.Fitness,
		Bars: a.Declared.Bars, Stages: map[string]law.StageResult{},
	}
	for _, s := range a.Stages {
		f.Stages[s.Name] = law.StageFailed
		if s.Passed {
			f.Stages[s.Name] = law.StagePassed
		}
	}
	return f
}

// Gate is the law on recruitment as an organ reads it.
type Gate interface {
	// Admit is an *law.InputError for somebody who cannot be ruled on.
	Admit(a *law.Applicant) (law.Ruling, error)
	Stages(at time.Time) []string
	Bars(at time.Time) []string
	Priorities(at time.Time) []string
}

// Applications keeps applicants. Who lies outside of where the actor manages the roster does not exist.
type Applications interface {
	// Now is the time of the database.
	Now(ctx context.Context) (time.Time, error)
	// AddApplicant keeps an applicant with CreatedAt from the database clock, or finds the one that has the id already.
	AddApplicant(ctx context.Context, actor duty.Actor, a Applicant, event ledger.Event) (Applicant, error)
	// Applicants lists them in order of id, after one.
	Applicants(ctx context.Context, actor duty.Actor, within duty.Path, after uuid.UUID, limit int) ([]Applicant, error)
	// Applicant is fault.NotFound when there is none.
	Applicant(ctx context.Context, actor duty.Actor, id uuid.UUID) (Applicant, error)
	// Recruit locks an applicant and the person with the number, if somebody has it, lets decide say what becomes of them, and writes
	// it with the changes of the roster in the same transaction, or nothing when decide fails.
	Recruit(ctx context.Context, actor duty.Actor, id uuid.UUID, number string, decide func(time.Time, Applicant, Scene) (Recruited, error)) error
}

// Recruited is what becomes of an applicant; the first event covers the ruling.
type Recruited struct {
	Applicant Applicant
	Ruling    *GateRuling
	Changes
}

// GateRuling is a ruling of the gate, as it is kept.
type GateRuling struct {
	ID    uuid.UUID
	Asked law.Recruiting
	Text  []byte // JSON of Ruling
	law.Ruling
}

// Refused is the law's no to an applicant. It is on record.
type Refused struct{ GateRuling }

func (r Refused) Error() string { return "refused by law: " + r.Outcome.String() }
