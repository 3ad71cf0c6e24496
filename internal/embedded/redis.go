package embedded

import (
	"context"
	"net"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Redis is an in-process Redis without a port. It keeps nothing over a restart, which duty must survive anyway. It hands
// messages to subscribers one by one under a single lock: a subscriber that stops reading stops the whole server, so every
// subscription only drains into a bounded queue of its own.
type Redis struct {
	server *miniredis.Miniredis
}

// StartRedis starts an empty server whose keys expire by the wall clock.
func StartRedis() (*Redis, error) {
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true)
	return &Redis{server: m}, nil
}

// Dialer connects to the server, whatever network and address it is asked for.
func (r *Redis) Dialer() func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return r.server.Dial() }
}

// Options are for redis.NewClient.
func (r *Redis) Options() *redis.Options {
	return &redis.Options{Addr: "embedded", Dialer: r.Dialer()}
}

// Stop closes all connections.
func (r *Redis) Stop() { r.server.Close() }
