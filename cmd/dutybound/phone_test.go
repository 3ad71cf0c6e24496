package main_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/dutybound/dutybound/internal/demo"
)

// site is where a server answers; it moves when the server starts anew.
type site struct{ url atomic.Pointer[string] }

func at(url string) *site {
	s := &site{}
	s.url.Store(&url)
	return s
}

// phone is somebody signed in.
type phone struct {
	at     *site
	token  string
	person string
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

var web = &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}

func (p *phone) ask(method, path, key string, body any) (answer, error) {
	var content []byte
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return answer{}, err
		}
	}
	request, err := http.NewRequest(method, *p.at.url.Load()+path, bytes.NewReader(content))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+p.token)
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		request.Header.Set("Idempotency-Key", key)
	}
	got, err := web.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	return answer{got.StatusCode, got.Header, text}, err
}

// must is ask with an answer of a certain status.
func (p *phone) must(t testing.TB, status int, method, path string, body any) answer {
	t.Helper()
	a, err := p.ask(method, path, newKey(), body)
	if err != nil || a.status != status {
		t.Fatalf("%s %s: %v, %d %s, want %d", method, path, err, a.status, a.body, status)
	}
	return a
}

// text digs a string out of an answer, by the names on the way to it.
func (a answer) text(names ...string) string {
	var value any
	_ = json.Unmarshal(a.body, &value) // what is no JSON holds no text
	for _, name := range names {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	text, _ := value.(string)
	return text
}

func newKey() string { return uuid.Must(uuid.NewV7()).String() }

type object = map[string]any

// signIn signs somebody in.
func signIn(t testing.TB, where *site, number, password, device string) *phone {
	t.Helper()
	p := &phone{at: where}
	p.token = p.must(t, http.StatusCreated, "POST", "/v1/sessions",
		object{"person_number": number, "password": password, "device": device}).text("token")
	p.person = p.must(t, http.StatusOK, "GET", "/v1/me", nil).text("person", "id")
	return p
}

// player signs one of the demo's people in.
func player(t testing.TB, where *site, number string) *phone {
	t.Helper()
	account, ok := demo.Cast().Find(number)
	if !ok {
		t.Fatalf("nobody of the demo has the number %s", number)
	}
	return signIn(t, where, number, account.Password, account.Device.String())
}

const (
	dispatcher = "310111"
	auxiliary  = "FJ31021"
	viewer     = "300011"
)

// patrol is an order to walk the streets, which the law lets a field auxiliary do without a lead.
func patrol(member *phone) object {
	return object{"acts": []string{"patrol"}, "place": object{"name": "江岸码头"}, "members": []object{{"person": member.person}}}
}

// ready is what an auxiliary states before work.
func ready() object {
	return object{"statements": []object{
		{"fact": "uniform", "value": "yes"}, {"fact": "id_card", "value": "yes"}, {"fact": "recording", "value": "on"},
	}}
}

// message is one of the feed's.
type message struct {
	Type  string
	Seq   int64
	Event struct {
		ID   uuid.UUID
		Kind string
		Task *uuid.UUID
	}
}

// watch joins the feed behind a cursor.
func (p *phone) watch(cursor string) (*websocket.Conn, error) {
	got, err := p.ask("POST", "/v1/feed/tickets", "", nil)
	if err != nil {
		return nil, err
	}
	dialer := websocket.Dialer{HandshakeTimeout: 5 * time.Second, Subprotocols: []string{"dutybound.v1", "ticket." + got.text("ticket")}}
	conn, _, err := dialer.Dial(strings.Replace(*p.at.url.Load(), "http", "ws", 1)+"/v1/feed"+cursor, nil)
	return conn, err
}
