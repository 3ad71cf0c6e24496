// Package lawtest gives tests rulebooks to spoil.
package lawtest

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// Instruments is a copy of the rulebooks in a folder, one folder each.
func Instruments(tb testing.TB, dir string) fstest.MapFS {
	tb.Helper()
	files := fstest.MapFS{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

// Change puts a text in place of the first that a file has of another, which must be there.
func Change(tb testing.TB, files fstest.MapFS, name, old, text string) {
	tb.Helper()
	was := string(files[name].Data)
	if !strings.Contains(was, old) {
		tb.Fatalf("%s does not say %q", name, old)
	}
	files[name] = &fstest.MapFile{Data: []byte(strings.Replace(was, old, text, 1))}
}
