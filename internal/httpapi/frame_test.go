package httpapi_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/dutybound/dutybound/internal/httpapi"
)

func TestEveryAnswerHasItsHeaders(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/healthz", "/v1/organs", "/nothing"} {
		out, _ := newRooms().request(t, http.MethodGet, path, "").send()
		for header, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		} {
			if got := out.Header.Get(header); got != want {
				t.Errorf("%s: %s is %q", path, header, got)
			}
		}
		if out.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: no request id", path)
		}
	}
}

// TestTheLogKnowsWhoAndNotWhat: request, actor, operation and cause are in the log; tokens, passwords, queries and bodies never.
func TestTheLogKnowsWhoAndNotWhat(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	r := newRooms()
	r.err = fmt.Errorf("the cause")
	config := r.config()
	config.Log = logTo(&log)
	app := httpapi.New(config)
	send := func(method, path, body string) *http.Response {
		q := r.request(t, method, path, body)
		q.app = app
		out, _ := q.send()
		return out
	}
	out := send(http.MethodGet, "/v1/people?q=secret-name", "")
	send(http.MethodPost, "/v1/sessions", `{"person_number":"310111","password":"secret-password","device":"0198f5a2-0000-7000-8000-000000000002"}`)
	if strings.Contains(log.String(), "secret") || strings.Contains(log.String(), goodToken) {
		t.Errorf("the log tells: %s", log.String())
	}
	var line struct {
		Level, Request, Method, Operation, Actor, Session, Error string
		Status                                                   int
	}
	first, _, _ := strings.Cut(log.String(), "\n")
	if err := json.Unmarshal([]byte(first), &line); err != nil {
		t.Fatal(err)
	}
	if line.Level != "ERROR" || line.Request != out.Header.Get("X-Request-Id") || line.Operation != "listPeople" || line.Status != 500 ||
		line.Actor != officer.Person.String() || line.Session != officer.Session.String() || line.Error != "the cause" {
		t.Errorf("%+v", line)
	}
}

func TestMetricsCountByOperation(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	config := newRooms().config()
	config.Metrics = registry
	app := httpapi.New(config)
	for _, path := range []string{"/healthz", "/v1/organs", "/made-up/1", "/made-up/2"} {
		q := newRooms().request(t, http.MethodGet, path, "")
		q.app = app
		q.send()
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := map[string]int{}
	for _, f := range families {
		series[f.GetName()] = len(f.GetMetric())
	}
	if n := series["dutybound_http_request_seconds"]; n != 3 {
		t.Errorf("%d series, want health, organs and none", n)
	}
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	t.Parallel()
	if out, body := newRooms().request(t, http.MethodHead, "/healthz", "").send(); out.StatusCode != 200 || len(body) > 0 {
		t.Errorf("%d %q", out.StatusCode, body)
	}
	newRooms().request(t, http.MethodGet, "/v1/feed", "").bad("invalid_request", "header")
}

// serve listens on loopback, for what only shows on a connection, and waits so long for a request.
func serve(t *testing.T, patience time.Duration) (dial func() net.Conn) {
	t.Helper()
	config := newRooms().config()
	config.ReadTimeout = patience
	app := httpapi.New(config)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- app.Listener(listener) }()
	t.Cleanup(func() {
		if err := app.Shutdown(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return func() net.Conn {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		return conn
	}
}

// exchange sends raw bytes and reads one answer.
func exchange(t *testing.T, conn net.Conn, raw string) (*http.Response, map[string]any) {
	t.Helper()
	if _, err := conn.Write([]byte(raw)); err != nil {
		t.Fatal(err)
	}
	out, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	if err := json.NewDecoder(out.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return out, body
}

// TestRequestsThatCouldBeCutTwoWaysAreRefused, and the connection they came on is closed.
func TestRequestsThatCouldBeCutTwoWaysAreRefused(t *testing.T) {
	t.Parallel()
	dial := serve(t, 10*time.Second)
	for name, c := range map[string]struct {
		headers, body, code string
	}{
		"both lengths":     {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", "ambiguous_framing"},
		"another coding":   {"Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n", "ambiguous_framing"},
		"identity, length": {"Transfer-Encoding: identity\r\nContent-Length: 2\r\n", "{}", "ambiguous_framing"},
		"one twice":        {"Content-Length: 2\r\nContent-Length: 2\r\n", "{}", "ambiguous_framing"},
		"coding twice":     {"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", "ambiguous_framing"},
		"folded":           {"X-A: b\r\n cd\r\n", "", "ambiguous_framing"},
	} {
		out, body := exchange(t, dial(), "GET /healthz HTTP/1.1\r\nHost: x\r\n"+c.headers+"\r\n"+c.body)
		if out.StatusCode != http.StatusBadRequest || body["code"] != c.code || !out.Close {
			t.Errorf("%s: %d %v, closing %t", name, out.StatusCode, body, out.Close)
		}
	}
}

// A method that nobody knows is answered before its framing is looked at: what follows on its connection is not read.
func TestWhatFollowsAnUnknownMethodIsNotRead(t *testing.T) {
	t.Parallel()
	out, body := exchange(t, serve(t, 10*time.Second)(), "BREW /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	if out.StatusCode != http.StatusMethodNotAllowed || body["code"] != "method_not_allowed" || !out.Close {
		t.Errorf("%d %v, closing %t", out.StatusCode, body, out.Close)
	}
}

func TestLimitsOfAConnection(t *testing.T) {
	t.Parallel()
	patient, hurried := serve(t, 10*time.Second), serve(t, 300*time.Millisecond)
	for name, c := range map[string]struct {
		dial   func() net.Conn
		raw    string
		status int
		code   string
	}{
		"too large": {
			patient, fmt.Sprintf("POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", 256<<10+1, strings.Repeat("a", 256<<10+1)),
			fiber.StatusRequestEntityTooLarge, "too_large",
		},
		"large headers": {patient, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: " + strings.Repeat("a", 9<<10) + "\r\n\r\n", 431, "headers_too_large"},
		"no HTTP":       {patient, "\x16\x03\x01\r\n\r\n", 400, "invalid_request"},
		"slow":          {hurried, "GET /healthz HTTP/1.1\r\nHost:", 408, "request_timeout"},
	} {
		out, body := exchange(t, c.dial(), c.raw)
		if out.StatusCode != c.status || body["code"] != c.code || body["request_id"] == "" {
			t.Errorf("%s: %d %v", name, out.StatusCode, body)
		}
	}
}
