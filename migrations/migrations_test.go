package migrations_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/testkit"
	"github.com/dutybound/dutybound/migrations"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func exec(t *testing.T, address, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, address, sql string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestUpTwiceIsUpOnce(t *testing.T) {
	t.Parallel()
	db := testkit.EmptyDatabase(t)
	for range 2 {
		if err := migrations.Up(t.Context(), db.URL); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, db.URL, `SELECT count(*) FROM ledger_head`); n != 1 {
		t.Errorf("%d heads", n)
	}
}

func TestServersThatStartTogetherMigrateOnce(t *testing.T) {
	t.Parallel()
	db := testkit.EmptyDatabase(t)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if err := migrations.Up(context.Background(), db.URL); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := count(t, db.URL, `SELECT count(*) - count(DISTINCT version_id) FROM goose_db_version`); n != 0 {
		t.Errorf("%d migrations ran more than once", n)
	}
}

func TestHashNamesTheContent(t *testing.T) {
	t.Parallel()
	if h := migrations.Hash(); len(h) != 16 || h != migrations.Hash() {
		t.Errorf("got %q", h)
	}
}

// An owner who is no superuser, as in production: the migrations pass when somebody has made the role, and the owner is then bound
// by the policies like anybody.
func TestAnOrdinaryOwnerMigratesAndIsBound(t *testing.T) {
	t.Parallel()
	db := testkit.EmptyDatabase(t)
	address, err := url.Parse(db.URL)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(address.Path, "/")
	owner := "owner_of_" + name
	exec(t, db.URL, fmt.Sprintf(`CREATE ROLE %[1]q LOGIN; ALTER DATABASE %[2]q OWNER TO %[1]q; ALTER SCHEMA public OWNER TO %[1]q`, owner, name))
	t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), db.URL)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		if _, err := conn.Exec(context.Background(), fmt.Sprintf(`REASSIGN OWNED BY %[1]q TO CURRENT_USER; DROP OWNED BY %[1]q; DROP ROLE %[1]q`, owner)); err != nil {
			t.Fatal(err)
		}
	})
	query := address.Query()
	query.Set("user", owner)
	address.RawQuery, address.User = query.Encode(), nil
	theirs := address.String()

	// Another test may be making it this moment: all databases have one.
	exec(t, db.URL, `DO $$ BEGIN CREATE ROLE dutybound_app NOLOGIN NOINHERIT; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`)
	err = migrations.Up(t.Context(), theirs)
	if err == nil || !strings.Contains(err.Error(), "dutybound_app") {
		t.Errorf("without membership: %v", err)
	}
	exec(t, db.URL, fmt.Sprintf(`GRANT dutybound_app TO %q`, owner))
	if err := migrations.Up(t.Context(), theirs); err != nil {
		t.Fatal(err)
	}
	exec(t, db.URL, `INSERT INTO organ (id, code, name, kind, path) VALUES (gen_random_uuid(), '1', 'x', 'bureau', '1/')`)
	if n := count(t, theirs, `SELECT count(*) FROM organ`); n != 0 {
		t.Errorf("the owner sees %d organs without any scope", n)
	}
}
