package app

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/legal"
	"github.com/dutybound/dutybound/internal/postgres"
)

// Laws are the books that a back-test compares. Library has the proposed edition.
type Laws struct {
	Store   *postgres.Store
	Library *law.Library
}

// Proposed is the law that each organ has now, with the settings on top.
func (l Laws) Proposed(ctx context.Context, s law.Settings) (func(duty.Path) dispatch.Decider, error) {
	approved, err := l.Store.ApprovedProposals(ctx)
	if err != nil {
		return nil, err
	}
	now, err := l.Store.Now(ctx)
	if err != nil {
		return nil, err
	}
	settings, books := legal.SettingsAt(approved, now), newBooks(l.Library)
	with := func(path duty.Path) (dispatch.Decider, error) {
		of, err := legal.LawOf(settings, path)
		if err != nil {
			return nil, err
		}
		of.Settings = onTop(of.Settings, s)
		return books.of(of)
	}
	// The law of an organ that has set nothing is that of the nearest above it that has, or of nobody.
	if _, err := with(""); err != nil {
		return nil, err
	}
	for _, set := range settings {
		if _, err := with(set.Path); err != nil {
			return nil, err
		}
	}
	return eachOrgan(with), nil
}

// onTop puts settings over an organ's own.
func onTop(own, s law.Settings) law.Settings {
	own.Readings = maps.Clone(own.Readings)
	if own.Readings == nil {
		own.Readings = map[string]string{}
	}
	maps.Copy(own.Readings, s.Readings)
	own.Entries = slices.DeleteFunc(slices.Clone(own.Entries), func(e law.Entry) bool {
		return slices.ContainsFunc(s.Entries, func(over law.Entry) bool { return over.Act == e.Act })
	})
	own.Entries = append(own.Entries, s.Entries...)
	return own
}

// eachOrgan remembers the book of each organ: a back-test asks a million times.
func eachOrgan(book func(duty.Path) (dispatch.Decider, error)) func(duty.Path) dispatch.Decider {
	var known sync.Map
	return func(path duty.Path) dispatch.Decider {
		if d, ok := known.Load(path); ok {
			return d.(dispatch.Decider)
		}
		d, err := book(path)
		if err != nil {
			d = speechless{err}
		}
		known.Store(path, d)
		return d
	}
}

// speechless is a law that could not be put together: it rules on nothing.
type speechless struct{ err error }

func (s speechless) Decide(*law.Facts) (law.Verdict, error) { return law.Verdict{}, s.err }

// Applied is the law of each organ as it was at a moment.
func (l Laws) Applied(ctx context.Context) (func(duty.Path, time.Time) dispatch.Decider, error) {
	approved, err := l.Store.ApprovedProposals(ctx)
	if err != nil {
		return nil, err
	}
	books := newBooks(law.Embedded())
	return func(path duty.Path, at time.Time) dispatch.Decider {
		of, err := legal.LawOf(legal.SettingsAt(approved, at), path)
		if err != nil {
			return speechless{err}
		}
		book, err := books.of(of)
		if err != nil {
			return speechless{err}
		}
		return book
	}, nil
}
