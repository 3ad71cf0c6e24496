package app_test

import (
	"io"
	"math/rand/v2"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

// Two servers on one database are one service: a command sent to both acts once, a viewer of either sees what happens on both, and
// when the one that numbers the events is stopped the other goes on.
func TestTwoServersAreOneService(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	other := o.again(io.Discard, io.Discard)
	viewer := o.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleViewer})
	screens := []*screen{
		o.follow(viewer.at(other), 0, rand.New(rand.NewPCG(1, 1))),
		o.follow(viewer.at(other), 0, nil),
	}
	var work sync.WaitGroup
	for _, s := range []*station{o.station, other} {
		dispatcher, auxiliary := o.officer().at(s), o.auxiliary().at(s)
		work.Go(func() { o.work(dispatcher, auxiliary, 5) })
	}
	for range 10 {
		bothAtOnce(o, other)
	}
	work.Wait()
	o.stop() // the first was elected
	u := newUnit(o)
	o.work(u.dispatcher.at(other), u.member.at(other), 3)
	o.sound()
	for _, screen := range screens {
		o.complete(screen, o.path(district))
	}
}

// bothAtOnce sends one command to two servers at once.
func bothAtOnce(o *office, other *station) {
	o.t.Helper()
	u := newUnit(o)
	id, work := newKey(), order("patrol", u.member)
	var answers [2]reply
	var both sync.WaitGroup
	for i, s := range []*station{o.station, other} {
		both.Go(func() {
			var err error
			if answers[i], err = u.dispatcher.at(s).try("POST", "/v1/tasks", work, keyedBy(id)); err != nil {
				o.t.Error(err)
			}
		})
	}
	both.Wait()
	want := u.dispatcher.command("/v1/tasks", id, work).want(201)
	for _, got := range answers {
		if got.said() != want.said() && (got.status != 409 || got.text("code") != "command_running") {
			o.t.Errorf("%s\nand\n%s", got.said(), want.said())
		}
	}
	if n := o.count(`SELECT count(*) FROM task WHERE doc #>> '{dispatched_by,person}' = $1`, u.dispatcher.person.String()); n != 1 {
		o.t.Errorf("%d tasks of one command", n)
	}
}

// When the database is away the server says so (503, try again) and is not ready; when it is back the same command is carried out,
// once.
func TestAnOutageIsSaidAndSurvived(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	id, work := newKey(), order("patrol", u.member)
	allow := o.gate()
	allow(false)
	nobody := &hand{s: o.station}
	testkit.Wait(t, "the server to say that it is not ready", func() bool { return nobody.get("/readyz").status == 503 })
	nobody.get("/healthz").want(200)
	if away := u.dispatcher.command("/v1/tasks", id, work).want(503); away.header.Get("Retry-After") == "" || away.text("code") != "database_unavailable" {
		t.Errorf("away: %s", away.raw)
	}
	allow(true)
	testkit.Wait(t, "the server to be ready", func() bool { return nobody.get("/readyz").status == 200 })
	u.dispatcher.command("/v1/tasks", id, work).want(201)
	u.dispatcher.command("/v1/tasks", id, work).want(201)
	if n := o.count(`SELECT count(*) FROM task`); n != 1 {
		t.Errorf("%d tasks of one command", n)
	}
	o.sound()
}

// A server that answers and cannot write says so before anybody relies on it.
func TestADatabaseThatTakesNoWritesIsNotReady(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	nobody := &hand{s: o.station}
	nobody.get("/readyz").want(200)
	readOnly := func(word string) {
		_, err := o.sql.Exec(t.Context(), `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = `+word+`', current_database()); END $$`)
		o.must(err)
		_, err = o.sql.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		o.must(err)
	}
	readOnly("on")
	testkit.Wait(t, "the server to say that it is not ready", func() bool { return nobody.get("/readyz").status == 503 })
	_, err := o.sql.Exec(t.Context(), `SET default_transaction_read_only = off`)
	o.must(err)
	readOnly("off")
	testkit.Wait(t, "the server to be ready again", func() bool { return nobody.get("/readyz").status == 200 })
}

// Events that nobody numbers are told of: feeds and histories stand still.
func TestEventsThatWaitTooLongAreNotReady(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	nobody := &hand{s: o.station}
	held, err := o.sql.Begin(t.Context())
	o.must(err)
	_, err = held.Exec(t.Context(), `SELECT FROM ledger_head FOR UPDATE`)
	o.must(err)
	_, err = o.sql.Exec(t.Context(), `INSERT INTO event (id, kind, path, version, actor, at, body) VALUES (gen_random_uuid(), 'x', '', 0, gen_random_uuid(), now() - interval '1 minute', '{}')`)
	o.must(err)
	testkit.Wait(t, "the server to say that it is not ready", func() bool { return nobody.get("/readyz").status == 503 })
	o.must(held.Rollback(t.Context()))
	testkit.Wait(t, "the server to be ready again", func() bool { return nobody.get("/readyz").status == 200 })
}

// gate lets nobody into the station's database, or lets them in again.
func (o *office) gate() (allow func(bool)) {
	o.t.Helper()
	address, err := url.Parse(o.database)
	o.must(err)
	name := address.Path[1:]
	address.Path = "/postgres"
	conn, err := pgx.Connect(o.t.Context(), address.String())
	o.must(err)
	o.t.Cleanup(func() { _ = conn.Close(o.t.Context()) })
	return func(yes bool) {
		o.t.Helper()
		word := map[bool]string{true: "true", false: "false"}[yes]
		_, err := conn.Exec(o.t.Context(), `ALTER DATABASE `+pgx.Identifier{name}.Sanitize()+` ALLOW_CONNECTIONS `+word)
		o.must(err)
		testkit.Wait(o.t, "everybody to be out, who was coming in as well", func() (out bool) {
			o.must(conn.QueryRow(o.t.Context(), `SELECT count(pg_terminate_backend(pid)) = 0 FROM pg_stat_activity WHERE datname = $1 AND NOT $2`, name, yes).Scan(&out))
			return out
		})
	}
}
