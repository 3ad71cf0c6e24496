package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/ledger"
)

// selectDevice starts a query for devices d with the place of their owners p.
const selectDevice = `SELECT d.id, d.person_id, p.path, d.name, d.platform, d.registered_at, d.revoked_at,
		k.public_key, k.thumbprint, k.attestation, k.enrolled_at
	FROM device d JOIN person p ON p.id = d.person_id LEFT JOIN device_key k ON k.device_id = d.id WHERE `

func scanDevice(row pgx.CollectableRow) (d identity.Device, err error) {
	var key struct {
		public                  []byte
		thumbprint, attestation *string
		enrolled                *time.Time
	}
	err = row.Scan(&d.ID, &d.Person, &d.Path, &d.Name, &d.Platform, &d.RegisteredAt, &d.RevokedAt,
		&key.public, &key.thumbprint, &key.attestation, &key.enrolled)
	if err == nil && key.thumbprint != nil {
		d.Key = &identity.DeviceKey{Public: key.public, Thumbprint: *key.thumbprint, Attestation: *key.attestation, EnrolledAt: *key.enrolled}
	}
	return d, err
}

// inReach says that a person p is the actor ($1) or belongs below one of the actor's organs ($2).
const inReach = `(p.id = $1 OR p.path ^@ ANY (string_to_array($2, ',', '')))`

func reach(actor duty.Actor) (me uuid.UUID, paths string) {
	return actor.Person, scopeOf(actor.Reach(duty.ReadRoster))
}

// Owner implements identity.Store.
func (s *Store) Owner(ctx context.Context, actor duty.Actor, person uuid.UUID) (path duty.Path, err error) {
	me, paths := reach(actor)
	err = s.read(ctx, sightOf(actor, duty.ReadRoster), func(b *pgx.Batch) {
		one(b, &path, pgx.RowTo[duty.Path], `SELECT p.path FROM person p WHERE `+inReach+` AND p.id = $3`, me, paths, person)
	})
	return path, missing(err, fault.Missing("person"))
}

// DevicesOf implements identity.Store.
func (s *Store) DevicesOf(ctx context.Context, actor duty.Actor, person uuid.UUID) (devices []identity.Device, err error) {
	me, paths := reach(actor)
	err = s.read(ctx, sightOf(actor, duty.ReadRoster), func(b *pgx.Batch) {
		each(b, &devices, scanDevice, selectDevice+inReach+` AND p.id = $3 ORDER BY d.registered_at DESC, d.id DESC`, me, paths, person)
	})
	return devices, err
}

// Device implements identity.Store.
func (s *Store) Device(ctx context.Context, actor duty.Actor, id uuid.UUID) (device identity.Device, err error) {
	me, paths := reach(actor)
	err = s.read(ctx, sightOf(actor, duty.ReadRoster), func(b *pgx.Batch) {
		one(b, &device, scanDevice, selectDevice+inReach+` AND d.id = $3`, me, paths, id)
	})
	return device, missing(err, fault.Missing("device"))
}

// AddDevice implements identity.Store.
func (s *Store) AddDevice(ctx context.Context, d identity.Device) (stored identity.Device, err error) {
	err = s.within(ctx, everything, func(tx pgx.Tx) (err error) {
		stored, err = addDevice(ctx, tx, d)
		return err
	})
	return stored, err
}

// RegisterDevice implements identity.Store.
func (s *Store) RegisterDevice(
	ctx context.Context, actor duty.Actor, cmd duty.Command, d identity.Device, event ledger.Event,
) (stored identity.Device, replay bool, err error) {
	replay, err = s.once(ctx, actor, cmd, everything, &stored, func(tx pgx.Tx) (err error) {
		if stored, err = addDevice(ctx, tx, d); err != nil {
			return err
		}
		return happened(ctx, tx, event)
	})
	return stored, replay, err
}

func addDevice(ctx context.Context, tx pgx.Tx, d identity.Device) (stored identity.Device, err error) {
	_, err = tx.Exec(ctx, `INSERT INTO device (id, person_id, name, platform) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`,
		d.ID, d.Person, d.Name, string(d.Platform))
	if err != nil {
		return stored, err
	}
	return deviceByID(ctx, tx, d.ID)
}

// RevokeDevice implements identity.Store.
func (s *Store) RevokeDevice(ctx context.Context, id uuid.UUID, event ledger.Event) (stored identity.Device, err error) {
	err = s.within(ctx, everything, func(tx pgx.Tx) error {
		revoked, err := tx.Exec(ctx, `UPDATE device SET revoked_at = now(), push_token = NULL WHERE id = $1 AND revoked_at IS NULL`, id)
		if err != nil {
			return err
		}
		if revoked.RowsAffected() == 1 {
			if _, err := tx.Exec(ctx, `UPDATE session SET revoked_at = now() WHERE device_id = $1 AND revoked_at IS NULL`, id); err != nil {
				return err
			}
			if err := happened(ctx, tx, event); err != nil {
				return err
			}
		}
		stored, err = deviceByID(ctx, tx, id)
		return err
	})
	return stored, missing(err, fault.Missing("device"))
}

func deviceByID(ctx context.Context, tx pgx.Tx, id uuid.UUID) (identity.Device, error) {
	rows, err := tx.Query(ctx, selectDevice+`d.id = $1`, id)
	if err != nil {
		return identity.Device{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanDevice)
}

// SetPushToken implements identity.Store. Those who want one token at the same time go one after the other, and the last one keeps it;
// the rows are locked in order, so that two devices can change tokens with each other.
func (s *Store) SetPushToken(ctx context.Context, device uuid.UUID, token string) error {
	return s.write(ctx, everything, func(b *pgx.Batch) {
		b.Queue(`SELECT pg_advisory_xact_lock(hashtext('push token'), hashtext($1))`, token)
		b.Queue(`SELECT FROM device WHERE id = $1 OR push_token = $2 ORDER BY id FOR UPDATE`, device, token)
		b.Queue(`UPDATE device SET push_token = NULL WHERE push_token = $2 AND id <> $1`, device, token)
		b.Queue(`UPDATE device SET push_token = nullif($2, '') WHERE id = $1 AND revoked_at IS NULL`, device, token)
	})
}
