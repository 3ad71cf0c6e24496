package main_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	dutybound "github.com/dutybound/dutybound/cmd/dutybound"
	"github.com/dutybound/dutybound/internal/embedded"
	"github.com/dutybound/dutybound/internal/testkit"
)

const (
	playing  = "DUTYBOUND_TEST_PLAYS_THE_PROGRAM"
	patience = 2 * time.Minute // for what takes a second on a machine with nothing else to do
)

// TestMain lets the test binary be the program, in a process of its own that can be signalled and killed.
func TestMain(m *testing.M) {
	if os.Getenv(playing) != "" {
		dutybound.Main()
		os.Exit(0)
	}
	testkit.Main(m)
}

// program is the real program, without any setting of the surrounding session.
func program(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	for _, setting := range os.Environ() {
		name, _, _ := strings.Cut(setting, "=")
		if !strings.HasPrefix(name, "DUTYBOUND_") && name != "DATABASE_URL" && name != "REDIS_URL" {
			cmd.Env = append(cmd.Env, setting)
		}
	}
	cmd.Env = append(cmd.Env, playing+"=yes")
	return cmd
}

// outcome is how a command ended.
type outcome struct {
	asked       string
	code        int
	out, errors string
}

// run runs a command of the program to its end.
func run(t testing.TB, args ...string) outcome { return runWith(t, "", args...) }

func runWith(t testing.TB, input string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := program(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%v: %v, %v", args, err, ctx.Err())
	}
	return outcome{strings.Join(args, " "), cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// says fails the test unless the command ended with the code and said, on the stream that goes with it, all the words.
func (o outcome) says(t testing.TB, code int, words ...string) outcome {
	t.Helper()
	said := o.out
	if code != 0 {
		said += o.errors
	}
	for _, word := range words {
		if !strings.Contains(said, word) {
			t.Errorf("%s: %q is not in\n%s", o.asked, word, said)
		}
	}
	if o.code != code {
		t.Fatalf("%s: exit code %d, want %d\n%s%s", o.asked, o.code, code, o.out, o.errors)
	}
	return o
}

// transcript is what a process says, readable while it speaks.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
	news chan struct{}
}

func newTranscript() *transcript { return &transcript{news: make(chan struct{}, 1)} }

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case t.news <- struct{}{}:
	default:
	}
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// server is a running `dutybound serve`.
type server struct {
	t         testing.TB
	cmd       *exec.Cmd
	out, logs *transcript
	url       string
	ended     chan struct{} // closed when the process is gone
}

var answersAt = regexp.MustCompile(`dutybound answers at (\S+)`)

// serve starts a server and returns once it answers. It ends with the test, if it still runs.
func serve(t testing.TB, args ...string) *server {
	t.Helper()
	s := launch(t, args...)
	if s.url = s.hears(answersAt); s.url == "" {
		t.Fatalf("the server did not come up: %v\n%s%s", s.cmd.ProcessState, s.out, s.logs)
	}
	return s
}

// launch starts a server process and does not wait for it.
func launch(t testing.TB, args ...string) *server {
	t.Helper()
	s := &server{t: t, out: newTranscript(), logs: newTranscript(), ended: make(chan struct{})}
	s.cmd = program(context.Background(), append([]string{"serve", "--listen=127.0.0.1:0", "--metrics-listen="}, args...)...)
	s.cmd.Stdout, s.cmd.Stderr = s.out, s.logs
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as a shell does
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { defer close(s.ended); _ = s.cmd.Wait() }()
	t.Cleanup(s.end)
	return s
}

// end lets the server clean up behind itself, and kills it when it does not.
func (s *server) end() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // has it ended already?
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}

// hears waits for words on standard output and answers their first group; empty: the process ended without them, or took too long.
func (s *server) hears(words *regexp.Regexp) string {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		if found := words.FindStringSubmatch(s.out.String()); found != nil {
			return found[len(found)-1]
		}
		select {
		case <-s.out.news:
		case <-s.ended:
			return ""
		case <-limit.C:
			return ""
		}
	}
}

// signal sends a signal to the whole group, as Ctrl-C does.
func (s *server) signal(what syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(-s.cmd.Process.Pid, what); err != nil {
		s.t.Fatal(err)
	}
}

// exit waits for the end of the process and answers its exit code; -1: it was killed.
func (s *server) exit() int {
	s.t.Helper()
	select {
	case <-s.ended:
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		s.t.Fatalf("the server does not end\n%s", s.logs)
		return 0
	}
}

// folder is a data folder that the database's own user can reach; t.TempDir is for its maker alone.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "dutybound-test-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		gone(t, dir) // a Postgres whose server was killed is still writing
		if socket, err := os.ReadFile(filepath.Join(dir, "postgres", "socket")); err == nil {
			_ = os.RemoveAll(string(socket))
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// postmaster is the process id of the private Postgres in a data folder.
func postmaster(t testing.TB, dir string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "postgres", "cluster", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// gone waits until no process works in the folder's cluster, or one that is being made, any more.
func gone(t testing.TB, dir string) {
	t.Helper()
	clusters := filepath.Join(dir, "postgres", "cluster")
	testkit.WaitUpTo(t, patience, "the end of every process of "+clusters, func() bool {
		links, _ := filepath.Glob("/proc/[0-9]*/cwd")
		for _, link := range links {
			if cwd, err := os.Readlink(link); err == nil && strings.HasPrefix(cwd, clusters) {
				return false
			}
		}
		return true
	})
}

// socketOf is the folder of the private Postgres's socket.
func socketOf(t testing.TB, dir string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "postgres", "socket"))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// durable is a Postgres in memory that keeps its promises, so that a server agrees to work on it; its URL is an empty database.
func durable(t testing.TB) *embedded.Postgres {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	p, err := embedded.StartPostgres(ctx, embedded.PostgresConfig{Throwaway: true, Settings: map[string]string{
		"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on",
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
