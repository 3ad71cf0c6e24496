package embedded

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// home is the folder of one cluster, held by a lock:
//
//	owner      the lock, and in it who holds it
//	cluster/   what initdb made; 0700 and the server user's own
//	server.log what the server said
//	socket     where its socket is, or was
type home struct {
	dir       string
	user      *account
	lock      *os.File
	throwaway *claim // the whole folder goes on close
}

const (
	memoryFolder = "/dev/shm"
	memoryNeeded = 1 << 30 // throw-away clusters go to memory when this much is free
	logKept      = 8 << 20 // a longer log is set aside at the next start
	logShown     = 4 << 10 // how much of the log an error carries
)

func openHome(cfg PostgresConfig, user *account, say narrate) (*home, error) {
	switch {
	case cfg.Throwaway && cfg.DataDir != "":
		return nil, errors.New("PostgresConfig: a throw-away cluster chooses its own folder, DataDir must be empty")
	case cfg.Throwaway:
		return throwawayHome(user)
	case cfg.DataDir == "":
		return nil, errors.New("PostgresConfig: DataDir is empty")
	}
	dir, err := reachableFolder(cfg.DataDir, user, say)
	if err != nil {
		return nil, fmt.Errorf("database folder: %w", err)
	}
	h := &home{dir: dir, user: user}
	if err := h.occupy(); err != nil {
		return nil, err
	}
	return h, nil
}

func throwawayHome(user *account) (*home, error) {
	parent := "/tmp"
	if room(memoryFolder) > memoryNeeded {
		parent = memoryFolder
	}
	c, err := newClaim(parent, "dutybound-throwaway-", 0o755)
	if err != nil {
		return nil, fmt.Errorf("folder for a throw-away database: %w", err)
	}
	return &home{dir: c.dir, user: user, throwaway: c}, nil
}

// occupy takes the lock, or says who has it.
func (h *home) occupy() error {
	path := filepath.Join(h.dir, "owner")
	lock, err := lockFile(path, os.O_RDWR|os.O_CREATE)
	if errors.Is(err, errLocked) {
		owner, _ := os.ReadFile(path)
		return fmt.Errorf("the database folder %s is in use by %s; stop that first or choose another folder",
			h.dir, strings.TrimSpace(string(owner)))
	}
	if err != nil {
		return fmt.Errorf("lock the database folder: %w", err)
	}
	h.lock = lock
	who := fmt.Sprintf("process %d (%s), running since %s\n", os.Getpid(), filepath.Base(os.Args[0]), time.Now().Format(time.RFC3339))
	if err := errors.Join(lock.Truncate(0), writeAt(lock, who)); err != nil {
		lock.Close()
		return fmt.Errorf("lock the database folder: %w", err)
	}
	return nil
}

func writeAt(f *os.File, text string) error {
	_, err := f.WriteAt([]byte(text), 0)
	return err
}

func (h *home) close() error {
	if h.throwaway != nil {
		return h.throwaway.release()
	}
	return h.lock.Close()
}

func (h *home) cluster() string { return filepath.Join(h.dir, "cluster") }

// major is the Postgres version that made the cluster, 0 when there is none yet.
func (h *home) major() (int, error) {
	content, err := os.ReadFile(filepath.Join(h.cluster(), "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("database folder: %w", err)
	}
	v, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0, fmt.Errorf("database folder: PG_VERSION: %w", err)
	}
	return v, nil
}

// adopt gives an existing cluster to the user the server runs as now. As root that user changes, from nobody to postgres, when the
// distribution's package is installed after the first start. The top folder goes last: it tells whether all is done.
func (h *home) adopt() error {
	if h.user == nil || h.user.owns(h.cluster()) {
		return nil
	}
	err := filepath.WalkDir(h.cluster(), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == h.cluster() {
			return err
		}
		return os.Lchown(path, int(h.user.uid), int(h.user.gid))
	})
	if err != nil {
		return fmt.Errorf("give the database to the user %s: %w", h.user.name, err)
	}
	return h.user.own(h.cluster())
}

// drafts are folders of initdb; what a killed one left is removed at the next start.
const drafts = "cluster.new*"

// initialise makes the cluster beside its place and moves it there, so that a killed initdb leaves nothing that looks whole. Each
// has a folder of its own: a child of the killed one may still be writing into the last.
func (h *home) initialise(ctx context.Context, programs binaries, say narrate) error {
	say("Making a new database in %s with PostgreSQL %d.", h.dir, programs.major)
	draft, err := os.MkdirTemp(h.dir, drafts)
	if err != nil {
		return err
	}
	if err := h.user.own(draft); err != nil {
		return err
	}
	args := []string{"-D", draft, "-U", superuser, "--auth=trust", "--encoding=UTF8", "--no-locale", "--data-checksums"}
	if h.throwaway != nil {
		args = append(args, "--no-sync")
	}
	if out, err := run(ctx, h.user, programs.initdb(), args...); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if err := os.Rename(draft, h.cluster()); err != nil {
		return err
	}
	return syncFolder(h.dir)
}

// removeDrafts is for the folders of initdbs that were killed. One that is still being written to goes at a later start.
func (h *home) removeDrafts() {
	left, _ := filepath.Glob(filepath.Join(h.dir, drafts))
	for _, draft := range left {
		_ = os.RemoveAll(draft)
	}
}

// syncFolder makes a rename inside the folder durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// noteSocket keeps where the socket is, and removes the folder that a killed predecessor left: we hold the home, so it is dead.
func (h *home) noteSocket(dir string) error {
	if h.throwaway != nil {
		return nil
	}
	path := filepath.Join(h.dir, "socket")
	if former, err := os.ReadFile(path); err == nil && filepath.Dir(string(former)) == filepath.Dir(socketFolders) &&
		strings.HasPrefix(string(former), socketFolders) {
		removeAbandoned(string(former))
	}
	return os.WriteFile(path, []byte(dir), 0o600)
}

// serverLog is the log file and where this start's part of it begins.
type serverLog struct {
	*os.File
	start int64
}

func (h *home) openLog() (serverLog, error) {
	path := filepath.Join(h.dir, "server.log")
	if info, err := os.Stat(path); err == nil && info.Size() > logKept {
		if err := os.Rename(path, path+".1"); err != nil {
			return serverLog{}, err
		}
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return serverLog{}, fmt.Errorf("database log: %w", err)
	}
	end, err := f.Seek(0, io.SeekEnd)
	return serverLog{f, end}, err
}

// logSince is the end of what the server wrote since start, for an error message.
func (h *home) logSince(start int64) string {
	content, err := os.ReadFile(filepath.Join(h.dir, "server.log"))
	if err != nil || int64(len(content)) <= start {
		return ""
	}
	content = content[start:]
	return "\n" + strings.TrimSpace(string(content[max(0, len(content)-logShown):]))
}

// awaitFormerServer waits until the server of a killed predecessor is gone. We hold the folder's lock, so a server still in it
// has lost its parent and is shutting down, or has to be told to.
func awaitFormerServer(ctx context.Context, cluster string, say narrate) error {
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for told := false; ; told = true {
		pids := serversIn(cluster)
		if len(pids) == 0 {
			return forgetFormerServer(cluster)
		}
		if !told {
			say("Waiting for the database server of an earlier run (process %d) to shut down.", pids[0])
			interrupt(pids)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the database server of an earlier run (process %d) does not end: %w", pids[0], ctx.Err())
		}
	}
}

// forgetFormerServer removes the lock file of a server that was killed. Postgres itself would trust it as long as the dead process
// has not been reaped, which in a container may be never, or once another process has its number.
func forgetFormerServer(cluster string) error {
	err := os.Remove(filepath.Join(cluster, "postmaster.pid"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the lock file of a killed database server: %w", err)
	}
	return nil
}

// reachableFolder makes the folder, with parents others may pass through, and returns its real path. When the account still
// cannot reach it (a checkout under a 0700 home), a folder under /var/tmp named after it takes its place.
func reachableFolder(dir string, user *account, say narrate) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if err := makeFolders(dir); err != nil {
		return "", err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil || user.reachable(dir) {
		return dir, err
	}
	sum := sha256.Sum256([]byte(dir))
	stand := fmt.Sprintf("/var/tmp/dutybound-%x", sum[:6])
	if err := makeFolders(stand); err != nil {
		return "", err
	}
	say("The database server runs as the user %s, who cannot enter %s; %s is used instead.", user.name, dir, stand)
	return stand, ownFolder(stand)
}

// makeFolders is MkdirAll with 0755 whatever the umask says: a parent without its search bit locks the server out.
func makeFolders(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := makeFolders(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return os.Chmod(dir, 0o755)
}
