package archtest

import (
	"fmt"
	"go/ast"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

// Each rule returns its violations, one sentence each with the reason in it.

// place finds a package's floor; lower floors have higher numbers. Test-only packages stand outside, at -1.
func place(pkg string) (level int, known bool) {
	for i, f := range house {
		if slices.Contains(f.rooms, pkg) {
			return i, true
		}
	}
	return -1, slices.Contains(testOnly, pkg)
}

// wrongImports holds the floors. Tests may import what they like.
func wrongImports(files []file) (violations []string) {
	for _, f := range files {
		level, known := place(f.pkg)
		switch {
		case !known:
			violations = append(violations, fmt.Sprintf("%s: package %s stands on no floor; give it a place in internal/archtest/house.go and in ARCHITECTURE.md", f.name, f.pkg))
		case f.isTest || level < 0:
		default:
			for _, room := range f.rooms() {
				if why := refuse(level, f.pkg, room); why != "" {
					violations = append(violations, fmt.Sprintf("%s: %s imports %s: %s", f.name, f.pkg, room, why))
				}
			}
		}
	}
	return violations
}

// refuse gives the reason why a room on the level may not import another, "" when it may.
func refuse(level int, pkg, room string) string {
	below, known := place(room)
	switch {
	case !known:
		return "it stands on no floor"
	case below < 0:
		return "it is for tests only"
	case house[level].leaf:
		return pkg + " is a contract and imports nothing of this project"
	case below == level:
		return fmt.Sprintf("both are on floor %q; declare the small interface you need and let internal/app join them", house[level].name)
	case below < level:
		return fmt.Sprintf("imports go down only, and floor %q is above %q", house[below].name, house[level].name)
	}
	return ""
}

const law = "internal/law"

// within reports whether a folder or import path is the parent or lies below it.
func within(name, parent string) bool {
	return name == parent || strings.HasPrefix(name, parent+"/")
}

// impureLaw holds the law core, with the packages below it that stand on no higher floor, to its allow-list and away from the clock.
func impureLaw(files []file) (violations []string) {
	core, _ := place(law)
	for _, f := range files {
		level, known := place(f.pkg)
		if f.isTest || !within(f.pkg, law) || (known && level != core) {
			continue
		}
		for _, p := range f.imports() {
			if !slices.Contains(lawMayImport, p) && !within(p, module+"/"+law) {
				violations = append(violations, fmt.Sprintf("%s imports %s: the law core is facts in, ruling out; what it may import is listed in internal/archtest/house.go", f.name, p))
			}
		}
		violations = append(violations, clockUses(f)...)
	}
	return violations
}

func clockUses(f file) (violations []string) {
	local := f.localName("time")
	if local == "." {
		return []string{f.name + ": time is imported without its name, so that its clock cannot be seen being used"}
	}
	f.selectors(func(s *ast.SelectorExpr) {
		if x, ok := s.X.(*ast.Ident); ok && x.Name == local && slices.Contains(clockCalls, s.Sel.Name) {
			violations = append(violations, f.at(s.Pos(), "time.%s: the law core takes the time as a fact, or a stored ruling could not be made again", s.Sel.Name))
		}
	})
	return violations
}

// bannedImports keeps heavy or unsafe packages where they belong.
func bannedImports(files []file) (violations []string) {
	for _, f := range files {
		for _, p := range f.imports() {
			for _, b := range bans {
				if within(p, b.prefix) && f.pkg != b.except {
					violations = append(violations, fmt.Sprintf("%s imports %s: %s", f.name, p, b.reason))
				}
			}
		}
	}
	return violations
}

// servedFiles finds files served the unsafe way.
func servedFiles(files []file) (violations []string) {
	for _, f := range files {
		f.selectors(func(s *ast.SelectorExpr) {
			if slices.Contains(serveFile, s.Sel.Name) {
				violations = append(violations, f.at(s.Sel.Pos(), "%s: serve embedded files with net/http's file server behind Fiber's adaptor (GO-2026-4950)", s.Sel.Name))
			}
		})
	}
	return violations
}

// unboundTimers finds what waits for time without a test in a bubble, and what ticks beside duty.Rounds.
func unboundTimers(files []file) (violations []string) {
	for _, f := range files {
		known := slices.ContainsFunc(timers, func(t timer) bool { return t.file == f.name })
		if f.isTest || known || slices.Contains(testOnly, f.pkg) || slices.Contains(timeless, f.pkg) || slices.Contains(timeless, f.name) {
			continue
		}
		f.selectors(func(s *ast.SelectorExpr) {
			x, ok := s.X.(*ast.Ident)
			if ok && (x.Name == f.localName("time") && slices.Contains(waits, s.Sel.Name) || s.Sel.Name == "Rounds" && x.Name == "duty") {
				violations = append(violations, f.at(s.Pos(), "%s.%s: what waits for time is listed in internal/archtest/house.go with its test in a bubble; "+
					"what is done again and again is done by duty.Rounds", x.Name, s.Sel.Name))
			}
		})
	}
	return violations
}

// untestedTimers finds timers whose test is not there, or in no bubble.
func untestedTimers(files []file) (violations []string) {
	for _, t := range timers {
		there := slices.ContainsFunc(files, func(f file) bool { return f.name == t.file })
		if there && !slices.ContainsFunc(files, func(f file) bool { return f.isTest && f.pkg == path.Dir(t.file) && f.bubbles(t.test) }) {
			violations = append(violations, fmt.Sprintf("%s: what it waits for is shown by no %s in a bubble of testing/synctest", t.file, t.test))
		}
	}
	return violations
}

// skippedTests finds tests that may choose not to prove anything.
func skippedTests(files []file) (violations []string) {
	for _, f := range files {
		if !f.isTest && !slices.Contains(testOnly, f.pkg) {
			continue
		}
		f.selectors(func(s *ast.SelectorExpr) {
			if slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, s.Sel.Name) {
				violations = append(violations, f.at(s.Sel.Pos(), "%s: a skipped test proves nothing; let it fail, or prove what can be proved here", s.Sel.Name))
			}
		})
	}
	return violations
}

// wrongVersions holds the pinned modules of a go.mod.
func wrongVersions(gomod []byte) (violations []string, err error) {
	m, err := modfile.Parse("go.mod", gomod, nil)
	if err != nil {
		return nil, err
	}
	for _, pin := range pinned {
		version := "not required"
		for _, r := range m.Require {
			if r.Mod.Path == pin.module {
				version = r.Mod.Version
			}
		}
		if version != pin.version {
			violations = append(violations, fmt.Sprintf("go.mod: %s is %s, it stays %s: %s", pin.module, version, pin.version, pin.reason))
		}
	}
	return violations, nil
}

var namedPath = regexp.MustCompile("`((?:cmd|internal|api|migrations|openapi|deploy)/[A-Za-z0-9_./-]*)`")

// missingPaths finds paths a document names in backquotes that do not exist.
func missingPaths(root fs.FS, document string) (violations []string, err error) {
	content, err := fs.ReadFile(root, document)
	if err != nil {
		return nil, err
	}
	for _, m := range namedPath.FindAllSubmatch(content, -1) {
		name := strings.TrimSuffix(string(m[1]), "/")
		if _, err := fs.Stat(root, name); err != nil {
			violations = append(violations, fmt.Sprintf("%s names %s, which does not exist", document, m[1]))
		}
	}
	return violations, nil
}

var namedTest = regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`")

// missingTests finds tests a document names in backquotes that do not exist.
func missingTests(document string, text []byte, files []file) (violations []string) {
	there := map[string]bool{}
	for _, f := range files {
		for _, decl := range f.syntax.Decls {
			if function, is := decl.(*ast.FuncDecl); is && f.isTest {
				there[function.Name.Name] = true
			}
		}
	}
	for _, m := range namedTest.FindAllSubmatch(text, -1) {
		if name := string(m[1]); !there[name] {
			violations = append(violations, fmt.Sprintf("%s names %s, which does not exist", document, name))
		}
	}
	return violations
}

var (
	settingTag  = regexp.MustCompile(`\benv:"([A-Z0-9_]+)"`)
	settingLine = regexp.MustCompile(`(?m)^#?([A-Z0-9_]+)=`)
)

// unlistedSettings compares the settings the program declares with those the example environment file lists.
func unlistedSettings(config, example []byte) (violations []string) {
	declared, listed := names(settingTag, config), names(settingLine, example)
	for _, name := range declared {
		if !slices.Contains(listed, name) {
			violations = append(violations, name+" is a setting, but deploy/dutybound.env does not list it")
		}
	}
	for _, name := range listed {
		if !slices.Contains(declared, name) {
			violations = append(violations, name+" stands in deploy/dutybound.env, but is no setting")
		}
	}
	return violations
}

func names(pattern *regexp.Regexp, text []byte) (found []string) {
	for _, m := range pattern.FindAllSubmatch(text, -1) {
		found = append(found, string(m[1]))
	}
	return found
}
