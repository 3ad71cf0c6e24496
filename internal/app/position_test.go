package app_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

// point is where a phone was some time ago.
func point(ago time.Duration, more ...object) object {
	p := fix(object{"captured_at": time.Now().Add(-ago)})
	for _, m := range more {
		for k, v := range m {
			p[k] = v
		}
	}
	return p
}

func points(all ...object) object { return object{"points": all} }

// positions counts what is kept of somebody, wherever.
func (o *office) positions(who *hand) (n int) {
	o.t.Helper()
	return o.count(`SELECT (SELECT count(*) FROM position WHERE person_id = $1) + (SELECT count(*) FROM position_kept WHERE person_id = $1)
		+ (SELECT count(*) FROM position_last WHERE person_id = $1)`, who.person)
}

// I9: off duty no position is kept: before the first check-in, after the check-out, after a close by rule; neither in a table, nor in
// the log, nor in an event.
func TestNoPositionIsKeptOffDuty(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	var log transcript
	s := o.again(&transcript{}, &log)
	member := o.auxiliary().at(s)
	here := point(0, object{"lat": 29.5671231, "lon": 106.5891237})
	off := func(when string) {
		t.Helper()
		if r := member.post("/v1/positions", points(here)).want(409); r.text("code") != "off_duty" {
			t.Errorf("%s: %s", when, r.raw)
		}
		if n := o.count(`SELECT count(*) FROM position_last WHERE person_id = $1`, member.person); n != 0 {
			t.Errorf("%s: the last position is known", when)
		}
		if n := o.count(`SELECT count(*) FROM position WHERE lat BETWEEN 29.56 AND 29.57`); n != 0 {
			t.Errorf("%s: %d positions are kept", when, n)
		}
	}
	off("before the first check-in")
	member.checksIn(dressedFor("yes"))
	if r := member.post("/v1/positions", points(point(0))).want(200); r.at("accepted").(float64) != 1 {
		t.Errorf("%s", r.raw)
	}
	if n := o.positions(member); n != 2 {
		t.Errorf("on duty: %d rows", n)
	}
	member.checksOut()
	off("after the check-out")
	member.checksIn(dressedFor("yes"))
	member.post("/v1/positions", points(point(0))).want(200)
	_, err := o.sql.Exec(t.Context(), `UPDATE shift SET started_at = now() - interval '20 hours' WHERE person_id = $1 AND ended_at IS NULL`, member.person)
	o.must(err)
	o.closes(1)
	off("after a close by rule")
	for what, text := range map[string]string{
		"the log": log.String(),
		"events":  o.text(`SELECT coalesce(string_agg(body, ' '), '') FROM event`),
		"jobs":    o.text(`SELECT coalesce(string_agg(args::text, ' '), '') FROM river_job`),
	} {
		for _, trace := range []string{"29.567123", "106.589123"} {
			if strings.Contains(text, trace) {
				t.Errorf("the position stands in %s", what)
			}
		}
	}
}

func (o *office) text(sql string, args ...any) (text string) {
	o.t.Helper()
	o.must(o.sql.QueryRow(o.t.Context(), sql, args...).Scan(&text))
	return text
}

// Positions that race with a check-out are either before it or nowhere: afterwards no last position is left, and none is newer.
func TestPositionsRaceWithACheckOut(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for range 15 {
		member := o.auxiliary()
		member.checksIn(dressedFor("yes"))
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 5 {
					if _, err := member.try("POST", "/v1/positions", points(point(0)), nil); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Go(func() {
			if r, err := member.try("POST", "/v1/shifts/current/end", object{}, keyed()); err != nil || r.status != 200 {
				t.Error(err, r.status)
			}
		})
		all.Wait()
		if n := o.count(`SELECT count(*) FROM position_last WHERE person_id = $1`, member.person); n != 0 {
			t.Fatal("a last position has outlived the shift")
		}
		if n := o.count(`SELECT count(*) FROM position p JOIN shift s ON s.id = p.shift_id WHERE p.person_id = $1 AND p.received_at > s.ended_at`, member.person); n != 0 {
			t.Fatalf("%d positions were received off duty", n)
		}
	}
}

// Points that nobody may know are refused one by one, and the others kept; a batch sent again, whole or in part, adds nothing.
func TestEachPointIsJudgedByItself(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	member := o.auxiliary()
	member.checksIn(dressedFor("yes"))
	batch := points(point(time.Hour), point(0), point(-time.Hour), point(-20*time.Second, object{"datum": "wgs84", "mock": true}))
	for range 3 {
		r := member.post("/v1/positions", batch).want(200)
		if r.at("accepted").(float64) != 2 || fmt.Sprint(r.at("refused")) != "[map[index:0 why:before_shift] map[index:2 why:in_future]]" {
			t.Errorf("%s", r.raw)
		}
	}
	member.post("/v1/positions", points(batch["points"].([]object)[1], point(-30*time.Second))).want(200)
	if n := o.count(`SELECT count(*) FROM position WHERE person_id = $1`, member.person); n != 3 {
		t.Errorf("%d points", n)
	}
	if n := o.count(`SELECT count(*) FROM position WHERE person_id = $1 AND datum = 'gcj02' AND given_lat = 29.554218
		AND abs(lat - 29.5571) < 0.00001 AND abs(lon - 106.5708) < 0.00001 AND NOT mock`, member.person); n != 2 {
		t.Errorf("%d of two are in WGS-84 with what was given beside", n)
	}
	newest, late := point(0), point(0, object{"lat": 29.5})
	late["captured_at"] = newest["captured_at"].(time.Time).Add(-10 * time.Millisecond)
	member.post("/v1/positions", points(newest)).want(200)
	member.post("/v1/positions", points(late)).want(200) // older than the newest, which stays
	if n := o.count(`SELECT count(*) FROM position_last WHERE person_id = $1 AND lat > 29.55`, member.person); n != 1 {
		t.Error("an older point has taken the place of a newer one")
	}
	for what, spoil := range map[string]object{
		"datum": {"datum": "bj54"}, "lat": {"lat": 91}, "lon": {"lon": "106"}, "captured_at": {"captured_at": "noon"}, "accuracy_m": {"accuracy_m": -1},
	} {
		r := member.post("/v1/positions", points(point(0), point(0, spoil))).want(400)
		if r.text("errors", 0, "field") != "body/points/1/"+what {
			t.Errorf("%s: %s", what, r.raw)
		}
	}
	missing := point(0)
	delete(missing, "datum")
	if r := member.post("/v1/positions", points(missing)).want(400); r.text("errors", 0, "field") != "body/points/0/datum" {
		t.Errorf("a datum was guessed: %s", r.raw)
	}
	if n := o.count(`SELECT count(*) FROM event WHERE kind LIKE 'position%'`); n != 0 {
		t.Errorf("%d positions are events", n)
	}
}

// Many phones at once: each is answered with its own, and everything that was answered is there.
func TestManyPhonesAreKeptTogether(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	var all sync.WaitGroup
	for i := range 12 {
		member := o.auxiliary()
		if i > 0 { // the first one is off duty, in the same writes
			member.checksIn(dressedFor("yes"))
		}
		now := time.Now() // no two points are of one moment
		captured := func(after time.Duration) object { return fix(object{"captured_at": now.Add(after)}) }
		all.Go(func() {
			for n := range time.Duration(6) {
				r, err := member.try("POST", "/v1/positions", points(captured(2*n*time.Millisecond), captured(-time.Hour), captured((2*n+1)*time.Millisecond)), nil)
				switch {
				case err != nil:
					t.Error(err)
				case i == 0 && r.status != 409, i > 0 && (r.status != 200 || r.at("accepted").(float64) != 2):
					t.Errorf("%d: %d %s", i, r.status, r.raw)
				}
			}
			if n := o.count(`SELECT count(*) FROM position WHERE person_id = $1`, member.person); n != 12*min(i, 1) {
				t.Errorf("%d: %d points", i, n)
			}
		})
	}
	all.Wait()
}

// A position belongs to the work that goes on, outlives the short clock with it, and the rest is dropped; of several replicas one drops.
func TestPositionsAreDroppedOnAShortClock(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	for _, who := range []*hand{u.member, u.spare} {
		who.checksIn(dressedFor("yes"))
	}
	task := u.dispatcher.begun(u.member)
	for _, who := range []*hand{u.member, u.spare} {
		who.post("/v1/positions", points(point(0))).want(200)
	}
	if n := o.count(`SELECT count(*) FROM position WHERE task_id = $1 AND person_id = $2`, task, u.member.person); n != 1 {
		t.Errorf("%d positions belong to the work", n)
	}
	held := u.dispatcher.begun(u.colleague)
	u.colleague.checksIn(dressedFor("yes"))
	u.colleague.step(held, "pause", because("待命")).want(200) // so that it is not the work's
	u.colleague.post("/v1/positions", points(point(0))).want(200)
	o.counsel(riverside).first.post("/v1/tasks/"+held+"/hold", because("投诉")).want(200)
	var all sync.WaitGroup
	dropped := make([]int, 5)
	for i := range dropped[:4] {
		all.Go(func() {
			o.must(o.store.Pool().QueryRow(t.Context(), `WITH s AS MATERIALIZED (SELECT set_config('dutybound.scope', '*', true) AS set)
				SELECT turn_positions(now() + interval '6 days', 3) FROM s WHERE set = '*'`).Scan(&dropped[i]))
		})
	}
	all.Wait()
	// The server's own round may have had the turn all the while; this one waits for it.
	o.must(o.store.Pool().QueryRow(t.Context(), `WITH s AS MATERIALIZED (SELECT `+theTurn+`, set_config('dutybound.scope', '*', true) AS set)
		SELECT turn_positions(now() + interval '6 days', 3) FROM s WHERE set = '*'`).Scan(&dropped[4]))
	if sum := dropped[0] + dropped[1] + dropped[2] + dropped[3] + dropped[4]; sum < 3 {
		t.Errorf("dropped %v days", dropped)
	}
	if n := o.count(`SELECT count(*) FROM position`); n != 0 {
		t.Errorf("%d positions are left", n)
	}
	if n := o.count(`SELECT count(*) FROM position_kept WHERE task_id = $1 AND person_id = $2`, task, u.member.person); n != 1 {
		t.Errorf("%d positions of the work are kept", n)
	}
	if n := o.count(`SELECT count(*) FROM position_kept WHERE task_id IS NULL AND person_id = $1`, u.colleague.person); n != 1 || o.count(`SELECT count(*) FROM position_kept`) != 2 {
		t.Errorf("%d positions under the hold are kept", n)
	}
}

// theTurn waits for the lock of turn_positions, which does nothing while somebody else has it: the server's own round too.
const theTurn = `pg_advisory_xact_lock(7165065861825654388)`

// The server may turn the days, and do nothing else to them; whoever does not see everything drops nothing.
func TestTheServerOnlyTurnsTheDays(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for _, sql := range []string{
		`DELETE FROM position`, `TRUNCATE position`, `UPDATE position SET lat = 0`, `DROP TABLE position`, `DELETE FROM position_kept`,
		`WITH turn AS MATERIALIZED (SELECT ` + theTurn + `) SELECT turn_positions(now() + interval '30 days', 3) FROM turn`, `SELECT turn_positions(now(), 0)`,
		`INSERT INTO position_kept SELECT * FROM position`, `CREATE TABLE position_20990101 (LIKE position)`,
	} {
		if _, err := o.store.Pool().Exec(t.Context(), sql); err == nil {
			t.Errorf("it could %s", sql)
		}
	}
}

func TestPositionsAreKeptForDays(t *testing.T) {
	t.Parallel()
	config := settings(t, testkit.Database(t).URL)
	config.PositionsDays = 2
	if _, err := app.Start(t.Context(), config, &transcript{}, nil); err == nil || !strings.Contains(err.Error(), "--positions-days") {
		t.Errorf("%v", err)
	}
}

// Who is near and could come: officers on duty, with a fresh and true position, within sight, the nearest first.
func TestNearbyOfficers(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	abroad := o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleOfficer})
	stale, mocking, offDuty, silent := o.officer(), o.officer(), o.officer(), o.officer()
	for who, where := range map[*hand]object{
		u.lead: {"datum": "wgs84", "lat": 29.5571 + 0.002, "lon": 106.5708}, u.otherLead: {}, u.member: {}, abroad: {}, stale: {}, mocking: {"mock": true}, offDuty: {},
	} {
		who.checksIn(dressedFor("yes"))
		who.post("/v1/positions", points(point(0, where))).want(200)
	}
	silent.checksIn(dressedFor("yes"))
	offDuty.checksOut()
	u.change(`UPDATE position_last SET received_at = now() - interval '4 minutes', seen_at = now() - interval '4 minutes' WHERE person_id = $1`, stale.person)
	work := led(order("stop-and-question", u.member), u.otherLead)
	work["place"] = object{"name": "解放碑", "lat": 29.554218, "lon": 106.574492, "datum": "gcj02"}
	task := u.dispatcher.sends(work)
	for _, query := range []string{"?lat=29.554218&lon=106.574492&datum=gcj02", "?task=" + task} {
		r := u.dispatcher.get("/v1/officers/nearby" + query).want(200)
		found := r.at("officers").([]any)
		if len(found) != 2 || r.text("officers", 0, "person") != u.otherLead.person.String() || r.text("officers", 1, "person") != u.lead.person.String() {
			t.Fatalf("%s: %s", query, r.raw)
		}
		if d := r.at("officers", 1, "distance_m").(float64); d < 221 || d > 224 {
			t.Errorf("%f m", d)
		}
		if r.text("officers", 0, "leads") != "1" || r.text("officers", 1, "leads") != "0" || r.text("officers", 0, "accuracy_m") != "10" {
			t.Errorf("%s", r.raw)
		}
	}
	for _, query := range []string{"", "?lat=29", "?lat=29&lon=106", "?lat=29&lon=106&datum=gcj02&task=" + task, "?lat=NaN&lon=106&datum=gcj02", "?lat=91&lon=1&datum=wgs84"} {
		u.dispatcher.get("/v1/officers/nearby" + query).want(400)
	}
	u.dispatcher.get("/v1/officers/nearby?task=" + uuid.NewString()).want(404)
	u.dispatcher.get("/v1/officers/nearby?task=" + u.dispatcher.sends(order("patrol", u.spare))).want(409)
}

// What a phone's clock is off by says nothing of how old a position is: with the time of sending a point is as old as the phone says.
func TestAWrongClockSendsFreshPositions(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for name, off := range map[string]time.Duration{
		"an hour slow": -time.Hour, "a day fast": 24 * time.Hour, "ten days and seven hours slow": -247 * time.Hour, "a year fast": 365 * 24 * time.Hour,
		"in 1970": -time.Since(time.Unix(1000, 0)),
	} {
		member := o.auxiliary()
		member.checksIn(dressedFor("yes"))
		sent := time.Now().Add(off)
		batch := points(point(0), point(0), point(0))
		for i, captured := range []time.Duration{0, -time.Hour, 2 * time.Hour} {
			batch["points"].([]object)[i]["captured_at"] = sent.Add(captured)
		}
		batch["sent_at"] = sent
		r := member.post("/v1/positions", batch).want(200)
		if r.at("accepted").(float64) != 1 || fmt.Sprint(r.at("refused")) != "[map[index:1 why:before_shift] map[index:2 why:in_future]]" {
			t.Errorf("%s: %s", name, r.raw)
		}
		if n := o.count(`SELECT count(*) FROM position_last WHERE person_id = $1 AND abs(extract(epoch FROM seen_at - clock_timestamp())) < 10`, member.person); n != 1 {
			t.Errorf("%s: the point is not fresh", name)
		}
		member.post("/v1/positions", batch).want(200) // again: the same row, which still says what the phone said
		if n := o.count(`SELECT count(*) FROM position WHERE person_id = $1 AND captured_at - make_interval(days => days_off) = $2`, member.person, batch["points"].([]object)[0]["captured_at"]); n != 1 {
			t.Errorf("%s: %d rows", name, n)
		}
	}
}

// A point belongs to the work that was going on when it was captured, not to what goes on when it comes.
func TestAPointBelongsToTheWorkOfItsTime(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	u.member.checksIn(dressedFor("yes"))
	before := time.Now()
	task := u.dispatcher.begun(u.member)
	during := time.Now()
	u.member.step(task, "finish", object{"report": "无异常"}).want(200)
	batch := points(point(0), point(0))
	batch["points"].([]object)[0]["captured_at"], batch["points"].([]object)[1]["captured_at"] = before, during
	u.member.post("/v1/positions", batch).want(200)
	if n := o.count(`SELECT count(*) FROM position WHERE person_id = $1 AND (task_id = $2) = (captured_at >= $3)
		AND (task_id IS NULL) = (captured_at < $3)`, u.member.person, task, during.Truncate(time.Microsecond)); n != 1 {
		t.Errorf("%d points are of the work", n)
	}
	if n := o.count(`SELECT count(*) FROM position WHERE person_id = $1 AND task_id IS NOT NULL`, u.member.person); n != 1 {
		t.Errorf("%d points are of some work", n)
	}
}
