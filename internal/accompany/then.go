package accompany

import (
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// Then is what the law is told of the officer's presence in a stretch of time that has passed: the worst of what it was. A scene, if
// any, is what can be seen now of that time (word and codes that have become known since): when it shows the officer there, the officer was.
func (l *Lead) Then(from time.Time, s Scene) law.Presence {
	known := l.recorded(from, s.Now)
	if known == law.PresencePresent || known == law.PresenceAbsent {
		return known
	}
	shadow := &Lead{Officer: l.Officer, NamedAt: l.NamedAt, AcceptedAt: l.AcceptedAt, State: Named, Since: l.NamedAt}
	for _, h := range l.Confirmed {
		if !h.At.After(s.Now) {
			shadow.Confirmed = append(shadow.Confirmed, h)
		}
	}
	if is, _ := shadow.Look(s); is.Presence == law.PresencePresent {
		return law.PresencePresent
	}
	return known
}

// recorded is the worst presence between two moments by the steps that were taken.
func (l *Lead) recorded(from, to time.Time) law.Presence {
	if from.Before(l.NamedAt) {
		return law.PresenceUnknown
	}
	at, worst := Named, law.PresencePresent
	note := func(s State) {
		if p := presenceIn[s]; seriousness[p] > seriousness[worst] {
			worst = p
		}
	}
	for _, step := range l.Steps {
		switch {
		case !step.At.After(from):
			at = step.To
		case !step.At.After(to):
			note(step.To)
		}
	}
	note(at)
	return worst
}

var presenceIn = map[State]law.Presence{
	Present: law.PresencePresent, Led: law.PresencePresent, Doubtful: law.PresenceDoubtful, Lost: law.PresenceAbsent,
	HandedOver: law.PresenceAbsent,
}

var seriousness = map[law.Presence]int{law.PresencePresent: 0, law.PresenceUnknown: 1, law.PresenceDoubtful: 2, law.PresenceAbsent: 3}
