// Package feedtest holds a log in memory for the tests of the feed: what the database would answer, and ways to make it fail.
package feedtest

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Log is a feed.Store of sequenced events in memory.
type Log struct {
	mu      sync.Mutex
	first   int64 // seq of events[0]
	events  []ledger.Event
	tickets map[[32]byte]ticket
	viewers map[uuid.UUID]feed.Viewer
	fails   error // all questions
	deaf    error // those for events
	pages   int
}

type ticket struct {
	session uuid.UUID
	expires time.Time
}

var _ feed.Store = (*Log)(nil)

// New makes an empty log.
func New() *Log {
	return &Log{first: 1, tickets: map[[32]byte]ticket{}, viewers: map[uuid.UUID]feed.Viewer{}}
}

// Append adds events of organs, one for each path, in one go, and answers the head.
func (l *Log) Append(paths ...duty.Path) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, path := range paths {
		l.events = append(l.events, ledger.Event{
			Seq: l.head() + 1, ID: uuid.New(), Kind: "task.started", Path: path, At: time.Now().UTC(), Body: json.RawMessage(`{}`),
		})
	}
	return l.head()
}

// Forget drops the events up to a seq.
func (l *Log) Forget(upTo int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = l.events[upTo-l.first+1:]
	l.first = upTo + 1
}

// Restore shortens the log to a head, as a restored older copy would.
func (l *Log) Restore(head int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = l.events[:head-l.first+1]
}

// SignIn makes a live session with grants.
func (l *Log) SignIn(grants ...duty.Grant) duty.Actor {
	actor := duty.Actor{Person: uuid.New(), Session: uuid.New(), Grants: grants}
	l.Regrant(actor, grants...)
	return actor
}

// Regrant changes what the person of a session holds.
func (l *Log) Regrant(actor duty.Actor, grants ...duty.Grant) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.viewers[actor.Session] = feed.Viewer{Session: actor.Session, Person: actor.Person, Grants: grants}
}

// SignOut ends a session.
func (l *Log) SignOut(actor duty.Actor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.viewers, actor.Session)
}

// Expire lets every ticket's time run out.
func (l *Log) Expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for hash, t := range l.tickets {
		t.expires = time.Time{}
		l.tickets[hash] = t
	}
}

// Fail makes every question fail until it is called with nil.
func (l *Log) Fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fails = err
}

// FailReading makes every question for events fail until it is called with nil.
func (l *Log) FailReading(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaf = err
}

// Pages counts the pages read so far.
func (l *Log) Pages() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pages
}

func (l *Log) head() int64 { return l.first + int64(len(l.events)) - 1 }

// Bounds implements feed.Store.
func (l *Log) Bounds(ctx context.Context) (feed.Bounds, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return feed.Bounds{Oldest: l.first, Head: l.head(), At: time.Now().UTC()}, cmp.Or(l.deaf, l.failing(ctx))
}

// Page implements feed.Store.
func (l *Log) Page(ctx context.Context, scope feed.Scope, after int64, limit int) (feed.Page, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pages++
	page := feed.Page{Through: l.head()}
	for i := max(after-l.first+1, 0); i < int64(len(l.events)); i++ {
		if !scope.Sees(l.events[i].Path) {
			continue
		}
		page.Events = append(page.Events, l.events[i])
		if len(page.Events) == limit {
			page.Through = l.events[i].Seq
			break
		}
	}
	return page, cmp.Or(l.deaf, l.failing(ctx))
}

// AddTicket implements feed.Store.
func (l *Log) AddTicket(ctx context.Context, hash [32]byte, session uuid.UUID, life time.Duration) (time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	expires := time.Now().Add(life)
	l.tickets[hash] = ticket{session, expires}
	return expires, l.failing(ctx)
}

// TakeTicket implements feed.Store.
func (l *Log) TakeTicket(ctx context.Context, hash [32]byte) (feed.Viewer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, found := l.tickets[hash]
	delete(l.tickets, hash)
	viewer, live := l.viewers[t.session]
	if !found || !live || time.Now().After(t.expires) {
		return feed.Viewer{}, fault.New(fault.Unauthenticated, "ticket_not_valid", "票据无效", "the ticket is not valid")
	}
	return viewer, l.failing(ctx)
}

// Live implements feed.Store.
func (l *Log) Live(ctx context.Context, sessions []uuid.UUID) ([]feed.Viewer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var live []feed.Viewer
	for _, id := range sessions {
		if viewer, ok := l.viewers[id]; ok {
			live = append(live, viewer)
		}
	}
	return live, l.failing(ctx)
}

func (l *Log) failing(ctx context.Context) error {
	if l.fails != nil {
		return l.fails
	}
	return ctx.Err()
}
