package app_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// BenchmarkSync brings up to date a phone of somebody with three open tasks and a few hundred old ones, who were away for a while, over
// a log of a million events; and one that has nothing. Over HTTP, one at a time; more than 5 ms each fail.
func BenchmarkSync(b *testing.B) {
	o := openOffice(b)
	u := newUnit(o)
	for range 3 {
		u.dispatcher.begun(u.member)
	}
	o.sound()
	u.longAgo(1_000_000)
	head := o.count(`SELECT size FROM ledger_head`)
	for _, c := range []struct {
		name, path string
		limit      time.Duration
	}{
		{"beside it, who am I", "/v1/me", 0},
		{"nothing new", fmt.Sprintf("/v1/sync?after=%d", head), 5 * time.Millisecond},
		{"away for a while", fmt.Sprintf("/v1/sync?after=%d", head-5000), 5 * time.Millisecond},
		{"afresh", "/v1/sync", 5 * time.Millisecond},
		{"a full page of 200", "/v1/sync?after=0", 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			u.member.plainly(c.path)
			began, n := time.Now(), 0
			for b.Loop() {
				u.member.plainly(c.path)
				n++
			}
			each := time.Since(began) / time.Duration(n)
			b.ReportMetric(float64(each.Microseconds())/1000, "ms/answer")
			if c.limit > 0 && each > c.limit {
				b.Errorf("it takes %s", each)
			}
		})
	}
}

// plainly is get for what is measured: what comes is read and not judged.
func (h *hand) plainly(path string) {
	h.s.t.Helper()
	request, err := http.NewRequestWithContext(h.s.t.Context(), http.MethodGet, h.s.url+path, http.NoBody)
	if err != nil {
		h.s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+h.token)
	answer, err := h.s.client.Do(request)
	if err != nil {
		h.s.t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		h.s.t.Fatalf("%s: %d %v", path, answer.StatusCode, err)
	}
}

// longAgo puts events into the log as if they had happened: each concerns four of 20,000 people, every five-hundredth the member. The
// sequencer cannot go on after that.
func (u *unit) longAgo(events int) {
	u.t.Helper()
	tx, err := u.sql.Begin(u.t.Context())
	u.must(err)
	for _, sql := range []string{
		`SELECT set_config('session_replication_role', 'replica', true), $1::int, $2::uuid`,
		`CREATE TEMPORARY TABLE past ON COMMIT DROP AS SELECT n, (SELECT size FROM ledger_head) + n AS seq, gen_random_uuid() AS task,
			n % 500 = 0 AS own FROM generate_series(1, $1::int) AS n WHERE $2::uuid IS NOT NULL`,
		`INSERT INTO event (seq, id, kind, path, task_id, version, actor, at, body)
			SELECT seq, gen_random_uuid(), 'task.accepted', '500000000000/' || n % 300 || '/', CASE WHEN $1 > 0 THEN task END, 1, $2, now(), '{"state":"dispatched"}' FROM past ORDER BY seq`,
		`INSERT INTO event_person SELECT md5((n * 7 + k) % 20000 || 'x')::uuid, seq FROM past, generate_series(1, 4) AS k WHERE $1 > 0 AND $2::uuid IS NOT NULL
			UNION SELECT $2, seq FROM past WHERE own`,
		`INSERT INTO task_person (task_id, person_id, part, open) SELECT task, $2, true, false FROM past WHERE own AND $1 > 0`,
		`INSERT INTO message (person_id, subject, kind, priority, help, at, seq) SELECT md5(n % 20000 || 'x')::uuid, task, 'dispatched', 'routine', false, now(), seq FROM past WHERE $1 > 0
			UNION ALL SELECT $2, task, 'dispatched', 'routine', false, now(), seq FROM past WHERE n % 50000 = 0`,
		`UPDATE ledger_head SET size = size + $1 WHERE $2::uuid IS NOT NULL`,
	} {
		if _, err := tx.Exec(u.t.Context(), sql, events, u.member.person); err != nil {
			u.t.Fatalf("%s: %v", sql, err)
		}
	}
	u.must(tx.Commit(u.t.Context()))
	u.change(`ANALYZE`)
}
