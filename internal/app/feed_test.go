package app_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

// I2 through the whole service: while both stations work and somebody's transactions dawdle or are rolled back, viewers who keep
// losing their connection see every event of their organs once, in order, each task's versions in theirs, and nothing of others.
func TestViewersMissNothingOfAStorm(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	screens := map[string]*screen{}
	for i, organ := range []string{district, riverside, hillside} {
		who := o.hire(newcomer{class: duty.Officer, organ: organ, role: duty.RoleViewer})
		screens[o.path(organ)] = o.follow(who, 0, rand.New(rand.NewPCG(uint64(i), 7)))
	}
	var storm sync.WaitGroup
	for _, organ := range []string{riverside, riverside, hillside} {
		dispatcher := o.hire(newcomer{class: duty.Officer, organ: organ, role: duty.RoleOfficer})
		auxiliary := o.hire(newcomer{class: duty.FieldAuxiliary, organ: organ, role: duty.RoleAuxiliary, posts: fieldPosts})
		storm.Go(func() { o.work(dispatcher, auxiliary, 12) })
	}
	for _, organ := range []string{riverside, hillside} {
		storm.Go(func() { o.dawdle(o.path(organ), 8) })
	}
	storm.Wait()
	o.sound()
	for path, screen := range screens {
		o.complete(screen, path)
	}
}

func (o *office) path(organ string) (path string) {
	o.t.Helper()
	o.must(o.sql.QueryRow(o.t.Context(), `SELECT path FROM organ WHERE code = $1`, organ).Scan(&path))
	return path
}

// work takes tasks through their life, the camera going off in the middle of each.
func (o *office) work(dispatcher, auxiliary *hand, tasks int) {
	for range tasks {
		var task string
		for _, do := range []func() (reply, error){
			func() (reply, error) { return dispatcher.send("/v1/tasks", order("patrol", auxiliary)) },
			func() (reply, error) { return auxiliary.send("/v1/tasks/"+task+"/accept", nil) },
			func() (reply, error) { return auxiliary.send("/v1/tasks/"+task+"/start", saying(dressed()...)) },
			func() (reply, error) {
				return auxiliary.send("/v1/observations", saying(now(said("recording", "off"))))
			},
			func() (reply, error) {
				return auxiliary.send("/v1/tasks/"+task+"/finish", object{"report": "无异常"})
			},
		} {
			r, err := do()
			if err != nil || r.status >= 300 {
				o.t.Errorf("%s: %v %.300s", r.asked, err, r.raw)
				return
			}
			if r.status == 201 {
				task = r.text("task", "id")
			}
		}
	}
}

// send is post for a goroutine that may not end the test.
func (h *hand) send(path string, body any) (reply, error) {
	return h.try("POST", path, body, keyed())
}

func now(statement object) object {
	statement["observed_at"] = time.Now()
	return statement
}

// dawdle writes events in transactions that stay open while others pass, every other one to be rolled back.
func (o *office) dawdle(path string, transactions int) {
	ctx := o.t.Context()
	for n := range transactions {
		tx, err := o.sql.Begin(ctx)
		if err == nil {
			_, err = tx.Exec(ctx, `INSERT INTO event (id, kind, path, version, actor, at, body)
				VALUES ($1, 'test.written', $2, 0, $1, clock_timestamp(), '{}')`, uuid.New(), path)
		}
		if err == nil {
			_, err = tx.Exec(ctx, `SELECT pg_sleep(0.04)`)
		}
		if err == nil && n%2 == 0 {
			err = tx.Commit(ctx)
		} else if err == nil {
			err = tx.Rollback(ctx)
		}
		if err != nil {
			o.t.Error(err)
			return
		}
	}
}

// cutWithin is how long it may take until whoever is not let in any more is off the feed. The feed asks every three seconds, which
// internal/feed/pace_test.go shows to the tick; what is beyond is for a machine that has other things to do.
const cutWithin = 15 * time.Second

// Whoever is not let in any more is taken off the feed: signed out, device revoked, separated.
func TestARevokedViewerIsCut(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	personnel := o.personnel()
	for name, revoke := range map[string]func(*hand) int{
		"signed out":     func(h *hand) int { return h.ask("DELETE", "/v1/sessions/current", nil, nil).status },
		"device revoked": func(h *hand) int { return personnel.post("/v1/devices/"+h.device.String()+"/revoke", nil).status },
		"separated": func(h *hand) int {
			leaving := object{"status": "separated", "reason": "辞职"}
			return personnel.ask("PUT", "/v1/people/"+h.person.String()+"/status", leaving, nil).status
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := o.in(t)
			viewer := o.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleViewer})
			conn, err := viewer.dial(0)
			o.must(err)
			defer conn.Close()
			o.must(conn.SetReadDeadline(time.Now().Add(time.Minute)))
			began := time.Now()
			if status := revoke(viewer); status >= 300 {
				t.Fatalf("status %d", status)
			}
			for err == nil {
				_, _, err = conn.ReadMessage()
			}
			var end *websocket.CloseError
			if !errors.As(err, &end) || end.Code != 4001 {
				t.Errorf("ended with %v", err)
			}
			if took := time.Since(began); took > cutWithin {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// Only a ticket opens the feed, one that is nobody else's, unspent, and of a session that still is.
func TestOnlyAGoodTicketOpensTheFeed(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	viewer := o.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleViewer})
	ticket := func() string { return viewer.post("/v1/feed/tickets", nil).want(201).text("ticket") }
	spent, late := ticket(), ticket()
	conn, err := viewer.dialWith(spent, 0)
	o.must(err)
	o.must(conn.Close())
	viewer.ask("DELETE", "/v1/sessions/current", nil, nil).want(204)
	for name, bad := range map[string]string{"garbage": "garbage", "a token": viewer.token, "spent": spent, "of a session that has ended": late} {
		conn, err := viewer.dialWith(bad, 0)
		if err == nil {
			_ = conn.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "401") {
			t.Errorf("a ticket that is %s: %v", name, err)
		}
	}
}

// A grant that is withdrawn narrows the feed without cutting it: what is still granted goes on.
func TestAWithdrawnGrantNarrowsTheFeed(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	viewer := o.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleViewer, scope: riverside})
	grant := func(sql, organ string) {
		if _, err := o.sql.Exec(t.Context(), sql, viewer.person, organ); err != nil {
			t.Fatal(err)
		}
	}
	grant(`INSERT INTO authority (person_id, role, organ_id, path) SELECT $1, 'command_viewer', id, path FROM organ WHERE code = $2`, hillside)
	screen := o.watch(viewer, 0)
	here, sister := o.officer(), o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
	auxiliary := o.auxiliary()
	other := o.hire(newcomer{class: duty.FieldAuxiliary, organ: hillside, role: duty.RoleAuxiliary, posts: fieldPosts})
	seesBoth := func() bool {
		task := here.sends(order("patrol", auxiliary))
		o.sound() // it has its number before the other gets one
		last := sister.sends(order("patrol", other))
		testkit.Wait(t, "what is still granted to be seen", func() bool { return screen.showed(t, last) })
		return screen.showed(t, task)
	}
	if !seesBoth() {
		t.Fatal("it does not see both stations")
	}
	grant(`DELETE FROM authority WHERE person_id = $1 AND organ_id = (SELECT id FROM organ WHERE code = $2)`, riverside)
	testkit.Wait(t, "the feed to narrow", func() bool { return !seesBoth() })
}

func (s *screen) showed(t *testing.T, task string) bool {
	t.Helper()
	return slices.ContainsFunc(s.seen(t), func(e shown) bool { return e.Task == task })
}
