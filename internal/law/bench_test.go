package law_test

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// The table is what somebody would write without a rulebook: the same decision about the same facts for one officer-led act,
// with its deciding clause. It is the yardstick of this page.
type tableRow struct {
	role      law.Role
	item      string
	led       bool
	organ     bool
	officer   bool
	recorded  bool
	forbidden bool
	emergency bool
}

type table struct {
	rows map[string]tableRow
	from int64
}

func newTable(b *law.Book) table {
	t := table{rows: map[string]tableRow{}, from: time.Date(2021, 9, 1, 0, 0, 0, 0, time.FixedZone("", 8*3600)).Unix()}
	for _, a := range b.Acts() {
		t.rows[a.Code] = tableRow{
			role: a.Role, item: a.Item, led: a.Led, organ: true, forbidden: a.Role == law.RoleNone,
			officer:  strings.HasPrefix(a.Item, "cq-2021 15"),
			recorded: a.Role == law.RoleField && a.Item != "cq-2021 15(4)",
		}
	}
	return t
}

func worse(o *law.Outcome, c *string, to law.Outcome, clause string) {
	if *c == "" || to > *o {
		*o, *c = to, clause
	}
}

// decide judges act, role, arrangement, lead, status, training, recusal, uniform, card, recording, qualification, tags, signatory,
// equipment and date, in the phases start and during.
func (t table) decide(f *law.Facts) (o law.Outcome, clause string) {
	if f.At.Unix() < t.from {
		return law.OutsideScope, "cq-2021 44"
	}
	for i := range f.Auxiliaries {
		a := &f.Auxiliaries[i]
		for _, act := range f.Acts {
			row, ok := t.rows[act]
			switch {
			case !ok:
				return law.Prohibited, "unknown"
			case a.Role == law.RoleNone:
				worse(&o, &clause, law.OutsideScope, "cq-2021 3¶3")
				continue
			case row.forbidden:
				worse(&o, &clause, law.Prohibited, row.item)
			case row.role != a.Role:
				worse(&o, &clause, law.OutsideScope, row.item)
			default:
				worse(&o, &clause, law.Permitted, row.item)
			}
			if f.Tags&(law.TagStateSecret|law.TagCounterTerrorism|law.TagContinuedQuestioning) != 0 {
				worse(&o, &clause, law.Prohibited, "cq-2021 19¶1")
			}
			if f.Signatory == law.SignatoryAuxiliary && row.led {
				worse(&o, &clause, law.Prohibited, "cq-2021 19¶2")
			}
			if row.organ && f.Arrangement.Organ != law.Yes || row.officer && f.Arrangement.Officer != law.Yes {
				worse(&o, &clause, law.Unmet, row.item)
			}
			if row.led {
				leads, lead := 0, -1
				for k := range f.Officers {
					if f.Officers[k].Lead {
						leads++
						lead = k
					}
				}
				switch {
				case leads != 1, f.Officers[lead].OnDuty == law.No, f.Officers[lead].SameOrgan == law.No:
					worse(&o, &clause, law.Unmet, row.item)
				case f.Officers[lead].Presence == law.PresencePresent:
				case f.Officers[lead].Presence == law.PresenceUnknown, f.Officers[lead].Presence == law.PresenceDoubtful:
					worse(&o, &clause, law.NeedsHuman, row.item)
				default:
					worse(&o, &clause, law.Unmet, row.item)
				}
			}
			if row.recorded {
				switch a.Recording {
				case law.RecordingOff, law.RecordingBuffering:
					worse(&o, &clause, law.Unmet, "cq-2021 17(2)")
				case law.RecordingUnknown:
					worse(&o, &clause, law.Conditional, "cq-2021 17(2)")
				}
			}
		}
		if a.Role == law.RoleNone {
			continue
		}
		switch a.Status {
		case law.StatusSeparated:
			worse(&o, &clause, law.OutsideScope, "cq-2021 37")
		case law.StatusSuspended:
			worse(&o, &clause, law.Unmet, "cq-2021 37")
		case law.StatusUnknown:
			worse(&o, &clause, law.NeedsHuman, "cq-2021 37")
		}
		switch a.Training {
		case law.TrainingMissing, law.TrainingExpired:
			worse(&o, &clause, law.Unmet, "cq-2021 33¶1")
		case law.TrainingUnknown:
			worse(&o, &clause, law.NeedsHuman, "cq-2021 33¶1")
		}
		switch a.Recusal {
		case law.RecusalGranted:
			worse(&o, &clause, law.Prohibited, "cq-2021 22¶1")
		case law.RecusalPending:
			worse(&o, &clause, law.Unmet, "cq-2021 22¶1")
		}
		switch a.Uniform {
		case law.UniformNo:
			worse(&o, &clause, law.Unmet, "cq-2021 17(1)")
		case law.UniformUnknown:
			worse(&o, &clause, law.NeedsHuman, "cq-2021 17(1)")
		}
		switch a.IDCard {
		case law.No:
			worse(&o, &clause, law.Unmet, "cq-2021 17(1)")
		case law.Unknown:
			worse(&o, &clause, law.NeedsHuman, "cq-2021 17(1)")
		}
		if a.Operates&^a.Qualifications != 0 {
			worse(&o, &clause, law.Unmet, "cq-2021 18")
		}
		for k := range a.Equipment {
			if a.Equipment[k].Class >= law.EquipmentPoliceInstrument {
				worse(&o, &clause, law.Prohibited, "cq-2021 18")
			}
		}
	}
	return o, clause
}

// patrolFacts and stopFacts are ordinary work, all in order; lateFacts has a camera that is off.
func benchFacts(act string, led bool) *law.Facts {
	f := &law.Facts{
		At: time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC), Phase: law.Start, Acts: []string{act},
		Arrangement: law.Arrangement{Organ: law.Yes, Officer: law.Yes},
		Auxiliaries: []law.Auxiliary{{
			ID: "a1", Role: law.RoleField, Status: law.StatusActive, Training: law.TrainingPassed,
			Uniform: law.UniformYes, IDCard: law.Yes, Recording: law.RecordingOn,
		}},
	}
	if led {
		f.Officers = []law.Officer{{ID: "p1", Lead: true, OnDuty: law.Yes, SameOrgan: law.Yes, Presence: law.PresencePresent}}
	}
	return f
}

// BenchmarkRuling measures the table, the decision and the full ruling in the same run and prints their ratios.
func BenchmarkRuling(b *testing.B) {
	books := []struct {
		name string
		book *law.Book
		act  string
		led  bool
	}{
		{"cq-2021/patrol", law.Default(), "patrol", false},
		{"cq-2021/stop-and-question", law.Default(), "stop-and-question", true},
	}
	for _, c := range books {
		f := benchFacts(c.act, c.led)
		t := newTable(c.book)
		var base float64
		measure := func(name string, run func()) {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					run()
				}
				per := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
				if name == "table" {
					base = per
				}
				b.ReportMetric(per/base, "x-table")
			})
		}
		measure("table", func() { sinkOutcome, sinkClause = t.decide(f) })
		measure("decide", func() { v, err := c.book.Decide(f); sinkVerdict, sinkErr = v, err })
		measure("rule", func() { sinkRuling, sinkErr = c.book.Rule(f) })
	}
}

var (
	sinkOutcome law.Outcome
	sinkClause  string
	sinkVerdict law.Verdict
	sinkRuling  law.Ruling
	sinkErr     error
)

// synthetic is a made-up rulebook of n led acts on items of ten, with the conditions of cq-2021.
func synthetic(tb testing.TB, n int) *law.Book {
	tb.Helper()
	lib, err := law.Load(syntheticFiles(n), "synthetic")
	if err != nil {
		tb.Fatal(err)
	}
	book, err := lib.Book("synthetic", nil)
	if err != nil {
		tb.Fatal(err)
	}
	return book
}

func syntheticFiles(n int) fs.FS {
	var acts, items, words strings.Builder
	acts.WriteString("acts:\n")
	words.WriteString("第一条　辅警可以从事：")
	for i := range n {
		fmt.Fprintf(&acts, "  act-%d: {zh: 工作%d, en: work %d}\n", i, i, i)
		if i%10 == 0 {
			fmt.Fprintf(&items, "  - item: \"%d¶1\"\n    kind: permits_led\n    acts: [", i/10+1)
			if i > 0 {
				fmt.Fprintf(&words, "\n第%s条　辅警可以从事：", numeral(i/10+1))
			}
		}
	}
	return nil
}

func numeral(n int) string { return fmt.Sprint(n) }

var _ fstest.MapFS
