package law_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/law"
)

// worsen is one fact that can get worse, by steps: each word is worse for the task than the one before, whatever the readings.
// Known to be wrong is worse than unknown, and unknown is worse than known to be good.
type worsen struct {
	name  string
	steps int
	set   func(f *law.Facts, step int)
}

func ladder[T any](name string, at func(*law.Facts) *T, words ...T) worsen {
	return worsen{name, len(words), func(f *law.Facts, step int) { *at(f) = words[step] }}
}

// ladders are the facts of the first auxiliary, the first officer and the task.
var ladders = []worsen{
	ladder("organ", func(f *law.Facts) *law.Answer { return &f.Arrangement.Organ }, law.Yes, law.Unknown, law.No),
	ladder("officer", func(f *law.Facts) *law.Answer { return &f.Arrangement.Officer }, law.Yes, law.Unknown, law.No),
	ladder("guard", func(f *law.Facts) *law.Answer { return &f.GuardNamed }, law.Yes, law.Unknown, law.No),
	ladder("evidence", func(f *law.Facts) *bool { return &f.EvidenceUse }, false, true),
	ladder("signatory", func(f *law.Facts) *law.Signatory { return &f.Signatory }, law.SignatoryOfficer, law.SignatoryAuxiliary),
	ladder("status", func(f *law.Facts) *law.Status { return &f.Auxiliaries[0].Status }, law.StatusActive, law.StatusUnknown, law.StatusSuspended, law.StatusSeparated),
	ladder("training", func(f *law.Facts) *law.Training { return &f.Auxiliaries[0].Training }, law.TrainingPassed, law.TrainingRefresherOverdue, law.TrainingUnknown, law.TrainingExpired, law.TrainingMissing),
	ladder("uniform", func(f *law.Facts) *law.Uniform { return &f.Auxiliaries[0].Uniform }, law.UniformYes, law.UniformUnknown, law.UniformNo),
	ladder("plain clothes", func(f *law.Facts) *law.Uniform { return &f.Auxiliaries[0].Uniform }, law.UniformPlainClothesOrder, law.UniformUnknown, law.UniformNo),
	ladder("card", func(f *law.Facts) *law.Answer { return &f.Auxiliaries[0].IDCard }, law.Yes, law.Unknown, law.No),
	ladder("recording", func(f *law.Facts) *law.Recording { return &f.Auxiliaries[0].Recording }, law.RecordingOn, law.RecordingUnknown, law.RecordingBuffering, law.RecordingOff),
	ladder("recusal", func(f *law.Facts) *law.Recusal { return &f.Auxiliaries[0].Recusal }, law.RecusalNone, law.RecusalRefused, law.RecusalPending, law.RecusalGranted),
	ladder("operates", func(f *law.Facts) *law.Vehicles { return &f.Auxiliaries[0].Operates }, 0, law.Drone, law.Drone|law.Boat),
	ladder("equipment", func(f *law.Facts) *[]law.EquipmentItem { return &f.Auxiliaries[0].Equipment }, nil,
		[]law.EquipmentItem{{Class: law.EquipmentRestraint, Item: "restraint strap"}},
		[]law.EquipmentItem{{Class: law.EquipmentRestraint, Item: "rope"}},
		[]law.EquipmentItem{{Class: law.EquipmentRestraint, Item: "rope"}, {Class: law.EquipmentWeapon}}),
	ladder("on duty", func(f *law.Facts) *law.Answer { return &f.Officers[0].OnDuty }, law.Yes, law.Unknown, law.No),
	ladder("same organ", func(f *law.Facts) *law.Answer { return &f.Officers[0].SameOrgan }, law.Yes, law.Unknown, law.No),
	ladder("presence", func(f *law.Facts) *law.Presence { return &f.Officers[0].Presence }, law.PresencePresent, law.PresenceUnknown, law.PresenceAbsent),
	ladder("doubt", func(f *law.Facts) *law.Presence { return &f.Officers[0].Presence }, law.PresencePresent, law.PresenceDoubtful, law.PresenceAbsent),
	ladder("distance", func(f *law.Facts) *law.Presence { return &f.Officers[0].Presence }, law.PresencePresent, law.PresenceRemote, law.PresenceAbsent),
	ladder("way", func(f *law.Facts) *law.Presence { return &f.Officers[0].Presence }, law.PresencePresent, law.PresenceEnRoute, law.PresenceAbsent),
	ladder("command", func(f *law.Facts) **law.Command { return &f.Command },
		&law.Command{Mode: law.ModeCommand, Recorded: true}, &law.Command{Mode: law.ModeCommand}, nil),
	ladder("secret", func(f *law.Facts) *law.Tags { return &f.Tags }, 0, law.TagPartyAsksOfficer|law.TagFirstResponse,
		law.TagPartyAsksOfficer|law.TagFirstResponse|law.TagCounterTerrorism,
		law.TagPartyAsksOfficer|law.TagFirstResponse|law.TagCounterTerrorism|law.TagStateSecret|law.TagContinuedQuestioning),
}

// A fact that only gets worse never improves the outcome, and unknown is never better than known good.
func TestWorseFactsNeverImproveTheOutcome(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		settings := anySettings.Draw(t, "settings")
		f := factsUnder(t, settings)
		if len(f.Officers) == 0 {
			f.Officers = []law.Officer{{ID: "p1", Lead: true, OnDuty: law.Yes, SameOrgan: law.Yes}}
		}
		book, err := law.Embedded().Book(law.DefaultRulebook, settings)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range ladders {
			spoiled, before := clone(t, f), law.Permitted
			for step := range l.steps {
				l.set(&spoiled, step)
				v, err := book.Decide(&spoiled)
				if err != nil || v.Outcome < before {
					t.Fatalf("%s, step %d: %s after %s, %v", l.name, step, v.Outcome, before, err)
				}
				before = v.Outcome
			}
		}
	})
}

func clone(t interface{ Fatal(args ...any) }, f law.Facts) law.Facts {
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	again, err := law.ParseFacts(text)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// The order in which acts and people are named changes neither the outcome nor what is found.
func TestOrderIsIrrelevant(t *testing.T) {
	t.Parallel()
	book := law.Default()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts.Draw(t, "facts")
		g := f
		g.Acts = rapid.Permutation(f.Acts).Draw(t, "acts")
		g.Auxiliaries = rapid.Permutation(f.Auxiliaries).Draw(t, "auxiliaries")
		g.Officers = rapid.Permutation(f.Officers).Draw(t, "officers")
		one, err1 := book.Rule(&f)
		two, err2 := book.Rule(&g)
		if err1 != nil || err2 != nil || one.Outcome != two.Outcome || !slices.Equal(found(one), found(two)) {
			t.Fatalf("%v %v %v\n%v %v %v", one.Outcome, found(one), err1, two.Outcome, found(two), err2)
		}
		if !slices.Equal(one.Remedies, two.Remedies) || !slices.Equal(one.Advice, two.Advice) {
			t.Fatalf("%v %v\n%v %v", one.Remedies, one.Advice, two.Remedies, two.Advice)
		}
	})
}

func found(r law.Ruling) []string {
	var list []string
	for _, x := range r.Reasons {
		list = append(list, x.Citation+x.Fact+x.Act+x.Person+x.Remedy)
	}
	for _, o := range r.Obligations {
		list = append(list, o.Kind+o.State.String())
	}
	slices.Sort(list)
	return list
}

// The short answer and the full ruling never differ, a ruling is the same each time, and what it says is complete: a reason for
// the outcome, none worse, and for each refusal in both languages what happened and what would help.
func TestRulingsAreCompleteAndDecided(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		settings := anySettings.Draw(t, "settings")
		book, err := law.Embedded().Book(law.DefaultRulebook, settings)
		if err != nil {
			t.Fatal(err)
		}
		f := factsUnder(t, settings)
		r, err := book.Rule(&f)
		again, _ := book.Rule(&f)
		v, verr := book.Decide(&f)
		if err != nil || verr != nil || !reflect.DeepEqual(r, again) {
			t.Fatalf("%v %v", err, verr)
		}
		first := slices.IndexFunc(r.Reasons, func(x law.Reason) bool { return x.Verdict == r.Outcome })
		if first < 0 {
			t.Fatalf("no reason for %s", r.Outcome)
		}
		x := r.Reasons[first]
		if v != (law.Verdict{
			Outcome: r.Outcome, Citation: x.Citation, Message: x.Message, Fact: x.Fact, Remedy: x.Remedy, Act: x.Act, Person: x.Person,
		}) {
			t.Fatalf("decided %+v, ruled %+v", v, x)
		}
		var shown []*law.Finding
		worst, err := book.Findings(&f, func(x *law.Finding) { shown = append(shown, x) })
		same := func(x law.Reason, y *law.Finding) bool { return x.Finding == y }
		if err != nil || worst != r.Outcome || !slices.EqualFunc(r.Reasons, shown, same) {
			t.Fatalf("%v: shown %s %v, ruled %s", err, worst, shown, r.Outcome)
		}
		for _, x := range r.Reasons {
			offered := slices.ContainsFunc(r.Remedies, func(y law.Remedy) bool { return y.Code == x.Remedy && y.Message != law.Text{} })
			switch {
			case x.Verdict > r.Outcome:
				t.Fatalf("%s is worse than %s", x.Citation, r.Outcome)
			case x.Citation == "" || x.Fact == "" || x.Message.ZH == "" || x.Message.EN == "":
				t.Fatalf("incomplete: %+v", x.Finding)
			case !x.Verdict.Lawful() && !offered:
				t.Fatalf("%s %s: no remedy", x.Citation, x.Fact)
			}
		}
	})
}

// Stored facts are the facts: what JSON says of them is read back exactly, so that a ruling can be derived again.
func TestFactsRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts.Draw(t, "facts")
		again := clone(t, f)
		one, _ := json.Marshal(f)
		two, _ := json.Marshal(again)
		if !again.At.Equal(f.At) || string(one) != string(two) {
			t.Fatalf("%s\n%s", one, two)
		}
		again.At = f.At
		if !reflect.DeepEqual(f, again) {
			t.Fatalf("%+v\n%+v", f, again)
		}
		r, _ := law.Default().Rule(&f)
		s, _ := law.Default().Rule(&again)
		stored, _ := json.Marshal(r)
		var read law.Ruling
		if err := json.Unmarshal(stored, &read); err != nil || !reflect.DeepEqual(read, s) {
			t.Fatalf("a ruling read back differs: %v", err)
		}
	})
}
