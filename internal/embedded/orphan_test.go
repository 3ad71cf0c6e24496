package embedded_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	osexec "os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/embedded"
	"github.com/jackc/pgx/v5"
)

const parentVariable = "EMBEDDED_TEST_PARENT"

// TestMain lets the test binary play the program that owns a database, so that it can be killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv(parentVariable); dir != "" {
		playParent(dir)
		return
	}
	os.Exit(m.Run())
}

func playParent(dir string) {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	p, err := embedded.StartPostgres(ctx, embedded.PostgresConfig{DataDir: dir})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println(p.Pid(), p.URL(""))
	<-ctx.Done()
	if err := p.Stop(context.Background()); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// parent is a child process of ours that owns a database.
type parent struct {
	cmd    *osexec.Cmd
	output io.Reader
	server int
	url    string
}

func startParent(t *testing.T, dir string) *parent {
	t.Helper()
	cmd := osexec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), parentVariable+"="+dir)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	p := &parent{cmd: cmd, output: out}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(line, &p.server, &p.url); err != nil {
		t.Fatalf("the parent said %q: %v", line, err)
	}
	return p
}

// awaitGone waits until the process no longer exists.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for limit := within(t, 20*time.Second); syscall.Kill(pid, 0) == nil; {
		select {
		case <-tick.C:
		case <-limit.Done():
			t.Fatalf("process %d is an orphan", pid)
		}
	}
}

func TestAKilledParentTakesTheServerAlong(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	for round := range 3 {
		p := startParent(t, dir)
		exec(t, p.url, fmt.Sprintf("CREATE TABLE round_%d ()", round))
		if err := p.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = p.cmd.Wait() // killed, as wanted
		// No waiting here: the next start has to cope with a server that is still shutting down.
		next := start(t, embedded.PostgresConfig{DataDir: dir})
		if left := socketFolder(t, p.url); left == socketFolder(t, next.URL("")) {
			t.Fatal("the same socket twice")
		} else if _, err := os.Stat(left); !os.IsNotExist(err) {
			t.Errorf("round %d: the killed one's %s is still there: %v", round, left, err)
		}
		tables := query(t, next.URL(""), "SELECT count(*)::text FROM pg_tables WHERE tablename LIKE 'round%'")
		if want := fmt.Sprint(round + 1); tables != want {
			t.Errorf("round %d: %s tables survived, want %s", round, tables, want)
		}
		awaitGone(t, p.server)
		stop(t, next)
	}
}

func TestAParentThatIsKilledWithClientsConnectedLeavesNoServer(t *testing.T) {
	t.Parallel()
	p := startParent(t, openFolder(t))
	ctx := within(t, time.Minute)
	conn, err := pgx.Connect(ctx, p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "BEGIN; CREATE TABLE half_done ()"); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
	awaitGone(t, p.server)
	_ = os.RemoveAll(socketFolder(t, p.url)) // the next start would
}

func TestSIGTERMEndsBothCleanly(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	p := startParent(t, dir)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(p.output)
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
	assertNoServer(t, p.server)
	if _, err := os.Stat(filepath.Join(dir, "cluster", "postmaster.pid")); !os.IsNotExist(err) {
		t.Errorf("the server did not shut down cleanly: %v", err)
	}
}

func TestAbandonedFoldersAreSwept(t *testing.T) {
	t.Parallel()
	abandoned, err := os.MkdirTemp("/tmp", "dutybound-socket-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(abandoned) })
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(abandoned, long, long); err != nil {
		t.Fatal(err)
	}
	living := start(t, embedded.PostgresConfig{Throwaway: true})
	socket := socketFolder(t, living.URL(""))
	if err := os.Chtimes(socket, long, long); err != nil {
		t.Fatal(err)
	}

	start(t, embedded.PostgresConfig{Throwaway: true})
	if _, err := os.Stat(abandoned); !os.IsNotExist(err) {
		t.Errorf("the abandoned folder is still there: %v", err)
	}
	if got := query(t, living.URL(""), "SELECT 'untouched'"); got != "untouched" {
		t.Error("the sweep took a folder in use")
	}
}

// A killed server's lock file names a process that may not be reaped yet, or another one that has its number by now.
func TestALockFileThatNamesALivingStrangerIsNoObstacle(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	stop(t, start(t, embedded.PostgresConfig{DataDir: dir}))
	stranger := start(t, embedded.PostgresConfig{Throwaway: true}) // of the same user, so that Postgres can see it
	cluster := filepath.Join(dir, "cluster")
	left := fmt.Sprintf("%d\n%s\n%d\n5432\n/tmp\n\n", stranger.Pid(), cluster, time.Now().Unix())
	if err := os.WriteFile(filepath.Join(cluster, "postmaster.pid"), []byte(left), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := query(t, start(t, embedded.PostgresConfig{DataDir: dir}).URL(""), "SELECT 'started'"); got != "started" {
		t.Error(got)
	}
}

func socketFolder(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u.Query().Get("host")
}

func TestAFolderTheServerCannotReachIsReplaced(t *testing.T) {
	t.Parallel()
	private := openFolder(t)
	if err := os.Chmod(private, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(private, "project", ".data")
	var said strings.Builder
	p := start(t, embedded.PostgresConfig{DataDir: dir, Say: &said})
	exec(t, p.URL(""), "CREATE TABLE kept AS SELECT 'found again' AS word")
	used := p.DataDir()
	if os.Geteuid() == 0 { // the server runs as someone else, who may not pass
		t.Cleanup(func() { os.RemoveAll(used) })
		if !strings.HasPrefix(used, "/var/tmp/dutybound-") || !strings.Contains(said.String(), used+" is used instead") {
			t.Errorf("used %s and said %q", used, said.String())
		}
	} else if used != dir {
		t.Errorf("used %s instead of %s", used, dir)
	}
	stop(t, p)

	again := start(t, embedded.PostgresConfig{DataDir: dir})
	if got := query(t, again.URL(""), "SELECT word FROM kept"); got != "found again" || again.DataDir() != used {
		t.Errorf("the second start used %s and read %q", again.DataDir(), got)
	}
	stop(t, again)
}

// The folder may have been made by another user than the one the server runs as today: copied by root, or made by nobody before
// the distribution's package brought the user postgres.
func TestAClusterOfAnotherUserIsTakenOver(t *testing.T) {
	t.Parallel()
	dir := openFolder(t)
	p := start(t, embedded.PostgresConfig{DataDir: dir})
	exec(t, p.URL(""), "CREATE TABLE kept AS SELECT 'taken over' AS word")
	stop(t, p)
	err := filepath.WalkDir(filepath.Join(dir, "cluster"), func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, os.Geteuid(), os.Getegid())) // to root, when we are root
	})
	if err != nil {
		t.Fatal(err)
	}
	again := start(t, embedded.PostgresConfig{DataDir: dir})
	if got := query(t, again.URL(""), "SELECT word FROM kept"); got != "taken over" {
		t.Errorf("read %q", got)
	}
}
