package httpapi_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/httpapi"
	"github.com/dutybound/dutybound/internal/law"
)

func TestAnOrderArrivesWhole(t *testing.T) {
	t.Parallel()
	const body = `{"acts":["patrol","rescue"],"place":{"name":"较场口","lat":29.55,"lon":106.57,"datum":"gcj02"},"case_kind":"criminal",
		"tags":["highway","injury"],"urgency":"immediate","emergency":true,"evidence_use":true,"signatory":"officer","guard_named":"yes","note":"备注",
		"members":[{"person":"0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d","acts":["patrol"],"operates":["car","drone"]}],
		"officers":[{"person":"0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4e","lead":true,"on_duty":"no"}]}`
	r := newRooms()
	r.answer = dispatch.Answer{Task: dispatch.Task{ID: taskID}, Ruling: &dispatch.RulingRecord{ID: uuid.New()}}
	out, _ := r.request(t, http.MethodPost, "/v1/tasks", body).keyed().send()
	if out.StatusCode != http.StatusCreated || out.Header.Get("Location") != "/v1/tasks/"+taskID.String() {
		t.Fatalf("%d, location %q", out.StatusCode, out.Header.Get("Location"))
	}
	lat, lon := 29.55, 106.57
	want := dispatch.DispatchOrder{
		Order: dispatch.Order{
			Acts: []string{"patrol", "rescue"}, Place: duty.Place{Name: "较场口", Lat: &lat, Lon: &lon, Datum: duty.GCJ02},
			CaseKind: law.CaseCriminal, Tags: law.TagHighway | law.TagInjury, Urgency: dispatch.Immediate, Emergency: true, EvidenceUse: true,
			Signatory: law.SignatoryOfficer, GuardNamed: law.Yes, Note: "备注",
		},
		Members:  []dispatch.MemberOrder{{Person: taskID, Acts: []string{"patrol"}, Operates: law.Car | law.Drone}},
		Officers: []dispatch.OfficerOrder{{Person: officer.Person, Lead: true, OnDuty: law.No}},
	}
	if !reflect.DeepEqual(r.orders[0], want) {
		t.Errorf("got  %+v\nwant %+v", r.orders[0], want)
	}
}

// TestWhatIsLeftOutAssumesLeast.
func TestWhatIsLeftOutAssumesLeast(t *testing.T) {
	t.Parallel()
	r := newRooms()
	good[api.TaskAnswer](r.request(t, http.MethodPost, "/v1/tasks", order).keyed(), http.StatusCreated)
	want := dispatch.DispatchOrder{
		Order:   dispatch.Order{Acts: []string{"patrol"}, Place: duty.Place{Name: "较场口"}, Urgency: dispatch.Routine},
		Members: []dispatch.MemberOrder{{Person: taskID}},
	}
	if !reflect.DeepEqual(r.orders[0], want) {
		t.Errorf("got  %+v\nwant %+v", r.orders[0], want)
	}
}

func TestEachStepArrivesAsItself(t *testing.T) {
	t.Parallel()
	said := dispatch.Statement{Subject: officer.Person, Fact: "presence", Value: "present", ObservedAt: noon}
	const statement = `{"subject":"0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4e","fact":"presence","value":"present","observed_at":"2026-03-02T04:00:00Z"}`
	for path, c := range map[string]struct {
		body string
		want dispatch.Step
	}{
		"acknowledge": {"", dispatch.Acknowledge{}},
		"accept":      {"", dispatch.Accept{}},
		"decline":     {`{"reason":"回避"}`, dispatch.Decline{Reason: "回避"}},
		"start":       {`{"statements":[` + statement + `]}`, dispatch.Start{Statements: []dispatch.Statement{said}}},
		"pause":       {`{"reason":"x"}`, dispatch.Pause{Reason: "x"}},
		"resume":      {`{}`, dispatch.Resume{}},
		"finish":      {`{"report":"完成"}`, dispatch.Finish{Report: "完成"}},
		"cancel":      {`{"reason":"x"}`, dispatch.Cancel{Reason: "x"}},
		"reassign": {
			`{"add":[{"person":"0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d"}],"remove":["0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4e"]}`,
			dispatch.Reassign{Add: []dispatch.MemberOrder{{Person: taskID}}, Remove: []uuid.UUID{officer.Person}},
		},
		"lead": {
			`{"officer":"0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4e","on_duty":"yes"}`,
			dispatch.NameLead{Officer: dispatch.OfficerOrder{Person: officer.Person, Lead: true, OnDuty: law.Yes}},
		},
	} {
		r := newRooms()
		r.answer = dispatch.Answer{Task: dispatch.Task{ID: taskID}, Replay: true}
		q := r.request(t, http.MethodPost, "/v1/tasks/"+taskID.String()+"/"+path, c.body).keyed()
		good[api.TaskAnswer](q, http.StatusOK)
		if !reflect.DeepEqual(r.steps, []dispatch.Step{c.want}) {
			t.Errorf("%s: got %#v, want %#v", path, r.steps, c.want)
		}
		if out, _ := q.send(); out.Header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: a stored answer does not say so", path)
		}
	}
}

// TestACommandIsItsMethodPathAndBody: only the same request may have a stored answer.
func TestACommandIsItsMethodPathAndBody(t *testing.T) {
	t.Parallel()
	r := newRooms()
	hash := func(path, body string) [32]byte {
		r.request(t, http.MethodPost, path, body).keyed().send()
		return r.commands[len(r.commands)-1].Hash
	}
	one := hash("/v1/tasks/"+taskID.String()+"/pause", `{"reason":"a"}`)
	if again := hash("/v1/tasks/"+taskID.String()+"/pause", `{"reason":"a"}`); again != one {
		t.Error("the same request is another command")
	}
	for _, c := range [][2]string{
		{"/v1/tasks/" + taskID.String() + "/pause", `{"reason":"b"}`},
		{"/v1/tasks/" + taskID.String() + "/decline", `{"reason":"a"}`},
		{"/v1/tasks/" + officer.Person.String() + "/pause", `{"reason":"a"}`},
	} {
		if hash(c[0], c[1]) == one {
			t.Errorf("%v passes for another command", c)
		}
	}
	if id := r.commands[0].ID.String(); id != "0198f5a3-0c11-7a01-8f00-5d3f2c1b0a99" {
		t.Errorf("command id %s", id)
	}
}

func TestStatementsArriveWhole(t *testing.T) {
	t.Parallel()
	r := newRooms()
	good[api.Observed](r.request(t, http.MethodPost, "/v1/observations", `{"statements":[
		{"task":"0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d","fact":"presence","value":"remote","observed_at":"2026-03-02T12:00:00+08:00"}]}`).keyed(), 200)
	if len(r.said) != 1 || *r.said[0].Task != taskID || r.said[0].Fact != "presence" || r.said[0].Value != "remote" || !r.said[0].ObservedAt.Equal(noon) {
		t.Errorf("%+v", r.said)
	}
}

func TestListsAreFilteredAndPaged(t *testing.T) {
	t.Parallel()
	r := newRooms()
	tasks := good[api.TaskList](r.request(t, http.MethodGet,
		"/v1/tasks?state=started&mine=true&path=500000000000/&before="+taskID.String()+"&limit=1", ""), 200)
	if *tasks.Next != taskID || r.filter.State != dispatch.Started || !r.filter.Mine || r.filter.Path != "500000000000/" ||
		*r.filter.Before != taskID || r.filter.Limit != 2 || len(tasks.Tasks) != 1 {
		t.Errorf("%+v, filter %+v", tasks, r.filter)
	}
	if tasks = good[api.TaskList](r.request(t, http.MethodGet, "/v1/tasks", ""), 200); tasks.Next != nil || r.filter.Limit != 51 || len(tasks.Tasks) != 2 {
		t.Errorf("%+v, filter %+v", tasks, r.filter)
	}
	people := good[api.PersonList](r.request(t, http.MethodGet, "/v1/people?q=冉&class=officer&after=31&path=5/", ""), 200)
	if *people.Next != "FJ31021" || r.people.Text != "冉" || r.people.Class != duty.Officer || r.people.After != "31" || r.people.Organ != "5/" {
		t.Errorf("%+v, filter %+v", people, r.people)
	}
}

func TestACandidatesQuestionArrivesWhole(t *testing.T) {
	t.Parallel()
	r := newRooms()
	list := good[api.CandidateList](r.request(t, http.MethodGet,
		"/v1/candidates?acts=patrol,stop-and-question&tags=highway,injury&operates=car,drone&case_kind=criminal&emergency=true&path=5/&limit=7", ""), 200)
	want := dispatch.Question{
		Acts: []string{"patrol", "stop-and-question"}, CaseKind: law.CaseCriminal, Tags: law.TagHighway | law.TagInjury, Emergency: true,
		Operates: law.Car | law.Drone, Path: "5/", Limit: 7,
	}
	if !reflect.DeepEqual(r.question, want) || list.MayTotal != 1 || list.May[0].OpenTasks != 2 || len(list.Lack) != 0 {
		t.Errorf("%+v, asked %+v", list, r.question)
	}
}

// TestAnswersFitTheContract decodes every other answer strictly as what the contract says it is.
func TestAnswersFitTheContract(t *testing.T) {
	t.Parallel()
	r := newRooms()
	r.session.Actor.Grants = []duty.Grant{{Role: duty.RoleOfficer, Path: officer.Organ.Path}}
	get := func(path string) *request { return r.request(t, http.MethodGet, path, "") }
	me := good[api.Me](get("/v1/me"), 200)
	if me.Session.ID != officer.Session || me.Device.Name != "警务通" || me.OpenTasks != 2 || me.Grants[0].Role != api.AccessRoleOfficer {
		t.Errorf("%+v", me)
	}
	if organs := good[api.OrganList](get("/v1/organs"), 200); organs.Organs[0].Name != "江岸派出所" {
		t.Errorf("%+v", organs)
	}
	if person := good[api.PersonDetail](get("/v1/people/"+taskID.String()), 200); person.Person.ID != taskID {
		t.Errorf("%+v", person)
	}
	good[api.Person](r.request(t, http.MethodPut, "/v1/people/"+taskID.String()+"/status", `{"status":"suspended","reason":"x"}`), 200)
	device := good[api.Device](r.request(t, http.MethodPost, "/v1/people/"+taskID.String()+"/devices", `{"name":"x","platform":"ios"}`).keyed(), 201)
	if device.Person != taskID || device.Platform != api.PlatformIos {
		t.Errorf("%+v", device)
	}
	good[api.Device](r.request(t, http.MethodPost, "/v1/devices/"+taskID.String()+"/revoke", ""), 200)
	good[api.ActList](get("/v1/law/acts"), 200)
	good[api.ActDetail](get("/v1/law/acts/patrol"), 200)
	get("/v1/law/acts/no-such-act").problem(404, "not_found")
	good[api.ArticleList](get("/v1/law/articles"), 200)
	good[api.ArticleList](get("/v1/law/articles/15"), 200)
	get("/v1/law/articles/16").problem(404, "not_found")
	get("/v1/law/articles/15?instrument=nowhere-2020").problem(404, "not_found")
	get("/v1/law/articles?instrument=nowhere-2020").problem(404, "not_found")
	good[api.TaskView](get("/v1/tasks/"+taskID.String()), 200)
	history := good[api.TaskHistory](get("/v1/tasks/"+taskID.String()+"/history"), 200)
	if !history.Rulings[0].Facts.At.Equal(noon) || history.Rulings[0].Facts.Acts[0] != "patrol" || *history.Rulings[0].Ruling.ID != taskID {
		t.Errorf("%+v", history.Rulings[0])
	}
	good[api.FeedTicket](r.request(t, http.MethodPost, "/v1/feed/tickets", ""), 201)
	good[api.Health](get("/healthz"), 200)
	good[api.Health](get("/readyz"), 200)
	r.ready = fault.New(fault.Unavailable, "database_unavailable", "", "gone")
	get("/readyz").problem(503, "not_ready")
	for _, q := range []*request{
		r.request(t, http.MethodDelete, "/v1/sessions/current", ""),
		r.request(t, http.MethodPut, "/v1/me/password", `{"current":"a","new":"b"}`),
		r.request(t, http.MethodPut, "/v1/me/push-token", `{"token":""}`),
	} {
		if out, body := q.send(); out.StatusCode != http.StatusNoContent || len(body) > 0 {
			t.Errorf("%s %s: %d %s", q.method, q.path, out.StatusCode, body)
		}
	}
}

// TestSignInCarriesTheAddress: limits go by it, so nobody may choose it. The peer of a test is 0.0.0.0.
func TestSignInCarriesTheAddress(t *testing.T) {
	t.Parallel()
	const body = `{"person_number":"310111","password":"x","device":"0198f5a2-0000-7000-8000-000000000002"}`
	for name, c := range map[string]struct {
		proxies   []string
		forwarded []string
		want      string
	}{
		"no proxy, nothing said":          {nil, nil, "0.0.0.0"},
		"no proxy, a stranger's word":     {nil, []string{"203.0.113.7"}, "0.0.0.0"},
		"another proxy":                   {[]string{"10.0.0.1"}, []string{"203.0.113.7"}, "0.0.0.0"},
		"our proxy":                       {[]string{"0.0.0.0"}, []string{"203.0.113.7"}, "203.0.113.7"},
		"our proxy, a stranger's word":    {[]string{"0.0.0.0/8"}, []string{"198.51.100.1, 203.0.113.7"}, "203.0.113.7"},
		"two of ours":                     {[]string{"0.0.0.0", "10.0.0.0/8"}, []string{"198.51.100.1, 203.0.113.7, 10.1.2.3"}, "203.0.113.7"},
		"two of ours, on two lines":       {[]string{"0.0.0.0", "10.0.0.0/8"}, []string{"198.51.100.1,203.0.113.7", "10.1.2.3"}, "203.0.113.7"},
		"our proxy, no address":           {[]string{"0.0.0.0"}, []string{"unknown"}, "0.0.0.0"},
		"our proxy, an IPv6 client":       {[]string{"0.0.0.0"}, []string{"2001:db8::7"}, "2001:db8::7"},
		"our proxy, IPv4 written as IPv6": {[]string{"0.0.0.0"}, []string{"::ffff:203.0.113.7"}, "203.0.113.7"},
		"nothing but proxies":             {[]string{"0.0.0.0", "10.0.0.0/8"}, []string{"10.0.0.9"}, "10.0.0.9"},
	} {
		proxies, err := httpapi.ParseProxies(c.proxies)
		if err != nil {
			t.Fatal(err)
		}
		r := newRooms()
		config := r.config()
		config.Proxies = proxies
		q := r.request(t, http.MethodPost, "/v1/sessions", body)
		q.app, q.headers["X-Forwarded-For"] = httpapi.New(config), c.forwarded
		q.headers.Del("Authorization")
		in := good[api.SignedIn](q, http.StatusCreated)
		if in.Token != "t" || r.signIns[0].Number != "310111" || r.signIns[0].Device != officer.Device || r.signIns[0].Address != c.want {
			t.Errorf("%s: %+v, want address %s", name, r.signIns, c.want)
		}
	}
	for _, bad := range []string{"", "proxy.example", "10.0.0.0/33", "10.0.0"} {
		if _, err := httpapi.ParseProxies([]string{bad}); err == nil {
			t.Errorf("%q passes for a proxy", bad)
		}
	}
}

// TestSomebodyElsesPasswordIsOnlyGoodForChangingIt.
func TestSomebodyElsesPasswordIsOnlyGoodForChangingIt(t *testing.T) {
	t.Parallel()
	r := newRooms()
	r.session.MustChange = true
	r.request(t, http.MethodGet, "/v1/tasks", "").problem(http.StatusForbidden, "password_change_required")
	r.request(t, http.MethodPost, "/v1/feed/tickets", "").problem(http.StatusForbidden, "password_change_required")
	if me := good[api.Me](r.request(t, http.MethodGet, "/v1/me", ""), 200); !me.Session.MustChangePassword {
		t.Error("not told")
	}
	if out, _ := r.request(t, http.MethodPut, "/v1/me/password", `{"current":"a","new":"b"}`).send(); out.StatusCode != 204 {
		t.Errorf("changing it: %d", out.StatusCode)
	}
}

// TestFactsGoOverAsTheyAre: the facts of a kept ruling say the same on the wire as in the case format.
func TestFactsGoOverAsTheyAre(t *testing.T) {
	t.Parallel()
	const facts = `{"at":"2026-03-02T08:00:00+08:00","phase":"start","acts":["traffic-direction"],"tags":["highway"],"guard_named":false,
		"arrangement":{"organ":true,"officer":"no"},"command":{"mode":"lead","recorded":true},
		"decisions":[{"citation":"cq-2021 17(1)","fact":"id_card=unknown","person":"a1","allow":true}],"officers":[{"id":"o1","lead":true,"presence":"present"}],
		"auxiliaries":[{"id":"a1","role":"field","id_card":"unknown","operates":["car"],"equipment":[{"class":"restraint","item":"约束带","use":"carry"}]}]}`
	r := newRooms()
	good[api.Ruling](r.request(t, http.MethodPost, "/v1/rulings", facts), 200)
	text, err := json.Marshal(r.facts[0])
	if err != nil {
		t.Fatal(err)
	}
	good[api.Ruling](r.request(t, http.MethodPost, "/v1/rulings", string(text)), 200)
	if !reflect.DeepEqual(r.facts[0], r.facts[1]) {
		t.Errorf("once %+v\nagain %+v", r.facts[0], r.facts[1])
	}
}

// A key goes to its room as it came, with how the request says who asks; the nonce that comes back is told.
func TestAKeyIsEnrolled(t *testing.T) {
	t.Parallel()
	r := newRooms()
	r.nonce = "the next one"
	const jwk = `{"kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"}`
	answer := r.request(t, http.MethodPost, "/v1/devices/current/key", `{"jwk":`+jwk+`,"attestation":{"claimed":"hardware"}}`)
	device := good[api.Device](answer, 200)
	if device.Key.Thumbprint != "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" || device.Key.Attestation != api.AttestationNone {
		t.Errorf("%+v", device.Key)
	}
	if len(r.askings) != 1 || r.askings[0].Method != "POST" || r.askings[0].Token == "" || r.keys[0].Claimed != "hardware" {
		t.Errorf("%+v %+v", r.askings, r.keys)
	}
	for _, bad := range []string{`{}`, `{"jwk":` + strings.Replace(jwk, "{", `{"d":"x",`, 1) + `}`, `{"jwk":` + strings.Replace(jwk, "P-256", "P-384", 1) + `}`} {
		r.request(t, http.MethodPost, "/v1/devices/current/key", bad).problem(400, "invalid_request")
	}
}

// TestAPhoneIsBroughtUpToDate: what is there with its ruling, what is gone, where to go on; and a cursor that cannot be one.
func TestAPhoneIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	r := newRooms()
	state := good[api.PhoneState](r.request(t, http.MethodGet, "/v1/sync?after=7&mark=0123456789abcdef&from="+taskID.String(), ""), 200)
	if c := r.cursors[0]; *c.After != 7 || c.Mark != "0123456789abcdef" || *c.From != taskID {
		t.Errorf("%+v", c)
	}
	switch there, gone := state.Tasks[0], state.Tasks[1]; {
	case there.Task == nil, there.Gone != nil, gone.Task != nil, gone.Gone == nil || !*gone.Gone,
		*state.Next != officer.Device, state.Me.ID != officer.Person, state.Messages[0].Kind != "dispatched",
		state.Rulings[0].Task != taskID, state.Rulings[0].Ruling.Outcome != api.OutcomeUnmet, !state.Violations[0].Since.Equal(noon):
		t.Errorf("%+v", state)
	}
	for query, field := range map[string]string{
		"from=" + taskID.String(): "query/after", "after=-1": "query/after", "after=x": "query/after", "mark=x": "query/mark", "after=1&from=x": "query/from",
	} {
		p := r.request(t, http.MethodGet, "/v1/sync?"+query, "").problem(http.StatusBadRequest, "invalid_request")
		if len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s: %+v", query, p.Errors)
		}
	}
	for body, mine := range map[string]bool{`{"scope":"mine"}`: true, `{"scope":"organ"}`: false, `{}`: false, "": false} {
		good[api.FeedTicket](r.request(t, http.MethodPost, "/v1/feed/tickets", body), 201)
		if r.mine != mine {
			t.Errorf("%s: mine %v", body, r.mine)
		}
	}
	r.request(t, http.MethodPost, "/v1/feed/tickets", `{"scope":"all"}`).problem(http.StatusBadRequest, "invalid_request")
}
