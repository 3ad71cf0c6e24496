package roster

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// Headcount is how many auxiliaries of a class were approved for an organ with everything below it (Art. 7), and how many there are.
// Whoever has not left counts.
//
// More than the quota is told and not refused: Art. 7 binds the organs that plan and approve the number, under their government. It
// gives no ground to undo a contract or to keep somebody off the roster who was hired, and a roster that hides them would be wrong.
type Headcount struct {
	Organ  duty.Organ
	Class  duty.Class
	Quota  int
	Basis  string // the government's approval
	Actual int
}

// Over is by how many the quota is exceeded; negative: so many may yet be hired.
func (h Headcount) Over() int { return h.Actual - h.Quota }

// Counting reads the quotas within the actor's reach that count people of any of the organs, and how many there are. Until the change
// is written nobody else can come to count for them: of two who are one too many the second is told.
type Counting func(organs []duty.Path) ([]Headcount, error)

func (h Headcount) counts(p duty.Person) bool {
	return counted(p) && p.Class == h.Class && p.Organ.Path.Within(h.Organ.Path)
}

// counted says whether a quota can count the person at all.
func counted(p duty.Person) bool {
	return p.Class.LegalRole() != law.RoleNone && p.Status != law.StatusSeparated
}

// heads keeps what a change makes of somebody, who may be new, for the quotas.
func (c *change) heads(was *duty.Person, is duty.Person) {
	c.is = append(c.is, is)
	there := was != nil && counted(*was) && was.Class == is.Class && was.Organ.ID == is.Organ.ID
	if counted(is) && !there {
		c.into[is.Organ.Path] = true
	}
	if was != nil {
		c.was = append(c.was, *was)
	}
}

// over lists the quotas that the change exceeds, or exceeds by more than before, each with an event.
func (c *change) over() (over []Headcount) {
	if len(c.into) == 0 {
		return nil // and nobody waits for a quota who suspends or lets go
	}
	counts, err := c.scene.Counts(slices.Sorted(maps.Keys(c.into)))
	if err != nil {
		c.err = err
		return nil
	}
	for _, h := range counts {
		before := h.Actual
		for _, p := range c.was {
			if h.counts(p) {
				h.Actual--
			}
		}
		for _, p := range c.is {
			if h.counts(p) {
				h.Actual++
			}
		}
		if h.Actual > before && h.Over() > 0 {
			over = append(over, h)
			c.happened("organ.quota_exceeded", h.Organ.Path, map[string]any{"organ": h.Organ.Code, "class": h.Class, "quota": h.Quota, "actual": h.Actual})
		}
	}
	return over
}

// Quotas lists the quotas of organs in the actor's sight, within a subtree (empty: everywhere), with the actual numbers.
func (s *Service) Quotas(ctx context.Context, actor duty.Actor, within duty.Path) ([]Headcount, error) {
	if err := duty.Require(actor, duty.ReadRoster); err != nil {
		return nil, err
	}
	return s.store.Quotas(ctx, actor, within)
}

// NewQuota is an approved number, with the approval it rests on.
type NewQuota struct {
	Organ  uuid.UUID
	Class  duty.Class
	Amount int
	Basis  string
}

// SetQuota records an approved number for an organ. The same number and basis again leave no event.
func (s *Service) SetQuota(ctx context.Context, actor duty.Actor, q NewQuota) (Headcount, error) {
	if q.Class.LegalRole() == law.RoleNone {
		return Headcount{}, fault.BadField("body/class", "must be field_auxiliary or civilian_auxiliary")
	}
	organ, err := s.store.Organ(ctx, actor, q.Organ)
	if err != nil {
		return Headcount{}, err
	}
	if err := duty.Authorise(actor, duty.ManageRoster, duty.Target{Path: organ.Path}, duty.ReadRoster); err != nil {
		return Headcount{}, err
	}
	event, err := eventOf(s.newID(), "organ.quota_set", organ.Path, actor.Person,
		map[string]any{"organ": organ.Code, "class": q.Class, "quota": q.Amount, "basis": q.Basis})
	if err != nil {
		return Headcount{}, err
	}
	return s.store.SetQuota(ctx, actor, q, event)
}
