package dispatch_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/fault"
)

// TestDiagramsAreTheTables holds STATES.md to the code, arrow by arrow, both ways.
func TestDiagramsAreTheTables(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("STATES.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := strings.Split(string(text), "## ")
	if len(sections) != 3 {
		t.Fatalf("STATES.md has %d sections, want the task's and the member's", len(sections)-1)
	}
	compare(t, "task", drawn(sections[1]), arrows(dispatch.Transitions()))
	compare(t, "member", drawn(sections[2]), arrows(dispatch.MemberTransitions()))
}

func drawn(section string) map[string]bool {
	found := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^ +(\S+) --> (\S+): (\S+)$`).FindAllStringSubmatch(section, -1) {
		found[fmt.Sprintf("%s --> %s: %s", m[1], m[2], m[3])] = true
	}
	return found
}

func arrows[S ~string](table map[S]map[dispatch.Action]S) map[string]bool {
	found := map[string]bool{}
	for from, steps := range table {
		name := string(from)
		if name == "" {
			name = "[*]"
		}
		for do, to := range steps {
			found[fmt.Sprintf("%s --> %s: %s", name, to, do)] = true
		}
	}
	return found
}

func compare(t *testing.T, what string, drawn, coded map[string]bool) {
	t.Helper()
	for a := range drawn {
		if !coded[a] {
			t.Errorf("%s: STATES.md draws %q, the code has no such step", what, a)
		}
	}
	for a := range coded {
		if !drawn[a] {
			t.Errorf("%s: the code has %q, STATES.md does not draw it", what, a)
		}
	}
}

// afterwards is what may still happen to a task that has ended: testimony, and decisions on what people asked while it went on.
var afterwards = map[dispatch.Action]bool{
	dispatch.DoObserve: true, dispatch.DoRestrain: true, dispatch.DoCommand: true, dispatch.DoDecideRecusal: true, dispatch.DoObject: true,
	dispatch.DoAnswer: true,
}

// TestEndedTasksStayEnded: nothing but testimony and late answers happens to a finished or cancelled task, and none of it changes
// its state.
func TestEndedTasksStayEnded(t *testing.T) {
	t.Parallel()
	for _, s := range []dispatch.State{dispatch.Finished, dispatch.Cancelled} {
		if s.Open() {
			t.Errorf("%s counts as open", s)
		}
		for do := range maps.Keys(dispatch.Transitions()[dispatch.Started]) {
			to, err := s.Next(do)
			if to != s {
				t.Errorf("%s makes %s of a task that is %s", do, to, s)
			}
			if want := !afterwards[do]; (err != nil) != want {
				t.Errorf("%s from %s: error %v, want one: %t", do, s, err, want)
			}
			if err != nil && fault.KindOf(err) != fault.Conflict {
				t.Errorf("%s from %s: %v is no conflict", do, s, err)
			}
		}
	}
}
