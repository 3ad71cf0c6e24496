package outbox

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Findings lists what is wrong with records in the actor's organs, oldest first.
func (s *Service) Findings(ctx context.Context, actor duty.Actor, f Filter) ([]Finding, error) {
	if err := duty.Require(actor, duty.ReviewOutbox); err != nil {
		return nil, err
	}
	return s.store.Findings(ctx, actor, f)
}

var (
	errClosed = fault.New(fault.Conflict, "finding_closed", "该问题已经关闭", "the finding is closed already")
	errOwn    = fault.New(fault.Forbidden, "own_records", "不能处理本人设备的离线记录", "nobody settles what is about records of their own")
)

// Close says that somebody has looked into a finding, and what came of it. What is missing is not waited for any longer.
func (s *Service) Close(ctx context.Context, actor duty.Actor, cmd duty.Command, id uuid.UUID, reason string) (f Finding, replay bool, err error) {
	if err := duty.Require(actor, duty.SettleOutbox); err != nil {
		return f, false, err
	}
	f, replay, err = s.store.CloseFinding(ctx, actor, cmd, id, func(f Finding, now time.Time) (Finding, ledger.Event, error) {
		if err := duty.Authorise(actor, duty.SettleOutbox, duty.Target{Path: f.Path}, duty.ReviewOutbox); err != nil {
			return f, ledger.Event{}, err
		}
		switch {
		case f.Person == actor.Person:
			return f, ledger.Event{}, errOwn
		case !f.Open:
			return f, ledger.Event{}, errClosed
		}
		f.Open, f.ClosedAt, f.ClosedBy, f.Reason = false, &now, &actor.Person, reason
		event, err := eventOf("outbox.finding_closed", f, now, s.newID())
		event.Actor = actor.Person
		return f, event, err
	})
	if err == nil {
		s.kick()
	}
	return f, replay, err
}

// Quarantine lists the records of revoked devices that wait for somebody to decide.
func (s *Service) Quarantine(ctx context.Context, actor duty.Actor, f Filter) ([]Held, error) {
	if err := duty.Require(actor, duty.ReviewOutbox); err != nil {
		return nil, err
	}
	held, err := s.store.Quarantine(ctx, actor, f)
	for i := range held {
		if held[i].Request, err = read(held[i].Signed, err); err != nil {
			return nil, err
		}
	}
	return held, err
}

func read(jws string, before error) (Record, error) {
	if before != nil {
		return Record{}, before
	}
	e, err := open(jws)
	return e.record, err
}

// Decide releases or rejects records of a revoked device: all that are in quarantine, or those with the hashes. What is released is
// applied as the testimony of its person, in the order of the counters.
func (s *Service) Decide(ctx context.Context, actor duty.Actor, cmd duty.Command, device uuid.UUID, v Verdict) (n int, replay bool, err error) {
	if err := duty.Require(actor, duty.SettleOutbox); err != nil {
		return 0, false, err
	}
	n, replay, err = s.store.DecideQuarantine(ctx, actor, cmd, device, func(held []Held, now time.Time) (Verdict, error) {
		if err := duty.Authorise(actor, duty.SettleOutbox, duty.Target{Path: held[0].Path}, duty.ReviewOutbox); err != nil {
			return v, err
		}
		if held[0].Person == actor.Person {
			return v, errOwn
		}
		chosen, err := choose(held, v.Hashes)
		if err != nil {
			return v, err
		}
		v.Hashes = chosen
		v.Event, err = decided(actor, held[0], v, now, s.newID())
		return v, err
	})
	if err == nil {
		s.kick()
	}
	return n, replay, err
}

func choose(held []Held, hashes []string) ([]string, error) {
	all := make([]string, len(held))
	for i, h := range held {
		all[i] = h.Hash
	}
	if len(hashes) == 0 {
		return all, nil
	}
	for _, hash := range hashes {
		if !slices.Contains(all, hash) {
			return nil, fault.BadField("body/records", "names a record that is not in quarantine")
		}
	}
	return hashes, nil
}

func decided(actor duty.Actor, of Held, v Verdict, at time.Time, id uuid.UUID) (ledger.Event, error) {
	text, err := json.Marshal(map[string]any{"person": of.Person, "released": v.Release, "records": len(v.Hashes)})
	return ledger.Event{ID: id, Kind: "outbox.quarantine_decided", Path: of.Path, Actor: actor.Person, At: at, Body: text}, err
}
