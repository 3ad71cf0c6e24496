package law_test

import (
	"slices"
	"testing"

	"github.com/dutybound/dutybound/internal/law"
)

// Each switch says what it switches, and the lines that nobody may move say so.
func TestReadingsSayWhatUsesThem(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"street_id_check":    {"cq-2021 15(1)", "cq-2021 16(2)"},
		"recording_scope":    {"cq-2021 17(2)"},
		"art19_prohibitions": {"cq-2021 19¶1(1)", "cq-2021 19¶1(2)", "cq-2021 19¶1(3)", "cq-2021 19¶1(4)", "cq-2021 19¶1(5)"},
	}
	for _, r := range law.Embedded().Readings("cq-2021") {
		if r.Asks.ZH == "" || r.Asks.EN == "" || r.Memo == "" || r.ValidFrom.IsZero() || len(r.UsedBy) == 0 || r.Switchable != (r.SetBy != "") {
			t.Errorf("%+v", r)
		}
		if citations := want[r.ID]; citations != nil && !slices.Equal(r.UsedBy, citations) {
			t.Errorf("%s is used by %v", r.ID, r.UsedBy)
		}
		if r.ID == "overlay_national" && !slices.Contains(r.UsedBy, "national-traffic-duty") {
			t.Errorf("it switches %v", r.UsedBy)
		}
		delete(want, r.ID)
	}
	if len(want) > 0 || law.Embedded().Readings("nowhere-2020") != nil {
		t.Errorf("no reading %v", want)
	}
}
