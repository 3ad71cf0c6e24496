package prove_test

import (
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/prove"
)

// A core that does not keep two parts apart is found out, though it does so in one pair of facts and no outcome that the parts can come
// to tells of it.
func TestADependenceOfOnePairIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*law.Facts, law.Finding) law.Finding
		says  []string // of the counter-example
		why   string
	}{
		"in a remedy": {
			func(f *law.Facts, x law.Finding) law.Finding {
				if x.Fact == "uniform=no" && f.Auxiliaries[0].Training == law.TrainingExpired {
					x.Remedy = "replace_auxiliary"
				}
				return x
			},
			[]string{"uniform: \"no\"", "training: expired"},
			"found together: dress unmet replace_auxiliary, training unmet complete_training; of",
		},
		"in one way to sign": {
			func(f *law.Facts, x law.Finding) law.Finding {
				if x.Fact == "recording=buffering" && f.Signatory == law.SignatoryOfficer {
					x.Verdict, x.Remedy = law.Permitted, ""
				}
				return x
			},
			[]string{"recording: buffering", "signatory: officer"},
			"found together: ; of the parts by themselves: recording unmet start_recording",
		},
		"of the unit, to the better": {
			func(f *law.Facts, x law.Finding) law.Finding {
				if x.Fact == "officers.lead.presence=doubtful" && f.Auxiliaries[0].Recusal == law.RecusalRefused {
					x.Verdict = law.Conditional
				}
				return x
			},
			[]string{"presence: doubtful", "recusal: refused"},
			"found together: unit conditional confirm_lead_officer; of",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := prove.RunSpoiled(law.Embedded(), law.DefaultRulebook, prove.Options{Workers: 2, Acts: []string{"stop-and-question"}}, c.spoil)
			if err != nil {
				t.Fatal(err)
			}
			x := result(t, r, "parts-are-independent")
			text := r.YAML(x)
			for _, want := range c.says {
				if !strings.Contains(text, want) {
					t.Errorf("want %q in\n%s", want, text)
				}
			}
			if !strings.HasPrefix(x.Counter.Why, c.why) {
				t.Errorf("%s, want %s", x.Counter.Why, c.why)
			}
		})
	}
}
