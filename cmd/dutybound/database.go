package main

import (
	"context"
	"os"

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

// with opens the store for the time of one piece of work.
func (f databaseFlags) with(ctx context.Context, work func(*postgres.Store) error) (err error) {
	database, err := app.ReachDatabase(ctx, f.config(), os.Stderr)
	if err != nil {
		return err
	}
	defer func() {
		if closed := database.Close(context.WithoutCancel(ctx)); err == nil {
			err = closed
		}
	}()
	store, err := postgres.Open(ctx, postgres.Config{URL: database.URL, MaxConns: 4})
	if err != nil {
		return err
	}
	defer store.Close()
	return work(store)
}

type migrateCommand struct{ databaseFlags }

func (c migrateCommand) Run(ctx context.Context) error {
	database, err := app.ReachDatabase(ctx, c.config(), os.Stderr)
	if err != nil {
		return err
	}
	if err := migrations.Up(ctx, database.URL); err != nil {
		return err
	}
	return database.Close(ctx)
}
