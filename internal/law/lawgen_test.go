package law_test

import (
	"fmt"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/law/naive"
)

// anyFacts draws from the whole space of well-formed facts. Most draws are one team on work of its own kind with at most a few
// things wrong, because a task with everything wrong is refused for the first of them and tests nothing else.
var anyFacts = rapid.Custom(func(t *rapid.T) law.Facts {
	d := drawer{t, rapid.Custom(func(t *rapid.T) bool { return rapid.IntRange(0, 19).Draw(t, "fault") == 19 }), law.RoleField}
	acts := rapid.SampledFrom(delicate)
	switch rapid.SampledFrom([]string{"delicate", "delicate", "field", "civilian", "wild"}).Draw(t, "kind of task") {
	case "field":
		acts = rapid.SampledFrom(ofArticles("15", "16"))
	case "civilian":
		acts, d.role = rapid.SampledFrom(ofArticles("14")), law.RoleCivilian
	case "wild":
		acts, d.faulty = rapid.SampledFrom(naive.Acts()), rapid.Bool()
	}
	f := law.Facts{
		At:          d.moment(),
		Phase:       rapid.SampledFrom([]law.Phase{law.Dispatch, law.Start, law.During}).Draw(t, "phase"),
		Acts:        rapid.SliceOfNDistinct(acts, 1, 3, rapid.ID[string]).Draw(t, "acts"),
		CaseKind:    rapid.SampledFrom([]law.CaseKind{law.CaseNone, law.CaseAdministrative, law.CaseCriminal}).Draw(t, "case kind"),
		Tags:        law.Tags(d.few("tags", 15)),
		GuardNamed:  word(d, "guard", law.Yes, law.Yes),
		EvidenceUse: d.wrong("evidence"),
		Emergency:   rapid.IntRange(0, 2).Draw(t, "emergency") == 2,
		Signatory:   word(d, "signatory", law.SignatoryAuxiliary, law.SignatoryNone, law.SignatoryOfficer),
		Arrangement: law.Arrangement{Organ: word(d, "organ", law.Yes, law.Yes), Officer: word(d, "officer", law.Yes, law.Yes)},
		Command:     d.command(),
	}
	if rapid.Bool().Draw(t, "a circumstance") {
		f.Tags |= rapid.SampledFrom(circumstances).Draw(t, "circumstance")
	}
	for i := range rapid.IntRange(1, 3).Draw(t, "auxiliaries") {
		f.Auxiliaries = append(f.Auxiliaries, d.auxiliary(i, f.Acts))
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "officers") {
		f.Officers = append(f.Officers, d.officer(i))
	}
	return f
})

// delicate acts have rules of their own beside those of their article: overlays, circumstances, emergencies.
var delicate = []string{
	"crime-stopping", "scene-order", "scene-protection", "rescue", "traffic-direction", "minor-accident-guidance", "incident-handling",
	"administrative-evidence-receipt", "protective-restraint-drunk", "suspect-guarding", "publicity-traffic-safety", "case-handling-area-duty", "public-security-inspection", "traffic-control",
}

// circumstances are the tags that ask for something instead of closing the work.
var circumstances = []law.Tags{
	law.TagHighway, law.TagHighway | law.TagPoorVisibility, law.TagPoorVisibility, law.TagMotorway, law.TagUrbanExpressway,
	law.TagUrbanExpressway | law.TagPoorVisibility, law.TagTrunkRoad, law.TagTrunkRoad | law.TagPoorVisibility, law.TagMotorway | law.TagPoorVisibility,
	law.TagDrunkDriving, law.TagAccidentInvestigation, law.TagInjury, law.TagAlcohol, law.TagFirstResponse,
	law.TagPartyAsksOfficer, law.TagFacility,
}

func ofArticles(articles ...string) []string {
	return slices.DeleteFunc(naive.Acts(), func(act string) bool { return !slices.Contains(articles, naive.Item(act)[:2]) })
}

// drawer draws words, faulty ones now and then.
type drawer struct {
	t      *rapid.T
	faulty *rapid.Generator[bool]
	role   law.Role // of the people who fit the task
}

func (d drawer) wrong(label string) bool { return d.faulty.Draw(d.t, label) }

// word draws one of the good values, or, when it is to be wrong, any value from zero up to last.
func word[W ~uint8](d drawer, label string, last W, good ...W) W {
	if d.wrong(label + " is any") {
		return W(rapid.Uint8Range(0, uint8(last)).Draw(d.t, label))
	}
	return rapid.SampledFrom(good).Draw(d.t, label)
}

// few draws a set of n circumstances, mostly empty.
func (d drawer) few(label string, n int) uint16 {
	if !d.wrong(label + " are any") {
		return 0
	}
	first, second := rapid.IntRange(0, n-1).Draw(d.t, label), rapid.IntRange(0, n-1).Draw(d.t, label)
	return 1<<first | 1<<second
}

func (d drawer) moment() time.Time {
	if d.wrong("moment is any") {
		return time.Date(2021, 8, 31, rapid.IntRange(0, 48).Draw(d.t, "hour"), 0, 0, 0, time.UTC)
	}
	return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
}

func (d drawer) command() *law.Command {
	if rapid.Bool().Draw(d.t, "no command") {
		return nil
	}
	return &law.Command{Mode: word(d, "mode", law.ModeLead, law.ModeCommand, law.ModeLead), Recorded: !d.wrong("not recorded")}
}

// auxiliary draws one person. The first does all of the task, so that no act is left to nobody.
func (d drawer) auxiliary(i int, acts []string) law.Auxiliary {
	p := law.Auxiliary{
		ID:        fmt.Sprintf("a%d", i+1),
		Role:      word(d, "role", law.RoleCivilian, d.role),
		Status:    word(d, "status", law.StatusSeparated, law.StatusActive),
		Training:  word(d, "training", law.TrainingExpired, law.TrainingPassed, law.TrainingRefresherOverdue),
		Uniform:   word(d, "uniform", law.UniformPlainClothesOrder, law.UniformYes, law.UniformPlainClothesOrder),
		IDCard:    word(d, "card", law.Yes, law.Yes),
		Recording: word(d, "recording", law.RecordingBuffering, law.RecordingOn),
		Recusal:   word(d, "recusal", law.RecusalRefused, law.RecusalNone, law.RecusalRefused),
		Operates:  law.Vehicles(d.few("operates", 6)),
		Equipment: d.equipment(),
	}
	p.Qualifications = p.Operates
	if d.wrong("qualifications are any") {
		p.Qualifications = law.Vehicles(d.few("qualifications", 6))
	}
	if i > 0 && rapid.Bool().Draw(d.t, "has a share") {
		p.Acts = rapid.SliceOfNDistinct(rapid.SampledFrom(acts), 1, len(acts), rapid.ID[string]).Draw(d.t, "share")
	}
	return p
}

func (d drawer) equipment() []law.EquipmentItem {
	if rapid.IntRange(0, 3).Draw(d.t, "carries nothing") > 0 {
		return nil
	}
	return []law.EquipmentItem{{
		Class: word(d, "class", law.EquipmentWeapon, law.EquipmentRestraint, law.EquipmentProtective, law.EquipmentOrdinary),
		Item:  rapid.SampledFrom([]string{"restraint strap", "rope", ""}).Draw(d.t, "item"),
		Use:   word(d, "use", law.UseKeep, law.UseUse, law.UseCarry),
	}}
}

func (d drawer) officer(i int) law.Officer {
	return law.Officer{
		ID:        fmt.Sprintf("p%d", i+1),
		Lead:      (i == 0) != d.wrong("lead is other"),
		OnDuty:    word(d, "on duty", law.Yes, law.Yes),
		SameOrgan: word(d, "same organ", law.Yes, law.Yes),
		Presence:  word(d, "presence", law.PresenceEnRoute, law.PresencePresent),
	}
}

// anySettings draws a few readings, and now and then an organ's entries.
var anySettings = rapid.Custom(func(t *rapid.T) law.Settings {
	s := law.Settings{Readings: anyReadings.Draw(t, "readings")}
	if rapid.Bool().Draw(t, "has entries") {
		s.Entries = rapid.SliceOfNDistinct(rapid.SampledFrom(entries), 1, len(entries), rapid.ID[law.Entry]).Draw(t, "entries")
	}
	return s
})

// entries are what an organ might register, one under each catch-all item.
var entries = []law.Entry{
	{Item: "14(4)", Act: "interpreter-roster", Name: law.Text{ZH: "翻译人员名册管理", EN: "keeping the roster of interpreters"}, Basis: "某部规定第一条"},
	{Item: "15(5)", Act: "flood-watch", Name: law.Text{ZH: "汛期巡查", EN: "flood watch"}, Basis: "某部规定第二条"},
	{Item: "16(10)", Act: "boat-check", Name: law.Text{ZH: "船舶检查", EN: "checking boats"}, Basis: "某部规定第三条"},
}

// factsUnder draws facts that an organ with such settings may have: its entries' acts among the others.
func factsUnder(t *rapid.T, s law.Settings) law.Facts {
	f := anyFacts.Draw(t, "facts")
	for _, e := range s.Entries {
		if rapid.Bool().Draw(t, e.Act) {
			f.Acts = append(slices.Clone(f.Acts), e.Act)
		}
	}
	return f
}

// anyReadings draws a few switches, each set to one of its options.
var anyReadings = rapid.Custom(func(t *rapid.T) map[string]string {
	readings := map[string]string{}
	for range rapid.IntRange(0, 3).Draw(t, "switches") {
		id := rapid.SampledFrom(naive.Switches()).Draw(t, "switch")
		readings[id] = rapid.SampledFrom(naive.Options(id)).Draw(t, id)
	}
	if rapid.Bool().Draw(t, "a list") {
		readings["restraint_list"] = "baton strap,restraint strap"
	}
	return readings
})
