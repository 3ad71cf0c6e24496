package testkit

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/embedded"
	"github.com/redis/go-redis/v9"
)

// Redis is a client of a fresh in-process Redis.
func Redis(t testing.TB) *redis.Client {
	t.Helper()
	server, err := embedded.StartRedis()
	if err != nil {
		t.Fatalf("start the embedded Redis: %v", err)
	}
	client := redis.NewClient(server.Options())
	t.Cleanup(func() {
		client.Close()
		server.Stop()
	})
	return client
}

// EachRedis runs a contract on the in-process Redis and, when REDIS_URL is set, on that real one too.
func EachRedis(t *testing.T, contract func(t *testing.T, client *redis.Client)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) { contract(t, Redis(t)) })
	if address := os.Getenv("REDIS_URL"); address != "" {
		t.Run("real", func(t *testing.T) { contract(t, realRedis(t, address)) })
	}
}

const (
	turnKey  = "dutybound-test-turn"
	turnTime = 2 * time.Minute // after a killed test the next one may begin
)

// realRedis takes its turn on the shared server: channels know no databases, so contracts there run one after another. The
// database is emptied at the end, therefore one with anything in it is refused.
func realRedis(t testing.TB, address string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(address)
	if err != nil {
		t.Fatalf("REDIS_URL: %v", err)
	}
	client := redis.NewClient(options)
	t.Cleanup(func() { client.Close() })
	ctx := context.Background()
	WaitUpTo(t, 2*turnTime, "a turn on the Redis of REDIS_URL", func() bool {
		got, err := client.SetNX(ctx, turnKey, os.Getpid(), turnTime).Result()
		if err != nil {
			t.Fatalf("REDIS_URL: %v", err)
		}
		return got
	})
	if n := client.DBSize(ctx).Val(); n != 1 {
		client.Del(ctx, turnKey)
		t.Fatalf("REDIS_URL names a database with %d keys in it; the tests empty it, so give an empty one", n-1)
	}
	t.Cleanup(func() {
		if err := client.FlushDB(ctx).Err(); err != nil {
			t.Errorf("empty the test Redis: %v", err)
		}
	})
	return client
}
