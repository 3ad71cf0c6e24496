package app_test

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/outbox"
	"github.com/dutybound/dutybound/internal/testkit"
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
	dead  *bool
	claim func(holder uuid.UUID) (bool, error)
}

func (s deadStore) SettleRecord(ctx context.Context, holder uuid.UUID, lease time.Duration, d outbox.Settled) (outbox.Standing, error) {
	if *s.dead {
		return outbox.Standing{}, errors.New("dead")
	}
	return s.Store.SettleRecord(ctx, holder, 300*time.Millisecond, d)
}

func (s deadStore) ClaimOutbox(_ context.Context, _, holder uuid.UUID, _ time.Duration) (bool, error) {
	return s.claim(holder)
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
	s := outbox.New(deadStore{o.store, &dead, o.claims(h)}, carrier, dying{}, slog.New(slog.DiscardHandler), time.Minute)
	actor := duty.Actor{Person: h.person, Device: h.device, Grants: []duty.Grant{{Role: duty.RoleAuxiliary, Path: duty.Path(o.path(riverside))}}}
	results, err := s.Upload(o.t.Context(), actor, records)
	o.must(err)
	if !dead || results[0].Kept == nil {
		o.t.Fatalf("it did not die: %+v", results)
	}
}

// claims holds what somebody's device brings for one process, from before any of it is kept: the server's own sweep may come in between.
// Its lease, once it has claimed it, need not be waited for.
func (o *office) claims(h *hand) (claim func(holder uuid.UUID) (bool, error)) {
	o.t.Helper()
	nobody := uuid.New()
	_, err := o.sql.Exec(o.t.Context(), `INSERT INTO outbox_device (device_id, person_id, path) SELECT $1, id, path FROM person WHERE id = $2
		ON CONFLICT DO NOTHING`, h.device, h.person)
	o.must(err)
	testkit.Wait(o.t, "nobody to apply what came before", func() bool {
		held, err := o.store.ClaimOutbox(o.t.Context(), h.device, nobody, time.Hour)
		o.must(err)
		return held
	})
	return func(holder uuid.UUID) (bool, error) {
		claimed, err := o.sql.Exec(o.t.Context(), `UPDATE outbox_device SET lease = $2, lease_until = clock_timestamp() + interval '300 milliseconds'
			WHERE device_id = $1 AND lease = $3`, h.device, holder, nobody)
		return claimed.RowsAffected() == 1, err
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
