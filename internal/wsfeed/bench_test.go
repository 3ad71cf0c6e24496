package wsfeed_test

import (
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/testkit"
)

// BenchmarkIdleSocket opens sockets that nothing happens on, and reports what one of them costs (memory and stacks, the far end's
// bare connection included). More than 30 kB fails: a command center may have thousands of viewers.
func BenchmarkIdleSocket(b *testing.B) {
	s := serve(b, feed.Pace{}, nil)
	s.idlers(b, 1000) // the first also make the connections to the database
	for b.Loop() {
		each := s.idlers(b, 1000)
		b.ReportMetric(each/1000, "kB/socket")
		if each > 30_000 {
			b.Errorf("an idle socket costs %.0f bytes", each)
		}
	}
}

// idlers opens sockets, answers the bytes that each holds, and closes them.
func (s *server) idlers(b *testing.B, sockets int) (each float64) {
	viewer, handshakes, conns := s.viewer(north), make([]string, sockets), make([]net.Conn, sockets)
	for i := range handshakes {
		handshakes[i] = s.handshakeOf(viewer)
	}
	before := memory()
	for i := range conns {
		conns[i] = s.idle(b, handshakes[i])
	}
	each = float64(memory()-before) / float64(sockets)
	for _, conn := range conns {
		_ = conn.Close()
	}
	testkit.Wait(b, "the sockets to be gone", func() bool { return s.hub.Stats().Subscribers == 0 })
	return each
}

// idle shakes hands and leaves it at that.
func (s *server) idle(b *testing.B, handshake string) net.Conn {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		b.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		b.Fatal(err)
	}
	if _, err := io.WriteString(conn, handshake); err != nil {
		b.Fatal(err)
	}
	const answer, hello = 166, 2 + len(`{"type":"hello","head":0,"at":"2026-01-01T00:00:00Z"}`)
	if _, err := io.ReadAtLeast(conn, make([]byte, 400), answer+hello); err != nil {
		b.Fatal(err)
	}
	return conn
}

func memory() uint64 {
	runtime.GC()
	runtime.GC() // pools are emptied by the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// BenchmarkFanOut hands one event to 200 viewers.
func BenchmarkFanOut(b *testing.B) {
	s := serve(b, feed.Pace{}, nil)
	clients := make([]*client, 200)
	for i := range clients {
		clients[i] = s.dial(s.viewer(north), "")
		clients[i].next("hello")
	}
	for b.Loop() {
		s.append(north)
		for _, c := range clients {
			c.next("event")
		}
	}
}
