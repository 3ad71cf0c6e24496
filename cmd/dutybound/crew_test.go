package main_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
)

// crew is the load: everybody sends orders and works them off, and sends again what was not answered.
type crew struct {
	answered atomic.Int64
	workers  []*worker
	all      sync.WaitGroup
}

// worker sends one auxiliary on patrol after the other and plays that auxiliary, too.
type worker struct {
	*house
	crew     *crew
	chance   *rand.Rand
	from, to *phone
	sent     []*command
}

// command is one that was sent at least once.
type command struct {
	by        *phone
	path, key string
	body      any
	kind      string // of the event it leaves; empty: an observation
	answer    answer
	tries     int
	given     bool // up, without an answer
	task      string
}

const workers = 6

func (h *house) crew(seed uint64) *crew {
	c := &crew{}
	from := player(h.t, h.site, dispatcher)
	to := []*phone{player(h.t, h.site, auxiliary), player(h.t, h.site, "FJ31022")}
	for i := range workers {
		w := &worker{house: h, crew: c, chance: rand.New(rand.NewPCG(seed, uint64(i+1))), from: from, to: to[i%len(to)]}
		c.workers = append(c.workers, w)
		c.all.Go(w.work)
	}
	h.t.Cleanup(func() { h.breakOff(); c.home() })
	return c
}

// home waits until everybody has finished what they were doing.
func (c *crew) home() { c.all.Wait() }

func (w *worker) work() {
	for {
		select {
		case <-w.over:
			return
		case <-w.broken:
			return
		default:
			w.patrol()
		}
	}
}

// patrol is one task from its dispatch to its end, or to the command that the worker gave up.
func (w *worker) patrol() {
	order := &command{by: w.from, path: "/v1/tasks", body: patrol(w.to), kind: "task.dispatched"}
	if !w.send(order) {
		return
	}
	order.task = order.answer.text("task", "id")
	seen := object{"statements": []object{{"fact": "uniform", "value": "yes", "observed_at": time.Now().Format(time.RFC3339)}}}
	for _, step := range []*command{
		{path: "/acknowledge", kind: "task.acknowledged"},
		{path: "/accept", kind: "task.accepted"},
		{path: "/start", kind: "task.started", body: ready()},
		{path: "observe", body: seen},
		{path: "/finish", kind: "task.finished", body: object{"report": "无异常"}},
	} {
		step.by, step.task = w.to, order.task
		if step.kind == "" {
			step.path = "/v1/observations"
		} else {
			step.path = "/v1/tasks/" + order.task + step.path
		}
		if !w.send(step) {
			return
		}
	}
}

// send sends a command until it is answered, now and then once more, and now and then gives it up when no answer came.
func (w *worker) send(c *command) (goOn bool) {
	c.key = newKey()
	w.sent = append(w.sent, c)
	for {
		a, err := c.by.ask("POST", c.path, c.key, c.body)
		c.tries++
		if err == nil && w.definite(c, a) {
			c.answer = a
			w.crew.answered.Add(1)
			return a.status/100 == 2
		}
		if c.tries == 1 && w.chance.IntN(4) == 0 {
			c.given = true
			return false
		}
		select {
		case <-time.After(time.Duration(5+w.chance.IntN(30)) * time.Millisecond): // the next try
		case <-w.broken:
			return false
		}
	}
}

func (c *crew) commands(which func(*command) bool) (chosen []*command) {
	for _, w := range c.workers {
		for _, sent := range w.sent {
			if which(sent) {
				chosen = append(chosen, sent)
			}
		}
	}
	return chosen
}

func (c *crew) done() []*command { return c.commands(func(c *command) bool { return !c.given }) }
func (c *crew) open() []*command { return c.commands(func(c *command) bool { return c.given }) }

const askedAgain = 300 // of the commands that were answered at once; the others are all asked again

// askAgain sends commands another time. An answered one gets the same answer as before.
func (c *crew) askAgain(h *house) {
	h.t.Helper()
	easy := 0
	for _, sent := range c.done() {
		if sent.tries == 1 {
			if easy++; easy > askedAgain {
				continue
			}
		}
		a, err := sent.by.ask("POST", sent.path, sent.key, sent.body)
		if err != nil || a.status != sent.answer.status || !bytes.Equal(a.body, sent.answer.body) || a.header.Get("Idempotent-Replayed") == "" {
			h.wrong("%s after %d tries: %d %s; again: %v, %d %s", sent.path, sent.tries, sent.answer.status, sent.answer.body, err, a.status, a.body)
		}
	}
	before := h.books()
	for _, sent := range c.open() {
		a, err := sent.by.ask("POST", sent.path, sent.key, sent.body)
		replayed := a.header.Get("Idempotent-Replayed") != ""
		if err != nil || a.status/100 != 2 || replayed != before.commands[sent.key] {
			h.wrong("%s, never answered, stored %v: %v, %d %s, replayed %v", sent.path, before.commands[sent.key], err, a.status, a.body, replayed)
		}
		sent.answer, sent.given = a, false
		if sent.task == "" {
			sent.task = a.text("task", "id")
		}
	}
	h.books().holdAll(c)
}

// books are the records of the database itself.
type books struct {
	*house
	events   []event
	kinds    map[string]map[string]int // how often each kind of event happened to a task
	commands map[string]bool
	tasks    int
}

// books reads the record, once every event is numbered.
func (h *house) books() *books {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	address := must[[]byte](h.t)(os.ReadFile(filepath.Join(h.dir, "postgres.address")))
	conn := must[*pgx.Conn](h.t)(pgx.Connect(ctx, string(address)))
	defer conn.Close(ctx)
	for waiting := 1; waiting > 0; {
		if err := conn.QueryRow(ctx, `SELECT count(*) FROM event WHERE seq IS NULL`).Scan(&waiting); err != nil {
			h.t.Fatal(err)
		}
	}
	b := &books{house: h, kinds: map[string]map[string]int{}, commands: map[string]bool{}}
	var task, kind, key string
	var n, version, last int
	var e event
	h.each(conn, `SELECT seq, id::text FROM event ORDER BY seq`, []any{&e.Seq, &e.ID}, func() { b.events = append(b.events, e) })
	h.each(conn, `SELECT id::text FROM command`, []any{&key}, func() { b.commands[key] = true })
	h.each(conn, `SELECT count(*) FROM task`, []any{&b.tasks}, func() {})
	h.each(conn, `SELECT task_id::text, kind, count(*), 0 FROM event WHERE task_id IS NOT NULL GROUP BY 1, 2`, []any{&task, &kind, &n, &last}, func() {
		if b.kinds[task] == nil {
			b.kinds[task] = map[string]int{}
		}
		b.kinds[task][kind] = n
	})
	before := ""
	h.each(conn, `SELECT task_id::text, version FROM event WHERE task_id IS NOT NULL ORDER BY task_id, seq`, []any{&task, &version}, func() {
		if task != before {
			before, last = task, 0
		}
		if last++; version != last {
			h.wrong("task %s: version %d where %d must be", task, version, last)
		}
	})
	return b
}

func (h *house) each(conn *pgx.Conn, query string, into []any, do func()) {
	h.t.Helper()
	rows, _ := conn.Query(context.Background(), query) // its error comes with the rows
	if _, err := pgx.ForEachRow(rows, into, func() error { do(); return nil }); err != nil {
		h.t.Fatalf("%s: %v", query, err)
	}
}

// holdAll holds the record against what the crew was told: every answered command is there with its event, once; one without an
// answer is there whole or not at all; and there is nothing else.
func (b *books) holdAll(c *crew) {
	b.t.Helper()
	stored, tasks := 0, 0
	for _, sent := range c.commands(func(*command) bool { return true }) {
		there := b.commands[sent.key]
		if there {
			stored++
			if sent.kind == "task.dispatched" {
				tasks++
			}
		}
		if !there && !sent.given {
			b.wrong("%s %s was answered with %d and is lost", sent.path, sent.key, sent.answer.status)
		}
		if sent.kind == "" || sent.task == "" {
			continue
		}
		want := 0
		if there {
			want = 1
		}
		if n := b.kinds[sent.task][sent.kind]; n != want {
			b.wrong("%s %s (stored: %v) left %d events %s", sent.path, sent.key, there, n, sent.kind)
		}
	}
	if len(b.commands) != stored || b.tasks != tasks || b.tasks != len(b.kinds) {
		b.wrong("%d commands of which %d were sent, %d tasks of which %d were ordered, %d of them with events",
			len(b.commands), stored, b.tasks, tasks, len(b.kinds))
	}
	if n := int64(len(b.events)); n == 0 || b.events[n-1].Seq != n {
		b.wrong("%d events are not numbered without gaps", n)
	}
}
