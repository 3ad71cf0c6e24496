package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/testkit"
)

// linesOf reads a stream of JSON lines.
func linesOf(r reply) (lines []object) {
	r.t.Helper()
	for scan := bufio.NewScanner(bytes.NewReader(r.raw)); scan.Scan(); {
		var line object
		if err := json.Unmarshal(scan.Bytes(), &line); err != nil {
			r.t.Fatalf("%s: %v", scan.Bytes(), err)
		}
		lines = append(lines, line)
	}
	return lines
}

func trialOf(readings object) object {
	return object{"from": time.Now().Add(-time.Hour), "to": time.Now().Add(time.Hour), "readings": readings}
}

// TestALegalDepartmentTriesAReading on what its stations did: a patrol that began with a camera nobody knew about.
func TestALegalDepartmentTriesAReading(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal := o.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleLegal})
	sister := o.hire(newcomer{class: duty.Officer, organ: hillside, role: duty.RoleLegal})
	worker := o.auxiliary()
	task := o.officer().sends(order("patrol", worker))
	ready(task, worker)
	worker.observes(said("recording", "unknown"))
	worker.step(task, "start", saying()).want(200)

	lines := linesOf(legal.post("/v1/law/backtests", trialOf(object{"recording_unknown": "block"})).want(200))
	if len(lines) < 2 || lines[0]["progress"] == nil {
		t.Fatalf("%v", lines)
	}
	comparison := lines[len(lines)-1]["comparison"].(object)
	differences := comparison["differences"].([]any)
	if len(differences) != 1 || comparison["different"] != 1.0 || comparison["unruled"] != 0.0 {
		t.Fatalf("%v", comparison)
	}
	d := differences[0].(object)
	if d["was"] != "conditional" || d["is"] != "needs_human" || d["clause"] != "cq-2021 17(2)" || d["by"] != "cq-2021 17(2)" ||
		d["act"] != "patrol" || d["organ"] != o.path(riverside) || d["count"] != 1.0 {
		t.Errorf("%v", d)
	}
	same := linesOf(legal.post("/v1/law/backtests", trialOf(object{})).want(200))
	if c := same[len(same)-1]["comparison"].(object); c["different"] != 0.0 || c["same"] == 0.0 {
		t.Errorf("the law as it stands: %v", c)
	}
	abroad := linesOf(sister.post("/v1/law/backtests", trialOf(object{"recording_unknown": "block"})).want(200))
	if c := abroad[len(abroad)-1]["comparison"].(object); c["same"] != 0.0 || c["different"] != 0.0 {
		t.Errorf("the sister station sees %v", c)
	}
}

// TestATrialThatCannotBeIsRefusedBeforeItBegins and leaves room for the next.
func TestATrialThatCannotBeIsRefusedBeforeItBegins(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal := o.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleLegal})
	for field, readings := range map[string]object{
		"body/readings/no_such_reading": {"no_such_reading": "x"}, "body/readings/recording_unknown": {"recording_unknown": "maybe"},
		"body/readings/art19_prohibitions": {"art19_prohibitions": "open"},
	} {
		r := legal.post("/v1/law/backtests", trialOf(readings)).want(400)
		if got := r.text("errors", 0, "field"); got != field {
			t.Errorf("%s, want %s", got, field)
		}
	}
	entry := object{"item": "15(1)", "act": "mine-patrol", "name": object{"zh": "矿区巡逻", "en": "mine patrol"}, "basis": "某规定第一条"}
	trial := trialOf(object{})
	trial["entries"] = []object{entry}
	if got := legal.post("/v1/law/backtests", trial).want(400).text("errors", 0, "field"); got != "body/entries/0/item" {
		t.Errorf("an entry on no catch-all: %s", got)
	}
	entry["item"] = "15(5)"
	legal.post("/v1/law/backtests", trial).want(200)
}

// TestAReaderWhoGoesEndsTheTrial so that the next one can begin.
func TestAReaderWhoGoesEndsTheTrial(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	legal := o.hire(newcomer{class: duty.Officer, organ: district, role: duty.RoleLegal})
	o.officer().sends(order("patrol", o.auxiliary()))
	for range 3 {
		sending{who: legal, path: "/v1/law/backtests", body: trialOf(object{})}.cut(newKey(), 0)
	}
	testkit.Wait(t, "room for another trial", func() bool { return legal.post("/v1/law/backtests", trialOf(object{})).status == 200 })
}
