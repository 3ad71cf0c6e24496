package law

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
)

// node is one value of a document, read from YAML or from JSON, with its place. Both formats go through it so that one set of
// rules (no unknown key, no key twice, words spelled exactly) holds for case files, rulebooks and requests alike.
type node struct {
	kind nodeKind
	text string // of a scalar
	list []node
	keys []node // of an object, beside the values in list
	path string // "/auxiliaries/0/role"
	line int    // in YAML
}

type nodeKind uint8

const (
	nullNode nodeKind = iota
	textNode          // every scalar of YAML; a string of JSON
	boolNode          // true and false of JSON
	numberNode
	listNode
	objectNode
)

// maxDepth bounds nesting: the deepest fact stands five levels down in a case file.
const maxDepth = 24

var errTooDeep = errors.New("nested too deeply")

func (n node) fail(problem string, args ...any) *InputError {
	e := inputError(n.path, problem, args...)
	e.Line = n.line
	return e
}

// has says whether an object has a key with something in it.
func (n node) has(key string) bool {
	i := slices.IndexFunc(n.keys, func(k node) bool { return k.text == key })
	return i >= 0 && n.list[i].kind != nullNode
}

// readYAML reads the one document of r. Anchors and aliases are refused: what is read aloud in court stands where it is used.
func readYAML(r io.Reader) (node, error) {
	dec := yaml.NewDecoder(r)
	var doc, more yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return node{}, inputError("", "the document is empty")
		}
		return node{}, inputError("", "not YAML: %v", err)
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		return node{}, inputError("", "more than one document")
	}
	return fromYAML(doc.Content[0], "", 0)
}

func fromYAML(y *yaml.Node, path string, depth int) (node, error) {
	n := node{path: path, line: y.Line}
	if depth > maxDepth {
		return n, n.fail("%v", errTooDeep)
	}
	if y.Anchor != "" || y.Kind == yaml.AliasNode {
		return n, n.fail("anchors and aliases are not used here")
	}
	switch {
	case y.Kind == yaml.MappingNode:
		return objectFromYAML(n, y, depth)
	case y.Kind == yaml.SequenceNode:
		return listFromYAML(n, y, depth)
	case y.Tag == "!!null":
		return n, nil
	}
	n.kind, n.text = textNode, y.Value
	return n, nil
}

func listFromYAML(n node, y *yaml.Node, depth int) (node, error) {
	n.kind, n.list = listNode, make([]node, 0, len(y.Content))
	for i, item := range y.Content {
		v, err := fromYAML(item, n.path+"/"+strconv.Itoa(i), depth+1)
		if err != nil {
			return n, err
		}
		n.list = append(n.list, v)
	}
	return n, nil
}

func objectFromYAML(n node, y *yaml.Node, depth int) (node, error) {
	n.kind = objectNode
	for i := 0; i < len(y.Content); i += 2 {
		key := y.Content[i]
		v, err := fromYAML(y.Content[i+1], n.path+"/"+key.Value, depth+1)
		if err != nil {
			return n, err
		}
		n.keys = append(n.keys, node{kind: textNode, text: key.Value, path: v.path, line: key.Line})
		n.list = append(n.list, v)
	}
	return n, nil
}

// readJSON reads one JSON value and nothing after it.
func readJSON(data []byte) (node, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	n, err := fromJSON(dec, "", 0)
	if err != nil {
		return n, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return n, inputError("", "something follows the JSON value")
	}
	return n, nil
}

func fromJSON(dec *json.Decoder, path string, depth int) (node, error) {
	n := node{path: path}
	if depth > maxDepth {
		return n, n.fail("%v", errTooDeep)
	}
	token, err := dec.Token()
	if err != nil {
		return n, n.fail("not JSON: %v", err)
	}
	switch t := token.(type) {
	case string:
		n.kind, n.text = textNode, t
	case bool:
		n.kind, n.text = boolNode, strconv.FormatBool(t)
	case json.Number:
		n.kind, n.text = numberNode, t.String()
	case json.Delim:
		return compositeFromJSON(dec, n, t, depth)
	}
	return n, nil
}

func compositeFromJSON(dec *json.Decoder, n node, open json.Delim, depth int) (node, error) {
	n.kind = listNode
	if open == '{' {
		n.kind = objectNode
	}
	n.list = []node{}
	for dec.More() {
		step := strconv.Itoa(len(n.list))
		if n.kind == objectNode {
			key, err := dec.Token()
			if err != nil {
				return n, n.fail("not JSON: %v", err)
			}
			step = key.(string) // the decoder lets nothing else stand there
			n.keys = append(n.keys, node{kind: textNode, text: step, path: n.path + "/" + step})
		}
		v, err := fromJSON(dec, n.path+"/"+step, depth+1)
		if err != nil {
			return n, err
		}
		n.list = append(n.list, v)
	}
	if _, err := dec.Token(); err != nil {
		return n, n.fail("not JSON: %v", err)
	}
	return n, nil
}
