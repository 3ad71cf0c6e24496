package app_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/testkit"
)

// What a released version left behind goes on under this one: the database becomes what a new one is, the record is what it was, and
// whoever was in the middle of something goes on with it. CONTRIBUTING.md says how a version's database is kept. It grows older for ever:
// every deadline in it is over.
func TestADatabaseOfAReleasedVersionGoesOn(t *testing.T) {
	t.Parallel()
	versions, err := filepath.Glob("testdata/released/[0-9]*")
	if err != nil || len(versions) == 0 {
		t.Fatalf("nothing of a released version is kept: %v", err)
	}
	for _, version := range versions {
		t.Run(filepath.Base(version), func(t *testing.T) {
			t.Parallel()
			o := openReleased(t, version)
			was := o.leaves()
			o.start()
			t.Cleanup(o.stop)
			o.isLikeNew()
			o.sound()
			o.goesOn(was)
			o.sound()
		})
	}
}

// openReleased has all that a version left, the key of its ledger and the anchors too, with nothing running on it yet.
func openReleased(t *testing.T, version string) *office {
	t.Helper()
	s := newStation(t, testkit.EmptyDatabase(t).URL)
	dump, err := os.Open(filepath.Join(version, "database.sql.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer dump.Close()
	plain, err := gzip.NewReader(dump)
	if err != nil {
		t.Fatal(err)
	}
	sql, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), s.database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, text := range []string{
		// The role is the cluster's and so not in the dump. Another test may be making it this moment.
		`DO $$ BEGIN CREATE ROLE dutybound_app NOLOGIN NOINHERIT; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
		string(sql),
	} {
		if _, err := conn.PgConn().Exec(t.Context(), text).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(s.config.DataDir, os.DirFS(version)); err != nil {
		t.Fatal(err)
	}
	o := officeOf(s)
	o.older = true
	return o
}

// left is what a version was in the middle of when its server stopped.
type left struct {
	head    int
	tasks   map[string][]string // by state
	waiting []string            // messages to somebody off duty
	alarm   string              // that nobody has answered
	round   int
}

// offDuty is who left the demo before something was to be told.
const offDuty = "FJ31021"

func (o *office) leaves() left {
	o.t.Helper()
	was := left{head: o.count(`SELECT size FROM ledger_head`), tasks: map[string][]string{}}
	for _, state := range []string{"dispatched", "started", "paused", "finished", "cancelled"} {
		was.tasks[state] = o.list(`SELECT id::text FROM task WHERE state = $1`, state)
		if len(was.tasks[state]) == 0 {
			o.t.Errorf("no task is %s", state)
		}
	}
	was.waiting = o.list(`SELECT m.id::text FROM message m JOIN person p ON p.id = m.person_id WHERE m.seq IS NULL AND p.number = $1`, offDuty)
	o.must(o.sql.QueryRow(o.t.Context(), `SELECT id::text, round FROM alarm WHERE state = 'open'`).Scan(&was.alarm, &was.round))
	for _, table := range []string{"position", "held_push", "proposal", "outbox_record", "outbox_finding", "ledger_signed_head"} {
		if o.count(`SELECT count(*) FROM `+table) == 0 {
			o.t.Errorf("no %s", table)
		}
	}
	return was
}

func (o *office) list(sql string, args ...any) []string {
	o.t.Helper()
	rows, err := o.sql.Query(o.t.Context(), sql, args...)
	o.must(err)
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	o.must(err)
	return list
}

// goesOn takes up what was left: all of it is there, what waited comes when it should and no sooner, and it can be ended.
func (o *office) goesOn(was left) {
	o.t.Helper()
	officer, lead, head, away := o.sign("310111"), o.sign("310121"), o.sign("310101"), o.sign(offDuty)
	for state, tasks := range was.tasks {
		for _, task := range tasks {
			if is := officer.history(task).text("task", "state"); is != state {
				o.t.Errorf("task %s was %s and is %s", task, state, is)
			}
		}
	}

	fresh := officer.sends(order("patrol", o.auxiliary()))
	testkit.Wait(o.t, "the new event to be numbered", func() bool { return o.count(`SELECT count(seq) FROM event WHERE task_id = $1`, fresh) == 1 })
	if n := o.count(`SELECT count(*) FROM message WHERE id = ANY ($1) AND seq IS NULL AND withheld`, was.waiting); n == 0 || n != len(was.waiting) {
		o.t.Errorf("%d messages of %d wait for the check-in", n, len(was.waiting))
	}
	phone := newPocket(away)
	phone.after = fmt.Sprint("?after=", was.head)
	told := func() (n int) {
		o.must(phone.catchUp())
		for _, id := range was.waiting {
			if phone.messages[id] != nil {
				n++
			}
		}
		return n
	}
	if n := told(); n != 0 {
		o.t.Errorf("%d messages came to somebody off duty", n)
	}
	away.checksIn(dressedFor("yes"))
	testkit.Wait(o.t, "what has waited to be told", func() bool { return told() == len(was.waiting) })
	if n := o.count(`SELECT count(*) FROM held_push WHERE person_id = $1`, away.person); n != 0 {
		o.t.Errorf("%d pushes still wait", n)
	}

	testkit.Wait(o.t, "the call for help to be repeated", func() bool { return int(officer.alarm(was.alarm).at("round").(float64)) > was.round })
	officer.post("/v1/alarms/"+was.alarm+"/answer", object{}).want(200)
	officer.post("/v1/alarms/"+was.alarm+"/close", object{"outcome": "helped"}).want(200)

	var task, id string
	o.must(o.sql.QueryRow(o.t.Context(), `SELECT task_id::text, id::text FROM recusal WHERE state = 'pending'`).Scan(&task, &id))
	head.decides(task, id, "refused").want(200)
	o.must(o.sql.QueryRow(o.t.Context(), `SELECT task_id::text, id::text FROM objection WHERE state = 'open'`).Scan(&task, &id))
	head.step(task, "objections/"+id+"/answer", object{"answer": "upheld", "reason": "已调整班次"}).want(200)
	for _, task := range was.tasks["started"] {
		lead.step(task, "finish", object{"report": "完"}).want(200)
	}
	for _, task := range slices.Concat(was.tasks["dispatched"], was.tasks["paused"]) {
		officer.step(task, "cancel", because("误报")).want(200)
	}
}

// isLikeNew holds the database to the shape of one that has never been another: what the program asks for is there, and nothing else.
func (o *office) isLikeNew() {
	o.t.Helper()
	fresh := &office{station: o.station, sql: testkit.Database(o.t).Pool()}
	is, should := o.list(shape), fresh.list(shape)
	for _, line := range should {
		if !slices.Contains(is, line) {
			o.t.Errorf("a new database has, and this one has not: %s", line)
		}
	}
	for _, line := range is {
		if !slices.Contains(should, line) {
			o.t.Errorf("this database has, and a new one has not: %s", line)
		}
	}
	if o.t.Failed() {
		o.t.FailNow() // rather than wait for what the program cannot do on it
	}
}

// shape is what the migrations make, but for the days of positions, which come and go, and parentheses, of which a dump keeps another number.
const shape = `WITH it AS (
		SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S') AND NOT relispartition
	), allowed AS (
		SELECT relname AS what, relacl AS acl FROM it
		UNION ALL SELECT relname || '.' || attname, attacl FROM it JOIN pg_attribute ON attrelid = it.oid
		UNION ALL SELECT proname, proacl FROM pg_proc WHERE pronamespace = 'public'::regnamespace
	)
	SELECT translate(line, '()', '') FROM (
		SELECT 'migration ' || version_id AS line FROM goose_db_version
		UNION ALL SELECT concat_ws(' ', 'table', relname, relrowsecurity, relforcerowsecurity, reloptions) FROM it
		UNION ALL SELECT concat_ws(' ', 'column', relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, pg_get_expr(adbin, adrelid))
			FROM it JOIN pg_attribute a ON attrelid = it.oid LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attnum > 0 AND NOT attisdropped
		UNION ALL SELECT pg_get_indexdef(indexrelid) FROM it JOIN pg_index ON indrelid = it.oid
		UNION ALL SELECT concat_ws(' ', relname, conname, pg_get_constraintdef(k.oid)) FROM it JOIN pg_constraint k ON conrelid = it.oid WHERE contype <> 'n'
		UNION ALL SELECT pg_get_triggerdef(g.oid) FROM it JOIN pg_trigger g ON tgrelid = it.oid WHERE NOT tgisinternal
		UNION ALL SELECT concat_ws(' ', 'policy', relname, polname, polcmd, polpermissive, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
			FROM it JOIN pg_policy ON polrelid = it.oid
		UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
		UNION ALL SELECT concat_ws(' ', 'enum', enumtypid::regtype, enumlabel) FROM pg_enum
		UNION ALL SELECT concat_ws(' ', 'everybody may', privilege_type, what) FROM allowed, aclexplode(acl) WHERE grantee = 0
		UNION ALL SELECT concat_ws(' ', 'the server may', privilege_type, what) FROM allowed, aclexplode(acl) WHERE grantee = 'dutybound_app'::regrole
	) AS lines`
