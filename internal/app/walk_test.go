package app_test

import (
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/demo"
)

// The demo is the README's walk-through: it fails at the first answer that is not what the law should say. One database bears it
// again and again, in both languages.
func TestTheMorningAtTheStation(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for _, told := range []struct {
		lang demo.Language
		end  string
	}{{demo.Chinese, "条条与条例相符"}, {demo.English, "each what the law should say"}, {demo.Chinese, "条条与条例相符"}} {
		var story strings.Builder
		if err := demo.Run(t.Context(), o.url, demo.Cast(), told.lang, &story); err != nil {
			t.Fatalf("%v\n%s", err, story.String())
		}
		for _, want := range []string{told.end, "cq-2021 15(1)", "cq-2021 16(2)", "cq-2021 17(4)", "cq-2021 19¶1(3)", "national-admin-procedure 52¶2", "404"} {
			if !strings.Contains(story.String(), want) {
				t.Errorf("the story told in %s does not say %q:\n%s", told.lang, want, story.String())
			}
		}
	}
	o.sound()
	if n := o.count(`SELECT count(*) FROM task WHERE state IN ('dispatched', 'started', 'paused')`); n != 0 {
		t.Errorf("%d tasks left open", n)
	}
}
