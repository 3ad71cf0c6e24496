package law_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/law"
)

// question is the facts of a task without its people.
func question(act string) law.Facts {
	f := orderly(act, true)
	f.Phase, f.Auxiliaries = law.Dispatch, nil
	return *f
}

// TestScreenAgreesWithDecide on people who often look alike, in an order that lets one be remembered for the next.
func TestScreenAgreesWithDecide(t *testing.T) {
	t.Parallel()
	book, err := law.Embedded().Book(law.DefaultRulebook, law.Settings{Readings: map[string]string{"restraint_list": "strap"}})
	if err != nil {
		t.Fatal(err)
	}
	acts := book.Acts()
	rapid.Check(t, func(t *rapid.T) {
		f := question(acts[rapid.IntRange(0, len(acts)-1).Draw(t, "act")].Code)
		f.Phase = law.Phase(rapid.IntRange(0, 2).Draw(t, "phase"))
		f.Emergency = rapid.Bool().Draw(t, "emergency")
		f.Decisions = anyDecisions(t, f.Acts[0])
		screen, decisions := book.Screen(f), f.Decisions
		for i := range rapid.IntRange(1, 40).Draw(t, "people") {
			a := somebody(t, i, f.Acts)
			f.Auxiliaries = []law.Auxiliary{a}
			f.Decisions = slices.DeleteFunc(slices.Clone(decisions), func(d law.Decision) bool { return d.Person != "" && d.Person != a.ID })
			want, wantErr := book.Decide(&f)
			lawful, _ := screen.Lawful(&a)
			got, err := screen.Verdict(&a)
			again, _ := screen.Lawful(&a)
			if got != want || fmt.Sprint(err) != fmt.Sprint(wantErr) || lawful != (wantErr == nil && want.Outcome.Lawful()) || again != lawful {
				t.Fatalf("%+v\nscreen: %+v, %v, %v\ndecide: %+v, %v", a, got, lawful, err, want, wantErr)
			}
		}
	})
}

// anyDecisions are what an approver may have decided beforehand: about the work, and about one or two of the people.
func anyDecisions(t *rapid.T, act string) (list []law.Decision) {
	for _, d := range []law.Decision{
		{Citation: "cq-2021 16(2)", Fact: "officers.lead.presence=unknown", Act: act},
		{Citation: "cq-2021 37", Fact: "status=unknown", Person: "a1"},
		{Citation: "cq-2021 33¶1", Fact: "training=unknown", Person: "a1"},
		{Citation: "cq-2021 37", Fact: "status=unknown", Person: "a2"},
		{Citation: "cq-2021 18", Fact: "operates=qualified role=other", Person: "a2"},
	} {
		if rapid.Bool().Draw(t, d.Fact) {
			d.Allow = rapid.Bool().Draw(t, "allowed")
			list = append(list, d)
		}
	}
	return list
}

// somebody has one of few faces; now and then one that no word list knows.
func somebody(t *rapid.T, i int, acts []string) law.Auxiliary {
	pick := func(name string, most int) int { return rapid.IntRange(0, most).Draw(t, name) }
	a := law.Auxiliary{
		ID: fmt.Sprint("a", i), Role: law.Role(pick("role", 2)), Status: law.Status(pick("status", 3)), Training: law.Training(pick("training", 2)),
		Uniform: law.UniformYes, IDCard: law.Yes, Recording: law.Recording(pick("recording", 3)),
		Qualifications: law.Vehicles(pick("qualifications", 1)), Operates: law.Vehicles(pick("operates", 2)),
	}
	for range pick("things", 10) {
		a.Equipment = append(a.Equipment, law.EquipmentItem{
			Class: law.EquipmentClass(pick("class", 4)), Use: law.EquipmentUse(pick("use", 2)), Item: []string{"strap", "net"}[pick("item", 1)],
		})
	}
	if pick("own acts", 5) == 0 {
		a.Acts = acts
	}
	if pick("stranger", 9) == 0 {
		a.Status = 99
	}
	return a
}

// rosterOf is a force as it is: mostly in order, some suspended, untrained, civilian, or carrying what the organ issued.
func rosterOf(n int) []law.Auxiliary {
	chance := rand.New(rand.NewPCG(1, 2))
	people := make([]law.Auxiliary, n)
	for i := range people {
		a := &people[i]
		*a = law.Auxiliary{
			ID: fmt.Sprint("FJ", i), Role: law.RoleField, Status: law.StatusActive, Training: law.TrainingPassed,
			Uniform: law.UniformUnknown, Qualifications: law.Vehicles(chance.IntN(8)),
		}
		switch {
		case chance.IntN(4) == 0:
			a.Role = law.RoleCivilian
		case chance.IntN(3) == 0:
			a.Equipment = []law.EquipmentItem{{Class: law.EquipmentRestraint, Item: "strap"}, {Class: law.EquipmentProtective, Item: "shield"}}
		}
		if chance.IntN(20) == 0 {
			a.Status = law.StatusSuspended
		}
		if chance.IntN(10) == 0 {
			a.Training = law.Training(chance.IntN(5))
		}
	}
	return people
}

// BenchmarkScreen answers for 50,000 people, beside a plain loop of decisions. Targets: yes or no 5 ms, the first lack of each 60 ms.
func BenchmarkScreen(b *testing.B) {
	book, people := law.Default(), rosterOf(50_000)
	f := question("stop-and-question")
	f.At = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	verdicts := make([]law.Verdict, len(people))
	b.Run("plain-loop", func(b *testing.B) {
		for b.Loop() {
			for i := range people {
				f.Auxiliaries = people[i : i+1]
				verdicts[i], _ = book.Decide(&f)
			}
		}
	})
	b.Run("yes-or-no", func(b *testing.B) {
		for b.Loop() {
			may, screen := 0, book.Screen(f)
			for i := range people {
				if lawful, _ := screen.Lawful(&people[i]); lawful {
					may++
				}
			}
			if may == 0 || may == len(people) {
				b.Fatal(may)
			}
		}
	})
	b.Run("first-lack", func(b *testing.B) {
		for b.Loop() {
			screen := book.Screen(f)
			for i := range people {
				verdicts[i], _ = screen.Verdict(&people[i])
			}
		}
	})
}
