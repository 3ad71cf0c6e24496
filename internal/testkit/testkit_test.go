package testkit_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/dutybound/dutybound/internal/testkit"
	"github.com/redis/go-redis/v9"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestEachDatabaseIsItsOwn(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			pool := testkit.Database(t).Pool()
			if _, err := pool.Exec(t.Context(), "CREATE TABLE mine AS SELECT $1::int AS n", i); err != nil {
				t.Fatal(err) // a shared database would know the table already
			}
			var n int
			if err := pool.QueryRow(t.Context(), "SELECT n FROM mine").Scan(&n); err != nil || n != i {
				t.Errorf("read %d, %v; wrote %d", n, err, i)
			}
		})
	}
}

func TestADatabaseIsMigratedAndAnEmptyOneIsNot(t *testing.T) {
	t.Parallel()
	count := func(d *testkit.DB) (n int) {
		const tables = "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
		if err := d.Pool().QueryRow(t.Context(), tables).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(testkit.Database(t)); n == 0 {
		t.Error("a test database holds no table")
	}
	if n := count(testkit.EmptyDatabase(t)); n != 0 {
		t.Errorf("an empty database holds %d tables", n)
	}
}

func TestADatabaseGoesWithItsTest(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("inner", func(t *testing.T) {
		if err := testkit.Database(t).Pool().QueryRow(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
			t.Fatal(err)
		}
	})
	var left bool
	err := testkit.EmptyDatabase(t).Pool().
		QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&left)
	if err != nil || left {
		t.Errorf("database %q is still there: %v %v", name, left, err)
	}
}

func TestEachRedisIsEmptyAndWorks(t *testing.T) {
	testkit.EachRedis(t, func(t *testing.T, client *redis.Client) {
		ctx := t.Context()
		if n := client.Exists(ctx, "k").Val(); n != 0 {
			t.Fatal("the key is there already")
		}
		if err := client.Set(ctx, "k", "v", time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		if got := client.Get(ctx, "k").Val(); got != "v" {
			t.Errorf("read %q", got)
		}
	})
}

func TestTheRealRedisIsTakenInTurnsAndLeftEmpty(t *testing.T) {
	server := miniredis.RunT(t) // over TCP it is as real as the test needs
	t.Setenv("REDIS_URL", "redis://"+server.Addr())
	rounds := 0
	for range 2 {
		testkit.EachRedis(t, func(t *testing.T, client *redis.Client) {
			rounds++
			if client.Exists(t.Context(), "left").Val() != 0 {
				t.Error("the key of an earlier contract is still there")
			}
			client.Set(t.Context(), "left", "behind", 0)
		})
	}
	if rounds != 4 || len(server.Keys()) != 0 {
		t.Errorf("%d contracts ran and left %q", rounds, server.Keys())
	}
}

func TestARedisThatHoldsSomethingIsNotEmptied(t *testing.T) {
	server := miniredis.RunT(t)
	if err := server.Set("precious", "data"); err != nil {
		t.Fatal(err)
	}
	var r recorder
	var done sync.WaitGroup
	done.Go(func() { testkit.RealRedis(&r, "redis://"+server.Addr()) })
	done.Wait()
	if !strings.Contains(r.said, "with 1 keys in it") || !server.Exists("precious") || len(server.Keys()) != 1 {
		t.Errorf("it said %q and left %q", r.said, server.Keys())
	}
}

func TestWaitReturnsWhenTheConditionHolds(t *testing.T) {
	t.Parallel()
	calls := 0
	testkit.Wait(t, "the third look", func() bool { calls++; return calls == 3 })
	if calls != 3 {
		t.Errorf("looked %d times", calls)
	}
}

func TestWaitFailsNamingWhatItWaitedFor(t *testing.T) {
	t.Parallel()
	var r recorder
	var done sync.WaitGroup
	done.Go(func() { testkit.WaitUpTo(&r, 20*time.Millisecond, "the impossible", func() bool { return false }) })
	done.Wait()
	if !strings.Contains(r.said, "waiting for the impossible") {
		t.Errorf("it said %q", r.said)
	}
}

// recorder is a test that only remembers how it failed.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Cleanup(f func()) {}
func (r *recorder) Helper()          {}
func (r *recorder) Errorf(format string, args ...any) {
	r.said = fmt.Sprintf(format, args...)
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.said = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func BenchmarkDatabase(b *testing.B) {
	for b.Loop() {
		testkit.Database(b)
	}
}
