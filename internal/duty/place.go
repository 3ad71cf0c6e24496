package duty

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/fault"
)

// Datum is the coordinate system a position was measured in. It is never guessed: a wrong one moves a point by 500 m.
type Datum string

const (
	WGS84    Datum = "wgs84"
	GCJ02    Datum = "gcj02"
	BD09     Datum = "bd09"
	CGCS2000 Datum = "cgcs2000"
)

// Place is where a task is: a name for people and, where known, a position with its datum (degrees).
type Place struct {
	Name  string   `json:"name"`
	Lat   *float64 `json:"lat,omitempty"`
	Lon   *float64 `json:"lon,omitempty"`
	Datum Datum    `json:"datum,omitempty"` // required with a position
}

// Command identifies one command or observation for ever: the id the device made and a hash of what was asked.
type Command struct {
	ID   uuid.UUID
	Hash [32]byte // of method, path and body
	// Happened is when a command must have been given that was recorded without network; nil: it was sent when it was given.
	Happened *Interval
}

// Concern is news about somebody for work that they are part of: the law is asked again (Art. 37).
type Concern struct {
	ID     uuid.UUID `json:"id"` // of this news to this task: heard twice it counts once
	Task   uuid.UUID `json:"task"`
	Person uuid.UUID `json:"person"`
	By     uuid.UUID `json:"by"` // who changed it
	Fact   string    `json:"fact"`
	From   string    `json:"from"`
	To     string    `json:"to"`
	Source string    `json:"source,omitempty"` // where it was changed; empty: the roster
}

// Push is a message to a person's devices. It carries no case detail: the app fetches by id inside the session (Art. 21(2)).
type Push struct {
	Person   uuid.UUID `json:"person"`
	Task     uuid.UUID `json:"task"` // what it is about: of the kinds approval_* the request, of alarm and alarm_* the alarm
	Kind     string    `json:"kind"` // dispatched, removed, cancelled, lead_named, approval_*, alarm, alarm_*, check, check_missed, restraint_alarm, started_offline_unlawfully, ...
	Priority string    `json:"priority"`
}

// CallsForHelp says whether the message calls for help in danger: only such reach somebody who is off duty.
func (p Push) CallsForHelp() bool {
	return p.Kind == "alarm" || strings.HasPrefix(p.Kind, "alarm_") || p.Kind == "restraint_requested" || p.Kind == "restraint_alarm"
}

// Observation is what somebody stated about a person: never refused, never changed, marked with who said it and through what.
type Observation struct {
	ID         uuid.UUID  `json:"id"`
	Subject    uuid.UUID  `json:"subject"`
	Task       *uuid.UUID `json:"task,omitempty"` // nil: holds wherever the person works
	Fact       string     `json:"fact"`           // recording, uniform, id_card, presence, on_duty, recusal
	Value      string     `json:"value"`          // a word of the law's list for that fact
	By         uuid.UUID  `json:"by"`
	Device     uuid.UUID  `json:"device"`
	Source     string     `json:"source"`      // phone, lead, dispatcher, head, shift
	ObservedAt time.Time  `json:"observed_at"` // as the device says: testimony, never authority
	ReceivedAt time.Time  `json:"received_at"` // database clock
	Moot       bool       `json:"-"`           // kept, and takes the place of nothing that was said before
}

// Check refuses a position that could be misread; field locates the place in the request.
func (p Place) Check(field string) error {
	switch {
	case p.Name == "":
		return fault.BadField(field+"/name", "is required")
	case (p.Lat == nil) != (p.Lon == nil):
		return fault.BadField(field, "lat and lon go together")
	case p.Lat == nil:
		return nil
	case *p.Lat < -90 || *p.Lat > 90:
		return fault.BadField(field+"/lat", "is no latitude in degrees")
	case *p.Lon < -180 || *p.Lon > 180:
		return fault.BadField(field+"/lon", "is no longitude in degrees")
	}
	if !p.Datum.Known() {
		return fault.BadField(field+"/datum", "a position needs its datum: wgs84, gcj02, bd09 or cgcs2000")
	}
	return nil
}

// Point is the position of the place in WGS-84; false when none is known.
func (p Place) Point() (Point, bool) {
	if p.Lat == nil || p.Lon == nil {
		return Point{}, false
	}
	return ToWGS84(*p.Lat, *p.Lon, p.Datum), true
}
