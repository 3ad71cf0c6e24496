package law

import "fmt"

// The words that facts are made of. Each is a small closed list; the zero value always assumes least.

type (
	Phase          uint8
	CaseKind       uint8
	Answer         uint8
	Signatory      uint8
	Role           uint8
	Status         uint8
	Training       uint8
	Uniform        uint8
	Recording      uint8
	Recusal        uint8
	EquipmentClass uint8
	EquipmentUse   uint8
	Presence       uint8
	CommandMode    uint8
)

const (
	Dispatch Phase = iota // an order is about to be given
	Start                 // work is about to begin
	During                // re-ruled whenever a fact changes
)

const (
	CaseNone CaseKind = iota
	CaseAdministrative
	CaseCriminal
)

const (
	Unknown Answer = iota
	No
	Yes
)

const (
	SignatoryNone Signatory = iota
	SignatoryOfficer
	SignatoryAuxiliary
)

const (
	RoleNone Role = iota // volunteer, guard, canteen: no auxiliary (Art. 3)
	RoleField
	RoleCivilian
)

const (
	StatusUnknown Status = iota
	StatusActive
	StatusSuspended
	StatusSeparated // Art. 37
)

const (
	TrainingUnknown Training = iota
	TrainingPassed
	TrainingRefresherOverdue
	TrainingMissing
	TrainingExpired
)

const (
	UniformUnknown Uniform = iota
	UniformYes
	UniformNo
	UniformPlainClothesOrder
)

const (
	RecordingUnknown Recording = iota
	RecordingOn
	RecordingOff
	RecordingBuffering
)

const (
	RecusalNone Recusal = iota
	RecusalPending
	RecusalGranted
	RecusalRefused
)

const (
	EquipmentOrdinary EquipmentClass = iota
	EquipmentProtective
	EquipmentRestraint
	EquipmentPoliceInstrument
	EquipmentWeapon
)

const (
	UseCarry EquipmentUse = iota
	UseUse
	UseKeep
)

const (
	PresenceUnknown Presence = iota
	PresencePresent
	PresenceRemote
	PresenceDoubtful
	PresenceAbsent
	PresenceEnRoute
)

const (
	ModeNone CommandMode = iota
	ModeCommand
	ModeLead
)

var (
	phaseWords     = words{"phase", []string{"dispatch", "start", "during"}}
	caseKindWords  = words{"case_kind", []string{"none", "administrative", "criminal"}}
	answerWords    = words{"answer", []string{"unknown", "no", "yes"}}
	signatoryWords = words{"signatory", []string{"none", "officer", "auxiliary"}}
	roleWords      = words{"role", []string{"none", "field", "civilian"}}
	statusWords    = words{"status", []string{"unknown", "active", "suspended", "separated"}}
	trainingWords  = words{"training", []string{"unknown", "passed", "refresher_overdue", "missing", "expired"}}
	uniformWords   = words{"uniform", []string{"unknown", "yes", "no", "plain_clothes_order"}}
	recordingWords = words{"recording", []string{"unknown", "on", "off", "buffering"}}
	recusalWords   = words{"recusal", []string{"none", "pending", "granted", "refused"}}
	classWords     = words{"class", []string{"ordinary", "protective", "restraint", "police_instrument", "weapon"}}
	useWords       = words{"use", []string{"carry", "use", "keep"}}
	presenceWords  = words{"presence", []string{"unknown", "present", "remote", "doubtful", "absent", "en_route"}}
	modeWords      = words{"mode", []string{"none", "command", "lead"}}
	tagWords       = words{"tag", []string{
		"state_secret", "counter_terrorism", "highway", "poor_visibility", "injury", "alcohol",
		"first_response", "party_asks_officer", "continued_questioning", "facility",
		"motorway", "urban_expressway", "trunk_road", "drunk_driving", "accident_investigation",
	}}
	vehicleWords = words{"qualification", []string{"car", "motorcycle", "boat", "aircraft", "robot", "drone"}}
)

// words is one closed list: the field it belongs to and its words, indexed by value.
type words struct {
	field string
	list  []string
}

func (w words) text(v uint8) ([]byte, error) {
	if int(v) >= len(w.list) {
		return nil, fmt.Errorf("%s: no word for value %d", w.field, v)
	}
	return []byte(w.list[v]), nil
}

func (w words) name(v uint8) string {
	if int(v) >= len(w.list) {
		return fmt.Sprintf("%s(%d)", w.field, v)
	}
	return w.list[v]
}

func (w words) parse(text []byte) (uint8, error) {
	for i, word := range w.list {
		if word == string(text) {
			return uint8(i), nil
		}
	}
	return 0, fmt.Errorf("%s: unknown word %q, want one of %v", w.field, text, w.list)
}
