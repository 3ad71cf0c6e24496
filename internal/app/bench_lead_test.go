package app_test

import (
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/app"
)

// BenchmarkLeadSweep looks at 5,000 leads over running work, of which every phone has sent a position since the last look.
func BenchmarkLeadSweep(b *testing.B) {
	const pairs = 5000
	o := openOffice(b, func(c *app.Config) { c.LeadSweep = 24 * time.Hour })
	u := newUnit(o)
	task := sentLed(u)
	u.at(0, u.lead, u.member, u.colleague)
	u.lead.step(task, "lead/accept", nil).want(200)
	starting(u, task).want(200)
	u.multiply(task, pairs)
	o.must(o.app.SweepLeads(b.Context()))
	for b.Loop() {
		b.StopTimer()
		u.change(`UPDATE position_last SET lat = lat + 0.00001, received_at = clock_timestamp(), seen_at = clock_timestamp()`)
		b.StartTimer()
		o.must(o.app.SweepLeads(b.Context()))
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/sweep")
	if n := o.count(`SELECT count(*) FROM task WHERE watched AND doc #>> '{accompaniment,state}' = 'led'`); n != pairs+1 {
		b.Errorf("%d of %d pairs are led", n, pairs+1)
	}
}

// multiply makes many tasks like one at work, each with a lead and an auxiliary of its own, on duty at the same place.
func (u *unit) multiply(task string, n int) {
	u.t.Helper()
	for _, sql := range []string{
		`CREATE TABLE pair AS SELECT gen_random_uuid() AS task, gen_random_uuid() AS ruling, gen_random_uuid() AS officer,
			gen_random_uuid() AS member, i FROM generate_series(1, $2::int) i WHERE $1 <> ''`,
		`INSERT INTO person (id, number, name, class, organ_id, path, status)
			SELECT x.id, x.number, 'x', x.class, p.organ_id, p.path, 'active'
			FROM (SELECT officer AS id, 'BO' || i AS number, 'officer' AS class FROM pair UNION ALL SELECT member, 'BM' || i, 'field_auxiliary' FROM pair) x,
				(SELECT organ_id, path FROM person ORDER BY path DESC LIMIT 1) p WHERE $1 <> '' AND $2::int > 0`,
		`INSERT INTO shift (id, doc, started_at)
			SELECT x.id, jsonb_build_object('id', x.id, 'person', x.id, 'organ', jsonb_build_object('path', 'x/')), now()
			FROM (SELECT officer AS id FROM pair UNION ALL SELECT member FROM pair) x WHERE $1 <> '' AND $2::int > 0`,
		`INSERT INTO position_last (person_id, path, shift_id, lat, lon, accuracy_m, mock, captured_at, received_at, seen_at)
			SELECT person_id, path, id, 29.56, 106.57, 5, false, now(), now(), now() FROM shift s
			WHERE NOT EXISTS (SELECT FROM position_last p WHERE p.person_id = s.person_id) AND $1 <> '' AND $2::int > 0`,
		`CREATE TABLE made AS SELECT pair.*, t.doc - 'code' || jsonb_build_object(
				'id', task, 'standing_ruling', ruling, 'latest_ruling', ruling,
				'members', jsonb_build_array(jsonb_set(t.doc #> '{members,0}', '{person}', to_jsonb(member))),
				'officers', jsonb_build_array(jsonb_set(t.doc #> '{officers,0}', '{person}', to_jsonb(officer))),
				'accompaniment', jsonb_set(t.doc -> 'accompaniment', '{officer}', to_jsonb(officer))) AS doc
			FROM pair, task t WHERE t.id = $1::uuid AND $2::int > 0`,
		`INSERT INTO task (id, doc, updated_at)
			SELECT task, doc - 'standing_ruling' || '{"state":"dispatched"}' || jsonb_build_object('latest_ruling', r.id), now()
			FROM made, ruling r WHERE r.id = (SELECT latest_ruling FROM task WHERE id = $1::uuid) AND $2::int > 0`,
		`INSERT INTO ruling (id, task_id, path, epoch, phase, outcome, actor, command, decided_at, event_id, facts, ruling)
			SELECT m.ruling, m.task, r.path, r.epoch, r.phase, r.outcome, r.actor, r.command, r.decided_at, r.event_id, r.facts, r.ruling
			FROM made m, ruling r, task t WHERE t.id = $1::uuid AND r.id = t.standing_ruling AND $2::int > 0`,
		`UPDATE task t SET doc = m.doc FROM made m WHERE m.task = t.id AND $1 <> '' AND $2::int > 0`,
		`ANALYZE`,
	} {
		if sql == `ANALYZE` {
			u.change(sql)
			continue
		}
		u.change(sql, task, n)
	}
}
