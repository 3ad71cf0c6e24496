package main_test

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/testkit"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	run(t, "version").says(t, 0, "dutybound dev\n")
	run(t).fails(t, "expected one of")
	run(t, "fly").fails(t, "unexpected argument fly")
}

func TestTheLawFromTheCommandLine(t *testing.T) {
	t.Parallel()
	const cases, instruments = "../../internal/law/testdata/cases/", "../../internal/law/instruments"
	run(t, "law", "explain", "stop-and-question").says(t, 0, "cq-2021 16(2)", "盘查")
	run(t, "law", "explain", "levitate").fails(t, "levitate")
	run(t, "law", "check", instruments).says(t, 0)
	run(t, "law", "check", filepath.Join(instruments, "nowhere")).fails(t, "nowhere")
	run(t, "law", "test", cases+"art16.yaml", cases+"art19.yaml").says(t, 0)
	run(t, "law", "test", cases+"nowhere.yaml").says(t, 1, "nowhere.yaml")
	const patrol = `{name: a clerk on patrol, at: 2026-03-02T08:00:00+08:00, acts: [patrol], auxiliaries: [{id: a1, role: civilian}]`
	runWith(t, "cases: ["+patrol+"}]", "law", "rule", "-").says(t, 0, `"outcome":"outside_scope"`)
	runWith(t, "cases: ["+patrol+", expect: {outcome: permitted}}]", "law", "test", "-").says(t, 1, "expected permitted, got outside_scope")
	runWith(t, "cases: ["+patrol+", weather: fine}]", "law", "rule", "-").says(t, 0, `/cases/0/weather: unknown key`) // the line of one case, others go on
}

// notYetInForce is an edition of the regulation that begins at the end of the century.
func notYetInForce(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../internal/law/instruments")); err != nil {
		t.Fatal(err)
	}
	article := filepath.Join(dir, "cq-2021", "art44.yaml")
	text := must[[]byte](t)(os.ReadFile(article))
	later := bytes.Replace(text, []byte("effective_from: 2021-09-01"), []byte("effective_from: 2099-09-01"), 1)
	if err := os.WriteFile(article, later, 0o600); err != nil || bytes.Equal(text, later) {
		t.Fatal(err, string(later))
	}
	return dir
}

// TestTamperingIsFound: whoever has the whole database in hand changes the record, and is found out.
func TestTamperingIsFound(t *testing.T) {
	t.Parallel()
	database, dir := durable(t).URL(""), t.TempDir()
	on := []string{"--database-url", database}
	run(t, append([]string{"ledger", "verify"}, on...)...).fails(t, "ledger.key.pub")
	o := office{t, on}
	run(t, "migrate", "--database-url", database).says(t, 0)
	o.admin("post", "response", "接处警", "cq-2021 15(1)").says(t, 0)
	o.enters(staff...)
	s := serve(t, append(on, "--data-dir", dir)...)
	where := at(s.url)
	officer, member := signIn(t, where, "310001", secret, o.equips("310001")), signIn(t, where, "FJ31001", secret, o.equips("FJ31001"))
	for range 3 {
		officer.must(t, http.StatusCreated, "POST", "/v1/tasks", patrol(member))
	}
	conn := must[*pgx.Conn](t)(pgx.Connect(t.Context(), database))
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	testkit.Wait(t, "every event to be numbered under a signed head", func() bool {
		var done bool
		err := conn.QueryRow(t.Context(), `SELECT coalesce(max(size), 0) = (SELECT count(*) FROM event) FROM ledger_signed_head`).Scan(&done)
		return err == nil && done
	})
	s.signal(syscall.SIGTERM)
	s.exit()

	verify, replay := append([]string{"ledger", "verify", "--data-dir", dir}, on...), append([]string{"rulings", "replay"}, on...)
	run(t, verify...).says(t, 0, " 0 problems")
	run(t, append(verify, "--anchors", filepath.Join(dir, "gone.log"))...).says(t, 1, "gone.log holds no anchor", " 1 problems")
	run(t, replay...).says(t, 0, "3 the same, 0 different")
	backtest := append([]string{"law", "backtest"}, on...)
	run(t, append(backtest, "--reading", "recording_unknown=block")...).says(t, 0, "3 the same, 0 different") // nobody records yet at a dispatch
	run(t, append(backtest, "--reading", "recording_unknown=maybe")...).fails(t, "/readings/recording_unknown: unknown option")
	run(t, append(backtest, "--instruments", notYetInForce(t))...).says(t, 0, "outside_scope", "cq-2021 44", "0 the same, 3 different")
	run(t, append(backtest, "--instruments", notYetInForce(t), "--json")...).says(t, 0, `"different":3`, `"is":"outside_scope"`)
	tamper := func(statement string) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), `SET session_replication_role = replica; `+statement); err != nil {
			t.Fatal(err)
		}
	}
	tamper(`UPDATE ruling SET facts = replace(facts::text, '"patrol"', '"drone-patrol"')::json WHERE id = (SELECT id FROM ruling ORDER BY id LIMIT 1)`)
	run(t, replay...).says(t, 1, "2 the same, 1 different")
	run(t, verify...).says(t, 1, "event 1: the rulings or observations beside it are not those it was written with")
	tamper(`UPDATE event SET actor = gen_random_uuid() WHERE seq = 2`)
	run(t, verify...).says(t, 1, "event 2: does not give the hash that was stored for it", "has another root: the record before it was changed")
	tamper(`DELETE FROM event WHERE seq = 3`)
	run(t, verify...).says(t, 1, "events were removed")
	if _, err := os.Stat(filepath.Join(dir, "anchors.log")); err != nil {
		t.Error(err)
	}
}

// TestNoSecretsInTheLog has a morning at the station played under the most talkative log, and then looks for every secret in it.
func TestNoSecretsInTheLog(t *testing.T) {
	t.Parallel()
	s := serve(t, "--data-dir", folder(t), "--log-level=debug", "--metrics-listen=127.0.0.1:0")
	told := s.hears(regexp.MustCompile(`make demo ARGS="--server (\S+)"`))
	run(t, "demo", "--server", told, "--lang=en").says(t, 0, "The end: ")
	run(t, "demo", "--server", strings.TrimPrefix(told, "http://")).fails(t, "--server ")
	where := at(s.url)
	officer, member := player(t, where, dispatcher), player(t, where, auxiliary)
	const pushToken, note, wrong = "push-token-8d1f0c6e", "a word of the note 5b2f", "a wrong password 77c1"
	member.must(t, http.StatusNoContent, "PUT", "/v1/me/push-token", object{"token": pushToken})
	order := patrol(member)
	order["note"] = note
	officer.must(t, http.StatusCreated, "POST", "/v1/tasks", order)
	officer.must(t, http.StatusUnauthorized, "POST", "/v1/sessions", object{"person_number": dispatcher, "password": wrong, "device": newKey()})
	ticket := officer.must(t, http.StatusCreated, "POST", "/v1/feed/tickets", nil).text("ticket")
	testkit.Wait(t, "the push", func() bool { return strings.Contains(s.out.String(), "dispatched") })
	s.signal(syscall.SIGTERM)
	s.exit()
	logs := s.logs.String()
	for what, words := range map[string]string{
		"the password": "dutybound-demo", "a wrong password": wrong, "a token": officer.token, "another token": member.token,
		"a ticket": ticket, "the push token": pushToken, "a body": note, "a header": "Bearer ", "a hash": "argon2id",
	} {
		if words == "" || strings.Contains(logs, words) {
			t.Errorf("%s (%q) is in the log", what, words)
		}
		if words != "dutybound-demo" && strings.Contains(s.out.String(), words) { // the greeting tells the demo's password
			t.Errorf("%s (%q) is printed", what, words)
		}
	}
	for _, words := range []string{`"level":"DEBUG"`, `"operation":"dispatchTask"`, `"took_ms":`} {
		if !strings.Contains(logs, words) {
			t.Errorf("%s is not in the log: it says too little for this test\n%.2000s", words, logs)
		}
	}
}
