package outbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/ledger"
)

// intake is some records of a device being taken in.
type intake struct {
	Chain
	of    Signer
	newID func() uuid.UUID
	out   Intake
}

// take decides what becomes of records that were verified.
func (in *intake) take(records []Record) (Intake, error) {
	in.out.Top = in.Top
	arrived := in.add(records)
	if len(arrived) == 0 {
		return in.out, nil
	}
	in.miss(arrived)
	if in.of.RevokedAt != nil {
		event, err := quarantinedEvent(in.of, len(arrived), in.Now, in.newID())
		if err != nil {
			return Intake{}, err
		}
		in.out.Events = append(in.out.Events, event)
	}
	if err := in.judge(arrived); err != nil {
		return Intake{}, err
	}
	return in.out, nil
}

// add keeps what is new. The first record of a counter is the one that is applied; another one is evidence, unless it calls for help.
func (in *intake) add(records []Record) (arrived []int64) {
	for _, r := range records {
		state := Stored
		if in.of.RevokedAt != nil {
			state = Quarantined
		}
		known := false
		for _, k := range in.Known {
			if k.N != r.N {
				continue
			}
			if known = k.Hash == r.Hash; known {
				break
			}
			if !r.CallsForHelp() {
				state = Forked
			}
		}
		if known {
			continue
		}
		in.Known = append(in.Known, r.link())
		in.out.Add = append(in.out.Add, Added{r, state})
		arrived = append(arrived, r.N)
	}
	return arrived
}

// miss says what is missing now.
func (in *intake) miss(arrived []int64) {
	var before []Missing
	for _, f := range in.Findings {
		if f.Kind == Gap && f.Open {
			before = append(before, Missing{f.First, f.Last, f.OpenedAt, f.Told})
		}
	}
	top, still := Gaps(in.Top, before, arrived, in.Now)
	in.out.Top = top
	for _, f := range in.Findings {
		if f.Kind != Gap || !f.Open {
			continue
		}
		still = slices.DeleteFunc(still, func(m Missing) bool {
			if m.First < f.First || m.Last > f.Last {
				return false
			}
			in.shrunk(&f, m)
			return true
		})
		if f.Open && !slices.ContainsFunc(in.out.Change, func(c Finding) bool { return c.ID == f.ID }) && f.Reason != unchanged {
			in.close(f, "filled")
		}
	}
	for _, m := range still {
		in.open(Finding{Kind: Gap, First: m.First, Last: m.Last, OpenedAt: m.Since})
	}
}

// unchanged marks a gap that is as it was, or has been split.
const unchanged = "unchanged"

// shrunk keeps the first rest of a gap under its finding; each other one gets a finding as old.
func (in *intake) shrunk(f *Finding, m Missing) {
	switch {
	case f.Reason == unchanged:
		in.open(Finding{Kind: Gap, First: m.First, Last: m.Last, OpenedAt: f.OpenedAt, Told: f.Told})
	case f.First != m.First || f.Last != m.Last:
		rest := *f
		rest.First, rest.Last = m.First, m.Last
		in.out.Change = append(in.out.Change, rest)
		f.Reason = unchanged
	default:
		f.Reason = unchanged
	}
}

// judge says what is wrong around the records that came, and what is no longer.
func (in *intake) judge(arrived []int64) error {
	around := slices.Clone(arrived)
	for _, k := range in.Known {
		if slices.ContainsFunc(in.out.Add, func(a Added) bool { return a.Prev == k.Prev }) {
			around = append(around, k.N)
		}
	}
	flaws := Analyse(in.Known, around)
	for _, f := range flaws {
		if err := in.found(f); err != nil {
			return err
		}
	}
	judged := near(around)
	for _, f := range in.Findings {
		order := f.Kind == Fork || f.Kind == RolledBack || f.Kind == Broken
		if order && f.Open && slices.Contains(judged, f.First) && !slices.ContainsFunc(flaws, func(w Flaw) bool { return w.Key() == f.Key }) {
			in.close(f, "explained by other records")
		}
	}
	return nil
}

func (in *intake) found(w Flaw) error {
	for _, f := range in.Findings {
		if f.Key != w.Key() {
			continue
		}
		if !slices.Equal(f.Hashes, w.Hashes) {
			f.Hashes, f.Open, f.ClosedAt, f.ClosedBy, f.Reason = w.Hashes, true, nil, nil, ""
			in.out.Change = append(in.out.Change, f)
		}
		return nil
	}
	f := in.open(Finding{Kind: w.Kind, Key: w.Key(), First: w.N, Last: w.N, Hashes: w.Hashes, OpenedAt: in.Now, Told: true})
	event, err := eventOf("outbox.finding", f, in.Now, in.newID())
	in.out.Events = append(in.out.Events, event)
	return err
}

func (in *intake) open(f Finding) Finding {
	f.ID, f.Device, f.Person, f.Path, f.Open = in.newID(), in.of.Device, in.of.Person, in.of.Path, true
	if f.Key == "" {
		f.Key = fmt.Sprintf("%s:%s", f.Kind, f.ID)
	}
	in.out.Open = append(in.out.Open, f)
	return f
}

func (in *intake) close(f Finding, reason string) {
	now := in.Now
	f.Open, f.ClosedAt, f.Reason = false, &now, reason
	in.out.Change = append(in.out.Change, f)
}

// eventOf says that something is wrong, or no longer.
func eventOf(kind string, f Finding, at time.Time, id uuid.UUID) (ledger.Event, error) {
	body := map[string]any{
		"finding": f.ID, "person": f.Person, "kind": f.Kind, "first": f.First, "last": f.Last, "open": f.Open,
	}
	if f.Kind == Skew {
		body["seconds"] = f.Seconds
	}
	text, err := json.Marshal(body)
	return ledger.Event{ID: id, Kind: kind, Path: f.Path, Actor: f.Person, At: at, Body: text}, err
}

// quarantinedEvent says that records of a revoked device wait for somebody to decide.
func quarantinedEvent(of Signer, n int, at time.Time, id uuid.UUID) (ledger.Event, error) {
	text, err := json.Marshal(map[string]any{"person": of.Person, "records": n})
	return ledger.Event{ID: id, Kind: "outbox.quarantined", Path: of.Path, Actor: of.Person, At: at, Body: text}, err
}
