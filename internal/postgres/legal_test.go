package postgres_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
)

// propose puts a proposal into the database with raw SQL and answers its id.
func (h *house) propose(organ duty.Organ, by duty.Actor) uuid.UUID {
	h.t.Helper()
	id := newID()
	_, err := h.owner.Exec(h.t.Context(), `
		INSERT INTO proposal (id, organ, kind, subject, value, memo, reason, effective_from, proposer, proposed_at, state)
		VALUES ($1, $2, 'reading', 'recording_unknown', '"block"', '1号', '试', now(), jsonb_build_object('person', $3::uuid), now(), 'proposed')`,
		id, organ, by.Person)
	h.must(err)
	return id
}

const approving = `UPDATE proposal SET state = 'approved', decider = jsonb_build_object('person', $2::uuid), decided_at = now() WHERE id = $1`

// No SQL, not even the owner's, approves a proposal by the hand that made it, decides one twice, or changes what it says.
func TestNoSQLChangesTheLawAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	id := h.propose(h.north, h.officer)
	refused := func(what, constraint, sql string, args ...any) {
		t.Helper()
		if _, err := h.owner.Exec(ctx, sql, args...); err == nil || !strings.Contains(err.Error(), constraint) {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("approved by the proposer", "two_people", approving, id, h.officer.Person)
	refused("withdrawn by another", "own_withdrawal", strings.Replace(approving, "approved", "withdrawn", 1), id, h.head.Person)
	refused("approved by nobody", "decided_by_somebody", `UPDATE proposal SET state = 'approved' WHERE id = $1`, id)
	refused("changed", "says what it said", `UPDATE proposal SET value = '"warn"' WHERE id = $1`, id)
	refused("changed on the way", "says what it said", strings.Replace(approving, "SET ", `SET memo = 'x', `, 1), id, h.head.Person)
	refused("taken away", "kept as they were written", `DELETE FROM proposal WHERE id = $1`, id)
	refused("all taken away", "kept as they were written", `TRUNCATE proposal`)
	refused("born approved", "begins undecided", `
		INSERT INTO proposal (id, organ, kind, subject, memo, reason, effective_from, proposer, proposed_at, state, decider, decided_at)
		SELECT gen_random_uuid(), organ, kind, subject, memo, reason, now(), proposer, now(), 'approved',
			jsonb_build_object('person', $2::uuid), now() FROM proposal WHERE id = $1`, id, h.head.Person)
	_, err := h.owner.Exec(ctx, approving, id, h.head.Person)
	h.must(err)
	refused("decided again", "decided once", strings.Replace(approving, "approved", "rejected", 1), id, h.head.Person)
	if n := h.count(`SELECT count(*) FROM proposal WHERE in_force_from >= decided_at AND in_force_from >= effective_from`); n != 1 {
		t.Error("it holds from before it was approved")
	}
}

// Another organ's proposals are not there; the approved law of an organ above is there for those who ask for their own, and nothing
// else of it.
func TestTheLawIsSeenFromBelowOnceApproved(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	legal := h.person("100009", "秦正", duty.Officer, h.district, duty.RoleLegal)
	seen := func(scope, law string) (n int) {
		t.Helper()
		h.must(h.as(scope, uuid.Nil, func(tx pgx.Tx) error {
			if _, err := tx.Exec(context.Background(), `SELECT set_config('dutybound.law', $1, true)`, law); err != nil {
				return err
			}
			return tx.QueryRow(context.Background(), `SELECT count(*) FROM proposal`).Scan(&n)
		}))
		return n
	}
	id := h.propose(h.district, legal)
	h.propose(h.south, h.stranger)
	north := string(h.north.Path)
	for what, n := range map[string][2]int{
		"nobody":                      {seen("", ""), 0},
		"north":                       {seen(north, ""), 0},
		"north, who asks for its law": {seen(north, north), 0},
		"south":                       {seen(string(h.south.Path), ""), 1},
		"the district":                {seen(string(h.district.Path), ""), 2},
	} {
		if n[0] != n[1] {
			t.Errorf("%s sees %d proposals, want %d", what, n[0], n[1])
		}
	}
	_, err := h.owner.Exec(t.Context(), approving, id, h.head.Person)
	h.must(err)
	if n := seen(north, north); n != 1 {
		t.Errorf("north sees %d of the law it is under", n)
	}
	if n := seen("", north+"x"); n != 1 { // an organ below the district that nobody has entered: its law would be the district's
		t.Errorf("%d", n)
	}
	if n := seen(north, ""); n != 0 {
		t.Errorf("north sees %d without asking", n)
	}
	err = h.as(north, h.officer.Person, func(tx pgx.Tx) error {
		_, err := tx.Exec(context.Background(), `INSERT INTO proposal (id, organ, kind, subject, memo, reason, effective_from, proposer, proposed_at, state)
			SELECT gen_random_uuid(), $1, 'reading', 'x', 'm', 'r', now(), jsonb_build_object('person', $2::uuid), now(), 'proposed'`, h.south, h.officer.Person)
		return err
	})
	if err == nil {
		t.Error("a proposal was slipped into another organ")
	}
}
