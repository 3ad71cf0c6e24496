package app_test

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/testkit"
)

// script is what one dispatch sends to the database, as the server itself logged it, with ids that are fresh in each round: the ones
// that are in a second dispatch's statements and not in the first's.
func (l *load) script(b *testing.B, serverLog string) string {
	b.Helper()
	l.superuser(b, `ALTER SYSTEM SET log_statement = 'all'`, `SELECT pg_reload_conf()`)
	var first []string
	testkit.Wait(b, "the server to log statements", func() bool {
		first = l.logged(b, serverLog)
		return first != nil
	})
	second := l.logged(b, serverLog)
	l.superuser(b, `ALTER SYSTEM RESET log_statement`, `SELECT pg_reload_conf()`, freshID)
	known := map[string]bool{}
	for _, id := range uuids.FindAllString(strings.Join(first, "\n"), -1) {
		known[id] = true
	}
	var fresh []string
	for _, id := range uuids.FindAllString(strings.Join(second, "\n"), -1) {
		if !known[id] {
			known[id], fresh = true, append(fresh, id)
		}
	}
	if len(fresh) < 4 { // command, task, ruling and event
		b.Fatalf("only %d fresh ids in\n%s", len(fresh), strings.Join(second, "\n"))
	}
	script := "\\set r random(1, 9223372036854775807)\n"
	for _, statement := range second {
		script += freshened(statement, fresh) + ";\n"
	}
	return script
}

// freshID makes ids that rise with time, as ours do: the indexes are used alike.
const freshID = `CREATE OR REPLACE FUNCTION fresh_id(r bigint, n integer) RETURNS uuid LANGUAGE sql STABLE RETURN
	(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n), 3, '0') || lpad(to_hex(r), 16, '0'))::uuid`

func (l *load) superuser(b *testing.B, statements ...string) {
	b.Helper()
	conn, err := pgx.Connect(b.Context(), l.s.database)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close(b.Context())
	for _, sql := range statements {
		if _, err := conn.Exec(b.Context(), sql); err != nil {
			b.Fatal(err)
		}
	}
}

var (
	uuids     = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	executed  = regexp.MustCompile(`^@(\d+) LOG:  (?:execute [^:]*|statement): (?s:(.*))$`)
	parameter = regexp.MustCompile(`(?s)\$(\d+) = (NULL|'(?:[^']|'')*')`)
)

// logged dispatches once and answers the statements of that: the session check and the transaction, parameters filled in. It is nil
// when the server has not logged all of them.
func (l *load) logged(b *testing.B, serverLog string) []string {
	b.Helper()
	before, err := os.Stat(serverLog)
	if err != nil {
		b.Fatal(err)
	}
	l.officer.post("/v1/tasks", l.body).want(201)
	content, err := os.ReadFile(serverLog)
	if err != nil {
		b.Fatal(err)
	}
	var session string
	transactions, found := map[string][]string{}, []string(nil)
	entries := strings.Split(string(content[before.Size():]), "\n@")
	for i, entry := range entries {
		m := executed.FindStringSubmatch("@" + strings.TrimPrefix(entry, "@"))
		if m == nil {
			continue
		}
		pid, sql := m[1], strings.TrimSpace(m[2])
		if i+1 < len(entries) && strings.HasPrefix(entries[i+1], pid+" DETAIL:  parameters: ") {
			sql = filled(sql, entries[i+1])
		}
		switch {
		case strings.Contains(sql, "FROM session s"):
			session = sql
		case strings.EqualFold(sql, "BEGIN"):
			transactions[pid] = []string{sql}
		default:
			transactions[pid] = append(transactions[pid], sql)
		}
		if strings.EqualFold(sql, "COMMIT") && strings.Contains(strings.Join(transactions[pid], "\n"), "INSERT INTO command") {
			found = transactions[pid]
		}
	}
	if session == "" || found == nil {
		return nil // not all of it is there
	}
	return append([]string{session}, found...)
}

// filled puts the logged parameters in their places.
func filled(sql, detail string) string {
	values := parameter.FindAllStringSubmatch(detail, -1)
	for i := len(values) - 1; i >= 0; i-- { // $10 before $1
		sql = strings.ReplaceAll(sql, "$"+values[i][1], values[i][2])
	}
	return sql
}

var literal = regexp.MustCompile(`(?s)('(?:[^']|'')*')(::[a-z\[\]]+)?`)

// freshened is a statement on one line in which each fresh id stands for one made of this round's random number and its place in the
// list. Colons inside of quotes are written as escapes, for pgbench takes them for variables.
func freshened(statement string, fresh []string) string {
	statement = literal.ReplaceAllStringFunc(statement, func(found string) string {
		parts := literal.FindStringSubmatch(found)
		text, cast := parts[1], parts[2]
		if i := slices.Index(fresh, strings.Trim(text, "'")); i >= 0 {
			return fmt.Sprintf("fresh_id(:r, %d)", i) + cast
		}
		escaped := "E" + strings.NewReplacer(`\`, `\\`, ":", `\x3a`, "\n", `\n`).Replace(text)
		replaced := escaped
		for i, id := range fresh {
			if strings.Contains(text, id) {
				replaced = fmt.Sprintf("replace(%s, '%s', fresh_id(:r, %d)::text)", replaced, id, i)
			}
		}
		if replaced != escaped && cast == "" {
			cast = "::json" // every text with a fresh id in it is a document
		}
		return replaced + cast
	})
	return strings.Join(strings.Fields(statement), " ")
}

// pgbench runs a script and answers how many times a second.
func pgbench(b *testing.B, database, script string, conns int, d time.Duration) float64 {
	b.Helper()
	file := filepath.Join(b.TempDir(), "dispatch.sql")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		b.Fatal(err)
	}
	address, err := url.Parse(database)
	if err != nil {
		b.Fatal(err)
	}
	n := strconv.Itoa(conns)
	run := exec.CommandContext(b.Context(), pgbenchPath(b), "-n", "-M", "prepared", "-c", n, "-j", "2", "-T", strconv.Itoa(int(d.Seconds())),
		"-f", file, "-h", address.Query().Get("host"), "-U", address.Query().Get("user"), address.Path[1:])
	run.Env = append(os.Environ(), "PGOPTIONS=-c role="+postgres.AppRole)
	out, err := run.CombinedOutput()
	if err != nil {
		b.Fatalf("pgbench: %v\n%s", err, out)
	}
	rate := regexp.MustCompile(`tps = ([0-9.]+)`).FindSubmatch(out)
	failed := regexp.MustCompile(`number of failed transactions: 0 `).Match(out)
	if rate == nil || !failed {
		b.Fatalf("pgbench said\n%s", out)
	}
	perSecond, err := strconv.ParseFloat(string(rate[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return perSecond
}

// pgbenchPath finds the yardstick where the server's programs are looked for. What npm brings does not include it.
func pgbenchPath(b *testing.B) string {
	b.Helper()
	candidates := []string{filepath.Join(os.Getenv("DUTYBOUND_PG_BIN"), "pgbench"), "pgbench"}
	installed, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	slices.Reverse(installed)
	for _, candidate := range append(candidates, installed...) {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	b.Fatal("pgbench is the yardstick of this benchmark and is not here. It comes with the PostgreSQL of the distribution " +
		"(Debian: postgresql, Fedora: postgresql-contrib, Homebrew: postgresql@16), not with the one fetched by npm; " +
		"DUTYBOUND_PG_BIN may name its folder")
	return ""
}
