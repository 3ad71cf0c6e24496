package wsfeed_test

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/testkit"
	"github.com/dutybound/dutybound/internal/testkit/feedkit"
	"github.com/dutybound/dutybound/internal/wsfeed"
)

func TestViewerSeesEventsOfItsReachAsTheyHappen(t *testing.T) {
	t.Parallel()
	s := serve(t, feed.Pace{}, nil)
	s.append(north)
	c := s.dial(s.viewer(north), "")
	if m := c.next("hello"); m.Head != 1 {
		t.Errorf("%+v", m)
	}
	s.append(south, north)
	if m := c.next("event"); m.Seq != 3 || m.Event.Seq != 3 || m.Event.Path != string(north) || m.Event.Kind != "test.written" {
		t.Errorf("%+v", m)
	}
	again := s.dial(s.viewer(north), "?after=1")
	again.next("hello")
	if m := again.next("event"); m.Seq != 3 {
		t.Errorf("%+v", m)
	}
	lost := s.dial(s.viewer(north), "?after=99")
	lost.next("hello")
	if m := lost.next("reset"); m.Head != 3 {
		t.Errorf("%+v", m)
	}
}

func TestRefusedHandshakesAreProblems(t *testing.T) {
	t.Parallel()
	s := serve(t, feed.Pace{}, func(c *wsfeed.Config) { c.Origins = []string{"https://console.example"} })
	for name, c := range map[string]struct {
		header, value, query string
		status               int
	}{
		"no upgrade":        {"Upgrade", "", "", 400},
		"no connection":     {"Connection", "", "", 400},
		"old version":       {"Sec-WebSocket-Version", "8", "", 400},
		"short key":         {"Sec-WebSocket-Key", "abc", "", 400},
		"other subprotocol": {"Sec-WebSocket-Protocol", "chat", "", 400},
		"no ticket":         {"Sec-WebSocket-Protocol", "dutybound.v1", "", 401},
		"made-up ticket":    {"Sec-WebSocket-Protocol", "dutybound.v1, ticket.abc", "", 401},
		"foreign page":      {"Origin", "https://evil.example", "", 403},
		"origin null":       {"Origin", "null", "", 403},
		"cursor no number":  {"X", "", "?after=x", 400},
		"cursor negative":   {"X", "", "?after=-1", 400},
		"cursor twice":      {"X", "", "?after=1&after=2", 400},
		"known page":        {"Origin", "https://console.example", "", 101},
		"own page":          {"Origin", "https://" + s.addr, "", 101},
		"all in order":      {"X", "", "", 101},
	} {
		headers := s.headers()
		headers[c.header] = c.value
		status, kind := s.get("/v1/feed"+c.query, headers)
		if status != c.status || status != 101 && kind != "application/problem+json" {
			t.Errorf("%s: %d %s, want %d", name, status, kind, c.status)
		}
	}
}

func TestTicketSurvivesABadHandshakeAndNotAGoodOne(t *testing.T) {
	t.Parallel()
	s := serve(t, feed.Pace{}, nil)
	headers := s.headers()
	headers["Origin"] = "https://evil.example"
	for i, want := range []int{403, 101, 401} {
		if status, _ := s.get("/v1/feed", headers); status != want {
			t.Errorf("try %d: %d, want %d", i, status, want)
		}
		delete(headers, "Origin")
	}
}

// That it is within three seconds and a question to the database is shown to the tick in internal/feed/pace_test.go.
func TestRevokedSessionIsClosed(t *testing.T) {
	t.Parallel()
	s := serve(t, feed.Pace{}, nil)
	actor := s.viewer(north)
	c := s.dial(actor, "")
	c.next("hello")
	s.log.SignOut(actor)
	if code, _, _ := c.closed(); code != wsfeed.CloseRevoked {
		t.Errorf("closed with %d", code)
	}
}

func TestSlowViewerIsCutWithItsCursorAndComesBack(t *testing.T) {
	t.Parallel()
	s := serve(t, feed.Pace{Queue: 4}, nil)
	actor := s.viewer(north)
	c := s.dial(actor, "")
	c.next("hello")
	s.append(north)
	seen := c.next("event").Seq
	for s.hub.Stats().Slow == 0 { // more in one go than fits, until it is cut
		head := s.append(slices.Repeat([]duty.Path{north}, 20)...)
		testkit.Wait(t, "the hub to have offered them", func() bool { return s.hub.Stats().Position >= head })
	}
	code, after, last := c.closed()
	if code != wsfeed.CloseSlow || after != max(seen, last) {
		t.Fatalf("closed %d after %d, last seen %d", code, after, max(seen, last))
	}
	again := s.dial(actor, "?after="+strconv.FormatInt(after, 10))
	again.next("hello")
	if m := again.next("event"); m.Seq != after+1 {
		t.Errorf("came back to %d after %d", m.Seq, after)
	}
}

func TestShutdownSaysGoingAwayAndLetsNobodyIn(t *testing.T) {
	t.Parallel()
	s := serve(t, feed.Pace{}, nil)
	s.append(north, north)
	c := s.dial(s.viewer(north), "")
	c.next("hello")
	ended := make(chan error, 1)
	go func() { ended <- s.sockets.Shutdown(context.Background()) }()
	if code, after, _ := c.closed(); code != websocket.CloseGoingAway || after != 2 {
		t.Errorf("closed %d after %d", code, after)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if status, _ := s.get("/v1/feed", s.headers()); status != http.StatusServiceUnavailable {
		t.Errorf("status %d after shutdown", status)
	}
}

func TestShutdownDoesNotWaitForAViewerThatNeverAnswers(t *testing.T) {
	t.Parallel()
	s := serve(t, feed.Pace{}, func(c *wsfeed.Config) { c.CloseWait = 20 * time.Millisecond })
	c := s.dial(s.viewer(north), "") // and never read
	c.next("hello")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.sockets.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

func TestViewerThatSpeaksIsShownOut(t *testing.T) {
	t.Parallel()
	s := serve(t, feed.Pace{}, nil)
	for size, want := range map[int]int{5: websocket.CloseUnsupportedData, 5000: websocket.CloseMessageTooBig} {
		c := s.dial(s.viewer(north), "")
		c.next("hello")
		if err := c.WriteMessage(websocket.TextMessage, []byte(strings.Repeat("x", size))); err != nil {
			t.Fatal(err)
		}
		_, err := c.read()
		if !websocket.IsCloseError(err, want) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func TestDeadViewerIsNoticed(t *testing.T) {
	t.Parallel()
	const life = 3 * time.Second // long enough for a busy machine to answer in
	s := serve(t, feed.Pace{Beat: 10 * time.Millisecond}, func(c *wsfeed.Config) { c.PongWait = life })
	answering := s.dial(s.viewer(north), "")
	silent := s.dial(s.viewer(north), "")
	silent.SetPingHandler(func(string) error { return nil })
	dropped := make(chan struct{})
	go func() {
		defer close(dropped)
		for {
			if _, err := silent.read(); err != nil {
				return
			}
		}
	}()
	for gone, more := false, 10; more > 0; { // it hears more after the other one is gone
		select {
		case <-dropped:
			gone = true
		default:
		}
		if _, err := answering.read(); err != nil {
			t.Fatalf("the one that answers was dropped: %v", err)
		}
		if gone {
			more--
		}
	}
}

func TestStoreThatFailsClosesAsOurFault(t *testing.T) {
	t.Parallel()
	s := serve(t, feed.Pace{}, nil)
	s.append(north, north)
	s.log.Deny(feedkit.Events)
	if code, after, _ := s.dial(s.viewer(north), "?after=1").closed(); code != websocket.CloseInternalServerErr || after != 1 {
		t.Errorf("closed %d after %d", code, after)
	}
}

func TestThereIsRoomForSoManyAndNoMore(t *testing.T) {
	t.Parallel()
	s := serve(t, feed.Pace{}, func(c *wsfeed.Config) { c.Sockets = 1 })
	first := s.dial(s.viewer(north), "")
	first.next("hello")
	if status, _ := s.get("/v1/feed", s.headers()); status != http.StatusServiceUnavailable {
		t.Errorf("status %d", status)
	}
}
