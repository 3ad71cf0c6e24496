package httpapi

import (
	"encoding"
	"encoding/json"

	"github.com/dutybound/dutybound/internal/fault"
)

// What every noun needs on its way between the wire and the rooms below.

// convert turns a list into one that is never null on the wire.
func convert[From, To any](from []From, one func(From) To) []To {
	to := make([]To, len(from))
	for i, v := range from {
		to[i] = one(v)
	}
	return to
}

// list is a list of words that is never null on the wire.
func list(words []string) []string {
	if words == nil {
		return []string{}
	}
	return words
}

// words turns words of the law into wire words.
func words[To ~string](from []string) []To { return convert(from, func(w string) To { return To(w) }) }

// value is what a pointer points to, or the zero value when something was left out.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// optional leaves the zero value out.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// word reads one of the law's words; left out, it is the zero word. The contract has refused every other word before.
func word[W any, P interface {
	*W
	encoding.TextUnmarshaler
}](field, text string) (w W, err error) {
	if text == "" {
		return w, nil
	}
	if err := P(&w).UnmarshalText([]byte(text)); err != nil {
		return w, fault.BadField(field, err.Error())
	}
	return w, nil
}

// set reads a list of the law's words.
func set[W any, P interface {
	*W
	json.Unmarshaler
}, S ~string](field string, words []S) (w W, err error) {
	if len(words) == 0 {
		return w, nil
	}
	text, err := json.Marshal(words)
	if err == nil {
		err = P(&w).UnmarshalJSON(text)
	}
	if err != nil {
		return w, fault.BadField(field, err.Error())
	}
	return w, nil
}
