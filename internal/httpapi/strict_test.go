package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
)

const order = `{"acts":["patrol"],"place":{"name":"较场口"},"members":[{"person":"0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d"}]}`

// TestBodiesAreReadStrictly: nothing that was sent is passed over, and each bad place is named.
func TestBodiesAreReadStrictly(t *testing.T) {
	t.Parallel()
	edit := func(old, next string) string {
		if !strings.Contains(order, old) {
			t.Fatalf("%s is not in the order", old)
		}
		return strings.Replace(order, old, next, 1)
	}
	const invalid, malformed = "invalid_request", "malformed_json"
	for name, c := range map[string]struct {
		body, code string
		fields     []string
	}{
		"unknown key":         {edit(`"acts"`, `"note2":"x","acts"`), invalid, []string{"body/note2"}},
		"unknown key, deeper": {edit(`{"name"`, `{"nme":"x","name"`), invalid, []string{"body/place/nme"}},
		"another case":        {edit(`"acts"`, `"Acts"`), invalid, []string{"body/Acts", "body/acts"}},
		"a key twice":         {edit(`"acts"`, `"acts":[],"acts"`), malformed, []string{"body/acts"}},
		"a key twice, escaped": {
			edit(`"acts"`, `"\u0061cts":[],"acts"`), malformed, []string{"body/acts"},
		},
		"a key twice, deeper":  {edit(`{"name"`, `{"name":"a","name"`), malformed, []string{"body/place/name"}},
		"something after":      {order + `{}`, malformed, []string{"body"}},
		"something else after": {order + `x`, malformed, []string{"body"}},
		"cut off":              {order[:len(order)-1], malformed, []string{"body"}},
		"no JSON":              {`acts=patrol`, malformed, []string{"body"}},
		"not UTF-8":            {edit("较场口", "\xff\xfe"), malformed, []string{"body"}},
		"nothing":              {``, malformed, []string{"body"}},
		"too deep":             {strings.Repeat(`[`, 40) + strings.Repeat(`]`, 40), malformed, []string{"body" + strings.Repeat("/0", 17)}},
		"a list":               {`[]`, invalid, []string{"body"}},
		"null":                 {`null`, invalid, []string{"body"}},
		"NUL":                  {edit("较场口", `a\u0000b`), invalid, []string{"body/place/name"}},
		"null for a value":     {edit(`["patrol"]`, `null`), invalid, []string{"body/acts"}},
		"a code's form":        {edit(`patrol`, `PATROL`), invalid, []string{"body/acts/0"}},
		"an act twice":         {edit(`["patrol"]`, `["patrol","patrol"]`), invalid, []string{"body/acts"}},
		"no acts":              {edit(`["patrol"]`, `[]`), invalid, []string{"body/acts"}},
		"a missing key":        {edit(`"acts":["patrol"],`, ``), invalid, []string{"body/acts"}},
		"no UUID":              {edit(`0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d`, `7`), invalid, []string{"body/members/0/person"}},
		"a UUID in braces": {
			edit(`0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d`, `{0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d}`), invalid, []string{"body/members/0/person"},
		},
		"an unknown word": {edit(`"acts"`, `"case_kind":"civil","acts"`), invalid, []string{"body/case_kind"}},
		"an unknown tag":  {edit(`"acts"`, `"tags":["fog"],"acts"`), invalid, []string{"body/tags/0"}},
		"text for a flag": {edit(`"acts"`, `"emergency":"true","acts"`), invalid, []string{"body/emergency"}},
		"too long":        {edit(`"acts"`, `"note":"`+strings.Repeat("夜", 2001)+`","acts"`), invalid, []string{"body/note"}},
		"out of range":    {edit(`{"name"`, `{"lat":91,"lon":0,"datum":"wgs84","name"`), invalid, []string{"body/place/lat"}},
		"several at once": {
			edit(`{"acts":["patrol"],`, `{"acts":[7],"urgency":"soon","x":1,`), invalid, []string{"body/acts/0", "body/urgency", "body/x"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRooms()
			q := r.request(t, http.MethodPost, "/v1/tasks", c.body).keyed().with("Content-Type", "application/json")
			q.bad(c.code, c.fields...)
			if len(r.orders) > 0 {
				t.Error("it was carried out all the same")
			}
		})
	}
}

func TestParametersAreReadStrictly(t *testing.T) {
	t.Parallel()
	for path, field := range map[string]string{
		"/v1/tasks/7": "path/id",
		"/v1/tasks/%7B0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d%7D": "path/id",
		"/v1/candidates":                          "query/acts",
		"/v1/candidates?acts=patrol,":             "query/acts/1",
		"/v1/candidates?acts=a&acts=b":            "query/acts",
		"/v1/candidates?acts=a&tags=highway,sun":  "query/tags/1",
		"/v1/tasks?limit=0":                       "query/limit",
		"/v1/tasks?limit=201":                     "query/limit",
		"/v1/tasks?limit=ten":                     "query/limit",
		"/v1/tasks?limit=1e1":                     "query/limit",
		"/v1/tasks?limit=1&limit=2":               "query/limit",
		"/v1/tasks?Limit=1":                       "query/Limit",
		"/v1/tasks?organ=x":                       "query/organ",
		"/v1/tasks?state=lost":                    "query/state",
		"/v1/tasks?mine=1":                        "query/mine",
		"/v1/tasks?before=yesterday":              "query/before",
		"/v1/tasks?path=5%25":                     "query/path",
		"/v1/tasks?a=%zz":                         "query",
		"/v1/people?q=%00":                        "query/q",
		"/v1/people?class=sheriff":                "query/class",
		"/v1/law/acts/PATROL":                     "path/code",
		"/v1/law/articles/sixteen":                "path/number",
		"/v1/law/articles/0":                      "path/number",
		"/v1/law/articles?instrument=CQ":          "query/instrument",
		"/v1/people?q=" + strings.Repeat("a", 65): "query/q",
	} {
		newRooms().request(t, http.MethodGet, path, "").bad("invalid_request", field)
	}
}

func TestCommandsNeedAKey(t *testing.T) {
	t.Parallel()
	q := newRooms().request(t, http.MethodPost, "/v1/tasks", order)
	q.bad("invalid_request", "header/Idempotency-Key")
	q.with("Idempotency-Key", "1").bad("invalid_request", "header/Idempotency-Key")
	q.headers["Idempotency-Key"] = []string{taskID.String(), taskID.String()}
	q.bad("invalid_request", "header/Idempotency-Key")
}

func TestOnlyPlainJSONIsRead(t *testing.T) {
	t.Parallel()
	q := newRooms().request(t, http.MethodPost, "/v1/tasks", order).keyed()
	for _, media := range []string{"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/problem+json"} {
		q.with("Content-Type", media).problem(http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
	q.with("Content-Type", "application/json; charset=utf-8").with("Content-Encoding", "gzip").
		problem(http.StatusUnsupportedMediaType, "unsupported_media_type")
	newRooms().request(t, http.MethodPost, "/v1/tasks/"+taskID.String()+"/accept", `{}`).keyed().bad("invalid_request", "body")
}
