package postgres_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// shifts are facts of ordinary days: a patrol whose camera nobody knows about, a stop under a lead, and a stop whose lead is far.
func shifts(t testing.TB) (facts [][]byte, outcomes []law.Outcome) {
	t.Helper()
	for _, text := range []string{
		`{"at":"2026-03-02T08:00:00+08:00","acts":["patrol"],"auxiliaries":[{"id":"FJ1","role":"field","recording":"unknown"}]}`,
		`{"at":"2026-03-02T08:00:00+08:00","acts":["stop-and-question"],"auxiliaries":[{"id":"FJ1","role":"field"},{"id":"FJ2","role":"field"}],
			"officers":[{"id":"310121","lead":true,"presence":"present"}]}`,
		`{"at":"2026-03-02T08:00:00+08:00","acts":["stop-and-question"],"auxiliaries":[{"id":"FJ1","role":"field"}],
			"officers":[{"id":"310121","lead":true,"presence":"remote"}]}`,
	} {
		f, err := law.ParseFacts([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		ruling, err := law.Default().Rule(&f)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		facts, outcomes = append(facts, stored), append(outcomes, ruling.Outcome)
	}
	return facts, outcomes
}

// archive stores n rulings of an organ, one a second before now, which differ in nothing but their shift.
func (h *house) archive(organ duty.Organ, n int) {
	h.t.Helper()
	facts, outcomes := shifts(h.t)
	task := h.dispatched()
	for i := range facts {
		_, err := h.owner.Exec(h.t.Context(), `INSERT INTO ruling (id, path, epoch, phase, outcome, actor, command, decided_at, event_id, facts, ruling)
			SELECT gen_random_uuid(), $1, 0, 'start', $2, $3, 'test', now() - n * interval '1 second', (SELECT id FROM event WHERE task_id = $4 LIMIT 1),
				$5, json_build_object('outcome', $2::text)
			FROM generate_series($6::integer, $7::integer, $8::integer) n`,
			string(organ.Path), outcomes[i].String(), h.officer.Person, task.ID, string(facts[i]), i+1, n, len(facts))
		h.must(err)
	}
}

// trial compares cq-2021 as it stands with what two readings would make of it.
func (h *house) trial(within ...duty.Path) dispatch.Backtest {
	h.t.Helper()
	book, err := law.Embedded().Book(law.DefaultRulebook, law.Settings{Readings: map[string]string{
		"recording_unknown": "block", "art16_lead": "presence_or_remote",
	}})
	h.must(err)
	return dispatch.Backtest{
		Archive: h.store, Span: dispatch.Span{From: time.Now().Add(-1000 * time.Hour), To: time.Now().Add(time.Hour), Within: within},
		Before:   func(duty.Path, time.Time) dispatch.Decider { return law.Default() },
		Proposed: func(duty.Path) dispatch.Decider { return book },
		Workers:  2, Progress: func(dispatch.Progress) {},
	}
}

func TestABacktestCountsWhatWouldHaveGoneOtherwise(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const north, south = 12_000, 30
	h.archive(h.north, north)
	h.archive(h.south, south)
	last, trial := 0, h.trial(h.north.Path)
	trial.Progress = func(p dispatch.Progress) {
		if p.Done <= last || p.Portion <= 0 || p.Portion > 1 {
			t.Errorf("%+v after %d", p, last)
		}
		last = p.Done
	}
	found, err := trial.Run(t.Context())
	h.must(err)
	want := []dispatch.Difference{
		{Case: dispatch.Case{Act: "patrol", Organ: h.north.Path, Was: law.Conditional, Clause: "cq-2021 17(2)", Is: law.NeedsHuman, By: "cq-2021 17(2)"}, Count: north / 3},
		{Case: dispatch.Case{Act: "stop-and-question", Organ: h.north.Path, Was: law.Unmet, Clause: "cq-2021 16(2)", Is: law.Permitted, By: "cq-2021 16(2)"}, Count: north / 3},
	}
	if len(found.Differences) != 2 || found.Same != north/3 || found.Different != 2*north/3 || found.Unruled != 2 || last != north+2 { // each archive has a dispatch of its own, of nobody
		t.Fatalf("%+v", found)
	}
	for i, d := range found.Differences {
		if d.Case != want[i].Case || d.Count != want[i].Count || d.Example == uuid.Nil {
			t.Errorf("%+v, want %+v", d, want[i])
		}
	}
	for name, c := range map[string]struct {
		within []duty.Path
		all    int
	}{"both stations": {[]duty.Path{h.district.Path}, north + south + 2}, "everywhere": {dispatch.Everywhere, north + south + 2}, "nowhere": {nil, 0}} {
		found, err := h.trial(c.within...).Run(t.Context())
		h.must(err)
		if all := found.Same + found.Different + found.Unruled; all != c.all {
			t.Errorf("%s: %d rulings, want %d", name, all, c.all)
		}
	}
}

// TestABacktestEndsWhenItCannotGoOn with what went wrong, and with nobody left at work.
func TestABacktestEndsWhenItCannotGoOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.archive(h.north, 30_000)
	ctx, give := context.WithCancelCause(t.Context())
	up := errors.New("given up")
	trial := h.trial(h.north.Path)
	trial.Progress = func(dispatch.Progress) { give(up) }
	if _, err := trial.Run(ctx); !errors.Is(err, up) && !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
	trial = h.trial(h.north.Path)
	trial.Archive = spoilt{h.store}
	if _, err := trial.Run(t.Context()); err == nil || !bytes.Contains([]byte(err.Error()), []byte("facts of ruling")) {
		t.Errorf("facts that are none: %v", err)
	}
}

// spoilt is an archive in which somebody has scribbled.
type spoilt struct{ dispatch.Archive }

func (s spoilt) EachPast(ctx context.Context, span dispatch.Span, each func([]dispatch.Past) error) error {
	return s.Archive.EachPast(ctx, span, func(page []dispatch.Past) error {
		page[len(page)/2].Facts = []byte(`{"acts": 7}`)
		return each(page)
	})
}

// BenchmarkBacktest tries two readings on 1,000,000 stored rulings. Target: a minute on two cores.
func BenchmarkBacktest(b *testing.B) {
	h := newHouse(b)
	h.archive(h.north, 1_000_000)
	_, err := h.owner.Exec(b.Context(), `ANALYZE ruling`)
	h.must(err)
	for b.Loop() {
		found, err := h.trial(h.north.Path).Run(b.Context())
		h.must(err)
		if found.Different < 600_000 {
			b.Fatal(fmt.Sprint(found))
		}
	}
}
