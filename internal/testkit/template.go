package testkit

import (
	"context"
	"fmt"

	"github.com/dutybound/dutybound/migrations"
	"github.com/jackc/pgx/v5"
)

// templateLock keeps test processes from building one template twice; the number only has to be the same in all of them.
const templateLock = 0x64757479

// template returns the database all of these migrations were applied to, building it once for each state of the migrations.
func template(ctx context.Context, conn *pgx.Conn, cluster string) (string, error) {
	name := "migrated_" + migrations.Hash()[:16]
	if ok, err := exists(ctx, conn, name); ok || err != nil {
		return name, err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
		return "", err
	}
	defer conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", templateLock) // else with the connection
	if ok, err := exists(ctx, conn, name); ok || err != nil {
		return name, err
	}
	return name, buildTemplate(ctx, conn, cluster, name)
}

// buildTemplate migrates under another name, so that a killed build is never taken for a template.
func buildTemplate(ctx context.Context, conn *pgx.Conn, cluster, name string) error {
	draft := name + "_draft"
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quoted(draft)+" WITH (FORCE)"); err != nil {
		return err
	}
	if err := createFrom(ctx, conn, draft, "template0"); err != nil {
		return err
	}
	address, err := inCluster(cluster, draft)
	if err != nil {
		return err
	}
	if err := migrations.Up(ctx, address); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	_, err = conn.Exec(ctx, "ALTER DATABASE "+quoted(draft)+" RENAME TO "+quoted(name))
	return err
}

func exists(ctx context.Context, conn *pgx.Conn, name string) (bool, error) {
	var found bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&found)
	return found, err
}
