package feed_test

import (
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/feed"
)

// Subscribers come and go at random while the log grows, some too slow, and each must have seen every event of its scope exactly
// once and in order (I2).
func TestNobodyMissesAnythingUnderLoad(t *testing.T) {
	t.Parallel()
	r := open(t, feed.Pace{Queue: 8, Page: 7, Poll: 20 * time.Millisecond, Beat: time.Millisecond})
	random := rand.New(rand.NewPCG(1, 2))
	paths := make([]duty.Path, 8000)
	for i := range paths {
		paths[i] = []duty.Path{north, south}[random.IntN(2)]
	}
	var all sync.WaitGroup
	for i := range 12 {
		scope := []duty.Path{north, south, city}[i%3]
		actor := r.viewer(scope)
		all.Go(func() { r.readAll(actor, scope, paths, uint64(i)) })
	}
	all.Go(func() { r.dawdle(r.viewer(city), len(paths)) })
	for rest := paths; len(rest) > 0; {
		n := min(1+random.IntN(40), len(rest))
		head := r.log.Append(rest[:n]...)
		rest = rest[n:]
		if random.IntN(3) > 0 {
			r.hub.Wake()
		}
		for random.IntN(4) == 0 && r.hub.Stats().Position < head { // let the readers come near the head, where joining happens
			runtime.Gosched()
		}
	}
	all.Wait()
	if stats := r.hub.Stats(); stats.Slow == 0 {
		t.Errorf("nobody was too slow: %+v", stats)
	}
}

// dawdle watches at the head and then looks away until there is more than is kept for anybody, or no more comes, again and again.
func (r *room) dawdle(actor duty.Actor, end int) {
	for r.hub.Stats().Position < int64(end) && !r.Failed() {
		sub := r.service.Subscribe(feed.Viewer{Session: actor.Session, Person: actor.Person, Grants: actor.Grants}, nil)
		for m, err := sub.Next(r.Context()); m.Kind != feed.EventOf; m, err = sub.Next(r.Context()) { // from then on it is live
			var ended *feed.Ended
			if errors.As(err, &ended) && ended.Why == feed.Slow || r.hub.Stats().Position >= int64(end) {
				break
			}
			if err != nil {
				r.Error(err)
				return
			}
		}
		for from := r.hub.Stats().Position; r.hub.Stats().Position < min(from+20, int64(end)) && !r.Failed(); {
			time.Sleep(time.Millisecond)
		}
		sub.Close()
	}
}

// readAll reads the whole log through a scope, coming back with its cursor as often as it takes.
func (r *room) readAll(actor duty.Actor, scope duty.Path, paths []duty.Path, seed uint64) {
	var want []int64
	for i, path := range paths {
		if path.Within(scope) {
			want = append(want, int64(i)+1)
		}
	}
	random := rand.New(rand.NewPCG(seed, 7))
	for cursor := int64(0); len(want) > 0 && !r.Failed(); {
		sub := r.service.Subscribe(feed.Viewer{Session: actor.Session, Person: actor.Person, Grants: actor.Grants}, &cursor)
		cursor = r.readSome(sub, &want, cursor, 1+random.IntN(300))
		sub.Close()
	}
}

// readSome reads a number of messages, checks the events off the list of those wanted, and answers the cursor to come back with.
func (r *room) readSome(sub *feed.Subscription, want *[]int64, cursor int64, messages int) int64 {
	for ; messages > 0 && len(*want) > 0; messages-- {
		m, err := sub.Next(r.Context())
		var ended *feed.Ended
		switch {
		case errors.As(err, &ended) && ended.Why == feed.Slow:
			if ended.After >= (*want)[0] {
				r.Errorf("cut after %d, but %d never came", ended.After, (*want)[0])
			}
			return ended.After
		case err != nil:
			r.Error(err)
			return cursor
		case m.Kind == feed.EventOf && m.Seq != (*want)[0]:
			r.Errorf("got event %d, wanted %d", m.Seq, (*want)[0])
			return cursor
		case m.Kind == feed.EventOf:
			*want, cursor = (*want)[1:], m.Seq
		case m.Kind == feed.Reset:
			r.Errorf("reset to %d", m.Seq)
		case m.Kind == feed.Beat:
			if m.Seq >= (*want)[0] {
				r.Errorf("beat says %d is served, but %d never came", m.Seq, (*want)[0])
			}
			cursor = m.Seq
		}
	}
	return cursor
}
