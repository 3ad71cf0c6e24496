package postgres_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/postgres"
)

// Every table that says which organ its rows are of is closed by a policy that binds the owner too.
func TestEveryTableOfAnOrganIsForcedBehindAPolicy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rows, err := h.owner.Query(t.Context(), `
		SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND a.attname = 'path' AND NOT a.attisdropped`)
	h.must(err)
	tables := 0
	var name string
	var closed bool
	_, err = pgx.ForEachRow(rows, []any{&name, &closed}, func() error {
		tables++
		if !closed {
			t.Errorf("table %s has an organ path and no forced policy", name)
		}
		return nil
	})
	h.must(err)
	if tables < 7 {
		t.Errorf("only %d tables with a path were found", tables)
	}
}

func TestTheServersRoleIsBoundByThePolicies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var role string
	var bound bool
	h.must(h.store.Pool().QueryRow(t.Context(), `SELECT current_user, NOT rolsuper AND NOT rolbypassrls AND NOT rolcanlogin FROM pg_roles WHERE rolname = current_user`).Scan(&role, &bound))
	if role != postgres.AppRole || !bound {
		t.Errorf("works as %s, bound %v", role, bound)
	}
	if n := h.count(`SELECT count(*) FROM pg_class WHERE relowner = $1::regrole`, postgres.AppRole); n != 0 {
		t.Errorf("it owns %d relations", n)
	}
	for _, sql := range []string{`ALTER TABLE task DISABLE ROW LEVEL SECURITY`, `DROP TABLE event`, `CREATE TABLE x ()`, `SET SESSION AUTHORIZATION DEFAULT; DROP TABLE event`, `ALTER TABLE ruling DISABLE TRIGGER ALL`} {
		if err := h.asServer(sql); err == nil {
			t.Errorf("it could %s", sql)
		}
	}
}

// tablesOfOrgans have rows of north only; south must not see one, whatever is asked.
var tablesOfOrgans = []string{"person", "authority", "training", "qualification", "equipment", "device", "task", "ruling", "event", "observation", "observation_now", "command"}

func TestRowsOfAnotherOrganAreNotThere(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	h.observeOn(task.ID, h.wang, "recording", "on")
	h.must(h.asServer(`INSERT INTO device (id, person_id, name, platform) SELECT gen_random_uuid(), id, 'x', 'web' FROM person`))
	seen := func(scope string, person uuid.UUID) map[string]int {
		counts := map[string]int{}
		h.must(h.as(scope, person, func(tx pgx.Tx) error {
			for _, table := range tablesOfOrgans {
				var n int
				if err := tx.QueryRow(context.Background(), `SELECT count(*) FROM `+table).Scan(&n); err != nil {
					return err
				}
				counts[table] = n
			}
			return nil
		}))
		return counts
	}
	everything := seen("*", uuid.Nil)
	for _, table := range tablesOfOrgans {
		if everything[table] == 0 {
			t.Errorf("%s is empty: the test would prove nothing", table)
		}
	}
	for name, scope := range map[string]string{
		"no scope": "", "a comma": ",", "a path that does not exist": "9/", "a wildcard": "%",
	} {
		for table, n := range seen(scope, newID()) {
			if n != 0 {
				t.Errorf("%s sees %d rows of %s", name, n, table)
			}
		}
	}
	north, south := seen(string(h.north.Path), newID()), seen(string(h.south.Path), newID())
	for _, table := range []string{"task", "ruling", "event", "observation", "observation_now", "command"} {
		if south[table] != 0 {
			t.Errorf("south sees %d rows of north's %s", south[table], table)
		}
		if table != "command" && north[table] != everything[table] {
			t.Errorf("north sees %d of its %d rows of %s", north[table], everything[table], table)
		}
	}
	for _, table := range []string{"person", "authority", "training", "device"} {
		if south[table]+north[table] >= everything[table] || south[table] == 0 {
			t.Errorf("%s: south %d, north %d of %d", table, south[table], north[table], everything[table])
		}
	}
}

// A setting that an earlier transaction of the connection made is gone, and with it the sight.
func TestSightEndsWithItsTransaction(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	conn, err := h.store.Pool().Acquire(t.Context())
	h.must(err)
	defer conn.Release()
	for range 2 {
		var n int
		h.must(conn.QueryRow(t.Context(), `SELECT count(*) FROM person`).Scan(&n))
		if n != 0 {
			t.Fatalf("%d people without any scope", n)
		}
		b := &pgx.Batch{}
		postgres.Sight(b)
		b.Queue(`SELECT count(*) FROM person`).QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
		h.must(conn.SendBatch(t.Context(), b).Close())
		if n == 0 {
			t.Fatal("nobody was seen with everything in scope")
		}
	}
}

func TestNothingIsMovedIntoAnotherOrgan(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	err := h.as(string(h.north.Path), h.officer.Person, func(tx pgx.Tx) error {
		_, err := tx.Exec(context.Background(), `UPDATE person SET organ_id = $1, path = $2 WHERE id = $3`, h.south.ID, h.south.Path, h.wang.Person)
		return err
	})
	if err == nil {
		t.Error("a person was moved out of the scope")
	}
	task := h.dispatched()
	err = h.as(string(h.south.Path), h.stranger.Person, func(tx pgx.Tx) error {
		_, err := tx.Exec(context.Background(), `INSERT INTO event (id, kind, path, task_id, version, actor, at, body) VALUES ($1, 'x', $2, $3, 9, $4, now(), '{}')`,
			newID(), h.north.Path, task.ID, h.stranger.Person)
		return err
	})
	if err == nil {
		t.Error("an event was slipped into another organ")
	}
}

func TestMembersSeeTheirTasksWithoutAnyScope(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	task := h.dispatched()
	view, err := h.store.Task(t.Context(), h.wang, task.ID)
	h.must(err)
	if view.Task.ID != task.ID {
		t.Errorf("%+v", view)
	}
	// A district's task with people of both stations: each sees it, and their teammates in it.
	both, err := h.store.Create(t.Context(), call(h.head, h.stranger, h.wang, h.zhao), ordering(h.head, h.stranger, h.wang, h.zhao))
	h.must(err)
	_, err = h.store.Decide(t.Context(), call(h.zhao), both.Task.ID, func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		if len(snap.People) != 3 || snap.People[h.wang.Person].Organ.Code != h.north.Code || len(snap.People[h.wang.Person].Training) != 1 {
			t.Errorf("zhao's command found %+v", snap.People)
		}
		return moving(h.zhao, dispatch.Started)(snap)
	})
	h.must(err)
	_, err = h.store.Task(t.Context(), h.li, both.Task.ID)
	wantFault(t, err, fault.NotFound)
}

func TestACommandFindsOnlyPeopleInItsActorsSight(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stop := fault.New(fault.Conflict, "seen", "", "")
	_, err := h.store.Create(t.Context(), call(h.officer, h.wang, h.zhao), func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		if _, foreign := snap.People[h.zhao.Person]; foreign || len(snap.People) != 1 {
			t.Errorf("found %d people", len(snap.People))
		}
		return dispatch.Decision{}, stop
	})
	wantFault(t, err, fault.Conflict)
}

func TestTasksAreListedWithinReachNewestFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	one, two := h.dispatched(), h.dispatched()
	h.move(two.ID, h.wang, dispatch.Started)
	south, err := h.store.Create(t.Context(), call(h.stranger, h.stranger, h.zhao), ordering(h.stranger, h.stranger, h.zhao))
	h.must(err)
	list := func(actor duty.Actor, f dispatch.Filter) (ids []uuid.UUID) {
		t.Helper()
		f.Reach = actor.Reach(duty.ViewTask)
		if f.Limit == 0 {
			f.Limit = 50
		}
		tasks, err := h.store.Tasks(t.Context(), actor, f)
		h.must(err)
		for _, task := range tasks {
			ids = append(ids, task.ID)
		}
		return ids
	}
	for name, c := range map[string]struct {
		actor  duty.Actor
		filter dispatch.Filter
		want   []uuid.UUID
	}{
		"the district":        {h.head, dispatch.Filter{}, []uuid.UUID{south.Task.ID, two.ID, one.ID}},
		"a page":              {h.head, dispatch.Filter{Limit: 2}, []uuid.UUID{south.Task.ID, two.ID}},
		"the next page":       {h.head, dispatch.Filter{Before: &two.ID}, []uuid.UUID{one.ID}},
		"a station of it":     {h.head, dispatch.Filter{Path: h.north.Path}, []uuid.UUID{two.ID, one.ID}},
		"by state":            {h.head, dispatch.Filter{State: dispatch.Started}, []uuid.UUID{two.ID}},
		"nothing of the head": {h.head, dispatch.Filter{Mine: true}, nil},
		"one's station":       {h.officer, dispatch.Filter{}, []uuid.UUID{two.ID, one.ID}},
		"another's":           {h.officer, dispatch.Filter{Path: h.south.Path}, nil},
		"a member's own":      {h.zhao, dispatch.Filter{}, []uuid.UUID{south.Task.ID}},
		"an officer's own":    {h.officer, dispatch.Filter{Mine: true}, []uuid.UUID{two.ID, one.ID}},
	} {
		got := list(c.actor, c.filter)
		if len(got) != len(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
			continue
		}
		for i := range got {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
	}
}
