package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/testkit"
	"github.com/dutybound/dutybound/openapi"
)

// sending is a command ready to be sent, with another request that its id must not be used for.
type sending struct {
	who       *hand
	path      string
	body      any
	otherPath string // empty: the same
	otherBody any
	elsewhere int // status of the same request with the same id from another device of the person: it is judged by itself
}

func (s sending) send(id uuid.UUID) reply {
	s.who.s.t.Helper()
	return s.who.command(s.path, id, s.body)
}

func stepping(who *hand, task, verb string, body, other any) sending {
	s := sending{who: who, path: "/v1/tasks/" + task + "/" + verb, body: body, otherBody: other, elsewhere: 409}
	if body == nil {
		s.otherPath = "/v1/tasks/" + uuid.NewString() + "/" + verb
	}
	return s
}

// Whatever the contract gives an Idempotency-Key is in the table, and the table has nothing else.
func TestEveryCommandIsRetried(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(openapi.HTTP())
	if err != nil {
		t.Fatal(err)
	}
	var carried []string
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.OperationID == "startImport" { // a file, which TestAnImportIsRetriedAsOne sends
				continue
			}
			if op.Parameters.GetByInAndName("header", "Idempotency-Key") != nil {
				carried = append(carried, op.OperationID)
			}
		}
	}
	slices.Sort(carried)
	tried := slices.Compact(slices.Sorted(func(yield func(string) bool) {
		for name := range sendings {
			operation, _, _ := strings.Cut(name, " ")
			if !yield(operation) {
				return
			}
		}
	}))
	if !slices.Equal(carried, tried) {
		t.Errorf("the contract has %v, the table %v", carried, tried)
	}
}

// I3: a command acts once, however often, however simultaneously and over whatever bad connection it is sent.
func TestARetriedCommandActsOnce(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for _, name := range slices.Sorted(maps.Keys(sendings)) {
		make := sendings[name]
		t.Run(name, func(t *testing.T) {
			left := sentAgain(o.in(t), make)
			sentAtOnce(o.in(t), make, left)
			cutOff(o.in(t), make, left)
		})
	}
	o.sound()
}

var requestID = regexp.MustCompile(`"request_id":"[^"]*"`)

// said is an answer without what is the request's own.
func (r reply) said() string { return fmt.Sprint(r.status, string(requestID.ReplaceAll(r.raw, nil))) }

// sentAgain sends a command one after the other; it answers how many events one leaves.
func sentAgain(o *office, make func(*unit) sending) (left int) {
	o.t.Helper()
	u := newUnit(o)
	s, id, before := make(u), newKey(), 0
	before = u.events()
	first := s.send(id)
	if left = u.events() - before; left == 0 {
		u.t.Errorf("it left no event: %s", first.said())
	}
	for range 2 {
		if again := s.send(id); again.said() != first.said() {
			u.t.Errorf("answered\n%s\nand then\n%s", first.said(), again.said())
		}
	}
	other := s
	other.body = s.otherBody
	if s.otherPath != "" {
		other.path = s.otherPath
	}
	if clash := other.send(id).want(422); clash.text("code") != "command_mismatch" {
		u.t.Errorf("another request with the id: %s", clash.raw)
	}
	if n := u.events() - before; n != left {
		u.t.Errorf("%d events after all, %d at first", n, left)
	}
	elsewhere := s
	elsewhere.who = u.another(s.who)
	if r := elsewhere.send(id).want(s.elsewhere); r.header.Get("Idempotent-Replayed") != "" || r.status < 300 && r.said() == first.said() {
		u.t.Errorf("from another device it got the first one's answer")
	}
	return left
}

// sentAtOnce sends a command eight times at once.
func sentAtOnce(o *office, make func(*unit) sending, left int) {
	o.t.Helper()
	u := newUnit(o)
	s, id := make(u), newKey()
	before := u.events()
	var all sync.WaitGroup
	answers := [8]reply{}
	begin := new(sync.WaitGroup)
	begin.Add(1)
	for i := range answers {
		all.Go(func() {
			begin.Wait()
			var err error
			if answers[i], err = s.who.try("POST", s.path, s.body, keyedBy(id)); err != nil {
				u.t.Error(err)
			}
		})
	}
	begin.Done()
	all.Wait()
	want := s.send(id).said()
	for _, got := range answers {
		running := got.status == 409 && got.text("code") == "command_running" && got.header.Get("Retry-After") != ""
		if !running && got.said() != want {
			u.t.Errorf("at once\n%s\nand afterwards\n%s", got.said(), want)
		}
	}
	if n := u.events() - before; n != left {
		u.t.Errorf("eight at once left %d events instead of %d", n, left)
	}
}

// cutOff sends a command over a connection that ends before the answer, and one that ends in the middle of it.
func cutOff(o *office, make func(*unit) sending, left int) {
	o.t.Helper()
	for _, bytesRead := range []int{0, 20} {
		u := newUnit(o)
		s, id := make(u), newKey()
		before := u.events()
		s.cut(id, bytesRead)
		var answer reply
		testkit.Wait(u.t, "the command to be done", func() bool {
			answer = s.send(id)
			return answer.status != 409 || answer.text("code") != "command_running"
		})
		if again := s.send(id); again.said() != answer.said() {
			u.t.Errorf("after a cut\n%s\nand then\n%s", answer.said(), again.said())
		}
		if n := u.events() - before; n != left {
			u.t.Errorf("cut after %d bytes it left %d events instead of %d: %s", bytesRead, n, left, answer.said())
		}
	}
}

// cut sends the request, reads so many bytes of the answer and breaks the connection.
func (s sending) cut(id uuid.UUID, bytesRead int) {
	t := s.who.s.t
	t.Helper()
	var body []byte
	var err error
	if s.body != nil {
		if body, err = json.Marshal(s.body); err != nil {
			t.Fatal(err)
		}
	}
	request, err := http.NewRequest(http.MethodPost, s.who.s.url+s.path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{
		"Idempotency-Key": {id.String()}, "Authorization": {"Bearer " + s.who.token}, "Content-Type": {"application/json"},
	}
	conn, err := net.DialTimeout("tcp", request.URL.Host, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil { // a reset, not a goodbye
		t.Fatal(err)
	}
	if err := request.Write(conn); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(conn).Peek(bytesRead); err != nil {
		t.Fatal(err)
	}
}
