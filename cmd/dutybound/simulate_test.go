package main_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestASimulation plays a few minutes on a service of its own, says what held, and leaves nothing behind; and again beside a running server.
func TestASimulation(t *testing.T) {
	t.Parallel()
	written := filepath.Join(t.TempDir(), "report.json")
	short := []string{"simulate", "--phones=6", "--speed=120", "--for=6m", "--seed=5", "--report=" + written}
	holds := func(args ...string) {
		t.Helper()
		run(t, append(short, args...)...).says(t, 0, "seed 5: 6 phones", "✓ no answer of 500 and above")
		text, err := os.ReadFile(written)
		if err != nil {
			t.Fatal(err)
		}
		var report struct {
			Phones, Commands, Positions int
			Violations                  []any
		}
		if err := json.Unmarshal(text, &report); err != nil || report.Phones != 6 || report.Commands == 0 || report.Positions == 0 || len(report.Violations) > 0 {
			t.Errorf("%v %s", err, text)
		}
	}
	holds()
	dir := folder(t)
	s := serve(t, "--data-dir", dir)
	for range 2 { // the second time everybody is known
		holds("--server", s.url, "--data-dir", dir)
	}
}

func TestASimulationIsCareful(t *testing.T) {
	t.Parallel()
	for words, args := range map[string][]string{
		"is not on this machine":      {"--server=http://dutybound.example.org"},
		"needs an address":            {"--server=8080"},
		"--phones: needs to be 6":     {"--server=http://127.0.0.1:1", "--phones=3"},
		"needs to be 450 at the most": {"--server=http://127.0.0.1:1", "--phones=5000"},
		"more than nothing":           {"--server=http://127.0.0.1:1", "--speed=0"},
		"connection refused":          {"--server=http://127.0.0.1:1"},
	} {
		run(t, append([]string{"simulate"}, args...)...).fails(t, words)
	}
}
