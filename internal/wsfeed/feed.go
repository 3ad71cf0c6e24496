// Package wsfeed carries the feed over websockets, on Fiber's own port: the handshake, one reader and one writer for each socket,
// deadlines, and the words in which a socket is closed. What a viewer sees and from where is decided in the feed room; the
// protocol is written down in openapi/asyncapi.yaml.
package wsfeed

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gorilla/websocket"

	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/feed"
)

const (
	protocol     = "dutybound.v1" // the subprotocol that is spoken
	ticketPrefix = "ticket."      // the subprotocol that is none: it brings the ticket
)

// Config is what the sockets need. Zero durations and numbers take the value named.
type Config struct {
	Feed    *feed.Service
	Log     *slog.Logger
	Origins []string // "https://console.example": pages allowed to connect, beside those of our own host

	Sockets   int           // at most so many at once: 10,000
	PongWait  time.Duration // a socket that is silent for so long is dead: 40 s. Must exceed the feed's beat
	WriteWait time.Duration // a write that takes longer has failed: 5 s
	CloseWait time.Duration // how long the other side may take to answer a close: 1 s
}

// Feed is the sockets of a process.
type Feed struct {
	config   Config
	upgrader websocket.Upgrader
	ctx      context.Context //nolint:containedctx // the life of all sockets, ended by Shutdown
	end      context.CancelCauseFunc

	mu      sync.Mutex
	closed  bool
	open    int
	sockets sync.WaitGroup
}

var errGoingAway = errors.New("wsfeed: the server is going down")

// New makes the feed's socket side.
func New(config Config) *Feed {
	config.Sockets = cmp.Or(config.Sockets, 10_000)
	config.PongWait = cmp.Or(config.PongWait, 40*time.Second)
	config.WriteWait = cmp.Or(config.WriteWait, 5*time.Second)
	config.CloseWait = cmp.Or(config.CloseWait, time.Second)
	f := &Feed{config: config}
	f.ctx, f.end = context.WithCancelCause(context.Background())
	f.upgrader = websocket.Upgrader{
		ReadBufferSize:  256, // viewers say nothing but pong
		WriteBufferSize: 4096,
		WriteBufferPool: &sync.Pool{},
		Subprotocols:    []string{protocol},
		CheckOrigin:     f.originAllowed,
		Error:           noteRefusal,
	}
	return f
}

// Shutdown closes every socket with 1001, lets no other in, and waits until they are gone or the context ends.
func (f *Feed) Shutdown(ctx context.Context) error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.end(errGoingAway)
	gone := make(chan struct{})
	go func() { f.sockets.Wait(); close(gone) }()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Handler answers GET /v1/feed. The server it stands on must leave connections alone that it has handed over (KeepHijackedConns): an
// idle socket then holds nothing of the request that opened it. Whatever is wrong with the handshake, the cursor or the ticket is an ordinary fault.Error, in this
// order, so that a ticket is spent only on a handshake that would have worked.
func (f *Feed) Handler() fiber.Handler {
	return func(c *fiber.Ctx) error {
		request := httpRequest(c)
		if err := f.rehearse(request); err != nil {
			return err
		}
		after, err := cursor(c)
		if err != nil {
			return err
		}
		if !f.hasRoom() {
			return fault.New(fault.Unavailable, "feed_full", "连接数已满，请稍后重试", "no room for another viewer; try again later")
		}
		viewer, err := f.config.Feed.Admit(c.UserContext(), ticket(request))
		if err != nil {
			return err
		}
		c.Context().HijackSetNoResponse(true)
		c.Context().Hijack(func(conn net.Conn) { f.takeOver(conn, request, viewer, after) })
		return nil
	}
}

// cursor reads ?after=<seq>; nil when it is not there.
func cursor(c *fiber.Ctx) (*int64, error) {
	given := c.Context().QueryArgs().PeekMulti("after")
	if len(given) == 0 {
		return nil, nil
	}
	seq, err := strconv.ParseInt(string(given[0]), 10, 64)
	if len(given) > 1 || err != nil || seq < 0 {
		return nil, fault.BadField("query/after", "must be one whole number, 0 or more")
	}
	return &seq, nil
}

func ticket(r *http.Request) string {
	for _, word := range offered(r) {
		if token, is := strings.CutPrefix(word, ticketPrefix); is {
			return token
		}
	}
	return ""
}

// offered lists the subprotocols that the client offers.
func offered(r *http.Request) (words []string) {
	for word := range strings.SplitSeq(r.Header.Get(protocolHeader), ",") {
		words = append(words, strings.TrimSpace(word))
	}
	return words
}

func (f *Feed) originAllowed(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" { // no browser
		return true
	}
	_, host, _ := strings.Cut(origin, "://")
	return strings.EqualFold(host, r.Host) || slices.Contains(f.config.Origins, origin)
}

func (f *Feed) hasRoom() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.closed && f.open < f.config.Sockets
}

// enter counts a socket in; false when the server is going down.
func (f *Feed) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.open++
	f.sockets.Add(1)
	return true
}

func (f *Feed) leave() {
	f.mu.Lock()
	f.open--
	f.mu.Unlock()
	f.sockets.Done()
}

// guard keeps a panic in one socket from ending the process: these goroutines are outside of Fiber's recover.
func (f *Feed) guard() {
	if bug := recover(); bug != nil {
		f.config.Log.Error("wsfeed: panic in a socket", "panic", bug, "stack", string(debug.Stack()))
	}
}
