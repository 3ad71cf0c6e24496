//go:build !linux

package embedded

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Elsewhere than on Linux no signal can be bound to a parent's death: after a kill -9 of this program the server runs on until
// the next start, which finds it (serversIn) and shuts it down first.

func serverAccount() (*account, error) {
	if os.Geteuid() == 0 {
		return nil, errors.New("Postgres does not run as root; start this program as an ordinary user")
	}
	return nil, nil
}

func confine(*exec.Cmd, *account, syscall.Signal) {}

func (a *account) reachable(string) bool { return true }

func (a *account) owns(string) bool { return true }

// serversIn asks ps whether the process named in postmaster.pid is a server on this folder.
func serversIn(cluster string) []int {
	content, err := os.ReadFile(filepath.Join(cluster, "postmaster.pid"))
	if err != nil {
		return nil
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return nil
	}
	out, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil || !strings.Contains(string(out), cluster) {
		return nil
	}
	return []int{pid}
}

func room(string) uint64 { return 0 }
