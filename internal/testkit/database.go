// Package testkit owns what tests share: a fresh, migrated database and a fresh Redis for each of them, waiting for a
// condition, and the time in a bubble. It is for tests only and may import anything.
//
// The databases live in one throw-away cluster. `make test` starts it (see testrun) and names it in DUTYBOUND_TEST_CLUSTER; a
// package tested alone starts its own. Without Postgres a test fails: a skipped test proves nothing.
package testkit

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/embedded"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ClusterVariable names the environment variable with the URL of the cluster to make test databases in.
const ClusterVariable = "DUTYBOUND_TEST_CLUSTER"

const patience = 2 * time.Minute // for a cluster to start or a template to be built, on a slow machine

// DB is one test's own database, with all migrations applied and nothing else in it.
type DB struct {
	URL string
	t   testing.TB
}

// Database makes a fresh database and drops it when the test ends.
func Database(t testing.TB) *DB {
	t.Helper()
	return create(t, template)
}

// EmptyDatabase is a Database without migrations, for the tests of the migrations themselves.
func EmptyDatabase(t testing.TB) *DB {
	t.Helper()
	return create(t, func(context.Context, *pgx.Conn, string) (string, error) { return "template0", nil })
}

// Pool connects to the database; it is closed before the database is dropped.
func (d *DB) Pool() *pgxpool.Pool {
	d.t.Helper()
	pool, err := pgxpool.New(context.Background(), d.URL)
	if err != nil {
		d.t.Fatalf("connect to the test database: %v", err)
	}
	d.t.Cleanup(pool.Close)
	return pool
}

type chooseTemplate func(ctx context.Context, cluster *pgx.Conn, clusterURL string) (string, error)

var databases atomic.Int64

func create(t testing.TB, choose chooseTemplate) *DB {
	t.Helper()
	cluster, err := clusterURL()
	if err != nil {
		t.Fatalf("no test database: %v", err)
	}
	name := fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1))
	err = onCluster(cluster, func(ctx context.Context, conn *pgx.Conn) error {
		source, err := choose(ctx, conn, cluster)
		if err != nil {
			return err
		}
		return createFrom(ctx, conn, name, source)
	})
	if err != nil {
		t.Fatalf("make a test database: %v", err)
	}
	t.Cleanup(func() { drop(t, cluster, name) })
	address, err := inCluster(cluster, name)
	if err != nil {
		t.Fatal(err)
	}
	return &DB{URL: address, t: t}
}

// createFrom copies files instead of writing every page to the log: three times faster where nothing needs to be durable.
func createFrom(ctx context.Context, conn *pgx.Conn, name, source string) error {
	_, err := conn.Exec(ctx, "CREATE DATABASE "+quoted(name)+" TEMPLATE "+quoted(source)+" STRATEGY FILE_COPY")
	return err
}

func drop(t testing.TB, cluster, name string) {
	t.Helper()
	err := onCluster(cluster, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "DROP DATABASE "+quoted(name)+" WITH (FORCE)")
		return err
	})
	if err != nil {
		t.Errorf("drop the test database: %v", err)
	}
}

// clusterURL is the given cluster's address, or that of one started for this process, once.
func clusterURL() (string, error) {
	if given := os.Getenv(ClusterVariable); given != "" {
		return given, nil
	}
	own, err := ownCluster()
	if err != nil {
		return "", err
	}
	return own.URL("postgres"), nil
}

// ownCluster starts a cluster that ends with the process, see embedded.Postgres. What it leaves in memory is swept away by the
// next one, or at once by a TestMain that calls Main.
var ownCluster = sync.OnceValues(func() (*embedded.Postgres, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*patience) // it may have to be fetched
	defer cancel()
	started.Store(true)
	return embedded.StartPostgres(ctx, embedded.PostgresConfig{Throwaway: true, Say: os.Stderr})
})

var started atomic.Bool

// Main runs a package's tests and stops the cluster they may have started. Use it as the whole of TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if started.Load() {
		if cluster, err := ownCluster(); err == nil {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			_ = cluster.Stop(ctx)
		}
	}
	os.Exit(code)
}

func onCluster(cluster string, do func(context.Context, *pgx.Conn) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, cluster)
	if err != nil {
		return fmt.Errorf("connect to the cluster: %w", err)
	}
	defer conn.Close(ctx)
	return do(ctx, conn)
}

// inCluster is the address of another database of the same cluster.
func inCluster(cluster, name string) (string, error) {
	u, err := url.Parse(cluster)
	if err != nil {
		return "", fmt.Errorf("%s: %w", ClusterVariable, err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }
