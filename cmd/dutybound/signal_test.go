package main_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/embedded"
	"github.com/dutybound/dutybound/internal/testkit"
)

// TestSignalsEndTheServerGently: the request under way is answered, viewers are told, Postgres is shut down, nothing is left.
func TestSignalsEndTheServerGently(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		s := serve(t, "--data-dir", dir)
		where := at(s.url)
		sender, member := player(t, where, dispatcher), player(t, where, auxiliary)
		task := sender.must(t, http.StatusCreated, "POST", "/v1/tasks", patrol(member)).text("task", "id")
		wall := must[*websocket.Conn](t)(player(t, where, viewer).watch(""))
		release, held := hold(t, dir, task)
		answered := make(chan answer, 1)
		go func() {
			a, _ := member.ask("POST", "/v1/tasks/"+task+"/acknowledge", newKey(), nil) // no answer has no status
			answered <- a
		}()
		held()
		s.signal(signal)
		if code := farewell(t, wall); code != websocket.CloseGoingAway {
			t.Errorf("%s: the viewer was told %d", signal, code)
		}
		release() // only now: the server was told to end while the request waited
		if a := <-answered; a.status != http.StatusOK {
			t.Errorf("%s: the request under way: %d %s", signal, a.status, a.body)
		}
		if code := s.exit(); code != 0 {
			t.Errorf("%s: exit code %d\n%s", signal, code, s.logs)
		}
		leavesNothing(t, dir)
	}
}

// TestAStopThatCannotWaitForEver breaks off what hangs, says so, and still leaves the database in order.
func TestAStopThatCannotWaitForEver(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := serve(t, "--data-dir", dir, "--shutdown-timeout=500ms")
	where := at(s.url)
	sender, member := player(t, where, dispatcher), player(t, where, auxiliary)
	task := sender.must(t, http.StatusCreated, "POST", "/v1/tasks", patrol(member)).text("task", "id")
	_, held := hold(t, dir, task)
	go func() { _, _ = member.ask("POST", "/v1/tasks/"+task+"/acknowledge", newKey(), nil) }()
	held()
	s.signal(syscall.SIGTERM)
	if code := s.exit(); code != 1 || !strings.Contains(s.logs.String(), "requests still under way were broken off") {
		t.Errorf("exit code %d\n%s", code, s.logs)
	}
	leavesNothing(t, dir)
}

// hold locks a task's row. held waits until somebody waits for it, release lets them.
func hold(t *testing.T, dir, task string) (release, held func()) {
	t.Helper()
	ctx := t.Context()
	address := string(must[[]byte](t)(os.ReadFile(filepath.Join(dir, "postgres.address"))))
	conn := must[*pgx.Conn](t)(pgx.Connect(ctx, address))
	t.Cleanup(func() { _ = conn.Close(context.Background()) }) // not before: a connection that nobody knows any more is closed, with its locks
	tx := must[pgx.Tx](t)(conn.Begin(ctx))
	if _, err := tx.Exec(ctx, `SELECT FROM task WHERE id = $1 FOR UPDATE`, task); err != nil {
		t.Fatal(err)
	}
	held = func() {
		testkit.Wait(t, "the request to wait for the task", func() bool {
			var waiting bool
			err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))`).Scan(&waiting)
			return err == nil && waiting
		})
	}
	release = func() {
		if err := errors.Join(tx.Rollback(ctx), conn.Close(ctx)); err != nil {
			t.Error(err)
		}
	}
	return release, held
}

// farewell reads a viewer's connection to its end and answers the code it was closed with.
func farewell(t *testing.T, wall *websocket.Conn) int {
	t.Helper()
	defer wall.Close()
	_ = wall.SetReadDeadline(time.Now().Add(patience))
	for {
		if _, _, err := wall.ReadMessage(); err != nil {
			var closed *websocket.CloseError
			if !errors.As(err, &closed) {
				t.Fatal(err)
			}
			return closed.Code
		}
	}
}

// leavesNothing looks for what a server that ended by itself must not leave.
func leavesNothing(t *testing.T, dir string) {
	t.Helper()
	gone(t, dir)
	for _, path := range []string{socketOf(t, dir), filepath.Join(dir, "postgres.address"), filepath.Join(dir, "postgres", "cluster", "postmaster.pid")} {
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("%s is still there (%v)", path, err)
		}
	}
}

// TestASignalWhileStarting finds the server in the middle of making its database.
func TestASignalWhileStarting(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := launch(t, "--data-dir", dir)
	s.hears(regexp.MustCompile(`(Making a new database)`))
	s.signal(syscall.SIGINT)
	if code := s.exit(); code != 1 || !strings.Contains(s.logs.String(), "a signal came before it was done") {
		t.Errorf("exit code %d\n%s", code, s.logs)
	}
	gone(t, dir)
	again := serve(t, "--data-dir", dir)
	player(t, at(again.url), dispatcher)
	again.signal(syscall.SIGTERM)
	if code := again.exit(); code != 0 {
		t.Errorf("the next one: exit code %d\n%s", code, again.logs)
	}
	leavesNothing(t, dir)
}

// TestASignalThatAChildHearsFirst is a Ctrl-C in the instant in which initdb has no group of its own yet.
func TestASignalThatAChildHearsFirst(t *testing.T) {
	programs := folder(t)
	for name, script := range map[string]string{"postgres": "", "initdb": `[ "$1" = --version ] || { echo $$ >"$2/pid" && kill -INT $$; }`} {
		script = "#!/bin/sh\necho '" + name + " (PostgreSQL) 15.0'\n" + script + "\n"
		if err := os.WriteFile(filepath.Join(programs, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", programs+":"+os.Getenv("PATH"))
	dir := folder(t)
	s := launch(t, "--data-dir", dir)
	testkit.Wait(t, "the end of initdb", func() bool {
		notes, _ := filepath.Glob(filepath.Join(dir, "postgres", "cluster.new*", "pid"))
		if len(notes) == 0 {
			return false
		}
		pid, err := os.ReadFile(notes[0])
		if err != nil || len(pid) == 0 {
			return false
		}
		_, err = os.Stat("/proc/" + strings.TrimSpace(string(pid)))
		return os.IsNotExist(err)
	})
	s.signal(syscall.SIGINT)
	if code := s.exit(); code != 1 || !strings.Contains(s.logs.String(), "a signal came before it was done") {
		t.Errorf("exit code %d\n%s", code, s.logs)
	}
}

// TestASecondServerIsToldWhoIsThere and the first is not disturbed. A silent connection does not hold up the end for long.
func TestASecondServerIsToldWhoIsThere(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	first := serve(t, "--data-dir", dir)
	second := launch(t, "--data-dir", dir)
	if code := second.exit(); code != 1 || !strings.Contains(second.logs.String(), "is in use by process ") ||
		!strings.Contains(second.logs.String(), "stop that first or choose another folder") {
		t.Errorf("exit code %d\n%s", code, second.logs)
	}
	player(t, at(first.url), dispatcher)
	taken := launch(t, "--data-dir", folder(t), "--listen", strings.TrimPrefix(first.url, "http://"))
	if code := taken.exit(); code != 1 || !strings.Contains(taken.logs.String(), "--listen: ") {
		t.Errorf("a port that is taken: exit code %d\n%s", code, taken.logs)
	}
}

// TestADatabaseThatComesAndGoes is not the server's to end with: it says 503 until the database is back.
func TestADatabaseThatComesAndGoes(t *testing.T) {
	t.Parallel()
	database := durable(t)
	s := serve(t, "--database-url", database.URL(""), "--data-dir", t.TempDir())
	nobody := &phone{at: at(s.url)}
	nobody.must(t, http.StatusOK, "GET", "/readyz", nil)
	come := away(t, database)
	a := must[answer](t)(nobody.ask("POST", "/v1/sessions", "", object{"person_number": "1", "password": "x", "device": newKey()}))
	if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" {
		t.Errorf("without a database: %d %s, retry after %q", a.status, a.body, a.header.Get("Retry-After"))
	}
	nobody.must(t, http.StatusServiceUnavailable, "GET", "/readyz", nil)
	nobody.must(t, http.StatusOK, "GET", "/healthz", nil)
	come()
	testkit.Wait(t, "the server to be ready again", func() bool {
		got, err := nobody.ask("GET", "/readyz", "", nil)
		return err == nil && got.status == http.StatusOK
	})
	s.signal(syscall.SIGTERM)
	if code := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.logs)
	}
}

// away closes a database to everybody until come is called.
func away(t *testing.T, database *embedded.Postgres) (come func()) {
	t.Helper()
	conn := must[*pgx.Conn](t)(pgx.Connect(t.Context(), database.URL("postgres")))
	do := func(statement string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	do(`ALTER DATABASE dutybound ALLOW_CONNECTIONS false`)
	testkit.Wait(t, "everybody to be out, who was coming in as well", func() (out bool) {
		err := conn.QueryRow(t.Context(), `SELECT count(pg_terminate_backend(pid)) = 0 FROM pg_stat_activity WHERE datname = 'dutybound'`).Scan(&out)
		return err == nil && out
	})
	return func() {
		do(`ALTER DATABASE dutybound ALLOW_CONNECTIONS true`)
		_ = conn.Close(t.Context())
	}
}
