//go:build unix

package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestTheCommandFindsAClusterAndItsExitCodeIsOurs(t *testing.T) {
	t.Setenv(clusterVariable, "")
	seen := filepath.Join(t.TempDir(), "seen")
	code, err := run([]string{"sh", "-c", `echo "$` + clusterVariable + `" >` + seen + `; exit 7`})
	if err != nil || code != 7 {
		t.Errorf("exit code %d, %v", code, err)
	}
	if got, _ := os.ReadFile(seen); len(got) < len("postgres:///postgres?") {
		t.Errorf("the command saw the cluster %q", got)
	}
}

func TestAGivenClusterIsPassedOn(t *testing.T) {
	t.Setenv(clusterVariable, "postgres://elsewhere/")
	code, err := run([]string{"sh", "-c", `test "$` + clusterVariable + `" = postgres://elsewhere/`})
	if err != nil || code != 0 {
		t.Errorf("exit code %d, %v", code, err)
	}
}

func TestACommandThatIsMissingIsAnError(t *testing.T) {
	t.Setenv(clusterVariable, "postgres://elsewhere/")
	if code, err := run([]string{"/no/such/program"}); err == nil || code == 0 {
		t.Errorf("exit code %d, %v", code, err)
	}
}

func TestASignalReachesTheWholeCommand(t *testing.T) {
	t.Setenv(clusterVariable, "postgres://elsewhere/")
	ready := filepath.Join(t.TempDir(), "ready")
	if err := syscall.Mkfifo(ready, 0o600); err != nil {
		t.Fatal(err)
	}
	go func() {
		f, err := os.Open(ready) // returns when the command opens it, too
		if err == nil {
			f.Close()
			_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
		}
	}()
	begin := time.Now()
	code, err := run([]string{"sh", "-c", "echo >" + ready + "; sleep 60; exit 0"})
	if err != nil || code == 0 || time.Since(begin) > 30*time.Second {
		t.Errorf("exit code %d, %v, after %s", code, err, time.Since(begin))
	}
}
