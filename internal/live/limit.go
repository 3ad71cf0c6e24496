package live

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// count counts a try within a window that begins with the first, in one step.
var count = redis.NewScript(`
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {n, redis.call('PTTL', KEYS[1])}`)

// Allow counts a try under a key: at most limit in a window, over all replicas. When not, it says how long until the next may
// come. Each try is counted in the process too, so that a dead Redis leaves the limit standing, a replica at a time.
func (l *Live) Allow(ctx context.Context, key string, limit int, window time.Duration) (ok bool, retryAfter time.Duration) {
	if ok, retryAfter = l.local.allow(key, limit, window, time.Now()); !ok || l.outage.lasts() {
		return ok, retryAfter
	}
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := count.Run(within, l.redis, []string{prefix + "limit:" + key}, window.Milliseconds()).Int64Slice()
	if err != nil || len(answer) != 2 {
		if ctx.Err() == nil {
			l.failed("count", err)
		}
		return true, 0
	}
	if answer[0] <= int64(limit) {
		return true, 0
	}
	return false, time.Duration(answer[1]) * time.Millisecond
}

// counters are the tries seen by this process.
type counters struct {
	mu      sync.Mutex
	windows map[string]*window
	swept   time.Time
}

type window struct {
	tries int
	ends  time.Time
}

// mostWindows bounds the memory that strangers can fill. When it is full of running windows, what is not known yet is refused.
const mostWindows = 100_000

func newCounters() *counters { return &counters{windows: map[string]*window{}} }

func (c *counters) allow(key string, limit int, length time.Duration, now time.Time) (ok bool, retryAfter time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweep(now)
	w := c.windows[key]
	if w == nil || !now.Before(w.ends) {
		if w == nil && len(c.windows) >= mostWindows {
			return false, length
		}
		w = &window{ends: now.Add(length)}
		c.windows[key] = w
	}
	w.tries++
	if w.tries <= limit {
		return true, 0
	}
	return false, w.ends.Sub(now)
}

// sweep drops the windows that are over, now and then.
func (c *counters) sweep(now time.Time) {
	if now.Sub(c.swept) < time.Second {
		return
	}
	c.swept = now
	for key, w := range c.windows {
		if !now.Before(w.ends) {
			delete(c.windows, key)
		}
	}
}
