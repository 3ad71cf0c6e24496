package postgres_test

import (
	"context"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/postgres"
)

// What pgbench does with a dispatch is what a dispatch does: after some rounds there are as many tasks, each as it should be.
func TestPgbenchRunsTheStatementsOfADispatch(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	rate := h.pgbench(2, "-t", "5")
	if rate <= 0 {
		t.Error("no rate")
	}
	if n := h.count(`SELECT count(*) FROM task JOIN ruling ON ruling.id = latest_ruling JOIN event ON event.task_id = task.id`); n != 10 {
		t.Errorf("%d tasks, want 10", n)
	}
}

// BenchmarkDispatch compares dispatches by the store with pgbench running the same statements, in turns, at 16 connections. Run it
// with DUTYBOUND_TEST_CLUSTER naming a cluster that flushes, or the numbers mean little.
func BenchmarkDispatch(b *testing.B) {
	h := newHouse(b)
	const conns = 16
	store, err := postgres.Open(b.Context(), postgres.Config{URL: h.url, MaxConns: conns})
	h.must(err)
	b.Cleanup(store.Close)
	var ours, theirs float64
	for b.Loop() {
		theirs += h.pgbench(conns, "-T", "3")
		ours += h.dispatches(store, conns, 3*time.Second)
	}
	b.ReportMetric(ours/float64(b.N), "dispatches/s")
	b.ReportMetric(theirs/float64(b.N), "pgbench/s")
	b.ReportMetric(ours/theirs, "ratio")
}

func (h *house) dispatches(store *postgres.Store, conns int, d time.Duration) float64 {
	h.t.Helper()
	var done atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range conns {
		wg.Go(func() {
			for time.Since(start) < d {
				_, err := store.Create(context.Background(), call(h.officer, h.officer, h.wang, h.li), ordering(h.officer, h.officer, h.wang, h.li))
				if err != nil {
					h.t.Error(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(start).Seconds()
}

// pgbench runs the statements of a dispatch and answers how many times a second.
func (h *house) pgbench(conns int, howLong ...string) float64 {
	h.t.Helper()
	c := call(h.officer, h.officer, h.wang, h.li)
	fresh := []uuid.UUID{c.Command.ID}
	statements, err := h.store.DispatchStatements(h.t.Context(), c, func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		d, err := ordering(h.officer, h.officer, h.wang, h.li)(snap)
		fresh = append(fresh, d.Task.ID, d.Rulings[0].ID, d.Events[0].ID)
		return d, err
	})
	h.must(err)
	script, err := postgres.PgbenchScript(statements, fresh...)
	h.must(err)
	file := filepath.Join(h.t.TempDir(), "dispatch.sql")
	h.must(os.WriteFile(file, []byte(script), 0o600))
	address, err := url.Parse(h.url)
	h.must(err)
	n := strconv.Itoa(conns)
	run := exec.Command(pgbenchPath(), append(howLong, "-n", "-M", "prepared", "-c", n, "-j", "2", "-f", file,
		"-h", address.Query().Get("host"), "-U", address.Query().Get("user"), address.Path[1:])...)
	run.Env = append(os.Environ(), "PGOPTIONS=-c role="+postgres.AppRole)
	out, err := run.CombinedOutput()
	if err != nil {
		h.t.Fatalf("pgbench: %v\n%s", err, out)
	}
	found := regexp.MustCompile(`tps = ([0-9.]+)`).FindSubmatch(out)
	if found == nil {
		h.t.Fatalf("pgbench said\n%s", out)
	}
	rate, err := strconv.ParseFloat(string(found[1]), 64)
	h.must(err)
	return rate
}

func pgbenchPath() string {
	if path, err := exec.LookPath("pgbench"); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if len(found) == 0 {
		return "pgbench"
	}
	return found[len(found)-1]
}
