package app_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/testkit"
)

// deed is one thing that somebody does with a phone without network.
type deed string

var deeds = []deed{"acknowledge", "accept", "start", "pause", "resume", "finish", "dress", "undress", "malformed", "elsewhere"}

// field is one auxiliary with a phone, and the work that they have now.
type field struct {
	*hand
	phone   *testkit.Phone
	dressed bool // as was stated last
	task    string
	plain   oracle
	told    []string // what the records of this work were answered, as they ought to be
	records []string
}

// oracle is the plain life of one person's patrol: the slow way of applying records, one after the other.
type oracle struct {
	state, member string
}

// does answers what a deed is answered with.
func (f *field) does(d deed) int {
	o := &f.plain
	open := o.state == "dispatched" || o.state == "started" || o.state == "paused"
	answered := func(ok bool, member, state string) int {
		if !ok {
			return 409
		}
		if member != "" {
			o.member = member
		}
		if state != "" {
			o.state = state
		}
		return 200
	}
	begin := func(ok bool) int {
		switch {
		case !ok:
			return 409
		case !f.dressed:
			return 422
		}
		return answered(true, "", "started")
	}
	switch d {
	case "acknowledge":
		return answered(open && o.member == "dispatched", "acknowledged", "")
	case "accept":
		return answered(open && o.member != "accepted", "accepted", "")
	case "start":
		return begin(o.state == "dispatched" && o.member == "accepted")
	case "resume":
		return begin(o.state == "paused")
	case "pause":
		return answered(o.state == "started", "", "paused")
	case "finish":
		return answered(o.state == "started" || o.state == "paused", "", "finished")
	case "malformed":
		return 400
	case "elsewhere":
		return 404
	default:
		f.dressed = d == "dress"
		return 200
	}
}

// record records a deed.
func (f *field) record(d deed) {
	p := f.phone
	var jws string
	switch d {
	case "dress", "undress":
		uniform := map[deed]string{"dress": "yes", "undress": "no"}[d]
		statements := []object{said("uniform", uniform), said("id_card", "yes"), said("recording", "on")}
		for _, s := range statements {
			s["observed_at"] = p.Next.Wall
		}
		jws = p.Records("/v1/observations", saying(statements...))
	case "malformed":
		jws = p.Records(stepPath(f.task, "pause"), object{"why": 1})
	case "elsewhere":
		jws = p.Records(stepPath(uuid.NewString(), "start"), saying())
	default:
		body := map[deed]any{"start": saying(), "resume": saying(), "pause": because("避雨"), "finish": object{"report": "无异常"}}[d]
		jws = p.Records(stepPath(f.task, string(d)), body)
	}
	f.records = append(f.records, jws)
	f.told = append(f.told, fmt.Sprint(f.does(d)))
}

// ordered gets the person another patrol, and the phone a few hours, a wrong clock, and now and then a boot.
func (f *field) ordered(dispatcher *hand, hours time.Duration) {
	f.task, f.plain = dispatcher.sends(order("patrol", f.hand)), oracle{"dispatched", "dispatched"}
	f.told, f.records = nil, nil
	f.phone.Next.SinceBoot += hours.Milliseconds()
	f.phone.Next.Wall = f.phone.Next.Wall.Add(hours + time.Duration(rand.Int64N(int64(time.Hour))))
	if rand.IntN(4) == 0 {
		f.phone.Next.Boot, f.phone.Next.SinceBoot, f.phone.Next.Server = newKey().String(), 1000, nil
	}
}

// next is, more often than not, what one does next.
func (f *field) next(source *rand.Rand) deed {
	natural := map[string]deed{"dispatched": "accept", "started": "finish", "paused": "resume", "finished": "dress"}[f.plain.state]
	if f.plain.member == "accepted" && f.plain.state == "dispatched" {
		natural = "start"
	}
	if source.IntN(5) < 3 {
		return natural
	}
	return deeds[source.IntN(len(deeds))]
}

// outcome is what there is of the work in the end.
func (f *field) outcome(o *office) string {
	o.t.Helper()
	var answers, seen, kinds []string
	rows := func(into *[]string, sql string, args ...any) {
		o.must(o.sql.QueryRow(o.t.Context(), sql, args...).Scan(into))
	}
	first := f.phone.Next.N - int64(len(f.records))
	rows(&answers, `SELECT array_agg(status::text ORDER BY n) FROM outbox_record WHERE device_id = $1 AND n >= $2`, f.device, first)
	rows(&seen, `SELECT coalesce(array_agg(fact || '=' || value ORDER BY received_at, fact), '{}') FROM observation WHERE device_id = $1`, f.device)
	rows(&kinds, `SELECT array_agg(kind ORDER BY version) FROM event WHERE task_id = $1`, f.task)
	var state, member string
	o.must(o.sql.QueryRow(o.t.Context(), `SELECT state, doc #>> '{members,0,state}' FROM task WHERE id = $1`, f.task).Scan(&state, &member))
	found := o.count(`SELECT count(*) FROM outbox_finding WHERE device_id = $1 AND state = 'open' AND kind <> 'skew'`, f.device)
	return fmt.Sprint(answers, state, member, found, "\n", seen, kinds)
}

// foretold is the first line of an outcome, as the oracle has it.
func (f *field) foretold() string { return fmt.Sprint(f.told, f.plain.state, f.plain.member, 0) }

// shuffled is every record three times, in any order, in any parts.
func shuffled(records []string, source *rand.Rand) (parts [][]string) {
	all := slices.Concat(records, records, records)
	source.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for len(all) > 0 {
		n := 1 + source.IntN(min(len(all), 20))
		parts, all = append(parts, all[:n]), all[n:]
	}
	return parts
}

func (o *office) field(h *hand) *field { return &field{hand: h, phone: o.phone(h)} }

func (f *field) settled(o *office) bool {
	return o.count(`SELECT count(*) FROM outbox_record WHERE device_id = $1 AND state IN ('applied', 'refused')`, f.device) == int(f.phone.Next.N-1)
}

// histories are tried by TestAnyOrderOfUploadsEndsTheSame.
const histories = 30

// Any history, brought in any order, split and three times, ends as the one that is brought in order, and as a plain reading of the
// records has it.
func TestAnyOrderOfUploadsEndsTheSame(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	dispatcher := o.officer()
	inOrder, mixed := o.field(o.auxiliary()), o.field(o.auxiliary())
	tried := 0
	rapid.Check(t, func(t *rapid.T) {
		if tried++; tried > histories {
			return // rapid's hundred would take a minute
		}
		history := append([]deed{"dress"}, rapid.SliceOfN(rapid.SampledFrom(deeds), 1, 7).Draw(t, "history")...)
		source := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for _, f := range []*field{inOrder, mixed} {
			f.ordered(dispatcher, time.Hour)
			for _, d := range history {
				f.record(d)
			}
		}
		inOrder.brings(inOrder.records...)
		for _, part := range shuffled(mixed.records, source) {
			mixed.brings(part...)
		}
		for _, f := range []*field{inOrder, mixed} {
			testkit.Wait(o.t, "all to be applied", func() bool { return f.settled(o) })
		}
		want, got := inOrder.outcome(o), mixed.outcome(o)
		if got != want {
			t.Fatalf("in order\n%s\nmixed\n%s", want, got)
		}
		if told := inOrder.foretold(); want[:min(len(told), len(want))] != told {
			t.Fatalf("foretold\n%s\nand it is\n%s", told, want)
		}
	})
	o.sound()
}

// Three days of fifty phones, shuffled, tripled and split, end the same in each of twenty seeds. The phones bring them four at a time.
func TestThreeDaysOfFiftyPhones(t *testing.T) {
	t.Parallel()
	if testing.Short() { // under the race detector: it looks for races, and the run without it for the promise
		threeDays(t, 20, 5, 3)
		return
	}
	threeDays(t, 50, 5, 20)
}

// BenchmarkThreeDaysOfFiftyPhones is the same with sixty records a phone; an op is a seed.
func BenchmarkThreeDaysOfFiftyPhones(b *testing.B) {
	began := time.Now()
	threeDays(b, 50, 60, b.N)
	b.ReportMetric(float64(50*60*b.N)/time.Since(began).Seconds(), "records/s")
}

func threeDays(t testing.TB, phones, records, seeds int) {
	o := openOffice(t)
	dispatcher := o.officer()
	fields := make([]*field, phones)
	for i := range fields {
		fields[i] = o.field(o.auxiliary())
	}
	const days = 72 * time.Hour
	for seed := range seeds {
		source := rand.New(rand.NewPCG(uint64(seed), 72))
		var uploads []func()
		for _, f := range fields {
			f.ordered(dispatcher, days/time.Duration(records))
			f.record("dress")
			for range records - 1 {
				f.phone.Next.SinceBoot += (days / time.Duration(records)).Milliseconds()
				f.record(f.next(source))
			}
			for _, part := range shuffled(f.records, source) {
				uploads = append(uploads, func() { f.brings(part...) })
			}
		}
		source.Shuffle(len(uploads), func(i, j int) { uploads[i], uploads[j] = uploads[j], uploads[i] })
		atATime(4, uploads)
		for i, f := range fields {
			testkit.Wait(t, "all to be applied", func() bool { return f.settled(o) })
			if told, got := f.foretold(), f.outcome(o); got[:min(len(told), len(got))] != told {
				t.Fatalf("seed %d, phone %d: foretold\n%s\nand it is\n%s", seed, i, told, got)
			}
		}
	}
}

// atATime does so many things at once until all are done.
func atATime(n int, things []func()) {
	var all sync.WaitGroup
	next := make(chan func())
	for range n {
		all.Go(func() {
			for do := range next {
				do()
			}
		})
	}
	for _, do := range things {
		next <- do
	}
	close(next)
	all.Wait()
}
