package prove

import (
	"time"

	"github.com/dutybound/dutybound/internal/law"
)

// A sight is a class of acts, roles and circumstances that the law cannot tell apart, as it is read off the compiled rulebook.
type sight struct {
	at      time.Time
	inForce bool
	members []member // the plainest first
}

// member is one act, role and circumstance.
type member struct {
	act  int32 // of the book's acts
	role law.Role
	kase law.CaseKind
	tags law.Tags
}

// A scene is a sight in one phase, calm or in an emergency, with a person of one status, with or without restraint equipment
// in use: what more than one part of the facts hangs on.
type scene struct {
	sight     int32
	phase     law.Phase
	emergency bool
	status    law.Status
	restraint uint8 // none, listed, unlisted
}

// The facts of a scene, in the order in which scenes are listed: the plainest first.
var (
	phases         = []law.Phase{law.Start, law.Dispatch, law.During}
	statuses       = []law.Status{law.StatusActive, law.StatusUnknown, law.StatusSuspended, law.StatusSeparated}
	restraintWords = []string{"none", "listed", "unlisted"}
	scenesOfASight = len(phases) * 2 * len(statuses) * len(restraintWords)
)

// sceneFields are those of law.Facts that make the scene; that it is one act by people who are alike is what is fixed.
var (
	sceneFields = []string{
		"At", "Phase", "Acts", "CaseKind", "Tags", "Emergency", "Auxiliaries.Role", "Auxiliaries.Status",
	}
	fixedFields = []string{"Auxiliaries.ID", "Auxiliaries.Acts", "Officers.ID"} // names say nothing, and everybody does all acts
	sceneAbout  = []string{"role=", "act=", "entry=", "at=", "tags=", "case_kind=", "status=", "equipment=restraint use=use"}
)

// sights folds all acts, roles, sets of tags and kinds of case at one moment. Tags that neither a clause about the act nor a
// statement looks for are left out.
func (p *proof) sights(at time.Time) {
	inForce := p.book.InForce(at)
	seen := map[string]int32{}
	for act, info := range p.acts {
		tags := p.spoken
		if inForce {
			tags |= p.reader.Tags(at, info.Code)
		}
		for role := law.RoleNone; role <= law.RoleCivilian; role++ {
			for kase := law.CaseNone; kase <= law.CaseCriminal; kase++ {
				for set := range subsets(tags) {
					key := p.sightOf(at, info.Code, role, set, kase)
					i, ok := seen[key]
					if !ok {
						i = int32(len(p.classes))
						seen[key] = i
						p.classes = append(p.classes, sight{at: at, inForce: inForce})
					}
					m := member{int32(act), role, kase, set}
					p.classes[i].members = append(p.classes[i].members, m)
					p.classOf[placed{at.Unix(), m}] = i
				}
			}
		}
	}
}

// placed is a member at a moment.
type placed struct {
	at int64
	member
}

// subsets walks all subsets of a set, the empty one first.
func subsets(all law.Tags) func(func(law.Tags) bool) {
	return func(yield func(law.Tags) bool) {
		for set := law.Tags(0); yield(set) && set != all; set = (set - all) & all {
			continue
		}
	}
}

// scenesOf lists the scenes of a sight in a fixed order.
func (p *proof) scenesOf(i int32) []scene {
	list := make([]scene, 0, scenesOfASight)
	for _, phase := range phases {
		for _, emergency := range []bool{false, true} {
			for _, status := range statuses {
				for restraint := range restraintWords {
					list = append(list, scene{i, phase, emergency, status, uint8(restraint)})
				}
			}
		}
	}
	return list
}

// facts are those of a scene, played by one of its members, everything else the plainest.
func (p *proof) facts(s scene, m member) *law.Facts {
	f := &law.Facts{
		At: p.classes[s.sight].at, Phase: s.phase, Acts: []string{p.acts[m.act].Code}, CaseKind: m.kase, Tags: m.tags,
		Emergency: s.emergency, Auxiliaries: []law.Auxiliary{{ID: "a1", Role: m.role, Status: s.status}},
	}
	item := [...]string{"", listedItem, unlistedItem}[s.restraint]
	if s.restraint > 0 {
		f.Auxiliaries[0].Equipment = []law.EquipmentItem{{Class: law.EquipmentRestraint, Use: law.UseUse, Item: item}}
	}
	for i := range p.parts {
		p.parts[i].values[0].set(f)
	}
	return f
}

// cost counts what is not the plainest in a scene and its member.
func (p *proof) cost(s scene, m member) int {
	cost := len(m.tags.Words())
	for _, off := range []bool{
		m.role != p.acts[m.act].Role && p.acts[m.act].Role != law.RoleNone, m.kase != law.CaseNone, s.phase != law.Start, s.emergency,
		s.status != law.StatusActive, s.restraint > 0, !p.classes[s.sight].inForce,
	} {
		if off {
			cost++
		}
	}
	return cost
}
