package dispatch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// Matter is a recusal or an objection that waits for a head.
type Matter struct{ Task, ID uuid.UUID }

const (
	escalateEvery = 30 * time.Second // far below the shortest deadline
	escalateLimit = 500              // matters at once; the next round takes the rest
)

// RunEscalation looks until the context ends for what heads left unanswered. Any number of servers may.
func (s *Service) RunEscalation(log *slog.Logger) func(context.Context) {
	return func(ctx context.Context) {
		duty.Rounds{What: "the watch over what waits for heads", Every: escalateEvery, Log: log}.Run(ctx, s.Escalate)
	}
}

// Escalate brings recusals and objections whose deadline has passed before the heads above those who were asked; where nobody is above
// them, before the same again. Each goes up once: neither Art. 20 nor Art. 22 knows a silence that decides.
func (s *Service) Escalate(ctx context.Context) error {
	late, err := s.store.Unheard(ctx, escalateLimit)
	for _, m := range late { // one that cannot be written keeps no other from being told
		if no := s.byItself(ctx, m.Task, escalate{matter: m.ID}); no != nil {
			err = errors.Join(err, fmt.Errorf("what waits about task %s: %w", m.Task, no))
		}
	}
	return err
}

type escalate struct {
	beside
	matter uuid.UUID
}

func (s escalate) apply(d *deciding) error {
	if at := slices.IndexFunc(d.Recusals, func(r Recusal) bool { return r.ID == s.matter }); at >= 0 {
		r := d.Recusals[at]
		if r.State != RecusalPending || r.EscalatedAt != nil || d.Now.Before(r.Deadline) {
			return nil
		}
		r.Deadline, r.EscalatedAt = cmp.Or(r.Deadline, d.Now), &d.Now
		digest, err := sealed(r)
		if err != nil {
			return err
		}
		d.out.Beside = &Beside{Recusal: &r, Called: d.goUp("recusal_escalated")}
		return d.event("recusal.escalated", map[string]any{"recusal": r.ID, "person": r.Person, "deadline": r.Deadline, "digest": digest})
	}
	at := slices.IndexFunc(d.Objections, func(o Objection) bool { return o.ID == s.matter })
	if at < 0 || d.Objections[at].State != ObjectionOpen || d.Objections[at].EscalatedAt != nil || d.Now.Before(d.Objections[at].Deadline) {
		return nil
	}
	o := d.Objections[at]
	o.Deadline, o.EscalatedAt = cmp.Or(o.Deadline, d.Now), &d.Now
	return d.objected(o, d.goUp("objection_escalated"), "objection.escalated", map[string]any{"deadline": o.Deadline})
}

// deadline is by when a head should have answered what is asked now about the task: as long as an approver has for such an order. What
// was asked before there were deadlines has none, and goes up at once.
func (d *deciding) deadline() time.Time { return d.Now.Add(d.task.Urgency.deadline(d.patience)) }

// goUp tells the heads of the nearest organ above that of the heads who were asked.
func (d *deciding) goUp(kind string) []Called {
	asked := d.heads()
	above := d.nearest(func(w Watcher) bool { return d.mayDecide(w) && len(w.Path) < len(asked[0].Path) })
	if len(above) == 0 {
		above = asked
	}
	d.tell(kind, d.task.Urgency, watchersOf(above)...)
	return d.calledAll(above)
}
