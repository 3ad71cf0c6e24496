package law_test

import (
	"encoding/json"
	"github.com/dutybound/dutybound/internal/law"
	"os"
	"path/filepath"
	"testing"
)

func TestSmoke(t *testing.T) {
	b := law.Default()
	files, _ := filepath.Glob("testdata/cases/*.yaml")
	bad, n := 0, 0
	for _, name := range files {
		r, _ := os.Open(name)
		cf, err := law.ReadCases(r)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		bk := b
		if len(cf.Readings) > 0 {
			bk, err = law.Embedded().Book(cf.Rulebook, cf.Readings)
			if err != nil {
				t.Logf("%s %v", name, err)
			}
		}
		for _, c := range cf.Cases {
			n++
			if c.Err != nil {
				if !c.Expect.Error {
					t.Errorf("%s %q: %v", name, c.Name, c.Err)
					bad++
				}
				continue
			}
			if bk == nil {
				continue
			}
			got, err := bk.Rule(&c.Facts)
			if err != nil {
				if !c.Expect.Error {
					t.Errorf("%s %q: %v", name, c.Name, err)
					bad++
				}
				continue
			}
			if c.Expect.Error || got.Outcome != *c.Expect.Outcome {
				bad++
				var rs []law.Reason
				for _, r := range got.Reasons {
					if r.Verdict != law.Permitted {
						r.Message = law.Text{}
						rs = append(rs, r)
					}
				}
				j, _ := json.Marshal(rs)
				t.Errorf("%s %q: got %s want %s (error %v)\n%s", name, c.Name, got.Outcome, c.Expect.Outcome, c.Expect.Error, j)
			}
		}
	}
	t.Logf("%d cases %d bad", n, bad)
}
