// Package outbox owns what phones did without network: it takes in signed records in any order, keeps every one of them, applies them
// in the order in which they were made, and says what is wrong with that order. It decides nothing about the duty in them: each is
// carried out as the request that it is, by those who carry out every other.
package outbox

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Signer is a device with its key.
type Signer struct {
	Device     uuid.UUID
	Person     uuid.UUID
	Path       duty.Path  // of the person's organ
	RevokedAt  *time.Time // nil: it is in use
	Key        []byte     // uncompressed P-256 point; empty: none is enrolled
	Thumbprint string
}

// State is what became of a record that is kept.
type State string

const (
	Stored      State = "stored"      // to be applied
	Applied     State = "applied"     // its request was carried out
	Refused     State = "refused"     // its request was carried out, and answered with a no
	Forked      State = "forked"      // another record has its place: evidence, never applied
	Quarantined State = "quarantined" // of a revoked device: somebody decides
	Rejected    State = "rejected"    // from quarantine
)

// Kept is a record as it is kept.
type Kept struct {
	Device    uuid.UUID
	N         int64
	Hash      string
	ID        uuid.UUID
	Signed    string
	State     State
	Attempts  int
	Released  bool
	Received  time.Time
	SettledAt *time.Time
	Answer    *Answer
	Made      *duty.Interval
}

// Answer is what the request of a record was answered, when it was carried out.
type Answer struct {
	Status    int          `json:"status"`
	Operation string       `json:"operation,omitempty"`
	Target    *uuid.UUID   `json:"target,omitempty"` // whose id stands in the path
	Fault     *fault.Error `json:"fault,omitempty"`  // why not
	Ruling    *uuid.UUID   `json:"ruling,omitempty"`
	Outcome   string       `json:"outcome,omitempty"` // of the ruling
	Task      *uuid.UUID   `json:"task,omitempty"`
}

// Good says whether the request was carried out.
func (a *Answer) Good() bool { return a.Status >= 200 && a.Status < 300 }

// byLaw says whether the law refused.
func (a *Answer) byLaw() bool { return !a.Good() && a.Ruling != nil }

// Carrier carries out the request of a record as its device's actor, exactly as if it had been sent: held to the contract, under its
// own id, once. An answer with a status of 500 and above, or one that says that it is still being carried out, is no answer.
type Carrier interface {
	Carry(ctx context.Context, actor duty.Actor, r Request) (Answer, error)
}

// Request is what a record asks for.
type Request struct {
	ID   uuid.UUID
	Path string
	Body []byte
	Made duty.Interval
}

// Witness hears of work that began without network and without a lawful ruling. Hearing it twice does no harm.
type Witness interface {
	StartedOffline(ctx context.Context, o duty.OfflineStart) error
}

// Store keeps records. All times are by the database clock.
type Store interface {
	Intakes
	Appliers
	Reviews
}

// Intakes take records in.
type Intakes interface {
	// Signers finds devices with their keys, whoever's they are.
	Signers(ctx context.Context, devices []uuid.UUID) (map[uuid.UUID]Signer, error)
	// TakeIn locks the device's records, has decide judge some new ones by what there is, and writes what it says, or nothing.
	TakeIn(ctx context.Context, of Signer, records []Record, decide func(Chain) (Intake, error)) error
	// CountRefused adds to what a device has brought in vain.
	CountRefused(ctx context.Context, of Signer, notYours, malformed int) error
	// RecordsAt lists what has become of records; waiting is the first counter of those that are missing and waited for.
	RecordsAt(ctx context.Context, device uuid.UUID, counters []int64) (kept []Kept, waiting int64, err error)
}

// Chain is what is known of a device's records around new ones.
type Chain struct {
	Now      time.Time
	Top      int64
	Known    []Link
	Findings []Finding // the open gaps, and whatever was found at the new records' counters or next to them
}

// Intake is what new records leave behind.
type Intake struct {
	Add    []Added
	Top    int64
	Open   []Finding
	Change []Finding // as they are now: another run of missing records, more records that show it, or closed
	Events []ledger.Event
}

// Added is a record to be kept.
type Added struct {
	Record
	State State
}

// Appliers apply what was kept. A device's records are applied by one at a time, who holds its lease.
type Appliers interface {
	// ClaimOutbox takes the lease of a device, unless another one holds it.
	ClaimOutbox(ctx context.Context, device, holder uuid.UUID, lease time.Duration) (bool, error)
	// ClaimDueOutboxes takes the leases of devices of which something is due.
	ClaimDueOutboxes(ctx context.Context, holder uuid.UUID, lease time.Duration, most int) ([]uuid.UUID, error)
	// NextRecords is what is to be applied: calls for help, and then the others, in the order of the counters.
	NextRecords(ctx context.Context, device uuid.UUID, most int) (Work, error)
	// SettleRecord writes what became of a record, and keeps the lease; it writes nothing when somebody else has that.
	SettleRecord(ctx context.Context, holder uuid.UUID, lease time.Duration, s Settled) (Standing, error)
	// IsolateRecords puts what is stored of a device that was revoked, and was not released, into quarantine.
	IsolateRecords(ctx context.Context, device uuid.UUID, event func(n int, at time.Time) (ledger.Event, error)) error
	// TellGaps has the gaps told that records waited for in vain.
	TellGaps(ctx context.Context, device uuid.UUID, hold time.Duration, event func(Finding, time.Time) (ledger.Event, error)) error
	// ReleaseOutbox gives the lease back; due is when there is something to do again (nil: when something comes). What came meanwhile is due now.
	ReleaseOutbox(ctx context.Context, device, holder uuid.UUID, arrivals int64, due *time.Time) error
}

// Work is what there is to apply of a device.
type Work struct {
	Now      time.Time
	Signer   Signer
	Actor    *duty.Actor // nil: the person has left
	Through  int64
	Arrivals int64
	Missing  []Missing
	Records  []Todo
}

// Todo is a record to be applied.
type Todo struct {
	Kept
	Help   bool      // it calls for help, and waits for no other
	Before *Reckoned // the nearest record before it whose interval is known
	By     time.Time // it must have been made by then
}

// Standing is where an applier stands once a record is settled.
type Standing struct {
	Mine    bool // the lease
	Revoked bool // the device
}

// Settled is what became of a record.
type Settled struct {
	Device  uuid.UUID
	N       int64
	Hash    string
	State   State // Stored: another attempt later
	Answer  *Answer
	Made    duty.Interval
	Through int64
	Found   *Finding
	Event   *ledger.Event // of what was found, if it is new
}

// Finding is something that is wrong with the records of a device.
type Finding struct {
	ID       uuid.UUID
	Device   uuid.UUID
	Person   uuid.UUID
	Path     duty.Path
	Kind     Kind
	Key      string
	First    int64
	Last     int64
	Hashes   []string
	Seconds  int64 // of a skew: how far the phone's clock was ahead
	OpenedAt time.Time
	Open     bool
	ClosedAt *time.Time
	ClosedBy *uuid.UUID
	Reason   string
	Told     bool
}

// Reviews are for those who look after what is wrong.
type Reviews interface {
	// Findings lists what the actor sees, oldest first.
	Findings(ctx context.Context, actor duty.Actor, f Filter) ([]Finding, error)
	// CloseFinding runs a command on a finding in the actor's sight (fault.NotFound).
	CloseFinding(ctx context.Context, actor duty.Actor, cmd duty.Command, id uuid.UUID, decide func(Finding, time.Time) (Finding, ledger.Event, error)) (Finding, bool, error)
	// Quarantine lists what the actor sees of it.
	Quarantine(ctx context.Context, actor duty.Actor, f Filter) ([]Held, error)
	// DecideQuarantine runs a command on the quarantined records of a device in the actor's sight (fault.NotFound when there are none), of
	// which it says the hash, the person and the organ.
	DecideQuarantine(ctx context.Context, actor duty.Actor, cmd duty.Command, device uuid.UUID, decide func([]Held, time.Time) (Verdict, error)) (n int, replay bool, err error)
}

// Filter narrows a list.
type Filter struct {
	Open  bool // else what is closed
	Path  duty.Path
	After *uuid.UUID
	// AfterRecord is what After is among records, which have no id that is theirs alone.
	AfterRecord string
	Limit       int
}

// Held is a record in quarantine.
type Held struct {
	Kept
	Person    uuid.UUID
	Path      duty.Path
	RevokedAt *time.Time
	Request   Record // as it was signed
}

// AfterRevocation says whether the record itself shows that it was made after the device was revoked.
func (h *Held) AfterRevocation() bool {
	return h.RevokedAt != nil && h.Request.Server != nil && h.Request.Server.At.After(*h.RevokedAt)
}

// Verdict is what becomes of records in quarantine.
type Verdict struct {
	Release bool // else they are rejected
	Reason  string
	Hashes  []string
	Event   ledger.Event
}
