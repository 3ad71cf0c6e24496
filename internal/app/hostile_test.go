package app_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// attack is a request that no good client sends. Field is the place the problem must name; empty: the request as a whole.
type attack struct {
	method, path string // POST /v1/tasks when left out
	header       http.Header
	body         string
	status       int
	code, field  string
}

// good is a lawful order with one thing put in or changed.
func good(person uuid.UUID, old, changed string) string {
	order := fmt.Sprintf(`{"acts":["patrol"],"place":{"name":"江岸码头"},"members":[{"person":"%s"}]}`, person)
	return strings.Replace(order, old, changed, 1)
}

func attacks(p uuid.UUID) map[string]attack {
	observed := func(at string) string {
		return fmt.Sprintf(`{"statements":[{"fact":"recording","value":"on","observed_at":%s}]}`, at)
	}
	deep := strings.Repeat(`[`, 5000) + strings.Repeat(`]`, 5000)
	million := `["patrol"` + strings.Repeat(`,"patrol"`, 1_000_000) + `]`
	return map[string]attack{
		"a key twice":           {body: good(p, `{"acts"`, `{"acts":["search"],"acts"`), status: 400, code: "malformed_json", field: "body/acts"},
		"a key twice deep down": {body: good(p, `"name"`, `"name":"甲","name"`), status: 400, code: "malformed_json", field: "body/place/name"},
		"a key twice, escaped":  {body: good(p, `{"acts"`, `{"\u0061cts":["search"],"acts"`), status: 400, code: "malformed_json", field: "body/acts"},
		"an unknown key":        {body: good(p, `{"acts"`, `{"state":"started","acts"`), status: 400, code: "invalid_request", field: "body/state"},
		"an unknown key deep down": {
			body: good(p, `[{"person"`, `[{"class":"officer","person"`), status: 400, code: "invalid_request", field: "body/members/0/class",
		},
		"a key of another case":   {body: good(p, `"acts"`, `"Acts"`), status: 400, code: "invalid_request", field: "body/Acts"},
		"two documents":           {body: good(p, "", "") + `{}`, status: 400, code: "malformed_json", field: "body"},
		"a comment":               {body: good(p, "", "") + `//`, status: 400, code: "malformed_json", field: "body"},
		"half a document":         {body: `{"acts":["patrol"`, status: 400, code: "malformed_json", field: "body/acts"},
		"no document":             {body: ``, status: 400, code: "malformed_json", field: "body"},
		"null":                    {body: `null`, status: 400, code: "invalid_request", field: "body"},
		"a list":                  {body: `[]`, status: 400, code: "invalid_request", field: "body"},
		"deep nesting":            {body: good(p, `["patrol"]`, deep), status: 400, code: "malformed_json"},
		"nothing but nesting":     {body: deep, status: 400, code: "malformed_json"},
		"more than fits":          {body: good(p, `"江岸码头"`, `"`+strings.Repeat("江", 200_000)+`"`), status: 413, code: "too_large"},
		"a million acts":          {body: good(p, `["patrol"]`, million), status: 413, code: "too_large"},
		"as many acts as fit":     {body: good(p, `["patrol"]`, `["patrol"`+strings.Repeat(`,"a"`, 60_000)+`]`), status: 400, code: "invalid_request", field: "body/acts"},
		"a note that is too long": {body: good(p, `{"acts"`, `{"note":"`+strings.Repeat("长", 2001)+`","acts"`), status: 400, code: "invalid_request", field: "body/note"},
		"an act of no catalogue":  {body: good(p, "patrol", "dancing"), status: 400, code: "invalid_request", field: "body/acts/0"},
		"an act that is no word":  {body: good(p, "patrol", "../patrol"), status: 400, code: "invalid_request", field: "body/acts/0"},
		"an act twice":            {body: good(p, `"patrol"`, `"patrol","patrol"`), status: 400, code: "invalid_request", field: "body/acts"},
		"a member twice": {
			body: good(p, `[{`, `[{"person":"`+p.String()+`"},{`), status: 400, code: "invalid_request", field: "body/members/1/person",
		},
		"nobody":                     {body: good(p, `{"person":"`+p.String()+`"}`, ``), status: 400, code: "invalid_request", field: "body/members"},
		"a person who is no UUID":    {body: good(p, p.String(), "1 OR 1=1"), status: 400, code: "invalid_request", field: "body/members/0/person"},
		"a UUID in another form":     {body: good(p, p.String(), "{"+p.String()+"}"), status: 400, code: "invalid_request", field: "body/members/0/person"},
		"a person who is a number":   {body: good(p, `"`+p.String()+`"`, "7"), status: 400, code: "invalid_request", field: "body/members/0/person"},
		"the nil person":             {body: good(p, p.String(), uuid.Nil.String()), status: 400, code: "invalid_request", field: "body/members/0/person"},
		"a place beyond the pole":    {body: good(p, `"江岸码头"`, `"江岸码头","lat":91,"lon":0,"datum":"wgs84"`), status: 400, code: "invalid_request", field: "body/place/lat"},
		"a place without its datum":  {body: good(p, `"江岸码头"`, `"江岸码头","lat":29,"lon":106`), status: 400, code: "invalid_request", field: "body/place/datum"},
		"a number that is none":      {body: good(p, `"江岸码头"`, `"江岸码头","lat":1e999,"lon":0,"datum":"wgs84"`), status: 400, field: "body/place/lat"},
		"what is not UTF-8":          {body: good(p, `江岸码头`, "江\xff\xfe"), status: 400, code: "malformed_json", field: "body"},
		"half a surrogate":           {body: good(p, `{"acts"`, `{"note":"\ud800","acts"`), status: 201},
		"NUL in a string":            {body: good(p, `江岸码头`, `江\u0000岸`), status: 400, code: "invalid_request", field: "body/place/name"},
		"a command without a key":    {header: http.Header{}, body: good(p, "", ""), status: 400, code: "invalid_request", field: "header/Idempotency-Key"},
		"a key that is no UUID":      {header: http.Header{"Idempotency-Key": {"1"}}, body: good(p, "", ""), status: 400, code: "invalid_request", field: "header/Idempotency-Key"},
		"two keys":                   {header: http.Header{"Idempotency-Key": {uuid.NewString(), uuid.NewString()}}, body: good(p, "", ""), status: 400, code: "invalid_request", field: "header/Idempotency-Key"},
		"a form":                     {header: typed("application/x-www-form-urlencoded"), body: good(p, "", ""), status: 415, code: "unsupported_media_type"},
		"text":                       {header: typed("text/plain"), body: good(p, "", ""), status: 415, code: "unsupported_media_type"},
		"XML":                        {header: typed("application/xml"), body: `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>`, status: 415, code: "unsupported_media_type"},
		"a packed body":              {header: with(typed("application/json"), "Content-Encoding", "gzip"), body: good(p, "", ""), status: 415, code: "unsupported_media_type"},
		"headers without end":        {header: with(keyed(), "X-Long", strings.Repeat("x", 20_000)), body: good(p, "", ""), status: 431, code: "headers_too_large"},
		"a body where none is taken": {path: "/v1/tasks/" + p.String() + "/accept", body: `{"force":true}`, status: 400, code: "invalid_request", field: "body"},

		"a wrong method":           {method: "PATCH", path: "/v1/tasks", body: `{}`, status: 405, code: "method_not_allowed"},
		"a method nobody knows":    {method: "BREW", path: "/v1/tasks", status: 405, code: "method_not_allowed"},
		"a method override":        {method: "GET", path: "/v1/sessions/current", header: http.Header{"X-Http-Method-Override": {"DELETE"}}, status: 405},
		"another case of the path": {method: "GET", path: "/V1/me", status: 404, code: "no_such_route"},
		"a trailing slash":         {method: "GET", path: "/v1/me/", status: 404, code: "no_such_route"},
		"a doubled slash":          {method: "GET", path: "//v1//me", status: 404, code: "no_such_route"},
		"dots in the path":         {method: "GET", path: "/v1/tasks/../../healthz/x", status: 404, code: "no_such_route"},
		"escaped dots":             {method: "GET", path: "/v1/people/%2e%2e%2fme", status: 400, code: "invalid_request", field: "path/id"},
		"an escaped slash":         {method: "GET", path: "/v1/tasks/%2e%2e%2fhistory", status: 400, code: "invalid_request", field: "path/id"},
		"an id that is none":       {method: "GET", path: "/v1/tasks/1;DROP TABLE task", status: 400, code: "invalid_request", field: "path/id"},
		"an escaped NUL":           {method: "GET", path: "/v1/law/acts/a%00b", status: 400, code: "invalid_request", field: "path/code"},
		"an act that is a path":    {method: "GET", path: "/v1/law/acts/..%2f..%2fetc%2fpasswd", status: 400, code: "invalid_request", field: "path/code"},
		"an unknown parameter":     {method: "GET", path: "/v1/tasks?state=started&all=true", status: 400, code: "invalid_request", field: "query/all"},
		"a parameter twice":        {method: "GET", path: "/v1/tasks?limit=1&limit=2", status: 400, code: "invalid_request", field: "query/limit"},
		"a limit beyond all":       {method: "GET", path: "/v1/tasks?limit=99999999999999999999", status: 400, code: "invalid_request", field: "query/limit"},
		"a negative limit":         {method: "GET", path: "/v1/people?limit=-1", status: 400, code: "invalid_request", field: "query/limit"},
		"a NUL that is searched":   {method: "GET", path: "/v1/people?q=%00", status: 400, code: "invalid_request", field: "query/q"},
		"a search not in UTF-8":    {method: "GET", path: "/v1/people?q=%ff%fe", status: 400, code: "invalid_request", field: "query/q"},
		"a page after not UTF-8":   {method: "GET", path: "/v1/people?after=%c3%28", status: 400, code: "invalid_request", field: "query/after"},
		"half an escape":           {method: "GET", path: "/v1/people?q=%", status: 400, code: "invalid_request", field: "query"},
		"a path of wild cards":     {method: "GET", path: "/v1/people?path=%25", status: 400, code: "invalid_request", field: "query/path"},

		"a clock of the first day":     {path: "/v1/observations", body: observed(`"1970-01-01T00:00:00Z"`), status: 200},
		"a clock of the last day":      {path: "/v1/observations", body: observed(`"9999-12-31T23:59:59Z"`), status: 200},
		"a clock before all clocks":    {path: "/v1/observations", body: observed(`"0001-01-01T00:00:00Z"`), status: 400, code: "invalid_request", field: "body/statements/0/observed_at"},
		"a year that does not fit":     {path: "/v1/observations", body: observed(`"19999-01-01T00:00:00Z"`), status: 400, code: "invalid_request", field: "body/statements/0/observed_at"},
		"a day that never was":         {path: "/v1/observations", body: observed(`"2026-02-30T00:00:00Z"`), status: 400, code: "invalid_request", field: "body/statements/0/observed_at"},
		"a time without its offset":    {path: "/v1/observations", body: observed(`"2026-03-02T08:00:00"`), status: 400, code: "invalid_request", field: "body/statements/0/observed_at"},
		"a time that is a number":      {path: "/v1/observations", body: observed(`1772409600`), status: 400, code: "invalid_request", field: "body/statements/0/observed_at"},
		"an extreme offset":            {path: "/v1/observations", body: observed(`"2026-03-02T08:00:00-23:59"`), status: 200},
		"an offset of a day":           {path: "/v1/observations", body: observed(`"2026-03-02T08:00:00+24:00"`), status: 400, code: "invalid_request", field: "body/statements/0/observed_at"},
		"the year 10000 elsewhere":     {path: "/v1/observations", body: observed(`"9999-12-31T23:59:59-23:59"`), status: 400, code: "invalid_request", field: "body/statements/0/observed_at"},
		"no statement":                 {path: "/v1/observations", body: `{"statements":[]}`, status: 400, code: "invalid_request", field: "body/statements"},
		"a hundred and one statements": {path: "/v1/observations", body: `{"statements":[` + strings.Repeat(`{"fact":"recording","value":"on","observed_at":"2026-03-02T08:00:00Z"},`, 100) + `{"fact":"recording","value":"on","observed_at":"2026-03-02T08:00:00Z"}]}`, status: 400, code: "invalid_request", field: "body/statements"},
		"a fact of no catalogue":       {path: "/v1/observations", body: strings.Replace(observed(`"2026-03-02T08:00:00Z"`), "recording", "online", 1), status: 400, code: "invalid_request", field: "body/statements/0/fact"},
		"online is not recording":      {path: "/v1/observations", body: strings.Replace(observed(`"2026-03-02T08:00:00Z"`), `"on"`, `"online"`, 1), status: 400, code: "invalid_request", field: "body/statements/0/value"},
		"somebody else's presence, of no task": {
			path: "/v1/observations", status: 404,
			body: fmt.Sprintf(`{"statements":[{"subject":"%s","task":"%s","fact":"presence","value":"present","observed_at":"2026-03-02T08:00:00Z"}]}`, p, uuid.New()),
		},
		"a recusal in passing": {
			path: "/v1/observations", status: 400, code: "invalid_request", field: "body/statements/0/fact",
			body: fmt.Sprintf(`{"statements":[{"task":"%s","fact":"recusal","value":"pending","observed_at":"2026-03-02T08:00:00Z"}]}`, uuid.New()),
		},
	}
}

func typed(media string) http.Header { return with(keyed(), "Content-Type", media) }

func with(h http.Header, name, value string) http.Header {
	h.Set(name, value)
	return h
}

// Whatever is sent, the answer is a problem that says where, never a failure of ours, and the server goes on.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	attacker, person := o.officer(), o.auxiliary().person
	for name, a := range attacks(person) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if a.method == "" {
				a.method = http.MethodPost
			}
			if a.path == "" {
				a.path = "/v1/tasks"
			}
			if a.header == nil {
				a.header = keyed()
			}
			status, answer := o.raw(t, attacker.token, a)
			if status != a.status {
				t.Fatalf("%d, want %d: %.300s", status, a.status, answer)
			}
			if status < 300 {
				return
			}
			if !strings.Contains(answer, `"code":"`+a.code) || !strings.Contains(answer, `"request_id":"`) {
				t.Errorf("no problem %s: %.300s", a.code, answer)
			}
			if a.field != "" && !strings.Contains(answer, `"field":"`+a.field+`"`) {
				t.Errorf("%s is not named: %.300s", a.field, answer)
			}
		})
	}
	t.Cleanup(func() {
		(&hand{s: o.station}).get("/readyz").want(200)
		attacker.get("/v1/me").want(200)
	})
}

// raw sends a request as it is written, which a proper client would not.
func (o *office) raw(t *testing.T, token string, a attack) (status int, answer string) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(o.url, "http://"), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var request bytes.Buffer
	path := strings.ReplaceAll(a.path, " ", "%20")
	fmt.Fprintf(&request, "%s %s HTTP/1.1\r\nHost: station\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n", a.method, path, token, len(a.body))
	if a.header.Get("Content-Type") == "" {
		a.header.Set("Content-Type", "application/json")
	}
	if err := a.header.Write(&request); err != nil {
		t.Fatal(err)
	}
	request.WriteString("\r\n" + a.body)
	go func() { _, _ = conn.Write(request.Bytes()) }() // a refused body is not read to its end
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got.StatusCode, string(text)
}

// Nothing hostile reaches the record: a phone's clock is kept as testimony beside the time of the server (I8).
func TestAPhonesClockOrdersNothing(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	task := u.dispatcher.begun(u.member)
	for _, at := range []string{"9999-12-31T23:59:59Z", "1970-01-01T00:00:00Z"} { // the later word is the one received later
		value := map[string]string{"9999-12-31T23:59:59Z": "off", "1970-01-01T00:00:00Z": "on"}[at]
		u.member.post("/v1/observations", saying(object{"fact": "recording", "value": value, "observed_at": at})).want(200)
	}
	view := u.dispatcher.get("/v1/tasks/" + task).want(200)
	if view.text("task", "latest_outcome") != "permitted" {
		t.Errorf("the camera is on by the server's clock: %s", view.raw)
	}
	kinds := u.dispatcher.history(task).each("kind", "events")
	if got := strings.Join(kinds[len(kinds)-4:], " "); got != "recording.changed task.violation recording.changed task.lawful_again" {
		t.Errorf("the record ends with %s", got)
	}
}
