// Command dutybound is the whole service in one program: the server, the law's own tools, administration and the demonstration.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// version is set at build time.
var version = "dev"

// commands is every subcommand; each has a file of its own.
type commands struct {
	Serve    serveCommand    `cmd:"" help:"Serve the API and the feed (the default run: on an own private Postgres and Redis)."`
	Migrate  migrateCommand  `cmd:"" help:"Bring a database to the newest version, then stop."`
	Law      lawCommand      `cmd:"" help:"Ask and test the law: rule, test, check, explain."`
	Admin    adminCommand    `cmd:"" help:"Make organs, people, roles and devices; set passwords."`
	Rulings  rulingsCommand  `cmd:"" help:"Work on stored rulings: replay."`
	Ledger   ledgerCommand   `cmd:"" help:"Work on the ledger of events: verify."`
	Demo     demoCommand     `cmd:"" help:"Play a morning at the demo station against a running server."`
	Simulate simulateCommand `cmd:"" help:"Let a seeded city of phones loose on a server, and check what it makes of that."`
	Version  versionCommand  `cmd:"" help:"Print the version."`
}

type versionCommand struct{}

func (versionCommand) Run() error {
	fmt.Println("dutybound", version)
	return nil
}

// exitCode is an error that has already been told and only sets how the program ends.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer stop()
	var cli commands
	parsed := kong.Parse(&cli,
		kong.Name("dutybound"),
		kong.Description("Field duty that keeps police auxiliaries inside the law: every dispatch ruled, every clause cited."),
		kong.ShortUsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	err := parsed.Run()
	if struckDown(err) {
		shareFate(ctx)
	}
	var code exitCode
	switch {
	case errors.As(err, &code):
		os.Exit(int(code))
	case err != nil && ctx.Err() != nil:
		err = fmt.Errorf("a signal came before it was done: %w", err)
	}
	if err != nil { // always 1: kong would take the exit code of any program that failed for ours
		parsed.Errorf("%s", hinted(err))
		os.Exit(1)
	}
}

// endings are the signals that ask for the end. Closing the terminal is one of them, except under nohup.
func endings() []os.Signal {
	asked := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		asked = append(asked, syscall.SIGHUP)
	}
	return asked
}

// struckDown tells whether the error is the end of a child process by a signal that asks for the end.
func struckDown(err error) bool {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && slices.Contains(endings(), os.Signal(status.Signal()))
}

// sameMoment is how long the same signal may take to reach us after it reached a child.
const sameMoment = time.Second

// shareFate waits for the signal that a child died of. A child is in our group until it has one of its own, so a Ctrl-C in that
// instant strikes both, and the news of the child may be faster than our own.
func shareFate(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(sameMoment):
	}
}
