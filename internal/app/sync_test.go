package app_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/testkit"
)

// pocket is a phone that knows nothing but what GET /v1/sync told it.
type pocket struct {
	who     *hand
	after   string // query: cursor and mark
	through int64

	tasks    map[string]any
	rulings  map[string]any
	broken   map[string]bool
	messages map[string]object
	events   []int64
	resets   int
}

func newPocket(who *hand) *pocket {
	p := &pocket{who: who}
	p.forget()
	return p
}

func (p *pocket) forget() {
	p.tasks, p.rulings, p.broken, p.messages, p.events = map[string]any{}, map[string]any{}, map[string]bool{}, map[string]object{}, nil
}

// once asks once and takes what comes; it says whether there is more.
func (p *pocket) once() (more bool, err error) {
	r, err := p.who.try("GET", "/v1/sync"+p.after, nil, nil)
	if err != nil || r.status != 200 {
		return false, fmt.Errorf("sync%s: %d %v %.400s", p.after, r.status, err, r.raw)
	}
	body := r.body.(object)
	if body["reset"] == true {
		p.forget()
		p.resets++
	}
	for _, v := range body["tasks"].([]any) {
		t := v.(object)
		id := t["id"].(string)
		delete(p.tasks, id)
		delete(p.rulings, id)
		delete(p.broken, id)
		if t["gone"] != true {
			p.tasks[id] = t["task"]
		}
	}
	for _, v := range body["rulings"].([]any) {
		p.rulings[v.(object)["task"].(string)] = v.(object)["ruling"]
	}
	for _, v := range body["violations"].([]any) {
		p.broken[v.(object)["task"].(string)] = true
	}
	for _, v := range body["messages"].([]any) {
		p.messages[v.(object)["id"].(string)] = v.(object)
	}
	for _, v := range body["events"].([]any) {
		p.events = append(p.events, int64(v.(object)["seq"].(float64)))
	}
	p.through = int64(body["through"].(float64))
	p.after = fmt.Sprintf("?after=%d&mark=%s", p.through, body["mark"])
	if next, goesOn := body["next"].(string); goesOn {
		p.after += "&from=" + next
	}
	return body["more"] == true, nil
}

// catchUp asks until there is no more.
func (p *pocket) catchUp() error {
	for {
		if more, err := p.once(); err != nil || !more {
			return err
		}
	}
}

// holds compares the phone with the server: what is open and the person's, each document and ruling, and every message and event.
func (p *pocket) holds(o *office, since int64) {
	o.t.Helper()
	if err := p.catchUp(); err != nil {
		o.t.Fatal(err)
	}
	open := map[string]any{}
	rows, err := o.sql.Query(o.t.Context(), `SELECT task_id::text FROM task_person WHERE person_id = $1 AND open AND left_at IS NULL`, p.who.person)
	o.must(err)
	for rows.Next() {
		var id string
		o.must(rows.Scan(&id))
		open[id] = true
	}
	o.must(rows.Err())
	for id, task := range p.tasks {
		t := task.(object)
		if ended := t["state"] == "finished" || t["state"] == "cancelled"; ended == (open[id] != nil) {
			o.t.Errorf("task %s is %v on the phone, open %v", id, t["state"], open[id])
		}
		server := p.who.get("/v1/tasks/" + id).want(200).at("task")
		if !reflect.DeepEqual(server, task) {
			o.t.Errorf("the server has\n%v\nthe phone\n%v", server, task)
		}
		if ruling, _ := p.rulings[id].(object); ruling == nil || ruling["id"] != t["latest_ruling"] || ruling["outcome"] != t["latest_outcome"] {
			o.t.Errorf("ruling of task %s: %v", id, ruling)
		}
		if violated := t["violation"] == true; violated != p.broken[id] {
			o.t.Errorf("violation of task %s: %v, told %v", id, violated, p.broken[id])
		}
		delete(open, id)
	}
	if len(open) > 0 {
		o.t.Errorf("the phone lacks %v", open)
	}
	o.toldOf(p.who, since, p.events)
	if n := o.count(`SELECT count(*) FROM message WHERE person_id = $1`, p.who.person); n != len(p.messages) {
		o.t.Errorf("%d messages of %d", len(p.messages), n)
	}
}

// toldOf holds what somebody was told after a number to what happened on their tasks while they were there, as the events themselves
// say. Whoever was called in before what had happened until then had its number may have been told of that too.
func (o *office) toldOf(who *hand, since int64, told []int64) {
	o.t.Helper()
	if !slices.IsSorted(told) || len(slices.Compact(slices.Clone(told))) != len(told) {
		o.t.Errorf("told out of order or twice: %v", told)
	}
	rows, err := o.sql.Query(o.t.Context(), `SELECT seq, task_id, kind, actor, body FROM event
		WHERE task_id IN (SELECT task_id FROM task_person WHERE person_id = $1) ORDER BY seq`, who.person)
	o.must(err)
	there, may := map[uuid.UUID]bool{}, map[int64]bool{}
	var must []int64
	for rows.Next() {
		var seq int64
		var task, actor uuid.UUID
		var kind, text string
		o.must(rows.Scan(&seq, &task, &kind, &actor, &text))
		var body struct {
			Members        []struct{ Person uuid.UUID }
			Added, Removed []uuid.UUID
		}
		o.must(json.Unmarshal([]byte(text), &body))
		sent := slices.ContainsFunc(body.Members, func(m struct{ Person uuid.UUID }) bool { return m.Person == who.person })
		if kind == "task.dispatched" && (actor == who.person || sent) || slices.Contains(body.Added, who.person) {
			there[task] = true
		}
		if seq > since && there[task] {
			must = append(must, seq)
		}
		may[seq] = true
		if slices.Contains(body.Removed, who.person) {
			there[task] = false
		}
	}
	o.must(rows.Err())
	for _, seq := range must {
		if !slices.Contains(told, seq) {
			o.t.Errorf("%s was not told of %d", who.person, seq)
		}
	}
	for _, seq := range told {
		if !may[seq] || seq <= since {
			o.t.Errorf("%s was told of %d after %d", who.person, seq, since)
		}
	}
}

// Whatever happens between whatever answers, a phone that takes them ends with what the server has: people come onto tasks and are sent
// away and called in again, work begins, breaks the law, ends; somebody's transactions dawdle.
func TestAPhoneEndsWithTheServersState(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			u := newUnit(o.in(t))
			random := rand.New(rand.NewPCG(seed, 21))
			phones := map[*hand]*pocket{}
			for _, who := range []*hand{u.dispatcher, u.member, u.colleague, u.spare} {
				phones[who] = newPocket(who)
				if err := phones[who].catchUp(); err != nil {
					t.Fatal(err)
				}
			}
			began := map[*hand]int64{}
			for who, p := range phones {
				began[who] = p.through
			}
			var all sync.WaitGroup
			for _, p := range phones {
				pace := rand.New(rand.NewPCG(seed, random.Uint64()))
				all.Go(func() {
					for range 25 {
						if _, err := p.once(); err != nil {
							t.Error(err)
							return
						}
						testkit.Wait(t, "the next look", func() bool { return pace.IntN(3) == 0 })
					}
				})
			}
			for range 2 {
				deeds := rand.New(rand.NewPCG(seed, random.Uint64()))
				all.Go(func() { u.mischief(deeds, 30) })
			}
			all.Go(func() { o.dawdle(o.path(hillside), 6) })
			all.Wait()
			testkit.Wait(t, "every event to be numbered", func() bool { return o.count(`SELECT count(*) FROM event WHERE seq IS NULL`) == 0 })
			for who, p := range phones {
				p.holds(u.office, began[who])
				if p.resets != 1 {
					t.Errorf("%d resets", p.resets)
				}
			}
		})
	}
}

// mischief does whatever comes to mind; most of it may be refused.
func (u *unit) mischief(random *rand.Rand, deeds int) {
	people := []*hand{u.member, u.colleague, u.spare}
	someone := func() *hand { return people[random.IntN(len(people))] }
	var tasks []string
	for range deeds {
		if len(tasks) == 0 || random.IntN(6) == 0 {
			if r, err := u.dispatcher.send("/v1/tasks", order("patrol", someone())); err == nil && r.status == 201 {
				tasks = append(tasks, r.text("task", "id"))
			}
			continue
		}
		who, task := someone(), "/v1/tasks/"+tasks[random.IntN(len(tasks))]
		var err error
		switch random.IntN(9) {
		case 0, 1:
			_, err = who.send(task+"/accept", nil)
		case 2:
			_, err = who.send(task+"/start", saying(dressed()...))
		case 3:
			_, err = who.send("/v1/observations", saying(now(said("recording", []string{"on", "off"}[random.IntN(2)]))))
		case 4:
			_, err = u.dispatcher.send(task+"/reassign", object{"remove": []any{who.person}, "add": []object{}})
		case 5, 6:
			_, err = u.dispatcher.send(task+"/reassign", object{"remove": []any{}, "add": members(who)})
		case 7:
			_, err = who.send(task+"/finish", object{"report": "无异常"})
		case 8:
			_, err = u.dispatcher.send(task+"/cancel", because("误报"))
		}
		if err != nil {
			u.t.Error(err)
		}
	}
}

// A cursor of no use is told so, and what comes then is the whole state: never a stretch with a hole in it.
func TestAUselessCursorBeginsAfresh(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	u.dispatcher.sends(order("patrol", u.member))
	o.sound()
	p := newPocket(u.member)
	o.must(p.catchUp())
	good := p.after
	head := o.count(`SELECT size FROM ledger_head`)
	for name, c := range map[string]struct {
		query string
		reset bool
	}{
		"none": {"", true}, "good": {good, false}, "without its mark": {fmt.Sprintf("?after=%d", head), false}, "the first ever": {"?after=0", false},
		"of another log":  {fmt.Sprintf("?after=%d&mark=0123456789abcdef", head), true},
		"beyond the head": {fmt.Sprintf("?after=%d", head+1), true}, "of a log that had more": {"?after=9000000000000", true},
	} {
		r := u.member.get("/v1/sync" + c.query).want(200)
		if r.at("reset") != c.reset || int(r.at("through").(float64)) != head {
			t.Errorf("%s: %.300s", name, r.raw)
		}
		if told := len(r.at("tasks").([]any)); (told == 1) != (c.reset || name == "the first ever") {
			t.Errorf("%s: %d tasks", name, told)
		}
	}
	u.change(`ALTER TABLE ruling DISABLE TRIGGER ALL`)
	u.change(`ALTER TABLE event DISABLE TRIGGER ALL`)
	u.change(`DELETE FROM event WHERE seq = 1`)
	if r := u.member.get("/v1/sync?after=0").want(200); r.at("reset") != true {
		t.Errorf("what is no longer kept: %.300s", r.raw)
	}
}

// Whoever is sent away is told so and by what, and of what comes after that not a word.
func TestWhoIsSentAwayIsToldTheLastOfIt(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	task := u.dispatcher.sends(order("patrol", u.member, u.colleague))
	o.sound()
	p := newPocket(u.colleague)
	o.must(p.catchUp())
	if p.tasks[task] == nil {
		t.Fatal("the phone does not know the task")
	}
	screen := o.mine(u.colleague, p.through)
	u.dispatcher.step(task, "reassign", object{"remove": []any{u.colleague.person}, "add": []object{}}).want(200)
	u.member.step(task, "accept", nil).want(200)
	o.sound()
	last := int64(o.count(`SELECT seq FROM event WHERE task_id = $1 AND kind = 'task.reassigned'`, task))
	head := o.count(`SELECT size FROM ledger_head`)
	r := u.colleague.get("/v1/sync" + p.after).want(200)
	gone := r.at("tasks", 0).(object)
	if gone["id"] != task || gone["gone"] != true || gone["task"] != nil || strings.Contains(string(r.raw), "accepted") {
		t.Errorf("%s", r.raw)
	}
	if events := r.at("events").([]any); len(events) != 1 || int64(events[0].(object)["seq"].(float64)) != last {
		t.Errorf("events %v, want %d", events, last)
	}
	if m := r.at("messages").([]any); len(m) != 1 || m[0].(object)["kind"] != "removed" || m[0].(object)["subject"] != task {
		t.Errorf("messages %v", m)
	}
	testkit.Wait(t, "the socket to say the same", func() bool { return screen.has(last) })
	o.must(p.catchUp())
	if p.tasks[task] != nil || int(p.through) != head {
		t.Errorf("the phone still has %v", p.tasks[task])
	}
	u.colleague.get("/v1/tasks/" + task).want(404)
}

// A state that does not fit into one answer comes in several, whatever happens between them.
func TestAWholeStateComesInPieces(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	var tasks []string
	for range 3 {
		tasks = append(tasks, u.dispatcher.sends(order("patrol", u.member)))
	}
	for range 49 { // the dispatcher has more than one answer holds
		tasks = append(tasks, u.dispatcher.sends(order("patrol", u.spare)))
	}
	p := newPocket(u.dispatcher)
	o.sound()
	more, err := p.once()
	if o.must(err); !more || len(p.tasks) != 50 {
		t.Fatalf("more %v with %d tasks", more, len(p.tasks))
	}
	since, last := p.through, tasks[len(tasks)-1]
	u.dispatcher.step(last, "cancel", because("误报")).want(200) // not told yet, and no longer open
	u.dispatcher.step(tasks[0], "cancel", because("误报")).want(200)
	tasks = append(tasks, u.dispatcher.sends(order("patrol", u.member)))
	o.sound()
	o.must(p.catchUp())
	o.must(p.catchUp())
	p.holds(o, since)
	if len(p.tasks) != len(tasks) || p.resets != 1 {
		t.Errorf("%d tasks of %d, %d resets", len(p.tasks), len(tasks), p.resets)
	}
}
