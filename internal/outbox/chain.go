package outbox

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Link is what the order of records is judged by.
type Link struct {
	N         int64
	Hash      string
	Prev      string
	Wall      time.Time
	Boot      string
	SinceBoot time.Duration
	ServerAt  *time.Time
}

func (r *Record) link() Link {
	l := Link{N: r.N, Hash: r.Hash, Prev: r.Prev, Wall: r.Wall, Boot: r.Boot, SinceBoot: r.SinceBoot}
	if r.Server != nil {
		l.ServerAt = &r.Server.At
	}
	return l
}

// after says whether a record was made after another, by the best clock that both have.
func (l Link) after(other Link) bool {
	switch {
	case l.Boot == other.Boot:
		return l.SinceBoot > other.SinceBoot
	case l.ServerAt != nil && other.ServerAt != nil && !l.ServerAt.Equal(*other.ServerAt):
		return l.ServerAt.After(*other.ServerAt)
	default:
		return l.Wall.After(other.Wall)
	}
}

// Kind is what is wrong with the records of a device.
type Kind string

const (
	Gap        Kind = "gap"         // records are missing
	Fork       Kind = "fork"        // two records follow the same one, or have the same counter
	RolledBack Kind = "rolled_back" // the device counted further before, as one restored from a backup does
	Broken     Kind = "broken"      // a record does not follow the one before it
	Skew       Kind = "skew"        // the phone's clock is wrong
	Failed     Kind = "failed"      // we could not carry a record out
)

// Flaw is one thing that is wrong with the order of records.
type Flaw struct {
	Kind   Kind
	N      int64
	Hashes []string // of the records that show it: MostShown of them at most
}

// Key is what the flaw is about: found again it is the same.
func (f Flaw) Key() string { return fmt.Sprintf("%s:%d", f.Kind, f.N) }

// Analyse says what is wrong with the order of records around some counters. It needs to be given all records with a counter next to
// them, and all that name the same record before. What it says of a set of records does not depend on how they came to be known.
func Analyse(links []Link, around []int64) (flaws []Flaw) {
	c := chain{at: map[int64][]Link{}, after: map[string][]Link{}}
	for _, l := range links {
		c.at[l.N] = append(c.at[l.N], l)
		c.after[l.Prev] = append(c.after[l.Prev], l)
	}
	for _, n := range near(around) {
		if len(c.at[n]) == 0 {
			continue
		}
		if f, ok := c.fork(n); ok {
			flaws = append(flaws, f)
		}
		if f, ok := c.rolledBack(n); ok {
			flaws = append(flaws, f)
		}
		if f, ok := c.broken(n); ok {
			flaws = append(flaws, f)
		}
	}
	return flaws
}

// near are some counters and those next to them, once each, in order.
func near(counters []int64) (all []int64) {
	for _, n := range counters {
		for _, m := range []int64{n - 1, n, n + 1} {
			if m >= 1 {
				all = append(all, m)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// chain is a set of records by their counters, and by what they follow.
type chain struct {
	at    map[int64][]Link
	after map[string][]Link
}

// fork: two records have the counter, or one of the counter follows what another one of a lower counter follows.
func (c chain) fork(n int64) (Flaw, bool) {
	var shown []Link
	if len(c.at[n]) > 1 {
		shown = append(shown, c.at[n]...)
	}
	lower := map[string]bool{} // what one of a lower counter follows
	for _, l := range c.at[n] {
		if _, looked := lower[l.Prev]; !looked {
			others := c.below(n, l.Prev)
			shown, lower[l.Prev] = append(shown, others...), len(others) > 0
		}
		if lower[l.Prev] {
			shown = append(shown, l)
		}
	}
	return flaw(Fork, n, shown)
}

// below are those of a lower counter that follow a record.
func (c chain) below(n int64, prev string) (lower []Link) {
	for _, l := range c.after[prev] {
		if l.N < n {
			lower = append(lower, l)
		}
	}
	return lower
}

// rolledBack: of two records with the counter one was made after the other had been followed already.
func (c chain) rolledBack(n int64) (Flaw, bool) {
	var shown []Link
	late := make([]bool, len(c.at[n]))
	for _, twin := range c.at[n] {
		for _, follower := range c.after[twin.Hash] {
			turned := false
			for i, l := range c.at[n] {
				if l.Hash != twin.Hash && follower.N == n+1 && l.after(follower) {
					late[i], turned = true, true
				}
			}
			if turned {
				shown = append(shown, follower)
			}
		}
	}
	for i, l := range c.at[n] {
		if late[i] {
			shown = append(shown, l)
		}
	}
	return flaw(RolledBack, n, shown)
}

// broken: a record names none of those with the counter before it. One that follows a record which another one follows is a fork.
func (c chain) broken(n int64) (Flaw, bool) {
	before := c.at[n-1]
	if len(before) == 0 {
		return Flaw{}, false
	}
	var shown []Link
	for _, l := range c.at[n] {
		follows := slices.ContainsFunc(before, func(b Link) bool { return b.Hash == l.Prev })
		forked := slices.ContainsFunc(c.after[l.Prev], func(o Link) bool { return o.N < n })
		if !follows && !forked {
			shown = append(shown, l)
		}
	}
	return flaw(Broken, n, shown)
}

// MostShown records show a flaw at most, the first ones by their hashes.
const MostShown = 100

func flaw(kind Kind, n int64, shown []Link) (Flaw, bool) {
	f := Flaw{Kind: kind, N: n}
	for _, l := range shown {
		f.Hashes = append(f.Hashes, l.Hash)
	}
	slices.SortFunc(f.Hashes, strings.Compare)
	f.Hashes = slices.Compact(f.Hashes)
	f.Hashes = slices.Clip(f.Hashes[:min(len(f.Hashes), MostShown)])
	return f, len(f.Hashes) > 0
}

// Missing is a run of counters of which no record has come.
type Missing struct {
	First, Last int64
	Since       time.Time
	Told        bool // it has lasted, and an event says so
}

// Gaps says what is missing once records with these counters have come: of what was missing before, and of all up to the highest
// counter. A gap that is filled in its middle is two, each as old as it was.
func Gaps(top int64, missing []Missing, arrived []int64, now time.Time) (newTop int64, still []Missing) {
	arrived = slices.Clone(arrived)
	slices.Sort(arrived)
	still = slices.Clone(missing)
	for _, n := range slices.Compact(arrived) {
		if n > top {
			if n > top+1 {
				still = append(still, Missing{top + 1, n - 1, now, false})
			}
			top = n
			continue
		}
		for i, m := range still {
			if m.First <= n && n <= m.Last {
				still = slices.Replace(still, i, i+1, without(m, n)...)
				break
			}
		}
	}
	return top, still
}

func without(m Missing, n int64) (rest []Missing) {
	if m.First < n {
		rest = append(rest, Missing{m.First, n - 1, m.Since, m.Told})
	}
	if n < m.Last {
		rest = append(rest, Missing{n + 1, m.Last, m.Since, m.Told})
	}
	return rest
}
