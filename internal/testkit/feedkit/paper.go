package feedkit

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Paper is a log in memory, for what is tested on the clock of a bubble, into which no database goes.
type Paper struct {
	feed.Store // nobody asks for the rest of it

	mu     sync.Mutex
	events []ledger.Event
	ended  map[uuid.UUID]bool
	mood   Mood
}

// Mood is how a log on paper answers.
type Mood int

const (
	Answers Mood = iota
	Fails        // at once
	Hangs        // until whoever asks has no more patience
)

// ErrPaper is what a log on paper fails with.
var ErrPaper = errors.New("the log does not answer")

// NewPaper makes an empty log.
func NewPaper() *Paper { return &Paper{ended: map[uuid.UUID]bool{}} }

// Is has it answer so from now on.
func (p *Paper) Is(mood Mood) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mood = mood
}

// Append adds an event in an organ, of which nobody is told.
func (p *Paper) Append(path duty.Path) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, ledger.Event{Seq: int64(len(p.events) + 1), ID: uuid.New(), Kind: "test.happened", Path: path, Body: []byte("{}")})
}

// Viewer is somebody who watches an organ.
func (p *Paper) Viewer(path duty.Path) feed.Viewer {
	return feed.Viewer{Session: uuid.New(), Person: uuid.New(), Grants: []duty.Grant{{Role: duty.RoleViewer, Path: path}}}
}

// End ends a viewer's session.
func (p *Paper) End(v feed.Viewer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended[v.Session] = true
}

func (p *Paper) ask(ctx context.Context) error {
	p.mu.Lock()
	mood := p.mood
	p.mu.Unlock()
	switch mood {
	case Fails:
		return ErrPaper
	case Hangs:
		<-ctx.Done()
		return ctx.Err()
	default:
		return nil
	}
}

// Bounds implements feed.Store.
func (p *Paper) Bounds(ctx context.Context) (feed.Bounds, error) {
	if err := p.ask(ctx); err != nil {
		return feed.Bounds{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return feed.Bounds{Oldest: 1, Head: int64(len(p.events)), At: time.Now()}, nil
}

// Page implements feed.Store.
func (p *Paper) Page(ctx context.Context, scope feed.Scope, after int64, limit int) (feed.Page, error) {
	if err := p.ask(ctx); err != nil {
		return feed.Page{}, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	head := int64(len(p.events))
	page := feed.Page{Through: min(head, after+int64(limit)), Head: head}
	for _, e := range p.events[min(after, head):page.Through] {
		if scope.Sees(e.Path) {
			page.Events = append(page.Events, e)
		}
	}
	return page, nil
}

// Concerned implements feed.Store: nobody in person.
func (p *Paper) Concerned(ctx context.Context, _, _ int64) (feed.Concerned, error) {
	return feed.Concerned{}, p.ask(ctx)
}

// Live implements feed.Store.
func (p *Paper) Live(ctx context.Context, sessions []uuid.UUID) (live []feed.Viewer, err error) {
	if err := p.ask(ctx); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range slices.DeleteFunc(sessions, func(id uuid.UUID) bool { return p.ended[id] }) {
		live = append(live, feed.Viewer{Session: id, Grants: []duty.Grant{{Role: duty.RoleViewer, Path: City}}})
	}
	return live, nil
}
