// Package safety owns what is done for people in danger: alarms, which are brought before those who can help until somebody answers,
// and the checks whether people at lonely or risky work are well. It decides nothing about the work itself.
package safety

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// Kind is what made an alarm.
type Kind string

const (
	SOS        Kind = "sos"        // somebody pressed the button
	NeedHelp   Kind = "need_help"  // somebody who was asked whether they are well said no
	Unanswered Kind = "unanswered" // somebody who was asked did not say anything
)

// State is where an alarm stands.
type State string

const (
	Open     State = "open"     // nobody has answered: it is repeated
	Answered State = "answered" // somebody is coming
	Closed   State = "closed"
)

// Outcome is how an alarm ended.
type Outcome string

const (
	Helped     Outcome = "helped"
	FalseAlarm Outcome = "false_alarm"
)

// Alarm is one call for help. Its JSON is what is stored.
type Alarm struct {
	ID     uuid.UUID  `json:"id"`
	Kind   Kind       `json:"kind"`
	State  State      `json:"state"`
	Person Who        `json:"person"` // in danger
	Organ  duty.Organ `json:"organ"`  // theirs
	// Silent: nothing reaches the phone of whoever is in danger, where somebody might see or hear it.
	Silent     bool        `json:"silent,omitempty"`
	Late       bool        `json:"late,omitempty"` // it reached us long after the phone says it was raised
	Task       *uuid.UUID  `json:"task,omitempty"` // that they are at work on
	Place      *duty.Place `json:"place,omitempty"`
	Note       string      `json:"note,omitempty"`
	RaisedAt   time.Time   `json:"raised_at"` // as the phone says: testimony
	ReceivedAt time.Time   `json:"received_at"`
	Presses    int         `json:"presses"` // how often it was raised while it was open

	Round      int         `json:"round"`             // how often it was brought before people
	NextAt     *time.Time  `json:"next_at,omitempty"` // when the next round is due; nil: none is
	Level      duty.Path   `json:"level"`             // the highest organ whose people were told
	Recipients []Recipient `json:"recipients"`
	Answers    []Answer    `json:"answers,omitempty"`
	Closing    *Closing    `json:"closing,omitempty"`
}

// Who is somebody as they were then.
type Who struct {
	ID     uuid.UUID `json:"id"`
	Number string    `json:"number"`
	Name   string    `json:"name"`
}

// Why somebody is told of an alarm.
type Why string

const (
	Near     Why = "near"    // an officer on duty close by
	OnDuty   Why = "on_duty" // an officer on duty in the organ
	Unit     Why = "unit"    // of the same task, or who sent it
	Head     Why = "head"    // of the organ or of one above
	LookedIn Why = "looked"  // saw it without having been told
)

// Recipient is somebody an alarm was brought before, and how far it got. All times are ours.
type Recipient struct {
	Person      uuid.UUID  `json:"person"`
	Number      string     `json:"number"`
	Name        string     `json:"name"`
	Why         Why        `json:"why"`
	Told        int        `json:"told"` // how often
	QueuedAt    time.Time  `json:"queued_at"`
	SentAt      *time.Time `json:"sent_at,omitempty"`      // the push service took it
	DeliveredAt *time.Time `json:"delivered_at,omitempty"` // the phone has it
	SeenAt      *time.Time `json:"seen_at,omitempty"`      // the person has
}

// Answer is what somebody who will help said.
type Answer struct {
	By    Who       `json:"by"`
	At    time.Time `json:"at"`
	ETA   int       `json:"eta,omitempty"` // seconds; 0: did not say
	Words string    `json:"words,omitempty"`
}

// Closing is how it ended, by whose word.
type Closing struct {
	By      Who       `json:"by"`
	At      time.Time `json:"at"`
	Outcome Outcome   `json:"outcome"`
	Reason  string    `json:"reason,omitempty"`
}

// recipient finds one of those told.
func (a *Alarm) recipient(person uuid.UUID) *Recipient {
	for i := range a.Recipients {
		if a.Recipients[i].Person == person {
			return &a.Recipients[i]
		}
	}
	return nil
}

// clone copies what a decision may change.
func (a Alarm) clone() Alarm {
	a.Recipients, a.Answers = slices.Clone(a.Recipients), slices.Clone(a.Answers)
	return a
}

// told makes people recipients who are none yet; nobody is told of their own alarm.
func (a *Alarm) told(people []Helper, at time.Time) {
	for _, h := range people {
		if h.Person == a.Person.ID || a.recipient(h.Person) != nil {
			continue
		}
		a.Recipients = append(a.Recipients, Recipient{Person: h.Person, Number: h.Number, Name: h.Name, Why: h.Why, QueuedAt: at})
	}
}

// pushes are messages to everybody an alarm was brought before.
func (a *Alarm) pushes(kind string, except ...uuid.UUID) (all []duty.Push) {
	for _, r := range a.Recipients {
		if !slices.Contains(except, r.Person) {
			all = append(all, duty.Push{Person: r.Person, Task: a.ID, Kind: kind, Priority: priority})
		}
	}
	return all
}

// toSender is a message to whoever is in danger, unless that could betray them.
func (a *Alarm) toSender(kind string) []duty.Push {
	if a.Silent {
		return nil
	}
	return []duty.Push{{Person: a.Person.ID, Task: a.ID, Kind: kind, Priority: priority}}
}

// priority goes before everything else (postgres.JobPriority).
const priority = "immediate"
