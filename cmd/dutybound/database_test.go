package main_test

import (
	"net/url"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/embedded"
)

// readmeSQL is what the README has a superuser run before the first start, statement by statement.
func readmeSQL(t *testing.T, file string) (statements []string) {
	t.Helper()
	block := regexp.MustCompile("(?s)```sql\n(.*?)```").FindSubmatch(must[[]byte](t)(os.ReadFile(file)))
	if block == nil {
		t.Fatalf("%s tells nobody which roles are needed", file)
	}
	for line := range strings.Lines(string(block[1])) {
		statement, _, _ := strings.Cut(line, ";")
		statements = append(statements, statement)
	}
	return statements
}

// superuser runs statements on the cluster.
func superuser(t *testing.T, cluster *embedded.Postgres, statements ...string) {
	t.Helper()
	conn := must[*pgx.Conn](t)(pgx.Connect(t.Context(), cluster.URL("postgres")))
	defer conn.Close(t.Context())
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// as is the address of the service's database for one role.
func as(t *testing.T, cluster *embedded.Postgres, role string) string {
	t.Helper()
	address := must[*url.URL](t)(url.Parse(cluster.URL("")))
	query := address.Query()
	query.Set("user", role)
	address.RawQuery = query.Encode()
	return address.String()
}

// TestTheRolesOfTheReadme serve a database that they do not own, and each lack of them is told with what helps.
func TestTheRolesOfTheReadme(t *testing.T) {
	t.Parallel()
	cluster := durable(t)
	statements := readmeSQL(t, "../../README.md")
	if theirs := readmeSQL(t, "../../README.zh-CN.md"); len(theirs) != len(statements) || theirs[4] != statements[4] {
		t.Errorf("README.zh-CN.md says %q", theirs)
	}
	superuser(t, cluster, "DROP DATABASE dutybound")
	superuser(t, cluster, statements...)
	owner, service := as(t, cluster, "dutybound_owner"), as(t, cluster, "dutybound_service")

	superuser(t, cluster, "REVOKE dutybound_app FROM dutybound_owner")
	run(t, "migrate", "--migrate-url", owner).says(t, 1, "may not create the role dutybound_app", "GRANT dutybound_app TO dutybound_owner")
	run(t, "migrate", "--database-url", service).says(t, 1, "does not own the tables; --migrate-url")
	superuser(t, cluster, "GRANT dutybound_app TO dutybound_owner")
	run(t, "migrate", "--database-url", service, "--migrate-url", owner).says(t, 0)
	run(t, "serve", "--database-url", service, "--listen=127.0.0.1:0", "--metrics-listen=", "--data-dir", t.TempDir()).
		says(t, 1, "does not own the tables; --migrate-url")

	s := serve(t, "--database-url", service, "--migrate-url", owner, "--data-dir", t.TempDir())
	office{t, []string{"--database-url", service}}.admin("organ", district, "渝中区分局", "--kind=district").says(t, 0)
	s.signal(syscall.SIGTERM)
	if code := s.exit(); code != 0 {
		t.Errorf("exit code %d\n%s", code, s.logs)
	}
	superuser(t, cluster, "REVOKE dutybound_app FROM dutybound_service")
	office{t, []string{"--database-url", service}}.admin("organ", station, "江岸派出所", "--kind=station").
		says(t, 1, "is no member of dutybound_app; this helps: GRANT dutybound_app TO")
}
