package embedded

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// serverAccount picks the user to run Postgres as: ourselves, or as root the distribution's postgres user, else nobody. It must
// stand in the password file: Postgres looks its own user up and refuses a bare number.
func serverAccount() (*account, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &account{name: name, uid: uint32(uid), gid: uint32(gid)}, nil
	}
	return nil, errors.New("Postgres does not run as root and neither a user postgres nor nobody exists; start this program as an ordinary user")
}

// confine gives the child the account, a process group of its own (Ctrl-C is ours to handle) and its end when we end.
func confine(cmd *exec.Cmd, as *account, whenWeDie syscall.Signal) {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: whenWeDie}
	if as != nil {
		attr.Credential = &syscall.Credential{Uid: as.uid, Gid: as.gid}
	}
	cmd.SysProcAttr = attr
}

// reachable reports whether the account may enter the folder through all its parents. An existing folder is asked about.
func (a *account) reachable(dir string) bool {
	if a == nil {
		return true
	}
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || !a.mayEnter(info) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (a *account) mayEnter(info os.FileInfo) bool {
	st := info.Sys().(*syscall.Stat_t)
	bit := os.FileMode(0o001)
	switch {
	case st.Uid == a.uid:
		bit = 0o100
	case st.Gid == a.gid:
		bit = 0o010
	}
	return info.Mode().Perm()&bit != 0
}

func (a *account) owns(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Sys().(*syscall.Stat_t).Uid == a.uid
}

// serversIn lists the Postgres processes that work in the cluster folder: Postgres makes it its working directory.
func serversIn(cluster string) []int {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	var pids []int
	for _, link := range links {
		if cwd, err := os.Readlink(link); err != nil || cwd != cluster {
			continue
		}
		proc := filepath.Dir(link)
		name, _ := os.ReadFile(filepath.Join(proc, "comm"))
		pid, err := strconv.Atoi(filepath.Base(proc))
		if err == nil && strings.TrimSpace(string(name)) == "postgres" {
			pids = append(pids, pid)
		}
	}
	return pids
}

// room is the free space of the file system that holds the folder, in bytes.
func room(dir string) uint64 {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0
	}
	return st.Bavail * uint64(st.Bsize)
}
