package outbox_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/outbox"
)

// brute is what is missing: every counter up to the highest that never came.
func brute(seen map[int64]bool) (missing []int64) {
	var top int64
	for n := range seen {
		top = max(top, n)
	}
	for n := int64(1); n <= top; n++ {
		if !seen[n] {
			missing = append(missing, n)
		}
	}
	return missing
}

// However the counters come, what is missing is what never came; and no gap is younger than the first time that it could be seen.
func TestGapsAreWhatNeverCame(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var top int64
		var missing []outbox.Missing
		seen, began := map[int64]bool{}, time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
		firstMissed := map[int64]time.Time{}
		for step := range rapid.IntRange(1, 12).Draw(t, "uploads") {
			now := began.Add(time.Duration(step) * time.Minute)
			arrived := rapid.SliceOfN(rapid.Int64Range(1, 40), 1, 8).Draw(t, "arrived")
			top, missing = outbox.Gaps(top, missing, arrived, now)
			for _, n := range arrived {
				seen[n] = true
			}
			var listed []int64
			for _, m := range missing {
				for n := m.First; n <= m.Last; n++ {
					listed = append(listed, n)
					if _, known := firstMissed[n]; !known {
						firstMissed[n] = now
					}
					if !m.Since.Equal(firstMissed[n]) {
						t.Fatalf("%d is missed since %s, not %s", n, m.Since, firstMissed[n])
					}
				}
			}
			slices.Sort(listed)
			if want := brute(seen); !slices.Equal(listed, want) {
				t.Fatalf("missing %v, want %v", listed, want)
			}
		}
	})
}

// drawn is a history that may have been forked, rolled back and broken.
func drawn(t *rapid.T) []outbox.Link {
	links := []outbox.Link{{N: 1, Hash: "h1", Boot: "b", SinceBoot: time.Second, Wall: time.Unix(1000, 0)}}
	for i := 2; i <= rapid.IntRange(2, 14).Draw(t, "records"); i++ {
		before := links[rapid.IntRange(max(0, len(links)-4), len(links)-1).Draw(t, "follows")]
		l := outbox.Link{
			N: before.N + 1, Hash: fmt.Sprintf("h%d", i), Prev: before.Hash, Boot: "b", SinceBoot: time.Duration(i) * time.Second, Wall: time.Unix(int64(1000+i), 0),
		}
		switch rapid.IntRange(0, 9).Draw(t, "kind") {
		case 0:
			l.N++ // counts past what it follows
		case 1:
			l.Prev = "nothing" + l.Hash
		}
		links = append(links, l)
	}
	return links
}

// open keeps what is open when links come in parts, judged only around what came, as the room does it.
func open(links []outbox.Link, parts int) map[string]string {
	var known []outbox.Link
	found := map[string]string{}
	for part := range slices.Chunk(links, max(1, len(links)/parts)) {
		known = append(known, part...)
		var around []int64
		for _, l := range part {
			for _, k := range known {
				if k.N == l.N || k.Prev == l.Prev {
					around = append(around, k.N)
				}
			}
		}
		for _, n := range around {
			for _, m := range []int64{n - 1, n, n + 1} {
				for _, kind := range []outbox.Kind{outbox.Fork, outbox.RolledBack, outbox.Broken} {
					delete(found, outbox.Flaw{Kind: kind, N: m}.Key())
				}
			}
		}
		for _, f := range outbox.Analyse(loaded(known, around), around) {
			found[f.Key()] = fmt.Sprint(f.Hashes)
		}
	}
	return found
}

// loaded is what the store reads: what is next to the counters to be judged, and whatever follows what these follow.
func loaded(known []outbox.Link, around []int64) (some []outbox.Link) {
	prevs := map[string]bool{}
	for _, pass := range []bool{false, true} {
		for _, l := range known {
			beside := slices.ContainsFunc(around, func(n int64) bool { return n-2 <= l.N && l.N <= n+2 })
			switch {
			case beside && !pass:
				prevs[l.Prev] = true
			case pass && (beside || prevs[l.Prev]):
				some = append(some, l)
			}
		}
	}
	return some
}

// What is found does not depend on how the records came, and is found in the whole as in the parts.
func TestFindingsDoNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		links := drawn(t)
		want := fmt.Sprint(open(links, 1))
		for range 5 {
			mixed := rapid.Permutation(links).Draw(t, "order")
			for _, parts := range []int{1, 3, len(mixed)} {
				if got := fmt.Sprint(open(mixed, parts)); got != want {
					t.Fatalf("in parts of another order %s, want %s", got, want)
				}
			}
		}
	})
}

// A phone that forks wherever it can costs a look at each record, and a finding shows some hundred of them.
func TestAThousandForksCostNoMore(t *testing.T) {
	t.Parallel()
	links := []outbox.Link{link(1, "a", "", 1)}
	for i := range 500 {
		links = append(links, link(2, fmt.Sprint("b", i), "a", 2), link(3, fmt.Sprint("c", i), "a", 3))
	}
	var flaws []outbox.Flaw
	mib := testing.Benchmark(func(b *testing.B) {
		for range b.N {
			flaws = outbox.Analyse(links, []int64{1, 2, 3})
		}
	}).AllocedBytesPerOp() >> 20
	if mib > 4 {
		t.Errorf("it takes %d MiB", mib)
	}
	for _, f := range flaws {
		if len(f.Hashes) != outbox.MostShown {
			t.Errorf("%s shows %d", f.Key(), len(f.Hashes))
		}
	}
	if len(flaws) != 2 {
		t.Errorf("%d findings", len(flaws))
	}
}

func link(n int64, hash, prev string, at int) outbox.Link {
	return outbox.Link{N: n, Hash: hash, Prev: prev, Boot: "b", SinceBoot: time.Duration(at) * time.Second}
}

func TestWhatIsWrongWithAnOrder(t *testing.T) {
	t.Parallel()
	a, b, c := link(1, "a", "", 1), link(2, "b", "a", 2), link(3, "c", "b", 3)
	server := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	restored := link(2, "b2", "a", 1)
	restored.Boot, restored.ServerAt = "restored", &server
	earlier := server.Add(-time.Hour)
	before := c
	before.ServerAt = &earlier
	for name, k := range map[string]struct {
		links []outbox.Link
		want  []outbox.Flaw
	}{
		"nothing":                       {[]outbox.Link{a, b, c}, nil},
		"a gap is none of these":        {[]outbox.Link{a, c}, nil},
		"two at once":                   {[]outbox.Link{a, b, link(2, "b2", "a", 2)}, []outbox.Flaw{{outbox.Fork, 2, []string{"b", "b2"}}}},
		"counted back":                  {[]outbox.Link{a, b, c, link(2, "b2", "a", 9)}, []outbox.Flaw{{outbox.Fork, 2, []string{"b", "b2"}}, {outbox.RolledBack, 2, []string{"b2", "c"}}}},
		"restored from a backup":        {[]outbox.Link{a, b, before, restored}, []outbox.Flaw{{outbox.Fork, 2, []string{"b", "b2"}}, {outbox.RolledBack, 2, []string{"b2", "c"}}}},
		"follows nothing":               {[]outbox.Link{a, b, link(3, "c2", "x", 3)}, []outbox.Flaw{{outbox.Broken, 3, []string{"c2"}}}},
		"follows what another follows":  {[]outbox.Link{a, b, link(3, "c2", "a", 3)}, []outbox.Flaw{{outbox.Fork, 3, []string{"b", "c2"}}}},
		"the longer branch of a fork":   {[]outbox.Link{a, b, link(2, "b2", "a", 2), link(3, "c2", "b2", 3)}, []outbox.Flaw{{outbox.Fork, 2, []string{"b", "b2"}}}},
		"the same record is not itself": {[]outbox.Link{a, b}, nil},
	} {
		got := outbox.Analyse(k.links, []int64{1, 2, 3, 4})
		if fmt.Sprint(got) != fmt.Sprint(k.want) {
			t.Errorf("%s: %v, want %v", name, got, k.want)
		}
	}
}
