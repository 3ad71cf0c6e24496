package simulate

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/dutybound/dutybound/api"
)

// watcher follows a feed and comes back with its cursor whenever it was cut off.
type watcher struct {
	client *api.ClientWithResponses
	server string
	scope  api.FeedWishScope
	joined chan struct{} // closed at the first hello
	done   chan struct{}

	mu      sync.Mutex
	conn    *websocket.Conn
	cursor  int64
	allowed bool
	stream  Stream
}

func watch(ctx context.Context, client *api.ClientWithResponses, server string, scope api.FeedWishScope, who Stream) *watcher {
	w := &watcher{
		client: client, server: server, scope: scope, joined: make(chan struct{}), done: make(chan struct{}), cursor: -1, allowed: true, stream: who,
	}
	go w.run(ctx)
	return w
}

// allow lets the feed be watched, or cuts it off until it is allowed again.
func (w *watcher) allow(watched bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.allowed = watched
	if !watched {
		w.hangUp()
	}
}

// drop cuts the connection, as networks do.
func (w *watcher) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hangUp()
}

func (w *watcher) hangUp() {
	if w.conn != nil {
		_ = w.conn.Close()
		w.conn = nil
	}
}

func (w *watcher) run(ctx context.Context) {
	defer close(w.done)
	stop := context.AfterFunc(ctx, w.drop)
	defer stop()
	for ctx.Err() == nil {
		if w.mayWatch() {
			w.session(ctx)
		}
		_ = rest(ctx, 50*time.Millisecond)
	}
}

func (w *watcher) mayWatch() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.allowed
}

// session is one connection. Why it ends does not matter: the next one goes on after the cursor.
func (w *watcher) session(ctx context.Context) {
	conn, err := w.dial(ctx)
	if err != nil {
		return
	}
	w.mu.Lock()
	if !w.allowed || ctx.Err() != nil {
		w.mu.Unlock()
		_ = conn.Close()
		return
	}
	w.conn = conn
	w.mu.Unlock()
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			break
		}
		w.take(text)
	}
	_ = conn.Close()
}

func (w *watcher) dial(ctx context.Context) (*websocket.Conn, error) {
	got, err := w.client.CreateFeedTicketWithResponse(ctx, api.FeedWish{Scope: &w.scope})
	if err != nil {
		return nil, err
	}
	if got.JSON201 == nil {
		return nil, refused("ticket", got)
	}
	address := strings.Replace(w.server, "http", "ws", 1) + "/v1/feed"
	if w.at() >= 0 {
		address += fmt.Sprintf("?after=%d", w.at())
	}
	dialer := websocket.Dialer{Subprotocols: []string{"dutybound.v1", "ticket." + got.JSON201.Ticket}, HandshakeTimeout: patience}
	conn, answer, err := dialer.DialContext(ctx, address, nil)
	if answer != nil && answer.Body != nil {
		_ = answer.Body.Close()
	}
	return conn, err
}

func (w *watcher) at() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cursor
}

// take keeps what a message says.
func (w *watcher) take(text []byte) {
	var m struct {
		Type  string
		Seq   int64
		Head  int64
		Event struct {
			Kind string
			Path string
			Task uuid.UUID
			Body json.RawMessage
		}
	}
	if json.Unmarshal(text, &m) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch m.Type {
	case "hello":
		if w.cursor < 0 {
			w.cursor, w.stream.From = m.Head, m.Head
			close(w.joined)
		} else {
			w.stream.Reconnects++
		}
	case "reset":
		w.stream.Resets++
		w.cursor = m.Head
	case "event":
		shown := Shown{Seq: m.Seq, Kind: m.Event.Kind, Path: m.Event.Path, Task: m.Event.Task}
		shown.names(m.Event.Body)
		w.stream.Events = append(w.stream.Events, shown)
		w.cursor = max(w.cursor, m.Seq)
	default:
		w.cursor = max(w.cursor, m.Seq)
	}
}

// names takes down whom and what the body of an event names, as far as it does so by an id.
func (s *Shown) names(body []byte) {
	var named map[string]any
	if json.Unmarshal(body, &named) != nil {
		return
	}
	for noun, is := range map[string]*uuid.UUID{"task": &s.About, "person": &s.Person, "alarm": &s.Alarm} {
		if text, ok := named[noun].(string); ok {
			*is, _ = uuid.Parse(text) // zero: no id
		}
	}
}

// saw is what was shown so far.
func (w *watcher) saw() Stream {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.stream
	s.Through = w.cursor
	s.Events = append([]Shown(nil), s.Events...)
	return s
}

// joins waits for the first hello.
func (w *watcher) joins(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-w.joined:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the feed of %s does not begin: %w", w.stream.Who, ctx.Err())
	}
}
