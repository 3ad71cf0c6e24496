package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/migrations"
)

// databaseFlags say which database a command works on.
type databaseFlags struct {
	DatabaseURL string `help:"Postgres to work on; empty: the private one in --data-dir." env:"DATABASE_URL" name:"database-url"`
	DataDir     string `help:"Folder of the private database, the ledger key and the anchors." default:".data" env:"DUTYBOUND_DATA_DIR"`
}

func (f databaseFlags) config() app.Config {
	return app.Config{DatabaseURL: f.DatabaseURL, DataDir: f.DataDir}
}

// reach finds the database, or starts it, for the time of one piece of work.
func (f databaseFlags) reach(ctx context.Context, work func(url string) error) (err error) {
	database, err := app.ReachDatabase(ctx, f.config(), os.Stderr)
	if err != nil {
		return err
	}
	defer func() {
		if closed := database.Close(context.WithoutCancel(ctx)); err == nil {
			err = closed
		}
	}()
	return work(database.URL)
}

// with opens the store for the time of one piece of work.
func (f databaseFlags) with(ctx context.Context, work func(*postgres.Store) error) error {
	return f.reach(ctx, func(url string) error {
		store, err := postgres.Open(ctx, postgres.Config{URL: url, MaxConns: 4})
		if err != nil {
			return unmigrated(err)
		}
		defer store.Close()
		return unmigrated(work(store))
	})
}

const noRole, noTable, noRight = "22023", "42P01", "42501" // SQLSTATEs

// unmigrated says what helps when the database lacks what migrations make, or the role of the address may not use it.
func unmigrated(err error) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return err
	}
	ours := strings.Contains(refused.Message, postgres.AppRole)
	switch {
	case refused.Code == noTable || refused.Code == noRole && ours:
		return fmt.Errorf("the database is not migrated, run dutybound migrate first: %w", err)
	case refused.Code == noRight && ours:
		return fmt.Errorf("the role of --database-url is no member of %[1]s; this helps: GRANT %[1]s TO that role: %[2]w", postgres.AppRole, err)
	}
	return err
}

// unowned says what helps when a role may not migrate.
func unowned(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == noRight && !strings.Contains(refused.Message, postgres.AppRole) {
		return fmt.Errorf("this role does not own the tables; --migrate-url (DUTYBOUND_MIGRATE_URL) names the one that does: %w", err)
	}
	return err
}

// hinted adds what Postgres itself, or a migration, says would help.
func hinted(err error) error {
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Hint != "" {
		return fmt.Errorf("%w\n%s", err, refused.Hint)
	}
	return err
}

type migrateCommand struct {
	databaseFlags
	MigrateURL string `help:"Postgres URL of the role that owns the tables; empty: --database-url." env:"DUTYBOUND_MIGRATE_URL" name:"migrate-url"`
}

func (c migrateCommand) Run(ctx context.Context) error {
	if c.MigrateURL != "" {
		c.DatabaseURL = c.MigrateURL
	}
	return c.reach(ctx, func(url string) error { return unowned(migrations.Up(ctx, url)) })
}
