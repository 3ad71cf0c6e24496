package shift

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

var offDuty = fault.New(fault.Conflict, "off_duty", "您不在班", "you are not on duty")

// end decides a check-out.
func (s *Service) end(d Departure, actor duty.Actor, h Handover) (Turn, error) {
	if d.Open == nil {
		return Turn{}, offDuty
	}
	if h.To != nil && (d.To == nil || d.To.ID == actor.Person) {
		return Turn{}, fault.BadField("body/to", "no such colleague in your organ")
	}
	sh := *d.Open
	if h != (Handover{}) {
		sh.Handover = &h
	}
	return s.leave(d.Scene, actor, sh, CheckedOut, "shift.ended")
}

func (s *Service) leave(at Scene, actor duty.Actor, sh Shift, how How, kind string) (Turn, error) {
	sh.EndedAt, sh.Ended = &at.Now, how
	t := Turn{Shift: sh}
	body := map[string]any{"shift": sh.ID, "person": sh.Person, "started_at": sh.StartedAt}
	if sh.Handover != nil {
		body["to"] = sh.Handover.To
	}
	if err := s.tell(&t, kind, actor, at.Now, body); err != nil {
		return Turn{}, err
	}
	s.observe(&t, actor, at.Now, onDuty, law.No.String())
	s.concern(&t, actor.Person, at.Tasks, law.Yes, law.No)
	return t, nil
}

// Overdue finds shifts that nobody has ended.
type Overdue interface {
	// Overdue lists at most limit open shifts that began before a moment, the oldest first, with the law of their organs at the moment now.
	Overdue(ctx context.Context, before, now time.Time, after *Late, limit int) ([]Late, error)
	// CloseShift locks one of them and writes the turn; one that has been ended meanwhile is passed over.
	CloseShift(ctx context.Context, id uuid.UUID, decide func(Departure) (Turn, error)) error
}

// Late is an open shift, and the law that says how long it may be.
type Late struct {
	ID        uuid.UUID
	StartedAt time.Time
	Law       duty.Law
}

// Closer ends shifts that were forgotten. Any number of replicas may run one: each shift is ended once.
type Closer struct {
	*Service
	overdue Overdue
	clock   func(context.Context) (time.Time, error) // the database's
	log     *slog.Logger
}

// NewCloser makes one.
func NewCloser(s *Service, overdue Overdue, clock func(context.Context) (time.Time, error), log *slog.Logger) *Closer {
	return &Closer{s, overdue, clock, log}
}

// closeEvery is how late a forgotten shift may be closed, and portion how many at once.
const (
	closeEvery = 30 * time.Second
	portion    = 500
)

// Run closes what is overdue until the context ends.
func (c *Closer) Run(ctx context.Context) {
	duty.Rounds{What: "closing forgotten shifts", Every: closeEvery, Log: c.log}.Run(ctx, c.Close)
}

// Close ends every shift that has lasted for longer than its organ's shifts may (shift_longest_s).
func (c *Closer) Close(ctx context.Context) error {
	now, err := c.clock(ctx)
	if err != nil {
		return err
	}
	shortest, _ := duty.ShiftLongest.Info()
	var failed []error
	var last *Late
	for { // those of an organ with short shifts may come after any number of ordinary ones
		late, err := c.overdue.Overdue(ctx, now.Add(-time.Duration(shortest.Least)*time.Second), now, last, portion)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for _, l := range late {
			if now.Sub(l.StartedAt) > seconds(l.Law, duty.ShiftLongest) {
				failed = append(failed, c.overdue.CloseShift(ctx, l.ID, func(d Departure) (Turn, error) { return c.byRule(d, now) }))
			}
		}
		if len(late) < portion {
			return errors.Join(failed...)
		}
		last = &late[len(late)-1]
	}
}

// byRule is nobody's deed: the house speaks for the person who did not.
func (c *Closer) byRule(d Departure, now time.Time) (Turn, error) {
	d.Now = now
	return c.leave(d.Scene, duty.Actor{}, *d.Open, ClosedByRule, "shift.closed_by_rule")
}
