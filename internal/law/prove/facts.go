package prove

import (
	"math/big"
	"slices"
	"strings"

	"github.com/dutybound/dutybound/internal/law"
)

// A part is a group of facts that some condition looks at together, and that no other condition looks at. What a ruling says of
// a part depends on the scene and on the part alone; the walk holds every ruling to that.
type part struct {
	name     string
	facts    []string // as statements name them, one for each word of a value
	about    []string // how the fact of a reason about this part begins
	fields   []string // of law.Facts, that it varies
	values   []value  // the plainest first
	byWords  map[string][]int32
	unfolded *big.Int // how many values there are before sets and officers are folded
}

// value is one way the facts of a part can stand.
type value struct {
	words []string
	cost  int // how many facts are not the plainest
	set   func(*law.Facts)
}

// Where the parts stand in the list; the unit is folded by what is asked of it.
const (
	scenePart = -1
	unitPart  = 10
)

// words makes a part of one fact, whose words are numbered as in package law.
func words(fact, field string, plain int, set func(f *law.Facts, word int)) part {
	list := law.StatementFacts()[fact]
	p := part{name: fact, facts: []string{fact}, about: []string{fact + "="}, fields: []string{field}}
	for i, word := range list {
		v := value{words: []string{word}, cost: 1, set: func(f *law.Facts) { set(f, i) }}
		if i == plain {
			v.cost = 0
		}
		p.values = append(p.values, v)
	}
	p.values[0], p.values[plain] = p.values[plain], p.values[0]
	p.unfolded = big.NewInt(int64(len(list)))
	return p
}

// both makes one part of two.
func both(name string, a, b part) part {
	p := part{
		name: name, facts: slices.Concat(a.facts, b.facts), about: slices.Concat(a.about, b.about),
		fields: slices.Concat(a.fields, b.fields), unfolded: new(big.Int).Mul(a.unfolded, b.unfolded),
	}
	for _, x := range a.values {
		for _, y := range b.values {
			p.values = append(p.values, value{
				words: slices.Concat(x.words, y.words), cost: x.cost + y.cost,
				set: func(f *law.Facts) { x.set(f); y.set(f) },
			})
		}
	}
	return p
}

// everybody sets a fact of each auxiliary: those of a unit are alike.
func everybody(set func(*law.Auxiliary)) func(*law.Facts) {
	return func(f *law.Facts) {
		for i := range f.Auxiliaries {
			set(&f.Auxiliaries[i])
		}
	}
}

// parts are all facts of a task that are not the scene's, with units of up to these numbers.
func parts(officers, auxiliaries int) []part {
	list := allParts(max(officers, 2), max(auxiliaries, 1))
	for i := range list {
		list[i].byWords = map[string][]int32{}
		for v, x := range list[i].values {
			list[i].byWords[joined(x.words)] = append(list[i].byWords[joined(x.words)], int32(v))
		}
	}
	return list
}

func allParts(officers, auxiliaries int) []part {
	return []part{
		words("training", "Auxiliaries.Training", int(law.TrainingPassed), func(f *law.Facts, w int) {
			everybody(func(a *law.Auxiliary) { a.Training = law.Training(w) })(f)
		}),
		both("dress",
			words("uniform", "Auxiliaries.Uniform", int(law.UniformYes), func(f *law.Facts, w int) {
				everybody(func(a *law.Auxiliary) { a.Uniform = law.Uniform(w) })(f)
			}),
			words("id_card", "Auxiliaries.IDCard", int(law.Yes), func(f *law.Facts, w int) {
				everybody(func(a *law.Auxiliary) { a.IDCard = law.Answer(w) })(f)
			})),
		words("recording", "Auxiliaries.Recording", int(law.RecordingOn), func(f *law.Facts, w int) {
			everybody(func(a *law.Auxiliary) { a.Recording = law.Recording(w) })(f)
		}),
		words("recusal", "Auxiliaries.Recusal", int(law.RecusalNone), func(f *law.Facts, w int) {
			everybody(func(a *law.Auxiliary) { a.Recusal = law.Recusal(w) })(f)
		}),
		vehicles(),
		gear(),
		arrangement(),
		words("signatory", "Signatory", int(law.SignatoryNone), func(f *law.Facts, w int) { f.Signatory = law.Signatory(w) }),
		words("guard_named", "GuardNamed", int(law.Yes), func(f *law.Facts, w int) { f.GuardNamed = law.Answer(w) }),
		words("evidence_use", "EvidenceUse", 0, func(f *law.Facts, w int) { f.EvidenceUse = w == 1 }),
		unit(officers, auxiliaries),
	}
}

func arrangement() part {
	p := both("arrangement",
		words("arrangement.organ", "Arrangement.Organ", int(law.Yes), func(f *law.Facts, w int) { f.Arrangement.Organ = law.Answer(w) }),
		words("arrangement.officer", "Arrangement.Officer", int(law.Yes), func(f *law.Facts, w int) { f.Arrangement.Officer = law.Answer(w) }))
	p.about = []string{"arrangement"}
	return p
}

// vehicles: what is found of several is what is found of each, so at most one is walked; the samples hold any set to that.
func vehicles() part {
	p := part{
		name: "vehicles", facts: []string{"operates", "qualifications"}, about: []string{"operates="},
		fields: []string{"Auxiliaries.Operates", "Auxiliaries.Qualifications"},
	}
	add := func(operates, holds law.Vehicles) {
		p.values = append(p.values, value{
			words: []string{wordOf(operates), wordOf(holds)}, cost: len(operates.Words()) + len(holds.Words()),
			set: everybody(func(a *law.Auxiliary) { a.Operates, a.Qualifications = operates, holds }),
		})
	}
	add(0, 0)
	all := law.Vehicles(1<<8 - 1).Words()
	for i := range all {
		v := law.Vehicles(1) << i
		add(v, v)
		add(v, 0)
		add(0, v)
	}
	p.unfolded = power(4, len(all))
	return p
}

func wordOf(v law.Vehicles) string { return strings.Join(append(v.Words(), "none")[:1], "") }

// The items of restraint equipment: one on every list that the organ keeps, one on none.
const (
	listedItem   = "listed item"
	unlistedItem = "other item"
)

// things are the ways of having one thing, but for restraint equipment in use.
var things = func() (list []law.EquipmentItem) {
	for class := law.EquipmentOrdinary; class <= law.EquipmentWeapon; class++ {
		for use := law.UseCarry; use <= law.UseKeep; use++ {
			switch {
			case class != law.EquipmentRestraint:
				list = append(list, law.EquipmentItem{Class: class, Use: use})
			case use != law.UseUse:
				list = append(list,
					law.EquipmentItem{Class: class, Use: use, Item: listedItem}, law.EquipmentItem{Class: class, Use: use, Item: unlistedItem})
			}
		}
	}
	return list
}()

// gear is what is carried, used and kept. As with vehicles at most one thing is walked, and any set is sampled.
func gear() part {
	p := part{name: "equipment", facts: []string{"equipment"}, about: []string{"equipment="}, fields: equipmentFields}
	add := func(word string, cost int, set ...law.EquipmentItem) {
		p.values = append(p.values, value{
			words: []string{word}, cost: cost,
			set: everybody(func(a *law.Auxiliary) { a.Equipment = slices.Concat(inUse(a.Equipment), set) }),
		})
	}
	add("none", 0)
	for _, x := range things {
		add(x.Class.String()+" "+x.Use.String(), 1, x)
	}
	p.unfolded = power(2, len(things))
	return p
}

var equipmentFields = []string{"Auxiliaries.Equipment.Class", "Auxiliaries.Equipment.Item", "Auxiliaries.Equipment.Use"}

// inUse keeps the restraint equipment in use, which belongs to the scene.
func inUse(list []law.EquipmentItem) (used []law.EquipmentItem) {
	for _, x := range list {
		if x.Class == law.EquipmentRestraint && x.Use == law.UseUse {
			used = append(used, x)
		}
	}
	return used
}

func power(base, n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(int64(base)), big.NewInt(int64(n)), nil)
}
