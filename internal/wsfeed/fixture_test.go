package wsfeed_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/testkit/feedkit"
	"github.com/dutybound/dutybound/internal/wsfeed"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(
		m, // fasthttp's clock and its pool's broom never end, or only after ten seconds; a cluster of this package's own ends with it
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1"),
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*workerPool).Start.func2"),
		goleak.IgnoreAnyFunction("github.com/dutybound/dutybound/internal/embedded.(*Postgres).spawn.func1"),
	)
}

const (
	north    = feedkit.North
	south    = feedkit.South
	patience = time.Minute
)

// server is Fiber with the feed on a real port.
type server struct {
	testing.TB
	log     *feedkit.Log
	hub     *feed.Hub
	service *feed.Service
	sockets *wsfeed.Feed
	addr    string
}

func serve(t testing.TB, pace feed.Pace, change func(*wsfeed.Config)) *server {
	t.Helper()
	log := feedkit.Open(t)
	return serveFrom(t, log, log.Store, pace, change)
}

// serveFrom serves from one of the stores on a log's database.
func serveFrom(t testing.TB, log *feedkit.Log, store feed.Store, pace feed.Pace, change func(*wsfeed.Config)) *server {
	t.Helper()
	s := &server{TB: t, log: log}
	s.hub = feed.NewHub(store, slog.New(slog.DiscardHandler), pace)
	s.service = feed.New(store, s.hub)
	config := wsfeed.Config{Feed: s.service, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&config)
	}
	s.sockets = wsfeed.New(config)
	s.run()
	return s
}

func (s *server) run() {
	ctx, cancel := context.WithCancel(context.Background())
	hubDone, appDone := make(chan struct{}), make(chan struct{})
	go func() { defer close(hubDone); s.hub.Run(ctx) }()

	app := fiber.New(fiber.Config{
		Immutable: true, DisableStartupMessage: true, ReadTimeout: patience, IdleTimeout: patience, ErrorHandler: problem,
	})
	app.Server().KeepHijackedConns = true
	app.Get("/v1/feed", s.sockets.Handler())
	app.Get("/plain", func(c *fiber.Ctx) error { return c.SendString("plain") })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.Fatal(err)
	}
	s.addr = listener.Addr().String()
	go func() { defer close(appDone); _ = app.Listener(listener) }()
	if status, _ := s.get("/plain", nil); status != http.StatusOK { // it serves, so it can be shut down
		s.Fatalf("status %d", status)
	}
	s.Cleanup(func() {
		end, stop := context.WithTimeout(context.Background(), patience)
		defer stop()
		if err := errors.Join(s.sockets.Shutdown(end), app.ShutdownWithContext(end)); err != nil {
			s.Error(err)
		}
		cancel()
		<-hubDone
		<-appDone
	})
}

// problem renders faults as the HTTP room does, as far as it matters here.
func problem(c *fiber.Ctx, err error) error {
	status := map[fault.Kind]int{
		fault.Invalid: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.Unavailable: 503,
	}[fault.KindOf(err)]
	var e *fault.Error
	if status == 0 || !errors.As(err, &e) {
		return c.Status(http.StatusInternalServerError).SendString(err.Error())
	}
	return c.Status(status).JSON(map[string]any{"code": e.Code, "errors": e.Fields}, "application/problem+json")
}

func (s *server) viewer(path duty.Path) duty.Actor {
	s.Helper()
	return s.log.SignIn(duty.RoleViewer, path)
}

func (s *server) ticket(actor duty.Actor) string {
	s.Helper()
	token, _, err := s.service.Ticket(s.Context(), actor, false)
	if err != nil {
		s.Fatal(err)
	}
	return token
}

func (s *server) append(paths ...duty.Path) int64 {
	s.Helper()
	defer s.hub.Wake()
	return s.log.Append(paths...)
}

// client is a viewer's end of a socket.
type client struct {
	testing.TB
	*websocket.Conn
}

func (s *server) dial(actor duty.Actor, query string) *client {
	s.Helper()
	return s.dialWith(s.ticket(actor), query)
}

// dialMine watches the actor's own feed, from now on.
func (s *server) dialMine(actor duty.Actor) *client {
	s.Helper()
	token, _, err := s.service.Ticket(s.Context(), actor, true)
	if err != nil {
		s.Fatal(err)
	}
	c := s.dialWith(token, "")
	c.next("hello")
	return c
}

func (s *server) dialWith(ticket, query string) *client {
	s.Helper()
	dialer := websocket.Dialer{Subprotocols: []string{"dutybound.v1", "ticket." + ticket}, HandshakeTimeout: patience}
	conn, answer, err := dialer.DialContext(s.Context(), "ws://"+s.addr+"/v1/feed"+query, nil)
	if err != nil {
		s.Fatal(err)
	}
	if conn.Subprotocol() != "dutybound.v1" || answer.StatusCode != http.StatusSwitchingProtocols {
		s.Fatalf("subprotocol %q, status %d", conn.Subprotocol(), answer.StatusCode)
	}
	s.Cleanup(func() { _ = conn.Close() })
	return &client{s.TB, conn}
}

type message struct {
	Type  string
	Seq   int64
	Head  int64
	Event struct {
		Seq  int64
		Kind string
		Path string
	}
}

func (c *client) read() (m message, err error) {
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return m, err
	}
	return m, c.ReadJSON(&m)
}

func (c *client) next(want string) message {
	c.Helper()
	m, err := c.read()
	if err != nil || m.Type != want {
		c.Fatalf("got %+v %v, want %s", m, err, want)
	}
	return m
}

// closed reads on until the server closes, and answers the code, the cursor of the reason, and the last event seen.
func (c *client) closed() (code int, after, last int64) {
	c.Helper()
	for {
		m, err := c.read()
		if err == nil {
			last = max(last, m.Seq)
			continue
		}
		var end *websocket.CloseError
		if !errors.As(err, &end) {
			c.Fatalf("ended without a close: %v", err)
		}
		return end.Code, c.cursorOf(err), last
	}
}

// cursorOf is what the reason of a close says; the test fails when it says nothing.
func (c *client) cursorOf(err error) int64 {
	c.Helper()
	var end *websocket.CloseError
	var reason struct{ After *int64 }
	if !errors.As(err, &end) || json.Unmarshal([]byte(end.Text), &reason) != nil || reason.After == nil {
		c.Errorf("no cursor in %v", err)
		return 0
	}
	return *reason.After
}

// headers are those of a good handshake.
func (s *server) headers() map[string]string {
	return map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
		"Sec-WebSocket-Protocol": "dutybound.v1, ticket." + s.ticket(s.viewer(north)),
	}
}

func (s *server) get(path string, headers map[string]string) (status int, contentType string) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), http.MethodGet, "http://"+s.addr+path, http.NoBody)
	if err != nil {
		s.Fatal(err)
	}
	for name, value := range headers {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	transport := &http.Transport{DisableKeepAlives: headers["Connection"] == ""}
	defer transport.CloseIdleConnections()
	answer, err := transport.RoundTrip(r)
	if err != nil {
		s.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode, answer.Header.Get("Content-Type")
}
