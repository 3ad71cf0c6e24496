package wsfeed_test

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"

	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/testkit"
	"github.com/dutybound/dutybound/internal/testkit/feedkit"
	"github.com/dutybound/dutybound/internal/wsfeed"
)

// line is one socket at its usual pace, over a pipe that holds nothing: what is not read has not been written. Only the handshake's
// rehearsal is left out, which is Fiber's.
type line struct {
	*testkit.Bubble
	paper  *feedkit.Paper
	viewer feed.Viewer
	hub    *feed.Hub
	phone  *websocket.Conn
	broke  chan float64 // tells when the phone saw the connection end, in seconds
}

func connect(t *testing.T) *line {
	l := &line{Bubble: testkit.NewBubble(t), paper: feedkit.NewPaper(), broke: make(chan float64, 1)}
	l.hub = feed.NewHub(l.paper, slog.New(slog.DiscardHandler), feed.Pace{})
	stop := l.Runs(l.hub.Run)
	sockets := wsfeed.New(wsfeed.Config{Feed: feed.New(l.paper, l.hub), Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		stop()
		if err := sockets.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})

	l.viewer = l.paper.Viewer(north)
	ours, theirs := net.Pipe()
	go func() {
		request, err := http.ReadRequest(bufio.NewReader(ours))
		if err != nil {
			t.Error(err)
			return
		}
		sockets.TakeOver(ours, request, l.viewer)
	}()
	dialer := websocket.Dialer{
		Subprotocols: []string{"dutybound.v1"}, NetDialContext: func(context.Context, string, string) (net.Conn, error) { return theirs, nil },
	}
	phone, answer, err := dialer.DialContext(t.Context(), "ws://pipe/v1/feed", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = answer.Body.Close(), phone.Close() })
	l.phone = phone
	synctest.Wait() // the first round has been made
	return l
}

// reads has the phone read whatever comes, as gorilla does it: pings and closes are answered.
func (l *line) reads() {
	go func() {
		for {
			if _, _, err := l.phone.NextReader(); err != nil {
				l.broke <- l.Since()
				return
			}
		}
	}()
}

// ends holds the second at which the phone saw the end.
func (l *line) ends(want float64) {
	l.Helper()
	if got := <-l.broke; got != want {
		l.Errorf("it ended after %v s, not %v", got, want)
	}
}

// A phone that answers pings lives on; one that falls silent is dead forty seconds after its last word.
func TestASilentPhoneIsDeadAfterFortySeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := connect(t)
		l.reads()
		l.Until(100)
		if l.hub.Stats().Subscribers != 1 {
			t.Error("one that answers is dropped")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		l := connect(t)
		pong, answered := l.phone.PingHandler(), 0
		l.phone.SetPingHandler(func(word string) error {
			if answered++; answered > 1 {
				return nil
			}
			return pong(word)
		})
		l.reads()
		l.ends(15 + 40)
	})
}

// A phone that takes nothing for five seconds has failed; it has one more to hear why.
func TestAPhoneThatTakesNothingIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := connect(t)
		l.Until(5.999)
		if l.hub.Stats().Subscribers != 1 {
			t.Error("left already")
		}
		l.Until(6)
		if l.hub.Stats().Subscribers != 0 {
			t.Error("it is still there")
		}
	})
}

// Whoever is sent away has a second to answer the close.
func TestACloseIsWaitedForASecond(t *testing.T) {
	t.Parallel()
	for answers, after := range map[bool]float64{true: 3, false: 4} {
		synctest.Test(t, func(t *testing.T) {
			l := connect(t)
			code, closing := 0, l.phone.CloseHandler()
			l.phone.SetCloseHandler(func(c int, text string) error {
				if code = c; answers {
					return closing(c, text)
				}
				return nil
			})
			l.paper.End(l.viewer)
			l.reads()
			<-l.broke // the phone reads no more after a close
			gone := make(chan float64)
			go func() {
				_, _ = l.phone.NetConn().Read(make([]byte, 1))
				gone <- l.Since()
			}()
			if at := <-gone; at != after || code != wsfeed.CloseRevoked {
				t.Errorf("answered %v: closed with %d, and the connection after %v s", answers, code, at)
			}
		})
	}
}
