package postgres

import (
	"context"
	"crypto/rand"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/ledger"
)

var otherKey = fault.New(fault.Conflict, "device_has_another_key", "该设备已登记其他密钥，或该密钥属于其他设备；更换密钥须登记为新设备",
	"the device has another key, or the key is another device's: a new key is a new device, to be registered as one")

// EnrolKey implements identity.Store.
func (s *Store) EnrolKey(
	ctx context.Context, device uuid.UUID, key identity.DeviceKey, event ledger.Event,
) (stored identity.Device, err error) {
	err = s.within(ctx, everything, func(tx pgx.Tx) (err error) {
		if err = enrolKey(ctx, tx, device, key, event); err != nil {
			return err
		}
		stored, err = deviceByID(ctx, tx, device)
		return err
	})
	return stored, err
}

// enrolKey waits for whoever enrols or revokes the device at the same time, and sees what they did.
func enrolKey(ctx context.Context, tx pgx.Tx, device uuid.UUID, key identity.DeviceKey, event ledger.Event) error {
	enrolled, err := tx.Exec(ctx, `INSERT INTO device_key (device_id, public_key, thumbprint, attestation)
		SELECT live.id, $2, $3, $4 FROM (SELECT id FROM device WHERE id = $1 AND revoked_at IS NULL FOR SHARE) AS live
		ON CONFLICT DO NOTHING`, device, key.Public, key.Thumbprint, key.Attestation)
	if err != nil {
		return err
	}
	if enrolled.RowsAffected() == 1 {
		return happened(ctx, tx, event)
	}
	var same bool
	err = tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM device_key WHERE device_id = $1 AND thumbprint = $2)`, device, key.Thumbprint).Scan(&same)
	if err == nil && !same {
		return otherKey
	}
	return err
}

// Secret is the secret with a name that all replicas share. It is made when there is none.
func (s *Store) Secret(ctx context.Context, name string) (secret []byte, err error) {
	fresh := make([]byte, identity.NonceSecret)
	rand.Read(fresh) // never fails: crypto/rand ends the program instead
	err = s.write(ctx, everything, func(b *pgx.Batch) {
		b.Queue(`INSERT INTO server_secret (name, secret) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, fresh)
		one(b, &secret, pgx.RowTo[[]byte], `SELECT secret FROM server_secret WHERE name = $1`, name)
	})
	return secret, err
}
