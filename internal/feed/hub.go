package feed

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// Pace says how often the hub looks and how much it holds. Zero fields take the value named.
type Pace struct {
	Poll     time.Duration // how often to look for events when nothing wakes us: 1 s
	Check    time.Duration // how often to ask whether the sessions still live: 3 s, so that a revoked one is out within 5
	Beat     time.Duration // how often a quiet subscriber hears a beat: 15 s
	Queue    int           // events that may wait for one subscriber before it is cut: 512
	Page     int           // events read at once: 500
	Patience time.Duration // for one question to the store: 10 s
}

func (p Pace) orDefault() Pace {
	return Pace{
		Poll:     cmp.Or(p.Poll, time.Second),
		Check:    cmp.Or(p.Check, 3*time.Second),
		Beat:     cmp.Or(p.Beat, 15*time.Second),
		Queue:    cmp.Or(p.Queue, 512),
		Page:     cmp.Or(p.Page, 500),
		Patience: cmp.Or(p.Patience, 10*time.Second),
	}
}

// Hub is the one reader of the log in a process. It follows the sequenced events and hands each to every subscriber in whose
// scope it lies; a subscriber that cannot keep up is cut, so that it never holds up the others.
type Hub struct {
	store Store
	log   *slog.Logger
	pace  Pace
	wake  chan struct{}
	ready chan struct{} // closed once position is known

	mu       sync.Mutex
	subs     map[*Subscription]struct{}
	mine     map[uuid.UUID][]*Subscription // of subs, those that watch for one person, by person
	joined   int                           // of subs, those that take live events
	position int64                         // every event up to here was offered to those joined
	stopped  bool
	stats    Stats
}

// Stats are the hub's figures for the metrics.
type Stats struct {
	Subscribers int
	Position    int64
	Slow        uint64 // cut since the start, because they did not keep up
	Revoked     uint64 // cut since the start, because their session or reach ended
}

// NewHub makes a hub; Run sets it going.
func NewHub(store Store, log *slog.Logger, pace Pace) *Hub {
	return &Hub{
		store: store, log: log, pace: pace.orDefault(),
		wake: make(chan struct{}, 1), ready: make(chan struct{}), subs: map[*Subscription]struct{}{}, mine: map[uuid.UUID][]*Subscription{},
	}
}

// Wake says that there may be new events. It never blocks, and nothing is lost when it is not called: the hub polls.
func (h *Hub) Wake() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// Stats reads the figures.
func (h *Hub) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	stats := h.stats
	stats.Subscribers, stats.Position = len(h.subs), h.position
	return stats
}

// Run follows the log until the context ends, then cuts every subscriber. Failures of the store are logged and tried again.
func (h *Hub) Run(ctx context.Context) {
	defer h.stop()
	var checks sync.WaitGroup
	checks.Go(func() { h.checkSessions(ctx) })
	defer checks.Wait()
	duty.Rounds{What: "feed: reading the log", Every: h.pace.Poll, Woken: h.wake, Log: h.log}.Run(ctx, h.follow)
}

// follow brings the position to the head of the log.
func (h *Hub) follow(ctx context.Context) error {
	if idle, err := h.skip(ctx); idle || err != nil {
		return err
	}
	for {
		h.mu.Lock()
		after := h.position
		h.mu.Unlock()
		page, err := h.page(ctx, Everything, after)
		if err != nil {
			return err
		}
		about, err := h.concerned(ctx, after, page.Through)
		if err != nil {
			return err
		}
		messages, err := messagesOf(page, about)
		if err != nil {
			return err
		}
		h.offer(after, messages, page.Through)
		if page.last() {
			return nil
		}
	}
}

// skip moves the position of a hub that nobody has joined straight to the head.
func (h *Hub) skip(ctx context.Context) (idle bool, err error) {
	h.mu.Lock()
	idle = h.joined == 0
	h.mu.Unlock()
	if !idle {
		return false, nil
	}
	bounds, err := h.bounds(ctx)
	if err != nil {
		return false, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.joined > 0 { // while we asked: what they joined at must stay true
		return false, nil
	}
	h.position = bounds.Head
	h.open()
	return true, nil
}

// open lets joiners in, the position being known. Called under lock.
func (h *Hub) open() {
	select {
	case <-h.ready:
	default:
		close(h.ready)
	}
}

// offer hands events to the joined, without ever waiting for one of them. A log that has become shorter was restored from an
// older copy: whoever saw more of it must start afresh.
func (h *Hub) offer(after int64, messages []Message, through int64) {
	if through < after {
		h.log.Warn("feed: the log is shorter than it was", "was", after, "is", through)
		messages = []Message{resetMessage(through)}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		if s.joined && s.person == uuid.Nil && !s.take(messages) {
			h.cut(s, Slow)
		}
	}
	h.offerPeople(messages)
	h.position = through
}

// join makes a subscriber live: from the answered position on, it is offered every event.
func (h *Hub) join(ctx context.Context, s *Subscription) (position int64, err error) {
	select {
	case <-h.ready:
	case <-s.done:
		return 0, s.ended()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, still := h.subs[s]; !still {
		return 0, s.ended()
	}
	s.joined = true
	h.joined++
	return h.position, nil
}

// drop forgets a subscriber. Called under lock.
func (h *Hub) drop(s *Subscription) {
	if _, known := h.subs[s]; !known {
		return
	}
	delete(h.subs, s)
	h.forget(s)
	if s.joined {
		h.joined--
	}
}

// cut ends a subscription from our side. Called under lock.
func (h *Hub) cut(s *Subscription, why Reason) {
	h.drop(s)
	s.why = why
	close(s.done)
	switch why {
	case Slow:
		h.stats.Slow++
	case Revoked:
		h.stats.Revoked++
	case Stopped:
	}
}

func (h *Hub) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stopped = true
	for s := range h.subs {
		h.cut(s, Stopped)
	}
}

func (h *Hub) page(ctx context.Context, scope Scope, after int64) (Page, error) {
	ctx, cancel := context.WithTimeout(ctx, h.pace.Patience)
	defer cancel()
	if scope.Person != uuid.Nil {
		return h.store.Mine(ctx, scope.Person, after, h.pace.Page)
	}
	return h.store.Page(ctx, scope, after, h.pace.Page)
}

func (h *Hub) bounds(ctx context.Context) (Bounds, error) {
	ctx, cancel := context.WithTimeout(ctx, h.pace.Patience)
	defer cancel()
	return h.store.Bounds(ctx)
}
