package dispatch

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// Danger is the emergency for which restraint equipment is asked: danger to public safety, to social order, or to the person or
// property of citizens (Art. 17(4)).
type Danger string

// Dangers lists every kind of emergency.
var Dangers = []Danger{"public_safety", "social_order", "violence", "escape", "self_harm", "danger_to_others", "property"}

// Restraint is one piece of equipment in one emergency: asked for, commanded or led by an officer, used, reported.
type Restraint struct {
	ID       uuid.UUID          `json:"id"`
	Danger   Danger             `json:"danger"`
	Class    law.EquipmentClass `json:"class"`
	Item     string             `json:"item"`
	Unlisted bool               `json:"unlisted,omitempty"` // not on the organ's list: kept, and unlawful to use
	Barred   bool               `json:"barred,omitempty"`   // a weapon or police instrument: no command can make it lawful (Art. 18)
	Person   uuid.UUID          `json:"person"`             // who is to use it
	AskedBy  *uuid.UUID         `json:"asked_by,omitempty"` // nil: used without having asked
	AskedAt  *time.Time         `json:"asked_at,omitempty"`
	// ObservedAt is when it was asked for by the phone's clock: testimony.
	ObservedAt *time.Time        `json:"observed_at,omitempty"`
	Orders     []RestraintOrder  `json:"orders,omitempty"`
	Uses       []RestraintUse    `json:"uses,omitempty"`
	Reports    []RestraintReport `json:"reports,omitempty"`
}

// RestraintOrder is an officer's command, or lead, of one use.
type RestraintOrder struct {
	ID       uuid.UUID       `json:"id"`
	Person   uuid.UUID       `json:"person"`
	Number   string          `json:"number"`
	Name     string          `json:"name"`
	Mode     law.CommandMode `json:"mode"`
	Recorded bool            `json:"recorded"`
	At       time.Time       `json:"at"`
	// Outside: of no unit of the task. Such an officer's own word that he leads is what is known of where he is.
	Outside bool `json:"outside,omitempty"`
}

// RestraintUse is one use as it was told. The times with "observed" are the phone's.
type RestraintUse struct {
	ID              uuid.UUID  `json:"id"`
	Person          uuid.UUID  `json:"person"`
	ToldBy          uuid.UUID  `json:"told_by"`
	StartedAt       time.Time  `json:"started_at"` // when we heard
	StartObservedAt *time.Time `json:"start_observed_at,omitempty"`
	StopToldBy      *uuid.UUID `json:"stop_told_by,omitempty"`
	StoppedAt       *time.Time `json:"stopped_at,omitempty"`
	StopObservedAt  *time.Time `json:"stop_observed_at,omitempty"`
	Order           *uuid.UUID `json:"order,omitempty"` // that it stands on; nil: none
	BeforeOrder     bool       `json:"before_order,omitempty"`
	Lawful          bool       `json:"lawful"` // when we heard of its start
	Ruling          *uuid.UUID `json:"ruling,omitempty"`
	Outcome         string     `json:"outcome,omitempty"`
	Injuries        string     `json:"injuries,omitempty"`
	Medical         string     `json:"medical,omitempty"`
}

// RestraintReport is what somebody reported afterwards.
type RestraintReport struct {
	By   uuid.UUID `json:"by"`
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

// State says where a restraint stands.
func (r *Restraint) State() string {
	switch n := len(r.Uses); {
	case r.use() != nil:
		return "in_use"
	case r.Standing() != nil:
		return "commanded"
	case n > 0:
		return "ended"
	default:
		return "requested"
	}
}

// use is the one that goes on; nil: none.
func (r *Restraint) use() *RestraintUse {
	if last := r.last(); last != nil && last.StoppedAt == nil {
		return last
	}
	return nil
}

// last is the newest use; nil: none.
func (r *Restraint) last() *RestraintUse {
	if n := len(r.Uses); n > 0 {
		return &r.Uses[n-1]
	}
	return nil
}

// Standing is the order that the use stands on, or the next one would; nil: none. An order is for one use: it ends with it.
func (r *Restraint) Standing() *RestraintOrder {
	n := len(r.Orders)
	if n == 0 {
		return nil
	}
	last := &r.Orders[n-1]
	for i := range r.Uses {
		if end := r.Uses[i].StoppedAt; end != nil && !last.At.After(*end) {
			return nil
		}
	}
	return last
}

// restraint finds one to be changed: what the snapshot holds stays as it was.
func (t *Task) restraint(id uuid.UUID) *Restraint {
	for i := range t.Restraints {
		if r := &t.Restraints[i]; r.ID == id {
			r.Orders, r.Uses, r.Reports = slices.Clone(r.Orders), slices.Clone(r.Uses), slices.Clone(r.Reports)
			return r
		}
	}
	return nil
}

// ever finds a person among the members, those sent away included.
func (t *Task) ever(person uuid.UUID) *Member {
	if m := t.Member(person); m != nil {
		return m
	}
	for i := range t.Members {
		if t.Members[i].Person == person {
			return &t.Members[i]
		}
	}
	return nil
}

// restrain puts the equipment in use into the facts, with the danger it is used in and the order it is used on. Of several uses the
// worst order counts: there is one in the facts.
func restrain(f *law.Facts, t *Task, unit []Member) {
	worst, any := (*RestraintOrder)(nil), false
	for i := range t.Restraints {
		r := &t.Restraints[i]
		use := r.use()
		if use == nil {
			continue
		}
		at := slices.IndexFunc(unit, func(m Member) bool { return m.Person == use.Person })
		if at < 0 {
			continue
		}
		f.Auxiliaries[at].Equipment = append(f.Auxiliaries[at].Equipment, law.EquipmentItem{Class: r.Class, Item: r.Item, Use: law.UseUse})
		if r.Class != law.EquipmentRestraint { // a torch in use is no emergency
			continue
		}
		f.Emergency = true
		order := r.Standing()
		if !any || orderRank(order) < orderRank(worst) {
			worst, any = order, true
		}
		if order != nil && order.Outside && order.Mode == law.ModeLead && !slices.ContainsFunc(f.Officers, func(o law.Officer) bool { return o.ID == order.Number }) {
			f.Officers = append(f.Officers, law.Officer{ID: order.Number, OnDuty: law.Yes, Presence: law.PresencePresent})
		}
	}
	if worst != nil {
		f.Command = &law.Command{Mode: worst.Mode, Recorded: worst.Recorded}
	}
}

// orderRank orders what an officer ordered from least to most.
func orderRank(o *RestraintOrder) int {
	switch {
	case o == nil:
		return 0
	case o.Recorded:
		return 3
	case o.Mode == law.ModeLead:
		return 2
	default:
		return 1
	}
}

// restraintsLawful asks about the work with what is in use, where the command's own ruling was on something else.
func (d *deciding) restraintsLawful() bool {
	if d.task.State != Started || !slices.ContainsFunc(d.task.Restraints, func(r Restraint) bool { return r.use() != nil }) {
		return true
	}
	if n := len(d.out.Rulings); n > 0 && d.out.Rulings[n-1].ID == d.task.LatestRuling && d.out.Rulings[n-1].Facts.Phase == law.During {
		return true // it was on the use as well
	}
	return d.weigh(law.During, d.task.working())
}

// notListed is the fact that the law judges an item by that the organ has not put on its list.
const notListed = "equipment.item=unlisted"

// weighUse asks what the law says to a use of the equipment as things stand, and which of its reasons are about that use. It marks what
// no order can make lawful.
func (d *deciding) weighUse(r *Restraint) (record *RulingRecord, own []law.Reason) {
	used := *r
	if r.use() == nil {
		used.Uses = append(slices.Clone(r.Uses), RestraintUse{Person: r.Person})
	}
	task := d.task.clone()
	for _, unit := range d.unitsOf(used.use().Person) {
		task.Restraints = nil
		without := d.builder().facts(&task, law.During, unit)
		without.Emergency = true
		base, err := d.rule(&without)
		if err != nil {
			continue // the unit does not fit its own work
		}
		task.Restraints = []Restraint{used}
		if record, err = d.consider(d.builder().facts(&task, law.During, unit)); err == nil {
			own = beyond(record.Ruling, base)
			break
		}
	}
	r.Unlisted = slices.ContainsFunc(own, func(x law.Reason) bool { return x.Fact == notListed })
	r.Barred = slices.ContainsFunc(own, func(x law.Reason) bool { return x.Verdict == law.Prohibited })
	return record, own
}

// unitsOf are the units to ask about: those at work with whoever uses the equipment, or that person alone.
func (d *deciding) unitsOf(user uuid.UUID) [][]Member {
	unit := d.task.working()
	m := d.task.ever(user)
	if m == nil {
		return [][]Member{unit}
	}
	if !slices.ContainsFunc(unit, func(w Member) bool { return w.Person == user }) {
		unit = append(unit, *m)
	}
	alone := *m
	alone.Acts = nil
	return [][]Member{unit, {alone}}
}

// equipped checks what restraint equipment is named as.
func equipped(danger Danger, item string) error {
	if !slices.Contains(Dangers, danger) {
		return fault.BadField("body/danger", "must be one of "+fmt.Sprint(Dangers))
	}
	if n := utf8.RuneCountInString(item); n < 1 || n > 100 {
		return fault.BadField("body/item", "needs 1 to 100 characters")
	}
	return nil
}

func moment(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
