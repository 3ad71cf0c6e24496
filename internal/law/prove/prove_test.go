package prove_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/lawtest"
	"github.com/dutybound/dutybound/internal/law/prove"
)

// spoiled is cq-2021 with one text of one file put in place of another.
func spoiled(t *testing.T, file, old, text string) *law.Library {
	t.Helper()
	files := lawtest.Instruments(t, "../instruments")
	lawtest.Change(t, files, file, old, text)
	lib, err := law.Load(files, law.DefaultRulebook)
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

type runner func(*law.Library, string, prove.Options) (*prove.Report, error)

func run(t *testing.T, how runner, lib *law.Library, acts ...string) *prove.Report {
	t.Helper()
	r, err := how(lib, law.DefaultRulebook, prove.Options{Workers: 2, Acts: acts})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func refuted(r *prove.Report) (ids []string) {
	for _, s := range r.Statements {
		if s.Counter != nil {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

func result(t *testing.T, r *prove.Report, id string) prove.Result {
	t.Helper()
	i := slices.IndexFunc(r.Statements, func(s prove.Result) bool { return s.ID == id })
	if i < 0 || r.Statements[i].Counter == nil {
		t.Fatalf("%s holds, or is no statement; refuted: %v", id, refuted(r))
	}
	return r.Statements[i]
}

// The whole of each rulebook is proved by `make prove`; here are acts of each kind.
func TestTheRulebookHolds(t *testing.T) {
	t.Parallel()
	acts := []string{"patrol", "case-review"}
	if testing.Short() { // under the race detector, which slows the walk ten times
		acts = acts[1:]
	}
	r := run(t, prove.Run, law.Embedded(), acts...)
	if ids := refuted(r); ids != nil || r.Failed() {
		t.Fatalf("refuted: %v", ids)
	}
	if testing.Short() {
		return
	}
	if r.Scenes < 100 || r.Walked < 1_000_000 || r.Pairs < 1_000_000 || len(r.Covered.String()) < 20 {
		t.Errorf("%d scenes, %d rulings, %d of pairs, %s combinations: this walk has lost its way", r.Scenes, r.Walked, r.Pairs, r.Covered)
	}
}

// Everybody who spoils a rulebook is told so, with the plainest facts that show it.
func TestABrokenRulebookIsCaught(t *testing.T) {
	t.Parallel()
	const cq = "cq-2021/"
	for _, c := range []struct {
		name, file, old, text, act string
		refutes                    string
		yaml                       []string // of the counter-example
	}{
		{
			"a civilian may stop and question", cq + "readings.yaml", "    default: deny\n    options: [deny]\n    switchable: false",
			"    default: \"16(2)\"\n    options: [\"16(2)\"]\n    switchable: false", "stop-and-question", "civilian-never-article-16",
			[]string{"role: civilian", "lead: true", "presence: present"},
		},
		{
			"Article 16 led from afar", cq + "readings.yaml", "default: presence\n", "default: presence_or_remote\n",
			"stop-and-question", "article-16-led",
			[]string{"acts: [stop-and-question]", "presence: remote"},
		},
		{
			"an exception opens state secrets", cq + "art19.yaml", "- tags: [state_secret]",
			"- {tags: [state_secret], except: {acts: [patrol], verdict: needs_human, emergency: conditional}}", "patrol", "state-secret-never",
			[]string{"tags: [state_secret]", "ruled needs_human"},
		},
		{
			"weapons", cq + "art18.yaml", "{class: weapon, use: [carry, use], verdict: deny}", "{class: weapon, use: [carry, use], verdict: allow}",
			"patrol", "weapon-never",
			[]string{"class: weapon", "use: carry"},
		},
		{
			"a remedy that does not cure: two lists contradict each other", cq + "art18.yaml", "list: {reading: restraint_list}", "list: rope",
			"patrol", "refusals-are-cured",
			[]string{"# cq-2021 18 refuses (equipment=restraint use=carry listed=no), and again after use_listed_equipment"},
		},
		{
			"one arrangement for Article 15", cq + "readings.yaml", "default: organ_and_officer", "default: organ",
			"patrol", "article-15-arranged",
			[]string{"arrangement: {officer: "},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := run(t, prove.RunStatements, spoiled(t, c.file, c.old, c.text), c.act)
			x := result(t, r, c.refutes)
			text := "# " + x.Counter.Why + "\n" + r.YAML(x)
			for _, want := range c.yaml {
				if !strings.Contains(text, want) {
					t.Errorf("want %q in\n%s", want, text)
				}
			}
		})
	}
}

// A counter-example is a case file, and rules as it says.
func TestACounterExampleCanBeRuledOn(t *testing.T) {
	t.Parallel()
	lib := spoiled(t, "cq-2021/statements.yaml", "statements:", `statements:
  - {id: upside-down, says: {zh: x, en: x}, clause: cq-2021 33, worse: [{fact: training, words: [missing, passed]}]}
  - {id: never-guarded, says: {zh: x, en: x}, clause: cq-2021 33, acts: [protective-restraint-drunk], only: [unmet, outside_scope, prohibited]}
  - {id: never-registered, says: {zh: x, en: x}, clause: cq-2021 16, items: ["15(5)"], only: [outside_scope, prohibited]}`)
	r := run(t, prove.RunStatements, lib, "protective-restraint-drunk", "registered-2")
	for id, outcomes := range map[string][]string{
		"upside-down": {"unmet", "permitted"}, "never-guarded": {"permitted"}, "never-registered": {"permitted"},
	} {
		text := r.YAML(result(t, r, id))
		file, err := law.ReadCases(strings.NewReader(text))
		if err != nil || len(file.Cases) != len(outcomes) {
			t.Fatalf("%v\n%s", err, text)
		}
		book, err := lib.Book(file.Rulebook, law.Settings{Readings: file.Readings, Entries: file.Entries})
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range file.Cases {
			ruling, err := book.Rule(&c.Facts)
			if err != nil || c.Err != nil || ruling.Outcome.String() != outcomes[i] {
				t.Errorf("%s: %v %v %v, want %s\n%s", id, ruling.Outcome, err, c.Err, outcomes[i], text)
			}
		}
	}
	if text := r.YAML(result(t, r, "never-registered")); strings.Contains(text, "officers") || strings.Contains(text, "guard") {
		t.Errorf("this is not the smallest:\n%s", text)
	}
}

// Whoever adds a fact must say here whether the walk varies it. A fact that is neither walked nor fixed on purpose would be one
// that the proof has silently never seen.
func TestEveryFactIsWalkedOrFixed(t *testing.T) {
	t.Parallel()
	known := append(prove.WalkedFields(), prove.FixedFields()...)
	for _, field := range leaves(reflect.TypeFor[law.Facts](), "") {
		if !slices.Contains(known, field) {
			t.Errorf("law.Facts.%s: give it a part in facts.go or name it in fixedFields", field)
		}
	}
	for _, field := range known {
		if !slices.Contains(leaves(reflect.TypeFor[law.Facts](), ""), field) {
			t.Errorf("%s is no field of law.Facts", field)
		}
	}
}

// leaves are the paths of all fields below a type that are not structs of this kind themselves.
func leaves(t reflect.Type, path string) (all []string) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return []string{path}
	}
	for i := range t.NumField() {
		all = append(all, leaves(t.Field(i).Type, strings.TrimPrefix(path+"."+t.Field(i).Name, "."))...)
	}
	return all
}

// Every remedy that a ruling can name has an effect, or it could not be tried.
func TestEveryRemedyHasAnEffect(t *testing.T) {
	t.Parallel()
	known := append(prove.Effects(), "review_evidence", "report_emergency", "")                                              // those of lawful work, and none
	known = append(known, "check_applicant", "complete_recruitment_stages", "wait_until_of_age", "choose_another_applicant") // of no task
	for _, code := range law.RemedyCodes() {
		if !slices.Contains(known, code) {
			t.Errorf("%s: give it an effect in cure.go", code)
		}
	}
}

func TestUnknownRulebooks(t *testing.T) {
	t.Parallel()
	if _, err := prove.Run(law.Embedded(), "atlantis-1", prove.Options{}); err == nil {
		t.Error("no error")
	}
}
