package roster_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/roster"
)

func stationOrgan() duty.Organ { return duty.Organ{Code: "500103550000", Path: station} }

// drawnPeople are people with names and things that a file could stumble over.
func drawnPeople(t *rapid.T) (people []duty.Person) {
	text := rapid.StringOfN(rapid.SampledFrom([]rune("=+-@＝'|\\:;,\"\t 甲乙㐀a1/")), 1, 12, -1).Filter(func(s string) bool { return strings.TrimSpace(s) != "" })
	date := rapid.Custom(func(t *rapid.T) *time.Time {
		at := time.Date(2026, 1, 1, rapid.IntRange(0, 23).Draw(t, "hour"), 30, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 2000).Draw(t, "day"))
		return &at
	})
	maybe := rapid.OneOf(rapid.Just[*time.Time](nil), date)
	for i := range rapid.IntRange(1, 5).Draw(t, "people") {
		p := duty.Person{
			Number: fmt.Sprintf("%s%d", rapid.SampledFrom([]string{"FJ", "=", "-", "'+"}).Draw(t, "prefix"), i), Name: text.Draw(t, "name"),
			Class: rapid.SampledFrom([]duty.Class{duty.Officer, duty.FieldAuxiliary, duty.CivilianAuxiliary, duty.Other}).Draw(t, "class"),
			Organ: stationOrgan(), Status: rapid.SampledFrom([]law.Status{law.StatusActive, law.StatusSuspended, law.StatusSeparated}).Draw(t, "status"),
		}
		for _, post := range []string{"patrol", "a=b"} {
			if rapid.Bool().Draw(t, post) {
				p.Training = append(p.Training, duty.Training{Post: post, PassedOn: *date.Draw(t, "passed"), ValidTo: maybe.Draw(t, "valid"), RefresherDue: maybe.Draw(t, "due")})
			}
		}
		if rapid.Bool().Draw(t, "drives") {
			p.Qualifications = []duty.Qualification{{Kind: "car", ValidTo: maybe.Draw(t, "licence")}}
		}
		for _, item := range rapid.SliceOfNDistinct(text, 0, 3, strings.TrimSpace).Draw(t, "items") {
			p.Equipment = append(p.Equipment, duty.Equipment{Class: law.EquipmentRestraint, Item: item})
		}
		people = append(people, p)
	}
	return people
}

// TestAFileTellsEverybodyAsTheyAre: what is exported is imported without a difference, whatever people are called and carry, and no
// cell of it would be run by a spreadsheet.
func TestAFileTellsEverybodyAsTheyAre(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		store := newShelf(0)
		store.people = drawnPeople(t)
		store.directory = roster.Directory{Organs: map[string]duty.Organ{stationOrgan().Code: stationOrgan()}, Posts: map[string]bool{"patrol": true, "a=b": true}}
		s, actor := newService(store), holding(duty.RolePersonnel, station)
		var file bytes.Buffer
		if err := s.Export(t.Context(), actor, "", &file); err != nil {
			t.Fatal(err)
		}
		report, err := s.Import(t.Context(), actor, roster.File{Content: file.Bytes()})
		if err != nil || report.Wrong > 0 || report.Unchanged != len(store.people) || len(store.events) > 0 {
			t.Fatalf("%+v, %v of\n%s", report, err, file.String())
		}
	})
}

// TestAMissingColumnLeavesAndAnEmptyCellEmpties.
func TestAMissingColumnLeavesAndAnEmptyCellEmpties(t *testing.T) {
	t.Parallel()
	store := newShelf(1)
	store.people[0].Class, store.people[0].Name, store.people[0].Organ = duty.FieldAuxiliary, "甲", stationOrgan()
	store.people[0].Equipment = []duty.Equipment{{Item: "对讲机"}}
	store.directory = roster.Directory{Organs: map[string]duty.Organ{stationOrgan().Code: stationOrgan()}}
	s, actor := newService(store), holding(duty.RolePersonnel, station)
	for _, c := range []struct {
		file          string
		changed, left int
	}{
		{"number,name,class,organ\nFJ000,甲,勤务辅警,500103550000\n\n,,,\n", 0, 1},
		{"number,name,class,organ,equipment\nFJ000,甲,勤务辅警,500103550000,\n", 1, 0},
	} {
		report, err := s.Import(t.Context(), actor, roster.File{Content: []byte(c.file)})
		if err != nil || report.Wrong > 0 || report.Changed != c.changed || len(store.people[0].Equipment) != c.left {
			t.Errorf("%q: %+v, %v, %+v", c.file, report, err, store.people[0].Equipment)
		}
	}
	if e := store.events[0]; e.Kind != "person.changed" || !strings.Contains(string(e.Body), `"fields":["equipment"]`) {
		t.Errorf("%s %s", e.Kind, e.Body)
	}
}

// TestAppointmentsEndWithATransferAndTheCallingGoesOn.
func TestAppointmentsEndWithATransferAndTheCallingGoesOn(t *testing.T) {
	t.Parallel()
	store := newShelf(1)
	other := duty.Organ{Code: "500103560000", Path: sister}
	other.ID[0] = 1
	id := store.people[0].ID
	store.directory = roster.Directory{Organs: map[string]duty.Organ{other.Code: other}}
	store.scene.Grants = map[uuid.UUID][]duty.Grant{id: {
		{Role: duty.RoleOfficer, Path: station}, {Role: duty.RoleStationHead, Path: station}, {Role: duty.RoleViewer, Path: "500000000000/"},
	}}
	_, err := newService(store).Transfer(t.Context(), holding(duty.RolePersonnel, "500000000000/"), id, other.Code, "x")
	if err != nil {
		t.Fatal(err)
	}
	c := store.changes[0]
	roles := func(grants []roster.HeldGrant) (list []duty.Role) {
		for _, g := range grants {
			list = append(list, g.Role)
		}
		return list
	}
	if !slices.Equal(roles(c.Withdraw), []duty.Role{duty.RoleOfficer, duty.RoleStationHead}) || !slices.Equal(roles(c.Grant), []duty.Role{duty.RoleOfficer}) ||
		c.Grant[0].Organ != other {
		t.Errorf("withdrawn %+v, granted %+v", c.Withdraw, c.Grant)
	}
}
