package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/postgres"
)

type rulingsCommand struct {
	Replay replayCommand `cmd:"" help:"Derive stored rulings again from their stored facts and report every difference."`
}

type replayCommand struct {
	databaseFlags
	From time.Time `help:"Only rulings from this moment on (RFC 3339)."`
	To   time.Time `help:"Only rulings before this moment (RFC 3339)."`
}

// Run ends with exit code 1 when any ruling differs. One that was given under another text of the law, and is the same under this one, does
// not.
func (c replayCommand) Run(ctx context.Context) error {
	if c.To.IsZero() {
		c.To = time.Now().Add(24 * time.Hour) // the database's clock may run ahead of ours
	}
	same, different := 0, 0
	texts := map[string]int{}
	err := c.with(ctx, func(store *postgres.Store) error {
		book, err := app.Record(ctx, store)
		if err != nil {
			return err
		}
		return store.EachRuling(ctx, c.From, c.To, func(r dispatch.RulingRecord) error {
			got, err := replay(book, r)
			if err != nil {
				got.Difference = err.Error()
			}
			if got.Text != "" {
				texts[got.Text]++
			}
			if got.Difference == "" {
				same++
				return nil
			}
			different++
			_, err = fmt.Printf("%s  %s  %s  %s\n", r.ID, r.At.Format(time.RFC3339), r.Command, got.Difference)
			return err
		})
	})
	if err != nil {
		return err
	}
	for _, text := range slices.Sorted(maps.Keys(texts)) {
		fmt.Printf("%d were given under another text of the law: %s\n", texts[text], text)
	}
	fmt.Printf("%d the same, %d different\n", same, different)
	if different > 0 {
		return exitCode(1)
	}
	return nil
}

// replay derives a ruling again by the law of its organ at the time it was given.
func replay(book func(dispatch.RulingRecord) (dispatch.Book, error), r dispatch.RulingRecord) (dispatch.Replayed, error) {
	of, err := book(r)
	if err != nil {
		return dispatch.Replayed{}, err
	}
	return dispatch.Replay(of, r)
}
