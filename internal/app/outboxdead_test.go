package app_test

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/outbox"
)

// dying carries nothing out: its process has died.
type dying struct{ die func() }

func (d dying) Carry(context.Context, duty.Actor, outbox.Request) (outbox.Answer, error) {
	d.die()
	return outbox.Answer{}, errors.New("dead")
}

func (d dying) StartedOffline(context.Context, duty.OfflineStart) error { return nil }

// deadStore is the store of a process that dies: from some moment on nothing is written any more.
type deadStore struct {
	outbox.Store
	dead *bool
}

func (s deadStore) SettleRecord(ctx context.Context, holder uuid.UUID, lease time.Duration, d outbox.Settled) (outbox.Standing, error) {
	if *s.dead {
		return outbox.Standing{}, errors.New("dead")
	}
	return s.Store.SettleRecord(ctx, holder, 300*time.Millisecond, d)
}

func (s deadStore) ClaimOutbox(ctx context.Context, device, holder uuid.UUID, _ time.Duration) (bool, error) {
	return s.Store.ClaimOutbox(ctx, device, holder, 300*time.Millisecond) // its lease need not be waited for
}

func (s deadStore) ReleaseOutbox(ctx context.Context, device, holder uuid.UUID, arrivals int64, due *time.Time) error {
	if *s.dead {
		return errors.New("dead")
	}
	return s.Store.ReleaseOutbox(ctx, device, holder, arrivals, due)
}

// kept has records kept by a process that dies before it has applied the first, or after it has and before it could say so.
func (o *office) kept(h *hand, records []string, halfway bool) {
	o.t.Helper()
	dead := false
	var carrier outbox.Carrier = dying{func() { dead = true }}
	if halfway {
		carrier = beforeDying{h, &dead}
	}
	s := outbox.New(deadStore{o.store, &dead}, carrier, dying{}, slog.New(slog.DiscardHandler), time.Minute)
	actor := duty.Actor{Person: h.person, Device: h.device, Grants: []duty.Grant{{Role: duty.RoleAuxiliary, Path: duty.Path(o.path(riverside))}}}
	results, err := s.Upload(o.t.Context(), actor, records)
	o.must(err)
	if !dead || results[0].Kept == nil {
		o.t.Fatalf("it did not die: %+v", results)
	}
}

// beforeDying carries a request out, over the network, and dies.
type beforeDying struct {
	h    *hand
	dead *bool
}

func (b beforeDying) Carry(_ context.Context, _ duty.Actor, r outbox.Request) (outbox.Answer, error) {
	*b.dead = true
	done, err := b.h.try("POST", r.Path, r.Body, keyedBy(r.ID))
	return outbox.Answer{Status: done.status}, err
}
