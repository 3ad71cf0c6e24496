package app_test

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/testkit"
)

// settings that may be served, but for the database, which forgets.
func settings(t *testing.T, database string) app.Config {
	return app.Config{
		Listen: "127.0.0.1:0", DatabaseURL: database, DatabaseConns: 2, DataDir: t.TempDir(), DeviceKeys: "offered", Demo: "auto", SessionTTL: time.Hour,
		RecordingFreshness: 10 * time.Minute, StatementFreshness: 12 * time.Hour, ApprovalDeadline: 30 * time.Minute, LeadSweep: 2 * time.Second,
		AlarmRepeat: 30 * time.Second, AlarmRounds: 4,
		OutboxGap:      10 * time.Minute,
		RequestTimeout: 10 * time.Second, ShutdownTimeout: 5 * time.Second,
		PositionsDays: 7,
	}
}

// What must not be served is refused before anything is, with words that name the setting.
func TestUnsafeSettingsAreRefused(t *testing.T) {
	t.Parallel()
	database := testkit.Database(t).URL
	for name, test := range map[string]struct {
		set  func(*app.Config)
		want []string
	}{
		"plain HTTP on every address":  {func(c *app.Config) { c.Listen = "0.0.0.0:0" }, []string{"--listen", "--tls-cert", "--plain-http"}},
		"plain HTTP on no address":     {func(c *app.Config) { c.Listen = ":0" }, []string{"--listen", "--plain-http"}},
		"plain HTTP on an outer one":   {func(c *app.Config) { c.Listen = "192.0.2.1:0" }, []string{"--listen", "192.0.2.1"}},
		"plain HTTP on every IPv6 one": {func(c *app.Config) { c.Listen = "[::]:0" }, []string{"--listen"}},
		"half a certificate":           {func(c *app.Config) { c.TLSCert = "cert.pem" }, []string{"--tls-cert", "--tls-key"}},
		"metrics on the API's address": {
			func(c *app.Config) { c.Listen, c.MetricsListen = "127.0.0.1:8080", "127.0.0.1:8080" }, []string{"--metrics-listen"},
		},
		"the demo on somebody's database": {func(c *app.Config) { c.Demo = "yes" }, []string{"--demo", "private database"}},
		"the demo for other machines": {
			func(c *app.Config) { c.DatabaseURL, c.Demo, c.Listen, c.PlainHTTP = "", "yes", "0.0.0.0:0", true }, []string{"--demo", "loopback"},
		},
		"roots that are nowhere":  {func(c *app.Config) { c.AttestationRoots = "/nowhere" }, []string{"--attestation-roots", "/nowhere"}},
		"roots that are none":     {func(c *app.Config) { c.AttestationRoots = "/dev/null" }, []string{"--attestation-roots", "PEM"}},
		"revocations of nobody":   {func(c *app.Config) { c.AttestationRevoked = "/dev/null" }, []string{"--attestation-revoked", "--attestation-roots"}},
		"a database that forgets": {func(*app.Config) {}, []string{"fsync is off", "synchronous_commit is off", "full_page_writes is off"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := settings(t, database)
			test.set(&config)
			running, err := app.Start(t.Context(), config, io.Discard, slog.New(slog.DiscardHandler))
			if err == nil {
				_ = running.Stop(t.Context())
				t.Fatal("it serves")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not name %q", err, want)
				}
			}
		})
	}
}

// Somebody's own database never gets the demo's people with their known password.
func TestADatabaseSomebodyBroughtIsNeverSeeded(t *testing.T) {
	t.Parallel()
	database := testkit.Database(t).URL
	var told strings.Builder
	running, err := app.Start(t.Context(), app.Undurable(settings(t, database)), &told, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := running.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	running.Greet()
	if strings.Contains(told.String(), "310111") || strings.Contains(told.String(), "password") {
		t.Errorf("it greets with accounts: %s", told.String())
	}
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	for _, table := range []string{"organ", "person", "credential", "device", "authority"} {
		var n int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d rows in %s (%v)", n, table, err)
		}
	}
}
