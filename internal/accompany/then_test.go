package accompany_test

import (
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// What was is told as it was, however it has become since.
func TestThen(t *testing.T) {
	t.Parallel()
	s := begin(t).at(100, code(first)).at(600, word(first, law.PresenceAbsent)).at(700, code(first)).at(4000, nil)
	second := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }
	for name, c := range map[string]struct {
		from, to int
		happens  func(*story)
		want     law.Presence
	}{
		"before anything":                      {0, 50, nil, law.PresenceUnknown},
		"while he was there":                   {150, 500, nil, law.PresencePresent},
		"when he may have come in between":     {50, 150, nil, law.PresenceUnknown}, // and the work may have begun before
		"while he was gone":                    {620, 680, nil, law.PresenceUnknown},
		"when he may have been gone":           {500, 620, nil, law.PresenceUnknown},
		"after he was back":                    {710, 800, nil, law.PresencePresent},
		"when nothing showed it any more":      {2600, 2700, nil, law.PresenceDoubtful},
		"and both say now that he was":         {2600, 2700, func(s *story) { both(s, 2650) }, law.PresencePresent},
		"and both say so of a time long after": {620, 680, func(s *story) { both(s, 9000) }, law.PresenceUnknown},
	} {
		now := *s
		now.scene.Led = append(now.scene.Led[:0:0], s.scene.Led...)
		now.person(first).Word = nil
		if c.happens != nil {
			c.happens(&now)
		}
		now.scene.Now = second(c.to)
		if got := now.lead.Then(second(c.from), now.scene); got != c.want {
			t.Errorf("%s: %s, not %s", name, got, c.want)
		}
	}
}

func both(s *story, at int) {
	s.scene.Now = noon.Add(time.Duration(at) * time.Second)
	word(officer, law.PresencePresent)(s)
	word(first, law.PresencePresent)(s)
}
