package app_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/dutybound/dutybound/internal/testkit"
)

const feedProtocol = "dutybound.v1"

// dial joins the feed with a ticket of its own.
func (h *hand) dial(after int64) (*websocket.Conn, error) { return h.dialFor(nil, after) }

// dialFor joins with a ticket of a wish: nil, or its scope.
func (h *hand) dialFor(wish any, after int64) (*websocket.Conn, error) {
	r, err := h.try("POST", "/v1/feed/tickets", wish, nil)
	if err != nil {
		return nil, err
	}
	if r.status != 201 {
		return nil, fmt.Errorf("ticket: %d %s", r.status, r.raw)
	}
	return h.dialWith(r.text("ticket"), after)
}

func (h *hand) dialWith(ticket string, after int64) (*websocket.Conn, error) {
	dialer := websocket.Dialer{Subprotocols: []string{feedProtocol, "ticket." + ticket}, HandshakeTimeout: time.Minute}
	conn, answer, err := dialer.Dial(fmt.Sprintf("%s/v1/feed?after=%d", strings.Replace(h.s.url, "http", "ws", 1), after), nil)
	if err != nil && answer != nil {
		err = fmt.Errorf("%w: %s", err, answer.Status)
	}
	return conn, err
}

// shown is an event as the feed shows it.
type shown struct {
	Seq     int64
	Kind    string
	Path    string
	Task    string
	Version int
	Body    struct{ Ruling, Note, Reason string }
}

// screen keeps what the feed shows to one viewer, who drops out at random and goes on after what they saw last.
type screen struct {
	who    *hand
	breaks *rand.Rand // nil: never drops out
	wish   any        // of its tickets

	mu     sync.Mutex
	conn   *websocket.Conn
	closed bool
	cursor int64
	events []shown
	told   map[string]string // kinds of messages to the person, by their ids
	err    error
}

// mine watches the person's own feed.
func (o *office) mine(who *hand, after int64) *screen { return o.followMine(who, after, nil) }

func (o *office) followMine(who *hand, after int64, breaks *rand.Rand) *screen {
	o.t.Helper()
	return o.show(&screen{who: who, cursor: after, breaks: breaks, wish: object{"scope": "mine"}, told: map[string]string{}})
}

// has says whether an event was shown.
func (s *screen) has(seq int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.events, func(e shown) bool { return e.Seq == seq })
}

func (s *screen) messages() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.told)
}

func (o *office) watch(who *hand, after int64) *screen { return o.follow(who, after, nil) }

func (o *office) follow(who *hand, after int64, breaks *rand.Rand) *screen {
	o.t.Helper()
	return o.show(&screen{who: who, cursor: after, breaks: breaks})
}

func (o *office) show(s *screen) *screen {
	o.t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); s.run() }()
	o.t.Cleanup(func() {
		s.mu.Lock()
		s.closed = true
		if s.conn != nil {
			_ = s.conn.Close()
		}
		s.mu.Unlock()
		<-done
	})
	return s
}

func (s *screen) run() {
	for s.session() {
	}
}

// session is one connection; it says whether there is another.
func (s *screen) session() (again bool) {
	conn, err := s.who.dialFor(s.wish, s.at())
	s.mu.Lock()
	if err == nil && s.closed {
		_ = conn.Close()
	}
	s.conn = conn
	over := s.closed || err != nil
	if err != nil && !s.closed {
		s.err = err
	}
	s.mu.Unlock()
	if over {
		return false
	}
	defer conn.Close() // without a word, as a tunnel does
	for n := s.stay(); n != 0; n-- {
		var m struct {
			Type  string
			Seq   int64
			Event shown

			Message struct{ ID, Kind string }
		}
		_, text, err := conn.ReadMessage()
		if err == nil {
			err = json.Unmarshal(text, &m)
		}
		if err == nil && m.Type == "reset" {
			err = fmt.Errorf("reset at %d", s.at())
		}
		if m.Type == "message" {
			s.hear(m.Message.ID, m.Message.Kind)
		}
		if !s.take(m.Type, m.Seq, m.Event, err) {
			return false
		}
	}
	return true
}

// stay is how many messages a connection lasts; negative: for ever.
func (s *screen) stay() int {
	if s.breaks == nil {
		return -1
	}
	return 1 + s.breaks.IntN(40)
}

func (s *screen) take(kind string, seq int64, e shown, err error) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return false
	case err != nil:
		s.err = err
		return false
	case kind == "event":
		s.cursor, s.events = seq, append(s.events, e)
	case kind == "beat", kind == "message":
		s.cursor = seq
	}
	return true
}

func (s *screen) hear(id, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told[id] = kind
}

func (s *screen) at() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursor
}

func (s *screen) seen(t testing.TB) []shown {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		t.Fatalf("the feed: %v", s.err)
	}
	return append([]shown(nil), s.events...)
}

// shows waits for the event that carries a ruling.
func (s *screen) shows(t testing.TB, ruling string) {
	t.Helper()
	testkit.Wait(t, "the feed to show ruling "+ruling, func() bool {
		for _, e := range s.seen(t) {
			if e.Body.Ruling == ruling {
				return true
			}
		}
		return false
	})
}

// complete holds what a screen showed to what happened under a path: each event once, in order, and each task's versions in theirs.
func (o *office) complete(s *screen, path string) {
	o.t.Helper()
	last := int64(o.count(`SELECT coalesce(max(seq), 0) FROM event WHERE path ^@ $1`, path))
	testkit.Wait(o.t, "the viewer to see everything", func() bool { s.seen(o.t); return s.at() >= last })
	events := s.seen(o.t)
	if want := o.count(`SELECT count(*) FROM event WHERE path ^@ $1`, path); len(events) != want {
		o.t.Errorf("%d events seen of %d", len(events), want)
	}
	versions, before := map[string]int{}, int64(0)
	for _, e := range events {
		if e.Seq <= before || !strings.HasPrefix(e.Path, path) {
			o.t.Fatalf("after %d came %+v", before, e)
		}
		before = e.Seq
		if e.Task == "" {
			continue
		}
		if e.Version != versions[e.Task]+1 {
			o.t.Fatalf("task %s went from version %d to %d", e.Task, versions[e.Task], e.Version)
		}
		versions[e.Task] = e.Version
	}
	for task, version := range maps.All(versions) {
		if n := o.count(`SELECT version FROM task WHERE id = $1`, task); n != version {
			o.t.Errorf("task %s seen at version %d of %d", task, version, n)
		}
	}
}
