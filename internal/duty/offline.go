package duty

import (
	"time"

	"github.com/google/uuid"
)

// Interval is when something must have happened that was recorded without network.
type Interval struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// OfflineStart is a start or resumption that a phone recorded without network and that found no lawful ruling when it arrived: the work
// may have begun all the same.
type OfflineStart struct {
	Record   uuid.UUID // its id; heard twice it counts once
	Task     uuid.UUID
	Person   uuid.UUID
	Device   uuid.UUID
	Step     string // start, resume
	Happened Interval
	Wall     time.Time  // as the phone says
	Ruling   *uuid.UUID // the law's no; nil: it was refused for the state of the task
	Code     string     // of the refusal
}

// StatedBy is by when an observation must have been stated: when it was received, or, recorded without network, at the end of the time
// in which it must have been made.
func (o Observation) StatedBy(made *Interval) time.Time {
	if made != nil && made.To.Before(o.ReceivedAt) {
		return made.To
	}
	return o.ReceivedAt
}
