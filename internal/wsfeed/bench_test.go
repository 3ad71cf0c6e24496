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
	for b.Loop() {
		b.StopTimer()
		const sockets = 1000
		before := memory()
		conns := make([]net.Conn, sockets)
		for i := range conns {
			conns[i] = s.idle(b)
		}
		each := float64(memory()-before) / sockets
		b.ReportMetric(each/1000, "kB/socket")
		if each > 30_000 {
			b.Errorf("an idle socket costs %.0f bytes", each)
		}
		for _, conn := range conns {
			_ = conn.Close()
		}
		testkit.Wait(b, "the sockets to be gone", func() bool { return s.hub.Stats().Subscribers == 0 })
		b.StartTimer()
	}
}

// idle shakes hands and leaves it at that.
func (s *server) idle(b *testing.B) net.Conn {
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		b.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		b.Fatal(err)
	}
	if _, err := io.WriteString(conn, s.handshake()); err != nil {
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
