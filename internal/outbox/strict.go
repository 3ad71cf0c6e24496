package outbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"unicode/utf8"
)

// object takes a JSON object apart that has these members, each once and spelled exactly so, and no others. encoding/json alone would
// let the last of two equal names win and take "Device" for "device": two readers would read two records under one signature.
func object(at string, raw []byte, names ...string) (map[string]json.RawMessage, error) {
	if !utf8.Valid(raw) {
		return nil, malformed(at, "is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if token, err := dec.Token(); err != nil || token != json.Delim('{') {
		return nil, malformed(at, "is no JSON object")
	}
	members := map[string]json.RawMessage{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, malformed(at, "is not JSON")
		}
		name, _ := token.(string)
		if _, twice := members[name]; twice || !slices.Contains(names, name) {
			return nil, malformed(at+"/"+printable(name), "is given twice or is unknown")
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, malformed(at+"/"+name, "is not JSON")
		}
		members[name] = value
	}
	if _, err := dec.Token(); err != nil {
		return nil, malformed(at, "ends too early")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed(at, "is followed by something")
	}
	for _, name := range names {
		if members[name] == nil {
			return nil, malformed(at+"/"+name, "is required")
		}
	}
	return members, nil
}

// printable keeps what a stranger named out of answers, but for what is a plain name.
func printable(name string) string {
	if len(name) > 40 {
		return "?"
	}
	for _, c := range name {
		if c < ' ' || c == '/' || c == '~' {
			return "?"
		}
	}
	return name
}
