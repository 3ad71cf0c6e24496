package main_test

import (
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/gorilla/websocket"

	"github.com/dutybound/dutybound/internal/testkit"
)

// replica is one of several servers on one database.
type replica struct {
	*server
	metrics         string
	officer, member *phone
	wall            *websocket.Conn
}

var metricsAt = regexp.MustCompile(`metrics at (\S+)`)

// elected says whether this one numbers the events.
func (r *replica) elected() bool {
	r.t.Helper()
	got, err := http.Get(r.metrics)
	if err != nil {
		r.t.Fatal(err)
	}
	defer got.Body.Close()
	text := must[[]byte](r.t)(io.ReadAll(got.Body))
	return strings.Contains(string(text), "\ndutybound_sequencer_elected 1\n")
}

// dispatches sends somebody on patrol and answers the task.
func (r *replica) dispatches() string {
	r.t.Helper()
	return r.officer.must(r.t, http.StatusCreated, "POST", "/v1/tasks", patrol(r.member)).text("task", "id")
}

// sees reads the feed up to a task's dispatch.
func (r *replica) sees(task string) {
	r.t.Helper()
	_ = r.wall.SetReadDeadline(time.Now().Add(patience))
	for {
		var m message
		if err := r.wall.ReadJSON(&m); err != nil {
			r.t.Fatal(err)
		}
		if m.Event.Kind == "task.dispatched" {
			if m.Event.Task.String() != task {
				r.t.Fatalf("saw task %s where %s is next", m.Event.Task, task)
			}
			return
		}
	}
}

// TestTwoReplicas take commands, one of them numbers the events, and viewers of both see all of them. When that one freezes or is
// killed the other takes over.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	database, redis, dir := durable(t).URL(""), "redis://"+miniredis.RunT(t).Addr(), t.TempDir()
	o := office{t, []string{"--database-url", database}}
	run(t, "migrate", "--database-url", database).says(t, 0)
	o.admin("post", "response", "接处警", "cq-2021 15(1)").says(t, 0)
	o.enters(staff...)
	officer, member, watcher := o.equips("310001"), o.equips("FJ31001"), o.equips("300001")
	open := func() *replica {
		r := &replica{server: serve(t, "--database-url", database, "--redis-url", redis, "--data-dir", dir, "--metrics-listen=127.0.0.1:0")}
		r.metrics = r.hears(metricsAt)
		where := at(r.url)
		r.officer, r.member = signIn(t, where, "310001", secret, officer), signIn(t, where, "FJ31001", secret, member)
		r.wall = must[*websocket.Conn](t)(signIn(t, where, "300001", secret, watcher).watch(""))
		var hello message // from here on nothing is missed
		if err := r.wall.ReadJSON(&hello); err != nil || hello.Type != "hello" {
			t.Fatal(hello.Type, err)
		}
		return r
	}
	one, two := open(), open()
	testkit.Wait(t, "an election", func() bool { return one.elected() || two.elected() })
	if one.elected() == two.elected() {
		t.Fatal("both number the events")
	}
	if two.elected() {
		one, two = two, one
	}

	const each = 10
	var took [2][]time.Duration
	for range each {
		for i, r := range []*replica{one, two} {
			task, begin := r.dispatches(), time.Now()
			one.sees(task)
			two.sees(task)
			took[i] = append(took[i], time.Since(begin))
		}
	}
	// Without the call from replica to replica most of the second one's events would wait for the poll of the first, for almost a second.
	slices.Sort(took[0])
	slices.Sort(took[1])
	if own, others := took[0][each/2], took[1][each/2]; others-own > time.Second/2 {
		t.Errorf("an event of its own is numbered in %s, the other one's in %s: nobody was called", own, others)
	}

	// The elected one freezes: its connection stands, and still another takes over. Thawed, it finds that it is not elected any more.
	one.signal(syscall.SIGSTOP)
	frozen := time.Now()
	meanwhile := two.dispatches()
	two.sees(meanwhile)
	if took := time.Since(frozen); took > 15*time.Second {
		t.Errorf("it took %s until the other one took over from a frozen one", took)
	}
	one.signal(syscall.SIGCONT)
	testkit.Wait(t, "the thawed one to step back", func() bool { return two.elected() && !one.elected() })
	one.sees(meanwhile)
	one, two = two, one

	one.signal(syscall.SIGKILL)
	one.exit()
	killed := time.Now()
	two.sees(two.dispatches())
	if took := time.Since(killed); took > 10*time.Second {
		t.Errorf("it took %s until the other one took over", took)
	}
	if !two.elected() {
		t.Error("nobody was elected, and still events are numbered")
	}
	third := open()
	for _, r := range []*replica{two, third} {
		task := r.dispatches()
		two.sees(task)
		third.sees(task)
	}
	if third.elected() {
		t.Error("a newcomer took over from one that works")
	}
	run(t, "ledger", "verify", "--database-url", database, "--data-dir", dir).says(t, 0, " 0 problems")
}
