package accompany_test

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/law"
)

// deed is something that happens at a second: a position, a code, a word, work that begins or rests.
type deed struct {
	at int
	do func(*story)
	is func(*oracle)
}

func deeds(r *rapid.T) (list []deed) {
	at := 0
	for range rapid.IntRange(1, 25).Draw(r, "deeds") {
		at += rapid.IntRange(1, 400).Draw(r, "later")
		list = append(list, oneDeed(r, at))
	}
	return list
}

func oneDeed(r *rapid.T, at int) deed {
	who := rapid.SampledFrom([]uuid.UUID{officer, first, second}).Draw(r, "who")
	led := rapid.SampledFrom([]uuid.UUID{first, second}).Draw(r, "led")
	switch rapid.IntRange(0, 5).Draw(r, "deed") {
	case 0:
		return deed{at, starts, func(o *oracle) { o.working = true }}
	case 1:
		return deed{at, rests, func(o *oracle) { o.working = false }}
	case 2:
		return deed{at, code(led), func(o *oracle) { o.accepted = true; o.codes[led] = at }}
	case 3:
		says := rapid.SampledFrom([]law.Presence{law.PresencePresent, law.PresenceAbsent, law.PresenceRemote}).Draw(r, "says")
		return deed{at, word(who, says), func(o *oracle) {
			o.words[who] = said{says, at}
			o.accepted = o.accepted || who == officer && says == law.PresencePresent
		}}
	default:
		metres := rapid.SampledFrom([]float64{0, 40, 95, 400}).Draw(r, "metres")
		return deed{at, standing(who, metres, 10), func(o *oracle) { o.places[who] = spot{metres, at} }}
	}
}

// oracle is the rule written down plainly: it keeps everything and asks, of one second, whether the officer is shown to be there.
type oracle struct {
	working, accepted bool
	codes             map[uuid.UUID]int
	words             map[uuid.UUID]said
	places            map[uuid.UUID]spot
	apart             map[uuid.UUID]int // the newest second of positions that speak against it, and nothing newer for it
}

type said struct {
	says law.Presence
	at   int
}

type spot struct {
	metres float64
	at     int
}

// shows says whether the officer is there at a second (1), known not to be (-1), or neither (0).
func (o *oracle) shows(at int) int {
	a, b := o.with(first, at), o.with(second, at)
	for who, w := range o.words {
		taken := who != officer && o.coded(who, w.at) || who == officer && (o.coded(first, w.at) || o.coded(second, w.at))
		if w.says != law.PresencePresent && !taken {
			return -1
		}
	}
	if !o.accepted {
		return 0
	}
	if a < 0 || b < 0 {
		return 0
	}
	return max(a, b)
}

// with is the same of one of those led: with them 1, too far from them -1. What was too far stays so until something newer.
func (o *oracle) with(led uuid.UUID, at int) int {
	a, knowA := o.places[officer]
	b, knowB := o.places[led]
	both := knowA && knowB && at-a.at <= 180 && at-b.at <= 180
	gap := max(a.metres-b.metres, b.metres-a.metres)
	if both && gap-20 > 100 && !o.coded(led, max(a.at, b.at)) {
		o.apart[led] = max(a.at, b.at)
		return -1
	}
	after := o.apart[led]
	w, v := o.words[officer], o.words[led]
	spoken := w.says == law.PresencePresent && v.says == law.PresencePresent && at-min(w.at, v.at) <= 1800 && min(w.at, v.at) > after
	if both && gap+20 <= 100 && min(a.at, b.at) > after || o.codes[led] > after && at-o.codes[led] <= 1800 || spoken {
		o.apart[led] = 0
		return 1
	}
	if after > 0 {
		return -1
	}
	return 0
}

func (o *oracle) coded(who uuid.UUID, after int) bool { return o.codes[who] > after }

// Whatever happens, and whenever somebody looks: the officer is taken to be there exactly when the plain rule shows it, or did until
// then; known to be away when somebody says so; and those at work are never said to be led without.
func TestALeadAgreesWithThePlainRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		s := begin(t)
		o := &oracle{codes: map[uuid.UUID]int{}, words: map[uuid.UUID]said{}, places: map[uuid.UUID]spot{}, apart: map[uuid.UUID]int{}}
		for _, d := range deeds(r) {
			s.at(d.at, d.do)
			d.is(o)
			o.shows(d.at)
			for at := d.at; at < d.at+400; at += 97 {
				now := *s
				now.at(at, nil)
				hold(r, now.lead, o, at)
			}
		}
	})
}

func hold(r *rapid.T, l *accompany.Lead, o *oracle, at int) {
	there := l.State == accompany.Led || l.State == accompany.Present
	switch shows := o.shows(at); {
	case shows == 1 && !there:
		r.Fatalf("second %d: shown to be there and %s", at, l.State)
	case shows == -1 && (there || l.Presence == law.PresencePresent):
		r.Fatalf("second %d: known to be away and %s", at, l.State)
	case shows == 0 && there && l.Good.Before(noon.Add(time.Duration(at)*time.Second)):
		r.Fatalf("second %d: %s though nothing shows it and what did was good until %s", at, l.State, l.Good)
	case there && (l.State == accompany.Led) != o.working:
		r.Fatalf("second %d: %s, working: %v", at, l.State, o.working)
	}
	if l.Presence == law.PresencePresent != there {
		r.Fatalf("second %d: %s, and the law is told %s", at, l.State, l.Presence)
	}
}

// Looking changes nothing: who looks at every second and who looks only when something happens tell the same story.
func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		seldom, often := begin(t), begin(t)
		last := 0
		for _, d := range deeds(r) {
			for at := last + 1; at < d.at; at += 7 {
				often.at(at, nil)
			}
			seldom.at(d.at, nil) // a command looks before it acts
			seldom.at(d.at, d.do)
			often.at(d.at, nil)
			often.at(d.at, d.do)
			last = d.at
		}
		if fmt.Sprint(seldom.told) != fmt.Sprint(often.told) || !maps.Equal(seldom.lead.Spent, often.lead.Spent) {
			r.Fatalf("seldom: %v\noften:  %v", seldom.told, often.told)
		}
	})
}
