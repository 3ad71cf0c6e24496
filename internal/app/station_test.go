package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api/phone"
	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/demo"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/testkit"
)

func TestMain(m *testing.M) {
	if server := os.Getenv(asPhones); server != "" {
		os.Exit(bePhones(server))
	}
	testkit.Main(m)
}

// station is a whole running service on a database of its own, seeded with the demo's people.
type station struct {
	t        testing.TB
	app      *app.App
	url      string
	database string
	config   app.Config
	client   http.Client
}

// openStation starts one, with settings of its own if need be; it stops with the test.
func openStation(t testing.TB, settings ...func(*app.Config)) *station {
	t.Helper()
	s := newStation(t, testkit.Database(t).URL, settings...)
	s.people()
	s.start()
	t.Cleanup(s.stop)
	return s
}

// newStation is one on a database that is there, yet to be started.
func newStation(t testing.TB, database string, settings ...func(*app.Config)) *station {
	s := &station{t: t, database: database, client: http.Client{Transport: &http.Transport{}}, config: app.Undurable(app.Config{
		Listen: "127.0.0.1:0", DatabaseURL: database, DatabaseConns: 12, DataDir: t.TempDir(), DeviceKeys: "offered", SessionTTL: time.Hour,
		RecordingFreshness: 10 * time.Minute, StatementFreshness: 12 * time.Hour,
		LeadSweep: time.Second, ApprovalDeadline: 30 * time.Minute, RequestTimeout: 10 * time.Second, ShutdownTimeout: 10 * time.Second,
		AlarmRepeat: time.Hour, AlarmRounds: 4,
		PositionsDays: 7,
		OutboxGap:     10 * time.Minute,
	})}
	for _, set := range settings {
		set(&s.config)
	}
	return s
}

func (s *station) start() {
	s.t.Helper()
	a, err := app.Start(s.t.Context(), s.config, io.Discard, slog.New(slog.DiscardHandler))
	if err != nil {
		s.t.Fatal(err)
	}
	s.app, s.url = a, a.URL()
}

func (s *station) stop() {
	s.client.CloseIdleConnections() // also those never used, which the server would wait for
	if err := s.app.Stop(context.Background()); err != nil {
		s.t.Error(err)
	}
}

// people puts the demo's people into the database, as the administration would.
func (s *station) people() {
	s.t.Helper()
	ctx := s.t.Context()
	store, err := postgres.Open(ctx, postgres.Config{URL: s.database, MaxConns: 2})
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	now, err := store.Now(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	_, err = demo.Seed(ctx, demo.Seeding{
		Database: store, Roster: roster.NewAdmin(store), Identity: administration(store),
	}, now)
	if err != nil {
		s.t.Fatal(err)
	}
}

// administration sets passwords as the server does, but for what a hash costs: the demo's people have one each, in every test.
func administration(store identity.Store) *identity.Service {
	return identity.New(store, noLimits{}, time.Hour).Costing(identity.Cost{Memory: 64, Passes: 1, Threads: 1})
}

type noLimits struct{}

func (noLimits) Allow(context.Context, string, int, time.Duration) (bool, time.Duration) {
	return true, 0
}

// hand is somebody signed in: a token, who they are, and the device they hold.
type hand struct {
	s      *station
	token  string
	person uuid.UUID
	device uuid.UUID
	phone  *phone.Transport // signs each request with the device's key; nil: the device has none
}

// sign signs a demo account in by its number.
func (s *station) sign(number string) *hand {
	s.t.Helper()
	account, ok := demo.Cast().Find(number)
	if !ok {
		s.t.Fatalf("no demo account %s", number)
	}
	stranger := &hand{s: s}
	in := stranger.post("/v1/sessions", map[string]any{
		"person_number": number, "password": account.Password, "device": account.Device,
	}).want(201)
	h := &hand{s: s, token: in.text("token"), device: account.Device}
	me := h.get("/v1/me").want(200)
	h.person = uuid.MustParse(me.text("person", "id"))
	return h
}

// reply is an answer of the service.
type reply struct {
	t      testing.TB
	asked  string
	status int
	header http.Header
	raw    []byte
	body   any
}

func (h *hand) get(path string) reply { return h.ask(http.MethodGet, path, nil, nil) }

// post sends a command with a new id.
func (h *hand) post(path string, body any) reply {
	return h.command(path, uuid.Must(uuid.NewV7()), body)
}

// command sends a command with the id its device gave it.
func (h *hand) command(path string, id uuid.UUID, body any) reply {
	return h.ask(http.MethodPost, path, body, http.Header{"Idempotency-Key": {id.String()}})
}

// ask sends one request. A body that is a []byte goes out as it is.
func (h *hand) ask(method, path string, body any, header http.Header) reply {
	h.s.t.Helper()
	r, err := h.try(method, path, body, header)
	if err != nil {
		h.s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// csvFile is the body of an import.
type csvFile string

// try is ask for a server that may be gone.
func (h *hand) try(method, path string, body any, header http.Header) (reply, error) {
	var content io.Reader
	if file, ok := body.(csvFile); ok {
		content = strings.NewReader(string(file))
		header = header.Clone()
		header.Set("Content-Type", "text/csv")
	} else if raw, ok := body.([]byte); ok {
		content = bytes.NewReader(raw)
	} else if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return reply{}, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequest(method, h.s.url+path, content)
	if err != nil {
		return reply{}, err
	}
	if header != nil {
		request.Header = header.Clone()
	}
	request.Host = request.Header.Get("Host") // empty: the URL's
	if content != nil && request.Header.Get("Content-Type") == "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if h.token != "" && h.phone == nil {
		request.Header.Set("Authorization", "Bearer "+h.token)
	}
	client := h.s.client
	if h.phone != nil {
		client.Transport = h.phone
	}
	answered, err := client.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer answered.Body.Close()
	r := reply{t: h.s.t, asked: method + " " + path, status: answered.StatusCode, header: answered.Header}
	if r.raw, err = io.ReadAll(answered.Body); err != nil {
		return reply{}, err
	}
	if err := keepsContract(request, r.status, r.header, r.raw); err != nil {
		return reply{}, err
	}
	if lines := r.header.Get("Content-Type") == "application/x-ndjson"; !lines && len(r.raw) > 0 && r.raw[0] == '{' {
		err = json.Unmarshal(r.raw, &r.body)
	}
	return r, err
}

// want fails the test unless the answer has the status.
func (r reply) want(status int) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("%s: %d, want %d: %.600s", r.asked, r.status, status, r.raw)
	}
	return r
}

// at finds a value inside the answer.
func (r reply) at(path ...any) any {
	r.t.Helper()
	value := r.body
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, ok := value.(map[string]any)
			if !ok || object[step] == nil {
				r.t.Fatalf("%s: no %v (at %q) in %.600s", r.asked, path, step, r.raw)
			}
			value = object[step]
		case int:
			list, ok := value.([]any)
			if !ok || step >= len(list) {
				r.t.Fatalf("%s: no %v (at %d) in %.600s", r.asked, path, step, r.raw)
			}
			value = list[step]
		}
	}
	return value
}

func (r reply) text(path ...any) string {
	r.t.Helper()
	return fmt.Sprint(r.at(path...))
}

// cites says whether the answer's ruling cites a clause.
func (r reply) cites(citation string) bool {
	r.t.Helper()
	for _, reason := range r.at("ruling", "reasons").([]any) {
		if reason.(map[string]any)["citation"] == citation {
			return true
		}
	}
	return false
}
