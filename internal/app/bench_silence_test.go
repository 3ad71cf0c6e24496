package app_test

import (
	"testing"

	"github.com/dutybound/dutybound/internal/dispatch"
)

// BenchmarkSilence looks at 5,000 tasks at work of which nobody has fallen silent, with what was said on fifty tasks before.
func BenchmarkSilence(b *testing.B) {
	const tasks = 5000
	u := newUnit(openOffice(b))
	task := sentLed(u)
	handshake(u.lead, u.member, task)
	starting(u, task).want(200)
	u.multiply(task, tasks)
	for _, sql := range []string{
		`INSERT INTO task_person (task_id, person_id, part, open) SELECT task, person, true, true FROM pair, LATERAL (VALUES (officer), (member)) x (person)`,
		`INSERT INTO observation_now (subject, fact, stated_by, task_id, id, path, value, device_id, source, observed_at, received_at)
			SELECT member, fact, member, CASE WHEN n = 0 THEN task ELSE gen_random_uuid() END, gen_random_uuid(), 'x/', 'yes', member, 'phone', now(), now() - make_interval(days => n)
			FROM pair, unnest('{recording,uniform,id_card,on_duty}'::text[]) fact, generate_series(0, 50) n`,
		`VACUUM ANALYZE`,
	} {
		u.change(sql)
	}
	for b.Loop() {
		u.look(1, (*dispatch.Service).HearSilence)
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/look")
	if n := u.count(`SELECT count(*) FROM observation WHERE source = 'silence'`); n != 0 {
		b.Errorf("%d have fallen silent", n)
	}
}
