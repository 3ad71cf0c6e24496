package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/httpapi"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/roster"
)

// rooms stands in for every room below: it notes what it was asked and answers what the test says.
type rooms struct {
	session identity.Session
	ready   error
	ticket  func() // a chance to misbehave

	answer dispatch.Answer
	ruling law.Ruling
	err    error

	orders   []dispatch.DispatchOrder
	steps    []dispatch.Step
	commands []duty.Command
	said     []dispatch.Statement
	facts    []law.Facts
	filter   dispatch.Filter
	question dispatch.Question
	people   roster.Filter
	signIns  []identity.SignIn
	files    []roster.File
	batches  []roster.Batch

	applicants []roster.Applicant
}

const goodToken = "a token that opens the session"

var (
	officer = duty.Actor{
		Person: uuid.MustParse("0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4e"), Number: "310111", Name: "周建川", Class: duty.Officer,
		Session: uuid.MustParse("0198f5a2-0000-7000-8000-000000000001"), Device: uuid.MustParse("0198f5a2-0000-7000-8000-000000000002"),
		Organ: duty.Organ{Code: "500103550000", Name: "江岸派出所", Kind: duty.Station, Path: "500000000000/500103000000/500103550000/"},
	}
	taskID = uuid.MustParse("0198f5a2-7c1e-7d4a-9b52-0f6d1a2b3c4d")
	noon   = time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)
)

func newRooms() *rooms {
	return &rooms{session: identity.Session{Actor: officer, ExpiresAt: noon}}
}

func (r *rooms) Session(_ context.Context, token string) (identity.Session, error) {
	if token != goodToken {
		return identity.Session{}, fault.New(fault.Unauthenticated, "not_signed_in", "未登录", "not signed in")
	}
	return r.session, nil
}

func (r *rooms) SignIn(_ context.Context, in identity.SignIn) (identity.SignedIn, error) {
	r.signIns = append(r.signIns, in)
	return identity.SignedIn{Token: "t", ExpiresAt: noon}, r.err
}
func (r *rooms) SignOut(context.Context, duty.Actor) error                        { return r.err }
func (r *rooms) ChangePassword(context.Context, duty.Actor, string, string) error { return r.err }

func (r *rooms) RegisterDevice(
	_ context.Context, _ duty.Actor, cmd duty.Command, person uuid.UUID, name string, p identity.Platform,
) (identity.Device, bool, error) {
	r.commands = append(r.commands, cmd)
	return identity.Device{Person: person, Name: name, Platform: p}, false, r.err
}

func (r *rooms) RevokeDevice(context.Context, duty.Actor, uuid.UUID) (identity.Device, error) {
	return identity.Device{}, r.err
}

func (r *rooms) Devices(context.Context, duty.Actor, uuid.UUID) ([]identity.Device, error) {
	return nil, fault.New(fault.Forbidden, "not_permitted", "", "")
}
func (r *rooms) SetPushToken(context.Context, duty.Actor, string) error { return r.err }

func (r *rooms) Organs(context.Context, duty.Actor) ([]roster.Organ, error) {
	return []roster.Organ{{Organ: officer.Organ}}, r.err
}

func (r *rooms) People(_ context.Context, _ duty.Actor, filter roster.Filter) ([]duty.Person, bool, error) {
	r.people = filter
	return []duty.Person{{Number: "FJ31021", Name: "冉明远"}}, true, r.err
}

func (r *rooms) Person(_ context.Context, _ duty.Actor, id uuid.UUID) (duty.Person, error) {
	return duty.Person{ID: id}, r.err
}

func (r *rooms) Profile(context.Context, duty.Actor) (roster.Profile, error) {
	return roster.Profile{Person: duty.Person{Name: officer.Name}, Device: "警务通", OpenTasks: 2}, r.err
}

func (r *rooms) SetStatus(_ context.Context, _ duty.Actor, id uuid.UUID, s law.Status, _ string) (duty.Person, error) {
	return duty.Person{ID: id, Status: s}, r.err
}

func (r *rooms) Transfer(_ context.Context, _ duty.Actor, id uuid.UUID, _, _ string) (roster.Moved, error) {
	return roster.Moved{Person: duty.Person{ID: id}, Over: []roster.Headcount{{Class: duty.FieldAuxiliary, Quota: 1, Actual: 3}}}, r.err
}

func (r *rooms) StartImport(_ context.Context, _ duty.Actor, cmd duty.Command, f roster.File) (roster.ImportJob, error) {
	r.commands, r.files = append(r.commands, cmd), append(r.files, f)
	return roster.ImportJob{ID: cmd.ID, Dry: f.Dry, State: roster.ImportWaiting, CreatedAt: noon}, r.err
}

func (r *rooms) ImportJob(_ context.Context, _ duty.Actor, id uuid.UUID) (roster.ImportJob, error) {
	return roster.ImportJob{ID: id, State: roster.ImportRefused, CreatedAt: noon, Report: &roster.Report{
		Rows: 2, Wrong: 1, Problems: []roster.Problem{{Line: 3, Column: "organ", Value: "x", Message: law.Text{ZH: "没有", EN: "none"}}},
	}}, r.err
}

func (r *rooms) Export(_ context.Context, _ duty.Actor, _ duty.Path, to io.Writer) error {
	_, err := io.WriteString(to, "number,name\r\n")
	return errors.Join(err, r.err)
}

func (r *rooms) Sync(_ context.Context, _ duty.Actor, b roster.Batch) (roster.Synced, error) {
	r.batches = append(r.batches, b)
	return roster.Synced{Separated: 1}, r.err
}

func (r *rooms) Quotas(context.Context, duty.Actor, duty.Path) ([]roster.Headcount, error) {
	return []roster.Headcount{{Organ: officer.Organ, Class: duty.FieldAuxiliary, Quota: 2, Actual: 1, Basis: "x"}}, r.err
}

func (r *rooms) SetQuota(_ context.Context, _ duty.Actor, q roster.NewQuota) (roster.Headcount, error) {
	return roster.Headcount{Organ: officer.Organ, Class: q.Class, Quota: q.Amount, Basis: q.Basis}, r.err
}

func (r *rooms) HandBack(_ context.Context, _ duty.Actor, person uuid.UUID) ([]roster.Owed, error) {
	return []roster.Owed{{ID: taskID, Person: person, Equipment: duty.Equipment{Item: roster.WorkCard}, ListedAt: noon}}, r.err
}

func (r *rooms) Receive(_ context.Context, _ duty.Actor, person, thing uuid.UUID) (roster.Owed, error) {
	return roster.Owed{ID: thing, Person: person, ListedAt: noon, ReturnedAt: &noon, ReceivedBy: &officer.Person}, r.err
}

func (r *rooms) Apply(_ context.Context, _ duty.Actor, cmd duty.Command, a roster.Applicant) (roster.Applicant, error) {
	r.commands, r.applicants = append(r.commands, cmd), append(r.applicants, a)
	return applicant, r.err
}

func (r *rooms) Applicants(context.Context, duty.Actor, duty.Path, uuid.UUID) ([]roster.Applicant, bool, error) {
	return []roster.Applicant{applicant}, true, r.err
}

func (r *rooms) Applicant(context.Context, duty.Actor, uuid.UUID) (roster.Applicant, error) {
	return applicant, r.err
}

func (r *rooms) Declare(_ context.Context, _ duty.Actor, _ uuid.UUID, d roster.Declared) (roster.Applicant, error) {
	a := applicant
	a.Declared = d
	return a, r.err
}

func (r *rooms) Pass(_ context.Context, _ duty.Actor, _ uuid.UUID, s roster.Stage) (roster.Applicant, error) {
	a := applicant
	a.Stages = []roster.Stage{s}
	return a, r.err
}

func (r *rooms) Hire(context.Context, duty.Actor, uuid.UUID, string) (roster.Applicant, []roster.Headcount, error) {
	return applicant, nil, r.err
}

var applicant = roster.Applicant{ID: taskID, Organ: officer.Organ, Class: duty.FieldAuxiliary, Name: "冉明远", Born: noon, State: roster.ApplicantOpen, CreatedAt: noon}

func (r *rooms) Ticket(context.Context, duty.Actor) (string, time.Time, error) {
	if r.ticket != nil {
		r.ticket()
	}
	return "ticket", noon, r.err
}

func (r *rooms) Dispatch(_ context.Context, _ duty.Actor, cmd duty.Command, o dispatch.DispatchOrder) (dispatch.Answer, error) {
	r.commands, r.orders = append(r.commands, cmd), append(r.orders, o)
	return r.answer, r.err
}

func (r *rooms) Do(_ context.Context, _ duty.Actor, cmd duty.Command, _ uuid.UUID, s dispatch.Step) (dispatch.Answer, error) {
	r.commands, r.steps = append(r.commands, cmd), append(r.steps, s)
	return r.answer, r.err
}

func (r *rooms) Observe(_ context.Context, _ duty.Actor, cmd duty.Command, said []dispatch.Statement) (dispatch.Observed, error) {
	r.commands, r.said = append(r.commands, cmd), said
	return dispatch.Observed{ReceivedAt: noon}, r.err
}

func (r *rooms) Ask(_ context.Context, _ duty.Actor, facts law.Facts) (law.Ruling, error) {
	r.facts = append(r.facts, facts)
	return r.ruling, r.err
}

func (r *rooms) Task(context.Context, duty.Actor, uuid.UUID) (dispatch.View, error) {
	return dispatch.View{Task: r.answer.Task}, r.err
}

func (r *rooms) Tasks(_ context.Context, _ duty.Actor, filter dispatch.Filter) ([]dispatch.Task, error) {
	r.filter = filter
	return []dispatch.Task{{ID: taskID}, {ID: officer.Person}}, r.err
}

func (r *rooms) History(context.Context, duty.Actor, uuid.UUID) (dispatch.History, error) {
	return dispatch.History{Rulings: []dispatch.RulingRecord{{ID: taskID, Facts: law.Facts{At: noon, Acts: []string{"patrol"}}}}}, r.err
}

func (r *rooms) Solo(context.Context, duty.Actor, dispatch.SoloFilter) (dispatch.SoloList, error) {
	return dispatch.SoloList{}, nil
}

func (r *rooms) Candidates(_ context.Context, _ duty.Actor, q dispatch.Question) (dispatch.Candidates, error) {
	r.question = q
	return dispatch.Candidates{At: noon, MayAll: 1, May: []dispatch.Candidate{{OpenTasks: 2}}}, r.err
}

func (r *rooms) Acts() []law.ActInfo {
	return []law.ActInfo{{Code: "patrol", Item: "cq-2021 15(1)", Role: law.RoleField}}
}

func (r *rooms) Explain(act string) (law.Explanation, error) {
	if act != "patrol" {
		return law.Explanation{}, &law.InputError{Field: "/act", Problem: "unknown"}
	}
	return law.Explanation{ActInfo: r.Acts()[0]}, nil
}

func (r *rooms) ID() string { return "cq-2021" }

func (r *rooms) Articles() []law.Article {
	return []law.Article{{Instrument: r.ID(), Number: 15, From: noon}}
}

func (r *rooms) Rulebooks() []law.RulebookRef { return []law.RulebookRef{{ID: r.ID(), Hash: "x"}} }

func (r *rooms) config() httpapi.Config {
	return httpapi.Config{
		Duty: r, Identity: r, Roster: r, Recruitment: r, Tickets: r,
		Law:     func(context.Context, duty.Actor) (httpapi.Law, error) { return r, nil },
		Watch:   func(*fiber.Ctx) error { return fault.BadField("header", "no handshake") },
		Ready:   func(context.Context) error { return r.ready },
		Metrics: prometheus.NewRegistry(),
	}
}

// request is one request to the API and what came back.
type request struct {
	t       *testing.T
	app     *fiber.App
	method  string
	path    string
	body    string
	headers http.Header
}

func (r *rooms) request(t *testing.T, method, path, body string) *request {
	t.Helper()
	h := http.Header{"Authorization": {"Bearer " + goodToken}}
	if body != "" {
		h.Set("Content-Type", "application/json")
	}
	return &request{t: t, app: httpapi.New(r.config()), method: method, path: path, body: body, headers: h}
}

func (q *request) with(name, value string) *request {
	q.headers.Set(name, value)
	return q
}

func (q *request) keyed() *request {
	return q.with("Idempotency-Key", "0198f5a3-0c11-7a01-8f00-5d3f2c1b0a99")
}

func (q *request) send() (*http.Response, []byte) {
	q.t.Helper()
	in := httptest.NewRequest(q.method, q.path, strings.NewReader(q.body))
	in.Header = q.headers
	out, err := q.app.Test(in, 10_000)
	if err != nil {
		q.t.Fatal(err)
	}
	body, err := io.ReadAll(out.Body)
	if err != nil {
		q.t.Fatal(err)
	}
	return out, body
}

// problem sends and wants a problem document with a status and a code.
func (q *request) problem(status int, code string) api.Problem {
	q.t.Helper()
	out, body := q.send()
	var p api.Problem
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&p); err != nil {
		q.t.Fatalf("%s %s: %d %s: %v", q.method, q.path, out.StatusCode, body, err)
	}
	if out.StatusCode != status || p.Status != status || p.Code != code || p.Type != "urn:dutybound:problem:"+code || p.Title == "" {
		q.t.Fatalf("%s %s: %d %s, want %d %s", q.method, q.path, out.StatusCode, body, status, code)
	}
	if got := out.Header.Get("Content-Type"); got != "application/problem+json" {
		q.t.Errorf("content type %q", got)
	}
	if p.RequestID == "" || out.Header.Get("X-Request-Id") != p.RequestID {
		q.t.Errorf("request id %q, header %q", p.RequestID, out.Header.Get("X-Request-Id"))
	}
	return p
}

// bad sends and wants 400 with exactly these places.
func (q *request) bad(code string, fields ...string) {
	q.t.Helper()
	var got []string
	for _, e := range q.problem(http.StatusBadRequest, code).Errors {
		got = append(got, e.Field)
		if chinese := strings.ContainsFunc(e.Message, func(r rune) bool { return unicode.Is(unicode.Han, r) }); code == "invalid_request" && !chinese {
			q.t.Errorf("%s %s: %s %q has no Chinese", q.method, q.path, e.Field, e.Message)
		}
	}
	if strings.Join(got, " ") != strings.Join(fields, " ") {
		q.t.Errorf("%s %s %s: bad places %v, want %v", q.method, q.path, q.body, got, fields)
	}
}

// good sends and wants a status and a body of the contract's type.
func good[T any](q *request, status int) (body T) {
	q.t.Helper()
	out, text := q.send()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&body); out.StatusCode != status || err != nil {
		q.t.Fatalf("%s %s: %d %s (%v), want %d", q.method, q.path, out.StatusCode, text, err, status)
	}
	return body
}

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewJSONHandler(w, nil)) }
