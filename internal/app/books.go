package app

import (
	"cmp"
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/httpapi"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/legal"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
)

// books keeps the compiled books. A book is found by what is in it, the rulebook with its settings, so that there is nothing that
// could be out of date: which settings hold is read in the transaction that decides.
type books struct {
	library *law.Library
	mu      sync.Mutex
	made    map[string]*law.Book
}

// maxBooks are kept; organs that share their settings share a book, so that a bureau has a few dozen.
const maxBooks = 1000

func newBooks(library *law.Library) *books {
	return &books{library: library, made: map[string]*law.Book{}}
}

// of is the book of an organ's law.
func (b *books) of(l duty.Law) (*law.Book, error) {
	rulebook := cmp.Or(l.Rulebook, law.DefaultRulebook)
	settings, err := json.Marshal(l.Settings)
	if err != nil {
		return nil, err
	}
	key := rulebook + " " + string(settings)
	b.mu.Lock()
	defer b.mu.Unlock()
	if book := b.made[key]; book != nil {
		return book, nil
	}
	book, err := b.library.Book(rulebook, l.Settings)
	if err != nil {
		return nil, err
	}
	if len(b.made) == maxBooks {
		clear(b.made)
	}
	b.made[key] = book
	return book, nil
}

// forDispatch is of as the dispatch room asks.
func (b *books) forDispatch(l duty.Law) (dispatch.Book, error) { return b.of(l) }

// Record answers, for each stored ruling, the law that it is derived again by: that of its organ at the time it was given.
func Record(ctx context.Context, store *postgres.Store) (func(dispatch.RulingRecord) (dispatch.Book, error), error) {
	approved, err := store.ApprovedProposals(ctx)
	if err != nil {
		return nil, err
	}
	b := newBooks(law.Embedded())
	return func(r dispatch.RulingRecord) (dispatch.Book, error) {
		l, err := legal.LawOf(legal.SettingsAt(approved, r.At), r.Path)
		if err != nil {
			return nil, err
		}
		return b.of(l)
	}, nil
}

// actorsBook is the law of the actor's organ as it is now.
func (a *App) actorsBook(b *books) func(context.Context, duty.Actor) (httpapi.Law, error) {
	return func(ctx context.Context, actor duty.Actor) (httpapi.Law, error) {
		l, err := a.store.LawOf(ctx, actor, time.Time{})
		if err != nil {
			return nil, err
		}
		return b.of(l)
	}
}

// gates is the law on recruitment of an organ as it is now.
func (a *App) gates(b *books) roster.Gates {
	return func(ctx context.Context, organ duty.Organ) (roster.Gate, error) {
		l, err := a.store.LawOf(ctx, duty.Actor{Organ: organ}, time.Time{})
		if err != nil {
			return nil, err
		}
		return b.of(l)
	}
}

// checkLaw refuses to serve organs whose settings this program's law has no place for: what it ruled would not be what they decided.
func (a *App) checkLaw(ctx context.Context) error {
	approved, err := a.store.ApprovedProposals(ctx)
	if err != nil {
		return err
	}
	now, err := a.store.Now(ctx)
	if err != nil {
		return err
	}
	return legal.New(a.store, a.store, law.Embedded()).Check(approved, now)
}
