package wsfeed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/dutybound/dutybound/internal/feed"
)

// Close codes of our own; their reason is {"after":<seq>}, the cursor to come back with. See openapi/asyncapi.yaml.
const (
	CloseRevoked = 4001 // the session ended, or nothing is left in its reach
	CloseSlow    = 4008 // the viewer did not keep up
)

const readLimit = 512 // bytes; a viewer has nothing to say

// socket is one viewer's connection. One goroutine reads and one writes; both begin small, and an idle socket is little more than the
// two of them.
type socket struct {
	*Feed
	ws  *websocket.Conn
	sub *feed.Subscription

	stop context.CancelCauseFunc // ends the writer

	mu      sync.Mutex // orders the two who set the read deadline
	closing bool
}

// takeOver has the connection from fasthttp, shakes hands and lets the socket live by itself: fasthttp takes back all that it held for
// the request when this returns, its buffers first of all.
func (f *Feed) takeOver(hijacked net.Conn, request *http.Request, viewer feed.Viewer, after *int64) {
	defer f.guard()
	conn := released(hijacked)
	if !f.enter() {
		_ = conn.Close() // no viewer yet who could be told
		return
	}
	ws, err := f.upgrader.Upgrade(&stage{conn: conn}, request, nil)
	if err != nil {
		defer f.leave()
		f.config.Log.Debug("wsfeed: handshake broke off", "session", viewer.Session, "error", errors.Join(err, conn.Close()))
		return
	}
	s := &socket{Feed: f, ws: ws, sub: f.config.Feed.Subscribe(viewer, after)}
	ctx, stop := context.WithCancelCause(f.ctx)
	s.stop = stop
	written := make(chan struct{})
	go s.serveWriter(ctx, written)
	go s.serveReader(written)
}

func (s *socket) serveWriter(ctx context.Context, written chan<- struct{}) {
	defer close(written)
	defer s.guard()
	defer s.hurry()
	s.write(ctx)
}

// serveReader ends last, and with it the socket.
func (s *socket) serveReader(written <-chan struct{}) {
	defer s.leave()
	defer s.sub.Close()
	defer func() {
		s.stop(errGone)
		<-written
		if err := s.ws.Close(); err != nil {
			s.config.Log.Debug("wsfeed: connection not closed", "error", err) // it is gone already
		}
	}()
	defer s.guard()
	s.stop(s.read())
	s.drain()
}

var (
	errGone  = errors.New("wsfeed: the viewer left")
	errSpoke = errors.New("wsfeed: a viewer has nothing to say")
)

// read hears pongs and closes until the connection ends or is told to. Nothing else is expected.
func (s *socket) read() error {
	s.ws.SetReadLimit(readLimit)
	s.ws.SetPongHandler(func(string) error { return s.alive() })
	if err := s.alive(); err != nil {
		return errGone
	}
	if _, _, err := s.ws.NextReader(); err != nil {
		return errGone
	}
	return errSpoke
}

// alive gives the viewer another while, unless we are closing.
func (s *socket) alive() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	return s.ws.SetReadDeadline(time.Now().Add(s.config.PongWait))
}

// drain reads on until the connection has ended, so that what the viewer still sends does not reset it before it hears why. After
// a message that was too big gorilla reads no more: then the bytes are taken as they come.
func (s *socket) drain() {
	for {
		_, _, err := s.ws.NextReader()
		switch {
		case err == nil:
			continue
		case errors.Is(err, websocket.ErrReadLimit):
			_, _ = io.Copy(io.Discard, s.ws.NetConn()) // ends with the deadline at the latest
		}
		return
	}
}

// hurry leaves the viewer a moment to answer our close.
func (s *socket) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	if err := s.ws.SetReadDeadline(time.Now().Add(s.config.CloseWait)); err != nil {
		s.config.Log.Debug("wsfeed: deadline not set", "error", err) // the connection is gone already
	}
}

// write sends what the subscription yields until one of the two ends.
func (s *socket) write(ctx context.Context) {
	for {
		m, err := s.sub.Next(ctx)
		if err != nil {
			s.farewell(ctx, err)
			return
		}
		if err := s.send(m); err != nil {
			s.config.Log.Debug("wsfeed: write", "error", err)
			return
		}
	}
}

func (s *socket) send(m feed.Message) error {
	deadline := time.Now().Add(s.config.WriteWait)
	if m.Kind == feed.Beat {
		if err := s.ws.WriteControl(websocket.PingMessage, nil, deadline); err != nil {
			return err
		}
	}
	if err := s.ws.SetWriteDeadline(deadline); err != nil {
		return err
	}
	return s.ws.WriteMessage(websocket.TextMessage, m.JSON)
}

// farewell closes the socket with its code and the cursor to come back with, unless the viewer left by itself.
func (s *socket) farewell(ctx context.Context, err error) {
	code := closeCode(context.Cause(ctx), err)
	if code == 0 {
		return
	}
	after := s.sub.Cursor()
	s.config.Log.Info("wsfeed: closing a socket", "code", code, "after", after, "error", err)
	reason := fmt.Sprintf(`{"after":%d}`, after)
	if after == feed.Unknown {
		reason = ""
	}
	message := websocket.FormatCloseMessage(code, reason)
	if err := s.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(s.config.WriteWait)); err != nil {
		s.config.Log.Debug("wsfeed: close not sent", "error", err)
	}
}

func closeCode(cause, err error) int {
	var ended *feed.Ended
	switch {
	case errors.As(err, &ended):
		return map[feed.Reason]int{
			feed.Revoked: CloseRevoked, feed.Slow: CloseSlow, feed.Stopped: websocket.CloseGoingAway,
		}[ended.Why]
	case cause == errGone:
		return 0
	case cause == errGoingAway:
		return websocket.CloseGoingAway
	case cause == errSpoke:
		return websocket.CloseUnsupportedData
	default: // the store failed us
		return websocket.CloseInternalServerErr
	}
}
