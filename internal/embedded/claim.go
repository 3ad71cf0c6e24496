package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// claim is a temporary folder held by a lock on the folder itself, so that what a killed process left behind can be told from
// what a living one uses.
type claim struct {
	dir  string
	lock *os.File
}

// A folder younger than this may be one whose maker has not locked it yet.
const claimGrace = time.Minute

// newClaim makes a folder named prefix plus a random part and removes the abandoned ones of the same prefix.
func newClaim(parent, prefix string, mode os.FileMode) (*claim, error) {
	sweep(parent, prefix)
	dir, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return nil, err
	}
	c := &claim{dir: dir}
	if c.lock, err = lockFile(dir, os.O_RDONLY); err == nil {
		err = os.Chmod(dir, mode)
	}
	if err != nil {
		_ = c.release()
		return nil, err
	}
	return c, nil
}

const socketFolders = "/tmp/dutybound-socket-" // and a random part

// openSocketFolder makes the private folder of the server's unix socket. It sits in /tmp because a socket's path may have only
// about 100 bytes.
func openSocketFolder(user *account) (*claim, error) {
	c, err := newClaim(filepath.Dir(socketFolders), filepath.Base(socketFolders), 0o700)
	if err != nil {
		return nil, fmt.Errorf("folder for the database socket: %w", err)
	}
	if err := user.own(c.dir); err != nil {
		return nil, fmt.Errorf("folder for the database socket: %w", err)
	}
	return c, nil
}

func (a *account) own(dir string) error {
	if a == nil {
		return nil
	}
	return os.Chown(dir, int(a.uid), int(a.gid))
}

func (c *claim) release() error {
	err := os.RemoveAll(c.dir)
	if c.lock != nil {
		c.lock.Close()
	}
	return err
}

// sweep removes abandoned claims. Whatever it may not touch belongs to someone else and stays.
func sweep(parent, prefix string) {
	dirs, _ := filepath.Glob(filepath.Join(parent, prefix+"*"))
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err == nil && info.IsDir() && time.Since(info.ModTime()) >= claimGrace {
			removeAbandoned(dir)
		}
	}
}

// removeAbandoned removes a claim that nobody holds.
func removeAbandoned(dir string) {
	if lock, err := lockFile(dir, os.O_RDONLY); err == nil {
		_ = os.RemoveAll(dir)
		lock.Close()
	}
}
