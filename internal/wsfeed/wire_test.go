package wsfeed_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/feed"
)

// wire speaks bytes, for handshakes that no client library would make.
type wire struct {
	*testing.T
	net.Conn
	in *bufio.Reader
}

func (s *server) wire(t *testing.T) *wire {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &wire{t, conn, bufio.NewReader(conn)}
}

func (w *wire) say(parts ...string) {
	w.Helper()
	for _, part := range parts {
		if _, err := io.WriteString(w.Conn, part); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *wire) answer(want int) {
	w.Helper()
	answer, err := http.ReadResponse(w.in, nil)
	if err != nil {
		w.Fatal(err)
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		w.Fatal(err)
	}
	if answer.StatusCode != want {
		w.Fatalf("status %d, want %d", answer.StatusCode, want)
	}
}

// frame reads one short unmasked frame.
func (w *wire) frame() (opcode byte, payload string) {
	w.Helper()
	var head [2]byte
	if _, err := io.ReadFull(w.in, head[:]); err != nil {
		w.Fatal(err)
	}
	size := int(head[1])
	if size == 126 {
		var long [2]byte
		if _, err := io.ReadFull(w.in, long[:]); err != nil {
			w.Fatal(err)
		}
		size = int(binary.BigEndian.Uint16(long[:]))
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(w.in, text); err != nil {
		w.Fatal(err)
	}
	return head[0] & 0xf, string(text)
}

func (w *wire) hello() {
	w.Helper()
	if opcode, text := w.frame(); opcode != 1 || !strings.HasPrefix(text, `{"type":"hello"`) {
		w.Fatalf("frame %d %s", opcode, text)
	}
}

func (s *server) handshake() string {
	s.Helper()
	return s.handshakeOf(s.viewer(north))
}

func (s *server) handshakeOf(actor duty.Actor) string {
	s.Helper()
	return "GET /v1/feed HTTP/1.1\r\nHost: " + s.addr + "\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
		"Sec-WebSocket-Protocol: dutybound.v1, ticket." + s.ticket(actor) + "\r\n\r\n"
}

const plain = "GET /plain HTTP/1.1\r\nHost: x\r\n\r\n"

// ping is a masked ping frame with the payload "hi".
const ping = "\x89\x82\x00\x00\x00\x00hi"

func TestHandshakeInEveryOrder(t *testing.T) {
	t.Parallel()
	s := serve(t, feed.Pace{}, nil)
	t.Run("after a plain request on the same connection", func(t *testing.T) {
		w := s.wire(t)
		w.say(plain)
		w.answer(200)
		w.say(s.handshake())
		w.answer(101)
		w.hello()
	})
	t.Run("pipelined behind a plain request", func(t *testing.T) {
		w := s.wire(t)
		w.say(plain + s.handshake())
		w.answer(200)
		w.answer(101)
		w.hello()
	})
	t.Run("with a frame in the same packet", func(t *testing.T) {
		w := s.wire(t)
		w.say(plain + s.handshake() + ping)
		w.answer(200)
		w.answer(101)
		seen := map[byte]string{}
		for range 2 { // hello and pong, in either order
			opcode, text := w.frame()
			seen[opcode] = text
		}
		if seen[10] != "hi" || !strings.HasPrefix(seen[1], `{"type":"hello"`) {
			t.Errorf("%v", seen)
		}
	})
	t.Run("in pieces of seven bytes", func(t *testing.T) {
		w := s.wire(t)
		for rest := s.handshake(); rest != ""; {
			n := min(7, len(rest))
			w.say(rest[:n])
			rest = rest[n:]
		}
		w.answer(101)
		w.hello()
	})
	t.Run("refused, then right, on the same connection", func(t *testing.T) {
		w := s.wire(t)
		w.say(strings.Replace(s.handshake(), "Version: 13", "Version: 8", 1))
		w.answer(400)
		w.say(s.handshake())
		w.answer(101)
		w.hello()
	})
	t.Run("with the subprotocols in two headers", func(t *testing.T) {
		w := s.wire(t)
		w.say(strings.Replace(s.handshake(), "dutybound.v1, ticket.", "dutybound.v1\r\nSec-WebSocket-Protocol: ticket.", 1))
		w.answer(101)
		w.hello()
	})
}
