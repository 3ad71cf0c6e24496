// Package shift owns who is on duty, where and until when: checking in and out, planned shifts and who arranged them (Art. 15), the
// positions of those on duty and of nobody else, and who is near enough to come and lead.
package shift

import (
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// Shift is one stretch of duty of one person. Its JSON is what is stored.
type Shift struct {
	ID     uuid.UUID  `json:"id"`
	Person uuid.UUID  `json:"person"`
	Number string     `json:"number"`
	Name   string     `json:"name"`
	Class  duty.Class `json:"class"`
	Organ  duty.Organ `json:"organ"`

	Declared
	// PlainClothes is the order under which no uniform is worn (Art. 17(1)).
	PlainClothes *uuid.UUID `json:"plain_clothes,omitempty"`

	Plan       *uuid.UUID `json:"plan,omitempty"` // the planned shift that this one is
	PlannedTo  *time.Time `json:"planned_to,omitempty"`
	ArrangedBy *uuid.UUID `json:"arranged_by,omitempty"` // the officer who planned it (Art. 15)

	Flags     []Flag    `json:"flags,omitempty"`      // what was not as it should be at the check-in
	DistanceM *float64  `json:"distance_m,omitempty"` // between the phone and the post
	Warnings  []Warning `json:"warnings,omitempty"`   // of labour law, at the check-in

	StartedAt time.Time  `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	Ended     How        `json:"ended,omitempty"`
	Handover  *Handover  `json:"handover,omitempty"`
}

// Declared is what somebody says at the check-in.
type Declared struct {
	Post      string           `json:"post,omitempty"`     // what one does
	Unit      string           `json:"unit,omitempty"`     // call sign of the vehicle or unit
	Facility  string           `json:"facility,omitempty"` // whose roster shows who is there: a position says nothing in a basement
	At        *duty.Fix        `json:"at,omitempty"`
	Uniform   law.Uniform      `json:"uniform"`
	WorkCard  law.Answer       `json:"work_card"`
	Equipment []duty.Equipment `json:"equipment,omitempty"` // carried, of what is issued
}

// Flag names something about a check-in that people have to look at.
type Flag string

const (
	OffPost      Flag = "off_post"      // not at the post
	PlaceUnknown Flag = "place_unknown" // the post has a place, and the phone did not say where it is
	MadeUp       Flag = "mock_position" // the phone says that its position was made up
)

// How a shift ended.
type How string

const (
	CheckedOut   How = "checked_out"
	ClosedByRule How = "closed_by_rule" // nobody had checked out for as long as a shift may last
)

// Handover is what the next one on the post should know.
type Handover struct {
	Note string     `json:"note,omitempty"`
	To   *uuid.UUID `json:"to,omitempty"`
}

// Order lets somebody work in plain clothes for a time. It waives the uniform and nothing else (Art. 17(1)).
type Order struct {
	ID       uuid.UUID `json:"id"`
	Person   uuid.UUID `json:"person"`
	Path     duty.Path `json:"path"`
	Approver uuid.UUID `json:"approver"`
	Reason   string    `json:"reason"`
	From     time.Time `json:"from"`
	Until    time.Time `json:"until"`
	GivenAt  time.Time `json:"given_at"`
}

// Stretch is a time on duty, worked or planned. An open one has no end.
type Stretch struct {
	From time.Time
	To   *time.Time
}

// Stretch is the time that the shift took.
func (s Shift) Stretch() Stretch { return Stretch{s.StartedAt, s.EndedAt} }
