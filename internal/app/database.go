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
	address string             // file that tells other commands how to reach ours while we run
}

// databaseName is what the private cluster calls the service's database.
const databaseName = "dutybound"

// OpenDatabase starts the private Postgres when the settings name none.
func OpenDatabase(ctx context.Context, c Config, say io.Writer) (*Database, error) {
	if !c.Embedded() {
		return &Database{URL: c.DatabaseURL}, nil
	}
	p, err := embedded.StartPostgres(ctx, embedded.PostgresConfig{DataDir: filepath.Join(c.DataDir, "postgres"), Say: say})
	if err != nil {
		return nil, err
	}
	d := &Database{URL: p.URL(databaseName), private: p, address: addressFile(c)}
	if err := os.WriteFile(d.address, []byte(d.URL), 0o600); err != nil {
		return nil, errors.Join(err, d.Close(ctx))
	}
	return d, nil
}

// ReachDatabase is OpenDatabase for a command beside the server: while one runs on the same data folder, its Postgres is used.
func ReachDatabase(ctx context.Context, c Config, say io.Writer) (*Database, error) {
	address, err := os.ReadFile(addressFile(c))
	if !c.Embedded() || errors.Is(err, fs.ErrNotExist) {
		return OpenDatabase(ctx, c, say)
	}
	if err != nil {
		return nil, fmt.Errorf("reach the private database: %w", err)
	}
	url := strings.TrimSpace(string(address))
	conn, err := pgx.Connect(ctx, url)
	if err != nil { // left behind by a server that was killed
		return OpenDatabase(ctx, c, say)
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

// Close stops the private Postgres.
func (d *Database) Close(ctx context.Context) error {
	if d.private == nil {
		return nil
	}
	return errors.Join(os.Remove(d.address), d.private.Stop(ctx))
}
