package httpapi

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/openapi"
)

// Route is one operation of the contract.
type Route struct {
	Method    string
	Path      string // "/v1/tasks/{id}"
	Operation string // operationId
	Public    bool   // needs no session
}

// Routes lists every route of the API, from the contract: what is not in it is not served.
func Routes() []Route {
	routes := make([]Route, 0, len(contract()))
	for _, op := range contract() {
		routes = append(routes, op.Route)
	}
	return routes
}

// operation is one operation of the contract with what its requests are held to.
type operation struct {
	Route
	parameters openapi3.Parameters
	media      string // of the body; empty: takes none
	body       *openapi3.Schema
	optional   bool // the body may be left out
	command    bool // carries an Idempotency-Key
	limit      int  // bytes of the body; 0: as everywhere
}

// largeBodies are whole rosters, and what a phone recorded in hours.
var largeBodies = map[string]int{"startImport": roster.MaxFile, "syncRoster": 4 << 20, "uploadOutbox": 4 << 20}

const keyHeader = "Idempotency-Key"

// contract reads the contract once. It is compiled in, so that it cannot be read is a mistake of ours that every start shows.
var contract = sync.OnceValue(func() map[string]*operation {
	doc, err := openapi3.NewLoader().LoadFromData(openapi.HTTP())
	if err == nil {
		err = doc.Validate(context.Background())
	}
	if err != nil {
		panic(fmt.Errorf("openapi.yaml: %w", err))
	}
	operations := map[string]*operation{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			operations[method+" "+path] = newOperation(method, path, item, op)
		}
	}
	return operations
})

func newOperation(method, path string, item *openapi3.PathItem, spec *openapi3.Operation) *operation {
	op := &operation{
		Route:      Route{Method: method, Path: path, Operation: spec.OperationID, Public: spec.Security != nil && len(*spec.Security) == 0},
		parameters: append(append(openapi3.Parameters{}, item.Parameters...), spec.Parameters...),
	}
	op.command = op.parameters.GetByInAndName(openapi3.ParameterInHeader, keyHeader) != nil
	op.limit = largeBodies[op.Operation]
	if spec.RequestBody != nil {
		for media, content := range spec.RequestBody.Value.Content { // one
			op.media, op.body = media, content.Schema.Value
		}
		op.optional = !spec.RequestBody.Value.Required
	}
	return op
}

var fiberParameter = regexp.MustCompile(`:(\w+)`)

// operationAt finds the operation of a route as Fiber writes it: "/v1/tasks/:id".
func operationAt(method, fiberPath string) *operation {
	key := method + " " + fiberParameter.ReplaceAllString(fiberPath, "{$1}")
	op, ok := contract()[key]
	if !ok {
		panic(key + " is not in the contract")
	}
	return op
}

// schemaOptions make the validator find every problem, say nothing of values, and know our formats.
var schemaOptions = []openapi3.SchemaValidationOption{
	openapi3.VisitAsRequest(),
	openapi3.MultiErrors(),
	openapi3.DisableSchemaErrorDetails(),
	openapi3.WithStringFormatValidator("uuid", openapi3.NewCallbackValidator(checkUUID)),
	openapi3.WithStringFormatValidator("date-time", openapi3.NewCallbackValidator(checkInstant)),
}

// checkUUID takes the one form that everybody writes; the parser alone takes several.
func checkUUID(text string) error {
	if _, err := uuid.Parse(text); err != nil || len(text) != 36 {
		return fmt.Errorf("must be a UUID")
	}
	return nil
}

// checkInstant takes times that can be written again: in UTC, as everything is kept, the year must still have four digits.
func checkInstant(text string) error {
	t, err := time.Parse(time.RFC3339Nano, text)
	_, offset := t.Zone()
	year := t.UTC().Year()
	if err != nil || year < 1900 || year > 9999 || offset <= -dayOffset || offset >= dayOffset || strings.ContainsRune(text, ',') {
		return fmt.Errorf("must be a time with its offset, like 2026-03-02T08:00:00+08:00")
	}
	return nil
}

const dayOffset = 24 * 60 * 60 // seconds

// operationOn finds the operation that is posted to a path; nil when there is none.
func operationOn(path string) *operation {
	steps := strings.Split(path, "/")
	for key, op := range contract() {
		if !strings.HasPrefix(key, "POST ") {
			continue
		}
		if pattern := strings.Split(op.Path, "/"); len(pattern) == len(steps) && fits(pattern, steps) {
			return op
		}
	}
	return nil
}

func fits(pattern, steps []string) bool {
	for i, p := range pattern {
		if p != steps[i] && !strings.HasPrefix(p, "{") {
			return false
		}
	}
	return true
}

// targetOf is the id that stands in a path, the first if there are several.
func targetOf(op *operation, path string) *uuid.UUID {
	steps := strings.Split(path, "/")
	for i, p := range strings.Split(op.Path, "/") {
		if id, err := uuid.Parse(steps[i]); err == nil && strings.HasPrefix(p, "{") {
			return &id
		}
	}
	return nil
}
