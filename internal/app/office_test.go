package app_test

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/testkit"
)

// The demo's organs that tests hire for.
const (
	district  = "500103000000"
	riverside = "500103550000"
	hillside  = "500103560000"
)

// office is a station with its administration at hand. Each test hires people of its own, so that many can share a station.
type office struct {
	*station
	store *postgres.Store
	sql   *pgxpool.Pool // as the owner of everything, to look behind the API
	older bool          // begun by another version, whose law may have had another text
}

func openOffice(t testing.TB, settings ...func(*app.Config)) *office {
	t.Helper()
	return officeOf(openStation(t, settings...))
}

func officeOf(s *station) *office {
	t := s.t
	t.Helper()
	o := &office{station: s}
	var err error
	if o.store, err = postgres.Open(t.Context(), postgres.Config{URL: o.database, MaxConns: 4}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.store.Close)
	if o.sql, err = pgxpool.New(t.Context(), o.database); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(o.sql.Close)
	return o
}

// in is the same office for a subtest.
func (o *office) in(t testing.TB) *office {
	s := *o.station
	s.t = t
	return &office{&s, o.store, o.sql, o.older}
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

var hired atomic.Int64

// newcomer is somebody to be hired. A scope that is not given is the organ.
type newcomer struct {
	class duty.Class
	organ string
	role  duty.Role
	scope string
	posts []string // trained for
}

// fieldPosts cover every item that a field auxiliary may work under.
var fieldPosts = []string{"patrol", "traffic", "response", "community", "facility", "event"}

func (o *office) auxiliary() *hand {
	return o.hire(newcomer{class: duty.FieldAuxiliary, organ: riverside, role: duty.RoleAuxiliary, posts: fieldPosts})
}

func (o *office) clerk() *hand {
	return o.hire(newcomer{class: duty.CivilianAuxiliary, organ: riverside, role: duty.RoleAuxiliary, posts: []string{"clerk"}})
}

func (o *office) officer() *hand {
	return o.hire(newcomer{class: duty.Officer, organ: riverside, role: duty.RoleOfficer})
}

func (o *office) personnel() *hand {
	return o.hire(newcomer{class: duty.Officer, organ: district, role: duty.RolePersonnel})
}

// hire enters somebody in the roster and signs them in.
func (o *office) hire(n newcomer) *hand {
	o.t.Helper()
	number := fmt.Sprintf("T%05d", hired.Add(1))
	if n.scope == "" {
		n.scope = n.organ
	}
	entry := roster.Order{
		People: []roster.NewPerson{{Number: number, Name: "测试" + number, Class: n.class, Organ: n.organ}},
		Grants: []roster.NewGrant{{Number: number, Role: n.role, Organ: n.scope}},
	}
	passed := time.Now().AddDate(0, -1, 0)
	valid := passed.AddDate(3, 0, 0)
	for _, post := range n.posts {
		entry.Holdings = append(entry.Holdings, roster.Holdings{
			Number: number, Training: []duty.Training{{Post: post, PassedOn: passed, ValidTo: &valid}},
		})
	}
	o.must(roster.NewAdmin(o.store).Enter(o.t.Context(), entry))
	known, err := o.store.Credential(o.t.Context(), number, uuid.Nil)
	o.must(err)
	o.must(o.store.SetPassword(o.t.Context(), known.Person, noPassword, false, uuid.Nil))
	return o.another(&hand{person: known.Person})
}

// noPassword stands where a hash would, because making one takes time. Nobody can sign in with it.
const noPassword = ""

// another is the same person signed in on one more device.
func (o *office) another(h *hand) *hand {
	o.t.Helper()
	ctx := o.t.Context()
	added, err := o.store.AddDevice(ctx, identity.Device{ID: uuid.New(), Person: h.person, Name: "测试机", Platform: identity.Android})
	o.must(err)
	token := rand.Text() + rand.Text()
	token = token[:43]
	_, err = o.store.AddSession(ctx, identity.NewSession{
		ID: uuid.New(), Token: sha256.Sum256([]byte(token)), Person: h.person, Device: added.ID, Password: noPassword, Life: time.Hour,
	})
	o.must(err)
	return &hand{s: o.station, token: token, person: h.person, device: added.ID}
}

// count is the one number that a query answers.
func (o *office) count(sql string, args ...any) (n int) {
	o.t.Helper()
	o.must(o.sql.QueryRow(o.t.Context(), sql, args...).Scan(&n))
	return n
}

// waitedFor waits until somebody waits for what a transaction has locked; others may wait for each other meanwhile.
func (o *office) waitedFor(holder pgx.Tx, what string) {
	o.t.Helper()
	pid := int(holder.Conn().PgConn().PID())
	testkit.Wait(o.t, what, func() bool {
		return o.count(`SELECT count(*) FROM pg_stat_activity WHERE $1::int = ANY (pg_blocking_pids(pid))`, pid) > 0
	})
}

// events counts everything that has happened.
func (o *office) events() int {
	o.t.Helper()
	return o.count(`SELECT count(*) FROM event`)
}

// sound looks behind the API once everything is numbered: versions and numbers without a gap and in the same order, no work
// without a ruling that carries it, and a record that can be derived again.
func (o *office) sound() {
	o.t.Helper()
	testkit.Wait(o.t, "every event to be numbered", func() bool { return o.count(`SELECT count(*) FROM event WHERE seq IS NULL`) == 0 })
	for what, sql := range map[string]string{
		"tasks whose events are not versions 1 to the task's": `SELECT count(*) FROM task t FULL JOIN (
			SELECT task_id, count(*) AS n, min(version) AS first, max(version) AS last FROM event WHERE task_id IS NOT NULL GROUP BY task_id
		) e ON e.task_id = t.id WHERE (e.n, e.first, e.last) IS DISTINCT FROM (t.version::bigint, 1, t.version)`,
		"events numbered out of the order of their task": `SELECT count(*) FROM (
			SELECT version, row_number() OVER (PARTITION BY task_id ORDER BY seq) AS n FROM event
			WHERE task_id IS NOT NULL AND seq IS NOT NULL -- what comes about meanwhile has none yet
		) e WHERE version <> n`,
		"numbers left out": `SELECT coalesce(max(seq), 0) - count(seq) FROM event`,
		"tasks at work without a ruling that carries them": `SELECT count(*) FROM task t
			LEFT JOIN ruling r ON r.id = t.standing_ruling AND r.task_id = t.id AND r.epoch = t.epoch AND r.outcome IN ('permitted', 'conditional')
			WHERE t.state = 'started' AND r.id IS NULL`,
		"commands that left more than one answer": `SELECT count(*) - count(DISTINCT (device_id, id)) FROM command`,
	} {
		if n := o.count(sql); n != 0 {
			o.t.Errorf("%d %s", n, what)
		}
	}
	o.proven()
}

// proven derives the record again: every ruling from its facts, and the ledger from its events.
func (o *office) proven() {
	o.t.Helper()
	key, err := app.LedgerVerifier(o.config)
	o.must(err)
	anchors, err := app.LedgerAnchors(o.config).Read()
	o.must(err)
	report, err := ledger.Verify(o.t.Context(), o.store, key, anchors)
	o.must(err)
	for _, p := range report.Problems {
		o.t.Errorf("the ledger: %s", p)
	}
	book, err := app.Record(o.t.Context(), o.store)
	o.must(err)
	o.must(o.store.EachRuling(o.t.Context(), time.Time{}, time.Now().Add(time.Hour), func(r dispatch.RulingRecord) error {
		of, err := book(r)
		if err != nil {
			return err
		}
		again, err := dispatch.Replay(of, r)
		if o.older {
			again.Text = ""
		}
		if again != (dispatch.Replayed{}) {
			o.t.Errorf("ruling %s derived again: %+v", r.ID, again)
		}
		return err
	}))
}
