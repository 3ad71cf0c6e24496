package embedded

import (
	"context"
	"net"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Redis is an in-process Redis without a port. It keeps nothing over a restart, which duty must survive anyway. It hands
// messages to subscribers one by one under a single lock: a subscriber that stops reading stops the whole server, so every
// subscription only drains into a bounded queue of its own.
type Redis struct {
	server *miniredis.Miniredis
	stop   chan struct{}
	done   chan struct{}
}

// StartRedis starts an empty server whose keys expire by the wall clock, up to a moment early: whoever keeps a key here has one to spare.
func StartRedis() (*Redis, error) {
	r := &Redis{server: miniredis.NewMiniRedis(), stop: make(chan struct{}), done: make(chan struct{})}
	go r.age()
	return r, nil
}

const (
	ageEvery  = 100 * time.Millisecond
	ageBreath = 20 // times as long as it took is waited before the next time
)

// age lets time go by for the keys. The server could do that by itself (ClockTTL), but it looks at every key at every command then: with
// the proofs that some hundred phones have used within minutes, a command took half a second.
func (r *Redis) age() {
	defer close(r.done)
	last, wait := time.Now(), ageEvery
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-r.stop:
			return
		}
		now := time.Now()
		r.server.FastForward(now.Sub(last))
		last, wait = now, max(ageEvery, ageBreath*time.Since(now))
		timer.Reset(wait)
	}
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
func (r *Redis) Stop() {
	close(r.stop)
	<-r.done
	r.server.Close()
}
