package feed

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Reason is why a subscription was ended by us.
type Reason uint8

const (
	Stopped Reason = iota // the process is going down
	Slow                  // the subscriber did not keep up
	Revoked               // the session ended, or nothing is left in its reach
)

// Ended is the error of a subscription that we ended. After is the cursor to come back with.
type Ended struct {
	Why   Reason
	After int64
}

func (e *Ended) Error() string {
	return fmt.Sprintf("feed: %s after event %d", [...]string{"stopped", "too slow", "revoked"}[e.Why], e.After)
}

const (
	unjoined = -1 // target of a subscription that the hub offers nothing yet

	// Unknown is the cursor of a viewer who asked for none and has not been told the head yet.
	Unknown int64 = -1
)

// Subscription is one viewer's way through the log: first what it missed, read from the store in its own scope; then, once that
// has come near the head, what the hub offers. It joins the hub before it reads the last stretch, so the two overlap and cannot
// leave a gap; what comes twice is told by its seq.
//
// Next, Cursor and Close are not for use at the same time.
type Subscription struct {
	hub     *Hub
	session uuid.UUID
	scope   atomic.Pointer[Scope]
	beat    *time.Ticker

	opened   bool
	catching bool      // from the store, not yet from the hub
	target   int64     // where we joined the hub, and catching up ends; unjoined before that
	through  int64     // every event of our scope up to here is in waiting, or was handed out
	waiting  []Message // to be handed out

	queue  chan *Message // from the hub, who shares each among all
	joined bool          // under the hub's lock
	done   chan struct{}
	why    Reason // set before done is closed
}

func (h *Hub) subscribe(session uuid.UUID, scope Scope, after *int64) *Subscription {
	s := &Subscription{
		hub: h, session: session, catching: true, target: unjoined, beat: time.NewTicker(h.pace.Beat),
		queue: make(chan *Message, h.pace.Queue), done: make(chan struct{}),
	}
	if after == nil {
		s.through = Unknown
	} else {
		s.through = *after
	}
	s.scope.Store(&scope)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subs[s] = struct{}{}
	if h.stopped {
		h.cut(s, Stopped)
	}
	return s
}

// Close ends the subscription from the viewer's side.
func (s *Subscription) Close() {
	s.beat.Stop()
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.drop(s)
}

// Next waits for the next message: hello, perhaps reset, then events in order of seq, none missing and none twice, and a beat
// now and then. The error is *Ended when we cut the subscription, else that of the context or the store.
func (s *Subscription) Next(ctx context.Context) (Message, error) {
	for {
		if s.isCut() {
			return Message{}, s.ended()
		}
		if s.beatIsDue() {
			return s.beatNow(), nil
		}
		if len(s.waiting) > 0 {
			m := s.waiting[0]
			s.waiting = s.waiting[1:]
			return m, nil
		}
		if m, found, err := s.fetch(ctx); found || err != nil {
			return m, err
		}
	}
}

// beatIsDue looks also while there is much to catch up, but lets hello and reset go first.
func (s *Subscription) beatIsDue() bool {
	if !s.opened || len(s.waiting) > 0 && s.waiting[0].Kind != EventOf {
		return false
	}
	select {
	case <-s.beat.C:
		return true
	default:
		return false
	}
}

func (s *Subscription) fetch(ctx context.Context) (m Message, found bool, err error) {
	switch {
	case !s.opened:
		return Message{}, false, s.open(ctx)
	case s.catching:
		return Message{}, false, s.catchUp(ctx)
	default:
		return s.await(ctx)
	}
}

// open finds out where to begin.
func (s *Subscription) open(ctx context.Context) error {
	bounds, err := s.hub.bounds(ctx)
	if err != nil {
		return err
	}
	s.opened, s.waiting = true, []Message{helloMessage(bounds)}
	switch {
	case s.through == Unknown:
		s.through = bounds.Head
	case !bounds.holds(s.through):
		s.through = bounds.Head
		s.waiting = append(s.waiting, resetMessage(bounds.Head))
	}
	return nil
}

// catchUp reads the next page of what was missed, joins the hub when the head is near, and is done when it has passed the place
// where it joined.
func (s *Subscription) catchUp(ctx context.Context) error {
	page, err := s.hub.page(ctx, *s.scope.Load(), s.through)
	if err != nil {
		return err
	}
	if s.waiting, err = eventMessages(page.Events); err != nil {
		return err
	}
	near := page.last()
	if page.Through < s.through || near && page.Through < s.target { // restored from an older copy while we read
		s.waiting = []Message{resetMessage(page.Through)}
		s.target = min(s.target, page.Through)
	}
	s.through = page.Through
	if near && s.target == unjoined {
		if s.target, err = s.hub.join(ctx, s); err != nil {
			return err
		}
	}
	s.catching = !near || s.through < s.target
	return nil
}

// await takes what the hub offers.
func (s *Subscription) await(ctx context.Context) (m Message, found bool, err error) {
	select {
	case <-s.done:
		return Message{}, false, s.ended()
	case <-ctx.Done():
		return Message{}, false, ctx.Err()
	case <-s.beat.C:
		return s.beatNow(), true, nil
	case offered := <-s.queue:
		if offered.Kind == EventOf && offered.Seq <= s.through { // seen while catching up
			return Message{}, false, nil
		}
		s.through = offered.Seq
		return *offered, true, nil
	}
}

// take is the hub's side of the queue: false when it is full. Called under the hub's lock.
func (s *Subscription) take(messages []Message) bool {
	scope := *s.scope.Load()
	for i := range messages {
		m := &messages[i]
		if m.Kind == EventOf && !scope.Sees(m.path) {
			continue
		}
		select {
		case s.queue <- m:
		default:
			return false
		}
	}
	return true
}

// beatNow tells the viewer how far it has been served, which moves on also when nothing in its scope happens.
func (s *Subscription) beatNow() Message {
	if !s.catching && len(s.waiting) == 0 {
		// The position first: what the queue holds later comes after it, and the hub goes on without those it has cut.
		position := s.hub.Stats().Position
		if len(s.queue) == 0 && !s.isCut() {
			s.through = max(s.through, position)
		}
	}
	return beatMessage(s.Cursor())
}

// Cursor is where the viewer stands: everything of its scope up to here was handed out. Unknown at first.
func (s *Subscription) Cursor() int64 {
	for _, m := range s.waiting {
		if m.Kind == EventOf {
			return m.Seq - 1
		}
	}
	return s.through
}

func (s *Subscription) isCut() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func (s *Subscription) ended() error { return &Ended{Why: s.why, After: s.Cursor()} }
