//go:build unix

package embedded

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

var errLocked = errors.New("locked by another process")

// lockFile opens and locks the file for as long as the returned handle is open; the kernel frees it when the process dies in
// whatever way. errLocked means another process holds it.
func lockFile(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags, 0o644)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errLocked
		}
		return nil, err
	}
	return f, nil
}

// ownFolder refuses a folder in a place everyone may write to unless we made it: a stranger could have put it there first.
func ownFolder(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if st := info.Sys().(*syscall.Stat_t); !info.IsDir() || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s exists already and is not ours", dir)
	}
	return nil
}

func interrupt(pids []int) {
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGINT) // gone already is as good
	}
}
