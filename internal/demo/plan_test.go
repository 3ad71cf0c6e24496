package demo_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/demo"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/roster"
)

var now = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func TestThePlanIsAStationsWorth(t *testing.T) {
	t.Parallel()
	order := demo.Plan(now)
	if n := len(order.People); n < 280 || n > 320 {
		t.Errorf("%d people, want about 300", n)
	}
	for class, want := range map[duty.Class]int{duty.Officer: 60, duty.FieldAuxiliary: 150, duty.CivilianAuxiliary: 50, duty.Other: 6} {
		if n := count(order.People, func(p roster.NewPerson) bool { return p.Class == class }); n < want {
			t.Errorf("%d of class %s, want at least %d", n, class, want)
		}
	}
	for _, status := range []law.Status{law.StatusSuspended, law.StatusSeparated} {
		if n := count(order.People, func(p roster.NewPerson) bool { return p.Status == status }); n != 1 {
			t.Errorf("%d people are %s, want one", n, status)
		}
	}
	kinds := map[duty.OrganKind]int{}
	for _, o := range order.Organs {
		kinds[o.Kind]++
	}
	if kinds[duty.Bureau] != 1 || kinds[duty.District] != 1 || kinds[duty.Station] != 3 || kinds[duty.Squad] < 12 {
		t.Errorf("organs: %v", kinds)
	}
}

func count(people []roster.NewPerson, is func(roster.NewPerson) bool) (n int) {
	for _, p := range people {
		if is(p) {
			n++
		}
	}
	return n
}

func TestNumbersAndNamesStandForOnePersonEach(t *testing.T) {
	t.Parallel()
	shapes := map[duty.Class]*regexp.Regexp{
		duty.Officer:           regexp.MustCompile(`^\d{6}$`),
		duty.FieldAuxiliary:    regexp.MustCompile(`^FJ\d{5}$`),
		duty.CivilianAuxiliary: regexp.MustCompile(`^FJ\d{5}$`),
		duty.Other:             regexp.MustCompile(`^QT\d{5}$`),
	}
	seen := map[string]bool{}
	for _, p := range demo.Plan(now).People {
		if !shapes[p.Class].MatchString(p.Number) {
			t.Errorf("%s is no number of a %s", p.Number, p.Class)
		}
		if seen[p.Number] || seen[p.Name] {
			t.Errorf("%s %s stands for two", p.Number, p.Name)
		}
		seen[p.Number], seen[p.Name] = true, true
	}
}

func TestTrainingIsAsUntidyAsARealRoster(t *testing.T) {
	t.Parallel()
	order := demo.Plan(now)
	items := map[string][]string{}
	for _, p := range order.Posts {
		items[p.Code] = p.Items
	}
	class := map[string]duty.Class{}
	for _, p := range order.People {
		class[p.Number] = p.Class
	}
	states := map[law.Training]int{}
	for _, h := range order.Holdings {
		if class[h.Number] == duty.FieldAuxiliary {
			states[training(t, h, items)]++
		}
	}
	for _, want := range []law.Training{law.TrainingPassed, law.TrainingExpired, law.TrainingMissing, law.TrainingRefresherOverdue} {
		if states[want] == 0 {
			t.Errorf("nobody's training is %s: %v", want, states)
		}
	}
	if states[law.TrainingPassed] < 130 {
		t.Errorf("too few are fit for their post: %v", states)
	}
}

func training(t *testing.T, h roster.Holdings, items map[string][]string) law.Training {
	if len(h.Training) == 0 {
		return law.TrainingMissing
	}
	held := h.Training[0]
	if held.Items = items[held.Post]; len(held.Items) == 0 {
		t.Errorf("%s is trained for the unknown post %q", h.Number, held.Post)
		return law.TrainingUnknown
	}
	return duty.Person{Training: []duty.Training{held}}.TrainedFor(held.Items[0], now)
}

func TestNobodyCarriesAWeapon(t *testing.T) {
	t.Parallel()
	for _, h := range demo.Plan(now).Holdings {
		for _, e := range h.Equipment {
			if e.Class != law.EquipmentOrdinary && e.Class != law.EquipmentProtective {
				t.Errorf("%s carries %s (%s)", h.Number, e.Item, e.Class)
			}
		}
	}
}

func TestThePlanIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	a, b := demo.Plan(now), demo.Plan(now.AddDate(1, 0, 0))
	for i := range a.People {
		if a.People[i] != b.People[i] {
			t.Fatalf("person %d is %v once and %v a year later", i, a.People[i], b.People[i])
		}
	}
}
