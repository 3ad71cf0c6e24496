package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"github.com/dutybound/dutybound/openapi"
)

var contract = sync.OnceValues(func() (routers.Router, error) {
	doc, err := openapi3.NewLoader().LoadFromData(openapi.HTTP())
	if err != nil {
		return nil, err
	}
	return legacy.NewRouter(doc)
})

// keepsContract says in what an answer of the real service is not what the contract promises: its status, headers and body. Every
// answer in this package's tests is held to it.
func keepsContract(request *http.Request, status int, header http.Header, body []byte) error {
	router, err := contract()
	if err != nil {
		return err
	}
	asked := request.Clone(request.Context())
	asked.URL.Scheme, asked.URL.Host, asked.Host = "", "", "" // the contract's server is wherever it is served
	route, parameters, err := router.FindRoute(asked)
	if err != nil {
		return nil // what is not in the contract has no promise; that it is refused is tested beside the API
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: asked, PathParams: parameters, Route: route},
		Status:                 status,
		Header:                 header,
		Options:                &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if err := openapi3filter.ValidateResponse(request.Context(), answer.SetBodyBytes(body)); err != nil {
		return fmt.Errorf("%s %s answers %d against the contract: %w", request.Method, request.URL.Path, status, err)
	}
	return nil
}

// A stream of lines is held to the contract line by line; the last is what it answers.
func init() {
	openapi3filter.RegisterBodyDecoder("application/x-ndjson", func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (last any, err error) {
		for lines := json.NewDecoder(body); err == nil; {
			var line any
			if err = lines.Decode(&line); err == nil {
				last = line
			}
		}
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return last, err
	})
}

// TestAnAnswerAgainstTheContractIsSeen, or the check above would be for nothing.
func TestAnAnswerAgainstTheContractIsSeen(t *testing.T) {
	t.Parallel()
	plain := http.Header{"Content-Type": {"application/json"}}
	ask := func(path string) *http.Request {
		r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1:1"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	for name, c := range map[string]struct {
		path, body string
		status     int
		header     http.Header
		good       bool
	}{
		"as promised":     {"/healthz", `{"status":"ok"}`, 200, plain, true},
		"another word":    {"/healthz", `{"status":"fine"}`, 200, plain, false},
		"one key more":    {"/healthz", `{"status":"ok","load":1}`, 200, plain, false},
		"another medium":  {"/healthz", `{"status":"ok"}`, 200, http.Header{"Content-Type": {"text/html"}}, false},
		"a bare refusal":  {"/v1/tasks/0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d", `{}`, 404, http.Header{"Content-Type": {"application/problem+json"}}, false},
		"nothing at all":  {"/v1/me", ``, 200, plain, false},
		"a list of tasks": {"/v1/tasks?limit=1", `{"tasks":[]}`, 200, plain, true},
	} {
		if err := keepsContract(ask(c.path), c.status, c.header, []byte(c.body)); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}
