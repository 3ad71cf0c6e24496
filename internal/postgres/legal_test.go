package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/legal"
	"github.com/dutybound/dutybound/internal/testkit"
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
	seen := func(scope, organ string) (n int) {
		t.Helper()
		h.must(h.as(scope, uuid.Nil, func(tx pgx.Tx) error {
			if _, err := tx.Exec(context.Background(), `SELECT set_config('dutybound.law', coalesce(at_and_above($1), ''), true)`, organ); err != nil {
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

// request puts a request about a task into the database with raw SQL and answers its id.
func (h *house) request(task dispatch.Task, by duty.Actor) uuid.UUID {
	h.t.Helper()
	id := newID()
	_, err := h.owner.Exec(h.t.Context(), `
		INSERT INTO approval (id, path, matter, task_id, ruling_id, questions, urgency, asked_by, dispatched_by, asked_at, deadline)
		VALUES ($1, $2, $3, $3, $4, '[]', 'urgent', $5, $6, now(), now() + interval '1 hour')`,
		id, task.Organ.Path, task.ID, task.LatestRuling, by.Person, task.DispatchedBy.Person)
	h.must(err)
	return id
}

// No SQL settles a request by the hand that ordered the work or asked, settles one twice, or changes what was asked.
func TestNoSQLSettlesOnesOwnRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	id := h.request(task, h.wang)
	settle := `UPDATE approval SET state = 'decided', allow = true, scope = 'task', reason = 'x', decided_at = now(),
		decider = jsonb_build_object('person', $2::uuid) WHERE id = $1`
	refused := func(what, constraint, sql string, args ...any) {
		t.Helper()
		if _, err := h.owner.Exec(t.Context(), sql, args...); err == nil || !strings.Contains(err.Error(), constraint) {
			t.Errorf("%s: %v", what, err)
		}
	}
	refused("by the dispatcher", "another_decides", settle, id, h.officer.Person)
	refused("by who asked", "another_decides", settle, id, h.wang.Person)
	refused("without a reason", "decided_whole", strings.Replace(settle, "'x'", "''", 1), id, h.head.Person)
	refused("other questions", "asks what it asked", `UPDATE approval SET questions = '[{}]' WHERE id = $1`, id)
	refused("more time", "asks what it asked", `UPDATE approval SET deadline = deadline + interval '1 day' WHERE id = $1`, id)
	refused("taken away", "kept as they were written", `DELETE FROM approval WHERE id = $1`, id)
	refused("asked twice", "approval_open_idx", `
		INSERT INTO approval (id, path, matter, task_id, ruling_id, questions, urgency, asked_by, dispatched_by, asked_at, deadline)
		SELECT gen_random_uuid(), path, matter, task_id, ruling_id, questions, urgency, asked_by, dispatched_by, asked_at, deadline
		FROM approval WHERE id = $1`, id)
	_, err := h.owner.Exec(t.Context(), settle, id, h.head.Person)
	h.must(err)
	refused("settled again", "settled once", `UPDATE approval SET allow = false WHERE id = $1`, id)
	_, err = h.owner.Exec(t.Context(), `UPDATE approval SET escalated_at = now() WHERE id = $1`, id)
	h.must(err)
	refused("escalated again", "settled once", `UPDATE approval SET escalated_at = now() + interval '1 second' WHERE id = $1`, id)
	for what, n := range map[string][2]int{
		"nobody":       {h.sees("", uuid.Nil), 0},
		"south":        {h.sees(string(h.south.Path), h.stranger.Person), 0},
		"north":        {h.sees(string(h.north.Path), uuid.Nil), 1},
		"who asked":    {h.sees("", h.wang.Person), 1},
		"of the task":  {h.sees("", h.li.Person), 1},
		"the district": {h.sees(string(h.district.Path), uuid.Nil), 1},
	} {
		if n[0] != n[1] {
			t.Errorf("%s sees %d requests, want %d", what, n[0], n[1])
		}
	}
}

func (h *house) sees(scope string, person uuid.UUID) (n int) {
	h.t.Helper()
	h.must(h.as(scope, person, func(tx pgx.Tx) error {
		return tx.QueryRow(context.Background(), `SELECT count(*) FROM approval`).Scan(&n)
	}))
	return n
}

// While a ruling is being given the law stays as it is: a change waits, and holds from after it.
func TestAChangeOfLawWaitsForARulingBeingGiven(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lawyer := h.person("100009", "秦正", duty.Officer, h.district, duty.RoleLegal)
	id := h.propose(h.north, h.officer)
	approve := func(snap legal.Snapshot) (legal.Outcome, error) {
		p := *snap.Proposal
		by := legal.Person{Person: lawyer.Person, Number: lawyer.Number, Name: lawyer.Name}
		p.State, p.DecidedBy, p.DecidedAt = legal.Approved, &by, &snap.Now
		e := ledger.Event{ID: newID(), Kind: "reading.approved", Path: p.Organ.Path, Actor: lawyer.Person, At: snap.Now, Body: []byte(`{}`)}
		return legal.Outcome{Proposal: p, Event: e}, nil
	}
	changed := make(chan error, 1)
	_, err := h.store.Create(t.Context(), call(h.officer, h.officer, h.wang), func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		go func() {
			err := error(fault.New(fault.Unavailable, "", "", ""))
			for fault.KindOf(err) == fault.Unavailable { // it gives way after two seconds
				_, err = h.store.Settle(t.Context(), legal.Call{Actor: lawyer, Command: call(lawyer).Command}, id, approve)
			}
			changed <- err
		}()
		testkit.Wait(t, "the change to wait", func() bool {
			return h.count(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) == 1
		})
		return ordering(h.officer, h.officer, h.wang)(snap)
	})
	h.must(err)
	h.must(<-changed)
	if n := h.count(`SELECT count(*) FROM proposal p JOIN ruling r ON r.decided_at < p.in_force_from WHERE p.id = $1`, id); n != 1 {
		t.Error("the law changed under a ruling")
	}
	of, err := h.store.LawOf(t.Context(), h.officer, time.Time{})
	h.must(err)
	if of.Settings.Readings["recording_unknown"] != "block" {
		t.Errorf("the law is %+v", of)
	}
}
