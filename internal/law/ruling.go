// Package law is the heart of the project: a pure function from facts to a ruling. It reads the statute as data, knows no
// clock, no network and no database, and gives the same answer to the same facts for ever.
package law

// Outcome is the answer of a ruling, ordered from best to worst so that the worst of two is the larger one.
type Outcome uint8

const (
	Permitted    Outcome = iota // a clause permits it and everything owed by this phase is met
	Conditional                 // permitted; some obligations are open, or unknown where a reading says that this only warns
	NeedsHuman                  // a person must settle something first, by name and with a reason
	Unmet                       // permitted on a condition that is known not to hold now
	OutsideScope                // nothing forbids it and nothing permits it for this role
	Prohibited                  // a clause forbids it
)

var outcomeWords = words{"outcome", []string{
	"permitted", "conditional", "needs_human", "unmet", "outside_scope", "prohibited",
}}

func (o Outcome) String() string               { return outcomeWords.name(uint8(o)) }
func (o Outcome) MarshalText() ([]byte, error) { return outcomeWords.text(uint8(o)) }

func (o *Outcome) UnmarshalText(text []byte) error {
	v, err := outcomeWords.parse(text)
	*o = Outcome(v)
	return err
}

// Lawful says whether the work may go ahead under this outcome.
func (o Outcome) Lawful() bool { return o <= Conditional }

// Ruling answers Facts: the outcome, every reason for it (never only the first), the obligations that go with the work and
// what would make a refused task lawful. Rulebooks and Readings name what was applied, so that the ruling can be derived again.
type Ruling struct {
	Outcome     Outcome          `json:"outcome"`
	Reasons     []Reason         `json:"reasons"`
	Obligations []ObligationNote `json:"obligations"` // one for each obligation looked at, worst state over the people it binds
	Remedies    []Remedy         `json:"remedies"`
	Advice      []Advice         `json:"advice"` // warnings without effect on the outcome
	Rulebooks   []RulebookRef    `json:"rulebooks"`
	Readings    string           `json:"readings"` // id of the reading set: hash of the values in force
}

// Reason is one item or condition that was looked at, and of what or whom.
type Reason struct {
	*Finding
	Act    string `json:"act,omitempty"`
	Person string `json:"person,omitempty"`
}

// Finding is what a rule says to one way the facts can stand. It is rendered when the rulebook is loaded and shared by all
// rulings: read it, never write to it.
type Finding struct {
	Citation string  `json:"citation"` // "cq-2021 16(2)", "cq-2021 19¶1(3)", "national-admin-procedure 52¶2"
	Verdict  Outcome `json:"verdict"`  // what this reason alone would make of the task
	Message  Text    `json:"message"`
	Fact     string  `json:"fact"`             // the fact judged, "recording=off"
	Remedy   string  `json:"remedy,omitempty"` // code of the remedy, if one exists
}

// Text is a message for people, in both languages of the service.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// ObligationState is how an obligation stands at the ruled moment.
type ObligationState uint8

const (
	Met ObligationState = iota
	Open
	ObligationUnknown
	ObligationUnmet
)

var obligationWords = words{"obligation", []string{"met", "open", "unknown", "unmet"}}

func (s ObligationState) String() string               { return obligationWords.name(uint8(s)) }
func (s ObligationState) MarshalText() ([]byte, error) { return obligationWords.text(uint8(s)) }

func (s *ObligationState) UnmarshalText(text []byte) error {
	v, err := obligationWords.parse(text)
	*s = ObligationState(v)
	return err
}

// ObligationNote reports one obligation, in its worst state.
type ObligationNote struct {
	*Obligation
	Person string `json:"person,omitempty"` // whose state it is, where it is one person's
}

// Obligation is an obligation in one state, with the clause that asks for it, when it is due and the fact it was judged on.
// Like Finding it is shared.
type Obligation struct {
	Kind     string          `json:"kind"` // "recording", "lead_officer", ...
	State    ObligationState `json:"state"`
	Citation string          `json:"citation"`
	Due      string          `json:"due"` // dispatch, start, used, after
	Fact     string          `json:"fact"`
}

// Remedy is something that would remove a reason for refusal.
type Remedy struct {
	Code    string `json:"code"` // "name_lead_officer", "start_recording", ...
	Message Text   `json:"message"`
}

// Advice is a warning that changes nothing.
type Advice struct {
	Code     string `json:"code"`
	Citation string `json:"citation,omitempty"`
	Message  Text   `json:"message"`
}

// RulebookRef names one instrument that took part, by id and content hash.
type RulebookRef struct {
	ID   string `json:"id"`
	Hash string `json:"hash"`
}
