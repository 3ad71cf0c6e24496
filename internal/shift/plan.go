package shift

import (
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// Plan is a shift that an officer has arranged: the arrangement by organ and officer that Art. 15 asks for. Its JSON is what is stored.
type Plan struct {
	ID    uuid.UUID  `json:"id"`
	Organ duty.Organ `json:"organ"`
	Post  string     `json:"post"`
	Place duty.Place `json:"place"`
	// Strict refuses a check-in away from the place; else it is flagged.
	Strict     bool       `json:"strict,omitempty"`
	From       time.Time  `json:"from"`
	Until      time.Time  `json:"until"`
	ArrangedBy Person     `json:"arranged_by"`
	ArrangedAt time.Time  `json:"arranged_at"`
	People     []Person   `json:"people"`
	Swaps      []Swap     `json:"swaps,omitempty"`
	Warnings   []Warned   `json:"warnings,omitempty"`
	Cancelled  *time.Time `json:"cancelled_at,omitempty"`
	Why        string     `json:"cancelled_why,omitempty"`
}

// Person is somebody on a plan, named as they were then.
type Person struct {
	Person uuid.UUID `json:"person"`
	Number string    `json:"number"`
	Name   string    `json:"name"`
}

// Warned is what labour law has to say about one person's part in a plan.
type Warned struct {
	Person uuid.UUID `json:"person"`
	Warning
}

// early is how long before a planned shift one may check in for it.
const early = 2 * time.Hour

// planFor is the plan that a check-in now is for: the one that is going on, or else the next one that is near.
func planFor(plans []Plan, now time.Time) *Plan {
	for i := range plans {
		if p := &plans[i]; now.Before(p.Until) && !now.Before(p.From.Add(-early)) {
			return p
		}
	}
	return nil
}

// on says whether somebody is to do the shift.
func (p *Plan) on(person uuid.UUID) bool { return p.index(person) >= 0 }

func (p *Plan) index(person uuid.UUID) int {
	for i := range p.People {
		if p.People[i].Person == person {
			return i
		}
	}
	return -1
}
