package accompany

import (
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// view is what speaks for and against an officer's presence at a moment.
type view struct {
	best    *Evidence // for it: the strongest that is good now
	good    time.Time // up to here something that is good now speaks for it: a weaker one may last longer
	against *Word     // against it: the worst word, which no evidence has overtaken
	apart   []Apart   // against it: from whom positions show the officer too far
	freed   time.Time // since then nobody is apart any more who was
	heard   bool      // what freed somebody are words that newer positions outweighed until those were too old
}

// view weighs everything that can be seen. Evidence with one of those led is enough; whatever speaks against it from any of them counts.
// Positions that spoke against it are not taken back by falling silent: it takes something newer between the two.
func (l *Lead) view(s Scene) (v view) {
	for _, p := range s.Led {
		best, good, apart := l.pair(s, p)
		if best != nil && l.apartFrom(p) != nil {
			since := best.At
			if silent := silentSince(s, p); best.Kind == ByWord && silent.After(later(s.Officer.Word.At, p.Word.At)) {
				since, v.heard = silent, true
			}
			v.freed = later(v.freed, since)
		}
		if apart != nil {
			v.apart = append(v.apart, *apart)
		}
		v.good = later(v.good, good)
		if best != nil && best.better(v.best) {
			v.best = best
		}
	}
	if len(v.apart) > 0 {
		v.best, v.good = nil, time.Time{}
	}
	v.against = l.against(s, v.best)
	return v
}

// pair is what shows the officer with one of those led and up to when something does, or too far from them.
func (l *Lead) pair(s Scene, p Person) (best *Evidence, good time.Time, apart *Apart) {
	d, inside, before := distanceNow(s, p), sameFacility(s.Officer, p), l.apartFrom(p)
	if d == tooFar && !inside && !l.codeSince(p, s) {
		now := Apart{p.ID, s.Now, later(s.Officer.Position.SeenAt, p.Position.SeenAt)}
		if before != nil {
			now.Since = before.Since
		}
		return nil, time.Time{}, &now
	}
	for _, e := range l.evidence(s, p, d, inside) {
		if e.At.After(s.Now) || e.Until.Before(s.Now) || before.outdates(e) {
			continue
		}
		if good = later(good, e.Until); e.better(best) {
			best = &e
		}
	}
	if best != nil {
		return best, good, nil
	}
	return nil, time.Time{}, before
}

func (l *Lead) apartFrom(p Person) *Apart {
	for i := range l.Apart {
		if l.Apart[i].With == p.ID {
			return &l.Apart[i]
		}
	}
	return nil
}

// outdates says that positions have spoken against it since. That two people checked in with one vehicle is from before they parted.
func (a *Apart) outdates(e Evidence) bool {
	return a != nil && (e.Kind == ByUnit || !e.At.After(a.Last))
}

// better prefers the stronger kind, and of one kind the newer.
func (e Evidence) better(than *Evidence) bool {
	if than == nil || rank[e.Kind] != rank[than.Kind] {
		return than == nil || rank[e.Kind] < rank[than.Kind]
	}
	return e.At.After(than.At)
}

var rank = map[Kind]int{ByCode: 0, ByFacility: 1, ByUnit: 2, ByPosition: 3, ByWord: 4}

// evidence is what shows that the officer is with one of those led.
func (l *Lead) evidence(s Scene, p Person, d nearness, inside bool) (list []Evidence) {
	add := func(kind Kind, at time.Time, good time.Duration) {
		list = append(list, Evidence{kind, p.ID, at, at.Add(good)})
	}
	if h := l.handshake(p); h != nil {
		add(ByCode, h.At, s.Limits.Word)
	}
	if inside {
		add(ByFacility, s.Now, s.Limits.Fresh)
	}
	if sameUnit(s.Officer, p) {
		add(ByUnit, s.Now, s.Limits.Fresh)
	}
	if d == near {
		add(ByPosition, earlier(s.Officer.Position.SeenAt, p.Position.SeenAt), s.Limits.Fresh)
	}
	if o := s.Officer.Word; says(o, law.PresencePresent) && says(p.Word, law.PresencePresent) {
		add(ByWord, earlier(o.At, p.Word.At), s.Limits.Word)
	}
	return list
}

func (l *Lead) handshake(p Person) *Handshake {
	for i := range l.Confirmed {
		if l.Confirmed[i].With == p.ID {
			return &l.Confirmed[i]
		}
	}
	return nil
}

// codeSince says that a code went between them after their positions were taken: a position can be wrong, a code cannot be read from
// afar.
func (l *Lead) codeSince(p Person, s Scene) bool {
	h := l.handshake(p)
	return h != nil && h.At.After(p.Position.SeenAt) && h.At.After(s.Officer.Position.SeenAt)
}

func sameUnit(a, b Person) bool {
	return a.Shift != nil && b.Shift != nil && a.Shift.Unit != "" && a.Shift.Unit == b.Shift.Unit
}

func sameFacility(a, b Person) bool {
	return a.Shift != nil && b.Shift != nil && a.Shift.Facility != "" && a.Shift.Facility == b.Shift.Facility
}

func says(w *Word, p law.Presence) bool { return w != nil && w.Says == p }

// against is the worst of the last words that say that the officer is not there. One who was on the way has come when something else
// shows so later. That he has gone is only taken back by who said so, or by a code that went between them since.
func (l *Lead) against(s Scene, best *Evidence) (worst *Word) {
	consider := func(p Person) {
		w := p.Word
		if w == nil || badness[w.Says] == 0 {
			return
		}
		h := l.handshake(p)
		overtaken := w.Says == law.PresenceEnRoute && best != nil && best.Kind != ByWord && best.At.After(w.At) ||
			h != nil && h.At.After(w.At) || p.ID == s.Officer.ID && l.confirmedAfter(w.At)
		if !overtaken && (worst == nil || badness[w.Says] > badness[worst.Says]) {
			worst = w
		}
	}
	consider(s.Officer)
	for _, p := range s.Led {
		consider(p)
	}
	return worst
}

func (l *Lead) confirmedAfter(at time.Time) bool {
	for _, h := range l.Confirmed {
		if h.At.After(at) {
			return true
		}
	}
	return false
}

// badness orders words that say that an officer is not there; zero says nothing of the kind.
var badness = map[law.Presence]int{law.PresenceDoubtful: 1, law.PresenceEnRoute: 2, law.PresenceRemote: 3, law.PresenceAbsent: 4}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
