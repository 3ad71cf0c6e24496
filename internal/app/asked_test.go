package app_test

import (
	"fmt"
	"testing"
)

// The longest answer that a question to the law can get is one that a phone can take.
func TestAQuestionHasNoAnswerWithoutEnd(t *testing.T) {
	t.Parallel()
	h := openOffice(t).auxiliary()
	acts := h.get("/v1/law/acts").want(200).each("code", "acts")
	asks := func(acts []string, people int) reply {
		unit := make([]object, people)
		for i := range unit {
			unit[i] = object{
				"id": fmt.Sprintf("%064d", i), "role": "civilian", "status": "suspended", "training": "missing", "uniform": "no",
				"id_card": "no", "recording": "off", "recusal": "pending",
			}
		}
		return h.post("/v1/rulings", object{"at": "2026-03-02T08:00:00+08:00", "acts": acts, "auxiliaries": unit})
	}
	for _, unit := range []struct{ acts, people int }{{20, 50}, {2, 500}, {50, 20}} {
		if r := asks(acts[:unit.acts], unit.people).want(200); len(r.raw) > 2<<20 {
			t.Errorf("%+v: %d bytes", unit, len(r.raw))
		}
	}
	if r := asks(acts, 500).want(400); r.text("errors", 0, "field") != "body/auxiliaries" {
		t.Errorf("%s", r.raw)
	}
}
