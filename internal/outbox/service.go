package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
)

// Service takes records in and applies them.
type Service struct {
	store   Store
	carrier Carrier
	witness Witness
	log     *slog.Logger
	hold    time.Duration
	newID   func() uuid.UUID
	kicked  chan struct{} // something is due now
}

// New makes the service; hold is for how long records wait for those missing before them.
func New(store Store, carrier Carrier, witness Witness, log *slog.Logger, hold time.Duration) *Service {
	return &Service{
		store: store, carrier: carrier, witness: witness, log: log, hold: hold,
		newID: func() uuid.UUID { return uuid.Must(uuid.NewV7()) }, kicked: make(chan struct{}, 1),
	}
}

// MaxRecords may be brought at once.
const MaxRecords = 500

// Outcome is the answer to one record.
type Outcome string

const (
	WasAccepted    Outcome = "accepted" // kept, and soon applied
	WasApplied     Outcome = "applied"
	IsWaiting      Outcome = "waiting" // kept; records before it are missing
	IsDuplicate    Outcome = "duplicate"
	WasRefused     Outcome = "refused"
	IsForked       Outcome = "forked"
	WasQuarantined Outcome = "quarantined"
	IsNotYours     Outcome = "not_yours"
	IsMalformed    Outcome = "malformed"
)

// Result is what became of one record of an upload.
type Result struct {
	Outcome Outcome
	Fault   *fault.Error // why it is not kept
	Device  uuid.UUID    // of a record that could be read, with what follows
	N       int64
	ID      uuid.UUID
	Kept    *Kept // nil: it is not
}

// brought is one record on its way in.
type brought struct {
	Result
	record Record
	signer Signer
}

// Upload takes in what the actor's device made without network, and what a revoked device of theirs did. Each record is judged by
// itself; those that are good are kept whatever the others are. In whatever order and however often they come, the end is the same.
func (s *Service) Upload(ctx context.Context, actor duty.Actor, records []string) ([]Result, error) {
	if err := duty.Require(actor, duty.OwnAccount); err != nil {
		return nil, err
	}
	all := make([]*brought, len(records))
	envelopes := make([]envelope, len(records))
	devices := []uuid.UUID{actor.Device}
	for i, jws := range records {
		all[i] = &brought{}
		var err error
		if envelopes[i], err = open(jws); err != nil {
			all[i].fail(IsMalformed, err)
			continue
		}
		r := envelopes[i].record
		all[i].Device, all[i].N, all[i].ID, all[i].record = r.Device, r.N, r.ID, r
		devices = append(devices, r.Device)
	}
	signers, err := s.store.Signers(ctx, devices)
	if err != nil {
		return nil, err
	}
	groups := map[uuid.UUID][]*brought{}
	for i, b := range all {
		if b.Outcome != "" {
			continue
		}
		if b.verify(actor, &envelopes[i], signers[b.Device]); b.Outcome == "" {
			groups[b.Device] = append(groups[b.Device], b)
		}
	}
	if err := s.count(ctx, signers[actor.Device], all); err != nil {
		return nil, err
	}
	for device, group := range groups {
		news, err := s.receive(ctx, group)
		if err != nil {
			return nil, err
		}
		if news && device == actor.Device {
			s.applyNow(ctx, device)
		}
	}
	return s.results(ctx, all, groups)
}

// verify says whose the record is, and whether it is theirs to bring.
func (b *brought) verify(actor duty.Actor, e *envelope, by Signer) {
	own := by.Device == actor.Device && by.Device != uuid.Nil
	lost := by.Person == actor.Person && by.RevokedAt != nil // of a device of their own that was revoked
	if !own && !lost {
		b.fail(IsNotYours, errNotYours)
		return
	}
	b.signer = by
	switch err := e.madeBy(by); {
	case errors.Is(err, errUnknownKey):
		b.fail(WasRefused, err)
	case err != nil:
		b.fail(IsMalformed, err)
	}
}

var errNotYours = fault.New(fault.Forbidden, "not_yours", "该记录不是本设备产生的", "the record was not made by this device")

func (b *brought) fail(as Outcome, err error) {
	b.Outcome = as
	if !errors.As(err, &b.Fault) {
		b.Fault = fault.New(fault.Invalid, "malformed_record", "离线记录不合规范", "the record is not well-formed")
	}
}

// count keeps how much was brought in vain.
func (s *Service) count(ctx context.Context, of Signer, all []*brought) error {
	foreign, broken := 0, 0
	for _, b := range all {
		switch b.Outcome {
		case IsNotYours:
			foreign++
		case IsMalformed, WasRefused:
			broken++
		}
	}
	if foreign+broken == 0 {
		return nil
	}
	return s.store.CountRefused(ctx, of, foreign, broken)
}

// receive keeps the records of one device, and says whether there were any new ones.
func (s *Service) receive(ctx context.Context, group []*brought) (news bool, err error) {
	records := make([]Record, len(group))
	for i, b := range group {
		records[i] = b.record
	}
	of := group[0].signer
	var in intake
	err = s.store.TakeIn(ctx, of, records, func(c Chain) (Intake, error) {
		in = intake{Chain: c, of: of, newID: s.newID}
		return in.take(records)
	})
	if err != nil {
		return false, err
	}
	fresh := map[string]bool{}
	for _, a := range in.out.Add {
		fresh[a.Hash] = true
	}
	for _, b := range group {
		if !fresh[b.record.Hash] {
			b.Outcome = IsDuplicate
		}
		delete(fresh, b.record.Hash) // the second one in an upload is a duplicate of the first
	}
	return len(in.out.Add) > 0, nil
}

// results reads what has become of the records by now.
func (s *Service) results(ctx context.Context, all []*brought, groups map[uuid.UUID][]*brought) ([]Result, error) {
	for device, group := range groups {
		counters := make([]int64, len(group))
		for i, b := range group {
			counters[i] = b.N
		}
		list, waiting, err := s.store.RecordsAt(ctx, device, counters)
		if err != nil {
			return nil, err
		}
		kept := make(map[string]Kept, len(list))
		for _, k := range list {
			kept[k.Hash] = k
		}
		for _, b := range group {
			k, ok := kept[b.record.Hash]
			if !ok {
				continue
			}
			b.Kept = &k
			if b.Outcome == "" {
				b.Outcome = k.outcome(waiting)
			}
		}
	}
	results := make([]Result, len(all))
	for i, b := range all {
		results[i] = b.Result
	}
	return results, nil
}

func (k *Kept) outcome(waiting int64) Outcome {
	switch {
	case k.State == Applied:
		return WasApplied
	case k.State == Refused:
		return WasRefused
	case k.State == Forked:
		return IsForked
	case k.State == Quarantined || k.State == Rejected:
		return WasQuarantined
	case k.N > waiting:
		return IsWaiting
	default:
		return WasAccepted
	}
}
