package main_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/dutybound/dutybound/internal/demo"
	"github.com/dutybound/dutybound/internal/testkit"
)

// chaosSeed names the seed of a run that is to be repeated. Who is killed when follows from it; what the load was doing does not.
const chaosSeed = "DUTYBOUND_TEST_SEED"

// TestKilledAtAnyInstant is invariants I1 to I3 and I7 on the real thing: auxiliaries at work and a viewer watching while the server,
// its Postgres or a part of it is killed again and again. What was answered stands, what was not is whole or absent, nothing is done
// twice, and the viewer misses nothing.
func TestKilledAtAnyInstant(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv(chaosSeed), 10, 64); err == nil {
		seed = given
	}
	t.Logf("%s=%d", chaosSeed, seed)
	h := openHouse(t)
	crew := h.crew(seed)
	wall := h.wall()
	chance := rand.New(rand.NewPCG(seed, 0))
	blows := []func(*house){(*house).killServer, (*house).killPostgres, (*house).killBackend, (*house).killBoth, (*house).killServer}
	chance.Shuffle(len(blows), func(i, j int) { blows[i], blows[j] = blows[j], blows[i] })
	for _, blow := range blows {
		select { // a random instant of the work, which goes on all the time
		case <-time.After(time.Duration(100+chance.IntN(900)) * time.Millisecond):
		case <-h.broken:
		}
		blow(h)
		h.worksAgain(crew)
	}
	close(h.over)
	crew.home()
	if t.Failed() {
		return
	}
	h.audit(crew, wall)
}

// TestKilledWhileStarting interrupts the making of the database, the migrations and the seeding. The next start takes it from there.
func TestKilledWhileStarting(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	begin := time.Now()
	kill(serve(t, "--data-dir", folder(t)).cmd.Process.Pid)
	whole := time.Since(begin) // of a start from nothing, on this machine now
	for quarter := range 3 {
		s := launch(t, "--data-dir", dir)
		select {
		case <-time.After(whole * time.Duration(quarter+1) / 4):
		case <-s.ended:
			t.Fatalf("the start after %d killed ones failed\n%s", quarter, s.logs)
		}
		kill(s.cmd.Process.Pid)
		<-s.ended
	}
	s := serve(t, "--data-dir", dir)
	for _, account := range demo.Cast() {
		player(t, at(s.url), account.Number)
	}
	run(t, "ledger", "verify", "--data-dir", dir).says(t, 0, " 0 problems")
}

// house is a server on its own database that somebody starts anew whenever it ends.
type house struct {
	t    *testing.T
	dir  string
	site *site
	now  *server

	over   chan struct{} // closed: enough
	broken chan struct{} // closed: something is wrong already
	once   sync.Once
}

func openHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, dir: folder(t), over: make(chan struct{}), broken: make(chan struct{})}
	h.now = serve(t, "--data-dir", h.dir, "--log-level=error")
	h.site = at(h.now.url)
	return h
}

// wrong notes a failure; unlike Fatal any goroutine may do so.
func (h *house) wrong(format string, args ...any) {
	h.t.Errorf(format, args...)
	h.breakOff()
}

func (h *house) breakOff() { h.once.Do(func() { close(h.broken) }) }

// again starts the server as whoever looks after it would, at once and without looking what the last one left.
func (h *house) again() {
	h.t.Helper()
	before := socketOf(h.t, h.dir)
	h.now = serve(h.t, "--data-dir", h.dir, "--log-level=error")
	h.site.url.Store(&h.now.url)
	if _, err := os.Stat(before); !os.IsNotExist(err) {
		h.wrong("the killed server's %s is still there after the next start: %v", before, err)
	}
}

func kill(pid int) { _ = syscall.Kill(pid, syscall.SIGKILL) } // gone already is as good

func (h *house) killServer() {
	kill(h.now.cmd.Process.Pid)
	<-h.now.ended
	gone(h.t, h.dir) // nobody told Postgres: it has to notice
	h.again()
}

func (h *house) killPostgres() {
	kill(postmaster(h.t, h.dir))
	if code := h.now.exit(); code <= 0 || !strings.Contains(h.now.logs.String(), "the private Postgres has ended") {
		h.wrong("without its Postgres the server ended with %d and said\n%s", code, h.now.logs)
	}
	h.again()
}

// killBoth does not wait for either: the new server finds the old one's processes dying.
func (h *house) killBoth() {
	database := postmaster(h.t, h.dir)
	kill(h.now.cmd.Process.Pid)
	kill(database)
	<-h.now.ended
	h.again()
}

// killBackend kills one process of Postgres, upon which it ends all others, recovers, and goes on. So does the server.
func (h *house) killBackend() {
	database := strconv.Itoa(postmaster(h.t, h.dir))
	listed, err := os.ReadFile("/proc/" + database + "/task/" + database + "/children")
	children := strings.Fields(string(listed))
	if err != nil || len(children) == 0 {
		h.t.Fatalf("the children of Postgres: %v, %v", children, err)
	}
	pid, _ := strconv.Atoi(children[len(children)-1])
	kill(pid)
	select {
	case <-h.now.ended:
		h.wrong("a single connection's end ended the server\n%s", h.now.logs)
	default:
	}
}

// worksAgain waits for the first command that is carried out after a blow.
func (h *house) worksAgain(c *crew) {
	h.t.Helper()
	before := c.answered.Load()
	testkit.WaitUpTo(h.t, patience, "work to go on", func() bool {
		select {
		case <-h.broken:
			return true
		default:
			return c.answered.Load() > before+10
		}
	})
}

// audit looks at what is left.
func (h *house) audit(c *crew, wall *wall) {
	h.t.Helper()
	books := h.books()
	h.t.Logf("%d commands answered, %d never; %d events", len(c.done()), len(c.open()), len(books.events))
	books.holdAll(c)
	wall.sawAll(books.events)
	c.askAgain(h)
	run(h.t, "ledger", "verify", "--data-dir", h.dir).says(h.t, 0, " 0 problems")
	run(h.t, "rulings", "replay", "--data-dir", h.dir).says(h.t, 0, " 0 different")
	h.now.signal(syscall.SIGTERM)
	if code := h.now.exit(); code != 0 {
		h.wrong("the last server ended with %d\n%s", code, h.now.logs)
	}
	gone(h.t, h.dir)
}

// wall is a viewer that comes back with its cursor whenever the feed breaks off.
type wall struct {
	h    *house
	mu   sync.Mutex
	seen []event
}

type event struct {
	Seq int64
	ID  string
}

func (h *house) wall() *wall {
	w, p := &wall{h: h}, player(h.t, h.site, viewer)
	var watching sync.WaitGroup
	watching.Go(func() {
		for h.t.Context().Err() == nil {
			if conn, err := p.watch(fmt.Sprintf("?after=%d", w.last())); err == nil {
				w.follow(conn)
			}
			select {
			case <-h.t.Context().Done():
			case <-time.After(20 * time.Millisecond): // the next try
			}
		}
	})
	h.t.Cleanup(watching.Wait) // the context has ended by then, and the connection with it
	return w
}

// follow takes what the feed says until it breaks off.
func (w *wall) follow(conn *websocket.Conn) {
	defer conn.Close()
	defer context.AfterFunc(w.h.t.Context(), func() { _ = conn.Close() })()
	for {
		var m message
		if err := conn.ReadJSON(&m); err != nil {
			return
		}
		w.take(m)
	}
}

func (w *wall) last() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.seen) == 0 {
		return 0
	}
	return w.seen[len(w.seen)-1].Seq
}

func (w *wall) take(m message) {
	switch m.Type {
	case "event":
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seen = append(w.seen, event{m.Seq, m.Event.ID.String()})
	case "reset":
		w.h.wrong("the feed was reset")
	}
}

// sawAll holds what the viewer saw against the record: all of it, each once, in order.
func (w *wall) sawAll(recorded []event) {
	w.h.t.Helper()
	testkit.Wait(w.h.t, "the viewer to see the last event", func() bool { return w.last() >= recorded[len(recorded)-1].Seq })
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.seen, recorded) {
		w.h.wrong("the viewer saw %d events, the record has %d, or in another order", len(w.seen), len(recorded))
	}
}

// definite says whether an answer settles a command. A server that cannot write says so in the agreed way.
func (h *house) definite(c *command, a answer) bool {
	switch {
	case a.status == http.StatusServiceUnavailable && a.header.Get("Retry-After") != "":
		return false
	case a.status == http.StatusConflict && a.text("code") == "command_running":
		return false
	case a.status/100 == 2:
		return true
	default:
		h.wrong("%s: %d %s", c.path, a.status, a.body)
		return true
	}
}
