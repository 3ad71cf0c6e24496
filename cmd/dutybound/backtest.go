package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"text/tabwriter"
	"time"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/postgres"
)

type backtestCommand struct {
	databaseFlags
	Months      int               `help:"How many months back to begin, when --from does not say." default:"6"`
	From        time.Time         `help:"Only rulings from this moment on (RFC 3339)."`
	To          time.Time         `help:"Only rulings before this moment (RFC 3339)."`
	Reading     map[string]string `help:"A reading to try, id=value; may be given several times." mapsep:"none"`
	Instruments string            `help:"A folder of instruments to try: another edition, another overlay." type:"existingdir"`
	JSON        bool              `help:"Print the comparison as JSON." name:"json"`
}

// Run prints what would have gone otherwise. That something would is no failure.
func (c backtestCommand) Run(ctx context.Context) error {
	if c.To.IsZero() {
		c.To = time.Now().Add(24 * time.Hour) // the database's clock may run ahead of ours
	}
	if c.From.IsZero() {
		c.From = c.To.AddDate(0, -c.Months, 0)
	}
	library := law.Embedded()
	if c.Instruments != "" {
		var err error
		if library, err = law.Load(os.DirFS(c.Instruments)); err != nil {
			return err
		}
	}
	return c.with(ctx, func(store *postgres.Store) error {
		laws := app.Laws{Store: store, Library: library}
		proposed, err := laws.Proposed(ctx, law.Settings{Readings: c.Reading})
		if err != nil {
			return err
		}
		applied, err := laws.Applied(ctx)
		if err != nil {
			return err
		}
		found, err := dispatch.Backtest{
			Archive: store, Span: dispatch.Span{From: c.From, To: c.To, Within: dispatch.Everywhere},
			Before: applied, Proposed: proposed, Workers: runtime.GOMAXPROCS(0), Progress: told(os.Stderr),
		}.Run(ctx)
		if err != nil {
			return err
		}
		return c.print(os.Stdout, found)
	})
}

// told says how far the work is, at each whole hundredth of the time.
func told(w io.Writer) func(dispatch.Progress) {
	last := 0
	return func(p dispatch.Progress) {
		if percent := int(p.Portion * 100); percent > last {
			last = percent
			fmt.Fprintf(w, "%d rulings, %d %% of the time\n", p.Done, percent)
		}
	}
}

func (c backtestCommand) print(w io.Writer, found dispatch.Comparison) error {
	if c.JSON {
		out := json.NewEncoder(w)
		out.SetEscapeHTML(false)
		return out.Encode(found)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "COUNT\tACT\tORGAN\tWAS\tBY\tWOULD BE\tBY\tFOR INSTANCE")
	for _, d := range found.Differences {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", d.Count, d.Act, d.Organ, d.Was, d.Clause, d.Is, d.By, d.Example)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d the same, %d different, %d that the proposed law would not rule on\n", found.Same, found.Different, found.Unruled)
	return err
}
