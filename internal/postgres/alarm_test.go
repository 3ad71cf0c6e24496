package postgres_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/safety"
)

// raised is an alarm as it stands in the database, of somebody of north, brought before somebody.
func (h *house) raised(person duty.Actor, before ...duty.Actor) (id uuid.UUID) {
	h.t.Helper()
	a := safety.Alarm{
		ID: newID(), Kind: safety.SOS, State: safety.Open, Person: safety.Who{ID: person.Person}, Organ: person.Organ, Round: 1,
		Recipients: []safety.Recipient{}, RaisedAt: time.Now(), ReceivedAt: time.Now(),
	}
	for _, b := range before {
		a.Recipients = append(a.Recipients, safety.Recipient{Person: b.Person})
	}
	doc, err := json.Marshal(a)
	h.must(err)
	h.must(h.asServer(`INSERT INTO alarm (id, doc, next_at) VALUES ($1, $2, now())`, a.ID, doc))
	return a.ID
}

// An alarm is there for whoever is in danger, for those it was brought before, and for the organ; the watch of a task for its people.
func TestAlarmsAndWatchesStayInSight(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.raised(h.wang, h.stranger)
	task := h.dispatched()
	h.must(h.asServer(`INSERT INTO task_check (task_id, doc) VALUES ($1, jsonb_build_object('task', $1::uuid, 'path', $2::text, 'version', 1))`,
		task.ID, string(h.north.Path)))
	for name, c := range map[string]struct {
		scope          string
		person         uuid.UUID
		alarms, checks int
	}{
		"in danger, and on the task":       {"", h.wang.Person, 1, 1},
		"called to help from another one":  {"", h.stranger.Person, 1, 0},
		"somebody of another organ":        {string(h.south.Path), h.zhao.Person, 0, 0},
		"the organ":                        {string(h.north.Path), newID(), 1, 1},
		"the organ above":                  {string(h.district.Path), newID(), 1, 1},
		"nobody":                           {"", newID(), 0, 0},
		"a prefix of the code":             {"500103", newID(), 1, 1}, // scopes are whole paths, and duty.Path ends with a slash
		"somebody with no person at all":   {"", uuid.Nil, 0, 0},
		"a wildcard where a path would be": {"%", newID(), 0, 0},
	} {
		var alarms, checks int
		h.must(h.as(c.scope, c.person, func(tx pgx.Tx) error {
			return tx.QueryRow(context.Background(), `SELECT (SELECT count(*) FROM alarm), (SELECT count(*) FROM task_check)`).Scan(&alarms, &checks)
		}))
		if alarms != c.alarms || checks != c.checks {
			t.Errorf("%s: %d alarms and %d watches", name, alarms, checks)
		}
	}
}

// Whatever runs SQL: one open alarm for a person, none open that is not repeated, and none that was closed is opened again or goes away.
func TestAnAlarmGoesForward(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.raised(h.wang)
	put := func(what string) string { return `UPDATE alarm SET doc = doc || '` + what + `' WHERE id = $1` }
	for _, sql := range []string{
		`INSERT INTO alarm (id, doc, next_at) SELECT i, doc || jsonb_build_object('id', i), now() FROM alarm, gen_random_uuid() AS i WHERE id = $1`,
		`UPDATE alarm SET next_at = NULL WHERE id = $1`,
		put(`{"state": "answered"}`),
		put(`{"state": "forgotten"}`),
		put(`{"round": 0}`),
		put(`{"received_at": "2026-01-01T00:00:00Z"}`),
		`UPDATE alarm SET doc = jsonb_set(doc, '{person,id}', to_jsonb((SELECT id FROM person WHERE id <> person_id LIMIT 1))) WHERE id = $1`,
		`DELETE FROM alarm WHERE id = $1`,
	} {
		if err := h.asServer(sql, id); err == nil {
			t.Errorf("it could %s", sql)
		}
	}
	h.must(h.asServer(`UPDATE alarm SET doc = doc || '{"state": "closed"}', next_at = NULL WHERE id = $1`, id))
	if err := h.asServer(`UPDATE alarm SET doc = doc || '{"state": "open"}', next_at = now() WHERE id = $1`, id); err == nil {
		t.Error("a closed alarm was opened")
	}
	h.raised(h.wang)
}
