// Package live holds what is true only now, in Redis: wake-ups between replicas, rate counters, and proofs that were used. Nothing here decides anything
// whose loss would change an answer of the law or the record; when Redis dies, duty goes on: wake-ups become polling, and counters
// and used proofs are kept in the process.
package live

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const prefix = "dutybound:" // of every key and channel

// patience is how long Redis may take. It is never waited for by a command's transaction.
const patience = 500 * time.Millisecond

// Live is the room on one Redis.
type Live struct {
	redis  redis.UniversalClient
	log    *slog.Logger
	local  *counters
	seen   *names
	wakes  map[Wake]*wake
	outage outage
}

// Client is a client of a Redis as this room needs it: our deadlines hold on the wire too. Without that a Redis that takes connections and
// says nothing is waited for as long as the driver likes, by whoever asks next in each second.
func Client(options *redis.Options) *redis.Client {
	options.ContextTimeoutEnabled = true
	return redis.NewClient(options)
}

// New makes the room. Register what is to be woken (On), then Run it.
func New(client redis.UniversalClient, log *slog.Logger) *Live {
	return &Live{
		redis: client, log: log, local: newCounters(), seen: newNames(),
		wakes: map[Wake]*wake{Committed: newWake(), Sequenced: newWake()},
	}
}

// Run carries wake-ups until the context ends.
func (l *Live) Run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { l.hear(ctx) })
	for name, w := range l.wakes {
		all.Go(func() { l.publish(ctx, name, w) })
		all.Go(func() { w.pass(ctx) })
	}
}

// outage keeps a Redis that does not answer from being waited for again and again.
type outage struct {
	mu    sync.Mutex
	until time.Time
}

const outagePause = time.Second // before Redis is tried again

func (o *outage) lasts() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return time.Now().Before(o.until)
}

// note begins an outage, and says whether it is news.
func (o *outage) note() (news bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	news = time.Since(o.until) > time.Minute
	o.until = time.Now().Add(outagePause)
	return news
}

// failed notes that Redis did not answer. The log hears of it once a minute at most.
func (l *Live) failed(doing string, err error) {
	if l.outage.note() {
		l.log.Warn("live: redis does not answer; going on without it", "doing", doing, "error", err)
	}
}
