package postgres_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/testkit"
)

// crowd is a file of so many trained auxiliaries of two stations.
func crowd(h *house, people int) []byte {
	var file bytes.Buffer
	file.WriteString("编号,姓名,类别,单位代码,状态,岗位培训,资格,装备\r\n")
	for i := range people {
		organ := h.north.Code
		if i%2 == 1 {
			organ = h.south.Code
		}
		fmt.Fprintf(&file, "IM%06d,辅警%d,勤务辅警,%s,在岗,patrol=2026-01-15/2029-01-15/2027-01-15,car=2030-01-01,restraint:约束带|ordinary:对讲机\r\n", i, i, organ)
	}
	return file.Bytes()
}

// BenchmarkImport50000 brings 50,000 people onto an empty roster, each with an event, in one transaction, as a file that was taken in is
// worked off; and finds them unchanged.
func BenchmarkImport50000(b *testing.B) {
	for _, c := range []struct {
		name  string
		known bool
	}{{"new", false}, {"unchanged", true}} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				h := newHouse(b)
				personnel := h.person("P1", "人事", duty.Other, h.district, duty.RolePersonnel)
				file := crowd(h, 50_000)
				if c.known {
					h.worksOff(personnel, file)
				}
				b.StartTimer()
				if r := h.worksOff(personnel, file); r.Rows != 50_000 || (r.Added == 0) != c.known {
					b.Fatalf("%+v", r)
				}
			}
		})
	}
}

// worksOff takes a file in and has it worked off in the background, as the service does.
func (h *house) worksOff(actor duty.Actor, file []byte) roster.Report {
	h.t.Helper()
	job := roster.ImportJob{ID: newID(), Path: h.district.Path, Actor: actor.Person}
	_, err := h.store.AddImport(h.t.Context(), actor, job, file)
	h.must(err)
	ctx, stop := context.WithCancel(h.t.Context())
	done := make(chan struct{})
	go func() { defer close(done); h.roster().RunImports(ctx) }()
	testkit.Wait(h.t, "the import to end", func() bool {
		job, err = h.store.ImportJob(h.t.Context(), actor, job.ID)
		h.must(err)
		return job.EndedAt != nil
	})
	stop()
	<-done
	if job.State != roster.ImportDone {
		h.t.Fatalf("%s: %+v", job.State, job)
	}
	return *job.Report
}

// However long the last portion takes: who tells how far an import is does not wait for its transaction, which waits for them.
func TestASlowImportEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	personnel := h.person("P1", "人事", duty.Other, h.district, duty.RolePersonnel)
	for _, sql := range []string{
		`CREATE FUNCTION take_long() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.7); RETURN NULL; END $$`,
		`CREATE TRIGGER take_long AFTER INSERT ON event FOR EACH STATEMENT EXECUTE FUNCTION take_long()`,
	} {
		_, err := h.owner.Exec(t.Context(), sql)
		h.must(err)
	}
	if r := h.worksOff(personnel, crowd(h, 3)); r.Added != 3 {
		t.Errorf("%+v", r)
	}
}

// A large file is compared for longer than a transaction may be idle otherwise; a few people are not locked for so long.
func TestManyPeopleAreComparedInPeace(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	personnel := h.person("P1", "人事", duty.Other, h.district, duty.RolePersonnel)
	for people, kept := range map[int]bool{2000: false, 2001: true} {
		t.Run(fmt.Sprint(people), func(t *testing.T) {
			t.Parallel()
			numbers := make([]string, people)
			for i := range numbers {
				numbers[i] = fmt.Sprint("N", i)
			}
			err := h.store.Change(t.Context(), personnel, roster.Selection{Numbers: numbers}, func(roster.Scene) (roster.Changes, error) {
				time.Sleep(5500 * time.Millisecond)
				return roster.Changes{}, nil
			})
			if (err == nil) != kept {
				t.Errorf("%v", err)
			}
		})
	}
}

func imported(h *house, actor duty.Actor, file roster.File) roster.Report {
	h.t.Helper()
	r, err := h.roster().Import(context.Background(), actor, file)
	h.must(err)
	if r.Wrong > 0 {
		h.t.Fatalf("%+v", r.Problems[0])
	}
	return r
}

// An import of more people than one statement takes is one all the same, tells how far it is, and is found unchanged afterwards.
func TestALongImportIsOneTransaction(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	personnel := h.person("P1", "人事", duty.Other, h.district, duty.RolePersonnel)
	last := map[string]roster.Progress{}
	file := roster.File{Content: crowd(h, 4500), Told: func(p roster.Progress) { last[p.Phase] = p }}
	if r := imported(h, personnel, file); r.Added != 4500 {
		t.Errorf("%+v", r)
	}
	for _, phase := range []string{"reading", "comparing", "writing"} {
		if p := last[phase]; p.Total == 0 || p.Done != p.Total {
			t.Errorf("%s: %+v", phase, p)
		}
	}
	if n := h.count(`SELECT count(DISTINCT xmin::text) FROM person WHERE number LIKE 'IM%'`); n != 1 {
		t.Errorf("%d transactions", n)
	}
	if n := h.count(`SELECT count(*) FROM event WHERE kind = 'person.hired'`); n != 4500 {
		t.Errorf("%d events", n)
	}
	if r := imported(h, personnel, file); r.Unchanged != 4500 {
		t.Errorf("again: %+v", r)
	}
}

// A file that a dead worker left behind is taken over; one that somebody works on is not; one that ended is never begun again.
func TestAnImportIsTakenByOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	personnel := h.person("P1", "人事", duty.Other, h.district, duty.RolePersonnel)
	job := roster.ImportJob{ID: newID(), Path: h.district.Path, Actor: personnel.Person}
	_, err := h.store.AddImport(ctx, personnel, job, []byte("x"))
	h.must(err)
	taken, actor, content, err := h.store.TakeImport(ctx)
	h.must(err)
	if taken.ID != job.ID || string(content) != "x" || actor.Person != personnel.Person || len(actor.Grants) != 1 {
		t.Errorf("%+v for %+v", taken, actor)
	}
	_, _, _, err = h.store.TakeImport(ctx)
	wantFault(t, err, fault.NotFound)
	h.store.TellImport(ctx, job.ID, roster.Progress{Phase: "reading", Done: 1, Total: 2})
	_, err = h.owner.Exec(ctx, `UPDATE roster_import SET lease_to = now() - interval '1 second'`)
	h.must(err)
	again, _, _, err := h.store.TakeImport(ctx)
	h.must(err)
	for _, state := range []string{roster.ImportDone, roster.ImportFailed} { // the first word is the last
		h.must(h.store.EndImport(ctx, roster.Ended{ID: again.ID, State: state}))
	}
	_, err = h.owner.Exec(ctx, `UPDATE roster_import SET lease_to = NULL`)
	h.must(err)
	_, _, _, err = h.store.TakeImport(ctx)
	wantFault(t, err, fault.NotFound)
	seen, err := h.store.ImportJob(ctx, personnel, job.ID)
	h.must(err)
	if seen.State != roster.ImportDone || seen.Report == nil || seen.Progress.Done != seen.Progress.Total {
		t.Errorf("%+v", seen)
	}
}

// Whoever has left, or no longer manages the roster, brings nobody any more, whatever waits of theirs.
func TestAnImportDoesWhatItsActorMayNow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	personnel := h.person("P1", "人事", duty.Other, h.district, duty.RolePersonnel)
	job := roster.ImportJob{ID: newID(), Path: h.district.Path, Actor: personnel.Person}
	_, err := h.store.AddImport(t.Context(), personnel, job, crowd(h, 3))
	h.must(err)
	_, err = h.owner.Exec(t.Context(), `UPDATE person SET status = 'separated' WHERE id = $1`, personnel.Person)
	h.must(err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); h.roster().RunImports(ctx) }()
	testkit.Wait(t, "the import to end", func() bool {
		return h.count(`SELECT count(*) FROM roster_import WHERE state = 'refused' AND id = $1`, job.ID) == 1
	})
	stop()
	<-done
	if n := h.count(`SELECT count(*) FROM person WHERE number LIKE 'IM%'`); n != 0 {
		t.Errorf("%d came", n)
	}
}
