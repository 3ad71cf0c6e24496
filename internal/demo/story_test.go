package demo_test

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dutybound/dutybound/api"
	"github.com/dutybound/dutybound/internal/demo"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/httpapi"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/legal"
	"github.com/dutybound/dutybound/internal/outbox"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/shift"
	"github.com/dutybound/dutybound/internal/testkit"
	"github.com/dutybound/dutybound/internal/wsfeed"
)

// serve is the service with everything the story needs, on a database of its own, with the demo's people in it.
func serve(t *testing.T) (baseURL string, accounts demo.Accounts) {
	t.Helper()
	store, err := postgres.Open(t.Context(), postgres.Config{URL: testkit.Database(t).URL, MaxConns: 8})
	must(t, err)
	t.Cleanup(store.Close)
	people := identity.New(store, patient{}, time.Hour).Proving(identity.Proofs{
		Nonces: identity.NewNonces(make([]byte, identity.NonceSecret)), Used: &used{},
	})
	accounts = seed(t, demo.Seeding{Database: store, Roster: roster.NewAdmin(store), Identity: people})

	log := slog.New(slog.DiscardHandler)
	hub := feed.NewHub(store, log, feed.Pace{})
	key, err := ledger.LoadKey(filepath.Join(t.TempDir(), "key"))
	must(t, err)
	sequencer := postgres.NewSequencer(store, postgres.SequencerConfig{
		Key: key, Anchors: ledger.Anchors(filepath.Join(t.TempDir(), "anchors")), Log: log,
		Wake: func(context.Context, int64) { hub.Wake() },
	})
	background(t, sequencer.Run)
	background(t, hub.Run)
	tickets := feed.New(store, hub)
	sockets := wsfeed.New(wsfeed.Config{Feed: tickets, Log: log})
	tasks := dispatch.New(store, book, dispatch.DefaultFreshness, time.Minute)
	carrier := &httpapi.Carrier{}
	records := outbox.New(store, carrier, tasks, log, time.Minute)
	web := httpapi.New(httpapi.Config{
		Duty: tasks, Legal: legal.New(store, store, law.Embedded()), Shifts: shift.New(store, store), Outbox: records, Carrier: carrier,
		Identity: people, Roster: roster.New(store, log), Tickets: tickets, Watch: sockets.Handler(), Log: log,
		Law: func(context.Context, duty.Actor) (httpapi.Law, error) { return law.Default(), nil },
	})
	background(t, records.Run)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	background(t, func(context.Context) { _ = web.Listener(listener) })
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		must(t, sockets.Shutdown(ctx))
		must(t, web.ShutdownWithContext(ctx))
	})
	return "http://" + listener.Addr().String(), accounts
}

// book is the law of an organ.
func book(l duty.Law) (dispatch.Book, error) {
	return law.Embedded().Book(cmp.Or(l.Rulebook, law.DefaultRulebook), l.Settings)
}

// used remembers proofs.
type used struct{ names sync.Map }

func (u *used) First(_ context.Context, name string, _ time.Duration) bool {
	_, before := u.names.LoadOrStore(name, true)
	return !before
}

// background runs something until the test ends, and waits for its end.
func background(t *testing.T, run func(context.Context)) {
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { run(ctx) })
	t.Cleanup(func() { cancel(); done.Wait() })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheMorningGoesAsTheLawSaysAgainAndAgain(t *testing.T) {
	t.Parallel()
	baseURL, accounts := serve(t)
	for _, lang := range []demo.Language{demo.Chinese, demo.English} {
		var told bytes.Buffer
		if err := demo.Run(t.Context(), baseURL, accounts, lang, &told); err != nil {
			t.Fatalf("told in %s:\n%s\n%v", lang, &told, err)
		}
		for _, want := range []string{
			"cq-2021 15(1)", "cq-2021 16(2)", "cq-2021 19¶1(3)", "cq-2021 19¶2", "national-admin-procedure 52¶2",
			"outside_scope", "prohibited", "unmet", "task.violation", "task.lawful_again",
			"lead.lost", "cq-2021 17(4)", "restraint.used", "restraint.reported", "cq-2021 15(3)",
		} {
			if !strings.Contains(told.String(), want) {
				t.Errorf("the story told in %s does not speak of %s", lang, want)
			}
		}
		leavesNothing(t, baseURL, accounts)
	}
}

// leavesNothing: nobody is left on duty, and no work is left open.
func leavesNothing(t *testing.T, baseURL string, accounts demo.Accounts) {
	t.Helper()
	account, _ := accounts.Find("310111")
	c, err := api.NewClientWithResponses(baseURL)
	must(t, err)
	in, err := c.SignInWithResponse(t.Context(), api.SignIn{PersonNumber: account.Number, Password: account.Password, Device: account.Device})
	must(t, err)
	mine := func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+in.JSON201.Token)
		return nil
	}
	shifts, err := c.ListShiftsWithResponse(t.Context(), &api.ListShiftsParams{}, mine)
	must(t, err)
	if shifts.JSON200 == nil || len(shifts.JSON200.Shifts) != 0 {
		t.Errorf("left on duty: %s", shifts.Body)
	}
	tasks, err := c.ListTasksWithResponse(t.Context(), &api.ListTasksParams{}, mine)
	must(t, err)
	if tasks.JSON200 == nil || len(tasks.JSON200.Tasks) == 0 {
		t.Fatalf("no tasks: %s", tasks.Body)
	}
	for _, task := range tasks.JSON200.Tasks {
		if task.State != "finished" && task.State != "cancelled" {
			t.Errorf("left open: %s %s", task.ID, task.State)
		}
	}
}

// Whatever the server gets wrong, the story must notice.
func TestADifferenceFromTheLawIsNoticed(t *testing.T) {
	t.Parallel()
	baseURL, accounts := serve(t)
	// One after the other: each story has the same people check in.
	for _, lie := range []struct{ name, said, lie, noticed string }{
		{"an outcome", `"outcome":"outside_scope"`, `"outcome":"needs_human"`, "should say outside_scope"},
		{"a clause", `cq-2021 19¶1(3)`, `cq-2021 19¶1(4)`, "does not cite cq-2021 19¶1(3)"},
		{"a remedy", `"code":"name_lead_officer"`, `"code":"pray"`, "does not offer name_lead_officer"},
		{"a lawful outcome", `"outcome":"permitted"`, `"outcome":"conditional"`, "should say permitted"},
		{"a use", `"lawful":true,"order"`, `"lawful":false,"order"`, "the use should be one, and lawful"},
		{"a record that waits", `"outcome":"waiting"`, `"outcome":"applied"`, "the records should be"},
	} {
		t.Run(lie.name, func(t *testing.T) {
			err := demo.Run(t.Context(), liar(t, baseURL, lie.said, lie.lie), accounts, demo.English, io.Discard)
			if err == nil || !strings.Contains(err.Error(), lie.noticed) {
				t.Errorf("got %v, want an error saying %q", err, lie.noticed)
			}
		})
	}
}

// liar stands between the story and the server, and changes one thing in each answer.
func liar(t *testing.T, baseURL, said, lie string) string {
	target, err := url.Parse(baseURL)
	must(t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(answer *http.Response) error {
		if answer.StatusCode == http.StatusSwitchingProtocols {
			return nil
		}
		body, err := io.ReadAll(answer.Body)
		body = bytes.ReplaceAll(body, []byte(said), []byte(lie))
		answer.Body = io.NopCloser(bytes.NewReader(body))
		answer.ContentLength = int64(len(body))
		answer.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return err
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

func TestAServerThatIsNotThereIsSaid(t *testing.T) {
	t.Parallel()
	err := demo.Run(t.Context(), "http://127.0.0.1:1", demo.Cast(), demo.English, io.Discard) // a port that nobody is given
	if err == nil || !strings.Contains(err.Error(), "signs in") {
		t.Errorf("got %v", err)
	}
}

// A server with other people, or the same ones under another password, is told from a server that answers wrongly.
func TestAServerWithoutTheDemoIsSaid(t *testing.T) {
	t.Parallel()
	baseURL, accounts := serve(t)
	strangers := slices.Clone(accounts)
	for i := range strangers {
		strangers[i].Password = "another password"
	}
	for lang, words := range map[demo.Language]string{demo.Chinese: baseURL + " 没有演示派出所", demo.English: baseURL + " has no demo station"} {
		if err := demo.Run(t.Context(), baseURL, strangers, lang, io.Discard); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("want %q, got %v", words, err)
		}
	}
}

func TestLanguageOfALocale(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]demo.Language{
		"": demo.Chinese, "zh_CN.UTF-8": demo.Chinese, "C.UTF-8": demo.Chinese, "en": demo.English, "en_GB.UTF-8": demo.English,
	} {
		if got := demo.LanguageOf(word); got != want {
			t.Errorf("%q is told in %s, want %s", word, got, want)
		}
	}
}
