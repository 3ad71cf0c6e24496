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

// orderly is one field auxiliary on one act with everything in order.
func orderly(act string, led bool) *law.Facts {
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

// BenchmarkRuling measures the hand-written table, the decision and the full ruling on the same facts in the same run, and
// reports each as a multiple of the table. Targets: decide 3, rule 20, and the same for 40 acts as for 4,000.
func BenchmarkRuling(b *testing.B) {
	refused := orderly("incident-handling", true)
	refused.Auxiliaries[0].Recording = law.RecordingOff
	refused.Officers[0].Presence = law.PresenceAbsent
	for _, c := range []struct {
		name  string
		book  *law.Book
		facts *law.Facts
	}{
		{"patrol", law.Default(), orderly("patrol", false)},
		{"stop-and-question", law.Default(), orderly("stop-and-question", true)},
		{"refused-incident", law.Default(), refused},
		{"synthetic-40-acts", synthetic(b, 40), orderly("act-7", true)},
		{"synthetic-4000-acts", synthetic(b, 4000), orderly("act-3007", true)},
	} {
		t := newTable(c.book)
		yardstick := 0.0
		measure := func(name string, run func()) {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					run()
				}
				each := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
				if name == "table" {
					yardstick = each
				}
				b.ReportMetric(each/yardstick, "x-table")
			})
		}
		measure("table", func() { sink.outcome, sink.clause, sink.ok = t.decide(c.facts) })
		measure("decide", func() { sink.verdict, sink.err = c.book.Decide(c.facts) })
		measure("rule", func() { sink.ruling, sink.err = c.book.Rule(c.facts) })
	}
}

// sink keeps the compiler from leaving out what is measured.
var sink struct {
	outcome law.Outcome
	clause  string
	ok      bool
	verdict law.Verdict
	ruling  law.Ruling
	err     error
}

// synthetic is a rulebook of n led acts, ten to an article, with the conditions and closings of cq-2021.
func synthetic(tb testing.TB, n int) *law.Book {
	tb.Helper()
	lib, err := law.Load(syntheticFiles(n), "synthetic")
	if err != nil {
		tb.Fatal(err)
	}
	book, err := lib.Book("synthetic", law.Settings{})
	if err != nil {
		tb.Fatal(err)
	}
	return book
}

func syntheticFiles(n int) fs.FS {
	files := fstest.MapFS{}
	put := func(name, text string) { files["synthetic/"+name] = &fstest.MapFile{Data: []byte(text)} }
	var acts, source strings.Builder
	acts.WriteString("acts:\n")
	article := func(number int, words, items string) {
		words = "第" + numeral(number) + "条　" + words
		source.WriteString(words + "\n")
		put(fmt.Sprintf("art%04d.yaml", number), fmt.Sprintf(
			"article: %d\neffective_from: 2021-09-01\nwords: %s\ngloss: made up\nrole: field\nitems:\n%s", number, words, items))
	}
	for first := 0; first < n; first += 10 {
		number := first/10 + 1
		codes := make([]string, 10)
		for i := range codes {
			codes[i] = fmt.Sprintf("act-%d", first+i)
			fmt.Fprintf(&acts, "  %s: {zh: 工作, en: work}\n", codes[i])
		}
		article(number, "勤务辅警可以在人民警察带领下协助从事下列工作。", fmt.Sprintf(
			"  - item: \"%d\"\n    kind: permits_led\n    acts: [%s]\n    conditions:\n"+
				"      - {obligation: arrangement, by: organ}\n      - {obligation: lead_officer, presence: presence}\n",
			number, strings.Join(codes, ", ")))
	}
	article(n/10+1, "辅警工作应当遵守规定，自二〇二一年九月一日起施行。", fmt.Sprintf(
		"  - item: \"%d\"\n    kind: requires\n    obligations: [%s]\n    when:\n%s", n/10+1,
		"{obligation: uniform}, {obligation: id_card}, {obligation: recording, unknown: warn}, {obligation: evidence_review}, "+
			"{obligation: qualification, role: field}, {obligation: no_recusal}, {obligation: training}, {obligation: status}, {obligation: in_force}",
		"      - {tags: [state_secret]}\n      - {tags: [counter_terrorism]}\n      - {signatory: auxiliary}\n"))
	put("source.txt", source.String())
	put("acts.yaml", acts.String())
	put("instrument.yaml", "id: synthetic\ntitle: {zh: 虚构条例, en: made-up regulation}\nlayer: city\nsource: source.txt\n")
	return files
}

// numeral writes a number below a thousand as the text of a law does.
func numeral(n int) string {
	digits := []rune("〇一二三四五六七八九")
	text := ""
	if n >= 100 {
		text += string(digits[n/100]) + "百"
	}
	if n%100 >= 10 {
		text += string(digits[n%100/10]) + "十"
	} else if n > 100 && n%10 != 0 {
		text += "零"
	}
	if n%10 != 0 {
		text += string(digits[n%10])
	}
	return text
}
