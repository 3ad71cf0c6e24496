package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dutybound/dutybound/internal/fault"
)

// encoding/json lets the last of two equal keys win, fills "name" from "NAME", passes over unknown keys and stops reading after the
// first document. For a program that rules on what it reads each of these is a way round the rule, so bodies are read here: into a
// tree that holds what was sent and nothing else, which the contract's schema then judges by exact names.

// maxDepth bounds nesting; the deepest body of the contract has six levels.
const maxDepth = 16

// strictJSON reads the one document of a body. Numbers stay as they were written (json.Number).
func strictJSON(body []byte) (any, error) {
	if !utf8.Valid(body) {
		return nil, malformed("body", "is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	value, err := readValue(dec, "body", 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, malformed("body", fmt.Sprintf("something follows the document at byte %d", dec.InputOffset()))
	}
	return value, nil
}

func malformed(field, message string) error {
	e := fault.New(fault.Invalid, "malformed_json", "请求内容不是规范的 JSON", "the body is not well-formed JSON")
	e.Fields = []fault.Field{{Field: field, Message: message}}
	return e
}

func syntax(dec *json.Decoder, at string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed(at, "the document ends too early")
	}
	return malformed(at, fmt.Sprintf("not JSON near byte %d", dec.InputOffset()))
}

func readValue(dec *json.Decoder, at string, depth int) (any, error) {
	token, err := dec.Token()
	if err != nil {
		return nil, syntax(dec, at, err)
	}
	if depth > maxDepth {
		return nil, malformed(at, "is nested too deeply")
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return readObject(dec, at, depth)
		}
		return readList(dec, at, depth)
	case string:
		return t, checkText(at, t)
	default:
		return t, nil
	}
}

func readObject(dec *json.Decoder, at string, depth int) (any, error) {
	object := map[string]any{}
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, syntax(dec, at, err)
		}
		key := token.(string) // the decoder lets nothing else stand there
		field := at + "/" + pointer(key)
		if _, twice := object[key]; twice {
			return nil, malformed(field, "is given twice")
		}
		if object[key], err = readValue(dec, field, depth+1); err != nil {
			return nil, err
		}
	}
	return object, closing(dec, at)
}

func readList(dec *json.Decoder, at string, depth int) (any, error) {
	list := []any{}
	for dec.More() {
		item, err := readValue(dec, at+"/"+strconv.Itoa(len(list)), depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, closing(dec, at)
}

func closing(dec *json.Decoder, at string) error {
	if _, err := dec.Token(); err != nil {
		return syntax(dec, at, err)
	}
	return nil
}

// checkText refuses the one character that the database has no place for.
func checkText(at, text string) error {
	if strings.ContainsRune(text, 0) {
		return fault.BadField(at, "must not contain the character U+0000")
	}
	return nil
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// pointer escapes a key as one step of a JSON pointer.
func pointer(key string) string { return pointerEscape.Replace(key) }
