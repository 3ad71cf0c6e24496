package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/roster"
)

const importColumns = `i.id, i.path, i.actor, i.dry, i.hash, i.state, i.phase, i.done, i.total, i.report, i.created_at, i.ended_at`

func scanImport(row pgx.CollectableRow) (job roster.ImportJob, err error) {
	var hash []byte
	err = row.Scan(&job.ID, &job.Path, &job.Actor, &job.Dry, &hash, &job.State, &job.Progress.Phase, &job.Progress.Done, &job.Progress.Total,
		&job.Report, &job.CreatedAt, &job.EndedAt)
	copy(job.Hash[:], hash)
	return job, err
}

// AddImport implements roster.Imports.
func (s *Store) AddImport(ctx context.Context, actor duty.Actor, job roster.ImportJob, content []byte) (stored roster.ImportJob, err error) {
	err = s.write(ctx, sightOf(actor, duty.ManageRoster), func(b *pgx.Batch) {
		b.Queue(`INSERT INTO roster_import (id, path, actor, dry, hash, file) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
			job.ID, string(job.Path), job.Actor, job.Dry, job.Hash[:], content)
		one(b, &stored, scanImport, `SELECT `+importColumns+` FROM roster_import i WHERE i.id = $1`, job.ID)
	})
	return stored, err
}

// ImportJob implements roster.Imports.
func (s *Store) ImportJob(ctx context.Context, actor duty.Actor, id uuid.UUID) (job roster.ImportJob, err error) {
	err = s.read(ctx, sightOf(actor, duty.ManageRoster), func(b *pgx.Batch) {
		one(b, &job, scanImport, `SELECT `+importColumns+` FROM roster_import i WHERE i.id = $1`, id)
	})
	return job, missing(err, fault.Missing("import"))
}

// lease is for how long a worker may be silent.
const lease = `clock_timestamp() + interval '60 seconds'`

// TakeImport implements roster.Imports.
func (s *Store) TakeImport(ctx context.Context) (job roster.ImportJob, actor duty.Actor, content []byte, err error) {
	err = s.write(ctx, everything, func(b *pgx.Batch) {
		b.Queue(`WITH next AS (
				SELECT id FROM roster_import WHERE file IS NOT NULL AND (lease_to IS NULL OR lease_to < clock_timestamp())
				ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
			), taken AS (
				UPDATE roster_import i SET state = 'running', lease_to = ` + lease + ` FROM next WHERE i.id = next.id RETURNING i.id, i.dry, i.file, i.actor
			)
			SELECT i.id, i.dry, i.file, p.id, p.number, p.name, p.class, o.id, o.code, o.name, o.kind, o.path,
				CASE WHEN p.status <> 'separated' THEN ` + grantsOf + ` END
			FROM taken i JOIN person p ON p.id = i.actor JOIN organ o ON o.id = p.organ_id`).QueryRow(func(row pgx.Row) error {
			return row.Scan(&job.ID, &job.Dry, &content, &actor.Person, &actor.Number, &actor.Name, &actor.Class,
				&actor.Organ.ID, &actor.Organ.Code, &actor.Organ.Name, &actor.Organ.Kind, &actor.Organ.Path, &actor.Grants)
		})
	})
	return job, actor, content, missing(err, fault.Missing("import"))
}

// TellImport implements roster.Imports.
func (s *Store) TellImport(ctx context.Context, id uuid.UUID, p roster.Progress) {
	ctx, cancel := context.WithTimeout(ctx, time.Second) // the transaction of the import waits, and would not for ever
	defer cancel()
	_ = s.write(ctx, everything, func(b *pgx.Batch) { // told again in a moment
		b.Queue(`UPDATE roster_import SET phase = $2, done = $3, total = $4, lease_to = `+lease+` WHERE id = $1 AND state = 'running'`,
			id, p.Phase, p.Done, p.Total)
	})
}

// EndImport implements roster.Imports.
func (s *Store) EndImport(ctx context.Context, ended roster.Ended) error {
	return s.write(ctx, everything, func(b *pgx.Batch) { queueEnd(b, ended) })
}

func queueEnd(b *pgx.Batch, ended roster.Ended) {
	report, err := json.Marshal(ended.Report)
	if err != nil {
		panic(err) // words and numbers can be encoded
	}
	b.Queue(`UPDATE roster_import SET state = $2, report = $3, file = NULL, done = total, ended_at = clock_timestamp() WHERE id = $1 AND file IS NOT NULL`,
		ended.ID, ended.State, report)
}
