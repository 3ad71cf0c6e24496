package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/httpapi"
	"github.com/dutybound/dutybound/internal/law"
)

// court answers with the law itself, as an organ with a case file's readings has it.
type court struct {
	*rooms
	book *law.Book
}

func (c court) Ask(_ context.Context, _ duty.Actor, facts law.Facts) (law.Ruling, error) {
	return c.book.Rule(&facts)
}

// TestCasesAreWhatTheAPIRules sends every case of the law's own files to POST /v1/rulings: what a lawyer wrote down is what a
// program gets.
func TestCasesAreWhatTheAPIRules(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../law/testdata/cases/*.yaml")
	others, _ := filepath.Glob("../law/testdata/cases/*/*.yaml") // of other rulebooks
	if err != nil || len(paths) < 10 || len(others) == 0 {
		t.Fatalf("case files %v %v, %v", paths, others, err)
	}
	paths = append(paths, others...)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(strings.TrimPrefix(path, "../law/testdata/cases/"), ".yaml"), func(t *testing.T) {
			t.Parallel()
			file, bodies := readCases(t, path)
			book, err := law.Embedded().Book(file.Rulebook, file.Settings)
			if err != nil {
				refusesItsReadings(t, file, err)
				return
			}
			r := newRooms()
			config := r.config()
			config.Duty = court{r, book}
			app := httpapi.New(config)
			for i, c := range file.Cases {
				q := r.request(t, http.MethodPost, "/v1/rulings", bodies[i])
				q.app = app
				compare(t, path, c, q)
			}
		})
	}
}

// readCases reads a case file as the law does, and once more as plain data for the bodies: each case without its name and
// without what it expects.
func readCases(t *testing.T, path string) (law.CaseFile, []string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := law.ReadCases(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var raw struct{ Cases []map[string]any }
	if err := yaml.Unmarshal(text, &raw); err != nil {
		t.Fatal(err)
	}
	if len(raw.Cases) != len(file.Cases) {
		t.Fatalf("%d cases, read %d", len(raw.Cases), len(file.Cases))
	}
	bodies := make([]string, len(raw.Cases))
	for i, c := range raw.Cases {
		delete(c, "name")
		delete(c, "expect")
		body, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		bodies[i] = string(body)
	}
	return file, bodies
}

// refusesItsReadings: an organ cannot even have readings that the rulebook refuses, so all such cases expect an error.
func refusesItsReadings(t *testing.T, file law.CaseFile, err error) {
	t.Helper()
	for _, c := range file.Cases {
		if !c.Expect.Error {
			t.Errorf("%d: %s: %v", c.Line, c.Name, err)
		}
	}
}

func compare(t *testing.T, path string, c law.Case, q *request) {
	t.Helper()
	at := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s:%d: %s: "+format, append([]any{path, c.Line, c.Name}, args...)...)
	}
	if c.Expect.Error {
		if p := q.problem(http.StatusBadRequest, "invalid_request"); len(p.Errors) == 0 || !strings.HasPrefix(p.Errors[0].Field, "body") {
			at("bad places %v", p.Errors)
		}
		return
	}
	got := good[api.Ruling](q, http.StatusOK)
	if string(got.Outcome) != c.Expect.Outcome.String() || got.Lawful != c.Expect.Outcome.Lawful() {
		at("outcome %s, lawful %t, want %s", got.Outcome, got.Lawful, c.Expect.Outcome)
	}
	for _, cite := range c.Expect.Cites {
		if !slices.ContainsFunc(got.Reasons, func(r api.Reason) bool { return cites(r.Citation, cite) }) {
			at("does not cite %s", cite)
		}
	}
	for kind, state := range c.Expect.Obligations {
		if !slices.ContainsFunc(got.Obligations, func(o api.Obligation) bool { return o.Kind == kind && string(o.State) == state.String() }) {
			at("%s is not %s", kind, state)
		}
	}
	for _, code := range c.Expect.Remedies {
		if !slices.ContainsFunc(got.Remedies, func(r api.Remedy) bool { return r.Code == code }) {
			at("does not offer %s", code)
		}
	}
}

// cites says whether a citation is the wanted one or a finer one.
func cites(have, want string) bool {
	rest, found := strings.CutPrefix(have, want)
	return found && (rest == "" || strings.ContainsAny(rest[:1], "( ") || strings.HasPrefix(rest, "¶"))
}
