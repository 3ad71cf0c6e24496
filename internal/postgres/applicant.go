package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/roster"
)

const selectApplicant = `SELECT a.doc, a.created_at, (SELECT r.ruling FROM applicant_ruling r WHERE r.applicant_id = a.id ORDER BY r.decided_at DESC, r.id DESC LIMIT 1)
	FROM applicant a WHERE `

func scanApplicant(row pgx.CollectableRow) (a roster.Applicant, err error) {
	var created time.Time
	var doc []byte
	if err = row.Scan(&doc, &created, &a.Ruling); err != nil {
		return a, err
	}
	err = json.Unmarshal(doc, &a)
	a.CreatedAt = created
	return a, err
}

// AddApplicant implements roster.Applications.
func (s *Store) AddApplicant(ctx context.Context, actor duty.Actor, a roster.Applicant, event ledger.Event) (stored roster.Applicant, err error) {
	err = s.within(ctx, sightOf(actor, duty.ManageRoster), func(tx pgx.Tx) error {
		added, err := tx.Exec(ctx, `INSERT INTO applicant (id, doc, created_at) VALUES ($1, $2, clock_timestamp()) ON CONFLICT (id) DO NOTHING`, a.ID, a)
		if err != nil {
			return err
		}
		if added.RowsAffected() == 1 {
			if err := happened(ctx, tx, event); err != nil {
				return err
			}
		}
		stored, err = theApplicant(ctx, tx, a.ID)
		return err
	})
	return stored, err
}

func theApplicant(ctx context.Context, tx pgx.Tx, id uuid.UUID) (roster.Applicant, error) {
	rows, err := tx.Query(ctx, selectApplicant+`a.id = $1`, id)
	if err != nil {
		return roster.Applicant{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanApplicant)
}

// Applicants implements roster.Applications.
func (s *Store) Applicants(ctx context.Context, actor duty.Actor, within duty.Path, after uuid.UUID, limit int) (list []roster.Applicant, err error) {
	err = s.read(ctx, sightOf(actor, duty.ManageRoster), func(b *pgx.Batch) {
		each(b, &list, scanApplicant, selectApplicant+`a.path ^@ ANY (string_to_array($1, ',', '')) AND a.path ^@ $2 AND a.id > $3 ORDER BY a.id LIMIT $4`,
			scopeOf(actor.Reach(duty.ManageRoster)), string(within), after, limit)
	})
	return list, err
}

// Applicant implements roster.Applications.
func (s *Store) Applicant(ctx context.Context, actor duty.Actor, id uuid.UUID) (a roster.Applicant, err error) {
	err = s.read(ctx, sightOf(actor, duty.ManageRoster), func(b *pgx.Batch) {
		one(b, &a, scanApplicant, selectApplicant+`a.path ^@ ANY (string_to_array($1, ',', '')) AND a.id = $2`, scopeOf(actor.Reach(duty.ManageRoster)), id)
	})
	return a, missing(err, fault.Missing("applicant"))
}

// Recruit implements roster.Applications.
func (s *Store) Recruit(
	ctx context.Context, actor duty.Actor, id uuid.UUID, number string, decide func(time.Time, roster.Applicant, roster.Scene) (roster.Recruited, error),
) error {
	err := s.within(ctx, everything, func(tx pgx.Tx) error {
		look := lookingFor(tx, actor, roster.Selection{Numbers: []string{number}})
		if err := look.around(ctx); err != nil {
			return err
		}
		var now time.Time
		if err := tx.QueryRow(ctx, `SELECT clock_timestamp() FROM applicant WHERE id = $1 FOR UPDATE`, id).Scan(&now); err != nil {
			return err
		}
		before, err := theApplicant(ctx, tx, id)
		if err != nil {
			return err
		}
		done, err := decide(now, before, look.scene)
		if err != nil {
			return err
		}
		if _, err := write(ctx, tx, done.Changes, nil); err != nil {
			return err
		}
		return recruited(ctx, tx, actor, done)
	})
	return entryFault(missing(err, fault.Missing("applicant")))
}

// recruited writes what became of an applicant: as they were when the law refused them, so that only its ruling is new.
func recruited(ctx context.Context, tx pgx.Tx, actor duty.Actor, done roster.Recruited) error {
	if _, err := tx.Exec(ctx, `UPDATE applicant SET doc = $2 WHERE id = $1 AND doc <> $2`, done.Applicant.ID, done.Applicant); err != nil {
		return err
	}
	r := done.Ruling
	if r == nil {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO applicant_ruling (id, applicant_id, path, asked, outcome, actor, decided_at, event_id, ruling)
		VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp(), $7, $8::text::json)`, r.ID, done.Applicant.ID, string(done.Applicant.Organ.Path), r.Asked.String(),
		r.Outcome.String(), actor.Person, done.Events[0].ID, string(r.Text))
	return err
}
