package embedded_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/embedded"
	"github.com/jackc/pgx/v5"
)

func within(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

// openFolder is a folder the server's user can reach, unlike t.TempDir as root.
func openFolder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "dutybound-test-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func start(t testing.TB, cfg embedded.PostgresConfig) *embedded.Postgres {
	t.Helper()
	p, err := embedded.StartPostgres(within(t, time.Minute), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(within(t, time.Minute)) })
	return p
}

func stop(t testing.TB, p *embedded.Postgres) {
	t.Helper()
	if err := p.Stop(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
}

// query returns the first column of the first row as text.
func query(t testing.TB, url, sql string) string {
	t.Helper()
	ctx := within(t, 30*time.Second)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var answer string
	if err := conn.QueryRow(ctx, sql).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func exec(t testing.TB, url, sql string) {
	t.Helper()
	ctx := within(t, 30*time.Second)
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestDataSurvivesAStop(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	var said bytes.Buffer
	p := start(t, embedded.PostgresConfig{DataDir: dir, Say: &said})
	exec(t, p.URL(""), "CREATE TABLE kept AS SELECT 'still here' AS word")
	if !strings.Contains(said.String(), "Making a new database in "+dir) {
		t.Errorf("the first start did not say what it does, only %q", said.String())
	}
	stop(t, p)

	said.Reset()
	again := start(t, embedded.PostgresConfig{DataDir: dir, Say: &said})
	if got := query(t, again.URL("dutybound"), "SELECT word FROM kept"); got != "still here" {
		t.Errorf("after a restart the table holds %q", got)
	}
	if said.Len() > 0 {
		t.Errorf("a start without a long step should say nothing, it said %q", said.String())
	}
}

func TestDurabilityIsKeptUnlessThrownAway(t *testing.T) {
	t.Parallel()
	kept := start(t, embedded.PostgresConfig{DataDir: openFolder(t)})
	thrown := start(t, embedded.PostgresConfig{Throwaway: true, Settings: map[string]string{"work_mem": "7MB"}})
	for setting, want := range map[string][2]string{
		"fsync":              {"on", "off"},
		"synchronous_commit": {"on", "off"},
		"full_page_writes":   {"on", "off"},
		"data_checksums":     {"on", "on"},
		"TimeZone":           {"UTC", "UTC"},
		"listen_addresses":   {"", ""},
		"work_mem":           {"4MB", "7MB"},
	} {
		got := [2]string{query(t, kept.URL(""), "SHOW "+setting), query(t, thrown.URL(""), "SHOW "+setting)}
		if got != want {
			t.Errorf("%s is %q in a kept and %q in a throw-away cluster, want %q", setting, got[0], got[1], want)
		}
	}
}

// What the server says once it runs is kept, not only what it said while it started.
func TestTheLogGoesOnWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	p := start(t, embedded.PostgresConfig{DataDir: openFolder(t)})
	exec(t, p.URL(""), "DO $$ BEGIN RAISE LOG 'said while running'; END $$")
	log, err := os.ReadFile(filepath.Join(p.DataDir(), "server.log"))
	if err != nil || !strings.Contains(string(log), "said while running") {
		t.Errorf("the log says (%v)\n%s", err, log)
	}
}

func TestAThrowAwayClusterLeavesNothing(t *testing.T) {
	t.Parallel()
	p := start(t, embedded.PostgresConfig{Throwaway: true})
	dir := p.DataDir()
	stop(t, p)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", dir, err)
	}
	assertNoServer(t, p.Pid())
}

func TestASecondStartIsRefusedAndNamesTheFirst(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	p := start(t, embedded.PostgresConfig{DataDir: dir})
	_, err := embedded.StartPostgres(within(t, time.Minute), embedded.PostgresConfig{DataDir: dir})
	if err == nil {
		t.Fatal("two servers on one folder")
	}
	if want := fmt.Sprintf("in use by process %d ", os.Getpid()); !strings.Contains(err.Error(), want) {
		t.Errorf("the refusal %q does not say %q", err, want)
	}
	if got := query(t, p.URL(""), "SELECT 'alive'"); got != "alive" {
		t.Error("the refused start disturbed the running server")
	}
}

func TestAKilledServerIsReportedAndRecovers(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	p := start(t, embedded.PostgresConfig{DataDir: dir})
	exec(t, p.URL(""), "CREATE TABLE kept AS SELECT 'committed' AS word")
	if err := syscall.Kill(p.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.Done():
	case <-within(t, 10*time.Second).Done():
		t.Fatal("nobody noticed that the server is dead")
	}
	if err := p.Stop(within(t, time.Minute)); err == nil || !strings.Contains(err.Error(), "already ended") {
		t.Errorf("Stop of a dead server said %v", err)
	}
	again := start(t, embedded.PostgresConfig{DataDir: dir})
	if got := query(t, again.URL(""), "SELECT word FROM kept"); got != "committed" {
		t.Errorf("after kill -9 the table holds %q", got)
	}
}

func TestAKilledInitdbIsNotTakenForACluster(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	draft := filepath.Join(dir, "cluster.new")
	if err := os.MkdirAll(draft, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(draft, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, embedded.PostgresConfig{DataDir: dir})
	if got := query(t, p.URL(""), "SELECT 'whole'"); got != "whole" {
		t.Error(got)
	}
}

func TestAStopThatMayNotWaitStillStops(t *testing.T) {
	t.Parallel()
	p := start(t, embedded.PostgresConfig{DataDir: openFolder(t)})
	impatient, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.Stop(impatient); err != nil && !strings.Contains(err.Error(), "recovers at the next start") {
		t.Error(err)
	}
	assertNoServer(t, p.Pid())
}

func TestAStartThatFailsSaysWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	_, err := embedded.StartPostgres(within(t, time.Minute), embedded.PostgresConfig{
		DataDir: openFolder(t), Settings: map[string]string{"no_such_setting": "1"},
	})
	if err == nil || !strings.Contains(err.Error(), `unrecognized configuration parameter "no_such_setting"`) {
		t.Errorf("the error does not carry the server's own words: %v", err)
	}
}

func TestConfigurationMistakesAreNamed(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]embedded.PostgresConfig{
		"DataDir is empty":      {},
		"DataDir must be empty": {DataDir: "/tmp/x", Throwaway: true},
	} {
		if _, err := embedded.StartPostgres(within(t, time.Minute), cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error with %q, got %v", name, err)
		}
	}
}

func TestTheEnvironmentCannotBendTheAddress(t *testing.T) {
	t.Setenv("PGPORT", "1")
	t.Setenv("PGSSLMODE", "require")
	t.Setenv("PGDATABASE", "elsewhere")
	p := start(t, embedded.PostgresConfig{Throwaway: true})
	if got := query(t, p.URL(""), "SELECT current_database()"); got != "dutybound" {
		t.Errorf("connected to %q", got)
	}
}

func assertNoServer(t testing.TB, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("process %d is still there: %v", pid, err)
	}
}
