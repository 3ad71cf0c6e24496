package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
)

func TestEachKindOfFailureHasItsStatus(t *testing.T) {
	t.Parallel()
	for kind, status := range map[fault.Kind]int{
		fault.Internal: 500, fault.Invalid: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404,
		fault.Conflict: 409, fault.Running: 409, fault.Mismatch: 422, fault.TooMany: 429, fault.Unavailable: 503,
	} {
		r := newRooms()
		r.err = fmt.Errorf("deeper: %w", fault.New(kind, "some_code", "中文", "English").Because(errors.New("the secret cause")))
		p := r.request(t, http.MethodGet, "/v1/organs", "").problem(status, "some_code")
		if p.Title != "中文" {
			t.Errorf("title %q", p.Title)
		}
	}
}

func TestOwnFailuresShowNothing(t *testing.T) {
	t.Parallel()
	r := newRooms()
	r.err = errors.New("password=hunter2")
	for _, status := range []struct {
		err  error
		code int
		what string
	}{
		{r.err, 500, "internal"},
		{fmt.Errorf("reading: %w", context.DeadlineExceeded), 503, "timeout"},
	} {
		r.err = status.err
		_, body := r.request(t, http.MethodGet, "/v1/organs", "").send()
		r.request(t, http.MethodGet, "/v1/organs", "").problem(status.code, status.what)
		if strings.Contains(string(body), "hunter2") || strings.Contains(string(body), "reading") {
			t.Errorf("told: %s", body)
		}
	}
}

func TestAPanicIsAProblem(t *testing.T) {
	t.Parallel()
	r := newRooms()
	r.ticket = func() { panic("a bug") }
	r.request(t, http.MethodPost, "/v1/feed/tickets", "").problem(http.StatusInternalServerError, "internal")
}

func TestWhatNeverReachesARoute(t *testing.T) {
	t.Parallel()
	r := newRooms()
	for path, status := range map[string]int{"/": 404, "/v1": 404, "/v1/tasks/": 404, "/V1/tasks": 404, "/v1/nothing": 404} {
		r.request(t, http.MethodGet, path, "").problem(status, "no_such_route")
	}
	for _, method := range []string{http.MethodPatch, http.MethodDelete, http.MethodPut} {
		out, _ := r.request(t, method, "/v1/tasks", "").send()
		r.request(t, method, "/v1/tasks", "").problem(http.StatusMethodNotAllowed, "method_not_allowed")
		if got := out.Header.Get("Allow"); !strings.Contains(got, "POST") {
			t.Errorf("allow %q", got)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  *fault.Error
		want string
	}{
		"as long as the limiter says": {fault.New(fault.TooMany, "x", "", "y").Because(identity.Wait(90*time.Second + 1)), "91"},
		"at least a second":           {fault.New(fault.TooMany, "x", "", "y").Because(identity.Wait(0)), "1"},
		"running":                     {fault.New(fault.Running, "x", "", "y"), "1"},
		"unavailable":                 {fault.New(fault.Unavailable, "x", "", "y"), "1"},
		"not found":                   {fault.New(fault.NotFound, "x", "", "y"), ""},
	} {
		r := newRooms()
		r.err = c.err
		if out, _ := r.request(t, http.MethodGet, "/v1/organs", "").send(); out.Header.Get("Retry-After") != c.want {
			t.Errorf("%s: Retry-After %q, want %q", name, out.Header.Get("Retry-After"), c.want)
		}
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	r := newRooms()
	r.err = fault.New(fault.Conflict, "x", "中文", "English")
	for header, want := range map[string]string{
		"": "中文", "zh-CN": "中文", "en": "English", "en-GB,en;q=0.9": "English", "fr": "中文", "fr, en;q=0.1": "English",
		"zh;q=0.5, en;q=0.8": "English", "en;q=0.5, zh-Hans-CN;q=0.8": "中文", "EN": "English", "en;q=nonsense": "中文", "en;q=0": "中文",
	} {
		out, _ := r.request(t, http.MethodGet, "/v1/organs", "").with("Accept-Language", header).send()
		p := r.request(t, http.MethodGet, "/v1/organs", "").with("Accept-Language", header).problem(http.StatusConflict, "x")
		if p.Title != want {
			t.Errorf("%q: %q, want %q", header, p.Title, want)
		}
		if tag := map[string]string{"中文": "zh-CN", "English": "en"}[want]; out.Header.Get("Content-Language") != tag {
			t.Errorf("%q: content language %q", header, out.Header.Get("Content-Language"))
		}
	}
}

// TestTheLawsNoCarriesTheRuling: a refusal is 422 with every reason, what decided it in words, and the same on a retry.
func TestTheLawsNoCarriesTheRuling(t *testing.T) {
	t.Parallel()
	r := newRooms()
	r.answer = dispatch.Answer{Refused: true, Replay: true, Ruling: &dispatch.RulingRecord{
		ID: uuid.MustParse("0198f5a3-1b20-7003-9c11-2e3f4d5c6b7a"),
		Ruling: law.Ruling{
			Outcome: law.Unmet,
			Reasons: []law.Reason{
				reason("cq-2021 16(2)", law.Unmet, "须有民警带领", "name_lead_officer"),
				reason("cq-2021 33", law.Permitted, "培训合格", ""),
			},
			Obligations: []law.ObligationNote{{Obligation: &law.Obligation{Kind: "lead_officer", State: law.ObligationUnmet}}},
			Remedies:    []law.Remedy{{Code: "name_lead_officer", Message: law.Text{ZH: "指定", EN: "name one"}}},
		},
	}}
	for _, path := range []string{"/v1/tasks", "/v1/tasks/" + taskID.String() + "/accept"} {
		body := map[bool]string{true: order}[path == "/v1/tasks"]
		p := r.request(t, http.MethodPost, path, body).keyed().problem(http.StatusUnprocessableEntity, "refused_by_law")
		if p.Ruling == nil || p.Ruling.Lawful || p.Ruling.Outcome != api.OutcomeUnmet || len(p.Ruling.Reasons) != 2 ||
			*p.Ruling.ID != r.answer.Ruling.ID || p.Ruling.Obligations[0].State != api.ObligationStateUnmet || p.Ruling.Advice == nil {
			t.Errorf("%s: ruling %+v", path, p.Ruling)
		}
		if p.Detail == nil || *p.Detail != "须有民警带领 (cq-2021 16(2))" {
			t.Errorf("%s: detail %v", path, p.Detail)
		}
		out, _ := r.request(t, http.MethodPost, path, body).keyed().send()
		if out.Header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: a stored refusal does not say so", path)
		}
	}
}

// TestUnlawfulFactsAreNamed: what the law cannot rule on points at the fact.
func TestUnlawfulFactsAreNamed(t *testing.T) {
	t.Parallel()
	r := newRooms()
	const facts = `{"at":"2026-03-02T08:00:00+08:00","acts":["patrol"],"auxiliaries":[{"id":"a1","role":"field"}]}`
	r.err = &law.InputError{Field: "/acts/0", Problem: "unknown act"}
	r.request(t, http.MethodPost, "/v1/rulings", facts).bad("invalid_request", "body/acts/0")
	if len(r.facts) != 1 || r.facts[0].Auxiliaries[0].Recording != law.RecordingOn || r.facts[0].Arrangement.Officer != law.Yes {
		t.Errorf("facts %+v do not have the case format's defaults", r.facts)
	}
	for body, field := range map[string]string{
		`{"acts":["patrol"],"auxiliaries":[{"id":"a1","role":"field"}]}`: "body/at",
		strings.Replace(facts, `"id":"a1",`, ``, 1):                      "body/auxiliaries/0/id",
		strings.Replace(facts, `field`, `sheriff`, 1):                    "body/auxiliaries/0/role",
		strings.Replace(facts, `"at"`, `"command":"all","at"`, 1):        "body/command",
	} {
		newRooms().request(t, http.MethodPost, "/v1/rulings", body).bad("invalid_request", field)
	}
}

func reason(citation string, verdict law.Outcome, zh, remedy string) law.Reason {
	return law.Reason{Finding: &law.Finding{Citation: citation, Verdict: verdict, Message: law.Text{ZH: zh}, Remedy: remedy}}
}
