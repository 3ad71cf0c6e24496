package safety

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// Around are the people who could be told of an alarm, as the database knows them at that moment. All are active.
type Around struct {
	Officers []Officer // on duty, in the district of whoever is in danger, and in the organs above it
	Unit     []Helper  // those of the same task and who sent it
	Heads    []Boss    // of the organ and of those above it
	Here     *Spot     // where they were last, if they are on duty
}

// Helper is somebody to be told, and why.
type Helper struct {
	Person       uuid.UUID
	Number, Name string
	Why          Why
}

// Officer is a police officer on duty.
type Officer struct {
	Person       uuid.UUID
	Number, Name string
	Path         duty.Path // of their organ
	Spot         *Spot     // nil: not known
}

// Boss is a head of an organ.
type Boss struct {
	Person       uuid.UUID
	Number, Name string
	Path         duty.Path // of what they head
}

// Spot is a position in WGS-84 and when we learnt of it.
type Spot struct {
	Lat, Lon float64
	At       time.Time
}

const (
	nearest  = 5               // officers who are told because they are close
	freshFor = 5 * time.Minute // a position older than this comes after all that are not
	levelAll = 16              // organs above one another, at the most
)

// first are those whom an alarm is brought before at once: the nearest officers on duty in the district, or else all on duty in the
// organ; the unit; the heads of the organ. Where an organ has nobody at all the one above is asked, and so on up.
func first(a *Alarm, around Around, station duty.Path, now time.Time) (people []Helper, level duty.Path) {
	level = station
	people = append(people, near(around, spotOf(a, around), above(station), now)...)
	if len(people) == 0 {
		people = append(people, onDuty(around, station)...)
	}
	people = append(people, around.Unit...)
	for _, b := range around.Heads {
		if b.Path.Within(station) { // a squad's own among them
			people = append(people, Helper{b.Person, b.Number, b.Name, Head})
		}
	}
	people = others(people, a.Person.ID)
	if len(people) > 0 {
		return people, level
	}
	return wider(around, station, a.Person.ID)
}

// wider are the officers on duty at, and the heads of, the next organ above a level that has anybody; none when there is none.
func wider(around Around, level duty.Path, except uuid.UUID) (people []Helper, reached duty.Path) {
	for range levelAll {
		up := above(level)
		if up == "" {
			return nil, level
		}
		level = up
		for _, o := range around.Officers {
			if o.Path == level {
				people = append(people, Helper{o.Person, o.Number, o.Name, OnDuty})
			}
		}
		for _, b := range around.Heads {
			if b.Path == level {
				people = append(people, Helper{b.Person, b.Number, b.Name, Head})
			}
		}
		people = others(people, except)
		if len(people) > 0 {
			return people, level
		}
	}
	return nil, level
}

func others(people []Helper, except uuid.UUID) []Helper {
	return slices.DeleteFunc(people, func(h Helper) bool { return h.Person == except })
}

// near are the nearest officers with a position: those of whom we know where they are now before the others, then by distance, where
// we know where help is needed, then the freshest.
func near(around Around, from *Spot, district duty.Path, now time.Time) (people []Helper) {
	known := slices.DeleteFunc(slices.Clone(around.Officers), func(o Officer) bool {
		return o.Spot == nil || district != "" && !o.Path.Within(district)
	})
	slices.SortStableFunc(known, func(a, b Officer) int {
		stale := func(o Officer) int {
			if now.Sub(o.Spot.At) > freshFor {
				return 1
			}
			return 0
		}
		return cmp.Or(stale(a)-stale(b), cmp.Compare(distance(from, a.Spot), distance(from, b.Spot)), b.Spot.At.Compare(a.Spot.At))
	})
	for _, o := range known[:min(nearest, len(known))] {
		people = append(people, Helper{o.Person, o.Number, o.Name, Near})
	}
	return people
}

func onDuty(around Around, organ duty.Path) (people []Helper) {
	for _, o := range around.Officers {
		if o.Path.Within(organ) {
			people = append(people, Helper{o.Person, o.Number, o.Name, OnDuty})
		}
	}
	return people
}

// spotOf is where help is needed: as the alarm says, or where the person was last.
func spotOf(a *Alarm, around Around) *Spot {
	if a.Place != nil {
		if at, ok := a.Place.Point(); ok {
			return &Spot{Lat: at.Lat, Lon: at.Lon}
		}
	}
	return around.Here
}

// distance is in metres, and 0 where nobody knows from where.
func distance(from, to *Spot) float64 {
	if from == nil {
		return 0
	}
	return duty.Point{Lat: from.Lat, Lon: from.Lon}.Metres(duty.Point{Lat: to.Lat, Lon: to.Lon})
}

// above is the path of the organ above; the root's is empty.
func above(path duty.Path) duty.Path {
	trimmed := strings.TrimSuffix(string(path), "/")
	return duty.Path(trimmed[:strings.LastIndexByte(trimmed, '/')+1])
}

// District is the subtree in which officers are looked for: that of the organ above the station, or of the organ itself at the root.
func District(organ duty.Organ) duty.Path { return cmp.Or(above(organ.Employs()), organ.Employs()) }
