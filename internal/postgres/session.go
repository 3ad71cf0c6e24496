package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
)

var noSession = fault.New(fault.Unauthenticated, "session_ended", "登录已失效，请重新登录", "the session has ended; sign in again")

// liveSession is the condition for a session s of person p on device d to be one.
const liveSession = `s.revoked_at IS NULL AND s.expires_at > now() AND d.revoked_at IS NULL AND p.status <> 'separated'`

// grantsOf are the grants of p as they are now. While somebody is suspended they are an auxiliary of what they were: they see and
// answer what concerns themselves, and nothing else.
const grantsOf = `(SELECT json_agg(json_build_object('role', CASE WHEN p.status = 'active' THEN a.role ELSE 'auxiliary' END, 'path', a.path)
		ORDER BY a.path, a.role)
	FROM authority a WHERE a.person_id = p.id)`

// Credential implements identity.Store.
func (s *Store) Credential(ctx context.Context, number string, device uuid.UUID) (c identity.Credential, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		one(b, &c, func(row pgx.CollectableRow) (c identity.Credential, err error) {
			var status string
			err = row.Scan(&c.Person, &c.Path, &status, &c.Hash, &c.MustChange, &c.DeviceLive, &c.Platform, &c.Key)
			if err == nil {
				err = c.Status.UnmarshalText([]byte(status))
			}
			return c, err
		}, `SELECT p.id, p.path, p.status, coalesce(c.hash, ''), coalesce(c.must_change, false),
				d.id IS NOT NULL, coalesce(d.platform, ''), coalesce(k.thumbprint, '')
			FROM person p LEFT JOIN credential c ON c.person_id = p.id
				LEFT JOIN device d ON d.id = $2 AND d.person_id = p.id AND d.revoked_at IS NULL
				LEFT JOIN device_key k ON k.device_id = d.id
			WHERE p.number = $1`, number, device)
	})
	return c, missing(err, fault.Missing("person"))
}

// AddSession implements identity.Store. The share locks make it wait for a password, device or status that is changing, and see it
// as it has become.
func (s *Store) AddSession(ctx context.Context, n identity.NewSession) (expires time.Time, err error) {
	insert := []any{n.ID, n.Token[:], n.Life, n.Person, n.Password, n.Device}
	if n.Enrol == nil {
		err = s.write(ctx, everything, func(b *pgx.Batch) { one(b, &expires, pgx.RowTo[time.Time], addSession, insert...) })
		return expires, missing(err, noSession)
	}
	err = s.within(ctx, everything, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, addSession, insert...).Scan(&expires); err != nil {
			return err
		}
		return enrolKey(ctx, tx, n.Device, n.Enrol.Key, n.Enrol.Event)
	})
	return expires, missing(err, noSession)
}

const addSession = `
	INSERT INTO session (id, token_hash, person_id, device_id, expires_at)
	SELECT $1, $2, checked.person_id, checked.device_id, now() + $3::interval
	FROM (
		SELECT c.person_id, d.id AS device_id
		FROM credential c JOIN person p ON p.id = c.person_id JOIN device d ON d.person_id = p.id
		WHERE c.person_id = $4 AND c.hash = $5 AND d.id = $6 AND d.revoked_at IS NULL AND p.status <> 'separated'
		FOR SHARE OF c, p, d
	) AS checked
	RETURNING expires_at`

// Session implements identity.Store.
func (s *Store) Session(ctx context.Context, token [32]byte) (session identity.Session, err error) {
	found, err := s.sessions.one(ctx, token)
	if err == nil && len(found) == 0 {
		err = noSession
	}
	return first(found), err
}

// liveSessions looks for those of some tokens, each by itself, in one round trip.
func (s *Store) liveSessions(ctx context.Context, tokens [][32]byte) ([][]identity.Session, error) {
	found := make([][]identity.Session, len(tokens))
	return found, s.read(ctx, everything, func(b *pgx.Batch) {
		for i := range tokens {
			each(b, &found[i], scanSession, selectSession, tokens[i][:])
		}
	})
}

const selectSession = `
	SELECT s.id, s.device_id, d.platform, coalesce(k.thumbprint, ''), s.expires_at, coalesce(c.must_change, false), p.id, p.number, p.name, p.class,
		o.id, o.code, o.name, o.kind, o.path, ` + grantsOf + `
	FROM session s
		JOIN device d ON d.id = s.device_id
		LEFT JOIN device_key k ON k.device_id = d.id
		JOIN person p ON p.id = s.person_id
		JOIN organ o ON o.id = p.organ_id
		LEFT JOIN credential c ON c.person_id = p.id
	WHERE s.token_hash = $1 AND ` + liveSession

func scanSession(row pgx.CollectableRow) (s identity.Session, err error) {
	a := &s.Actor
	err = row.Scan(&a.Session, &a.Device, &s.Platform, &s.Key, &s.ExpiresAt, &s.MustChange, &a.Person, &a.Number, &a.Name, &a.Class,
		&a.Organ.ID, &a.Organ.Code, &a.Organ.Name, &a.Organ.Kind, &a.Organ.Path, &a.Grants)
	return s, err
}

// EndSession implements identity.Store.
func (s *Store) EndSession(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, everything, func(b *pgx.Batch) {
		b.Queue(`UPDATE session SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL`, id)
	})
}

// SetPassword implements identity.Store.
func (s *Store) SetPassword(ctx context.Context, person uuid.UUID, hash string, mustChange bool, keep uuid.UUID) error {
	return s.write(ctx, everything, func(b *pgx.Batch) {
		b.Queue(`INSERT INTO credential (person_id, hash, must_change, updated_at) VALUES ($1, $2, $3, now())
			ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, must_change = excluded.must_change, updated_at = excluded.updated_at`,
			person, hash, mustChange)
		b.Queue(`UPDATE session SET revoked_at = now() WHERE person_id = $1 AND id <> $2 AND revoked_at IS NULL`, person, keep)
	})
}

// ReplacePassword implements identity.Store. The sessions are ended by a statement of their own, which sees those that were opened
// while the first one waited for the credential.
func (s *Store) ReplacePassword(ctx context.Context, person uuid.UUID, old, hash string, keep uuid.UUID) error {
	return s.within(ctx, everything, func(tx pgx.Tx) error {
		changed, err := tx.Exec(ctx, `UPDATE credential SET hash = $3, must_change = false, updated_at = now() WHERE person_id = $1 AND hash = $2`,
			person, old, hash)
		if err != nil {
			return err
		}
		if changed.RowsAffected() == 0 {
			return fault.New(fault.Conflict, "password_changed", "密码已被更改，请重新登录", "the password was changed meanwhile; sign in again")
		}
		_, err = tx.Exec(ctx, `UPDATE session SET revoked_at = now() WHERE person_id = $1 AND id <> $2 AND revoked_at IS NULL`, person, keep)
		return err
	})
}
