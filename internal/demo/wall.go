package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"
)

// wall is a command centre's screen: everything the feed has shown it so far.
type wall struct {
	conn *websocket.Conn
	done chan struct{} // closed when the feed has ended

	mu     sync.Mutex
	events []happening
	read   int           // events the story has told
	news   chan struct{} // closed and replaced at each event
	err    error         // why the feed ended
}

// happening is an event as the feed shows it.
type happening struct {
	Seq  int64      `json:"seq"`
	Kind string     `json:"kind"`
	Task *uuid.UUID `json:"task"`
	Body struct {
		Ruling uuid.UUID `json:"ruling"`
	} `json:"body"`
}

const subprotocol = "dutybound.v1"

// openWall joins the feed at its head with a one-time ticket.
func openWall(ctx context.Context, baseURL, ticket string) (*wall, error) {
	address, err := url.JoinPath(strings.Replace(baseURL, "http", "ws", 1), "/v1/feed")
	if err != nil {
		return nil, err
	}
	dialer := websocket.Dialer{Subprotocols: []string{subprotocol, "ticket." + ticket}}
	conn, answer, err := dialer.DialContext(ctx, address, http.Header{})
	if err != nil {
		return nil, fmt.Errorf("joining the feed: %w%s", err, status(answer))
	}
	w := &wall{conn: conn, done: make(chan struct{}), news: make(chan struct{})}
	joined := make(chan struct{})
	go w.follow(joined)
	select {
	case <-joined:
		return w, nil
	case <-w.done:
		return nil, fmt.Errorf("the feed ended before its first message: %w", w.err)
	case <-ctx.Done():
		w.close()
		return nil, ctx.Err()
	}
}

func status(answer *http.Response) string {
	if answer == nil {
		return ""
	}
	return " (" + answer.Status + ")"
}

// follow keeps what the feed says until it ends. The first message is the server's hello: from then on nothing is missed.
func (w *wall) follow(joined chan<- struct{}) {
	defer close(w.done)
	for {
		_, text, err := w.conn.ReadMessage()
		if err == nil {
			err = w.take(text, &joined)
		}
		if err != nil {
			w.mu.Lock()
			w.err = err
			w.mu.Unlock()
			return
		}
	}
}

func (w *wall) take(text []byte, joined *chan<- struct{}) error {
	var message struct {
		Type  string    `json:"type"`
		Event happening `json:"event"`
	}
	if err := json.Unmarshal(text, &message); err != nil {
		return fmt.Errorf("the feed said %q: %w", text, err)
	}
	switch message.Type {
	case "hello":
		if *joined != nil {
			close(*joined)
			*joined = nil
		}
	case "event":
		w.mu.Lock()
		w.events = append(w.events, message.Event)
		close(w.news)
		w.news = make(chan struct{})
		w.mu.Unlock()
	case "reset":
		return fmt.Errorf("the feed was reset while the story was told")
	}
	return nil
}

// until waits for the first event not yet told that fits, and answers it; events of other people's work in between are passed by.
func (w *wall) until(ctx context.Context, fits func(happening) bool) (happening, error) {
	for {
		w.mu.Lock()
		for w.read < len(w.events) {
			e := w.events[w.read]
			w.read++
			if fits(e) {
				w.mu.Unlock()
				return e, nil
			}
		}
		news := w.news
		w.mu.Unlock()
		select {
		case <-news:
		case <-w.done:
			return happening{}, fmt.Errorf("the feed ended: %w", w.err)
		case <-ctx.Done():
			return happening{}, ctx.Err()
		}
	}
}

func (w *wall) close() {
	_ = w.conn.Close()
	<-w.done
}
