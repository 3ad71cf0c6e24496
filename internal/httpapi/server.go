// Package httpapi is the HTTP API: it holds each request to the contract (openapi/openapi.yaml), knows who asks, calls one use
// case and encodes the answer. It decides nothing.
package httpapi

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"github.com/dutybound/dutybound/internal/duty"
)

// Config is what the API is made of. Zero durations and numbers take the value named.
type Config struct {
	Duty        Duty
	Identity    Identity
	Roster      Roster
	Recruitment Recruitment
	Tickets     Tickets
	Phones      Phones
	Legal       Legal
	Law         func(context.Context, duty.Actor) (Law, error) // as the actor's organ reads it now
	Trials      Trials
	Safety      Safety
	Shifts      Shifts
	Plans       Plans
	Positions   Positions
	Outbox      Outbox
	Carrier     *Carrier      // is set to work; nil: there is no outbox
	Watch       fiber.Handler // GET /v1/feed
	// Ready says why the server cannot do its work now; nil: it can.
	Ready func(ctx context.Context) error

	Log     *slog.Logger
	Metrics prometheus.Registerer
	Proxies Proxies  // whose X-Forwarded-For is believed; none: nobody's
	Public  []string // addresses that phones reach the server under (ParsePublic); none: what the Host header says
	TLS     bool     // the server itself speaks TLS

	Timeout     time.Duration // of one request: 10 s
	ReadTimeout time.Duration // for a request to arrive: 10 s
	IdleTimeout time.Duration // of a connection between requests: 60 s
	BodyLimit   int           // bytes: 256 KiB
	HeaderLimit int           // bytes: 8 KiB
}

func (c Config) withDefaults() Config {
	c.Timeout = cmp.Or(c.Timeout, 10*time.Second)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, 10*time.Second)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, time.Minute)
	c.BodyLimit = cmp.Or(c.BodyLimit, 256<<10)
	c.HeaderLimit = cmp.Or(c.HeaderLimit, 8<<10)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = prometheus.NewRegistry()
	}
	return c
}

func (c Config) askers() askers { return askers{c.Public, c.TLS} }

// New makes the API. The app serves every route of the contract and nothing else; the caller listens and shuts down.
func New(config Config) *fiber.App {
	config = config.withDefaults()
	app := fiber.New(fiber.Config{
		AppName:               "dutybound",
		DisableStartupMessage: true,
		CaseSensitive:         true, // a proxy's path rules mean here what they mean there
		StrictRouting:         true,
		Immutable:             true, // or one officer's id turns into another's in a goroutine
		ReadTimeout:           config.ReadTimeout,
		WriteTimeout:          config.Timeout + 10*time.Second,
		IdleTimeout:           config.IdleTimeout,
		BodyLimit:             config.BodyLimit,
		ReadBufferSize:        config.HeaderLimit,
		ErrorHandler:          renderProblem,
	})
	f := frame{log: config.Log, metrics: newMetrics(config.Metrics), timeout: config.Timeout, proxies: config.Proxies}
	app.Use(f.handle)
	h := &handlers{Config: config}
	router := gate{Router: app, sessions: config.Identity, askers: config.askers()}
	RegisterHandlers(router, NewStrictHandler(h, nil))
	router.Get("/v1/feed", h.watch)
	app.Server().KeepHijackedConns = true // the feed's sockets live by themselves
	refuseUnknownMethods(app)
	if config.Carrier != nil {
		config.Carrier.run = app.Handler()
	}
	app.Server().HeaderReceived = func(header *fasthttp.RequestHeader) fasthttp.RequestConfig {
		return fasthttp.RequestConfig{MaxRequestBodySize: bodyLimit(config, header)}
	}
	return app
}

// bodyLimit lets whole rosters in, where somebody brings one who is signed in; 0: no more than everywhere. A stranger's long body is
// not even read.
func bodyLimit(config Config, header *fasthttp.RequestHeader) int {
	path, _, _ := strings.Cut(string(header.RequestURI()), "?")
	op, known := contract()[string(header.Method())+" "+path]
	if !known || op.limit == 0 {
		return 0
	}
	ctx, cancel := context.WithTimeout(context.Background(), config.Timeout)
	defer cancel()
	asking := config.askers().read(header)
	asking.Glance = true
	if _, _, err := config.Identity.Admit(ctx, asking); err != nil {
		return 0 // the gate says why
	}
	return op.limit
}

// refuseUnknownMethods answers a method that Fiber has never heard of like one that a route does not take. Fiber itself answers it
// before anything of ours is asked, with a bare line.
func refuseUnknownMethods(app *fiber.App) {
	server := app.Server()
	known := server.Handler
	server.Handler = func(request *fasthttp.RequestCtx) {
		if slices.Contains(fiber.DefaultMethods, string(request.Method())) {
			known(request)
			return
		}
		c := app.AcquireCtx(request)
		defer app.ReleaseCtx(c)
		prepare(c)
		request.SetConnectionClose()                    // nobody looked at how its body is framed, so nobody knows where the next request begins
		_ = renderProblem(c, fiber.ErrMethodNotAllowed) // fails only when a problem cannot be encoded
	}
}

// handlers carries out the operations of the contract, each in a file of its noun.
type handlers struct{ Config }

var _ StrictServerInterface = (*handlers)(nil)

// gate is a router on which every route stands behind what the contract asks of it: a session, and a request that fits.
type gate struct {
	fiber.Router
	sessions Sessions
	askers   askers
}

func (g gate) Get(path string, h ...fiber.Handler) fiber.Router {
	return g.route(fiber.MethodGet, path, h)
}

func (g gate) Post(path string, h ...fiber.Handler) fiber.Router {
	return g.route(fiber.MethodPost, path, h)
}

func (g gate) Put(path string, h ...fiber.Handler) fiber.Router {
	return g.route(fiber.MethodPut, path, h)
}

func (g gate) Delete(path string, h ...fiber.Handler) fiber.Router {
	return g.route(fiber.MethodDelete, path, h)
}

func (g gate) Patch(path string, h ...fiber.Handler) fiber.Router {
	return g.route(fiber.MethodPatch, path, h)
}

func (g gate) route(method, path string, handlers []fiber.Handler) fiber.Router {
	op := operationAt(method, path)
	guarded := append([]fiber.Handler{func(c *fiber.Ctx) error { return g.admit(c, op) }}, handlers...)
	if method == fiber.MethodGet {
		g.Router.Add(fiber.MethodHead, path, guarded...)
	}
	return g.Router.Add(method, path, guarded...)
}
