package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/law"
)

// asServer runs SQL as the server's own role with everything in sight, in a transaction of its own.
func (h *house) asServer(sql string, args ...any) error {
	return h.as("*", uuid.Nil, func(tx pgx.Tx) error {
		_, err := tx.Exec(context.Background(), sql, args...)
		return err
	})
}

// as works in a transaction with the role and the settings of the server, without the server's code.
func (h *house) as(scope string, person uuid.UUID, do func(pgx.Tx) error) error {
	ctx := context.Background()
	return pgx.BeginFunc(ctx, h.store.Pool(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT set_config('dutybound.scope', $1, true), set_config('dutybound.person', $2, true)`, scope, person.String()); err != nil {
			return err
		}
		return do(tx)
	})
}

// stored puts a ruling into the database with raw SQL and answers its id.
func (h *house) stored(task dispatch.Task, epoch int, phase law.Phase, outcome law.Outcome) uuid.UUID {
	h.t.Helper()
	id := newID()
	var event uuid.UUID
	h.must(h.owner.QueryRow(h.t.Context(), `SELECT id FROM event LIMIT 1`).Scan(&event))
	_, err := h.owner.Exec(h.t.Context(), `INSERT INTO ruling (id, task_id, path, epoch, phase, outcome, actor, command, decided_at, event_id, facts, ruling)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'raw', now(), $8, json_build_object('phase', $5::text), json_build_object('outcome', $6::text))`,
		id, task.ID, task.Organ.Path, epoch, phase.String(), outcome.String(), h.wang.Person, event)
	h.must(err)
	return id
}

// No SQL, not even the owner's, makes a task started under anything but a lawful ruling of its own epoch, given for a start or for
// work that goes on.
func TestNoTaskIsStartedUnderAnUnmetRuling(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task, other := h.dispatched(), h.dispatched()
	started := h.dispatched()
	started = h.move(started.ID, h.wang, dispatch.Started)
	old := *started.StandingRuling
	paused := h.move(started.ID, h.wang, dispatch.Paused)

	set := func(values map[string]any) string {
		changes, err := json.Marshal(values)
		h.must(err)
		return `UPDATE task SET doc = doc || '` + string(changes) + `' WHERE id = '`
	}
	under := func(ruling uuid.UUID, epoch int) string {
		return set(map[string]any{"state": "started", "standing_ruling": ruling, "epoch": epoch}) + task.ID.String() + `'`
	}
	running := h.dispatched()
	running = h.move(running.ID, h.wang, dispatch.Started)
	raw := map[string]string{
		"without a ruling":             set(map[string]any{"state": "started"}) + task.ID.String() + `'`,
		"with null for a ruling":       set(map[string]any{"state": "started", "standing_ruling": nil}) + task.ID.String() + `'`,
		"with a made-up ruling":        under(newID(), 0),
		"under the dispatch's own":     under(task.LatestRuling, 0),
		"under an unmet ruling":        under(h.stored(task, 1, law.Start, law.Unmet), 1),
		"under a prohibition":          under(h.stored(task, 1, law.Start, law.Prohibited), 1),
		"outside of the scope":         under(h.stored(task, 1, law.Start, law.OutsideScope), 1),
		"before a human decides":       under(h.stored(task, 1, law.Start, law.NeedsHuman), 1),
		"unmet while it goes on":       under(h.stored(task, 1, law.During, law.Unmet), 1),
		"of another epoch":             under(h.stored(task, 2, law.Start, law.Permitted), 1),
		"of another task":              under(h.stored(other, 1, law.Start, law.Permitted), 1),
		"resumed under the old ruling": set(map[string]any{"state": "started", "standing_ruling": old}) + paused.ID.String() + `'`,
		"resumed in the old epoch": set(map[string]any{"state": "started", "standing_ruling": old, "epoch": started.Epoch}) +
			paused.ID.String() + `'`,
		"inserted as started": fmt.Sprintf(`INSERT INTO task (id, doc, updated_at)
			SELECT '%[1]s', doc || '{"id": "%[1]s", "state": "started"}', now() FROM task WHERE id = '%[2]s'`, newID(), task.ID),
		"inserted under another's ruling": fmt.Sprintf(`INSERT INTO task (id, doc, updated_at)
			SELECT '%[1]s', doc || '{"id": "%[1]s"}', now() FROM task WHERE id = '%[2]s'`, newID(), running.ID),
		"moved to another epoch":         set(map[string]any{"epoch": running.Epoch + 1}) + running.ID.String() + `'`,
		"its ruling taken away":          set(map[string]any{"standing_ruling": nil}) + running.ID.String() + `'`,
		"its ruling removed":             `DELETE FROM ruling WHERE id = '` + running.StandingRuling.String() + `'`,
		"its ruling made unlawful":       `UPDATE ruling SET outcome = 'unmet' WHERE id = '` + running.StandingRuling.String() + `'`,
		"its ruling given to another":    `UPDATE ruling SET task_id = '` + other.ID.String() + `' WHERE id = '` + running.StandingRuling.String() + `'`,
		"an ended task begun again":      set(map[string]any{"state": "started"}) + h.move(h.move(h.dispatched().ID, h.wang, dispatch.Started).ID, h.wang, dispatch.Finished).ID.String() + `'`,
		"paused without an epoch":        set(map[string]any{"state": "paused", "standing_ruling": nil}) + running.ID.String() + `'`,
		"the columns set by themselves":  `UPDATE task SET state = 'started' WHERE id = '` + task.ID.String() + `'`,
		"all rulings at once":            `TRUNCATE ruling CASCADE`,
		"a ruling that says other words": `UPDATE ruling SET ruling = '{"outcome": "unmet"}' WHERE id = '` + running.StandingRuling.String() + `'`,
	}
	for name, sql := range raw {
		if err := h.asServer(sql); err == nil {
			t.Errorf("%s: the server's role could", name)
		}
		if _, err := h.owner.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: the owner could", name)
		}
	}
	if n := h.count(`SELECT count(*) FROM task WHERE state = 'started'`); n != 1 {
		t.Errorf("%d tasks are started, want the one that was started rightly", n)
	}
	// The same statement with a ruling that carries the work passes, so the others failed for their reason.
	if err := h.asServer(under(h.stored(task, 1, law.Start, law.Conditional), 1)); err != nil {
		t.Errorf("under a ruling that carries it: %v", err)
	}
}

// The ruling that work goes on under was given on its facts: other facts need another epoch, and so another ruling. Work that has
// ended is as it ended.
func TestATaskIsTheOneThatWasRuledOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	started := h.dispatched()
	started = h.move(started.ID, h.wang, dispatch.Started)
	ended := h.dispatched()
	h.move(h.move(ended.ID, h.wang, dispatch.Started).ID, h.wang, dispatch.Finished)
	changing := func(id uuid.UUID, path, value string) string {
		return fmt.Sprintf(`UPDATE task SET doc = jsonb_set(doc, '{%s}', '%s') WHERE id = '%s'`, path, value, id)
	}
	for path, value := range map[string]string{
		"acts": `["stop-and-question"]`, "case_kind": `"criminal"`, "tags": `["highway"]`, "emergency": `true`, "evidence_use": `true`,
		"signatory": `"auxiliary"`, "guard_named": `"yes"`, "officers,0,lead": `false`, "officers": `[]`, "dispatched_by,class": `"field_auxiliary"`,
		"members,0,person": `"` + h.zhao.Person.String() + `"`, "members,0,acts": `["patrol"]`, "members,0,operates": `["car"]`,
		"members,0,state": `"removed"`,
	} {
		if _, err := h.owner.Exec(t.Context(), changing(started.ID, path, value)); err == nil {
			t.Errorf("%s of work that goes on could be changed", path)
		}
		if err := h.asServer(changing(ended.ID, path, value)); err == nil {
			t.Errorf("%s of ended work could be changed", path)
		}
	}
	for path, value := range map[string]string{"report": `"forged"`, "note": `"forged"`, "reason": `"forged"`, "place,name": `"elsewhere"`} {
		if _, err := h.owner.Exec(t.Context(), changing(ended.ID, path, value)); err == nil {
			t.Errorf("%s of ended work could be changed", path)
		}
	}
	if err := h.asServer(changing(started.ID, "note", `"no fact"`)); err != nil { // so the others failed for their reason
		t.Errorf("the note: %v", err)
	}
}

func TestARulingCannotSayTwoThings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	_, err := h.owner.Exec(t.Context(), `INSERT INTO ruling (id, task_id, path, epoch, phase, outcome, actor, command, decided_at, event_id, facts, ruling)
		SELECT $1, $2, path, 1, 'start', 'permitted', actor, 'raw', now(), event_id, '{"phase": "start"}', '{"outcome": "prohibited"}' FROM ruling LIMIT 1`,
		newID(), task.ID)
	if err == nil || !strings.Contains(err.Error(), "check constraint") {
		t.Errorf("a ruling whose columns say otherwise than its text: %v", err)
	}
}

func TestHistoryIsNotWrittenAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	h.observe(h.wang, "recording", "on")
	h.number()
	h.must(h.asServer(`SELECT 1`))
	for _, sql := range []string{
		`UPDATE ruling SET command = 'x'`, `DELETE FROM ruling`, `UPDATE event SET body = '{}'`, `UPDATE event SET kind = 'x'`,
		`UPDATE event SET at = now()`, `UPDATE event SET seq = seq + 100`, `UPDATE event SET seq = NULL`, `DELETE FROM event`,
		`UPDATE observation SET value = 'off'`, `DELETE FROM observation`, `UPDATE command SET answer = '{}'`, `DELETE FROM command`,
		`DELETE FROM task`, `UPDATE ledger_hash SET idx = idx + 1`, `DELETE FROM ledger_hash`,
		`TRUNCATE event CASCADE`, `TRUNCATE observation CASCADE`, `TRUNCATE command`, `TRUNCATE ledger_hash`, `TRUNCATE task CASCADE`,
		`UPDATE task SET doc = jsonb_set(doc, '{version}', '0')`, `UPDATE task SET doc = doc || '{"state": "gone"}'`,
		`UPDATE task SET doc = jsonb_set(doc, '{organ,path}', '"elsewhere/"')`,
	} {
		for who, do := range map[string]func() error{
			"server": func() error { return h.asServer(sql) },
			"owner":  func() error { _, err := h.owner.Exec(t.Context(), sql); return err },
		} {
			if err := do(); err == nil {
				t.Errorf("the %s could %s", who, sql)
			}
		}
	}
	h.move(task.ID, h.wang, dispatch.Started) // and the task goes on
}
