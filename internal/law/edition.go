package law

// Book is a rulebook with its overlays under one set of readings, compiled: acts are small integers, what is owed for an act is
// a few pointers and one word of bits. It does not change and may be used by any number of goroutines.
type Book struct {
	id        string
	acts      []ActInfo
	index     map[string]int32
	editions  []edition // by date; each holds from its start to the next one's
	rulebooks []RulebookRef
	readings  string
	parts     []*instrument // base first, for Explain
	values    readingValues
	entries   []Entry
}

// edition is the law between two dates on which something changes.
type edition struct {
	from      int64 // seconds since 1970
	closed    *finding
	acts      []actRule
	duties    []duty // of people and of the task, one bit each
	person    uint64 // the bits that are people's
	always    uint64 // the bits that no circumstance narrows
	restraint uint64 // owed by whoever uses restraint equipment
	equipment [EquipmentWeapon + 1][UseKeep + 1][]*equipmentDuty
	advice    []adviceDuty
	gates     []gate // what applicants are asked
}

// actRule is what the law says of one act.
type actRule struct {
	byRole    [RoleCivilian + 1]*finding
	owed      uint64 // bits of edition.duties
	own       []*duty
	forbidden []forbidding
	advice    uint64
	emergency bool
}

// duty is one compiled condition. Table holds, by mode and code, what is found.
type duty struct {
	kind  kind
	when  when
	table [modes][]*finding

	organ, officer bool // arrangement: whose is asked for
	either         bool
	remote         bool // the lead may be remote; a command may
	anyOrgan       bool // the lead may be of another organ
	waives         bool // plain clothes waive the work card
	enRoute        bool // an officer on the way is enough
	role           Role
	otherRole      bool // the other role is judged like the role spoken of
	denied         bool // the other role is refused, qualified or not
	list           []string
	combos         []combo
}

// A mode is the phase and how the emergency bears on the condition.
const (
	plain     = 0 // as always
	opened    = 1 // an emergency leaves it open until afterwards
	emergency = 2 // an emergency, which does not open this
	variants  = 3
	modes     = 3 * variants
)

type equipmentDuty struct {
	byRole   [RoleCivilian + 1]*finding // what it means whatever the item is; nil: the list decides
	list     []string
	listed   *finding
	unlisted *finding
}

// forbidding closes an act in a circumstance.
type forbidding struct {
	tags           Tags
	cases, signs   uint8
	calm, inDanger *finding
}

func (x *forbidding) applies(f *Facts) bool {
	return f.Tags&x.tags != 0 || x.cases>>f.CaseKind&1 != 0 || x.signs>>f.Signatory&1 != 0
}

func (w when) holds(f *Facts) bool {
	return (w.tags == 0 || f.Tags&w.tags != 0) && f.Tags.Has(w.all) && (w.cases == 0 || w.cases>>f.CaseKind&1 != 0)
}

type adviceDuty struct {
	code   string
	bound  int
	advice Advice
}

// finding is one thing that a rule can say, rendered at load: a ruling only points at it.
type finding struct {
	reason Finding
	kind   kind // the obligation it notes; kindCount: none
	notes  Obligation
	remedy remedy
	beside *finding

	// Of a finding that a person must settle: what it is once the named approver has refused or allowed it.
	refused, allowed *finding
}
