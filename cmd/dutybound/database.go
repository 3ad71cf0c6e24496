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

// unmigrated says what helps when the database lacks what migrations make.
func unmigrated(err error) error {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) {
		return err
	}
	const noRole, noTable = "22023", "42P01"
	if refused.Code == noTable || refused.Code == noRole && strings.Contains(refused.Message, postgres.AppRole) {
		return fmt.Errorf("the database is not migrated, run dutybound migrate first: %w", err)
	}
	return err
}

type migrateCommand struct{ databaseFlags }

func (c migrateCommand) Run(ctx context.Context) error {
	return c.reach(ctx, func(url string) error { return migrations.Up(ctx, url) })
}
