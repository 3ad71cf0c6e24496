package law_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// Around every date on which anything of a shipped rulebook begins or ends, a second before, at it and a day after: exactly one
// edition of each article holds and exactly one item for each of its units, and every act gets a ruling that stands on its own item.
func TestDateSweepOverAllEditions(t *testing.T) {
	t.Parallel()
	books := map[string]*law.Book{
		"court-police-2022": loaded(t, os.DirFS("testdata/court-police/instruments"), "court-police-2022", nil),
	}
	for _, id := range law.Embedded().Rulebooks() {
		books[id] = shipped(t, id)
	}
	for id, book := range books {
		for _, fault := range sweep(book) {
			t.Errorf("%s: %s", id, fault)
		}
	}
}

// sweep says what is wrong at which moment.
func sweep(book *law.Book) (faults []string) {
	articles := book.Articles()
	for _, edge := range edgesOf(articles) {
		for _, shift := range []time.Duration{-time.Second, 0, 24 * time.Hour} {
			at := edge.Add(shift)
			for _, fault := range slices.Concat(editionsAt(articles, at), rulingsAt(book, at)) {
				faults = append(faults, at.Format(time.RFC3339)+": "+fault)
			}
		}
	}
	return faults
}

func edgesOf(articles []law.Article) (edges []time.Time) {
	note := func(dates ...time.Time) {
		for _, d := range dates {
			if !d.IsZero() {
				edges = append(edges, d)
			}
		}
	}
	for _, a := range articles {
		note(a.From, a.To)
		for _, u := range a.Units {
			for _, it := range u.Items {
				note(it.From, it.To)
			}
		}
	}
	slices.SortFunc(edges, time.Time.Compare)
	return slices.CompactFunc(edges, time.Time.Equal)
}

func holds(from, to, at time.Time) bool {
	return !at.Before(from) && (to.IsZero() || at.Before(to))
}

// editionsAt: from its first edition on an article has exactly one, and each unit of it one item.
func editionsAt(articles []law.Article, at time.Time) (faults []string) {
	begun, inForce := map[string]bool{}, map[string]int{}
	for _, a := range articles {
		key := fmt.Sprintf("%s %d", a.Instrument, a.Number)
		begun[key] = begun[key] || !at.Before(a.From)
		if !holds(a.From, a.To, at) {
			continue
		}
		inForce[key]++
		for _, u := range a.Units {
			if n := itemsAt(u, at); n != 1 {
				faults = append(faults, fmt.Sprintf("%d items hold for %s", n, u.Citation))
			}
		}
	}
	for key, is := range begun {
		if n := inForce[key]; is && n != 1 {
			faults = append(faults, fmt.Sprintf("%d editions of %s hold", n, key))
		}
	}
	return faults
}

func itemsAt(u law.Unit, at time.Time) (n int) {
	for _, it := range u.Items {
		if holds(it.From, it.To, at) { // without a time of its own an item holds as long as its article
			n++
		}
	}
	return n
}

// rulingsAt: every act can be ruled on, and stands on its item as soon as the rulebook is in force.
func rulingsAt(book *law.Book, at time.Time) (faults []string) {
	for _, a := range book.Acts() {
		f := orderly(a.Code, a.Led)
		f.At, f.Auxiliaries[0].Role = at, max(a.Role, law.RoleField)
		r, err := book.Rule(f)
		switch {
		case err != nil || len(r.Reasons) == 0:
			faults = append(faults, fmt.Sprintf("%s: no ruling: %v", a.Code, err))
		case r.Reasons[0].Fact == "at=not_in_force":
		case !slices.ContainsFunc(r.Reasons, func(x law.Reason) bool { return x.Citation == a.Item && x.Act == a.Code }):
			faults = append(faults, fmt.Sprintf("%s does not stand on %s", a.Code, a.Item))
		}
	}
	return faults
}

// The sweep is not blind: a repealed item of a made-up city leaves an act on nothing, and a law that ended has no edition.
func TestTheSweepFindsGaps(t *testing.T) {
	t.Parallel()
	found := strings.Join(sweep(loaded(t, lakeside(), "lakeside-2020", nil)), "\n")
	for _, want := range []string{
		"2023-01-01T00:00:00+08:00: 0 items hold for lakeside-2020 1(2)", "2023-01-02T00:00:00+08:00: block does not stand on lakeside-2020 1(2)",
		"2030-01-01T00:00:00+08:00: 0 editions of lakeside-2020 210 hold",
	} {
		if !strings.Contains(found, want) {
			t.Errorf("not found: %s, only\n%s", want, found)
		}
	}
	if strings.Contains(found, "2019-12-31") {
		t.Errorf("a fault before anything is in force:\n%s", found)
	}
}
