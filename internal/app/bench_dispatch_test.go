package app_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/valyala/fasthttp"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/embedded"
)

// BenchmarkDispatchHTTP holds dispatches through HTTP (session check, ruling, command id, events, pushes, committed and flushed before
// the answer) against pgbench running the very same statements one by one, in turns, on one database with everything durable.
func BenchmarkDispatchHTTP(b *testing.B) {
	const turn = 4 * time.Second
	for _, conns := range []int{16, 64} {
		b.Run(fmt.Sprintf("%d_connections", conns), func(b *testing.B) {
			s, log := openDurable(b)
			load := newLoad(s)
			script := load.script(b, log)
			load.run(conns, time.Second) // warm both up
			pgbench(b, s.database, script, conns, time.Second)
			var ours, theirs, ratios []float64
			for b.Loop() {
				for range 3 {
					p := pgbench(b, s.database, script, conns, turn)
					o := load.run(conns, turn)
					ours, theirs, ratios = append(ours, o), append(theirs, p), append(ratios, o/p)
				}
			}
			b.ReportMetric(median(ours), "dispatches/s")
			b.ReportMetric(median(theirs), "pgbench/s")
			b.ReportMetric(median(ratios), "ratio")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// openDurable starts a station on a cluster of its own that flushes as a real one does.
func openDurable(b *testing.B) (_ *station, serverLog string) {
	b.Helper()
	cluster, err := embedded.StartPostgres(b.Context(), embedded.PostgresConfig{
		DataDir: b.TempDir(), Settings: map[string]string{"max_connections": "200", "shared_buffers": "256MB", "log_line_prefix": "@%p "},
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cluster.Stop(b.Context()) })
	s := &station{t: b, database: cluster.URL(""), config: app.Config{
		Listen: "127.0.0.1:0", DatabaseURL: cluster.URL(""), DatabaseConns: 24, DataDir: b.TempDir(), DeviceKeys: "offered", SessionTTL: time.Hour,
		RecordingFreshness: 10 * time.Minute, StatementFreshness: 12 * time.Hour,
		LeadSweep: time.Second, ApprovalDeadline: 30 * time.Minute, RequestTimeout: 10 * time.Second, ShutdownTimeout: 5 * time.Second,
		AlarmRepeat: 30 * time.Second, AlarmRounds: 4,
		PositionsDays: 7,
		OutboxGap:     10 * time.Minute,
	}}
	s.start()
	s.people()
	b.Cleanup(s.stop)
	return s, filepath.Join(cluster.DataDir(), "server.log")
}

// load is one officer's dispatches of one auxiliary, as fast as they are answered.
type load struct {
	s       *station
	officer *hand
	body    []byte
}

func newLoad(s *station) *load {
	member := s.sign("FJ31031").person
	body := fmt.Sprintf(`{"acts":["traffic-direction"],"place":{"name":"较场口转盘"},"members":[{"person":"%s"}]}`, member)
	return &load{s: s, officer: s.sign("310111"), body: []byte(body)}
}

func (l *load) run(conns int, d time.Duration) (perSecond float64) {
	var done atomic.Int64
	var all sync.WaitGroup
	begun := time.Now()
	for range conns {
		client := &fasthttp.HostClient{Addr: strings.TrimPrefix(l.s.url, "http://"), MaxConns: 1}
		all.Go(func() {
			request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			for time.Since(begun) < d {
				request.SetRequestURI(l.s.url + "/v1/tasks")
				request.Header.SetMethod("POST")
				request.Header.SetContentType("application/json")
				request.Header.Set("Authorization", "Bearer "+l.officer.token)
				request.Header.Set("Idempotency-Key", uuid.Must(uuid.NewV7()).String())
				request.SetBodyRaw(l.body)
				if err := client.Do(request, response); err != nil || response.StatusCode() != 201 {
					l.s.t.Errorf("dispatch: %v %d %.200s", err, response.StatusCode(), response.Body())
					return
				}
				done.Add(1)
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(begun).Seconds()
}
