package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/roster"
)

const selectOwed = `SELECT h.id, h.person_id, h.path, h.class, h.item, h.listed_at, h.returned_at, h.received_by FROM hand_back h WHERE h.person_id = $1`

func scanOwed(row pgx.CollectableRow) (o roster.Owed, err error) {
	var class string
	if err = row.Scan(&o.ID, &o.Person, &o.Path, &class, &o.Item, &o.ListedAt, &o.ReturnedAt, &o.ReceivedBy); err != nil {
		return o, err
	}
	return o, o.Class.UnmarshalText([]byte(class))
}

// HandBack implements roster.Obligations.
func (s *Store) HandBack(ctx context.Context, actor duty.Actor, person uuid.UUID) (owed []roster.Owed, err error) {
	err = s.read(ctx, sightOf(actor, duty.ReadRoster), func(b *pgx.Batch) {
		each(b, &owed, scanOwed, selectOwed+` ORDER BY h.listed_at, h.class, h.item`, person)
	})
	return owed, err
}

// Receive implements roster.Obligations. What came back is no longer carried.
func (s *Store) Receive(ctx context.Context, actor duty.Actor, person, thing uuid.UUID, event ledger.Event) (owed roster.Owed, err error) {
	err = s.within(ctx, sightOf(actor, duty.ManageRoster), func(tx pgx.Tx) error {
		returned, err := tx.Exec(ctx, `UPDATE hand_back SET returned_at = clock_timestamp(), received_by = $3
			WHERE id = $2 AND person_id = $1 AND returned_at IS NULL`, person, thing, actor.Person)
		if err != nil {
			return err
		}
		if returned.RowsAffected() == 1 {
			if _, err := tx.Exec(ctx, `DELETE FROM equipment e USING hand_back h
				WHERE h.id = $1 AND e.person_id = h.person_id AND e.class = h.class AND e.item = h.item`, thing); err != nil {
				return err
			}
			if err := happened(ctx, tx, event); err != nil {
				return err
			}
		}
		rows, err := tx.Query(ctx, selectOwed+` AND h.id = $2`, person, thing)
		if err != nil {
			return err
		}
		owed, err = pgx.CollectExactlyOneRow(rows, scanOwed)
		return err
	})
	return owed, missing(err, fault.Missing("thing"))
}
