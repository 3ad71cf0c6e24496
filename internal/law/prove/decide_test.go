package prove_test

import (
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/prove"
)

// A core whose approvers can do more than settle what is open is found out, and by this statement alone.
func TestADecisionThatReachesTooFarIsFound(t *testing.T) {
	t.Parallel()
	allowed := func(f *law.Facts) bool { return len(f.Decisions) > 0 && f.Decisions[0].Allow }
	for name, c := range map[string]struct {
		spoil func(*law.Facts, law.Finding) law.Finding
		why   string
	}{
		"what is prohibited": {func(f *law.Facts, x law.Finding) law.Finding {
			if allowed(f) && x.Verdict == law.Prohibited {
				x.Verdict = law.NeedsHuman
			}
			return x
		}, "from prohibited to needs_human"},
		"another reason": {func(f *law.Facts, x law.Finding) law.Finding {
			if allowed(f) && x.Fact == "role=field" && x.Verdict == law.Permitted {
				x.Remedy = "ask_approver"
			}
			return x
		}, "a decision turns cq-2021 15(1) (role=field) from permitted to permitted"},
		"a lawful reason refused": {func(f *law.Facts, x law.Finding) law.Finding {
			if len(f.Decisions) > 0 && !f.Decisions[0].Allow && x.Fact == f.Decisions[0].Fact && x.Verdict == law.Permitted {
				x.Verdict = law.Unmet
			}
			return x
		}, "from permitted to unmet"},
		"a refusal that allows": {func(f *law.Facts, x law.Finding) law.Finding {
			if len(f.Decisions) > 0 && !f.Decisions[0].Allow && x.Fact == f.Decisions[0].Fact && x.Verdict == law.Unmet {
				x.Verdict = law.Conditional
			}
			return x
		}, "from needs_human to conditional"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := prove.RunSpoiled(law.Embedded(), law.DefaultRulebook, prove.Options{Workers: 2, Acts: []string{"patrol"}}, c.spoil)
			if err != nil {
				t.Fatal(err)
			}
			if ids := refuted(r); len(ids) != 1 || ids[0] != "a-decision-settles-only-what-is-open" {
				t.Fatalf("refuted: %v", ids)
			}
			x := result(t, r, "a-decision-settles-only-what-is-open")
			if len(x.Counter.Cases) != 2 || !strings.Contains(x.Counter.Why, c.why) {
				t.Errorf("%s, want %s; %d cases", x.Counter.Why, c.why, len(x.Counter.Cases))
			}
			file, err := law.ReadCases(strings.NewReader(r.YAML(x)))
			if err != nil || len(file.Cases) != 2 || len(file.Cases[0].Facts.Decisions) != 0 || len(file.Cases[1].Facts.Decisions) != 1 {
				t.Errorf("%v\n%s", err, r.YAML(x))
			}
		})
	}
}
