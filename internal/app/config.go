package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/httpapi"
	"github.com/dutybound/dutybound/internal/identity"
)

// Config is every setting of the server. Each is a flag and an environment variable of `dutybound serve`.
type Config struct {
	Listen             string        `help:"Address to serve the API and the feed on." default:"127.0.0.1:8080" env:"DUTYBOUND_LISTEN"`
	MetricsListen      string        `help:"Address to serve Prometheus metrics on; empty: none." default:"127.0.0.1:9464" env:"DUTYBOUND_METRICS_LISTEN"`
	TLSCert            string        `help:"Certificate file (PEM); with --tls-key the server speaks HTTPS itself." env:"DUTYBOUND_TLS_CERT" name:"tls-cert"`
	TLSKey             string        `help:"Key file (PEM) of --tls-cert." env:"DUTYBOUND_TLS_KEY" name:"tls-key"`
	PlainHTTP          bool          `help:"Allow plain HTTP beyond loopback: a proxy in front speaks TLS." env:"DUTYBOUND_PLAIN_HTTP" name:"plain-http"`
	DatabaseURL        string        `help:"Postgres to use; empty: an own private one, kept in --data-dir." env:"DATABASE_URL" name:"database-url"`
	MigrateURL         string        `help:"Postgres URL of the role that owns the tables, used only to migrate; empty: --database-url." env:"DUTYBOUND_MIGRATE_URL" name:"migrate-url"`
	DatabaseConns      int32         `help:"Most database connections of this process." default:"24" env:"DUTYBOUND_DATABASE_CONNS"`
	RedisURL           string        `help:"Redis to use; empty: one inside this process." env:"REDIS_URL" name:"redis-url"`
	DataDir            string        `help:"Folder for the private database, the ledger key and the anchors." default:".data" env:"DUTYBOUND_DATA_DIR"`
	Demo               string        `help:"Demo station for an empty private database: auto (on loopback), yes (or refuse to start), no." default:"auto" enum:"auto,yes,no" env:"DUTYBOUND_DEMO"`
	LedgerKey          string        `help:"File with the signing key of tree heads; empty: made in --data-dir." env:"DUTYBOUND_LEDGER_KEY"`
	Anchors            string        `help:"File outside the database that signed heads are appended to; empty: anchors.log in --data-dir." env:"DUTYBOUND_ANCHORS"`
	FCMCredentials     string        `help:"Service-account file for Firebase; empty: pushes go to a local endpoint that prints them." env:"DUTYBOUND_FCM_CREDENTIALS" name:"fcm-credentials"`
	FCMEndpoint        string        `help:"Base URL of another FCM endpoint." env:"DUTYBOUND_FCM_ENDPOINT" name:"fcm-endpoint"`
	Origins            []string      `help:"Web origins allowed on the feed, besides the server's own." env:"DUTYBOUND_ORIGINS"`
	Proxies            []string      `help:"Addresses or networks of proxies whose X-Forwarded-For is believed." env:"DUTYBOUND_PROXIES"`
	PublicURL          []string      `help:"Addresses under which phones reach the server, as they stand in their proofs; empty: what the Host header says." env:"DUTYBOUND_PUBLIC_URL" name:"public-url"`
	DeviceKeys         string        `help:"Keys of devices (DPoP): required of phones, offered, or auto (offered on the private database, required on another)." default:"auto" enum:"auto,required,offered" env:"DUTYBOUND_DEVICE_KEYS"`
	AttestationRoots   string        `help:"File of the root certificates (PEM) whose word counts on where a phone's key lives; empty: nobody's." env:"DUTYBOUND_ATTESTATION_ROOTS"`
	AttestationRevoked string        `help:"File of the certificates below them that were revoked, as Google publishes it (JSON)." env:"DUTYBOUND_ATTESTATION_REVOKED"`
	SessionTTL         time.Duration `help:"How long a session lives." default:"12h" env:"DUTYBOUND_SESSION_TTL" name:"session-ttl"`
	RecordingFreshness time.Duration `help:"How long a camera's reported state stands before it is unknown." default:"10m" env:"DUTYBOUND_RECORDING_FRESHNESS"`
	StatementFreshness time.Duration `help:"How long uniform, work card, presence and on-duty statements stand." default:"12h" env:"DUTYBOUND_STATEMENT_FRESHNESS"`
	LeadSweep          time.Duration `help:"How often every lead over running work is looked at." default:"2s" env:"DUTYBOUND_LEAD_SWEEP"`
	ApprovalDeadline   time.Duration `help:"How long an approver may take over an urgent task before the organ above is asked; a third of it for an immediate one, eight times for a routine one." default:"30m" env:"DUTYBOUND_APPROVAL_DEADLINE"`
	AlarmRepeat        time.Duration `help:"How long an alarm waits for an answer before it is brought before the same people again." default:"30s" env:"DUTYBOUND_ALARM_REPEAT"`
	AlarmRounds        int           `help:"Rounds without an answer after which an alarm is brought before the next organ up as well." default:"4" env:"DUTYBOUND_ALARM_ROUNDS"`
	PositionsDays      int           `help:"Days for which positions are kept, unless they belong to work." default:"7" env:"DUTYBOUND_POSITIONS_DAYS"`
	OutboxGap          time.Duration `help:"How long records that a phone made without network wait for those missing before them." default:"10m" env:"DUTYBOUND_OUTBOX_GAP"`
	RequestTimeout     time.Duration `help:"Deadline of one request." default:"10s" env:"DUTYBOUND_REQUEST_TIMEOUT"`
	ShutdownTimeout    time.Duration `help:"How long a shutdown waits for requests under way." default:"10s" env:"DUTYBOUND_SHUTDOWN_TIMEOUT"`
	LogLevel           string        `help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error" env:"DUTYBOUND_LOG_LEVEL"`

	// undurable lets tests run on a database that keeps nothing. No flag sets it.
	undurable bool
}

// Embedded says whether the server runs on its own private database.
func (c Config) Embedded() bool { return c.DatabaseURL == "" }

// keysRequired says whether phones need a key to sign in. On the private database they do not, so that it can be tried with curl.
func (c Config) keysRequired() bool {
	return c.DeviceKeys == "required" || c.DeviceKeys != "offered" && !c.Embedded()
}

// check refuses what must not be served.
func (c Config) check() error {
	for flag, d := range map[string]time.Duration{
		"session-ttl": c.SessionTTL, "recording-freshness": c.RecordingFreshness, "statement-freshness": c.StatementFreshness,
		"lead-sweep": c.LeadSweep, "approval-deadline": c.ApprovalDeadline, "request-timeout": c.RequestTimeout, "shutdown-timeout": c.ShutdownTimeout,
		"alarm-repeat": c.AlarmRepeat,
		"outbox-gap":   c.OutboxGap,
	} {
		if d <= 0 {
			return fmt.Errorf("--%s: needs to be longer than nothing, is %s", flag, d)
		}
	}
	if c.AlarmRounds < 1 {
		return fmt.Errorf("--alarm-rounds: needs to be 1 at the least, is %d", c.AlarmRounds)
	}
	if c.DatabaseConns < fewestConns {
		return fmt.Errorf("--database-conns: needs to be %d at the least, is %d", fewestConns, c.DatabaseConns)
	}
	if c.PositionsDays < fewestDays {
		return fmt.Errorf("--positions-days: needs to be %d at the least, is %d", fewestDays, c.PositionsDays)
	}
	if err := errors.Join(c.checkListeners(), c.checkAddresses(), c.checkWeb()); err != nil {
		return err
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return fmt.Errorf("--tls-cert and --tls-key go together")
	}
	if c.TLSCert == "" && !c.PlainHTTP && !loopback(c.Listen) {
		return fmt.Errorf("--listen %s is reachable from other machines and would carry passwords in plain HTTP: "+
			"give --tls-cert and --tls-key, or --plain-http when a proxy in front speaks TLS", c.Listen)
	}
	if _, err := c.attestors(); err != nil {
		return err
	}
	if c.PlainHTTP && c.TLSCert == "" && !loopback(c.Listen) && c.keysRequired() && len(c.PublicURL) == 0 {
		return fmt.Errorf("--plain-http with keys of devices: a phone's proof names the address it asks, which the proxy in front may change: " +
			"give --public-url (https://...), or --device-keys offered")
	}
	if c.Demo == "yes" && !c.demoAllowed() {
		return fmt.Errorf("--demo yes: the demo's accounts have a password that everybody knows; "+
			"they exist only on the private database, served on loopback (--listen is %s)", c.Listen)
	}
	if c.MetricsListen != "" && c.MetricsListen == c.Listen && !strings.HasSuffix(c.Listen, ":0") {
		return fmt.Errorf("--metrics-listen needs an address of its own")
	}
	return nil
}

// fewestConns is one for whoever numbers the events, who keeps it, and one for everybody else.
const fewestConns = 2

// fewestDays hold the longest shift there is (two days), whenever it began.
const fewestDays = 3

func (c Config) checkListeners() error {
	for flag, address := range map[string]string{"listen": c.Listen, "metrics-listen": c.MetricsListen} {
		if _, _, err := net.SplitHostPort(address); err != nil && (address != "" || flag == "listen") {
			return fmt.Errorf("--%s %q: needs a host and a port, like 127.0.0.1:8080", flag, address)
		}
	}
	return nil
}

// checkAddresses never repeats an address, in which a password stands, nor what a parser says of it: it takes one apart in the
// wrong place when the password has a special character.
func (c Config) checkAddresses() error {
	for flag, address := range map[string]string{"database-url": c.DatabaseURL, "migrate-url": c.MigrateURL} {
		if address == "" {
			continue
		}
		_, err := pgx.ParseConfig(address)
		var file *fs.PathError
		switch {
		case err == nil:
		case errors.As(err, &file): // of a certificate, for instance
			return fmt.Errorf("--%s: %w", flag, file)
		default:
			return fmt.Errorf("--%s: not an address like postgres://user:password@host:5432/database; special characters are written %%40", flag)
		}
	}
	return nil
}

func (c Config) checkWeb() error {
	for _, origin := range c.Origins {
		if u, err := url.Parse(origin); err != nil || !web(u) || u.Scheme+"://"+u.Host != origin {
			return fmt.Errorf("--origins: %q is not an origin like https://wall.example.org", origin)
		}
	}
	if _, err := httpapi.ParsePublic(c.PublicURL); err != nil {
		return fmt.Errorf("--public-url: %w", err)
	}
	if u, err := url.Parse(c.FCMEndpoint); c.FCMEndpoint != "" && (err != nil || !web(u)) {
		return errors.New("--fcm-endpoint: not an address like https://fcm.example.org/v1")
	}
	return nil
}

// attestors are those whose word counts on where keys live; nil: nobody's.
func (c Config) attestors() (*identity.Attestors, error) {
	if c.AttestationRoots == "" {
		if c.AttestationRevoked != "" {
			return nil, errors.New("--attestation-revoked speaks of certificates below --attestation-roots, which is not given")
		}
		return nil, nil
	}
	roots, err := os.ReadFile(c.AttestationRoots)
	if err != nil {
		return nil, fmt.Errorf("--attestation-roots: %w", err)
	}
	var revoked []byte
	if c.AttestationRevoked != "" {
		if revoked, err = os.ReadFile(c.AttestationRevoked); err != nil {
			return nil, fmt.Errorf("--attestation-revoked: %w", err)
		}
	}
	a, err := identity.NewAttestors(roots, revoked)
	if err != nil {
		return nil, fmt.Errorf("--attestation-roots, --attestation-revoked: %w", err)
	}
	return a, nil
}

func web(u *url.URL) bool { return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" }

// demoAllowed says whether accounts with a known password may be served: to this machine alone, and never from somebody's database.
func (c Config) demoAllowed() bool { return c.Embedded() && loopback(c.Listen) }

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
