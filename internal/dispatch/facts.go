package dispatch

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// Freshness is how long a statement stands before it counts for nothing: a stale source becomes unknown by itself.
type Freshness struct {
	Recording time.Duration // a camera's state
	Statement time.Duration // uniform, work card, presence, on duty: about a shift
}

// DefaultFreshness suits phones that report a camera's state every few minutes and people who state the rest once a shift.
var DefaultFreshness = Freshness{Recording: 10 * time.Minute, Statement: 12 * time.Hour}

// factBuilder turns a snapshot into the facts of one moment. It reads nothing but what it holds.
type factBuilder struct {
	now      time.Time
	law      duty.Law
	people   map[uuid.UUID]duty.Person
	arranged map[uuid.UUID]bool
	waived   map[uuid.UUID][]duty.Interval
	seen     statements
	lead     *accompany.Lead // as it is now; nil: nobody leads
	book     Book
}

// facts describes a unit of the task, as it is known now, for one phase.
func (b factBuilder) facts(t *Task, phase law.Phase, unit []Member) law.Facts {
	f := law.Facts{
		At: b.now, Phase: phase, Acts: t.Acts, CaseKind: t.caseKind(), Tags: t.tags(), GuardNamed: t.GuardNamed,
		EvidenceUse: t.EvidenceUse, Emergency: t.Emergency, Signatory: t.Signatory,
		// The order came through the organ's own service from somebody who holds its permission to dispatch (Art. 14, 15, 16
		// "根据公安机关的安排"); that an officer arranged it (Art. 15 "及人民警察") is known from who that was, or from the shifts: an
		// officer planned what each of the unit is on duty for.
		Arrangement: law.Arrangement{Organ: law.Yes, Officer: answer(t.DispatchedBy.Class == duty.Officer || b.planned(unit))},
		Auxiliaries: make([]law.Auxiliary, 0, len(unit)),
		Officers:    make([]law.Officer, 0, len(t.Officers)),
	}
	for _, m := range unit {
		f.Auxiliaries = append(f.Auxiliaries, b.auxiliary(t, m))
	}
	for _, o := range t.Officers {
		f.Officers = append(f.Officers, b.officer(t, phase, o, unit))
	}
	if phase == law.During {
		restrain(&f, t, unit)
	}
	return f
}

// planned says whether everybody of a unit is on a shift that an officer arranged.
func (b factBuilder) planned(unit []Member) bool {
	for _, m := range unit {
		if !b.arranged[m.Person] {
			return false
		}
	}
	return len(unit) > 0
}

func (b factBuilder) auxiliary(t *Task, m Member) law.Auxiliary {
	return b.person(b.people[m.Person], t, m)
}

func (b factBuilder) person(p duty.Person, t *Task, m Member) law.Auxiliary {
	a := law.Auxiliary{
		ID: m.Number, Role: p.Class.LegalRole(), Acts: m.Acts, Status: p.Status,
		Training:       b.training(p, t, m),
		Uniform:        b.uniform(m.Person),
		IDCard:         read[law.Answer](b.seen.latest(m.Person, factIDCard)),
		Recording:      read[law.Recording](b.seen.latest(m.Person, factRecording)),
		Recusal:        read[law.Recusal](b.seen.latest(m.Person, factRecusal)),
		Qualifications: vehicles(p.QualifiedFor(b.now)),
		Operates:       m.Operates,
	}
	for _, e := range p.Equipment {
		a.Equipment = append(a.Equipment, law.EquipmentItem{Class: e.Class, Item: e.Item, Use: law.UseCarry})
	}
	return a
}

// uniform is as it was stated, but that plain clothes are ordered nobody states: there is an order that holds, or there is no uniform.
func (b factBuilder) uniform(person uuid.UUID) law.Uniform {
	is := read[law.Uniform](b.seen.latest(person, factUniform))
	if is == law.UniformPlainClothesOrder && !holds(b.waived[person], b.now) {
		return law.UniformNo
	}
	return is
}

func holds(orders []duty.Interval, now time.Time) bool {
	return slices.ContainsFunc(orders, func(o duty.Interval) bool { return !now.Before(o.From) && now.Before(o.To) })
}

// training is the worst over the acts the person is to do: a pass for one post is none for another post's work (Art. 33).
func (b factBuilder) training(p duty.Person, t *Task, m Member) law.Training {
	acts := m.Acts
	if len(acts) == 0 {
		acts = t.Acts
	}
	p, worst := b.law.Trained(p), law.TrainingPassed
	for _, act := range acts {
		item, permitted := b.book.PermittingItem(act)
		if !permitted {
			continue // no post could cover it, and no training would open it
		}
		if got := p.TrainedFor(item, b.now); trainingRank[got] > trainingRank[worst] {
			worst = got
		}
	}
	return worst
}

var trainingRank = map[law.Training]int{
	law.TrainingPassed: 0, law.TrainingRefresherOverdue: 1, law.TrainingUnknown: 2, law.TrainingExpired: 3, law.TrainingMissing: 4,
}

func (b factBuilder) officer(t *Task, phase law.Phase, o Officer, unit []Member) law.Officer {
	p := b.people[o.Person]
	same := true
	for _, m := range unit {
		same = same && p.Organ.SameOrgan(b.people[m.Person].Organ)
	}
	onDuty := read[law.Answer](b.onDuty(o.Person, phase))
	if p.Status != law.StatusActive {
		onDuty = law.No // a suspended or separated officer leads nobody, whatever was stated
	}
	return law.Officer{
		ID: o.Number, Lead: o.Lead, OnDuty: onDuty, SameOrgan: answer(same), Presence: b.presence(t, o),
	}
}

// onDuty is what is known of it. A dispatcher may say beforehand that an officer will be.
func (b factBuilder) onDuty(officer uuid.UUID, phase law.Phase) *duty.Observation {
	if phase == law.Dispatch {
		return b.seen.latest(officer, factOnDuty)
	}
	return b.seen.onDuty(officer)
}

// presence of the lead is what the evidence comes to; other officers are where those at the scene last said.
func (b factBuilder) presence(t *Task, o Officer) law.Presence {
	if b.lead != nil && b.lead.Officer == o.Person {
		return b.lead.Presence
	}
	return b.seen.presence(o.Person, t.Called)
}

func answer(yes bool) law.Answer {
	if yes {
		return law.Yes
	}
	return law.No
}

// vehicles reads stored qualification words; the roster refuses words that are not on the list.
func vehicles(held []string) (set law.Vehicles) {
	for _, word := range held {
		if v, ok := law.Vehicle(word); ok {
			set |= v
		}
	}
	return set
}
