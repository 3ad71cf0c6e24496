package fcm

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Sink is an FCM endpoint on loopback for a server without an account. It prints what would have been sent, by id, kind and
// priority only. Tests tell it to fail.
type Sink struct {
	say      io.Writer
	listener net.Listener
	server   *http.Server
	served   chan struct{}

	mu     sync.Mutex
	answer func(Sent) Refusal
	count  int
}

// Sent is a message as the endpoint got it.
type Sent struct {
	Token    string
	Task     string
	Kind     string
	Priority string
	Raw      []byte // the whole request body
}

// Refusal is how FCM says no. The zero value is yes.
type Refusal struct {
	Status     int    // 404, 429, 503, ...
	Code       string // FCM's errorCode: UNREGISTERED, QUOTA_EXCEEDED, UNAVAILABLE, ...
	RetryAfter time.Duration
}

// StartSink opens the endpoint on a free port of loopback.
func StartSink(say io.Writer) (*Sink, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("fcm: local endpoint: %w", err)
	}
	s := &Sink{say: say, listener: listener, served: make(chan struct{}), answer: func(Sent) Refusal { return Refusal{} }}
	routes := http.NewServeMux()
	routes.HandleFunc("POST /v1/projects/{project}/{call}", s.take)
	s.server = &http.Server{Handler: routes, ReadHeaderTimeout: 5 * time.Second}
	go func() { defer close(s.served); _ = s.server.Serve(listener) }() // ends with ErrServerClosed, by Close
	return s, nil
}

// URL is the endpoint for Config.
func (s *Sink) URL() string { return "http://" + s.listener.Addr().String() + "/v1" }

// Close ends the endpoint.
func (s *Sink) Close(ctx context.Context) error {
	defer func() { <-s.served }()
	if err := s.server.Shutdown(ctx); err != nil {
		return s.server.Close()
	}
	return nil
}

// Answer sets who decides what becomes of each message.
func (s *Sink) Answer(decide func(Sent) Refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = decide
}

const mostBytes = 16 << 10 // FCM itself takes 4 kB

func (s *Sink) take(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, mostBytes))
	sent, parseErr := parse(raw)
	if err != nil || parseErr != nil || r.PathValue("call") != "messages:send" {
		refuse(w, Refusal{Status: http.StatusBadRequest, Code: "INVALID_ARGUMENT"})
		return
	}
	s.mu.Lock()
	decide := s.answer
	s.count++
	name := fmt.Sprintf("projects/%s/messages/%d", r.PathValue("project"), s.count)
	s.mu.Unlock()
	if no := decide(sent); no.Status != 0 {
		refuse(w, no)
		return
	}
	fmt.Fprintf(s.say, "push: would send task=%s kind=%s priority=%s\n", sent.Task, sent.Kind, sent.Priority)
	reply(w, http.StatusOK, map[string]string{"name": name})
}

func parse(raw []byte) (Sent, error) {
	var request struct {
		Message struct {
			Token   string            `json:"token"`
			Data    map[string]string `json:"data"`
			Android struct {
				Priority string `json:"priority"`
			} `json:"android"`
		} `json:"message"`
	}
	err := json.Unmarshal(raw, &request)
	m := request.Message
	return Sent{Token: m.Token, Task: m.Data["task"], Kind: m.Data["kind"], Priority: m.Android.Priority, Raw: raw}, err
}

// refuse answers as FCM does: the reason is in a detail of FCM's own type, and the SDK looks nowhere else.
func refuse(w http.ResponseWriter, no Refusal) {
	if no.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(no.RetryAfter.Seconds())))
	}
	reply(w, no.Status, map[string]any{"error": map[string]any{
		"code": no.Status, "status": statuses[no.Status], "message": no.Code,
		"details": []map[string]string{{
			"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": no.Code,
		}},
	}})
}

var statuses = map[int]string{
	http.StatusBadRequest: "INVALID_ARGUMENT", http.StatusUnauthorized: "UNAUTHENTICATED", http.StatusForbidden: "PERMISSION_DENIED",
	http.StatusNotFound: "NOT_FOUND", http.StatusTooManyRequests: "RESOURCE_EXHAUSTED",
	http.StatusInternalServerError: "INTERNAL", http.StatusServiceUnavailable: "UNAVAILABLE",
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the other side is gone: it will come again
}
