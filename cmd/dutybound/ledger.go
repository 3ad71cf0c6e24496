package main

import (
	"context"
	"fmt"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/postgres"
)

type ledgerCommand struct {
	Verify verifyCommand `cmd:"" help:"Derive the ledger again and hold it against its signed heads and the anchors outside the database."`
}

type verifyCommand struct {
	databaseFlags
	Key     string `help:"File of the ledger key; only its public half beside it (.pub) is read. Empty: the one in --data-dir." env:"DUTYBOUND_LEDGER_KEY"`
	Anchors string `help:"File of anchored heads; empty: anchors.log in --data-dir." env:"DUTYBOUND_ANCHORS"`
}

// Run ends with exit code 1 when the record is not what it was.
func (c verifyCommand) Run(ctx context.Context) error {
	config := c.config()
	config.LedgerKey, config.Anchors = c.Key, c.Anchors
	verifier, err := app.LedgerVerifier(config)
	if err != nil {
		return err
	}
	file := app.LedgerAnchors(config)
	anchors, err := file.Read()
	if err != nil {
		return err
	}
	var report ledger.Report
	err = c.with(ctx, func(store *postgres.Store) (err error) {
		report, err = ledger.Verify(ctx, store, verifier, anchors)
		return err
	})
	if err != nil {
		return err
	}
	if len(anchors) == 0 && report.Size > 0 { // whoever can rewrite the database could have rewritten its signed heads with it
		report.Problems = append(report.Problems, ledger.Problem{
			What: fmt.Sprintf("%s holds no anchor: nothing outside the database speaks for this record; --anchors names the file that was kept", file),
		})
	}
	for _, p := range report.Problems {
		fmt.Println(p)
	}
	fmt.Printf("%d events, root %s, %d signed heads checked, %d problems\n", report.Size, report.Root, report.Heads, len(report.Problems))
	if len(report.Problems) > 0 {
		return exitCode(1)
	}
	return nil
}
