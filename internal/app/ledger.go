package app

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"

	"github.com/dutybound/dutybound/internal/feed"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/live"
	"github.com/dutybound/dutybound/internal/postgres"
)

// LedgerKey reads the key that signs tree heads, and makes one when there is none.
func LedgerKey(c Config) (ledger.Key, error) {
	key, err := ledger.LoadKey(keyFile(c))
	if err != nil {
		flag := "--ledger-key"
		if c.LedgerKey == "" {
			flag = "--data-dir"
		}
		return key, fmt.Errorf("%s: %w", flag, err)
	}
	return key, nil
}

// LedgerVerifier reads the half of the key that tree heads are checked with.
func LedgerVerifier(c Config) (note.Verifier, error) { return ledger.LoadVerifier(keyFile(c)) }

func keyFile(c Config) string { return cmp.Or(c.LedgerKey, filepath.Join(c.DataDir, "ledger.key")) }

// LedgerAnchors is the file outside the database that signed heads go to.
func LedgerAnchors(c Config) ledger.Anchors {
	return ledger.Anchors(cmp.Or(c.Anchors, filepath.Join(c.DataDir, "anchors.log")))
}

func (a *App) sequencer(hub *feed.Hub) (*postgres.Sequencer, error) {
	key, err := LedgerKey(a.config)
	if err != nil {
		return nil, err
	}
	sequencer := postgres.NewSequencer(a.store, postgres.SequencerConfig{
		Key: key, Anchors: LedgerAnchors(a.config), Log: a.log,
		Wake: func(context.Context, int64) {
			hub.Wake() // ours needs no Redis to hear of it
			a.live.Tell(live.Sequenced)
		},
		Call: func() { a.live.Tell(live.Committed) },
	})
	a.live.On(live.Committed, sequencer.Called)
	return sequencer, nil
}
