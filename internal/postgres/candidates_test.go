package postgres_test

import (
	"slices"
	"testing"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/roster"
)

// TestARollHasEverybodyWithWhatIsTheirs as the roster shows them one by one, and nobody from out of reach.
func TestARollHasEverybodyWithWhatIsTheirs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.dispatched() // to wang and li
	for name, c := range map[string]struct {
		actor duty.Actor
		path  duty.Path
		want  []string
	}{
		"the district":      {h.head, "", []string{"F20001", "F20002", "F20003"}},
		"part of it":        {h.head, h.south.Path, []string{"F20003"}},
		"a station":         {h.officer, "", []string{"F20001", "F20002"}},
		"out of reach":      {h.officer, h.south.Path, nil},
		"without any reach": {h.wang, "", nil},
	} {
		roll, err := h.store.Roll(t.Context(), c.actor, c.path)
		h.must(err)
		var got []string
		for _, found := range roll.People {
			got = append(got, found.Person.Number)
			h.asInTheRoster(found)
		}
		if slices.Sort(got); !slices.Equal(got, c.want) || roll.Now.IsZero() {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func (h *house) asInTheRoster(c dispatch.Candidate) {
	h.t.Helper()
	same, err := h.store.Person(h.t.Context(), h.head, c.Person.ID)
	h.must(err)
	if !slices.EqualFunc(c.Person.Training, same.Training, func(a, b duty.Training) bool {
		return a.Post == b.Post && slices.Equal(a.Items, b.Items) && a.PassedOn.Equal(b.PassedOn)
	}) || !slices.Equal(c.Person.Qualifications, same.Qualifications) || !slices.Equal(c.Person.Equipment, same.Equipment) ||
		c.Person.Organ != same.Organ || c.Person.Status != same.Status || c.Person.Class != same.Class || c.Person.Name != same.Name {
		h.t.Errorf("on the roll %+v\nin the roster %+v", c.Person, same)
	}
	if busy := c.Person.Number != "F20003"; busy != (c.OpenTasks == 1) {
		h.t.Errorf("%s has %d open tasks", c.Person.Number, c.OpenTasks)
	}
}

// BenchmarkRoll reads a city of 50,000 auxiliaries, three trainings each.
func BenchmarkRoll(b *testing.B) {
	h := newHouse(b)
	h.must(h.store.Enter(b.Context(), roster.Entries{Posts: []roster.Post{
		{Code: "traffic", Name: "交通", Items: []string{"cq-2021 15(3)"}}, {Code: "response", Name: "处警", Items: []string{"cq-2021 16(1)"}},
	}}))
	_, err := h.owner.Exec(b.Context(), `WITH everybody AS (
			INSERT INTO person (id, number, name, class, organ_id, path, status)
			SELECT gen_random_uuid(), 'B' || n, '辅警' || n, 'field_auxiliary', $1, $2, 'active' FROM generate_series(1, 50000) n RETURNING id
		), trained AS (
			INSERT INTO training (person_id, post, passed_on) SELECT id, post, now() FROM everybody, unnest('{patrol,traffic,response}'::text[]) post
		) INSERT INTO equipment (person_id, class, item) SELECT id, 'restraint', '约束带' FROM everybody`, h.north.ID, string(h.north.Path))
	h.must(err)
	_, err = h.owner.Exec(b.Context(), `ANALYZE`)
	h.must(err)
	for b.Loop() {
		roll, err := h.store.Roll(b.Context(), h.head, "")
		h.must(err)
		if len(roll.People) < 50000 {
			b.Fatal(len(roll.People))
		}
	}
}
