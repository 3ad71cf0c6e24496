package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/app"
	"github.com/dutybound/dutybound/internal/simulate"
)

// A city of phones keeps every promise that can be seen from outside, and the record behind the API is sound. Half an hour goes by in a
// quarter of a minute.
func TestACityOfPhonesKeepsThePromises(t *testing.T) {
	t.Parallel()
	// The first scenes of these are what is looked for below: a slow machine plays the last ones not at all.
	seeds := []uint64{1, 34}
	if testing.Short() { // under the race detector one city tells as much of races as two
		seeds = seeds[:1]
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			o := openOffice(t, func(c *app.Config) { c.LeadSweep, c.AlarmRepeat = 500*time.Millisecond, time.Second })
			report, err := simulate.Run(t.Context(), app.DemoCity(simulate.Config{
				Server: o.url, Phones: 16, Speed: 120, Seed: seed, For: 30 * time.Minute, Dir: t.TempDir(), Hasten: true,
				LeadSweep: 500 * time.Millisecond, Repeat: time.Second,
				Admin: app.Enroller{Store: o.store, Identity: administration(o.store)},
			}))
			if err != nil {
				t.Fatal(err)
			}
			var told strings.Builder
			report.Tell(&told)
			t.Log(told.String())
			if !report.OK() || len(report.Broken) > 0 {
				t.Errorf("%d violations, %d scenes that could not be played to the end", len(report.Violations), len(report.Broken))
			}
			if report.LongAway == 0 || report.Records == 0 || report.OffDuty == 0 || report.Reconnects == 0 || report.Repeated == 0 {
				t.Errorf("nothing to be seen of some of it: %+v", report)
			}
			for what, n := range map[string]int{
				"uses with an order": report.Hard.Restraints - report.Hard.Unordered, "uses without one": report.Hard.Unordered - report.Hard.UsedAway,
				"uses without network": report.Hard.UsedAway, "replaced": report.Hard.Replaced, "recusals of a party": report.Hard.Recusals - report.Hard.Replaced,
				"objections": report.Hard.Objections, "checks": report.Hard.Checks, "silent members": report.Hard.LookedFor,
				"calls": report.Hard.Calls, "calls without network": report.Hard.CalledAway, "calls left unanswered": report.Hard.Repeated,
				"stolen phones": report.Hard.Thefts, "late records": report.Hard.Late,
			} {
				if n == 0 {
					t.Errorf("no %s", what)
				}
			}
			o.sound()
		})
	}
}
