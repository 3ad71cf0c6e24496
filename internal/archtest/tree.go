package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

const module = "github.com/dutybound/dutybound"

// file is one Go file, whatever its build constraints.
type file struct {
	pkg    string // folder from the root: internal/law
	name   string // path from the root
	isTest bool
	syntax *ast.File
	set    *token.FileSet
}

// readTree parses every Go file below the root except hidden, test data and output folders.
func readTree(root fs.FS) ([]file, error) {
	var files []file
	set := token.NewFileSet()
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && skipped(name, d.Name()):
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".go":
			return nil
		}
		source, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		syntax, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, file{path.Dir(name), name, strings.HasSuffix(name, "_test.go"), syntax, set})
		return nil
	})
	return files, err
}

func skipped(name, base string) bool {
	return name != "." && (base[0] == '.' || base == "testdata" || base == "node_modules" || name == "bin")
}

// imports are the import paths of the file.
func (f file) imports() []string {
	var paths []string
	for _, spec := range f.syntax.Imports {
		p, _ := strconv.Unquote(spec.Path.Value) // parsed already
		paths = append(paths, p)
	}
	return paths
}

// rooms are the project's own packages among the imports, as folders.
func (f file) rooms() []string {
	var found []string
	for _, p := range f.imports() {
		if folder, ok := strings.CutPrefix(p, module+"/"); ok {
			found = append(found, folder)
		}
	}
	return found
}

// localName is what the file calls the package, "" when it does not import it.
func (f file) localName(importPath string) string {
	for _, spec := range f.syntax.Imports {
		if spec.Path.Value != strconv.Quote(importPath) {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

// at renders "file:line: text".
func (f file) at(pos token.Pos, format string, args ...any) string {
	return fmt.Sprintf("%s:%d: ", f.name, f.set.Position(pos).Line) + fmt.Sprintf(format, args...)
}

// bubbles says whether the file has a test of that name which runs in a bubble.
func (f file) bubbles(test string) (found bool) {
	for _, decl := range f.syntax.Decls {
		function, is := decl.(*ast.FuncDecl)
		if !is || function.Name.Name != test {
			continue
		}
		ast.Inspect(function, func(n ast.Node) bool {
			if s, is := n.(*ast.SelectorExpr); is && s.Sel.Name == "Test" {
				x, named := s.X.(*ast.Ident)
				found = found || named && x.Name == "synctest"
			}
			return true
		})
	}
	return found
}

// selectors calls back for every x.Name in the file.
func (f file) selectors(found func(s *ast.SelectorExpr)) {
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			found(s)
		}
		return true
	})
}
