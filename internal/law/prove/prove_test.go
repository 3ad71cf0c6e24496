package prove_test

import (
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/prove"
)

func TestX(t *testing.T) {
	began := time.Now()
	r, err := prove.Run(law.Embedded(), "cq-2021", prove.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(time.Since(began), r.Covered, r.Walked, r.Scenes)
	for _, s := range r.Statements {
		t.Log(s.ID, s.Counter == nil)
		if s.Counter != nil {
			t.Log(s.Counter.Why)
			t.Log(r.YAML(s))
		}
	}
}
