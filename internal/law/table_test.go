package law_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dutybound/dutybound/internal/law"
)

// table is what somebody would write by hand without a rulebook: the decision of cq-2021 with its overlays under the default
// readings, as a map of acts and a run of ifs, with the clause that decided. It is the yardstick of the benchmarks, and tested
// to decide the same.
type table struct {
	rows map[string]row
	from int64
}

type row struct {
	item                                        string
	article                                     int
	role                                        law.Role
	recorded, rescue, perimeter, street         bool
	procedure, inspection, papers, lab, receipt bool
	collects, guided                            bool
	counted                                     kindOfWork
}

// kindOfWork is work in which the people who do it are counted.
type kindOfWork uint8

const (
	road kindOfWork = iota + 1
	guarding
	drunk
)

func newTable(b *law.Book) table {
	t := table{rows: map[string]row{}, from: time.Date(2021, 8, 31, 16, 0, 0, 0, time.UTC).Unix()}
	is := func(act string, acts ...string) bool { return slices.Contains(acts, act) }
	for _, a := range b.Acts() {
		r := row{item: a.Item, role: a.Role, article: 19}
		for n, prefix := range map[int]string{14: "cq-2021 14", 15: "cq-2021 15", 16: "cq-2021 16"} {
			if strings.HasPrefix(a.Item, prefix) {
				r.article = n
			}
		}
		if a.Led {
			r.article = 16
		}
		r.recorded = r.article == 16 || r.article == 15 && a.Item != "cq-2021 15(4)"
		r.rescue = is(a.Code, "crime-stopping", "scene-order", "scene-protection", "rescue")
		r.perimeter = r.rescue || a.Code == "traffic-direction"
		r.street = a.Item == "cq-2021 15(3)"
		r.procedure = a.Item == "cq-2021 16(1)"
		r.inspection = a.Code == "public-security-inspection"
		r.papers = r.article == 16 || is(a.Code, "minor-accident-guidance", "traffic-violation-notice")
		r.lab = is(a.Code, "forensic-support", "laboratory-analysis", "scene-examination-support")
		r.receipt = is(a.Code, "administrative-evidence-receipt", "administrative-document-service")
		r.collects = is(a.Code, "administrative-evidence-receipt", "scene-examination-support")
		r.guided = is(a.Code, "traffic-direction", "publicity-traffic-safety")
		switch {
		case a.Item == "cq-2021 16(5)" || a.Code == "traffic-direction":
			r.counted = road
		case a.Code == "suspect-guarding":
			r.counted = guarding
		case a.Code == "protective-restraint-drunk":
			r.counted = drunk
		}
		t.rows[a.Code] = r
	}
	return t
}

// worst keeps the first of the worst.
type worst struct {
	outcome law.Outcome
	clause  string
}

func (w *worst) see(o law.Outcome, clause string) {
	if w.clause == "" || o > w.outcome {
		w.outcome, w.clause = o, clause
	}
}

// owe is a condition: due says whether this phase asks for it, excused whether an emergency leaves it open.
func (w *worst) owe(due, excused bool, o law.Outcome, clause string) {
	if o > law.Permitted && (!due || excused) {
		o = law.Conditional
	} else if !due {
		o = law.Conditional
	}
	w.see(o, clause)
}

func (t table) decide(f *law.Facts) (law.Outcome, string, bool) {
	if f.At.IsZero() || len(f.Acts) == 0 || len(f.Auxiliaries) == 0 {
		return 0, "", false
	}
	var few [8]row
	rows := few[:0]
	for i, act := range f.Acts {
		r, ok := t.rows[act]
		if !ok || slices.Contains(f.Acts[:i], act) {
			return 0, "", false
		}
		rows = append(rows, r)
	}
	if !shared(f) {
		return 0, "", false
	}
	if f.At.Unix() < t.from {
		return law.OutsideScope, "cq-2021 44", true
	}
	w := worst{}
	var done, calm uint64 // acts an auxiliary does; of them those an emergency does not excuse
	for p := range f.Auxiliaries {
		a := &f.Auxiliaries[p]
		d, c := w.person(f, rows, a)
		done, calm = done|d, calm|c
	}
	for i := range rows {
		if done>>i&1 != 0 {
			w.act(f, rows, &rows[i], calm>>i&1 == 0)
		}
	}
	if f.EvidenceUse && done != 0 {
		w.see(law.Conditional, "cq-2021 17(3)")
	}
	return w.outcome, w.clause, true
}

func shared(f *law.Facts) bool {
	var done uint64
	for p := range f.Auxiliaries {
		a := &f.Auxiliaries[p]
		for k := range p {
			if f.Auxiliaries[k].ID == a.ID {
				return false
			}
		}
		if len(a.Acts) == 0 {
			done = 1<<len(f.Acts) - 1
		}
		for _, act := range a.Acts {
			i := slices.Index(f.Acts, act)
			if i < 0 {
				return false
			}
			done |= 1 << i
		}
	}
	for o := range f.Officers {
		for k := range o {
			if f.Officers[k].ID == f.Officers[o].ID {
				return false
			}
		}
	}
	return done == 1<<len(f.Acts)-1
}

func (w *worst) person(f *law.Facts, rows []row, a *law.Auxiliary) (done, calm uint64) {
	recorded, hurried, procedure := false, true, false // hurried: an emergency excuses all that is recorded
	for i := range rows {
		r := &rows[i]
		if len(a.Acts) > 0 && !slices.Contains(a.Acts, f.Acts[i]) {
			continue
		}
		switch {
		case a.Role == law.RoleNone:
			w.see(law.OutsideScope, "cq-2021 3¶3")
			continue
		case r.article == 19:
			w.see(law.Prohibited, r.item)
		case r.role != a.Role:
			w.see(law.OutsideScope, r.item)
		default:
			w.see(law.Permitted, r.item)
		}
		done |= 1 << i
		if !(f.Emergency && a.Role == law.RoleField && a.Status == law.StatusActive && r.rescue) {
			calm |= 1 << i
			hurried = hurried && !r.recorded
		}
		recorded = recorded || r.recorded
		procedure = procedure || r.procedure && f.CaseKind != law.CaseCriminal
	}
	if a.Role == law.RoleNone {
		return 0, 0
	}
	excused := calm == 0
	for k := range a.Equipment {
		e := &a.Equipment[k]
		switch {
		case e.Class >= law.EquipmentPoliceInstrument && e.Use == law.UseKeep:
			w.see(law.Prohibited, "cq-2021 19¶1(4)")
		case e.Class >= law.EquipmentPoliceInstrument:
			w.see(law.Prohibited, "cq-2021 18")
		case e.Class == law.EquipmentRestraint && e.Use != law.UseKeep:
			if a.Role != law.RoleField {
				w.see(law.OutsideScope, "cq-2021 18")
			}
			w.see(law.Unmet, "cq-2021 18") // the list is empty, whatever the command
			if e.Use == law.UseUse {
				recorded, hurried = true, hurried && excused
			}
		}
	}
	started := f.Phase != law.Dispatch
	w.owe(started, excused, [...]law.Outcome{law.NeedsHuman, law.Permitted, law.Unmet, law.Permitted}[a.Uniform], "cq-2021 17(1)")
	w.owe(started, excused, [...]law.Outcome{law.NeedsHuman, law.Unmet, law.Permitted}[a.IDCard], "cq-2021 17(1)")
	if recorded {
		w.owe(started, hurried, [...]law.Outcome{law.Conditional, law.Permitted, law.Unmet, law.Unmet}[a.Recording], "cq-2021 17(2)")
	}
	if procedure && a.Recording == law.RecordingUnknown {
		w.owe(started, false, law.NeedsHuman, "national-admin-procedure 52¶2")
	}
	if a.Operates != 0 {
		if a.Operates&^a.Qualifications != 0 {
			w.owe(true, excused, law.Unmet, "cq-2021 18")
		}
		if a.Role == law.RoleCivilian {
			w.see(law.NeedsHuman, "cq-2021 18")
		}
	}
	w.owe(true, excused, [...]law.Outcome{law.Permitted, law.Unmet, law.Prohibited, law.Permitted}[a.Recusal], "cq-2021 22¶1")
	w.see([...]law.Outcome{law.NeedsHuman, law.Permitted, law.Permitted, law.Unmet, law.Unmet}[a.Training], "cq-2021 33¶1")
	w.see([...]law.Outcome{law.NeedsHuman, law.Permitted, law.Unmet, law.OutsideScope}[a.Status], "cq-2021 37")
	return done, calm
}

func (w *worst) act(f *law.Facts, rows []row, r *row, excused bool) {
	if f.Tags != 0 {
		w.tagged(f, r)
	}
	if f.Signatory == law.SignatoryAuxiliary {
		if r.papers {
			w.see(law.Prohibited, "cq-2021 19¶2")
		} else if r.lab {
			w.see(law.Prohibited, "cq-2021 19¶1(3)")
		}
	}
	if r.receipt && f.CaseKind == law.CaseCriminal {
		w.see(law.Prohibited, "cq-2021 19¶1(3)")
	}
	if r.article == 19 {
		return
	}
	given := [...]law.Outcome{law.NeedsHuman, law.Unmet, law.Permitted}
	w.owe(true, excused, given[f.Arrangement.Organ], r.item)
	if r.article == 15 {
		w.owe(true, excused, given[f.Arrangement.Officer], r.item)
		if f.Tags&law.TagFirstResponse != 0 || r.street && f.Tags&(law.TagInjury|law.TagAlcohol|law.TagPartyAsksOfficer) != 0 {
			w.owe(f.Phase != law.Dispatch, excused, coming(f), r.item)
		}
	}
	if r.guided {
		w.owe(true, excused, given[f.Arrangement.Officer], "national-traffic-duty 5¶1")
	}
	if r.article == 16 {
		w.lead(f, r.item)
	}
	if r.inspection && f.CaseKind == law.CaseAdministrative {
		w.owe(f.Phase != law.Dispatch, false, enough(f, 2), "national-admin-procedure 52¶1")
	}
	if r.collects && f.Tags&law.TagAccidentInvestigation != 0 {
		w.owe(f.Phase != law.Dispatch, false, enough(f, 2), "national-traffic-accident 27¶1")
	}
	if r.counted == road && f.Tags != 0 {
		w.road(f, rows)
	}
	if r.counted > road && f.Tags&law.TagDrunkDriving != 0 {
		w.driver(f, rows, r.counted)
	}
	if r.counted == drunk {
		guard := [...]law.Outcome{law.NeedsHuman, law.Unmet, law.Permitted}[f.GuardNamed]
		w.owe(f.Phase != law.Dispatch, false, guard, "national-admin-procedure 58¶2")
	}
}

func (w *worst) tagged(f *law.Facts, r *row) {
	switch {
	case f.Tags&law.TagCounterTerrorism == 0:
	case !r.perimeter:
		w.see(law.Prohibited, "cq-2021 19¶1(1)")
	case f.Emergency:
		w.see(law.Conditional, "cq-2021 19¶1(1)")
	default:
		w.see(law.NeedsHuman, "cq-2021 19¶1(1)")
	}
	if f.Tags&law.TagStateSecret != 0 {
		w.see(law.Prohibited, "cq-2021 19¶1(2)")
	}
	if f.Tags&law.TagContinuedQuestioning != 0 {
		w.see(law.Prohibited, "national-continued-questioning 5")
	}
}

func (w *worst) lead(f *law.Facts, item string) {
	var lead *law.Officer
	leads := 0
	for i := range f.Officers {
		if f.Officers[i].Lead {
			lead = &f.Officers[i]
			leads++
		}
	}
	if leads != 1 {
		w.see(law.Unmet, item)
		return
	}
	unsure := law.NeedsHuman
	if f.Phase == law.During {
		unsure = law.Conditional
	}
	known := [...]law.Outcome{unsure, law.Unmet, law.Permitted}
	w.see(known[lead.OnDuty], item)
	w.see(known[lead.SameOrgan], item)
	there := [...]law.Outcome{unsure, law.Permitted, law.Unmet, unsure, law.Unmet, law.Unmet}
	w.owe(f.Phase != law.Dispatch, false, there[lead.Presence], item)
}

// road asks for two officers on a highway, an urban expressway or a trunk road, for three in poor visibility except on the trunk
// road, one fewer when two auxiliaries do the road work. On a highway an officer and somebody else are the least.
func (w *worst) road(f *law.Facts, rows []row) {
	const highway = law.TagHighway | law.TagMotorway
	hands := working(f, rows, road)
	if f.Tags&highway != 0 {
		w.owe(f.Phase != law.Dispatch, false, enough(f, 2-min(hands, 1)), "national-traffic-violation 7¶2")
	}
	if f.Tags&(highway|law.TagUrbanExpressway|law.TagTrunkRoad) != 0 {
		w.owe(f.Phase != law.Dispatch, false, enough(f, 2-hands/2), "national-traffic-duty 70")
	}
	if f.Tags&(highway|law.TagUrbanExpressway) != 0 && f.Tags&law.TagPoorVisibility != 0 {
		w.owe(f.Phase != law.Dispatch, false, enough(f, 3-hands/2), "national-traffic-duty 72(1)")
	}
}

// driver asks for two officers with a driver suspected of drink-driving, or for one and two auxiliaries.
func (w *worst) driver(f *law.Facts, rows []row, k kindOfWork) {
	clause := "national-traffic-duty annex1(3)"
	if k == guarding {
		clause = "national-traffic-duty annex1(2)(5)"
	}
	w.owe(f.Phase != law.Dispatch, false, enough(f, 2-working(f, rows, k)/2), clause)
}

// working counts the auxiliaries who do such work, up to two.
func working(f *law.Facts, rows []row, k kindOfWork) (hands int) {
	for i := range f.Auxiliaries {
		a := &f.Auxiliaries[i]
		for n := range rows {
			if a.Role != law.RoleNone && rows[n].counted == k && (len(a.Acts) == 0 || slices.Contains(a.Acts, f.Acts[n])) {
				hands++
				break
			}
		}
	}
	return min(hands, 2)
}

func coming(f *law.Facts) law.Outcome {
	best := law.Unmet
	for i := range f.Officers {
		o := &f.Officers[i]
		switch {
		case o.OnDuty == law.No:
		case o.OnDuty == law.Yes && (o.Presence == law.PresencePresent || o.Presence == law.PresenceEnRoute):
			return law.Permitted
		case o.Presence != law.PresenceAbsent && o.Presence != law.PresenceRemote:
			best = law.NeedsHuman
		}
	}
	return best
}

func enough(f *law.Facts, n int) law.Outcome {
	present, leads, doubtful := 0, 0, 0
	for i := range f.Officers {
		o := &f.Officers[i]
		switch {
		case o.OnDuty == law.No:
		case o.Presence == law.PresencePresent && o.OnDuty == law.Yes:
			present++
		case o.Presence != law.PresencePresent && o.Presence != law.PresenceUnknown && o.Presence != law.PresenceDoubtful:
		case o.Lead:
			leads++
		default:
			doubtful++
		}
	}
	switch {
	case present >= n:
		return law.Permitted
	case present+leads >= n && f.Phase == law.During:
		return law.Conditional
	case present+leads+doubtful >= n:
		return law.NeedsHuman
	}
	return law.Unmet
}

// The yardstick is worth something only if it decides the same.
func TestTableDecidesTheSame(t *testing.T) {
	t.Parallel()
	book := law.Default()
	table := newTable(book)
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts.Draw(t, "facts")
		verdict, err := book.Decide(&f)
		outcome, clause, ok := table.decide(&f)
		if ok != (err == nil) || ok && (outcome != verdict.Outcome) {
			t.Fatalf("table %v (%s, %v), core %v (%s, %v)", outcome, clause, ok, verdict.Outcome, verdict.Citation, err)
		}
	})
}
