package main_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/alecthomas/kong"

	dutybound "github.com/dutybound/dutybound/cmd/dutybound"
	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/testkit"
)

// settings are the flags of `dutybound serve`.
func settings(t *testing.T) (flags []*kong.Flag) {
	t.Helper()
	parser := must[*kong.Kong](t)(kong.New(&dutybound.Commands{}, kong.Name("dutybound"), kong.Bind(app.Config{})))
	for _, command := range parser.Model.Children {
		if command.Name == "serve" {
			flags = command.Flags
		}
	}
	if len(flags) == 0 {
		t.Fatal("serve has no settings")
	}
	return flags
}

func TestEverySettingIsAFlagAndAVariable(t *testing.T) {
	t.Parallel()
	help := strings.Join(strings.Fields(run(t, "serve", "--help").says(t, 0).out), " ")
	seen := map[string]bool{}
	for _, flag := range settings(t) {
		if len(flag.Envs) != 1 || flag.Help == "" || seen[flag.Envs[0]] {
			t.Errorf("--%s: variables %v, help %q", flag.Name, flag.Envs, flag.Help)
			continue
		}
		seen[flag.Envs[0]] = true
		if !strings.Contains(help, "--"+written(flag)) || !strings.Contains(help, "($"+flag.Envs[0]+").") {
			t.Errorf("--%s or $%s is not in the help", written(flag), flag.Envs[0])
		}
	}
}

func written(flag *kong.Flag) string {
	if flag.Tag.Negatable != "" {
		return "[no-]" + flag.Name
	}
	return flag.Name
}

// row is a setting as the README has it.
func row(flag *kong.Flag) string {
	value := ""
	if flag.Default != "" {
		value = "`" + flag.Default + "`"
	}
	return fmt.Sprintf("| `--%s` | `%s` | %s | %s |", written(flag), flag.Envs[0], value, flag.Help)
}

func TestReadmeListsEverySetting(t *testing.T) {
	t.Parallel()
	readme := string(must[[]byte](t)(os.ReadFile("../../README.md")))
	table, listed := []string{"| flag | variable | default | |", "|---|---|---|---|"}, regexp.MustCompile("(?m)^\\| `--.*$").FindAllString(readme, -1)
	var rows []string
	for _, flag := range settings(t) {
		rows = append(rows, row(flag))
	}
	if !slices.Equal(listed, rows) {
		t.Errorf("README.md should have exactly these settings:\n%s", strings.Join(append(table, rows...), "\n"))
	}
}

// TestEnvironmentFileNamesEverySetting with its default, where it is commented out.
func TestEnvironmentFileNamesEverySetting(t *testing.T) {
	t.Parallel()
	file := string(must[[]byte](t)(os.ReadFile("../../deploy/dutybound.env")))
	for _, flag := range settings(t) {
		otherwise := flag.Default
		if flag.IsBool() {
			otherwise = cmp.Or(otherwise, "false")
		}
		line := regexp.MustCompile(`(?m)^(#?)` + flag.Envs[0] + `=(.*)$`).FindStringSubmatch(file)
		if line == nil || line[1] == "#" && line[2] != otherwise {
			t.Errorf("%s (default %q): %q", flag.Envs[0], otherwise, line)
		}
	}
	for _, line := range regexp.MustCompile(`(?m)^#?([A-Z_]+)=`).FindAllStringSubmatch(file, -1) {
		if !slices.ContainsFunc(settings(t), func(f *kong.Flag) bool { return f.Envs[0] == line[1] }) {
			t.Errorf("%s is no setting", line[1])
		}
	}
}

func TestVariablesAreRead(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for setting, words := range map[string]string{
		"DUTYBOUND_LISTEN=0.0.0.0:0":    "--listen 0.0.0.0:0 is reachable",
		"DUTYBOUND_SESSION_TTL=soon":    "DUTYBOUND_SESSION_TTL",
		"DATABASE_URL=nonsense://":      "--database-url: not an address",
		"DUTYBOUND_TLS_CERT=server.pem": "--tls-cert and --tls-key go together",
	} {
		cmd := program(ctx, "serve", "--data-dir", t.TempDir())
		cmd.Env = append(cmd.Env, setting)
		if said, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(said), words) {
			t.Errorf("%s: %v, %s", setting, err, said)
		}
	}
}

func TestUnsafeSettingsAreRefused(t *testing.T) {
	t.Parallel()
	const plain = "is reachable from other machines and would carry passwords in plain HTTP"
	thrown, kept := testkit.Database(t).URL, durable(t).URL("")
	junk := filepath.Join(t.TempDir(), "junk")
	if err := os.WriteFile(junk, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		says string
		args []string
	}{
		{plain, []string{"--listen=:0"}},
		{plain, []string{"--listen=0.0.0.0:0"}},
		{plain, []string{"--listen=[::]:0"}},
		{plain, []string{"--listen=example.org:0"}},
		{"--tls-cert and --tls-key go together", []string{"--tls-cert=x"}},
		{"--tls-cert, --tls-key: open /nowhere", []string{"--database-url", kept, "--tls-cert=/nowhere", "--tls-key=/nowhere"}},
		{"--metrics-listen needs an address of its own", []string{"--listen=127.0.0.1:9", "--metrics-listen=127.0.0.1:9"}},
		{"this database can lose what it has acknowledged: fsync is off, full_page_writes is off, synchronous_commit is off", []string{"--database-url", thrown}},
		{"--log-level must be one of", []string{"--log-level=loud"}},
		{"--session-ttl", []string{"--session-ttl=soon"}},
		{"--session-ttl: needs to be longer than nothing, is -1h0m0s", []string{"--session-ttl=-1h"}},
		{"--request-timeout: needs to be longer than nothing, is 0s", []string{"--request-timeout=0s"}},
		{"--fcm-credentials: open /nowhere", []string{"--database-url", kept, "--fcm-credentials=/nowhere"}},
		{"--fcm-credentials " + junk + ": fcm: credentials: ", []string{"--database-url", kept, "--fcm-credentials", junk}},
		{"--fcm-endpoint: not an address", []string{"--fcm-endpoint=:::"}},
		{"--fcm-endpoint: not an address", []string{"--fcm-endpoint=ftp://x"}},
		{`--origins: "notanorigin" is not an origin`, []string{"--origins=https://wall.example.org,notanorigin"}},
		{`--origins: "https://wall.example.org/" is not an origin`, []string{"--origins=https://wall.example.org/"}},
		{`--public-url: "duty.example.org" is not an address`, []string{"--public-url=https://duty.example.org,duty.example.org"}},
		{"--device-keys must be one of", []string{"--device-keys=maybe"}},
		{"give --public-url (https://...), or --device-keys offered", []string{"--database-url", kept, "--listen=0.0.0.0:0", "--plain-http"}},
		{"give --public-url (https://...), or --device-keys offered", []string{"--device-keys=required", "--listen=0.0.0.0:0", "--plain-http"}},
		{"--database-conns: needs to be 2 at the least, is 0", []string{"--database-conns=0"}},
		{"--database-conns: needs to be 2 at the least, is -3", []string{"--database-conns=-3"}},
		{`--listen "foo": needs a host and a port`, []string{"--listen=foo"}},
		{`--metrics-listen "9464": needs a host and a port`, []string{"--metrics-listen=9464"}},
		{"--ledger-key: ", []string{"--database-url", kept, "--ledger-key", junk}},
		{"--data-dir: ", []string{"--database-url", kept, "--data-dir", junk}},
		{"--data-dir " + junk + ": ", []string{"--data-dir", junk}},
		{"--database-url: not an address", []string{"--database-url=nonsense://"}},
		{"--database-url: not an address", []string{"--database-url=postgres://u:hunter2@127.0.0.1:x/x"}},
		{"--database-url: not an address", []string{"--database-url=postgres://u:hunter2/x@127.0.0.1/x"}},
		{"--migrate-url: not an address", []string{"--migrate-url=postgres://u:hunter2/x@127.0.0.1/x"}},
		{"--database-url: open /nowhere: ", []string{"--database-url=postgres://u:hunter2@127.0.0.1/x?sslmode=verify-full&sslrootcert=/nowhere"}},
		{"connection refused", []string{"--database-url=postgres://u:hunter2@127.0.0.1:1/x"}},
		{"connection refused", []string{"--database-url", kept, "--migrate-url=postgres://u:hunter2@127.0.0.1:1/x"}},
		{"--redis-url: not an address", []string{"--database-url", kept, "--redis-url=redis://:hunter2@127.0.0.1:x"}},
		{"--redis-url: redis: invalid database number", []string{"--database-url", kept, "--redis-url=redis://:hunter2@127.0.0.1:1/x"}},
		{"unexpected argument", []string{"more"}},
	} {
		s := launch(t, append([]string{"--data-dir", t.TempDir()}, c.args...)...)
		if code := s.exit(); code == 0 || !strings.Contains(s.logs.String(), c.says) || strings.Contains(s.out.String(), "answers at") {
			t.Errorf("%v: exit code %d and %q, want %q", c.args, code, s.logs, c.says)
		}
		if strings.Contains(s.logs.String(), "hunter2") {
			t.Errorf("%v: the password is printed: %s", c.args, s.logs)
		}
	}
}

// TestTheDemoIsNotServedToOtherMachines: a database with accounts whose password everybody knows is for this machine alone.
func TestTheDemoIsNotServedToOtherMachines(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := serve(t, "--data-dir", dir)
	s.signal(syscall.SIGTERM)
	s.exit()
	outwards := []string{"serve", "--data-dir", dir, "--listen=0.0.0.0:0", "--metrics-listen=", "--plain-http"}
	run(t, outwards...).says(t, 1, "--listen 0.0.0.0:0", "demo's accounts", dir)
	run(t, append(outwards, "--demo=no")...).says(t, 1, "demo's accounts")
	run(t, append(outwards, "--demo=yes")...).says(t, 1, "--demo yes")
}
