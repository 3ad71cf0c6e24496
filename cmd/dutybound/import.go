package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
)

type importCommand struct {
	databaseFlags
	File   string `arg:"" help:"CSV file (UTF-8 or GB18030); - for standard input. Its columns: see POST /v1/roster/imports in openapi.yaml."`
	DryRun bool   `help:"Only report what would come of it."`
}

func (c importCommand) Run(ctx context.Context) error {
	content, err := c.content()
	if err != nil {
		return err
	}
	return c.administer(ctx, func(store *postgres.Store) (string, error) {
		everywhere, err := overAll(ctx, store)
		if err != nil {
			return "", err
		}
		report, err := roster.New(store, slog.New(slog.DiscardHandler)).Import(ctx, everywhere, roster.File{Content: content, Dry: c.DryRun, Told: progress(os.Stderr)})
		if err != nil {
			return "", err
		}
		return c.outcome(report)
	})
}

func (c importCommand) content() ([]byte, error) {
	if c.File == "-" {
		return io.ReadAll(io.LimitReader(os.Stdin, roster.MaxFile+1))
	}
	return os.ReadFile(c.File)
}

// progress says on one line how far the work is.
func progress(to io.Writer) func(roster.Progress) {
	return func(p roster.Progress) {
		fmt.Fprintf(to, "\r%s %d of %d\033[K", p.Phase, p.Done, p.Total)
		if p.Done == p.Total {
			fmt.Fprintln(to)
		}
	}
}

// overAll is an actor of administration with authority over every organ.
func overAll(ctx context.Context, store *postgres.Store) (duty.Actor, error) {
	roots, err := store.Roots(ctx)
	actor := duty.Actor{Number: "admin", Name: "admin"}
	for _, root := range roots {
		actor.Grants = append(actor.Grants, duty.Grant{Role: duty.RolePersonnel, Path: root.Path})
	}
	return actor, err
}

// outcome puts a report into words; a bad row is a failure.
func (c importCommand) outcome(r roster.Report) (string, error) {
	for _, p := range r.Problems {
		fmt.Fprintf(os.Stderr, "%s:%d: %s %q: %s (%s)\n", c.File, p.Line, p.Column, p.Value, p.Message.ZH, p.Message.EN)
	}
	if r.Wrong > 0 {
		return "", fmt.Errorf("%w: %d problems in %d rows", errNothingImported, r.Wrong, r.Rows)
	}
	for _, h := range r.Over {
		fmt.Fprintf(os.Stderr, "%s: %d %s, %d more than approved (Art. 7)\n", h.Organ.Name, h.Actual, h.Class, h.Over())
	}
	done := fmt.Sprintf("%d rows: %d added, %d changed, %d unchanged", r.Rows, r.Added, r.Changed, r.Unchanged)
	if c.DryRun {
		done += " (dry run: nothing was written)"
	}
	return done, nil
}

var errNothingImported = errors.New("nothing was imported")
