package law

import "slices"

// Screen answers one question about many people: may this one do the work, and if not, by which clause first? The question is
// facts whose auxiliaries are left out; each person is judged as the only one of the unit, by the decisions about that person and
// about nobody in particular. The law sees little of a person, so
// most of a roster look alike to it: who cannot be told apart is judged once. A Screen is for one goroutine.
type Screen struct {
	book  *Book
	ed    *edition
	facts Facts
	alone [1]Auxiliary
	known map[likeness]Verdict

	general, personal []Decision // the approver's decisions; a personal one sets its person apart from those who look alike
}

// Screen begins to answer the question.
func (b *Book) Screen(question Facts) *Screen {
	s := &Screen{book: b, ed: b.at(question.At.Unix()), facts: question, known: map[likeness]Verdict{}}
	s.facts.Auxiliaries = s.alone[:]
	for _, d := range question.Decisions {
		if d.Person == "" {
			s.general = append(s.general, d)
		} else {
			s.personal = append(s.personal, d)
		}
	}
	return s
}

// decisionsOn are the decisions that bear on one person.
func (s *Screen) decisionsOn(a *Auxiliary) []Decision {
	list := slices.Clip(s.general)
	for _, d := range s.personal {
		if d.Person == a.ID {
			list = append(list, d)
		}
	}
	return list
}

// Lawful says yes or no for one person. It agrees with Decide.
func (s *Screen) Lawful(a *Auxiliary) (bool, error) {
	if like, ok := s.likenessOf(a); ok {
		if v, ok := s.known[like]; ok {
			return v.Outcome.Lawful(), nil
		}
	}
	v, err := s.Verdict(a)
	return err == nil && v.Outcome.Lawful(), err
}

// Verdict is what Decide says of one person.
func (s *Screen) Verdict(a *Auxiliary) (Verdict, error) {
	like, ok := s.likenessOf(a)
	if ok {
		if v, ok := s.known[like]; ok {
			return v.of(a), nil
		}
	}
	s.alone[0], s.facts.Decisions = *a, s.decisionsOn(a)
	v, err := s.book.Decide(&s.facts)
	if ok && err == nil {
		s.known[like] = v
	}
	return v, err
}

// of is the verdict on somebody who looks alike.
func (v Verdict) of(a *Auxiliary) Verdict {
	if v.Person != "" {
		v.Person = a.ID
	}
	return v
}

// likeness is all that the law sees of a person.
type likeness struct {
	words     uint64
	equipment uint64
}

// A likeness holds a few things of the equipment; nobody carries more that the law has anything to say about.
const (
	bitsOfThing = 7
	mostThings  = 9
)

// likenessOf is false for people who have to be looked at one by one: those who do only some of the acts or use restraint equipment,
// those about whom something was decided, and those whose words no list has.
func (s *Screen) likenessOf(a *Auxiliary) (l likeness, ok bool) {
	decided := slices.ContainsFunc(s.personal, func(d Decision) bool { return d.Person == a.ID })
	if decided || len(a.Acts) > 0 || !a.wordsKnown() {
		return l, false
	}
	for _, w := range [...]uint64{
		uint64(a.Role), uint64(a.Status), uint64(a.Training), uint64(a.Uniform), uint64(a.IDCard), uint64(a.Recording), uint64(a.Recusal),
		uint64(a.Qualifications), uint64(a.Operates),
	} {
		l.words = l.words<<7 | w // each is below 128
	}
	for i := range a.Equipment {
		item := &a.Equipment[i]
		thing, plain := s.ed.thing(item)
		if !plain || l.equipment>>(bitsOfThing*(mostThings-1)) != 0 || item.Class == EquipmentRestraint && item.Use == UseUse {
			return l, false
		}
		if thing != 0 {
			l.equipment = l.equipment<<bitsOfThing | thing
		}
	}
	return l, true
}

// thing is what an edition sees of a piece of equipment; zero: nothing. Of what several lists speak it sees more than fits here.
func (e *edition) thing(item *EquipmentItem) (thing uint64, plain bool) {
	lists := 0
	for _, d := range e.equipment[item.Class][item.Use] {
		thing |= 1<<6 | uint64(item.Class)<<3 | uint64(item.Use)<<1
		if d.listed != nil {
			lists++
		}
		if slices.Contains(d.list, item.Item) {
			thing |= 1
		}
	}
	return thing, lists < 2
}
