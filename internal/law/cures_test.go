package law_test

import (
	"slices"
	"testing"

	"github.com/dutybound/dutybound/internal/law"
)

// cure is a task that is refused for just these facts, with just these remedies, and what becomes of it when they are done.
type cure struct {
	name     string
	readings map[string]string
	task     *law.Facts
	refusing []string
	remedies []string
	apply    func(*law.Facts)
	cured    law.Outcome
}

// clerk is a civilian on work of Article 14.
func clerk(qualified, operates law.Vehicles, carries ...law.EquipmentItem) *law.Facts {
	f := orderly("data-entry", false)
	a := &f.Auxiliaries[0]
	a.Role, a.Qualifications, a.Operates, a.Equipment = law.RoleCivilian, qualified, operates, carries
	return f
}

var officerThere = map[string]string{"first_response_without_officer": "officer_present"}

func firstResponse(officer law.Presence) *law.Facts {
	f := orderly("scene-order", true)
	f.Tags, f.Officers[0].Presence = law.TagFirstResponse, officer
	return f
}

func arrive(f *law.Facts) { f.Officers[0].Presence = law.PresencePresent }

var onTheSpot = map[string]string{"restraint_list": "strap", "art17_4_remote_command": "false"}

// strapped is a patrol in an emergency that uses a strap on some command, or none.
func strapped(c *law.Command) *law.Facts {
	f := orderly("patrol", false)
	f.Emergency, f.Command = true, c
	f.Auxiliaries[0].Equipment = []law.EquipmentItem{{Class: law.EquipmentRestraint, Item: "strap", Use: law.UseUse}}
	return f
}

func commanded(f *law.Facts) {
	f.Command = &law.Command{Mode: law.ModeCommand, Recorded: true}
	f.Officers = []law.Officer{{ID: "p1", OnDuty: law.Yes, Presence: law.PresencePresent}}
}

func handOver(f *law.Facts) { f.Auxiliaries[0].Operates, f.Auxiliaries[0].Equipment = 0, nil }

func nothing(*law.Facts) {}

var cures = []cure{
	{
		"a qualified civilian drives: only the approver can settle it", nil, clerk(law.Car, law.Car),
		[]string{"operates=qualified role=other"},
		[]string{"ask_approver"},
		nothing, law.NeedsHuman,
	},
	{
		"an unqualified civilian drives: the qualification alone would not settle it", nil, clerk(0, law.Car),
		[]string{"operates=car qualification=none", "operates=any role=other"},
		[]string{"choose_qualified_auxiliary", "ask_approver"},
		func(f *law.Facts) { f.Auxiliaries[0].Qualifications = law.Car }, law.NeedsHuman,
	},
	{
		"no civilian may drive here",
		map[string]string{"civilian_driving": "deny"},
		clerk(law.Car, law.Car),
		[]string{"operates=any role=other"},
		[]string{"leave_to_field_auxiliary"},
		handOver, law.Permitted,
	},
	{
		"no civilian may drive here, least of all unqualified",
		map[string]string{"civilian_driving": "deny"},
		clerk(0, law.Car),
		[]string{"operates=car qualification=none", "operates=any role=other"},
		[]string{"choose_qualified_auxiliary", "leave_to_field_auxiliary"},
		handOver, law.Permitted,
	},
	{
		"a civilian carries a strap", nil, clerk(0, 0, law.EquipmentItem{Class: law.EquipmentRestraint, Item: "strap"}),
		[]string{"equipment=restraint use=carry"},
		[]string{"leave_to_field_auxiliary"},
		handOver, law.Permitted,
	},
	{
		"one on the way was sent, and here must be there", officerThere, firstResponse(law.PresenceEnRoute),
		[]string{"officers.present=none"},
		[]string{"bring_officer"},
		arrive, law.Permitted,
	},
	{
		"whether somebody is there is not known", officerThere, firstResponse(law.PresenceUnknown),
		[]string{"officers.presence=unknown"},
		[]string{"confirm_officers"},
		arrive, law.Permitted,
	},
	{
		"nobody comes, and one on the way is enough", nil, firstResponse(law.PresenceAbsent),
		[]string{"officers.presence=none"},
		[]string{"send_officer"},
		func(f *law.Facts) { f.Officers[0].Presence = law.PresenceEnRoute }, law.Permitted,
	},
	{
		"a strap on a command that nobody recorded and that came from afar", onTheSpot, strapped(&law.Command{Mode: law.ModeCommand}),
		[]string{"command.recorded=false", "command.officer=absent"},
		[]string{"record_command", "bring_officer"},
		commanded, law.Permitted,
	},
	{
		"a strap on nobody's command, with nobody there", onTheSpot, strapped(nil),
		[]string{"command=none", "command.officer=absent"},
		[]string{"obtain_command", "bring_officer"},
		commanded, law.Permitted,
	},
	{
		"a strap on nobody's command, which may come from afar",
		map[string]string{"restraint_list": "strap"},
		strapped(nil),
		[]string{"command=none"},
		[]string{"obtain_command"},
		commanded, law.Permitted,
	},
}

// What a ruling says would help does help. A refusal that names the wrong remedy sends people round in a circle.
func TestWhatARulingAsksForHelps(t *testing.T) {
	t.Parallel()
	for _, c := range cures {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			book, err := law.Embedded().Book(law.DefaultRulebook, law.Settings{Readings: c.readings})
			if err != nil {
				t.Fatal(err)
			}
			task := clone(t, *c.task) // the cure is for this time only
			r, err := book.Rule(&task)
			if err != nil || !slices.Equal(refusing(r), c.refusing) || !slices.Equal(fromRuling(r, nil).remedies, c.remedies) {
				t.Errorf("refused for %q with %q, %v", refusing(r), fromRuling(r, nil).remedies, err)
			}
			c.apply(&task)
			if v, err := book.Decide(&task); err != nil || v.Outcome != c.cured {
				t.Errorf("cured: %s for %s, %v", v.Outcome, v.Fact, err)
			}
		})
	}
}

// refusing are the facts that a ruling refuses for.
func refusing(r law.Ruling) (facts []string) {
	for _, x := range r.Reasons {
		if !x.Verdict.Lawful() {
			facts = append(facts, x.Fact)
		}
	}
	return facts
}

// What is said of an officer at a first response fits the reading, before the work and when somebody is there.
func TestWordsFitTheReading(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		readings map[string]string
		phase    law.Phase
		want     string
	}{
		{officerThere, law.Dispatch, "An officer must be present by the start of work."},
		{officerThere, law.Start, "An officer is present."},
		{nil, law.Dispatch, "An officer must be present or on the way by the start of work."},
		{nil, law.Start, "An officer is present or on the way."},
	} {
		book, err := law.Embedded().Book(law.DefaultRulebook, law.Settings{Readings: c.readings})
		if err != nil {
			t.Fatal(err)
		}
		f := firstResponse(law.PresencePresent)
		f.Phase = c.phase
		r, err := book.Rule(f)
		if err != nil || !slices.ContainsFunc(r.Reasons, func(x law.Reason) bool { return x.Message.EN == c.want }) {
			t.Errorf("%v at %s: nothing says %q, %v", c.readings, c.phase, c.want, err)
		}
	}
}

// What is open at dispatch is true of whoever is under an order to wear plain clothes, too.
func TestPlainClothesAreNotToldToWearTheUniform(t *testing.T) {
	t.Parallel()
	f := orderly("patrol", false)
	f.Phase, f.Auxiliaries[0].Uniform = law.Dispatch, law.UniformPlainClothesOrder
	r, err := law.Default().Rule(f)
	want := law.Text{ZH: "开始工作前须着统一制式服装，奉命着便服的除外。", EN: "By the start of work the uniform must be worn, or plain clothes on an order."}
	if err != nil || !slices.ContainsFunc(r.Reasons, func(x law.Reason) bool { return x.Citation == "cq-2021 17(1)" && x.Message == want }) {
		t.Errorf("%v", err)
	}
}
