package app_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/demo"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

// transcript is what a server says while it runs.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// again starts another server on the station's database; it stops with the test.
func (o *office) again(say, log io.Writer, settings ...func(*app.Config)) *station {
	o.t.Helper()
	s := *o.station
	for _, set := range settings {
		set(&s.config)
	}
	a, err := app.Start(o.t.Context(), s.config, say, slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	o.must(err)
	s.app, s.url = a, a.URL()
	o.t.Cleanup(s.stop)
	return &s
}

// at is the same person speaking to another server.
func (h *hand) at(s *station) *hand {
	moved := *h
	moved.s = s
	return &moved
}

// A restart ends no session, forgets no command and loses no place in the feed.
func TestARestartKeepsEverything(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	id := newKey()
	first := u.dispatcher.command("/v1/tasks", id, order("patrol", u.member)).want(201)
	o.sound()
	head := int64(o.count(`SELECT max(seq) FROM event`))
	o.stop()
	o.start()
	if again := u.dispatcher.command("/v1/tasks", id, order("patrol", u.member)); again.said() != first.said() {
		t.Errorf("before\n%s\nafter\n%s", first.said(), again.said())
	}
	task := first.text("task", "id")
	ready(task, u.member)
	starting(u, task).want(200)
	o.sound()
	screen := o.watch(o.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleViewer}), head)
	last := int64(o.count(`SELECT max(seq) FROM event`))
	testkit.Wait(t, "the viewer to go on", func() bool { return screen.at() == last })
	if seen := screen.seen(t); int64(len(seen)) != last-head || seen[0].Seq != head+1 {
		t.Errorf("it goes on with %+v after %d", seen, head)
	}
}

// The log knows who asked for what, and nobody's secret; a push says that there is something, and nothing of what.
func TestNothingSecretIsSaidAloud(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	var say, log transcript
	o.stop() // or it might take the push
	s := o.again(&say, &log)
	u := newUnit(o)
	dispatcher, member := u.dispatcher.at(s), u.member.at(s)
	member.ask("PUT", "/v1/me/push-token", object{"token": "push-token-of-a-phone"}, nil).want(204)
	work := order("patrol", u.member)
	work["note"], work["urgency"] = "线人在码头", "urgent"
	task := dispatcher.sends(work)
	member.get("/v1/people?q=线人").want(403)
	testkit.Wait(t, "the push", func() bool { return strings.Contains(say.String(), task) })
	if err := demo.Run(t.Context(), s.url, demo.Cast(), demo.Chinese, io.Discard); err != nil {
		t.Fatal(err)
	}
	secrets := []string{demo.Password, "冉明远", "码头", "线人", dispatcher.token, member.token, "Bearer", "argon2id", "push-token-of-a-phone", "无异常"}
	for _, secret := range secrets {
		for name, text := range map[string]string{"log": log.String(), "terminal": say.String()} {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%q on the %s: ...%s", secret, name, text[max(0, at-200):min(len(text), at+100)])
			}
		}
	}
	for _, known := range []string{dispatcher.person.String(), `"operation":"dispatchTask"`, `"request":"`, `"session":"`} {
		if !strings.Contains(log.String(), known) {
			t.Errorf("the log does not know %s", known)
		}
	}
	for _, told := range []string{"kind=dispatched", "priority=high"} {
		if !strings.Contains(say.String(), told) {
			t.Errorf("the push does not say %s: %s", told, say.String())
		}
	}
}

// Metrics are on a port of their own, and only there.
func TestMetricsHaveAPortOfTheirOwn(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	var say transcript
	s := o.again(&say, io.Discard, func(c *app.Config) { c.MetricsListen = "127.0.0.1:0" })
	s.app.Greet()
	address := regexp.MustCompile(`http://\S+/metrics`).FindString(say.String())
	o.officer().at(s).sends(order("patrol", o.auxiliary()))
	got, err := http.Get(address)
	o.must(err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	o.must(err)
	for _, want := range []string{`operation="dispatchTask",status="201"`, "dutybound_ledger_head", "dutybound_sequencer_elected", "dutybound_feed_subscribers", "go_goroutines"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %.300s", want, text)
		}
	}
	(&hand{s: s}).get("/metrics").want(404)
}

// With a certificate the server speaks HTTPS itself, beyond loopback too, and no plain HTTP.
func TestItSpeaksTLS(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	cert, key, trusted := certificate(t)
	s := o.again(io.Discard, io.Discard, func(c *app.Config) { c.Listen, c.TLSCert, c.TLSKey = "0.0.0.0:0", cert, key })
	_, port, err := net.SplitHostPort(strings.TrimPrefix(s.url, "https://"))
	o.must(err)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}, Timeout: time.Minute}
	got, err := client.Get("https://127.0.0.1:" + port + "/healthz")
	o.must(err)
	defer got.Body.Close()
	if got.StatusCode != 200 || got.TLS.Version < tls.VersionTLS12 {
		t.Errorf("%s over %x", got.Status, got.TLS.Version)
	}
	ticket := o.auxiliary().post("/v1/feed/tickets", object{"scope": "mine"}).want(201).text("ticket")
	dialer := websocket.Dialer{Subprotocols: []string{feedProtocol, "ticket." + ticket}, TLSClientConfig: &tls.Config{RootCAs: trusted}}
	socket, _, err := dialer.Dial("wss://127.0.0.1:"+port+"/v1/feed", nil)
	o.must(err)
	if _, hello, err := socket.ReadMessage(); err != nil || !strings.Contains(string(hello), "hello") {
		t.Errorf("the feed over TLS: %s %v", hello, err)
	}
	o.must(socket.Close())
	if plain, err := http.Get("http://127.0.0.1:" + port + "/healthz"); err == nil {
		defer plain.Body.Close()
		t.Errorf("plain HTTP is answered with %s", plain.Status)
	}
}

func certificate(t *testing.T) (certFile, keyFile string, trusted *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: cert}, keyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	trusted = x509.NewCertPool()
	trusted.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	return certFile, keyFile, trusted
}

// A shutdown takes nothing new and lets what is under way finish: who was promised nothing yet still gets their answer.
func TestAShutdownFinishesWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	task := readyTask(u)
	s := o.again(io.Discard, io.Discard)
	held, err := o.sql.Begin(t.Context())
	o.must(err)
	defer func() { _ = held.Rollback(context.Background()) }() // already committed, unless the test failed
	_, err = held.Exec(t.Context(), `SELECT FROM task WHERE id = $1 FOR UPDATE`, task)
	o.must(err)
	answers := make(chan reply, 1)
	go func() {
		r, err := u.member.at(s).send("/v1/tasks/"+task+"/start", saying())
		if err != nil {
			t.Error(err)
		}
		answers <- r
	}()
	o.waitedFor(held, "the start to wait for the task")
	stopped := make(chan error, 1)
	go func() { stopped <- s.app.Stop(context.Background()) }()
	testkit.Wait(t, "the port to close", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	o.must(held.Commit(t.Context()))
	(<-answers).want(200)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if state := u.dispatcher.get("/v1/tasks/"+task).want(200).text("task", "state"); state != "started" {
		t.Errorf("the task is %s", state)
	}
}
