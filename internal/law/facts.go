package law

import "time"

// Facts describe one task at one moment (At) and in one phase: everything a ruling may depend on, and nothing else.
// The words are those of the case format (see the package's testdata); the zero value of every word is the one that
// assumes least (unknown, none), so a fact that nobody filled in can never pass for a known good one.
type Facts struct {
	At          time.Time   `json:"at"`
	Phase       Phase       `json:"phase"`
	Acts        []string    `json:"acts"` // catalogue codes; at least one
	CaseKind    CaseKind    `json:"case_kind"`
	Tags        Tags        `json:"tags"`
	GuardNamed  Answer      `json:"guard_named"`  // a named guard (national-admin-procedure 58)
	EvidenceUse bool        `json:"evidence_use"` // material is meant to become evidence (Art. 17(3))
	Emergency   bool        `json:"emergency"`    // life, safety or property in immediate danger
	Signatory   Signatory   `json:"signatory"`    // who signs the documents produced
	Arrangement Arrangement `json:"arrangement"`
	Auxiliaries []Auxiliary `json:"auxiliaries"` // at least one
	Officers    []Officer   `json:"officers"`
	Command     *Command    `json:"command"` // Art. 17(4); nil: none was given

	// What a named approver has decided. Facts without decisions have the JSON they always had: stored rulings are replayed from it.
	Decisions []Decision `json:"decisions,omitempty"`
}

// Arrangement says on whose arrangement the work is done: Art. 14 and 16 name the organ, Art. 15 the organ and an officer.
type Arrangement struct {
	Organ   Answer `json:"organ"`
	Officer Answer `json:"officer"`
}

// Auxiliary is one person sent on the task. Role None is a person who is no auxiliary at all (Art. 3).
type Auxiliary struct {
	ID             string          `json:"id"`
	Role           Role            `json:"role"`
	Acts           []string        `json:"acts,omitempty"` // what this person does of the task's acts; empty: all of them
	Status         Status          `json:"status"`
	Training       Training        `json:"training"`
	Uniform        Uniform         `json:"uniform"`
	IDCard         Answer          `json:"id_card"`
	Recording      Recording       `json:"recording"`
	Recusal        Recusal         `json:"recusal"`
	Qualifications Vehicles        `json:"qualifications"`
	Operates       Vehicles        `json:"operates"`
	Equipment      []EquipmentItem `json:"equipment,omitempty"`
}

// EquipmentItem is one thing carried, used or kept by an auxiliary (Art. 14(3), 17(4), 18, 19¶1(4)).
type EquipmentItem struct {
	Class EquipmentClass `json:"class"`
	Item  string         `json:"item,omitempty"` // the organ's own name for it; what its restraint list names
	Use   EquipmentUse   `json:"use"`
}

// Officer is a people's police officer of the unit.
type Officer struct {
	ID        string   `json:"id"`
	Lead      bool     `json:"lead"`
	OnDuty    Answer   `json:"on_duty"`
	SameOrgan Answer   `json:"same_organ"`
	Presence  Presence `json:"presence"`
}

// Command is an officer's order for the use of restraint equipment (Art. 17(4)).
type Command struct {
	Mode     CommandMode `json:"mode"`
	Recorded bool        `json:"recorded"`
}

// Decision is what a named approver decided about one reason that a person had to settle (needs_human). It is about the reason of
// this clause, fact, act and person, in the words of the ruling that asked, and about no other; who decided, why and for how long
// is the service's to keep. Act and Person are "" where the reason names none.
type Decision struct {
	Citation string `json:"citation"`
	Fact     string `json:"fact"`
	Act      string `json:"act,omitempty"`
	Person   string `json:"person,omitempty"`
	Allow    bool   `json:"allow"`
}
