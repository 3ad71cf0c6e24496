package law

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed instruments
var embedded embed.FS

// Library is a set of instruments that were read and analysed.
type Library struct {
	instruments map[string]*instrument
}

// BadRulebook is the analysis of a rulebook that is refused.
type BadRulebook struct {
	Problems []Problem
}

func (e *BadRulebook) Error() string {
	lines := make([]string, 0, len(e.Problems))
	for _, p := range e.Problems {
		lines = append(lines, p.String())
	}
	return "rulebook refused:\n" + strings.Join(lines, "\n")
}

// Load reads instruments, one folder each, with the overlays they name; those that fsys does not hold are taken from the
// embedded ones. No ids: every folder. A rulebook that the analysis finds fault with is refused with *BadRulebook.
func Load(fsys fs.FS, ids ...string) (*Library, error) {
	lib, problems := load(fsys, ids)
	if len(problems) > 0 {
		return nil, &BadRulebook{Problems: problems}
	}
	return lib, nil
}

// Check returns the analysis of the instruments of fsys (see Load): nothing for a good rulebook.
func Check(fsys fs.FS, ids ...string) []Problem {
	_, problems := load(fsys, ids)
	return problems
}

func load(fsys fs.FS, ids []string) (*Library, []Problem) {
	if len(ids) == 0 {
		ids = folders(fsys)
	}
	lib := &Library{instruments: map[string]*instrument{}}
	var problems []Problem
	for queue := slices.Clone(ids); len(queue) > 0; queue = queue[1:] {
		id := queue[0]
		if lib.instruments[id] != nil {
			continue
		}
		ins, faults := readInstrument(source(fsys, id), id)
		problems = append(problems, faults...)
		lib.instruments[id] = ins
		queue = append(queue, ins.overlays...)
	}
	if len(ids) == 0 {
		problems = append(problems, Problem{File: ".", Reason: "no instrument here: want folders with an instrument.yaml"})
	}
	if len(problems) == 0 {
		problems = lib.analyse()
	}
	return lib, problems
}

func folders(fsys fs.FS) (ids []string) {
	found, _ := fs.Glob(fsys, "*/instrument.yaml")
	for _, name := range found {
		ids = append(ids, path.Dir(name))
	}
	return ids
}

// source is where an instrument is read from: the given files, else the embedded ones.
func source(fsys fs.FS, id string) fs.FS {
	if _, err := fs.Stat(fsys, id); err == nil {
		return fsys
	}
	return instruments()
}

func instruments() fs.FS {
	sub, _ := fs.Sub(embedded, "instruments")
	return sub
}

// Embedded is the library of the instruments that come with the program.
var Embedded = sync.OnceValue(func() *Library { return must(Load(instruments())) })

// catalogue are the acts of all rulebooks that come with the program.
var catalogue = sync.OnceValue(func() map[string]bool {
	acts := map[string]bool{}
	for _, id := range folders(instruments()) {
		ins, _ := readInstrument(instruments(), id)
		for code := range ins.names {
			acts[code] = true
		}
	}
	return acts
})

// Default is cq-2021 with its overlays under its default readings.
var Default = sync.OnceValue(func() *Book { return must(Embedded().Book(DefaultRulebook, Settings{})) })

// must is for what comes with the program; a test excludes that it fails.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Rulebooks lists the ids that Book takes: instruments that are no overlay.
func (l *Library) Rulebooks() (ids []string) {
	for id, ins := range l.instruments {
		if len(ins.names) > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// Book compiles a rulebook with its overlays under an organ's settings. A reading that is unknown, not switchable or has no such
// option is refused with *InputError, and so is an entry on an item that is no catch-all, without its basis, or of an act that
// there is already.
func (l *Library) Book(id string, s Settings) (*Book, error) {
	base, err := l.base(id)
	if err != nil {
		return nil, err
	}
	values, err := base.settle(s.Readings)
	if err != nil {
		return nil, err
	}
	own, entries, err := base.enter(s.Entries)
	if err != nil {
		return nil, err
	}
	return compile(l.layers(own, values), Settings{values, entries}), nil
}

func (l *Library) base(id string) (*instrument, error) {
	base := l.instruments[id]
	if base == nil || len(base.names) == 0 {
		return nil, inputError("/rulebook", "unknown rulebook %q, want one of %s", id, strings.Join(l.Rulebooks(), ", "))
	}
	return base, nil
}

// layers are the base and the overlays in use.
func (l *Library) layers(base *instrument, values readingValues) []*instrument {
	layers := []*instrument{base}
	for _, id := range base.overlays {
		if o := l.instruments[id]; !slices.ContainsFunc(o.applies, values.deny) {
			layers = append(layers, o)
		}
	}
	return layers
}

// settle takes the rulebook's own values, and over them the given ones.
func (ins *instrument) settle(readings map[string]string) (readingValues, error) {
	values := readingValues{}
	for _, r := range ins.readings {
		values[r.id] = r.value()
	}
	for _, id := range sorted(readings) {
		i := slices.IndexFunc(ins.readings, func(r reading) bool { return r.id == id })
		if i < 0 {
			return nil, inputError("/readings/"+id, "unknown reading")
		}
		if fault := ins.readings[i].refuses(readings[id]); fault != "" {
			return nil, inputError("/readings/"+id, "%s", fault)
		}
		values[id] = strings.TrimSuffix(readings[id], listEnd)
	}
	return values, nil
}

// refuses says why a reading cannot be set to a value.
func (r reading) refuses(v string) string {
	if !r.switchable {
		return "this reading cannot be switched"
	}
	return r.unfit(v)
}

// unfit says why a value is none of the reading's.
func (r reading) unfit(v string) string {
	switch {
	case r.words:
		return ""
	case strings.HasSuffix(v, listEnd):
		return "want one word, not a list"
	case r.number:
		if _, ok := whole(v); !ok {
			return fmt.Sprintf("want a whole number, not %q", v)
		}
	case !slices.Contains(r.options, v):
		return fmt.Sprintf("unknown option %q, want one of %s", v, strings.Join(r.options, ", "))
	}
	return ""
}
