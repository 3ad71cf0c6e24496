package dispatch_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func said(subject, by uuid.UUID, fact, value string, ago time.Duration) duty.Observation {
	return duty.Observation{Subject: subject, By: by, Fact: fact, Value: value, ReceivedAt: noon.Add(-ago)}
}

// TestWorstWordOnPresenceCounts: neither side can keep a lead on the scene by one word against the other's.
func TestWorstWordOnPresenceCounts(t *testing.T) {
	t.Parallel()
	lead, aux := uuid.New(), uuid.New()
	cases := []struct {
		name string
		said []duty.Observation
		want law.Presence
	}{
		{"nobody spoke", nil, law.PresenceUnknown},
		{"the lead says present", []duty.Observation{said(lead, lead, "presence", "present", time.Minute)}, law.PresencePresent},
		{"the auxiliary says absent after that", []duty.Observation{
			said(lead, lead, "presence", "present", 2*time.Minute), said(lead, aux, "presence", "absent", time.Minute),
		}, law.PresenceAbsent},
		{"the lead repeats present, the auxiliary has not taken it back", []duty.Observation{
			said(lead, aux, "presence", "absent", time.Minute), said(lead, lead, "presence", "present", 0),
		}, law.PresenceAbsent},
		{"the auxiliary took it back", []duty.Observation{
			said(lead, aux, "presence", "absent", 2*time.Minute), said(lead, lead, "presence", "present", time.Minute),
			said(lead, aux, "presence", "present", 0),
		}, law.PresencePresent},
		{"yesterday's word is no word", []duty.Observation{said(lead, lead, "presence", "present", 24*time.Hour)}, law.PresenceUnknown},
		{"another officer's presence is not his", []duty.Observation{said(aux, aux, "presence", "present", 0)}, law.PresenceUnknown},
	}
	for _, c := range cases {
		if got := dispatch.PresenceOf(c.said, noon, lead); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestStaleCameraIsUnknown: a camera that said "on" and fell silent is not recording and not off, it is unknown (I10).
func TestStaleCameraIsUnknown(t *testing.T) {
	t.Parallel()
	aux := uuid.New()
	limit := dispatch.DefaultFreshness.Recording
	for _, c := range []struct {
		ago  time.Duration
		want law.Recording
	}{{0, law.RecordingOn}, {limit, law.RecordingOn}, {limit + time.Nanosecond, law.RecordingUnknown}} {
		if got := dispatch.RecordingOf([]duty.Observation{said(aux, aux, "recording", "on", c.ago)}, noon, aux); got != c.want {
			t.Errorf("said on %s ago: %s, want %s", c.ago, got, c.want)
		}
	}
}

// TestReceiptOrdersStatements: the newest by arrival counts, whatever clock the phone showed (I8).
func TestReceiptOrdersStatements(t *testing.T) {
	t.Parallel()
	aux := uuid.New()
	early, late := said(aux, aux, "recording", "on", time.Minute), said(aux, aux, "recording", "off", 0)
	early.ObservedAt, late.ObservedAt = noon.Add(time.Hour), time.Unix(0, 0)
	if got := dispatch.RecordingOf([]duty.Observation{late, early}, noon, aux); got != law.RecordingOff {
		t.Errorf("recording is %s, want off: it arrived last", got)
	}
}

// What went wrong in the course of the work stays wrong until somebody says otherwise: a camera that was switched off does not become
// one of which nobody knows by being left off.
func TestWhatWentWrongDoesNotFade(t *testing.T) {
	t.Parallel()
	lead, member := person(duty.Officer, "310121"), person(duty.FieldAuxiliary, "FJ31021")
	d := newDesk("patrol", lead, member)
	at := func(minutes int) time.Time { return eight.Add(time.Duration(minutes) * time.Minute) }
	for minute, step := range []dispatch.Step{
		dispatch.Acknowledge{},
		dispatch.Accept{},
		dispatch.Start{Statements: []dispatch.Statement{{Fact: "uniform", Value: "yes"}, {Fact: "id_card", Value: "yes"}, {Fact: "recording", Value: "on"}}},
	} {
		if _, err := d.does(at(minute), member, step); err != nil {
			t.Fatal(err)
		}
	}
	says := func(minute int, fact, value string) {
		if err := d.says(at(minute), member, dispatch.Statement{Fact: fact, Value: value}); err != nil {
			t.Fatal(err)
		}
	}
	says(3, "recording", "off")
	says(60, "uniform", "no")
	says(61, "uniform", "yes")
	if !d.snap.Task.Violation || slices.Contains(d.kinds, "task.lawful_again") {
		t.Errorf("an hour later: %v", d.kinds)
	}
	if says(62, "recording", "on"); d.snap.Task.Violation {
		t.Errorf("switched on again: %v", d.kinds)
	}
	if err := d.says(at(63), lead, dispatch.Statement{Subject: member.ID, Fact: "recording", Value: "off"}); err != nil {
		t.Fatal(err)
	}
	says(64, "recording", "on")
	says(90, "uniform", "no")
	if says(91, "uniform", "yes"); d.snap.Task.Violation {
		t.Errorf("what was put right, and of which nothing more was said, is wrong again: %v", d.kinds)
	}
	says(92, "recording", "buffering") // which keeps nothing
	says(120, "uniform", "no")
	if says(121, "uniform", "yes"); !d.snap.Task.Violation {
		t.Errorf("an hour of buffering: %v", d.kinds)
	}
}
