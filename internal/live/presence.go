package live

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
)

const (
	presenceKept  = 24 * time.Hour  // after that a device has not been heard of
	presenceEvery = 5 * time.Second // how often what was heard goes to Redis
)

// presence gathers the devices heard of since the last report.
type presence struct {
	mu    sync.Mutex
	heard map[uuid.UUID]time.Time
}

func newPresence() *presence { return &presence{heard: map[uuid.UUID]time.Time{}} }

func (p *presence) take() map[uuid.UUID]time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.heard
	p.heard = map[uuid.UUID]time.Time{}
	return taken
}

// Seen notes that a device was heard of at a moment of the server's clock. It never waits; Redis learns of it within seconds.
func (l *Live) Seen(device uuid.UUID, at time.Time) {
	l.presence.mu.Lock()
	defer l.presence.mu.Unlock()
	l.presence.heard[device] = at
}

// LastSeen says when devices were last heard of, to within seconds. One that is not in the answer has not been heard of, or it is
// unknown because Redis is gone: the two are not told apart, and neither means that the person is away.
func (l *Live) LastSeen(ctx context.Context, devices []uuid.UUID) map[uuid.UUID]time.Time {
	seen := make(map[uuid.UUID]time.Time, len(devices))
	if len(devices) == 0 || l.outage.lasts() {
		return seen
	}
	keys := make([]string, len(devices))
	for i, id := range devices {
		keys[i] = seenKey(id)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	values, err := l.redis.MGet(ctx, keys...).Result()
	if err != nil {
		l.failed("presence", err)
		return seen
	}
	for i, value := range values {
		text, _ := value.(string)
		if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
			seen[devices[i]] = time.UnixMilli(ms)
		}
	}
	return seen
}

func seenKey(device uuid.UUID) string { return prefix + "seen:" + device.String() }

func (l *Live) reportPresence(ctx context.Context) {
	tick := time.NewTicker(presenceEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			l.FlushPresence(ctx)
		}
	}
}

// FlushPresence reports at once what was heard. What Redis does not take is forgotten: the next sign of life says more.
func (l *Live) FlushPresence(ctx context.Context) {
	heard := l.presence.take()
	if len(heard) == 0 || l.outage.lasts() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := l.redis.Pipelined(ctx, func(p redis.Pipeliner) error {
		for device, at := range heard {
			p.Set(ctx, seenKey(device), at.UnixMilli(), presenceKept)
		}
		return nil
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		l.failed("presence", err)
	}
}
