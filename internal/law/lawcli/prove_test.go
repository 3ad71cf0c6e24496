package lawcli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dutybound/dutybound/internal/law/lawcli"
	"github.com/dutybound/dutybound/internal/law/prove"
)

func proved(names []string, acts ...string) (code int, out, errs string) {
	var o, e bytes.Buffer
	code = lawcli.Prove(names, prove.Options{Workers: 2, Acts: acts}, &o, &e)
	return code, o.String(), e.String()
}

func TestProvePrintsEveryStatement(t *testing.T) {
	t.Parallel()
	code, out, errs := proved([]string{"cq-2021"}, "case-review")
	if code != 0 || errs != "" {
		t.Fatal(code, out, errs)
	}
	for _, want := range []string{
		"cq-2021: ", " combinations of facts, folded into ", " rulings made, ", " of them on pairs of parts\n", "holds    parts-are-independent\n",
		"holds    article-19-never  [cq-2021 19¶1]\n         任何事实组合", "         No combination of facts lets an auxiliary", " hold, 0 refuted\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("does not say %q:\n%s", want, out)
		}
	}
}

// A rulebook in a folder that breaks its promise is told so, and the counter-example it prints can be ruled on.
func TestProvePrintsTheSmallestCounterExample(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "cq-2021")
	if err := os.CopyFS(dir, os.DirFS("../instruments/cq-2021")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "readings.yaml")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	spoiled := strings.Replace(string(text), "default: organ_and_officer", "default: organ", 1)
	if err := os.WriteFile(name, []byte(spoiled), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{dir, filepath.Dir(dir)} {
		code, out, errs := proved([]string{folder}, "patrol")
		if code != 1 || !strings.Contains(out, "REFUTED  article-15-arranged") || !strings.Contains(out, ", 1 refuted\n") {
			t.Fatal(code, out, errs)
		}
		_, counter, _ := strings.Cut(out, "in an emergency.\nrulebook:")
		counter, _, _ = strings.Cut("rulebook:"+counter, "holds ")
		if code, lines := rule(t, counter, "-"); code != 0 || len(lines) != 1 || lines[0]["outcome"] == nil {
			t.Errorf("%v\n%s", lines, counter)
		}
	}
}

func TestProveRefusesWhatIsNoRulebook(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"atlantis-1": "unknown rulebook", t.TempDir(): "no instrument here"} {
		if code, _, errs := proved([]string{name}); code != 2 || !strings.Contains(errs, want) {
			t.Errorf("%d %s, want %s", code, errs, want)
		}
	}
}
