package live

import (
	"context"
	"sync"
	"time"
)

// First notes a name for so long, and says whether it was not noted before, by any replica. Each name is noted in the process too:
// without Redis a name is still known to the replica that saw it, and no other.
func (l *Live) First(ctx context.Context, name string, life time.Duration) bool {
	if !l.seen.first(name, life, time.Now()) {
		return false
	}
	if l.outage.lasts() {
		return true
	}
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	fresh, err := l.redis.SetNX(within, prefix+"once:"+name, "", life).Result()
	if err != nil {
		if ctx.Err() == nil {
			l.failed("note", err)
		}
		return true
	}
	return fresh
}

// names are what was noted by this process, in two halves: the younger one takes what is new, the older one is dropped whole when the
// younger one is as old as a name may get.
type names struct {
	mu             sync.Mutex
	younger, older map[string]struct{}
	began          time.Time
}

// mostNames bounds the memory of each half. What does not fit is still noted in Redis.
const mostNames = 500_000

func newNames() *names { return &names{younger: map[string]struct{}{}} }

func (n *names) first(name string, life time.Duration, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if now.Sub(n.began) >= life {
		n.older, n.younger, n.began = n.younger, map[string]struct{}{}, now
	}
	_, recent := n.younger[name]
	_, before := n.older[name]
	if recent || before {
		return false
	}
	if len(n.younger) < mostNames {
		n.younger[name] = struct{}{}
	}
	return true
}
