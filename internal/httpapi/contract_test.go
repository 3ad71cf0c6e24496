package httpapi_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/dutybound/dutybound/internal/httpapi"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/openapi"
)

func contract(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(openapi.HTTP())
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestContractAndRoutesAreTheSame: what is in the contract is served, and nothing else is.
func TestContractAndRoutesAreTheSame(t *testing.T) {
	t.Parallel()
	parameter := regexp.MustCompile(`:(\w+)`)
	served := map[string]bool{}
	for _, r := range httpapi.New(newRooms().config()).GetRoutes(true) {
		if r.Method != http.MethodHead {
			served[r.Method+" "+parameter.ReplaceAllString(r.Path, "{$1}")] = true
		}
	}
	promised := map[string]bool{}
	for _, r := range httpapi.Routes() {
		promised[r.Method+" "+r.Path] = true
	}
	if !maps.Equal(served, promised) || len(served) < 30 {
		t.Errorf("served %v\npromised %v", slices.Sorted(maps.Keys(served)), slices.Sorted(maps.Keys(promised)))
	}
}

// TestEveryRouteIsBehindTheGate: without a session each route that is not public answers 401, whatever else is wrong.
func TestEveryRouteIsBehindTheGate(t *testing.T) {
	t.Parallel()
	public := 0
	for _, r := range httpapi.Routes() {
		if r.Public {
			public++
			continue
		}
		path := strings.NewReplacer("{id}", "no-uuid", "{code}", "NO CODE").Replace(r.Path)
		q := newRooms().request(t, r.Method, strings.ReplaceAll(path, " ", "%20"), `{"a":`)
		for _, header := range []string{"", "Bearer", "Bearer ", "Basic " + goodToken, "Bearer wrong"} {
			p := q.with("Authorization", header).problem(http.StatusUnauthorized, "not_signed_in")
			if len(p.Errors) > 0 {
				t.Errorf("%s %s tells a stranger of %v", r.Method, r.Path, p.Errors)
			}
		}
	}
	if public != 6 {
		t.Errorf("%d public routes, want sign-in, feed, health, readiness and the two contracts", public)
	}
}

// TestExamplesFitTheContract: every example is one that the server would take, and every object says what it may hold.
func TestExamplesFitTheContract(t *testing.T) {
	t.Parallel()
	examples := 0
	for path, item := range contract(t).Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil {
				continue
			}
			media := op.RequestBody.Value.Content.Get("application/json")
			if media == nil { // a file
				continue
			}
			all := map[string]any{"example": media.Example}
			for name, e := range media.Examples {
				all[name] = e.Value.Value
			}
			for name, example := range all {
				if example == nil {
					continue
				}
				examples++
				if err := media.Schema.Value.VisitJSON(plain(t, example), openapi3.VisitAsRequest(), openapi3.MultiErrors()); err != nil {
					t.Errorf("%s %s, %s: %v", method, path, name, err)
				}
			}
		}
	}
	if examples < 15 {
		t.Errorf("%d examples", examples)
	}
}

// plain is a value as JSON has it.
func plain(t *testing.T, v any) (value any) {
	t.Helper()
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &value)
	}
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestObjectsAreClosed(t *testing.T) {
	t.Parallel()
	for name, s := range contract(t).Components.Schemas {
		if s.Value.Type.Is("object") && (s.Value.AdditionalProperties.Has == nil || *s.Value.AdditionalProperties.Has) {
			t.Errorf("%s lets unknown keys through", name)
		}
	}
}

// TestTheContractSpeaksTheLawsWords holds the lists of the contract to those of the law, in both directions.
func TestTheContractSpeaksTheLawsWords(t *testing.T) {
	t.Parallel()
	schemas := contract(t).Components.Schemas
	property := func(schema, name string) []any { return schemas[schema].Value.Properties[name].Value.Enum }
	for name, c := range map[string]struct {
		contract []any
		parse    func(string) error
		count    int
	}{
		"outcome":   {schemas["Outcome"].Value.Enum, parses[law.Outcome](), 6},
		"case kind": {schemas["CaseKind"].Value.Enum, parses[law.CaseKind](), 3},
		"signatory": {schemas["Signatory"].Value.Enum, parses[law.Signatory](), 3},
		"role":      {schemas["LegalRole"].Value.Enum, parses[law.Role](), 3},
		"answer":    {schemas["Answer"].Value.Enum, parses[law.Answer](), 3},
		"equipment": {schemas["EquipmentClass"].Value.Enum, parses[law.EquipmentClass](), 5},
		"status":    {schemas["Status"].Value.Enum, parses[law.Status](), 4},
		"phase":     {property("Facts", "phase"), parses[law.Phase](), 3},
		"training":  {property("AuxiliaryFacts", "training"), parses[law.Training](), 5},
		"uniform":   {property("AuxiliaryFacts", "uniform"), parses[law.Uniform](), 4},
		"recording": {property("AuxiliaryFacts", "recording"), parses[law.Recording](), 4},
		"recusal":   {property("AuxiliaryFacts", "recusal"), parses[law.Recusal](), 4},
		"use":       {property("EquipmentFacts", "use"), parses[law.EquipmentUse](), 3},
		"presence":  {property("OfficerFacts", "presence"), parses[law.Presence](), 6},
		"mode":      {property("CommandOrder", "mode"), parses[law.CommandMode](), 3},
		"state":     {property("Obligation", "state"), parses[law.ObligationState](), 4},
		"tags":      {schemas["Tags"].Value.Items.Value.Enum, inSet[law.Tags](), 15},
		"vehicles":  {schemas["Vehicle"].Value.Enum, inSet[law.Vehicles](), 6},
	} {
		if len(c.contract) != c.count {
			t.Errorf("%s: %d words in the contract, want %d", name, len(c.contract), c.count)
		}
		for _, word := range c.contract {
			if err := c.parse(word.(string)); err != nil {
				t.Errorf("%s: the law does not know %q: %v", name, word, err)
			}
		}
	}
}

func parses[W any, P interface {
	*W
	UnmarshalText([]byte) error
}]() func(string) error {
	return func(word string) error { return P(new(W)).UnmarshalText([]byte(word)) }
}

func inSet[S any, P interface {
	*S
	UnmarshalJSON([]byte) error
}]() func(string) error {
	return func(word string) error { return P(new(S)).UnmarshalJSON([]byte(`["` + word + `"]`)) }
}
