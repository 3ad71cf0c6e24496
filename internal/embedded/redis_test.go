package embedded_test

import (
	"testing"
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
