package postgres_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/identity"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/legal"
	"github.com/dutybound/dutybound/internal/postgres"
	"github.com/dutybound/dutybound/internal/roster"
	"github.com/dutybound/dutybound/internal/safety"
	"github.com/dutybound/dutybound/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

var (
	_ dispatch.Store  = (*postgres.Store)(nil)
	_ identity.Store  = (*postgres.Store)(nil)
	_ roster.Store    = (*postgres.Store)(nil)
	_ roster.Register = (*postgres.Store)(nil)
	_ ledger.Source   = (*postgres.Store)(nil)
	_ legal.Store     = (*postgres.Store)(nil)
	_ safety.Alarms   = (*postgres.Store)(nil)
	_ safety.Checks   = (*postgres.Store)(nil)
)

// house is a test's own database with a district of two stations and a few people in each.
type house struct {
	t     testing.TB
	url   string
	store *postgres.Store
	owner *pgxpool.Pool // the owner of the tables, a superuser: whom no policy binds

	district, north, south duty.Organ
	head                   duty.Actor // of the district
	officer, wang, li      duty.Actor // of north
	stranger, zhao         duty.Actor // of south
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

func newHouse(t testing.TB) *house {
	t.Helper()
	db := testkit.Database(t)
	h := &house{t: t, url: db.URL, owner: db.Pool()}
	h.store = h.open(db.URL)
	h.district = duty.Organ{ID: newID(), Code: "500103000000", Name: "渝中分局", Kind: duty.District, Path: "500103000000/"}
	h.north = duty.Organ{ID: newID(), Code: "500103550000", Name: "城北派出所", Kind: duty.Station, Path: "500103000000/500103550000/"}
	h.south = duty.Organ{ID: newID(), Code: "500103560000", Name: "城南派出所", Kind: duty.Station, Path: "500103000000/500103560000/"}
	h.must(h.store.Enter(t.Context(), roster.Entries{Organs: []roster.Organ{
		{Organ: h.district}, {Organ: h.north, Parent: &h.district.ID}, {Organ: h.south, Parent: &h.district.ID},
	}, Posts: []roster.Post{{Code: "patrol", Name: "巡逻", Items: []string{"cq-2021 15(1)", "cq-2021 15(2)"}}}}))
	h.head = h.person("100001", "周明", duty.Officer, h.district, duty.RoleStationHead)
	h.officer = h.person("100002", "陈强", duty.Officer, h.north, duty.RoleOfficer)
	h.wang = h.person("F20001", "王磊", duty.FieldAuxiliary, h.north, duty.RoleAuxiliary)
	h.li = h.person("F20002", "李娜", duty.FieldAuxiliary, h.north, duty.RoleAuxiliary)
	h.stranger = h.person("100003", "吴勇", duty.Officer, h.south, duty.RoleOfficer)
	h.zhao = h.person("F20003", "赵静", duty.FieldAuxiliary, h.south, duty.RoleAuxiliary)
	return h
}

// open connects another store to the database.
func (h *house) open(url string) *postgres.Store {
	h.t.Helper()
	store, err := postgres.Open(context.Background(), postgres.Config{URL: url, MaxConns: 12})
	h.must(err)
	h.t.Cleanup(store.Close)
	return store
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// roster is the room that changes people, on the house's store.
func (h *house) roster() *roster.Service { return roster.New(h.store, slog.New(slog.DiscardHandler)) }

// person enters somebody trained for patrol, with a role over their organ and a device.
func (h *house) person(number, name string, class duty.Class, organ duty.Organ, role duty.Role) duty.Actor {
	h.t.Helper()
	a := duty.Actor{
		Person: newID(), Number: number, Name: name, Class: class, Organ: organ, Device: newID(), Session: newID(),
		Grants: []duty.Grant{{Role: role, Path: organ.Path}},
	}
	passed := time.Date(2026, 1, 10, 0, 0, 0, 0, time.UTC)
	h.must(h.store.Enter(h.t.Context(), roster.Entries{
		People:         []duty.Person{{ID: a.Person, Number: number, Name: name, Class: class, Organ: organ, Status: law.StatusActive}},
		Training:       []roster.HeldTraining{{Person: a.Person, Training: duty.Training{Post: "patrol", PassedOn: passed}}},
		Qualifications: []roster.HeldQualification{{Person: a.Person, Qualification: duty.Qualification{Kind: "car"}}},
		Equipment:      []roster.HeldEquipment{{Person: a.Person, Equipment: duty.Equipment{Item: "手电筒"}}},
		Grants:         []roster.HeldGrant{{Person: a.Person, Role: role, Organ: organ}},
	}))
	_, err := h.store.AddDevice(h.t.Context(), identity.Device{ID: a.Device, Person: a.Person, Name: "手机", Platform: identity.Android})
	h.must(err)
	return a
}

func call(actor duty.Actor, people ...duty.Actor) dispatch.Call {
	c := dispatch.Call{Actor: actor, Command: duty.Command{ID: newID(), Hash: sha256.Sum256([]byte("a body"))}}
	for _, p := range people {
		c.People = append(c.People, p.Person)
	}
	return c
}

// rule makes a ruling of a phase and outcome on a task.
func rule(t dispatch.Task, actor duty.Actor, now time.Time, phase law.Phase, outcome law.Outcome) dispatch.RulingRecord {
	r := dispatch.RulingRecord{
		ID: newID(), Epoch: t.Epoch, Path: t.Organ.Path, Actor: actor.Person, Command: "test", At: now,
		Facts: law.Facts{At: now, Phase: phase, Acts: []string{"patrol"}}, Ruling: law.Ruling{Outcome: outcome},
	}
	if t.ID != uuid.Nil {
		r.Task = &t.ID
	}
	return r
}

func happening(t *dispatch.Task, actor duty.Actor, now time.Time, kind string) ledger.Event {
	e := ledger.Event{ID: newID(), Kind: kind, Path: t.Organ.Path, Actor: actor.Person, At: now, Body: json.RawMessage(`{"state": "` + string(t.State) + `"}`)}
	if t.ID != uuid.Nil {
		t.Version++
		id := t.ID
		e.Task, e.Version = &id, t.Version
	}
	return e
}

func member(a duty.Actor) dispatch.Member {
	return dispatch.Member{Person: a.Person, Number: a.Number, Name: a.Name, Class: a.Class, State: dispatch.Accepted}
}

// ordering decides a dispatch of a unit by an officer.
func ordering(actor duty.Actor, lead duty.Actor, members ...duty.Actor) func(dispatch.Snapshot) (dispatch.Decision, error) {
	return func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		task := dispatch.Task{
			ID: newID(), Organ: actor.Organ, State: dispatch.Dispatched, DispatchedAt: snap.Now,
			Order:        dispatch.Order{Acts: []string{"patrol"}, Place: duty.Place{Name: "解放碑"}, Urgency: dispatch.Urgent},
			DispatchedBy: dispatch.Dispatcher{Person: actor.Person, Number: actor.Number, Name: actor.Name, Class: actor.Class},
			Officers:     []dispatch.Officer{{Person: lead.Person, Number: lead.Number, Name: lead.Name, Lead: true}},
		}
		d := dispatch.Decision{}
		for _, m := range members {
			task.Members = append(task.Members, member(m))
			d.Pushes = append(d.Pushes, duty.Push{Person: m.Person, Task: task.ID, Kind: "dispatched", Priority: string(task.Urgency)})
		}
		r := rule(task, actor, snap.Now, law.Dispatch, law.Permitted)
		task.LatestRuling, task.LatestOutcome = r.ID, r.Ruling.Outcome
		d.Rulings = append(d.Rulings, r)
		d.Events = append(d.Events, happening(&task, actor, snap.Now, "task.dispatched"))
		d.Task = task
		return d, nil
	}
}

// moving decides a step to a state; a started task gets a ruling that carries it, and a paused one loses its own.
func moving(actor duty.Actor, to dispatch.State) func(dispatch.Snapshot) (dispatch.Decision, error) {
	return func(snap dispatch.Snapshot) (dispatch.Decision, error) {
		task := snap.Task
		task.State = to
		phase := law.During
		switch to {
		case dispatch.Started:
			phase = law.Start
			task.Epoch++
		case dispatch.Paused:
			task.Epoch++
			task.StandingRuling = nil
		}
		r := rule(task, actor, snap.Now, phase, law.Conditional)
		if to == dispatch.Started {
			task.StandingRuling = &r.ID
		}
		task.LatestRuling, task.LatestOutcome = r.ID, r.Ruling.Outcome
		event := happening(&task, actor, snap.Now, "task."+string(to))
		return dispatch.Decision{Task: task, Rulings: []dispatch.RulingRecord{r}, Events: []ledger.Event{event}}, nil
	}
}

// dispatched makes a task of north, led by its officer.
func (h *house) dispatched() dispatch.Task {
	h.t.Helper()
	answer, err := h.store.Create(h.t.Context(), call(h.officer, h.officer, h.wang, h.li), ordering(h.officer, h.officer, h.wang, h.li))
	h.must(err)
	return answer.Task
}

func (h *house) move(task uuid.UUID, actor duty.Actor, to dispatch.State) dispatch.Task {
	h.t.Helper()
	answer, err := h.store.Decide(h.t.Context(), call(actor), task, moving(actor, to))
	h.must(err)
	return answer.Task
}

// count asks the owner for a number.
func (h *house) count(sql string, args ...any) (n int) {
	h.t.Helper()
	h.must(h.owner.QueryRow(h.t.Context(), sql, args...).Scan(&n))
	return n
}
