package simulate_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/simulate"
)

// The same seed plays the same script, another one another; a longer one begins as the shorter one does; each crew has its own.
func TestASeedIsAScript(t *testing.T) {
	t.Parallel()
	one := simulate.Script(7, 3, 4*time.Hour)
	if !reflect.DeepEqual(one, simulate.Script(7, 3, 4*time.Hour)) {
		t.Error("the same seed, and another script")
	}
	if reflect.DeepEqual(one, simulate.Script(8, 3, 4*time.Hour)) || reflect.DeepEqual(one[0], one[4]) {
		t.Error("another seed or crew, and the same script")
	}
	long := simulate.Script(7, 3, 8*time.Hour)
	for i, lane := range one {
		if n := len(lane); n == 0 || !reflect.DeepEqual(lane, long[i][:n]) {
			t.Errorf("lane %d: a longer script begins otherwise", i)
		}
	}
}

// In a long script everything happens.
func TestAScriptHasEverything(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, lane := range simulate.Script(1, 4, 24*time.Hour) {
		for _, s := range lane {
			seen[string(s.Deed)] = true
		}
	}
	for _, deed := range append([]string{"patrol", "led", "wander", "takeover", "dead_zone", "shift_change", "sos"}, hardMoments...) {
		if !seen[deed] {
			t.Errorf("no %s in a day of four crews", deed)
		}
	}
}

// hardMoments are the scenes that every city of more than one crew plays, however short.
var hardMoments = []string{
	"restraint", "restraint_unordered", "restraint_offline", "recusal", "recusal_by_party", "objection", "stolen_phone", "check", "check_missed",
	"sos_unanswered", "sos_offline",
}

// In a short script of a few crews each hard moment is dealt to one of them.
func TestEachHardMomentIsDealtOnce(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		dealt := map[string]int{}
		for _, lane := range simulate.Script(seed, 3, time.Minute) {
			for _, s := range lane {
				if s.Dealt {
					dealt[string(s.Deed)]++
				}
			}
		}
		for _, deed := range hardMoments {
			if dealt[deed] != 1 {
				t.Errorf("seed %d: %s is dealt %d times", seed, deed, dealt[deed])
			}
		}
	}
}

func TestSomeClocksAreWrong(t *testing.T) {
	t.Parallel()
	off := simulate.Clocks(1, 300)
	wrong, ahead := 0, 0
	for _, d := range off {
		if d.Abs() > 2*time.Hour {
			t.Errorf("off by %s", d)
		}
		if d != 0 {
			wrong++
		}
		if d > 0 {
			ahead++
		}
	}
	if wrong < 70 || wrong > 130 || ahead == 0 || ahead == wrong || !reflect.DeepEqual(off, simulate.Clocks(1, 300)) {
		t.Errorf("%d of 300 are wrong, %d of them ahead", wrong, ahead)
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	var took []time.Duration
	for i := range 1000 {
		took = append(took, time.Duration(i+1)*time.Millisecond)
	}
	for share, want := range map[float64]time.Duration{0.5: 500 * time.Millisecond, 0.99: 990 * time.Millisecond} {
		if got := simulate.Quantile(share, took...); got < want*95/100 || got > want*106/100 {
			t.Errorf("%v: %s, not %s", share, got, want)
		}
	}
	if got := simulate.Quantile(0.99); got != 0 {
		t.Errorf("of nothing: %s", got)
	}
}
