package simulate

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is what came of a simulation. Its JSON is what --report writes.
type Report struct {
	Seed       uint64         `json:"seed"`
	Phones     int            `json:"phones"`
	Speed      float64        `json:"speed"`
	Simulated  float64        `json:"simulated_s"`
	Seconds    float64        `json:"seconds"`
	Requests   int64          `json:"requests"`
	PerSecond  float64        `json:"requests_per_second"`
	P50        float64        `json:"p50_ms"`
	P99        float64        `json:"p99_ms"`
	Errors     map[string]int `json:"errors"` // answers of 400 and above, by status and code
	Scenes     map[deed]int   `json:"scenes"`
	Broken     []string       `json:"broken_scenes"` // that could not be played to the end
	Commands   int            `json:"commands"`
	Repeated   int            `json:"repeated_commands"`
	Positions  int64          `json:"positions"`
	Refused    int64          `json:"positions_refused"`
	OffDuty    int            `json:"tried_off_duty"`
	Records    int            `json:"offline_records"`
	Skews      int            `json:"wrong_clocks_found"`
	Tasks      int            `json:"tasks"`
	Alarms     int            `json:"alarms"`
	Hard       Tally          `json:"hard_moments"`
	LongAway   int            `json:"leads_away_too_long"`
	Events     int            `json:"events_on_the_wall"`
	Reconnects int            `json:"reconnects"`
	Violations []Violation    `json:"violations"`
}

// OK says that every invariant holds.
func (r *Report) OK() bool { return len(r.Violations) == 0 }

func (c *city) report(played time.Duration, took counts, found []Violation, record *Record) *Report {
	e := &c.evidence
	r := &Report{
		Seed: c.config.Seed, Phones: c.config.Phones, Speed: c.config.Speed, Simulated: played.Seconds() * c.config.Speed, Seconds: played.Seconds(),
		Requests: took.total(), PerSecond: float64(took.total()) / played.Seconds(), P50: milliseconds(took.quantile(0.5)), P99: milliseconds(took.quantile(0.99)),
		Scenes: c.scenes, Broken: c.broken, Commands: len(e.Acked), Repeated: len(e.Repeats), Positions: c.points.Load(), Refused: c.pointsRefused.Load(),
		OffDuty: len(e.OffDuty), Records: len(e.Records), Skews: len(record.Findings), Tasks: len(record.Tasks), Alarms: len(record.Alarms),
		Hard:   e.tally(),
		Events: len(e.Wall.Events), Reconnects: e.Wall.Reconnects + e.Everything.Reconnects, Violations: found,
	}
	r.Errors, _ = c.meter.errors()
	for _, s := range e.Mine {
		r.Reconnects += s.Reconnects
	}
	for _, a := range e.Absences {
		if a.To.Sub(a.From) > record.Patience {
			r.LongAway++
		}
	}
	return r
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// shownOfEach is how many violations of one invariant are told at the terminal.
const shownOfEach = 5

// Tell prints the report.
func (r *Report) Tell(to io.Writer) {
	fmt.Fprintf(to, "\nseed %d: %d phones, %s simulated in %s\n", r.Seed, r.Phones, seconds(r.Simulated), seconds(r.Seconds))
	fmt.Fprintf(to, "  %d requests, %.0f a second; p50 %.1f ms, p99 %.1f ms\n", r.Requests, r.PerSecond, r.P50, r.P99)
	fmt.Fprintf(to, "  scenes: %s; %d could not be played to the end\n", tally(r.Scenes), len(r.Broken))
	for _, why := range r.Broken[:min(len(r.Broken), shownOfEach)] {
		fmt.Fprintf(to, "    %.500s\n", why)
	}
	fmt.Fprintf(to, "  %d commands acknowledged on %d tasks, %d sent again; %d positions; %d records made offline; %d alarms; %d leads away too long\n",
		r.Commands, r.Tasks, r.Repeated, r.Positions, r.Records, r.Alarms, r.LongAway)
	r.Hard.tell(to)
	fmt.Fprintf(to, "  %d events on the wall, %d reconnects of feeds\n", r.Events, r.Reconnects)
	if len(r.Errors) > 0 {
		fmt.Fprintf(to, "  answers of 400 and above: %s\n", tally(r.Errors))
	}
	for _, i := range Invariants {
		r.tellInvariant(to, i)
	}
}

func (r *Report) tellInvariant(to io.Writer, i Invariant) {
	var broken []string
	for _, v := range r.Violations {
		if v.Invariant == i {
			broken = append(broken, v.What)
		}
	}
	if len(broken) == 0 {
		fmt.Fprintf(to, "  ✓ %s\n", i)
		return
	}
	fmt.Fprintf(to, "  ✗ %s (%d)\n", i, len(broken))
	for _, what := range broken[:min(len(broken), shownOfEach)] {
		fmt.Fprintf(to, "      %s\n", what)
	}
}

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(100 * time.Millisecond)
}

func tally[K ~string](of map[K]int) string {
	var words []string
	for _, k := range slices.Sorted(maps.Keys(of)) {
		words = append(words, fmt.Sprintf("%s %d", k, of[k]))
	}
	return strings.Join(words, ", ")
}

// tell prints a line of progress a second until it is stopped.
func (c *city) tell(ctx context.Context) (stop func()) {
	if c.config.Progress == nil {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		last := c.meter.took.counts()
		for rest(ctx, time.Second) == nil {
			now := c.meter.took.counts()
			c.tellSecond(now.since(last))
			last = now
		}
	}()
	return func() { cancel(); <-done }
}

func (c *city) tellSecond(second counts) {
	stage := c.stage.Load()
	if stage == "playing" {
		stage = fmt.Sprintf("%s %s of %s", stage, c.pace.now().Round(time.Second), c.config.For)
	}
	kinds, _ := c.meter.errors()
	fmt.Fprintf(c.config.Progress, "%s · %d phones online · %d requests/s · p50 %s · p99 %s · errors: %s\n", stage, c.online(), second.total(),
		second.quantile(0.5).Round(100*time.Microsecond), second.quantile(0.99).Round(100*time.Microsecond), tally(kinds))
}

func (c *city) online() (n int) {
	if c.stage.Load() != "playing" {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.phones {
		p.place.mu.Lock()
		if p.place.online {
			n++
		}
		p.place.mu.Unlock()
	}
	return n
}
