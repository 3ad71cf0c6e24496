package fcm_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/notify"
	"github.com/dutybound/dutybound/internal/push/fcm"
)

var (
	phone = notify.Device{ID: uuid.New(), Platform: "android", Token: "the-token"}
	order = notify.Message{Task: uuid.New(), Kind: "dispatched", Urgent: true, Life: time.Hour}
)

// printed is a writer that the endpoint may use from its own goroutine.
type printed struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

func local(t *testing.T) (*fcm.Sender, *fcm.Sink, *printed) {
	t.Helper()
	out := &printed{}
	sink, err := fcm.StartSink(out)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sink.Close(context.Background()) })
	sender, err := fcm.New(t.Context(), fcm.Config{Endpoint: sink.URL()})
	if err != nil {
		t.Fatal(err)
	}
	return sender, sink, out
}

func TestWithoutAccountTheEndpointPrintsIdKindAndPriority(t *testing.T) {
	t.Parallel()
	sender, _, out := local(t)
	receipt, err := sender.Send(t.Context(), phone, order)
	if err != nil || !strings.HasPrefix(receipt, "projects/dutybound-local/messages/") {
		t.Fatal(receipt, err)
	}
	want := "push: would send task=" + order.Task.String() + " kind=dispatched priority=high\n"
	if got := out.String(); got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

func TestPayloadIsDataOnlyAndSaysNothingOfTheCase(t *testing.T) {
	t.Parallel()
	sender, sink, _ := local(t)
	got := make(chan fcm.Sent, 1)
	sink.Answer(func(s fcm.Sent) fcm.Refusal { got <- s; return fcm.Refusal{} })
	routine := order
	routine.Urgent = false
	for platform, c := range map[string]struct {
		message notify.Message
		want    string
	}{
		"android":   {order, `"android":{"collapse_key":"TASK","priority":"high","ttl":"3600s"}`},
		"harmonyos": {routine, `"android":{"collapse_key":"TASK","priority":"normal","ttl":"3600s"}`},
		"ios":       {order, `"apns":{"headers":{"apns-collapse-id":"TASK"`},
		"web":       {routine, `"webpush":{"headers":{"TTL":"3600","Urgency":"normal"}}`},
	} {
		device := phone
		device.Platform = platform
		if _, err := sender.Send(t.Context(), device, c.message); err != nil {
			t.Fatal(err)
		}
		var body struct{ Message map[string]any }
		if err := json.Unmarshal((<-got).Raw, &body); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(body.Message)
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.ReplaceAll(string(text), order.Task.String(), "TASK")
		if !strings.Contains(plain, c.want) || !strings.Contains(plain, `"data":{"kind":"dispatched","task":"TASK"}`) {
			t.Errorf("%s: %s", platform, plain)
		}
		for name := range body.Message {
			if !strings.Contains("token data android apns webpush", name) {
				t.Errorf("%s: the message has %s", platform, name)
			}
		}
	}
}

func TestFailuresAreJudged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		no      fcm.Refusal
		outcome notify.Outcome
		after   time.Duration
	}{
		"the app is gone":     {fcm.Refusal{Status: 404, Code: "UNREGISTERED"}, notify.DeadToken, 0},
		"another sender's":    {fcm.Refusal{Status: 403, Code: "SENDER_ID_MISMATCH"}, notify.DeadToken, 0},
		"not understood":      {fcm.Refusal{Status: 400, Code: "INVALID_ARGUMENT"}, notify.Refused, 0},
		"apple refuses us":    {fcm.Refusal{Status: 401, Code: "THIRD_PARTY_AUTH_ERROR"}, notify.Refused, 0},
		"too many, wait":      {fcm.Refusal{Status: 429, Code: "QUOTA_EXCEEDED", RetryAfter: 7 * time.Second}, notify.Later, 7 * time.Second},
		"too many, no time":   {fcm.Refusal{Status: 429, Code: "QUOTA_EXCEEDED"}, notify.Later, time.Minute},
		"broken over there":   {fcm.Refusal{Status: 500, Code: "INTERNAL"}, notify.Later, 0},
		"our key is no good":  {fcm.Refusal{Status: 403, Code: "PERMISSION_DENIED"}, notify.Later, 0},
		"not there right now": {fcm.Refusal{Status: 503, Code: "UNAVAILABLE"}, notify.Later, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sender, sink, out := local(t)
			sink.Answer(func(fcm.Sent) fcm.Refusal { return c.no })
			ctx := t.Context()
			if c.no.Status == http.StatusServiceUnavailable { // which the SDK would try for seven seconds
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 500*time.Millisecond)
				defer cancel()
			}
			_, err := sender.Send(ctx, phone, order)
			var failure *notify.Failure
			if !errors.As(err, &failure) || failure.Outcome != c.outcome || failure.After != c.after {
				t.Errorf("%v: %+v", err, failure)
			}
			if out.String() != "" {
				t.Errorf("printed %q", out)
			}
		})
	}
}

func TestDeadEndpointIsLater(t *testing.T) {
	t.Parallel()
	sender, sink, _ := local(t)
	if err := sink.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := sender.Send(ctx, phone, order)
	var failure *notify.Failure
	if !errors.As(err, &failure) || failure.Outcome != notify.Later {
		t.Errorf("%v", err)
	}
}

func TestCredentialsAreAskedForPlainly(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]fcm.Config{
		"nothing":      {},
		"no JSON":      {Credentials: []byte("x")},
		"other kind":   {Credentials: []byte(`{"type":"authorized_user","project_id":"p"}`)},
		"no project":   {Credentials: []byte(`{"type":"service_account"}`)},
		"without keys": {Credentials: []byte(`{"type":"service_account","project_id":"p","private_key":"x"}`)},
	} {
		if sender, err := fcm.New(t.Context(), config); err == nil {
			_, err = sender.Send(t.Context(), phone, order)
			if err == nil {
				t.Errorf("%s: sends all the same", name)
			}
		}
	}
}

// The production way: a service account, a token fetched with it, and the message sent under that token.
func TestServiceAccountIsUsed(t *testing.T) {
	t.Parallel()
	sink, err := fcm.StartSink(&printed{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sink.Close(context.Background()) })
	bearer := make(chan string, 1)
	google := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/token" {
			bearer <- r.Header.Get("Authorization") + " " + r.URL.Path
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte(`{"name":"projects/p1/messages/7"}`))
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"access_token":"granted","token_type":"Bearer","expires_in":3600}`))
	}))
	t.Cleanup(google.Close)
	sender, err := fcm.New(t.Context(), fcm.Config{Credentials: account(t, google.URL+"/token"), Endpoint: google.URL + "/v1"})
	if err != nil {
		t.Fatal(err)
	}
	receipt, err := sender.Send(t.Context(), phone, order)
	if err != nil || receipt != "projects/p1/messages/7" {
		t.Fatal(receipt, err)
	}
	if with := <-bearer; with != "Bearer granted /v1/projects/p1/messages:send" {
		t.Errorf("sent with %q", with)
	}
}

// account makes a service account with a key of its own.
func account(t *testing.T, tokenURI string) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": "p1", "client_email": "a@p1.example", "private_key_id": "1", "token_uri": tokenURI,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err != nil {
		t.Fatal(err)
	}
	return text
}
