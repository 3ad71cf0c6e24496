package legal_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/legal"
)

const (
	bureau   duty.Path = "500000000000/"
	district duty.Path = bureau + "500103000000/"
	station  duty.Path = district + "500103550000/"
	sister   duty.Path = district + "500103560000/"
)

var march = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// approved is a reading of an organ that came into force some days after the second of March; "" ends it.
func approved(path duty.Path, value string, day int) legal.Proposal {
	from := march.AddDate(0, 0, day)
	p := legal.Proposal{
		ID: uuid.New(), Organ: duty.Organ{Path: path}, Change: legal.Change{Kind: legal.Reading, Subject: "max_aux_per_officer"},
		State: legal.Approved, InForceFrom: &from, DecidedAt: &from,
	}
	if value != "" {
		p.Value, _ = json.Marshal(value)
	}
	return p
}

func TestTheNearestAndLatestHolds(t *testing.T) {
	t.Parallel()
	proposals := []legal.Proposal{
		approved(station, "4", 2), approved(bureau, "9", 0), approved(district, "5", 1), approved(station, "", 3), approved(sister, "8", 0),
		approved(district, "3", 9),
		{State: legal.Proposed, Organ: duty.Organ{Path: station}},
		approved(station, "7", 5), approved(station, "2", 5),
	}
	later := march.AddDate(0, 0, 6)
	proposals[len(proposals)-1].DecidedAt = &later
	for day, want := range map[int]string{-1: "", 0: "9", 1: "5", 2: "4", 3: "5", 5: "2", 10: "2"} {
		got, err := legal.LawOf(legal.SettingsAt(proposals, march.AddDate(0, 0, day)), station)
		if err != nil || got.Settings.Readings["max_aux_per_officer"] != want {
			t.Errorf("day %d: %q, want %q (%v)", day, got.Settings.Readings["max_aux_per_officer"], want, err)
		}
	}
	above, err := legal.LawOf(legal.SettingsAt(proposals, later), bureau)
	if err != nil || above.Settings.Readings["max_aux_per_officer"] != "9" {
		t.Errorf("the bureau reads what its stations set: %+v %v", above, err)
	}
}

// What this program's law has no place for stops it, with the organ's name; nobody is ruled on by something else than was decided.
func TestALawThatDoesNotHoldTogetherIsFound(t *testing.T) {
	t.Parallel()
	s := legal.New(nil, nil, law.Embedded())
	good := []legal.Proposal{approved(district, "5", 0)}
	if err := s.Check(good, march); err != nil {
		t.Error(err)
	}
	later := approved(station, "many", 7)
	if err := s.Check(append(good, later), march); err == nil || !strings.Contains(err.Error(), string(station)) {
		t.Errorf("%v", err)
	}
	broken := approved(station, "", 0)
	broken.Value = json.RawMessage(`7`)
	if err := s.Check([]legal.Proposal{broken}, march); err == nil {
		t.Error("a value that is no text")
	}
	broken.Kind = "weather"
	if err := s.Check([]legal.Proposal{broken}, march); err == nil {
		t.Error("a kind that nobody knows")
	}
}

// requests are the methods of a store of requests that the tests here do not need.
type requests = legal.Approvals

// queue is a single request that waits, and who may decide it.
type queue struct {
	requests
	waiting   legal.Approval
	approvers []legal.Approver
	told      legal.Telling
}

func (q *queue) Tell(_ context.Context, _ uuid.UUID, decide func(legal.Approval, []legal.Approver, time.Time) (legal.Telling, error)) (err error) {
	q.told, err = decide(q.waiting, q.approvers, march)
	return err
}

// The nearest approvers are told, but for those who ordered or asked; at the deadline the nearest above them, once.
func TestWhoIsTold(t *testing.T) {
	t.Parallel()
	head, deputy, chief := uuid.New(), uuid.New(), uuid.New()
	q := &queue{
		waiting:   legal.Approval{ID: uuid.New(), Path: station + "500103550000-03/", State: legal.Open, DispatchedBy: head},
		approvers: []legal.Approver{{chief, bureau}, {head, station}, {deputy, station}},
	}
	s := legal.New(nil, q, law.Embedded())
	told := func(step func(context.Context, uuid.UUID) error, want ...uuid.UUID) {
		t.Helper()
		if err := step(t.Context(), q.waiting.ID); err != nil {
			t.Fatal(err)
		}
		if len(q.told.Pushes) != len(want) {
			t.Fatalf("told %+v, want %v", q.told, want)
		}
		for i, p := range q.told.Pushes {
			if p.Person != want[i] {
				t.Errorf("told %+v, want %v", q.told, want)
			}
		}
	}
	told(s.Announce, deputy)
	q.waiting.AskedPath = q.told.Path
	told(s.Escalate, chief)
	if q.told.Event == nil || q.told.Event.Kind != "approval.escalated" || q.told.Path != bureau {
		t.Errorf("%+v", q.told)
	}
	q.waiting.EscalatedAt = &march
	told(s.Escalate)
	q.waiting.EscalatedAt, q.waiting.AskedPath = nil, bureau
	told(s.Escalate) // nobody is above the bureau; that it was late is on record all the same
	if q.told.Event == nil {
		t.Error("no event")
	}
	q.waiting.State = legal.Decided
	told(s.Announce)
	told(s.Escalate)
	if q.told.Event != nil {
		t.Error("a decided request is escalated")
	}
}
