package wsfeed

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/dutybound/dutybound/internal/fault"
)

// gorilla/websocket wants net/http, Fiber is fasthttp. The two meet in fasthttp's hijack, after which no answer but gorilla's own
// can be given. So the handshake is rehearsed first, against a response that refuses to be hijacked: a bad one is still an
// ordinary Fiber error then, and a good one is done for real on the hijacked connection.

const protocolHeader = "Sec-Websocket-Protocol"

// httpRequest copies what a handshake consists of. fasthttp reuses its memory, so every string is a copy; repeated headers are
// kept, which fasthttp's own adaptor does not do.
func httpRequest(c *fiber.Ctx) *http.Request {
	r := &http.Request{Method: string(c.Context().Method()), URL: &url.URL{}, Host: string(c.Context().Host()), Header: http.Header{}}
	c.Request().Header.VisitAll(func(name, value []byte) { r.Header.Add(string(name), string(value)) })
	if words := r.Header.Values(protocolHeader); len(words) > 1 { // gorilla looks at the first only
		r.Header.Set(protocolHeader, strings.Join(words, ","))
	}
	return r
}

// rehearse runs the handshake without doing it.
func (f *Feed) rehearse(r *http.Request) error {
	if !slices.Contains(offered(r), protocol) && r.Header.Get("Upgrade") != "" {
		return badHandshake("the subprotocol " + protocol + " is not offered in Sec-WebSocket-Protocol")
	}
	stage := &rehearsal{header: http.Header{}}
	conn, err := f.upgrader.Upgrade(stage, r, nil)
	switch {
	case stage.reached:
		return nil
	case stage.status == http.StatusForbidden:
		return fault.New(fault.Forbidden, "origin_not_allowed", "不允许来自该来源的连接", "pages of this origin may not connect").Because(err)
	case err == nil: // cannot be: nothing was hijacked
		return errors.Join(conn.Close(), errNoStage)
	default:
		return badHandshake(err.Error()).Because(err)
	}
}

func badHandshake(message string) *fault.Error {
	bad := fault.New(fault.Invalid, "not_a_websocket_handshake", "需要有效的 WebSocket 握手", "a valid websocket handshake is needed")
	bad.Fields = []fault.Field{{Field: "header", Message: message}}
	return bad
}

var errNoStage = errors.New("wsfeed: rehearsing, not hijacking")

// rehearsal is a response that notes how far a handshake came.
type rehearsal struct {
	header  http.Header
	status  int
	reached bool // everything about the handshake was in order
}

func (s *rehearsal) Header() http.Header         { return s.header }
func (s *rehearsal) Write(p []byte) (int, error) { return len(p), nil }
func (s *rehearsal) WriteHeader(status int)      { s.status = status }

func (s *rehearsal) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	s.reached = true
	return nil, nil, errNoStage
}

// noteRefusal keeps gorilla from writing an answer of its own.
func noteRefusal(w http.ResponseWriter, _ *http.Request, status int, _ error) { w.WriteHeader(status) }

// stage is the real one: it hands out a connection that fasthttp has let go of. The buffered reader is fresh, because bytes that
// came with the handshake wait in front of the connection; gorilla refuses to start over a reader that holds some.
type stage struct {
	rehearsal
	conn net.Conn
}

func (s *stage) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return s.conn, bufio.NewReadWriter(bufio.NewReaderSize(s.conn, 16), bufio.NewWriterSize(s.conn, 512)), nil
}

// released is a connection apart from fasthttp's buffer, which goes back to fasthttp; what the viewer sent early is in front of it.
func released(hijacked net.Conn) net.Conn {
	under, is := hijacked.(interface{ UnsafeConn() net.Conn })
	if !is {
		return hijacked
	}
	conn := under.UnsafeConn()
	// Nothing is waited for: what is buffered comes before the deadline is looked at.
	if conn.SetReadDeadline(longAgo) != nil {
		return conn // dead, as the handshake will find
	}
	early, _ := io.ReadAll(hijacked)      // it always ends with the deadline
	_ = conn.SetReadDeadline(time.Time{}) // as above
	if len(early) == 0 {
		return conn
	}
	return &eager{conn, early}
}

var longAgo = time.Unix(1, 0)

// eager is a connection whose other side spoke before it was answered.
type eager struct {
	net.Conn
	early []byte
}

func (c *eager) Read(p []byte) (int, error) {
	if len(c.early) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.early)
	c.early = c.early[n:]
	return n, nil
}
