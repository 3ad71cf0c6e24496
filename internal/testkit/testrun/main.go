//go:build unix

// Testrun runs a command with one throw-away Postgres cluster around it:
//
//	go run ./internal/testkit/testrun -- go test ./...
//
// The command finds the cluster's address in DUTYBOUND_TEST_CLUSTER. Signals go to the command; the cluster is stopped when
// the command has ended, and its exit code is ours.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/dutybound/dutybound/internal/embedded"
)

const (
	clusterVariable = "DUTYBOUND_TEST_CLUSTER" // testkit.ClusterVariable, whose package is for tests only
	startLimit      = 10 * time.Minute         // Postgres may have to be fetched
	stopLimit       = 30 * time.Second
)

func main() {
	command := os.Args[1:]
	if len(command) > 0 && command[0] == "--" {
		command = command[1:]
	}
	if len(command) == 0 {
		fmt.Fprintln(os.Stderr, "usage: testrun -- command [argument ...]")
		os.Exit(2)
	}
	code, err := run(command)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func run(command []string) (code int, err error) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if os.Getenv(clusterVariable) == "" {
		cluster, failure := start(signals)
		if failure != nil {
			return 1, failure
		}
		defer func() {
			ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
			defer cancel()
			err = errors.Join(err, cluster.Stop(ctx))
		}()
		os.Setenv(clusterVariable, cluster.URL("postgres"))
	}
	return pass(command, signals)
}

// start gives up when a signal comes first.
func start(signals <-chan os.Signal) (*embedded.Postgres, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	ready := make(chan struct{})
	defer close(ready)
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ready:
		}
	}()
	return embedded.StartPostgres(ctx, embedded.PostgresConfig{Throwaway: true, Say: os.Stderr})
}

// pass runs the command in a process group of its own, so that a signal reaches each of its processes exactly once.
func pass(command []string, signals <-chan os.Signal) (int, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			_ = syscall.Kill(-cmd.Process.Pid, sig.(syscall.Signal)) // gone already is as good
		case err := <-ended:
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				return max(exit.ExitCode(), 1), nil
			}
			return 0, err
		}
	}
}
