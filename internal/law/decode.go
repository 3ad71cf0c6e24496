package law

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// decoder turns nodes into values. It stops at the first problem and keeps it; what was decoded after that is not used.
type decoder struct {
	err *InputError
	at  string // the item of a rulebook in which the problem stands
}

// fields says what to do with each key an object may have.
type fields map[string]func(node)

func (d *decoder) fail(n node, problem string, args ...any) {
	if d.err == nil {
		d.err = n.fail(problem, args...)
	}
}

// error is the kept problem, as an error that is nil when there is none.
func (d *decoder) error() error {
	if d.err == nil {
		return nil
	}
	return d.err
}

// object calls the function of each key present. Null stands for a key left out; a key twice or not on the list is refused.
func (d *decoder) object(n node, known fields) {
	if n.kind != objectNode {
		d.fail(n, "want an object with keys %s", strings.Join(known.names(), ", "))
		return
	}
	for i, key := range n.keys {
		read, ok := known[key.text]
		switch {
		case !ok:
			d.fail(key, "unknown key %q, want one of %s", key.text, strings.Join(known.names(), ", "))
		case slices.ContainsFunc(n.keys[:i], func(k node) bool { return k.text == key.text }):
			d.fail(key, "key %q twice", key.text)
		case n.list[i].kind != nullNode:
			read(n.list[i])
		}
	}
}

func (f fields) names() []string {
	names := make([]string, 0, len(f))
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (d *decoder) text(n node) string {
	if n.kind != textNode {
		d.fail(n, "want text")
	}
	return n.text
}

// name is text that must say something.
func (d *decoder) name(n node) string {
	if d.text(n) == "" {
		d.fail(n, "want text, not nothing")
	}
	return n.text
}

func (d *decoder) flag(n node) bool {
	if (n.kind != boolNode && n.kind != textNode) || (n.text != "true" && n.text != "false") {
		d.fail(n, "want true or false")
	}
	return n.text == "true"
}

func (d *decoder) number(n node) int {
	v, err := strconv.Atoi(n.text)
	if err != nil || v < 1 {
		d.fail(n, "want a number from 1 on")
	}
	return v
}

func (d *decoder) instant(n node) time.Time {
	t, err := time.Parse(time.RFC3339Nano, d.text(n))
	if err != nil {
		d.fail(n, "want a time with its offset, like 2026-03-02T08:00:00+08:00")
	}
	return t
}

// answer takes true and false beside yes and no: the case format writes some of these facts as booleans, and all of them may
// be unknown.
func (d *decoder) answer(n node) Answer {
	if n.kind == boolNode || n.text == "true" || n.text == "false" {
		if d.flag(n) {
			return Yes
		}
		return No
	}
	return word[Answer](d, n, answerWords)
}

// required asks for keys that have no default: left out, or null, they would read as the first word of their list.
func (d *decoder) required(n node, keys ...string) {
	for _, key := range keys {
		if !n.has(key) {
			d.fail(n, "%s: required", key)
		}
	}
}

// filled asks for a list with something in it: an empty one would mean all or nothing, and nobody could tell which.
func (d *decoder) filled(n node) node {
	if n.kind == listNode && len(n.list) == 0 {
		d.fail(n, "want at least one")
	}
	return n
}

func word[T ~uint8](d *decoder, n node, w words) T {
	v, err := w.parse([]byte(d.text(n)))
	if err != nil {
		d.fail(n, "unknown word %q, want one of %s", n.text, strings.Join(w.list, ", "))
	}
	return T(v)
}

func set[T ~uint8 | ~uint16](d *decoder, n node, w words) (set T) {
	d.each(n, func(item node) { set |= 1 << word[uint8](d, item, w) })
	return set
}

func list[T any](d *decoder, n node, read func(node) T) []T {
	items := make([]T, 0, len(n.list))
	d.each(n, func(item node) { items = append(items, read(item)) })
	return items
}

func (d *decoder) each(n node, read func(node)) {
	if n.kind != listNode {
		d.fail(n, "want a list")
		return
	}
	for _, item := range n.list {
		read(item)
	}
}
