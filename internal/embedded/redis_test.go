package embedded_test

import (
	"crypto/rand"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dutybound/dutybound/internal/embedded"
	"github.com/redis/go-redis/v9"
)

func TestRedisWorksWithoutAPortAndForgetsInTime(t *testing.T) {
	t.Parallel()
	server, err := embedded.StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	client := redis.NewClient(server.Options())
	defer client.Close()
	ctx := within(t, 10*time.Second)
	if err := client.Set(ctx, "kept", "a", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if err := client.Set(ctx, "short", "b", 20*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for client.Exists(ctx, "short").Val() != 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("a key with 20 ms to live is still there")
		}
	}
	if got := client.Get(ctx, "kept").Val(); got != "a" {
		t.Errorf("kept holds %q", got)
	}
}

func TestRedisCarriesMessages(t *testing.T) {
	t.Parallel()
	server, err := embedded.StartRedis()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	client := redis.NewClient(server.Options())
	defer client.Close()
	ctx := within(t, 10*time.Second)
	heard := client.Subscribe(ctx, "wake")
	defer heard.Close()
	if _, err := heard.Receive(ctx); err != nil { // subscribed
		t.Fatal(err)
	}
	if err := client.Publish(ctx, "wake", "up").Err(); err != nil {
		t.Fatal(err)
	}
	message, err := heard.ReceiveMessage(ctx)
	if err != nil || message.Payload != "up" {
		t.Errorf("heard %v, %v", message, err)
	}
}

// What expires later costs nothing now: phones leave a proof of each request for minutes.
func TestRedisIsNoSlowerForWhatItKeeps(t *testing.T) {
	t.Parallel()
	ctx := within(t, 2*time.Minute)
	const kept = 20_000
	var clients [2]*redis.Client // of one that keeps nothing and one that keeps much, asked in turns: what else the machine does slows both
	for i := range clients {
		server, err := embedded.StartRedis()
		if err != nil {
			t.Fatal(err)
		}
		defer server.Stop()
		clients[i] = redis.NewClient(server.Options())
		defer clients[i].Close()
	}
	for range kept {
		if err := clients[1].Set(ctx, rand.Text(), "", time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
	}
	var took [2][]time.Duration
	for range 301 {
		for i, client := range clients {
			began := time.Now()
			if err := client.SetNX(ctx, rand.Text(), "", time.Hour).Err(); err != nil {
				t.Fatal(err)
			}
			took[i] = append(took[i], time.Since(began))
		}
	}
	slices.Sort(took[0])
	slices.Sort(took[1])
	if alone, beside := took[0][150], took[1][150]; beside > 10*alone {
		t.Errorf("a command takes %s, and %s beside %d keys", alone, beside, kept)
	}
}

// A key passes when its time is over, or up to a tenth of a second before: it is as if it had been there since the last look.
func TestKeysOfTheEmbeddedRedisPassWithinATenthOfASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, err := embedded.StartRedis()
		if err != nil {
			t.Fatal(err)
		}
		options := server.Options()
		options.Addr = "127.0.0.1:1" // whoever is asked for a name is outside of the bubble
		client := redis.NewClient(options)
		there := func(after time.Duration, want int64) {
			t.Helper()
			time.Sleep(after)
			if n, err := client.Exists(t.Context(), "short").Result(); err != nil || n != want {
				t.Errorf("after %s: %d, %v", after, n, err)
			}
		}
		time.Sleep(150 * time.Millisecond)
		if err := client.Set(t.Context(), "short", "b", time.Second).Err(); err != nil {
			t.Fatal(err)
		}
		there(949*time.Millisecond, 1)
		there(2*time.Millisecond, 0)
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		server.Stop()
	})
}
