package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/embedded"
)

// Database is the Postgres that a process works on: the one of its settings, or the private one in the data folder.
type Database struct {
	URL     string
	private *embedded.Postgres // nil: somebody else's
	address string             // file that tells other commands how to reach ours while we run; empty: none does
}

// databaseName is what the private cluster calls the service's database.
const databaseName = "dutybound"

// OpenDatabase starts the private Postgres when the settings name none, and lets commands beside the server find it.
func OpenDatabase(ctx context.Context, c Config, say io.Writer) (*Database, error) {
	d, err := startDatabase(ctx, c, say)
	if err != nil || d.private == nil {
		return d, err
	}
	if err := os.WriteFile(addressFile(c), []byte(d.URL), 0o600); err != nil {
		return nil, errors.Join(err, d.Close(ctx))
	}
	d.address = addressFile(c)
	return d, nil
}

func startDatabase(ctx context.Context, c Config, say io.Writer) (*Database, error) {
	if !c.Embedded() {
		return &Database{URL: c.DatabaseURL}, nil
	}
	p, err := embedded.StartPostgres(ctx, embedded.PostgresConfig{DataDir: filepath.Join(c.DataDir, "postgres"), Say: say})
	var file *fs.PathError
	if errors.As(err, &file) {
		return nil, fmt.Errorf("--data-dir %s: %w", c.DataDir, err)
	}
	if err != nil {
		return nil, err
	}
	return &Database{URL: p.URL(databaseName), private: p}, nil
}

// ReachDatabase is for a command beside the server: while one runs on the same data folder, its Postgres is used. One that the
// command starts for itself is for nobody else, because it ends with the command.
func ReachDatabase(ctx context.Context, c Config, say io.Writer) (*Database, error) {
	if err := c.checkAddresses(); err != nil {
		return nil, err
	}
	address, err := os.ReadFile(addressFile(c))
	if !c.Embedded() || errors.Is(err, fs.ErrNotExist) {
		return startDatabase(ctx, c, say)
	}
	if err != nil {
		return nil, fmt.Errorf("reach the private database: %w", err)
	}
	url := strings.TrimSpace(string(address))
	conn, err := pgx.Connect(ctx, url)
	if err != nil { // left behind by a server that was killed
		return startDatabase(ctx, c, say)
	}
	return &Database{URL: url}, conn.Close(ctx)
}

func addressFile(c Config) string { return filepath.Join(c.DataDir, "postgres.address") }

// Done is closed when the private Postgres ends; it is nil for another one.
func (d *Database) Done() <-chan struct{} {
	if d.private == nil {
		return nil
	}
	return d.private.Done()
}

// lastWords is the error of a private Postgres that ended by itself.
func (d *Database) lastWords() error {
	return fmt.Errorf("the private Postgres has ended; its log is %s. Nothing acknowledged is lost: it recovers at the next start",
		filepath.Join(d.private.DataDir(), "server.log"))
}

// Close stops the private Postgres.
func (d *Database) Close(ctx context.Context) (err error) {
	if d.private == nil {
		return nil
	}
	if d.address != "" {
		err = os.Remove(d.address)
	}
	return errors.Join(err, d.private.Stop(ctx))
}
