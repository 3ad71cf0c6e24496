package embedded

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// account is the operating-system user the server runs as when it may not be ours: Postgres refuses to run as root.
// A nil account means: as ourselves.
type account struct {
	name     string
	uid, gid uint32
}

// spawn starts the server from a thread that lives as long as the server does. The kernel sends the parent-death signal when
// the forking THREAD dies, so an ordinary goroutine, whose thread the runtime may retire, would stop the database at random.
func (p *Postgres) spawn(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked
		err := cmd.Start()
		p.process = cmd.Process
		started <- err
		if err != nil {
			return
		}
		if err = cmd.Wait(); err == nil {
			err = errors.New("exit status 0")
		}
		p.exit = err
		close(p.done)
	}()
	return <-started
}

// run executes a short program as the account and returns what it printed. It dies with us and with the context.
func run(ctx context.Context, user *account, program string, args ...string) (string, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env, cmd.WaitDelay = "/", cleanEnvironment(), time.Second
	confine(cmd, user, syscall.SIGKILL)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// cleanEnvironment keeps locale, time zone and PG* settings of the surrounding session away from the cluster.
func cleanEnvironment() []string {
	env := []string{"LC_ALL=C", "TZ=UTC", "HOME=/"}
	for _, name := range []string{"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}
