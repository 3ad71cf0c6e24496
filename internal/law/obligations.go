package law

// kind is one of the closed list of conditions that a rulebook can ask for.
type kind uint8

const (
	kindArrangement kind = iota
	kindStatus
	kindTraining
	kindQualification
	kindNoRecusal
	kindLeadOfficer
	kindUniform
	kindIDCard
	kindRecording
	kindOfficerCommand
	kindMinOfficers
	kindCombination
	kindGuardNamed
	kindOfficerEnRoute
	kindEvidenceReview
	kindAuxiliary // Art. 3: not an obligation of the unit but who the law speaks of
	kindInForce   // Art. 44
	kindCount
)

var conditionWords = words{"obligation", []string{
	"arrangement", "status", "training", "qualification", "no_recusal", "lead_officer", "uniform", "id_card", "recording",
	"officer_command", "min_officers", "combination", "guard_named", "officer_en_route", "evidence_review", "auxiliary", "in_force",
}}

func (k kind) String() string { return conditionWords.name(uint8(k)) }

// due is when a condition must hold.
type due uint8

const (
	dueDispatch due = iota
	dueStart
	dueUsed
	dueAfter
)

var dueWords = words{"due", []string{"dispatch", "start", "used", "after"}}

// level is whose condition it is: an act's (it is about the unit), a person's, or the task's as a whole.
type level uint8

const (
	actLevel level = iota
	personLevel
	taskLevel
)

// spec is what is the same in every rulebook about a kind of condition.
type spec struct {
	level  level
	due    due
	opens  bool // an emergency turns it open
	open   Text // said at dispatch of what is due at start
	params map[string][]string
	codes  []code
}

// code is one way the facts can stand under a condition, with what it means.
type code struct {
	fact       string
	state      ObligationState
	verdict    Outcome
	text       Text
	remedy     remedy
	atDispatch bool // judged at dispatch already, although the condition is due at start
	during     bool // during the work it only leaves the ruling conditional: the lead state has its own grace
}

func met(fact, zh, en string) code {
	return code{fact: fact, state: Met, verdict: Permitted, text: Text{zh, en}}
}

func lacking(fact string, r remedy, zh, en string) code {
	return code{fact: fact, state: ObligationUnmet, verdict: Unmet, text: Text{zh, en}, remedy: r}
}

func uncertain(fact string, r remedy, zh, en string) code {
	return code{fact: fact, state: ObligationUnknown, verdict: NeedsHuman, text: Text{zh, en}, remedy: r}
}

func (c code) with(verdict Outcome) code { c.verdict = verdict; return c }
func (c code) named() code               { c.atDispatch = true; return c }
func (c code) graced() code              { c.during = true; return c }

// The codes of each kind. Where a fact is one word of a list, the code is the word's value.
const (
	arrangementMet = iota
	organNot
	organUnknown
	officerNot
	officerUnknown
	neitherArranged
	eitherUnknown
)

const (
	vehicleMissing    = iota // plus the vehicle's number
	vehicleHeld       = 6
	vehicleOtherRole  = 7
	vehicleOtherAny   = 8
	vehicleKinds      = 6
	commandMet        = 0
	commandNoDanger   = 1
	commandUnlisted   = 2
	commandNone       = 3
	commandUnrecorded = 4
	commandNobody     = 5
	commandDoubtful   = 6
	commandOtherRole  = 7
	countUnknown      = 0
	countShort        = 1
	countMet          = 2
	countLeadUnknown  = 3
	idCardWaived      = 3
)

const (
	leadNone = iota
	leadSeveral
	leadOffDuty
	leadDutyUnknown
	leadOtherOrgan
	leadOrganUnknown
	leadPresence // plus the presence's value
)
