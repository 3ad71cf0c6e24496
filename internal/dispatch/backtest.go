package dispatch

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// Archive is the stored rulings as a back-test reads them.
type Archive interface {
	// EachPast gives the rulings of a span page by page, oldest first, and ends at the first error of each.
	EachPast(ctx context.Context, span Span, each func([]Past) error) error
}

// Span is a part of the archive: [From, To), within the subtrees; none: nowhere.
type Span struct {
	From, To time.Time
	Within   []duty.Path
}

// Everywhere is the whole archive, for the administration of a server.
var Everywhere = []duty.Path{"*"}

// Past is a stored ruling: what was asked, byte for byte, and what was decided.
type Past struct {
	ID      uuid.UUID
	Path    duty.Path
	At      time.Time
	Outcome law.Outcome
	Facts   []byte // JSON
}

// Decider is the law as a back-test asks it.
type Decider interface {
	Decide(f *law.Facts) (law.Verdict, error)
}

// Backtest asks what another law would have decided over stored facts: other readings, another edition, another overlay.
type Backtest struct {
	Archive  Archive
	Span     Span
	Before   func(organ duty.Path, at time.Time) Decider // the law as it was applied, for the clause that decided
	Proposed func(organ duty.Path) Decider
	Workers  int            // how many decide at once
	Progress func(Progress) // hears after each page, one call at a time
}

// Progress is how far a back-test has come: so many rulings, and this part of the span's time. Nobody counts them all beforehand:
// that would take about as long.
type Progress struct {
	Done    int     `json:"done"`
	Portion float64 `json:"portion"` // 0 to 1
}

// portion is how much of the span lies before a moment.
func (s Span) portion(at time.Time) float64 {
	return min(1, max(0, float64(at.Sub(s.From))/float64(s.To.Sub(s.From))))
}

// Comparison is what a back-test found. Same + Different + Unruled are all rulings of the span.
type Comparison struct {
	Same        int          `json:"same"`
	Different   int          `json:"different"`
	Unruled     int          `json:"unruled"` // facts on which the proposed law would not rule at all
	Differences []Difference `json:"differences"`
}

// Difference is a kind of ruling that would have gone otherwise: the act and organ, the outcome and deciding clause then and under
// the proposed law, how many there were, and one of them to look at.
type Difference struct {
	Case
	Count   int       `json:"count"`
	Example uuid.UUID `json:"example"`
}

// Case is what rulings have in common that are counted together.
type Case struct {
	Act    string      `json:"act"` // the deciding clause's act, or all of the task
	Organ  duty.Path   `json:"organ"`
	Was    law.Outcome `json:"was"`
	Clause string      `json:"clause"`
	Is     law.Outcome `json:"is"`
	By     string      `json:"by"`
}

// Run decides every ruling of the span again.
func (b Backtest) Run(ctx context.Context) (Comparison, error) {
	total := newTally()
	var counting sync.Mutex
	var so Progress
	err := b.share(ctx, func(page []Past) error {
		t, err := b.page(page)
		if err != nil {
			return err
		}
		counting.Lock()
		defer counting.Unlock()
		total.add(t)
		so.Done += len(page)
		so.Portion = max(so.Portion, b.Span.portion(page[len(page)-1].At))
		b.Progress(so)
		return nil
	})
	return total.comparison(), err
}

// share reads pages and hands them to the workers; the first error of anybody ends the work of all.
func (b Backtest) share(ctx context.Context, work func([]Past) error) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	pages := make(chan []Past)
	var workers sync.WaitGroup
	for range max(1, b.Workers) {
		workers.Go(func() {
			for page := range pages {
				if err := work(page); err != nil {
					end(err)
				}
			}
		})
	}
	err := b.Archive.EachPast(ctx, b.Span, func(page []Past) error {
		select {
		case pages <- page:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	close(pages)
	workers.Wait()
	return cmp.Or(context.Cause(ctx), err)
}

func (b Backtest) page(page []Past) (tally, error) {
	t := newTally()
	for i := range page {
		p := &page[i]
		var facts law.Facts
		if err := json.Unmarshal(p.Facts, &facts); err != nil {
			return t, fmt.Errorf("facts of ruling %s: %w", p.ID, err)
		}
		is, err := b.Proposed(p.Path).Decide(&facts)
		switch {
		case err != nil:
			t.unruled++
		case is.Outcome == p.Outcome:
			t.same++
		default:
			was, _ := b.Before(p.Path, p.At).Decide(&facts) // it did rule on them
			t.different(p, &facts, was, is)
		}
	}
	return t, nil
}

// tally counts rulings.
type tally struct {
	same, unruled int
	kinds         map[Case]Difference
}

func newTally() tally { return tally{kinds: map[Case]Difference{}} }

func (t *tally) different(p *Past, f *law.Facts, was, is law.Verdict) {
	act := cmp.Or(is.Act, was.Act, strings.Join(f.Acts, "+"))
	t.count(Difference{Case{act, p.Path, p.Outcome, was.Citation, is.Outcome, is.Citation}, 1, p.ID})
}

func (t *tally) count(d Difference) {
	if known, ok := t.kinds[d.Case]; ok {
		known.Count += d.Count
		d = known
	}
	t.kinds[d.Case] = d
}

func (t *tally) add(other tally) {
	t.same, t.unruled = t.same+other.same, t.unruled+other.unruled
	for _, d := range other.kinds {
		t.count(d)
	}
}

// comparison lists the kinds, the most frequent first.
func (t *tally) comparison() Comparison {
	c := Comparison{Same: t.same, Unruled: t.unruled, Differences: make([]Difference, 0, len(t.kinds))}
	for _, d := range t.kinds {
		c.Different += d.Count
		c.Differences = append(c.Differences, d)
	}
	slices.SortFunc(c.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Organ, b.Organ), cmp.Compare(a.Act, b.Act),
			cmp.Compare(a.Was, b.Was), cmp.Compare(a.Is, b.Is), cmp.Compare(a.Clause, b.Clause), cmp.Compare(a.By, b.By))
	})
	return c
}
