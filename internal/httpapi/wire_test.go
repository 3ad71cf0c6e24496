package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/httpapi"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/openapi"
)

// full is a task with something in every place.
func full() dispatch.Task {
	lat, lon, later, ruling := 29.55, 106.57, noon.Add(1), uuid.New()
	return dispatch.Task{
		ID: taskID, Organ: officer.Organ, State: dispatch.Cancelled, Version: 7, Epoch: 3,
		Order: dispatch.Order{
			Acts: []string{"patrol"}, Place: duty.Place{Name: "较场口", Lat: &lat, Lon: &lon, Datum: duty.GCJ02}, CaseKind: law.CaseCriminal,
			Tags: law.TagHighway, Urgency: dispatch.Urgent, Emergency: true, EvidenceUse: true, Signatory: law.SignatoryOfficer,
			GuardNamed: law.Yes, Note: "备注",
		},
		Members: []dispatch.Member{{
			Person: taskID, Number: "FJ31021", Name: "冉明远", Class: duty.FieldAuxiliary, Acts: []string{"patrol"}, Operates: law.Car,
			State: dispatch.Declined, Reason: "回避",
		}},
		Officers:     []dispatch.Officer{{Person: officer.Person, Number: "310111", Name: "周建川", Lead: true}},
		DispatchedBy: dispatch.Dispatcher{Person: officer.Person, Number: "310111", Name: "周建川", Class: duty.Officer},
		DispatchedAt: noon, StartedAt: &noon, EndedAt: &later, Report: "报告", Reason: "解除",
		StandingRuling: &ruling, LatestRuling: ruling, LatestOutcome: law.Conditional, Violation: true,
	}
}

// TestATaskLosesNothingOnTheWire: the task's JSON on the wire is the one that it is kept in, key for key.
func TestATaskLosesNothingOnTheWire(t *testing.T) {
	t.Parallel()
	r := newRooms()
	r.answer.Task = full()
	want := plain(t, r.answer.Task)
	_, body := r.request(t, http.MethodGet, "/v1/tasks/"+taskID.String(), "").send()
	var got struct{ Task any }
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatal(err)
	}
	if !same(t, got.Task, want) {
		t.Errorf("got  %v\nwant %v", got.Task, want)
	}
}

func same(t *testing.T, a, b any) bool {
	t.Helper()
	one, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	two, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(one, two)
}

// wardrobe shows people who have everything.
type wardrobe struct{ *rooms }

func (wardrobe) Person(context.Context, duty.Actor, uuid.UUID) (duty.Person, error) {
	return duty.Person{
		ID: taskID, Number: "FJ31021", Name: "冉明远", Class: duty.FieldAuxiliary, Organ: officer.Organ, Status: law.StatusSuspended,
		Training:       []duty.Training{{Post: "patrol", Items: []string{"cq-2021 15(1)"}, PassedOn: noon, ValidTo: &noon}},
		Qualifications: []duty.Qualification{{Kind: "car", ValidTo: &noon}},
		Equipment:      []duty.Equipment{{Class: law.EquipmentRestraint, Item: "约束带"}},
	}, nil
}

func (wardrobe) Devices(context.Context, duty.Actor, uuid.UUID) ([]identity.Device, error) {
	return []identity.Device{{ID: officer.Device, Person: taskID, Name: "警务通", Platform: identity.HarmonyOS, RegisteredAt: noon, RevokedAt: &noon}}, nil
}

func TestAPersonLosesNothingOnTheWire(t *testing.T) {
	t.Parallel()
	r := newRooms()
	config := r.config()
	config.Roster, config.Identity = wardrobe{r}, wardrobe{r}
	q := r.request(t, http.MethodGet, "/v1/people/"+taskID.String(), "")
	q.app = httpapi.New(config)
	got := good[api.PersonDetail](q, 200)
	p := got.Person
	if p.Status != api.StatusSuspended || p.Class != api.ClassFieldAuxiliary || p.Organ.Kind != api.OrganKindStation ||
		p.Training[0].Items[0] != "cq-2021 15(1)" || !p.Training[0].ValidTo.Equal(noon) || p.Training[0].RefresherDue != nil ||
		p.Qualifications[0].Kind != api.VehicleCar || p.Equipment[0].Class != api.EquipmentClassRestraint {
		t.Errorf("%+v", p)
	}
	if d := got.Devices[0]; d.Platform != api.PlatformHarmonyos || !d.RevokedAt.Equal(noon) {
		t.Errorf("%+v", d)
	}
}

// archive has a record with one of each.
type archive struct{ *rooms }

func (archive) History(context.Context, duty.Actor, uuid.UUID) (dispatch.History, error) {
	return dispatch.History{
		Task: full(),
		Events: []ledger.Event{
			{Seq: 5, ID: taskID, Kind: "task.started", Path: officer.Organ.Path, Task: &taskID, Version: 2, Actor: officer.Person, At: noon, Body: json.RawMessage(`{"a":[1]}`)},
			{Seq: 6, ID: taskID, Kind: "task.paused", Path: officer.Organ.Path, Actor: officer.Person, At: noon, Body: json.RawMessage(`{}`)},
		},
		Rulings: []dispatch.RulingRecord{{ID: taskID, Epoch: 2, Actor: officer.Person, Command: "start", At: noon, Facts: law.Facts{At: noon}}},
		Observations: []duty.Observation{{
			ID: taskID, Subject: officer.Person, Task: &taskID, Fact: "recording", Value: "off", By: officer.Person, Device: officer.Device,
			Source: "phone", ObservedAt: noon, ReceivedAt: noon.Add(1),
		}},
	}, nil
}

func TestARecordLosesNothingOnTheWire(t *testing.T) {
	t.Parallel()
	r := newRooms()
	config := r.config()
	config.Duty = archive{r}
	q := r.request(t, http.MethodGet, "/v1/tasks/"+taskID.String()+"/history", "")
	q.app = httpapi.New(config)
	got := good[api.TaskHistory](q, 200)
	first, second := got.Events[0], got.Events[1]
	if first.Seq != 5 || first.Kind != "task.started" || *first.Version != 2 || *first.Task != taskID || string(first.Body) != `{"a":[1]}` {
		t.Errorf("%+v", first)
	}
	if second.Task != nil || second.Version != nil {
		t.Errorf("what is not there is told: %+v", second)
	}
	if o := got.Observations[0]; o.Fact != api.ObservationFactRecording || o.Value != "off" || o.Source != api.ObservationSourcePhone || *o.Task != taskID {
		t.Errorf("%+v", o)
	}
	if record := got.Rulings[0]; record.Epoch != 2 || record.Command != "start" || record.Facts.Officers != nil {
		t.Errorf("%+v", record)
	}
}

// TestEveryActIsExplained sends the law's own catalogue over the wire, and an act that the organ entered.
func TestEveryActIsExplained(t *testing.T) {
	t.Parallel()
	entry := law.Entry{Item: "15(5)", Act: "flood-watch", Name: law.Text{ZH: "汛期巡查", EN: "flood watch"}, Basis: "某部规定第二条"}
	book, err := law.Embedded().Book(law.DefaultRulebook, law.Settings{Entries: []law.Entry{entry}})
	if err != nil {
		t.Fatal(err)
	}
	r := newRooms()
	config := r.config()
	config.Law = func(context.Context, duty.Actor) (httpapi.Law, error) { return book, nil }
	app := httpapi.New(config)
	ask := func(path string) *request {
		q := r.request(t, http.MethodGet, path, "")
		q.app = app
		return q
	}
	acts := good[api.ActList](ask("/v1/law/acts"), 200).Acts
	if len(acts) < 60 {
		t.Errorf("%d acts", len(acts))
	}
	for _, a := range acts {
		x := good[api.ActDetail](ask("/v1/law/acts/"+a.Code), 200)
		if x.Act != a || len(x.Clauses) == 0 || x.Clauses[0].Words == "" || x.Clauses[0].Instrument.Zh == "" || len(x.Rulebooks) == 0 {
			t.Errorf("%s: %+v", a.Code, x)
		}
		if basis := x.Clauses[0].Basis; (basis != nil) != (a.Code == entry.Act) || basis != nil && *basis != entry.Basis {
			t.Errorf("%s rests on %v", a.Code, basis)
		}
		if a.Led && len(x.Conditions) == 0 {
			t.Errorf("%s is led and asks for nothing", a.Code)
		}
	}
}

// TestEveryArticleIsTraced sends the law's own traceability table over the wire: each unit with its words and what is made of them.
func TestEveryArticleIsTraced(t *testing.T) {
	t.Parallel()
	r := newRooms()
	config := r.config()
	config.Law = func(context.Context, duty.Actor) (httpapi.Law, error) { return law.Default(), nil }
	app := httpapi.New(config)
	ask := func(path string) []api.Article {
		q := r.request(t, http.MethodGet, path, "")
		q.app = app
		return good[api.ArticleList](q, 200).Articles
	}
	own := ask("/v1/law/articles?instrument=cq-2021")
	if len(own) != 44 || len(ask("/v1/law/articles")) <= 44 {
		t.Errorf("%d articles", len(own))
	}
	for i, a := range own {
		if a.Number != i+1 || a.From.String() != "2021-09-01" || a.To != nil || len(a.Units) == 0 {
			t.Errorf("%+v", a)
		}
	}
	led := ask("/v1/law/articles/16")[0].Units[1]
	if led.Citation != "cq-2021 16(2)" || led.Items[0].Acts[0].Code != "stop-and-question" || led.Items[0].Asks[1].Obligation != "lead_officer" {
		t.Errorf("%+v", led)
	}
	if it := ask("/v1/law/articles/44")[0].Units[0].Items[0]; it.Kind != "requires" || it.Note != nil || it.By != nil || it.Acts != nil {
		t.Errorf("what is not said is told: %+v", it)
	}
	if it := ask("/v1/law/articles/1")[0].Units[0].Items[0]; *it.By != api.ArticleItemByNotOurs || it.Note.Zh == "" {
		t.Errorf("%+v", it)
	}
	forbidden := ask("/v1/law/articles/19")[0].Units
	if c := forbidden[0].Items[0].Closes[0]; c.When[0] != "tags=counter_terrorism" || *c.ExceptVerdict != api.OutcomeNeedsHuman || len(c.Except) != 5 {
		t.Errorf("%+v", c)
	}
	if c := forbidden[1].Items[0].Closes[0]; c.Except != nil || c.ExceptVerdict != nil || c.Verdict != api.OutcomeProhibited {
		t.Errorf("%+v", c)
	}
	if e := ask("/v1/law/articles/18")[0].Units[0].Items[0].Equipment; e[2].Verdict != "listed" || e[0].Uses[1] != "use" || e[2].Role != "field" {
		t.Errorf("%+v", e)
	}
	if n := ask("/v1/law/articles/52?instrument=national-admin-procedure"); n[0].Title.Zh != "公安机关办理行政案件程序规定" {
		t.Errorf("%+v", n)
	}
}

func TestTheContractsAreServed(t *testing.T) {
	t.Parallel()
	for path, want := range map[string][]byte{"/openapi.yaml": openapi.HTTP(), "/asyncapi.yaml": openapi.Feed()} {
		q := newRooms().request(t, http.MethodGet, path, "")
		q.headers = http.Header{}
		out, body := q.send()
		if out.StatusCode != 200 || out.Header.Get("Content-Type") != "application/yaml" || !bytes.Equal(body, want) {
			t.Errorf("%s: %d %s, %d bytes", path, out.StatusCode, out.Header.Get("Content-Type"), len(body))
		}
	}
}

// FuzzBodies: whatever is sent, the answer is a document of ours, and what is carried out was well-formed by every other reader too.
func FuzzBodies(f *testing.F) {
	for _, seed := range []string{order, `{}`, `[]`, `{"acts":["a"],"acts":["b"]}`, `{"a":1e999}`, `"\ud800"`, `{"\u0000":0}`, ` `, `{"acts":[]}x`} {
		f.Add([]byte(seed))
	}
	r := newRooms()
	app := httpapi.New(r.config())
	f.Fuzz(func(t *testing.T, body []byte) {
		r.orders = nil
		q := r.request(t, http.MethodPost, "/v1/tasks", string(body)).keyed().with("Content-Type", "application/json")
		q.app = app
		out, text := q.send()
		if out.StatusCode != 201 && out.StatusCode != 400 || !json.Valid(text) {
			t.Fatalf("%d %s", out.StatusCode, text)
		}
		if carried := len(r.orders) == 1; carried != (out.StatusCode == 201) {
			t.Fatalf("%d, carried out %t", out.StatusCode, carried)
		}
		if len(r.orders) == 0 {
			return
		}
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.DisallowUnknownFields()
		var again api.DispatchOrder
		if err := dec.Decode(&again); err != nil || again.Place.Name != r.orders[0].Place.Name || strings.Join(again.Acts, " ") != strings.Join(r.orders[0].Acts, " ") {
			t.Fatalf("read differently: %+v, %v", again, err)
		}
		if _, err := dec.Token(); err != io.EOF {
			t.Fatalf("something follows: %v", err)
		}
	})
}
