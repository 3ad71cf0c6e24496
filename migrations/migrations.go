// Package migrations owns the shape of the database: every table, constraint, grant and row-level policy, as numbered files that
// are applied in order and never edited once released.
package migrations

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed *.sql
var files embed.FS

// riverVersion pins the shape of River's own tables. Raising River past it means a new Go migration, never a new number here.
const riverVersion = 8

// Up brings the database at the URL to the newest version. It may be called by several processes at once: a session lock lets
// one work while the others wait. The user of the URL owns what is made; it needs CREATE on the schema, and CREATEROLE when the
// role dutybound_app does not exist yet.
func Up(ctx context.Context, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("database address: %w", err)
	}
	db := stdlib.OpenDB(*config)
	defer db.Close()
	provider, err := newProvider(db)
	if err != nil {
		return err
	}
	if err := checkServer(ctx, db); err != nil {
		return err
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}

// oldest is the first Postgres with all that the migrations use (NULLS NOT DISTINCT, no CREATE for everybody in public).
const oldest = 15

func checkServer(ctx context.Context, db *sql.DB) error {
	var version int
	if err := db.QueryRowContext(ctx, `SELECT current_setting('server_version_num')::integer / 10000`).Scan(&version); err != nil {
		return fmt.Errorf("reach the database: %w", err)
	}
	if version < oldest {
		return fmt.Errorf("this is Postgres %d; dutybound needs %d or newer", version, oldest)
	}
	return nil
}

// Hash names the newest version of the database by its content, so that a template made from it can be recognised.
func Hash() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "river %d\n", riverVersion)
	names, err := fs.Glob(files, "*.sql") // sorted
	if err != nil {
		panic(err) // the pattern is a constant
	}
	for _, name := range names {
		content, err := files.ReadFile(name)
		if err != nil {
			panic(err) // embedded: cannot be missing
		}
		fmt.Fprintf(sum, "%s %d\n", name, len(content))
		sum.Write(content)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8])
}

func newProvider(db *sql.DB) (*goose.Provider, error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker),
		goose.WithDisableGlobalRegistry(true),
		goose.WithGoMigrations(goose.NewGoMigration(1, &goose.GoFunc{RunDB: riverUp}, nil)))
}

// riverUp makes River's tables. Its steps use enum values that earlier steps add, which one transaction cannot do: hence RunDB.
func riverUp(ctx context.Context, db *sql.DB) error {
	migrator, err := rivermigrate.New(riverdatabasesql.New(db), nil)
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: riverVersion})
	return err
}
