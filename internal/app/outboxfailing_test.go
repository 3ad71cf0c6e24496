package app_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/outbox"
	"github.com/dutybound/dutybound/internal/testkit"
)

// A call for help is heard though another record has its counter, as after the phone was restored from a backup; the fork is told.
func TestACallForHelpIsHeardFromAFork(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	backup := p.Next
	wantOutcomes(t, u.member.brings(p.Records("/v1/observations", dressedAt(time.Now()))), "applied")
	p.Next = backup
	help := p.Records("/v1/alarms", object{"raised_at": p.Next.Wall})
	wantOutcomes(t, u.member.brings(help, p.Records("/v1/observations", dressedAt(time.Now()))), "applied", "applied")
	wantOutcomes(t, u.member.brings(help), "duplicate")
	if n := o.count(`SELECT count(*) FROM alarm WHERE person_id = $1`, u.member.person); n != 1 {
		t.Errorf("%d calls for help were heard", n)
	}
	if got := of(u.dispatcher.findings("open"), p.Device); !slices.Equal(got, []string{"fork 1-1"}) {
		t.Errorf("open: %v", got)
	}
}

// A record whose end could not be written is applied later, though nobody brings anything any more.
func TestWhatCouldNotBeWrittenIsAppliedLater(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	_, err := o.sql.Exec(t.Context(), `
		CREATE SEQUENCE failure;
		CREATE FUNCTION fail_once() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
		BEGIN
			IF NEW.state = 'applied' AND nextval('failure') = 1 THEN RAISE 'the disk is full'; END IF;
			RETURN NEW;
		END $$;
		CREATE TRIGGER failing BEFORE UPDATE ON outbox_record FOR EACH ROW EXECUTE FUNCTION fail_once()`)
	o.must(err)
	records := []string{p.Records("/v1/observations", dressedAt(time.Now())), p.Records("/v1/observations", dressedAt(time.Now()))}
	u.member.brings(records...)
	testkit.Wait(t, "both to be applied", func() bool { return o.applied(p) == 2 })
	wantOutcomes(t, u.member.brings(records...), "duplicate", "duplicate")
}

// A record that was kept and can no longer be read, as after the format has become stricter, is told and holds none of the others up.
func TestARecordThatCannotBeReadHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	wantOutcomes(t, u.member.brings(p.Records("/v1/observations", dressedAt(time.Now()))), "applied")
	p.Records("/v1/observations", nil)
	_, err := o.sql.Exec(t.Context(), `
		INSERT INTO outbox_record (device_id, n, hash, prev, command_id, person_id, path, jws, wall, boot, since_boot_ms, help, received_at, state)
		SELECT device_id, 2, 'of something else', hash, gen_random_uuid(), person_id, path, 'what nobody reads', wall, boot, since_boot_ms, false, now(), 'stored'
		FROM outbox_record WHERE device_id = $1`, p.Device)
	o.must(err)
	u.member.brings(p.Records("/v1/observations", dressedAt(time.Now())))
	testkit.Wait(t, "the one after it to be applied", func() bool { return o.applied(p) == 2 })
	if n := o.count(`SELECT count(*) FROM outbox_record WHERE n = 2 AND state = 'refused'`); n != 1 {
		t.Error("it is still tried")
	}
	if n := o.count(`SELECT count(*) FROM outbox_finding WHERE kind = 'failed' AND first_n = 2`); n != 1 {
		t.Error("nobody is told")
	}
}

// A record that fails however often it is tried is given up and told, and the others go on at once.
func TestARecordThatAlwaysFailsIsPassed(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	poison := p.Next
	poison.ID, poison.Path, poison.Body = newKey(), "/v1/observations", dressedAt(time.Now())
	_, err := o.sql.Exec(t.Context(), `
		CREATE FUNCTION fail_always() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$;
		CREATE TRIGGER failing BEFORE INSERT ON command FOR EACH ROW WHEN (NEW.id = '`+poison.ID.String()+`') EXECUTE FUNCTION fail_always()`)
	o.must(err)
	first := p.Signs(poison)
	p.Next.N, p.Next.Prev = 2, testkit.Hash(first)
	wantOutcomes(t, u.member.brings(first, p.Records("/v1/observations", dressedAt(time.Now()))), "accepted", "accepted")
	_, err = o.sql.Exec(t.Context(), `UPDATE outbox_record SET attempts = 10 WHERE n = 1`)
	o.must(err)
	testkit.Wait(t, "the one after it to be applied", func() bool { return o.applied(p) == 1 })
	if got := of(u.dispatcher.findings("open"), p.Device); !slices.Equal(got, []string{"failed 1-1"}) {
		t.Errorf("open: %v", got)
	}
}

// Who has lost the lease of a device writes nothing of it, and says nothing is wrong with it.
func TestWhoHasLostTheLeaseWritesNothing(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	wantOutcomes(t, u.member.brings(p.Records("/v1/observations", dressedAt(time.Now()))), "applied")
	late := outbox.Settled{
		Device: p.Device, N: 1, Hash: "h", State: outbox.Refused, Answer: &outbox.Answer{Status: 500}, Made: duty.Interval{From: time.Now(), To: time.Now()},
		Found: &outbox.Finding{ID: newKey(), Device: p.Device, Person: u.member.person, Path: duty.Path(o.path(riverside)), Kind: outbox.Failed, Key: "failed:1", First: 1, Last: 1, OpenedAt: time.Now()},
		Event: &ledger.Event{ID: newKey(), Kind: "outbox.finding", Actor: u.member.person, At: time.Now(), Body: []byte(`{}`)},
	}
	before := o.events()
	after, err := o.store.SettleRecord(t.Context(), newKey(), time.Minute, late)
	if err != nil || after.Mine {
		t.Fatalf("%+v, %v", after, err)
	}
	if n := o.count(`SELECT count(*) FROM outbox_finding`); n != 0 || o.events() != before {
		t.Errorf("%d findings, %d events", n, o.events()-before)
	}
}

// A counter that nobody can count to is no record's, and the others that came with it are kept.
func TestACounterBeyondCountingIsNone(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	good := p.Records("/v1/observations", dressedAt(time.Now()))
	far := p.Next
	far.N, far.ID, far.Path, far.Body = math.MaxInt64, newKey(), "/v1/observations", dressedAt(time.Now())
	wantOutcomes(t, u.member.brings(p.Signs(far), good), "malformed", "applied")
	wantOutcomes(t, u.member.brings(p.Records("/v1/observations", dressedAt(time.Now()))), "applied") // it follows what the far one does
}

// What is being applied stops with the revocation of its device: what was not carried out by then goes to quarantine.
func TestARevocationStopsWhatIsBeingApplied(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	task := u.dispatcher.sends(order("patrol", u.member))
	records := []string{p.Records(stepPath(task, "accept"), nil)}
	for range 4 {
		records = append(records, p.Records("/v1/observations", dressedAt(time.Now())))
	}
	tx, err := o.sql.Begin(t.Context())
	o.must(err)
	_, err = tx.Exec(t.Context(), `SELECT FROM task WHERE id = $1 FOR UPDATE`, task)
	o.must(err)
	brought := make(chan error, 1)
	go func() {
		_, err := u.member.try("POST", "/v1/outbox", object{"records": records}, nil)
		brought <- err
	}()
	o.waitedFor(tx, "the first record to wait for its task")
	u.personnel.post("/v1/devices/"+u.member.device.String()+"/revoke", nil).want(200)
	o.must(tx.Rollback(t.Context()))
	o.must(<-brought)
	testkit.Wait(t, "the rest to be in quarantine", func() bool {
		return o.count(`SELECT count(*) FROM outbox_record WHERE state = 'quarantined'`) == 4
	})
	if n := o.applied(p); n != 1 {
		t.Errorf("%d were carried out", n)
	}
}

// A call for help waits for no record before it, missing or failing; the others keep their order.
func TestACallForHelpWaitsForNoRecord(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	first, missing := p.Records("/v1/observations", dressedAt(time.Now())), p.Records("/v1/observations", dressedAt(time.Now()))
	later := p.Records("/v1/observations", dressedAt(time.Now()))
	help := p.Records("/v1/alarms", object{"raised_at": p.Next.Wall})
	last := p.Records("/v1/observations", dressedAt(time.Now()))
	wantOutcomes(t, u.member.brings(last, help, later, first), "waiting", "applied", "waiting", "applied")
	if n := o.count(`SELECT count(*) FROM alarm WHERE person_id = $1`, u.member.person); n != 1 {
		t.Errorf("%d calls for help were heard", n)
	}
	wantOutcomes(t, u.member.brings(missing), "applied")
	testkit.Wait(t, "all to be applied", func() bool { return o.applied(p) == 5 })
	if n := o.count(`SELECT count(*) FROM outbox_record a JOIN outbox_record b ON b.n > a.n WHERE b.settled_at < a.settled_at AND NOT b.help`); n != 0 {
		t.Errorf("%d went ahead of one before them", n)
	}
}

// Help was called for when the button was first pressed, whichever of the presses comes first.
func TestACallForHelpIsOfTheFirstPress(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	for name, order := range map[string][]int{"in order": {0, 1, 2}, "backwards": {2, 1, 0}, "mixed": {1, 2, 0}} {
		member := o.auxiliary()
		p := o.phone(member)
		first := p.Next.Wall
		presses := make([]string, 3)
		for i := range presses {
			presses[i] = p.Records("/v1/alarms", object{"raised_at": first.Add(time.Duration(i) * time.Second)})
		}
		for _, i := range order {
			wantOutcomes(t, member.brings(presses[i]), "applied")
		}
		alarms := member.get("/v1/alarms").want(200)
		raised, err := time.Parse(time.RFC3339, alarms.text("alarms", 0, "raised_at"))
		if o.must(err); len(alarms.at("alarms").([]any)) != 1 || !raised.Equal(first) || alarms.at("alarms", 0, "presses") != 3.0 {
			t.Errorf("%s: %s", name, alarms.raw)
		}
	}
}

// What somebody brought who has left before it was their turn is kept, and not carried out in their name.
func TestWhoHasLeftDoesNothingAnyMore(t *testing.T) {
	t.Parallel()
	o := openOffice(t)
	u := newUnit(o)
	p := o.phone(u.member)
	task := u.dispatcher.sends(order("patrol", u.member))
	p.Records("/v1/observations", nil) // never comes
	wantOutcomes(t, u.member.brings(p.Records(stepPath(task, "accept"), nil)), "waiting")
	_, err := o.sql.Exec(t.Context(), `UPDATE person SET status = 'separated' WHERE id = $1`, u.member.person)
	o.must(err)
	// The one that never comes has been waited for for long enough.
	o.moves(`UPDATE outbox_finding SET opened_at = opened_at - interval '10 minutes' WHERE device_id = $1 AND kind = 'gap'`, p.Device)
	_, err = o.sql.Exec(t.Context(), `UPDATE outbox_device SET due_at = now() WHERE device_id = $1`, p.Device)
	o.must(err)
	testkit.Wait(t, "its turn to come", func() bool {
		return o.count(`SELECT count(*) FROM outbox_record WHERE state = 'refused' AND status = 403 AND answer #>> '{fault,Code}' = 'person_left'`) == 1
	})
	if n := o.count(`SELECT count(*) FROM event WHERE kind = 'task.accepted'`); n != 0 {
		t.Error("it was accepted in their name")
	}
}
