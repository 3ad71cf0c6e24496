package feed

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Store is what this room asks of the database. Only sequenced events exist for it: a row without a seq is not there yet.
type Store interface {
	// Bounds says which part of the sequenced log is kept, and the time of the database clock.
	Bounds(ctx context.Context) (Bounds, error)
	// Page reads, in order of seq, at most limit events that come after a seq and lie in the scope. It looks at so much of the log
	// and no more, so that it may hold nothing although there is something further on.
	Page(ctx context.Context, scope Scope, after int64, limit int) (Page, error)

	// AddTicket keeps the hash of a ticket that lives for the given time, bound to a session, and says when it expires by the
	// database clock. It may sweep out expired ones.
	AddTicket(ctx context.Context, hash [32]byte, session uuid.UUID, life time.Duration) (expires time.Time, err error)
	// TakeTicket uses a ticket up, in one statement, so that of two takers one gets it. It is fault.Unauthenticated when there is
	// none such, it has expired or was taken, or its session is no longer live.
	TakeTicket(ctx context.Context, hash [32]byte) (Viewer, error)
	// Live answers, in one query, those of the sessions that are still live (not revoked, not expired, device not revoked, person
	// not separated), with their grants as they are now. Sessions left out of the answer have ended.
	Live(ctx context.Context, sessions []uuid.UUID) ([]Viewer, error)
}

// Bounds is the kept part of the log. Oldest is Head+1 when no event is kept (1 and 0 for a log that never had one).
type Bounds struct {
	Oldest, Head int64
	At           time.Time // database clock
}

// holds says whether a reader that has seen everything up to after can go on from there without a gap.
func (b Bounds) holds(after int64) bool { return b.Oldest-1 <= after && after <= b.Head }

// Page is a stretch of the log as seen through a scope. No event of the scope lies in (after, Through] that is not in Events:
// Through is the seq of the last event when the page is full, and the end of what was looked at otherwise. Head is the end of the
// log, read before the events; a log that ends before after has a Through that does so too.
type Page struct {
	Events  []ledger.Event
	Through int64
	Head    int64
}

// last says that the log had nothing after the page. How many events are in it does not tell.
func (p Page) last() bool { return p.Through >= p.Head }

// Viewer is who watches: a live session and the grants of its person.
type Viewer struct {
	Session uuid.UUID
	Person  uuid.UUID
	Grants  []duty.Grant
}

// scope is what the viewer may watch now.
func (v Viewer) scope() Scope {
	return Scope{Paths: duty.Actor{Grants: v.Grants}.Reach(duty.WatchFeed)}
}

// Scope says whose events are read: those of the whole log, or those in any of the subtrees. The zero value is nothing at all.
type Scope struct {
	All   bool
	Paths []duty.Path
}

// Everything is the scope of the process's own reader.
var Everything = Scope{All: true}

// Sees says whether an event of an organ lies in the scope.
func (s Scope) Sees(path duty.Path) bool {
	return s.All || slices.ContainsFunc(s.Paths, path.Within)
}

// empty says whether nothing can lie in the scope.
func (s Scope) empty() bool { return !s.All && len(s.Paths) == 0 }
