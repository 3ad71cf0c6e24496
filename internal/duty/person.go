package duty

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/law"
)

// Class is what a person is, which is not what they may do in the system (that is a Grant).
type Class string

const (
	Officer           Class = "officer"            // people's police officer (人民警察)
	FieldAuxiliary    Class = "field_auxiliary"    // 勤务辅警
	CivilianAuxiliary Class = "civilian_auxiliary" // 文职辅警
	Other             Class = "other"              // neither (Art. 3): volunteers, guards, canteen, administrators
)

// LegalRole is the person's role as the statute sees it.
func (c Class) LegalRole() law.Role {
	switch c {
	case FieldAuxiliary:
		return law.RoleField
	case CivilianAuxiliary:
		return law.RoleCivilian
	default:
		return law.RoleNone
	}
}

// Person is one member of the roster as stored now, with everything the law may ask about them.
type Person struct {
	ID             uuid.UUID
	Number         string // police or auxiliary number, unique
	Name           string
	Class          Class
	Organ          Organ
	Status         law.Status
	Training       []Training
	Qualifications []Qualification
	Equipment      []Equipment // carried
}

// Training is a pre-post training (Art. 33) and the items of the statute that its post covers.
type Training struct {
	Post         string     `json:"post"`
	Items        []string   `json:"items"` // item citations: "cq-2021 15(1)"
	PassedOn     time.Time  `json:"passed_on"`
	ValidTo      *time.Time `json:"valid_to"`
	RefresherDue *time.Time `json:"refresher_due"`
}

// Qualification is a licence to drive or operate something (Art. 18).
type Qualification struct {
	Kind    string     `json:"kind"` // car, motorcycle, boat, aircraft, robot, drone
	ValidTo *time.Time `json:"valid_to"`
}

// Equipment is something issued to a person.
type Equipment struct {
	Class law.EquipmentClass `json:"class"`
	Item  string             `json:"item"`
}

// TrainedFor judges the training for one item of the statute at a moment: the best training whose post covers the item.
func (p Person) TrainedFor(item string, at time.Time) law.Training {
	best := law.TrainingMissing
	for _, t := range p.Training {
		if !slices.Contains(t.Items, item) {
			continue
		}
		switch {
		case t.ValidTo != nil && !at.Before(*t.ValidTo):
			if best == law.TrainingMissing {
				best = law.TrainingExpired
			}
		case t.RefresherDue != nil && !at.Before(*t.RefresherDue):
			best = law.TrainingRefresherOverdue
		default:
			return law.TrainingPassed
		}
	}
	return best
}

// QualifiedFor lists what the person may operate at a moment.
func (p Person) QualifiedFor(at time.Time) (held []string) {
	for _, q := range p.Qualifications {
		if q.ValidTo == nil || at.Before(*q.ValidTo) {
			held = append(held, q.Kind)
		}
	}
	return held
}
