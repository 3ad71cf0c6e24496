package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gofiber/fiber/v2"

	"github.com/dutybound/dutybound/internal/fault"
)

// validatedBody is where the generated server looks for a body that has been judged already.
const validatedBody = validatedBodyLocalsKey

// checkRequest holds a request to the contract. Whatever is wrong with its parameters and its body is told at once, place by place.
func (op *operation) checkRequest(c *fiber.Ctx) error {
	bad, err := op.checkParameters(c)
	if err != nil {
		return err
	}
	inBody, err := op.checkBody(c)
	if err != nil {
		return err
	}
	if bad = append(bad, inBody...); len(bad) == 0 {
		return nil
	}
	slices.SortFunc(bad, func(a, b fault.Field) int { return strings.Compare(a.Field, b.Field) }) // maps have no order
	problem := fault.BadField(bad[0].Field, bad[0].Message)
	problem.Fields = bad
	return problem
}

func (op *operation) checkParameters(c *fiber.Ctx) (bad []fault.Field, err error) {
	query, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		return nil, fault.BadField("query", "is not a query string")
	}
	for name := range query {
		if op.parameters.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			bad = append(bad, fault.Field{Field: "query/" + pointer(name), Message: "is unknown"})
		}
	}
	for _, ref := range op.parameters {
		p := ref.Value
		for _, f := range checkParameter(p, given(c, query, p)) {
			f.Field = p.In + "/" + p.Name + f.Field
			bad = append(bad, f)
		}
	}
	return bad, nil
}

// given lists the values a request has for a parameter.
func given(c *fiber.Ctx, query url.Values, p *openapi3.Parameter) (values []string) {
	switch p.In {
	case openapi3.ParameterInPath:
		return []string{c.Params(p.Name)}
	case openapi3.ParameterInHeader:
		for _, v := range c.Request().Header.PeekAll(p.Name) {
			values = append(values, string(v))
		}
		return values
	default:
		return query[p.Name]
	}
}

// checkParameter judges one parameter; fields are JSON pointers into its value.
func checkParameter(p *openapi3.Parameter, values []string) []fault.Field {
	wrong := func(message string) []fault.Field { return []fault.Field{{Message: message}} }
	switch {
	case len(values) == 0 && p.Required:
		return wrong("is required")
	case len(values) == 0:
		return nil
	case len(values) > 1:
		return wrong("is given more than once")
	case !utf8.ValidString(values[0]):
		return wrong("is not UTF-8")
	case strings.ContainsRune(values[0], 0):
		return wrong("must not contain the character U+0000")
	}
	return violations(p.Schema.Value, typed(p.Schema.Value, values[0]))
}

// typed reads a parameter as its schema has it, a list with commas between its values; what cannot be read so stays text, which the
// schema refuses.
func typed(schema *openapi3.Schema, text string) any {
	switch {
	case schema.Type.Is(openapi3.TypeInteger):
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return json.Number(strconv.FormatInt(n, 10))
		}
	case schema.Type.Is(openapi3.TypeNumber):
		if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
	case schema.Type.Is(openapi3.TypeBoolean):
		if text == "true" || text == "false" {
			return text == "true"
		}
	case schema.Type.Is(openapi3.TypeArray):
		list := []any{}
		for item := range strings.SplitSeq(text, ",") {
			list = append(list, typed(schema.Items.Value, item))
		}
		return list
	}
	return text
}

func (op *operation) checkBody(c *fiber.Ctx) ([]fault.Field, error) {
	body := c.BodyRaw() // as it came: unpacking is a way to make little of much
	if op.body == nil || (len(body) == 0 && op.optional) {
		if len(body) > 0 {
			return nil, fault.BadField("body", "is not expected here")
		}
		c.Locals(validatedBody, map[string]any{}) // left out, it says what an empty one says
		return nil, nil
	}
	media, _, _ := strings.Cut(c.Get(fiber.HeaderContentType), ";")
	if !strings.EqualFold(strings.TrimSpace(media), op.media) || c.Get(fiber.HeaderContentEncoding) != "" {
		return nil, fiber.ErrUnsupportedMediaType
	}
	if op.media != fiber.MIMEApplicationJSON {
		return nil, nil // a file is judged by who reads it
	}
	value, err := strictJSON(body)
	if err != nil {
		return nil, err
	}
	c.Locals(validatedBody, value)
	bad := violations(op.body, value)
	for i := range bad {
		bad[i].Field = "body" + bad[i].Field
	}
	return bad, nil
}

// maxViolations are told of one request; more would help nobody.
const maxViolations = 20

// violations says where a value is not as the schema wants it; fields are JSON pointers into it.
func violations(schema *openapi3.Schema, value any) (bad []fault.Field) {
	collect(schema.VisitJSON(value, schemaOptions...), &bad)
	return bad
}

func collect(err error, into *[]fault.Field) {
	var many openapi3.MultiError
	var one *openapi3.SchemaError
	switch {
	case err == nil || len(*into) == maxViolations:
	case errors.As(err, &many):
		for _, e := range many {
			collect(e, into)
		}
	case errors.As(err, &one):
		*into = append(*into, violation(one))
	default:
		*into = append(*into, fault.Field{Message: err.Error()})
	}
}

func violation(e *openapi3.SchemaError) fault.Field {
	field := ""
	for _, step := range e.JSONPointer() {
		field += "/" + pointer(step)
	}
	var key string
	if _, err := fmt.Sscanf(e.Reason, "property %q is unsupported", &key); err == nil {
		return fault.Field{Field: field + "/" + pointer(key), Message: "is unknown"}
	}
	if _, err := fmt.Sscanf(e.Reason, "property %q is missing", &key); err == nil {
		return fault.Field{Field: field, Message: "is required"}
	}
	return fault.Field{Field: field, Message: message(e)}
}

// message puts what a schema asks for into words.
func message(e *openapi3.SchemaError) string {
	switch e.SchemaField {
	case "enum":
		return fmt.Sprintf("must be one of %v", e.Schema.Enum)
	case "pattern":
		return "must match " + e.Schema.Pattern
	case "format":
		if e.Origin != nil {
			return e.Origin.Error()
		}
	}
	return e.Reason
}
