package law

import (
	"encoding/json"
	"math/bits"
)

// Tags is a set of the circumstances of a task (tagWords), Vehicles of things that take a qualification (Art. 18).
type (
	Tags     uint16
	Vehicles uint8
)

const (
	TagStateSecret Tags = 1 << iota
	TagCounterTerrorism
	TagHighway
	TagPoorVisibility
	TagInjury
	TagAlcohol
	TagFirstResponse
	TagPartyAsksOfficer
	TagContinuedQuestioning
	TagFacility
	TagMotorway
	TagUrbanExpressway
	TagTrunkRoad
	TagDrunkDriving
	TagAccidentInvestigation
	lastTag = TagAccidentInvestigation
)

const (
	Car Vehicles = 1 << iota
	Motorcycle
	Boat
	Aircraft
	Robot
	Drone
)

// Has says whether every tag of want is set.
func (t Tags) Has(want Tags) bool { return t&want == want }

// Words lists the set's words in catalogue order.
func (t Tags) Words() []string     { return setWords(tagWords, uint16(t)) }
func (v Vehicles) Words() []string { return setWords(vehicleWords, uint16(v)) }

func (t Tags) MarshalJSON() ([]byte, error)     { return json.Marshal(t.Words()) }
func (v Vehicles) MarshalJSON() ([]byte, error) { return json.Marshal(v.Words()) }

func (t *Tags) UnmarshalJSON(data []byte) error {
	set, err := parseSet(tagWords, data)
	*t = Tags(set)
	return err
}

func (v *Vehicles) UnmarshalJSON(data []byte) error {
	set, err := parseSet(vehicleWords, data)
	*v = Vehicles(set)
	return err
}

func setWords(w words, set uint16) []string {
	list := make([]string, 0, bits.OnesCount16(set))
	for i, word := range w.list {
		if set&(1<<i) != 0 {
			list = append(list, word)
		}
	}
	return list
}

func parseSet(w words, data []byte) (uint16, error) {
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		return 0, err
	}
	var set uint16
	for _, word := range list {
		i, err := w.parse([]byte(word))
		if err != nil {
			return 0, err
		}
		set |= 1 << i
	}
	return set, nil
}

// Vehicle is the vehicle a word names.
func Vehicle(word string) (Vehicles, bool) {
	i, err := vehicleWords.parse([]byte(word))
	return 1 << i, err == nil
}
