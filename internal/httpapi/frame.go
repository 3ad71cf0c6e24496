package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
)

// frame is around every request: it gives it an id and a deadline, keeps a panic from ending the process, turns errors into
// problem documents, and notes what was answered, never what was said.
type frame struct {
	log     *slog.Logger
	metrics metrics
	timeout time.Duration
	proxies Proxies
}

// The names under which a request's notes travel with it.
const (
	requestIDKey = "dutybound-request-id"
	operationKey = "dutybound-operation"
	actorKey     = "dutybound-actor"
)

func noteOperation(c *fiber.Ctx, op *operation) { c.Locals(operationKey, op.Operation) }
func noteActor(c *fiber.Ctx, actor duty.Actor)  { c.Locals(actorKey, actor) }

func (f frame) handle(c *fiber.Ctx) error {
	began := time.Now()
	f.metrics.inFlight.Inc()
	defer f.metrics.inFlight.Dec()
	ctx, cancel := context.WithTimeout(beginning(c), f.timeout)
	defer cancel()
	c.SetUserContext(ctx)
	noteAddress(c, f.proxies)
	prepare(c)
	err := f.guarded(c)
	if k := carriedBy(c); k != nil {
		k.err = err
	}
	if err != nil {
		if failed := renderProblem(c, err); failed != nil {
			return failed
		}
	}
	f.note(c, err, time.Since(began))
	return nil
}

// prepare sets what every answer has. The API's answers are nobody's page, frame or cache entry.
func prepare(c *fiber.Ctx) {
	requestID(c)
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'; frame-ancestors 'none'")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer")
}

// requestID is the request's id, made when it is first asked for.
func requestID(c *fiber.Ctx) string {
	if id, ok := c.Locals(requestIDKey).(string); ok {
		return id
	}
	id := uuid.Must(uuid.NewV7()).String()
	c.Locals(requestIDKey, id)
	c.Set(fiber.HeaderXRequestID, id)
	return id
}

func (f frame) guarded(c *fiber.Ctx) (err error) {
	defer func() {
		if bug := recover(); bug != nil {
			err = fmt.Errorf("panic: %v\n%s", bug, debug.Stack())
		}
	}()
	if err := checkFraming(c); err != nil {
		return err
	}
	return c.Next()
}

// checkFraming refuses requests that two servers could cut at different places: with both lengths, with one twice, with a coding
// that is not chunked, or with folded headers. What follows on the connection cannot be trusted either.
func checkFraming(c *fiber.Ctx) error {
	lengths, codings := 0, 0
	for line := range bytes.Lines(c.Request().Header.RawHeaders()) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case line[0] == ' ' || line[0] == '\t':
			codings = 2
		case bytes.EqualFold(name, []byte(fiber.HeaderContentLength)):
			lengths++
		case bytes.EqualFold(name, []byte(fiber.HeaderTransferEncoding)):
			codings++
			if !bytes.EqualFold(value, []byte("chunked")) {
				codings = 2
			}
		}
	}
	if lengths+codings <= 1 {
		return nil
	}
	c.Context().SetConnectionClose()
	return fault.New(fault.Invalid, "ambiguous_framing", "请求长度不明确", "the request's length is ambiguous")
}

// note writes the access log and the metrics. Bodies, queries and tokens are in neither.
func (f frame) note(c *fiber.Ctx, err error, took time.Duration) {
	status := c.Response().StatusCode()
	if c.Context().Hijacked() {
		status = fiber.StatusSwitchingProtocols
	}
	operation, _ := c.Locals(operationKey).(string)
	f.metrics.observe(operation, status, took)
	attrs := []slog.Attr{
		slog.String("request", requestID(c)), slog.String("method", c.Method()), slog.String("operation", operation),
		slog.Int("status", status), slog.Float64("took_ms", float64(took.Microseconds())/1000), slog.String("address", addressOf(c)),
	}
	if operation == "" {
		attrs = append(attrs, slog.String("path", c.Path()))
	}
	if actor, ok := c.Locals(actorKey).(duty.Actor); ok {
		attrs = append(attrs, slog.String("actor", actor.Person.String()), slog.String("session", actor.Session.String()))
	}
	level := slog.LevelInfo
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	if status >= fiber.StatusInternalServerError {
		level = slog.LevelError
	}
	f.log.LogAttrs(c.UserContext(), level, "http", attrs...)
}

type metrics struct {
	took     *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

func newMetrics(to prometheus.Registerer) metrics {
	m := metrics{
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "dutybound_http_request_seconds",
			Help:    "How long requests took, by operation of the contract and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"operation", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dutybound_http_requests_in_flight", Help: "Requests being answered now.",
		}),
	}
	to.MustRegister(m.took, m.inFlight)
	return m
}

// observe counts what no operation answered under "none", so that a scanner cannot make up labels.
func (m metrics) observe(operation string, status int, took time.Duration) {
	if operation == "" {
		operation = "none"
	}
	m.took.WithLabelValues(operation, fmt.Sprint(status)).Observe(took.Seconds())
}
