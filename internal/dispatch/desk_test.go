package dispatch_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/accompany"
	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

var (
	eight   = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	station = duty.Organ{ID: uuid.New(), Code: "1", Kind: duty.Station, Path: "1/"}
)

// desk is one task with its people, decided on step by step: what the store keeps, in memory, and none of it decides anything.
type desk struct {
	service *dispatch.Service
	snap    dispatch.Snapshot
	kinds   []string // of the events so far
}

// statute is the embedded law as it is by default.
var statute = sync.OnceValue(func() *law.Book {
	book, err := law.Embedded().Book(law.DefaultRulebook, law.Settings{})
	if err != nil {
		panic(err)
	}
	return book
})

func person(class duty.Class, number string) duty.Person {
	items := []string{}
	for _, act := range statute().Acts() {
		items = append(items, act.Item)
	}
	return duty.Person{
		ID: uuid.NewSHA1(uuid.Nil, []byte(number)), Number: number, Class: class, Organ: station, Status: law.StatusActive,
		Training: []duty.Training{{Post: "all", Items: items, PassedOn: eight.AddDate(-1, 0, 0)}},
	}
}

func actorOf(p duty.Person) duty.Actor {
	role := duty.RoleAuxiliary
	if p.Class == duty.Officer {
		role = duty.RoleOfficer
	}
	return duty.Actor{Person: p.ID, Number: p.Number, Class: p.Class, Organ: station, Device: p.ID, Grants: []duty.Grant{{Role: role, Path: station.Path}}}
}

// newDesk sends two auxiliaries, led by an officer, to do an act.
func newDesk(act string, lead duty.Person, members ...duty.Person) *desk {
	d := &desk{service: dispatch.New(nil, func(duty.Law) (dispatch.Book, error) { return statute(), nil }, dispatch.DefaultFreshness, time.Hour)}
	t := dispatch.Task{
		ID: uuid.New(), Organ: station, State: dispatch.Dispatched, DispatchedAt: eight, Order: dispatch.Order{Acts: []string{act}},
		DispatchedBy: dispatch.Dispatcher{Person: lead.ID, Class: duty.Officer},
		Officers:     []dispatch.Officer{{Person: lead.ID, Number: lead.Number, Lead: true}},
	}
	d.snap = dispatch.Snapshot{Now: eight, People: map[uuid.UUID]duty.Person{lead.ID: lead}, Sightings: map[uuid.UUID]accompany.Person{}}
	for _, m := range members {
		d.snap.People[m.ID] = m
		t.Members = append(t.Members, dispatch.Member{Person: m.ID, Number: m.Number, Class: m.Class, State: dispatch.Sent})
	}
	d.snap.Task = t
	return d
}

// does decides a step at a moment and keeps what it leaves.
func (d *desk) does(at time.Time, who duty.Person, step dispatch.Step) (dispatch.Decision, error) {
	d.snap.Now = at
	made, err := d.service.DecideOn(d.snap, actorOf(who), step)
	if err != nil {
		return made, err
	}
	d.keep(made, made.Observations)
	return made, nil
}

// says decides statements.
func (d *desk) says(at time.Time, who duty.Person, said ...dispatch.Statement) error {
	d.snap.Now = at
	for i := range said {
		said[i].Task = &d.snap.Task.ID
	}
	made, seen, err := d.service.WeighOn(d.snap, actorOf(who), said)
	if err == nil {
		d.keep(made, seen)
	}
	return err
}

func (d *desk) keep(made dispatch.Decision, seen []duty.Observation) {
	d.snap.Task = made.Task
	d.snap.Observations = append(d.snap.Observations, seen...)
	for _, e := range made.Events {
		d.kinds = append(d.kinds, e.Kind)
	}
}

// A start that was recorded without network is judged by what was then: the officer was there, whatever has become of him since. What is
// known now is a violation of now.
func TestAStartIsJudgedByItsTime(t *testing.T) {
	t.Parallel()
	lead, member := person(duty.Officer, "310121"), person(duty.FieldAuxiliary, "FJ31021")
	after := func(minutes int) time.Time { return eight.Add(time.Duration(minutes) * time.Minute) }
	for name, c := range map[string]struct {
		from, to int
		lawful   bool
	}{
		"while he was there": {15, 20, true}, "before he came": {3, 5, false}, "when he may have been gone": {25, 40, false},
	} {
		d := newDesk("stop-and-question", lead, member)
		must := func(made dispatch.Decision, err error) {
			if err != nil || made.Refused {
				t.Fatalf("refused: %v, %v", made.Refused, err)
			}
		}
		must(dispatch.Decision{}, d.says(after(0), lead, dispatch.Statement{Fact: "on_duty", Value: "yes"}))
		must(d.does(after(1), member, dispatch.Accept{}))
		said := []dispatch.Statement{{Fact: "uniform", Value: "yes"}, {Fact: "id_card", Value: "yes"}, {Fact: "recording", Value: "on"}}
		must(dispatch.Decision{}, d.says(after(2), member, said...))
		must(d.does(after(10), lead, dispatch.ShowCode{Code: "49381726"}))
		must(d.does(after(11), member, dispatch.EnterCode{Code: "49381726"}))
		d.snap.Then = append(d.snap.Then[:0:0], d.snap.Observations...)
		must(dispatch.Decision{}, d.says(after(30), lead, dispatch.Statement{Fact: "presence", Value: "absent"}))
		d.snap.Happened = &duty.Interval{From: after(c.from), To: after(c.to)}
		made, err := d.does(after(60), member, dispatch.Start{})
		if err != nil || made.Refused == c.lawful {
			t.Errorf("%s: refused %v, %v", name, made.Refused, err)
		}
		if made.Rulings[len(made.Rulings)-1].Facts.At != after(c.to) && c.lawful {
			t.Errorf("%s: ruled on facts of %s", name, made.Rulings[len(made.Rulings)-1].Facts.At)
		}
	}
}

// What was said without network speaks of its own time. It makes a violation of then, and does not stand for what has been said since.
func TestLateTestimonyDoesNotRewriteNow(t *testing.T) {
	t.Parallel()
	lead, member := person(duty.Officer, "310121"), person(duty.FieldAuxiliary, "FJ31021")
	after := func(minutes int) time.Time { return eight.Add(time.Duration(minutes) * time.Minute) }
	d := newDesk("patrol", lead, member)
	must := func(_ dispatch.Decision, err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(d.does(after(1), member, dispatch.Accept{}))
	ready := []dispatch.Statement{{Fact: "uniform", Value: "yes"}, {Fact: "id_card", Value: "yes"}, {Fact: "recording", Value: "on"}}
	must(dispatch.Decision{}, d.says(after(2), member, ready...))
	must(d.does(after(3), member, dispatch.Start{}))
	d.snap.Then = append(d.snap.Then[:0:0], d.snap.Observations...)
	must(dispatch.Decision{}, d.says(after(20), member, dispatch.Statement{Fact: "recording", Value: "on"}))
	d.snap.Happened = &duty.Interval{From: after(8), To: after(9)}
	must(dispatch.Decision{}, d.says(after(21), member, dispatch.Statement{Fact: "recording", Value: "off"}))
	if d.snap.Task.Violation || d.snap.Task.LatestOutcome == law.Unmet {
		t.Errorf("the camera is on: violation %v, %s", d.snap.Task.Violation, d.snap.Task.LatestOutcome)
	}
	if got := d.kinds[len(d.kinds)-3:]; !slices.Equal(got, []string{"recording.changed", "task.violation", "task.lawful_again"}) {
		t.Errorf("on record: %v", got)
	}
}

// What people were told to fall back to ends with the reason for it: when the work rests, and when somebody leads again.
func TestAFallbackEndsWithItsReason(t *testing.T) {
	t.Parallel()
	lead, member := person(duty.Officer, "310121"), person(duty.FieldAuxiliary, "FJ31021")
	after := func(minutes int) time.Time { return eight.Add(time.Duration(minutes) * time.Minute) }
	d := newDesk("stop-and-question", lead, member)
	must := func(made dispatch.Decision, err error) {
		if err != nil || made.Refused {
			t.Fatalf("refused: %v, %v", made.Refused, err)
		}
	}
	code := func(at int) {
		must(d.does(after(at), lead, dispatch.ShowCode{Code: "49381726"}))
		must(d.does(after(at), member, dispatch.EnterCode{Code: "49381726"}))
	}
	gone := func(at int) {
		must(dispatch.Decision{}, d.says(after(at), lead, dispatch.Statement{Fact: "presence", Value: "absent"}))
		if len(d.snap.Task.Fallback) != 1 {
			t.Fatalf("nobody is told what may go on: %+v", d.snap.Task.Fallback)
		}
	}
	over := func(when string) {
		if len(d.snap.Task.Fallback) != 0 {
			t.Errorf("%s: %+v", when, d.snap.Task.Fallback)
		}
	}
	must(dispatch.Decision{}, d.says(after(0), lead, dispatch.Statement{Fact: "on_duty", Value: "yes"}))
	must(d.does(after(1), member, dispatch.Accept{}))
	ready := []dispatch.Statement{{Fact: "uniform", Value: "yes"}, {Fact: "id_card", Value: "yes"}, {Fact: "recording", Value: "on"}}
	must(dispatch.Decision{}, d.says(after(1), member, ready...))
	code(2)
	must(d.does(after(3), member, dispatch.Start{}))
	gone(4)
	code(5)
	over("led again")
	gone(6)
	must(d.does(after(7), member, dispatch.Pause{Reason: "x"}))
	over("while it rests")
	code(8)
	must(d.does(after(8), member, dispatch.Resume{}))
	over("resumed")
}
