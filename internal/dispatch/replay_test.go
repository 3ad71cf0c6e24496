package dispatch_test

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/law"
)

// answering is a book that gives one ruling whatever it is asked.
type answering struct {
	dispatch.Book
	ruling law.Ruling
}

func (b answering) Rule(*law.Facts) (law.Ruling, error) { return b.ruling, nil }

// A ruling derived again with the same outcome for other reasons is another ruling.
func TestReplaySeesOtherReasons(t *testing.T) {
	t.Parallel()
	stored := law.Ruling{Outcome: law.Unmet, Reasons: []law.Reason{{Act: "patrol", Person: "F20001"}}}
	other := law.Ruling{Outcome: law.Unmet, Reasons: []law.Reason{{Act: "patrol", Person: "F20002"}}}
	for want, again := range map[string]law.Ruling{
		"": stored, "same outcome, other reasons": other, "was unmet, is permitted": {Outcome: law.Permitted},
	} {
		got, err := dispatch.Replay(answering{ruling: again}, dispatch.RulingRecord{ID: uuid.New(), Ruling: stored})
		if err != nil || got.Difference != want || got.Text != "" {
			t.Errorf("%+v (%v), want %q", got, err, want)
		}
	}
}

// Of a law whose text has changed since it is asked whether it still says the same.
func TestReplayUnderAnotherTextOfTheLaw(t *testing.T) {
	t.Parallel()
	under := func(hash, readings string, outcome law.Outcome) law.Ruling {
		return law.Ruling{Outcome: outcome, Readings: readings, Rulebooks: []law.RulebookRef{{ID: "cq-2021", Hash: hash}, {ID: "national", Hash: "n"}}}
	}
	stored := under("old", "r", law.Permitted)
	for _, c := range []struct {
		again      law.Ruling
		text, says string
	}{
		{under("new", "r", law.Permitted), "cq-2021@old, now cq-2021@new", ""},
		{under("new", "r", law.Unmet), "cq-2021@old, now cq-2021@new", "was permitted, is unmet"},
		{under("old", "s", law.Permitted), "", "given under other readings: r, on record s"},
	} {
		got, err := dispatch.Replay(answering{ruling: c.again}, dispatch.RulingRecord{ID: uuid.New(), Ruling: stored})
		if err != nil || got.Text != c.text || got.Difference != c.says {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if stored.Rulebooks[0].Hash != "old" {
		t.Error("what is stored was changed")
	}
}

// What the ledger holds of a task is the digest of its document: one that was kept before must be read and written the same for ever.
// A new field of a task is left out while it says nothing (omitempty).
func TestAKeptTaskIsWrittenTheSame(t *testing.T) {
	t.Parallel()
	const kept = `{"id":"01a216a7-0636-7cd3-adf2-ae199d2f4f0c","organ":{"id":"01a216a7-0636-7cd3-adf2-ae199d2f4f0d","code":"500103550000","name":"江岸派出所","kind":"station","path":"500103000000/500103550000/"},"state":"finished","version":9,"epoch":1,` +
		`"acts":["patrol"],"place":{"name":"江岸码头","lat":29.55,"lon":106.57,"datum":"gcj02"},"case_kind":"none","tags":["highway"],"urgency":"routine","emergency":false,"evidence_use":false,"signatory":"none","guard_named":"unknown","note":"",` +
		`"members":[{"person":"01a216a7-0636-7cd3-adf2-ae199d2f4f0e","number":"FJ31021","name":"冉明远","class":"field_auxiliary","acts":["patrol"],"operates":["car"],"state":"accepted"},{"person":"01a216a7-0636-7cd3-adf2-ae199d2f4f0f","number":"FJ31022","name":"李娜","class":"field_auxiliary","state":"declined","reason":"刚下夜班"}],` +
		`"officers":[{"person":"01a216a7-0636-7cd3-adf2-ae199d2f4f10","number":"310111","name":"周建川","lead":true}],"dispatched_by":{"person":"01a216a7-0636-7cd3-adf2-ae199d2f4f10","number":"310111","name":"周建川","class":"officer"},` +
		`"dispatched_at":"2026-11-26T06:59:34.58102Z","started_at":"2026-11-26T07:01:00Z","ended_at":"2026-11-26T07:30:00.000001Z","report":"无异常","standing_ruling":"01a216a7-0636-7cd3-adf2-ae199d2f4f11","latest_ruling":"01a216a7-0636-7cd3-adf2-ae199d2f4f12","latest_outcome":"permitted"}`
	var task dispatch.Task
	if err := json.Unmarshal([]byte(kept), &task); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(task)
	if err != nil || string(again) != kept {
		t.Errorf("%v\nkept  %s\nagain %s", err, kept, again)
	}
}
