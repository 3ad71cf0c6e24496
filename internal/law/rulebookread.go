package law

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// zone is the one the dates of Chinese law are read in: an article is in force from the first moment of its day there.
var zone = time.FixedZone("CST", 8*60*60)

// folder reads one instrument. Problems of its files are kept, so that the analysis can show them all.
type folder struct {
	fsys     fs.FS
	id       string
	problems []Problem
	sum      []byte
}

// Problem is one thing that is wrong with a rulebook: where, and why it is refused.
type Problem struct {
	File   string `json:"file"`
	Item   string `json:"item,omitempty"`
	Reason string `json:"reason"`
}

func (p Problem) String() string {
	if p.Item == "" {
		return p.File + ": " + p.Reason
	}
	return p.File + ": " + p.Item + ": " + p.Reason
}

func (f *folder) problem(at place, reason string) {
	f.problems = append(f.problems, Problem{File: at.file, Item: at.item, Reason: reason})
}

// readInstrument reads the folder of an instrument: instrument.yaml, acts.yaml, readings.yaml, statements.yaml, one file for each
// article edition.
func readInstrument(fsys fs.FS, id string) (*instrument, []Problem) {
	f := &folder{fsys: fsys, id: id}
	ins := &instrument{id: id, names: map[string]actName{}}
	f.file("instrument.yaml", true, func(d *decoder, n node, _ place) { f.identity(d, n, ins) })
	f.file("acts.yaml", false, func(d *decoder, n node, at place) { f.acts(d, n, at, ins) })
	f.file("readings.yaml", false, func(d *decoder, n node, at place) { f.readings(d, n, at, ins) })
	names, _ := fs.Glob(fsys, path.Join(id, "art*.yaml"))
	for _, name := range names {
		f.file(path.Base(name), true, func(d *decoder, n node, at place) {
			ins.articles = append(ins.articles, readArticle(d, n, at))
		})
	}
	f.source(ins)
	f.statements(ins)
	sum := sha256.Sum256(f.sum)
	ins.hash = hex.EncodeToString(sum[:])
	return ins, f.problems
}

// open reads a file and adds it to what the instrument's hash covers.
func (f *folder) open(base string, required bool) ([]byte, place, bool) {
	at := place{file: path.Join(f.id, base)}
	data, err := fs.ReadFile(f.fsys, at.file)
	if err != nil {
		if required || !errors.Is(err, fs.ErrNotExist) {
			f.problem(at, "cannot be read: "+err.Error())
		}
		return nil, at, false
	}
	part := sha256.Sum256(data)
	f.sum = append(append(f.sum, base...), part[:]...)
	return data, at, true
}

func (f *folder) file(base string, required bool, read func(*decoder, node, place)) {
	data, at, ok := f.open(base, required)
	if !ok {
		return
	}
	n, err := readYAML(bytes.NewReader(data))
	if err != nil {
		f.problem(at, err.Error())
		return
	}
	var d decoder
	read(&d, n, at)
	if d.err != nil {
		at.item = d.at
		f.problem(at, d.err.Error())
	}
}

func (f *folder) identity(d *decoder, n node, ins *instrument) {
	id := ""
	d.object(n, fields{
		"id":           func(v node) { id = d.name(v) },
		"title":        func(v node) { ins.title = d.bilingual(v) },
		"layer":        func(v node) { ins.layer = d.oneOf(v, "national", "province", "city", "organ") },
		"jurisdiction": func(v node) { ins.jurisdiction = d.name(v) },
		"source":       func(v node) { ins.sourceFile = d.name(v) },
		"overlays":     func(v node) { ins.overlays = list(d, v, d.name) },
		"applies":      func(v node) { ins.applies = d.values(v) },
	})
	d.required(n, "id", "title", "layer")
	if id != f.id {
		d.fail(n, "id %q differs from the folder's name %q", id, f.id)
	}
}

func (f *folder) source(ins *instrument) {
	data, at, ok := f.open(cmp.Or(ins.sourceFile, "source.txt"), true)
	if !ok {
		return
	}
	var err error
	if ins.source, err = parseSource(string(data)); err != nil {
		f.problem(at, err.Error())
	}
}

func (d *decoder) bilingual(n node) (t Text) {
	d.object(n, fields{
		"zh": func(v node) { t.ZH = d.name(v) },
		"en": func(v node) { t.EN = d.name(v) },
	})
	if t.ZH == "" || t.EN == "" {
		d.fail(n, "want zh and en")
	}
	return t
}

func (d *decoder) oneOf(n node, words ...string) string {
	if word := d.text(n); !slices.Contains(words, word) {
		d.fail(n, "unknown word %q, want one of %s", word, strings.Join(words, ", "))
	}
	return n.text
}

// value takes a word, or the reading that supplies it.
func (d *decoder) value(n node) *value {
	var v value
	if n.kind != objectNode {
		v.literal = d.text(n)
		return &v
	}
	d.object(n, fields{"reading": func(id node) { v.reading = d.name(id) }})
	return &v
}

// values takes one value or a list of them.
func (d *decoder) values(n node) []value {
	if n.kind == listNode {
		return list(d, n, func(v node) value { return *d.value(v) })
	}
	return []value{*d.value(n)}
}

func (d *decoder) date(n node) time.Time {
	t, err := time.ParseInLocation(time.DateOnly, d.text(n), zone)
	if err != nil {
		d.fail(n, "want a date like 2021-09-01")
	}
	return t
}

func (f *folder) acts(d *decoder, n node, at place, ins *instrument) {
	d.object(n, fields{"acts": func(v node) {
		for i, key := range v.keys {
			name := actName{at: place{at.file, key.text}}
			d.object(v.list[i], fields{
				"zh":        func(v node) { name.ZH = d.name(v) },
				"en":        func(v node) { name.EN = d.name(v) },
				"emergency": func(v node) { name.emergency = d.flag(v) },
			})
			d.required(v.list[i], "zh", "en")
			if _, twice := ins.names[key.text]; twice {
				d.fail(key, "act %q twice", key.text)
			}
			ins.names[key.text] = name
			ins.codes = append(ins.codes, key.text)
		}
	}})
}

func (f *folder) readings(d *decoder, n node, at place, ins *instrument) {
	d.object(n, fields{"readings": func(v node) {
		ins.readings = list(d, v, func(v node) reading { return readReading(d, v, at) })
	}})
}

func readReading(d *decoder, n node, at place) reading {
	r := reading{place: at, switchable: true}
	d.object(n, fields{
		"id":         func(v node) { r.id = d.name(v); r.item = r.id },
		"asks":       func(v node) { r.asks = d.bilingual(v) },
		"default":    func(v node) { r.preset = d.text(v) },
		"value":      func(v node) { s := d.text(v); r.set = &s },
		"options":    func(v node) { r.options = list(d, v, d.name) },
		"number":     func(v node) { r.number = d.flag(v) },
		"words":      func(v node) { r.words = d.flag(v) },
		"switchable": func(v node) { r.switchable = d.flag(v) },
		"set_by":     func(v node) { r.setBy = d.name(v) },
		"memo":       func(v node) { r.memo = d.name(v) },
		"valid_from": func(v node) { r.validFrom = d.date(v) },
	})
	return r
}
