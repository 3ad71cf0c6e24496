package roster_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/roster"
)

const (
	station = duty.Path("500000000000/500103000000/500103550000/")
	sister  = duty.Path("500000000000/500103000000/500103560000/")
)

// shelf is a store that shows everything to everybody, so that what is refused was refused by the service.
type shelf struct {
	roster.Imports
	roster.Obligations
	people    []duty.Person
	directory roster.Directory
	scene     roster.Scene // but for the people
	asked     roster.Filter
	changes   []roster.Changes
	events    []ledger.Event
}

// newService is the service on a shelf.
func newService(store roster.Store) *roster.Service {
	return roster.New(store, slog.New(slog.DiscardHandler))
}

func (s *shelf) Organs(context.Context, duty.Actor) ([]roster.Organ, error) {
	return []roster.Organ{{}}, nil
}

func (s *shelf) People(_ context.Context, _ duty.Actor, filter roster.Filter) ([]duty.Person, error) {
	s.asked = filter
	return s.people[:min(filter.Limit, len(s.people))], nil
}

func (s *shelf) Person(_ context.Context, _ duty.Actor, id uuid.UUID) (duty.Person, error) {
	for _, p := range s.people {
		if p.ID == id {
			return p, nil
		}
	}
	return duty.Person{}, fault.Missing("person")
}

func (s *shelf) Profile(context.Context, duty.Actor) (roster.Profile, error) {
	return roster.Profile{OpenTasks: 3}, nil
}

func (s *shelf) Organ(_ context.Context, _ duty.Actor, id uuid.UUID) (duty.Organ, error) {
	for _, o := range s.directory.Organs {
		if o.ID == id {
			return o, nil
		}
	}
	return duty.Organ{}, fault.Missing("organ")
}

func (s *shelf) Directory(context.Context, duty.Actor) (roster.Directory, error) {
	return s.directory, nil
}

// Change shows everybody, and keeps what became of them.
func (s *shelf) Change(_ context.Context, _ duty.Actor, of roster.Selection, decide func(roster.Scene) (roster.Changes, error)) error {
	scene := s.scene
	scene.Counts = func([]duty.Path) ([]roster.Headcount, error) { return nil, nil }
	scene.People = map[string]duty.Person{}
	for _, p := range s.people {
		if slices.Contains(of.Numbers, p.Number) || of.Auxiliaries != "" && p.Organ.Path.Within(of.Auxiliaries) {
			scene.People[p.Number] = p
		}
	}
	changes, err := decide(scene)
	if err != nil {
		return err
	}
	s.changes = append(s.changes, changes)
	s.events = append(s.events, changes.Events...)
	for _, moved := range changes.Moved {
		i := slices.IndexFunc(s.people, func(p duty.Person) bool { return p.ID == moved.ID })
		s.people[i] = moved
	}
	s.people = append(s.people, changes.Added...)
	if changes.Source != nil {
		s.scene.Revision = changes.Source.Revision
	}
	return nil
}

func newShelf(count int) *shelf {
	s := &shelf{}
	for i := range count {
		s.people = append(s.people, duty.Person{
			ID: uuid.New(), Number: fmt.Sprintf("FJ%03d", i), Organ: duty.Organ{Path: station}, Status: law.StatusActive,
		})
	}
	return s
}

func holding(role duty.Role, path duty.Path) duty.Actor {
	return duty.Actor{Person: uuid.New(), Organ: duty.Organ{Path: path}, Grants: []duty.Grant{{Role: role, Path: path}}}
}

// permission wants an error of a kind; fault.Internal stands for none.
func permission(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if fault.KindOf(err) != want || (err == nil) != (want == fault.Internal) {
		t.Errorf("%s: %v", what, err)
	}
}

func TestWhoReadsAndManagesTheRoster(t *testing.T) {
	t.Parallel()
	store := newShelf(1)
	s, somebody := newService(store), store.people[0].ID
	const ok, forbidden, missing = fault.Internal, fault.Forbidden, fault.NotFound
	for _, c := range []struct {
		role               duty.Role
		path               duty.Path
		list, show, manage fault.Kind
	}{
		{duty.RolePersonnel, station, ok, ok, ok},
		{duty.RolePersonnel, sister, ok, missing, missing},
		{duty.RoleOfficer, station, ok, ok, forbidden},
		{duty.RoleStationHead, station, ok, ok, forbidden},
		{duty.RoleViewer, station, ok, ok, forbidden},
		{duty.RoleAuditor, station, ok, ok, forbidden},
		{duty.RoleLegal, station, forbidden, missing, missing},
		{duty.RoleAuxiliary, station, forbidden, missing, missing},
	} {
		actor, who := holding(c.role, c.path), fmt.Sprintf("%s of %s ", c.role, c.path)
		_, err := s.Organs(t.Context(), actor)
		permission(t, who+"listing organs", err, c.list)
		_, _, err = s.People(t.Context(), actor, roster.Filter{})
		permission(t, who+"listing people", err, c.list)
		_, err = s.Person(t.Context(), actor, somebody)
		permission(t, who+"looking", err, c.show)
		_, err = s.SetStatus(t.Context(), actor, somebody, law.StatusSuspended, "x")
		permission(t, who+"setting a status", err, c.manage)
	}
	self := holding(duty.RoleAuxiliary, station)
	self.Person = somebody
	_, err := s.Person(t.Context(), self, somebody)
	permission(t, "looking at oneself", err, ok)
	_, err = s.SetStatus(t.Context(), self, somebody, law.StatusActive, "x")
	permission(t, "setting one's own status", err, missing)
	if profile, err := s.Profile(t.Context(), self); err != nil || profile.OpenTasks != 3 {
		t.Errorf("%+v, %v", profile, err)
	}
}

func TestAStatusIsSetWithAReasonOnRecord(t *testing.T) {
	t.Parallel()
	store := newShelf(1)
	s, actor, id := newService(store), holding(duty.RolePersonnel, station), store.people[0].ID
	person, err := s.SetStatus(t.Context(), actor, id, law.StatusSeparated, "辞职")
	if err != nil || person.Status != law.StatusSeparated || len(store.events) != 1 {
		t.Fatalf("%+v, %v", person, err)
	}
	e := store.events[0]
	want := fmt.Sprintf(`{"from":"active","hand_back":0,"open_tasks":[],"person":"%s","reason":"辞职","to":"separated"}`, id)
	if e.Kind != "person.separated" || e.Path != station || e.Actor != actor.Person || string(e.Body) != want || e.ID == uuid.Nil {
		t.Errorf("%+v %s", e, e.Body)
	}
	_, err = s.SetStatus(t.Context(), actor, id, law.StatusUnknown, "x")
	permission(t, "an unknown status", err, fault.Invalid)
	_, err = s.SetStatus(t.Context(), actor, uuid.New(), law.StatusActive, "x")
	permission(t, "nobody", err, fault.NotFound)
}

func TestPagesSayWhetherThereIsMore(t *testing.T) {
	t.Parallel()
	store := newShelf(roster.PageSize + 1)
	s, actor := newService(store), holding(duty.RoleViewer, station)
	for _, c := range []struct {
		limit, want int
		more        bool
	}{{0, roster.PageSize, true}, {roster.PageSize, roster.PageSize, true}, {roster.PageSize + 1, roster.PageSize + 1, false}, {200, roster.PageSize + 1, false}} {
		people, more, err := s.People(t.Context(), actor, roster.Filter{Limit: c.limit, Text: "x"})
		if err != nil || len(people) != c.want || more != c.more || store.asked.Text != "x" {
			t.Errorf("limit %d: %d people, more %t, %v", c.limit, len(people), more, err)
		}
	}
}

// register keeps what was entered, and knows one organ and one person.
type register struct {
	entered []roster.Entries
	fails   error
	bare    bool // no root is known yet
}

var (
	knownOrgan  = duty.Organ{ID: uuid.New(), Code: "500103000000", Kind: duty.District, Path: "500000000000/500103000000/"}
	knownPerson = duty.Person{ID: uuid.New(), Number: "310111"}
)

func (r *register) OrganByCode(_ context.Context, code string) (duty.Organ, error) {
	if code != knownOrgan.Code {
		return duty.Organ{}, fault.Missing("organ")
	}
	return knownOrgan, r.fails
}

func (r *register) Roots(context.Context) ([]duty.Organ, error) {
	if r.bare {
		return nil, r.fails
	}
	return []duty.Organ{knownOrgan}, r.fails
}

func (r *register) PersonByNumber(_ context.Context, number string) (duty.Person, error) {
	if number != knownPerson.Number {
		return duty.Person{}, fault.Missing("person")
	}
	return knownPerson, r.fails
}

func (r *register) Enter(_ context.Context, e roster.Entries) error {
	r.entered = append(r.entered, e)
	return nil
}

// TestThingsAreEnteredTogetherWithWhatTheyNeed: an organ, somebody in it, what they hold and may do, in one order.
func TestThingsAreEnteredTogetherWithWhatTheyNeed(t *testing.T) {
	t.Parallel()
	r := &register{}
	err := roster.NewAdmin(r).Enter(t.Context(), roster.Order{
		Organs: []roster.NewOrgan{
			{Code: "500103550000", Name: "江岸派出所", Kind: duty.Station, Above: knownOrgan.Code},
			{Code: "500103550000-01", Name: "巡逻防控队", Kind: duty.Squad, Above: "500103550000"},
		},
		Posts:  []roster.Post{{Code: "patrol", Name: "巡逻", Items: []string{"cq-2021 15(1)"}}},
		People: []roster.NewPerson{{Number: "FJ1", Name: "冉明远", Class: duty.FieldAuxiliary, Organ: "500103550000-01"}},
		Holdings: []roster.Holdings{
			{
				Number: "FJ1", Training: []duty.Training{{Post: "patrol"}}, Qualifications: []duty.Qualification{{Kind: "car"}},
				Equipment: []duty.Equipment{{Item: "约束带"}},
			},
			{Number: knownPerson.Number, Qualifications: []duty.Qualification{{Kind: "boat"}}},
		},
		Grants:    []roster.NewGrant{{Number: "FJ1", Role: duty.RoleAuxiliary, Organ: "500103550000-01"}},
		Withdrawn: []roster.NewGrant{{Number: knownPerson.Number, Role: duty.RoleOfficer, Organ: knownOrgan.Code}},
	})
	if err != nil || len(r.entered) != 1 {
		t.Fatal(err)
	}
	e := r.entered[0]
	squad := e.Organs[1]
	if squad.Path != knownOrgan.Path+"500103550000/500103550000-01/" || *squad.Parent != e.Organs[0].ID || *e.Organs[0].Parent != knownOrgan.ID {
		t.Errorf("organs %+v", e.Organs)
	}
	person := e.People[0]
	if person.Organ != squad.Organ || person.Status != law.StatusActive || person.ID == uuid.Nil {
		t.Errorf("person %+v", person)
	}
	if e.Training[0].Person != person.ID || e.Qualifications[0].Person != person.ID || e.Equipment[0].Person != person.ID ||
		e.Qualifications[1].Person != knownPerson.ID {
		t.Errorf("holdings %+v %+v %+v", e.Training, e.Qualifications, e.Equipment)
	}
	if e.Grants[0] != (roster.HeldGrant{Person: person.ID, Role: duty.RoleAuxiliary, Organ: squad.Organ}) ||
		e.Withdrawn[0] != (roster.HeldGrant{Person: knownPerson.ID, Role: duty.RoleOfficer, Organ: knownOrgan}) || e.Posts[0].Code != "patrol" {
		t.Errorf("grants %+v, withdrawn %+v", e.Grants, e.Withdrawn)
	}
}

func TestABadOrderEntersNothingAndSaysWhere(t *testing.T) {
	t.Parallel()
	person := roster.NewPerson{Number: "FJ1", Name: "冉明远", Class: duty.FieldAuxiliary, Organ: knownOrgan.Code}
	for field, order := range map[string]roster.Order{
		"organs/0/kind":   {Organs: []roster.NewOrgan{{Code: "1", Name: "x", Kind: "county"}}},
		"organs/0/above":  {Organs: []roster.NewOrgan{{Code: "1", Name: "x", Kind: duty.Station, Above: "2"}}},
		"organs/1/above":  {Organs: []roster.NewOrgan{{Code: "1", Name: "x", Kind: duty.Station, Above: knownOrgan.Code}, {Code: "2", Name: "x", Kind: duty.Bureau, Above: "1"}}},
		"organs/2/above":  {Organs: []roster.NewOrgan{{Code: "1", Name: "x", Kind: duty.Squad, Above: knownOrgan.Code}, {Code: "2", Name: "x", Kind: duty.Squad, Above: knownOrgan.Code}, {Code: "3", Name: "x", Kind: duty.Bureau}}},
		"people/0/number": {People: []roster.NewPerson{{Number: strings.Repeat("1", 33), Name: "x", Class: duty.Officer, Organ: knownOrgan.Code}}},
		"holdings/0/training": {Holdings: []roster.Holdings{{Number: knownPerson.Number, Training: []duty.Training{{
			Post: "patrol", PassedOn: time.Unix(1, 0), ValidTo: new(time.Time),
		}}}}},
		"organs/0":          {Organs: []roster.NewOrgan{{Name: "x", Kind: duty.Station}}},
		"people/0/class":    {People: []roster.NewPerson{{Number: "1", Name: "x", Class: "sheriff"}}},
		"people/0":          {People: []roster.NewPerson{{Number: "1", Class: duty.Officer}}},
		"people/1/organ":    {People: []roster.NewPerson{person, {Number: "2", Name: "x", Class: duty.Officer, Organ: "nowhere"}}},
		"holdings/0/number": {Holdings: []roster.Holdings{{Number: "nobody"}}},
		"grants/0/role":     {Grants: []roster.NewGrant{{Number: knownPerson.Number, Role: "king", Organ: knownOrgan.Code}}},
		"grants/0/number":   {Grants: []roster.NewGrant{{Number: "nobody", Role: duty.RoleOfficer, Organ: knownOrgan.Code}}},
		"withdrawn/0/organ": {Withdrawn: []roster.NewGrant{{Number: knownPerson.Number, Role: duty.RoleOfficer, Organ: "nowhere"}}},
	} {
		r := &register{}
		err := roster.NewAdmin(r).Enter(t.Context(), order)
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "["+field+":") || len(r.entered) > 0 {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestThereIsOneRoot: an empty roster takes the first one, and not a second one with it.
func TestThereIsOneRoot(t *testing.T) {
	t.Parallel()
	r := &register{bare: true}
	bureau := roster.NewOrgan{Code: "500000000000", Name: "市公安局", Kind: duty.Bureau}
	other := roster.NewOrgan{Code: "600000000000", Name: "别处公安局", Kind: duty.Bureau}
	err := roster.NewAdmin(r).Enter(t.Context(), roster.Order{Organs: []roster.NewOrgan{bureau, other}})
	if fault.KindOf(err) != fault.Invalid || len(r.entered) > 0 {
		t.Errorf("two roots: %v", err)
	}
	if err := roster.NewAdmin(r).Enter(t.Context(), roster.Order{Organs: []roster.NewOrgan{bureau}}); err != nil {
		t.Fatal(err)
	}
	if root := r.entered[0].Organs[0]; root.Parent != nil || root.Path != "500000000000/" {
		t.Errorf("root %+v", root)
	}
}

func TestAStoreThatFailsIsNoUnknownCode(t *testing.T) {
	t.Parallel()
	r := &register{fails: fault.New(fault.Unavailable, "gone", "", "gone")}
	for _, order := range []roster.Order{
		{People: []roster.NewPerson{{Number: "1", Name: "x", Class: duty.Officer, Organ: knownOrgan.Code}}},
		{Holdings: []roster.Holdings{{Number: knownPerson.Number}}},
	} {
		if err := roster.NewAdmin(r).Enter(t.Context(), order); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%v", err)
		}
	}
}
