package duty

import (
	"slices"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/fault"
)

// Role is a named bundle of permissions, granted to a person for the subtree of an organ.
type Role string

const (
	RoleAuxiliary   Role = "auxiliary"
	RoleOfficer     Role = "officer"
	RoleStationHead Role = "station_head"
	RoleLegal       Role = "legal"
	RolePersonnel   Role = "personnel"
	RoleViewer      Role = "command_viewer"
	RoleAuditor     Role = "auditor"
)

// Roles lists every role.
var Roles = []Role{RoleAuxiliary, RoleOfficer, RoleStationHead, RoleLegal, RolePersonnel, RoleViewer, RoleAuditor}

// Permission names one thing that an actor may do.
type Permission string

const (
	ViewTask     Permission = "task.view"
	DispatchTask Permission = "task.dispatch" // dispatch, reassign, cancel, name the lead
	ActOnTask    Permission = "task.act"      // acknowledge, accept, decline, start, pause, resume, finish, declare
	HandOverLead Permission = "task.hand_over"
	ReadHistory  Permission = "task.history"
	AskRuling    Permission = "ruling.ask"
	BacktestLaw  Permission = "law.backtest" // try a proposed law on stored facts
	WatchFeed    Permission = "feed.watch"
	ReadRoster   Permission = "roster.read"
	ManageRoster Permission = "roster.manage" // status of people, devices
	RevokeDevice Permission = "device.revoke"
	OwnAccount   Permission = "account.own" // one's own session, profile, device, observations

	ReadLaw       Permission = "law.read"      // the law of an organ: everybody that of their own
	ReadProposals Permission = "law.proposals" // what was proposed, and what became of it
	ProposeLaw    Permission = "law.propose"   // propose, and decide what another one proposed

	ViewApprovals Permission = "approval.view"
	DecideMatter  Permission = "approval.decide" // settle what the law leaves to a person
	DecideRecusal Permission = "recusal.decide"  // as head of the department or station (Art. 22 ¶2)

	RaiseAlarm        Permission = "alarm.raise" // one's own
	ViewAlarm         Permission = "alarm.view"
	AnswerAlarm       Permission = "alarm.answer" // "I am coming", and that one has seen it
	CloseAlarm        Permission = "alarm.close"
	AnswerCheck       Permission = "check.answer" // that one is well
	EnterCheck        Permission = "check.enter"  // what somebody said by radio; set a cadence
	KeepShift         Permission = "shift.keep"   // check in and out, say where one is
	ViewShifts        Permission = "shift.view"
	PlanShifts        Permission = "shift.plan"          // arrange who is on duty when (Art. 15)
	OrderPlainClothes Permission = "plain_clothes.order" // Art. 17(1)
	FindOfficers      Permission = "officer.find"        // who is near and could come and lead
	HoldRecord        Permission = "record.hold"         // keep what would be dropped
	CommandRestraint  Permission = "restraint.command"   // command or lead its use (Art. 17(4))
	AskRecusal        Permission = "recusal.ask"         // for oneself, or pass on what a party asks (Art. 22 ¶1)
	AnswerObjection   Permission = "objection.answer"    // as head of the station (Art. 20)
	ChangeActs        Permission = "task.change_acts"    // say on the scene what the work has become
	ReadSupervision   Permission = "supervision.record"  // what supervisors did with their powers (Art. 42)
	ReviewOutbox      Permission = "outbox.review"       // what is wrong with records made without network
	SettleOutbox      Permission = "outbox.settle"       // close such findings, decide what lies in quarantine
)

// anybody is what everybody signed in may do about what is their own, whatever they hold, off duty and suspended too: nobody in danger
// is asked for a grant, nor whoever was called to help.
var anybody = []Permission{RaiseAlarm, ViewAlarm, AnswerAlarm, CloseAlarm}

// reach is how far a permission of a role goes.
type reach uint8

const (
	own     reach = 1 << iota // what the actor is part of
	subtree                   // everything in the subtree the role was granted for
)

var permissions = map[Role]map[Permission]reach{
	RoleAuxiliary: {
		ViewTask: own, ActOnTask: own, ReadHistory: own, OwnAccount: own, AskRuling: own, ReadLaw: own,
		AnswerCheck: own, KeepShift: own, ViewShifts: own,
		AskRecusal: own, ChangeActs: own,
	},
	RoleOfficer: {
		ViewTask: own | subtree, DispatchTask: subtree, ActOnTask: own, HandOverLead: own | subtree, ReadHistory: own | subtree,
		AskRuling: own, WatchFeed: subtree, ReadRoster: subtree, RevokeDevice: subtree, OwnAccount: own, ReadLaw: own | subtree,
		ViewAlarm: subtree, AnswerAlarm: subtree, CloseAlarm: subtree, AnswerCheck: own, EnterCheck: own | subtree,
		KeepShift: own, ViewShifts: own | subtree, PlanShifts: subtree, OrderPlainClothes: subtree, FindOfficers: subtree,
		CommandRestraint: own | subtree, AskRecusal: own | subtree, ChangeActs: own | subtree,
		ReviewOutbox: subtree, SettleOutbox: subtree,
	},
	RoleStationHead: {
		ViewTask: own | subtree, DispatchTask: subtree, ActOnTask: own, HandOverLead: own | subtree, ReadHistory: own | subtree,
		AskRuling: own, WatchFeed: subtree, ReadRoster: subtree, RevokeDevice: subtree, OwnAccount: own, ReadLaw: own | subtree,
		ReadProposals: subtree, ViewApprovals: subtree, DecideMatter: subtree, DecideRecusal: subtree,
		ViewAlarm: subtree, AnswerAlarm: subtree, CloseAlarm: subtree, AnswerCheck: own, EnterCheck: own | subtree,
		KeepShift: own, ViewShifts: own | subtree, PlanShifts: subtree, OrderPlainClothes: subtree, FindOfficers: subtree,
		CommandRestraint: own | subtree, AskRecusal: own | subtree, ChangeActs: own | subtree, AnswerObjection: subtree,
		ReadSupervision: subtree,
		ReviewOutbox:    subtree, SettleOutbox: subtree,
	},
	RoleLegal: {
		ViewTask: subtree, ReadHistory: subtree, AskRuling: own, BacktestLaw: subtree, OwnAccount: own, ReadLaw: own | subtree,
		ReadProposals: subtree, ProposeLaw: subtree, ViewApprovals: subtree, DecideMatter: subtree,
		HoldRecord: subtree, ReadSupervision: subtree,
	},
	RolePersonnel: {
		ReadRoster: subtree, ManageRoster: subtree, RevokeDevice: subtree, OwnAccount: own, ReadLaw: own,
		ViewShifts: subtree,
	},
	RoleViewer: {
		ViewTask: subtree, WatchFeed: subtree, ReadRoster: subtree, OwnAccount: own, ReadLaw: own,
		ViewAlarm: subtree, ViewShifts: subtree, FindOfficers: subtree,
	},
	RoleAuditor: {
		ViewTask: subtree, ReadHistory: subtree, WatchFeed: subtree, ReadRoster: subtree, OwnAccount: own, ReadLaw: own | subtree,
		ReadProposals: subtree, ViewApprovals: subtree,
		ViewAlarm: subtree, ViewShifts: subtree, HoldRecord: subtree, ReadSupervision: subtree, ReviewOutbox: subtree,
	},
}

// RolesThat lists the roles that hold a permission over a subtree.
func RolesThat(p Permission) (roles []Role) {
	for _, role := range Roles {
		if permissions[role][p]&subtree != 0 {
			roles = append(roles, role)
		}
	}
	return roles
}

// Grant is a role held over the subtree of an organ.
type Grant struct {
	Role Role `json:"role"`
	Path Path `json:"path"`
}

// Actor is who asks: a person on a device in a live session, with the grants read at this request.
type Actor struct {
	Person  uuid.UUID
	Number  string
	Name    string
	Class   Class
	Organ   Organ
	Device  uuid.UUID
	Session uuid.UUID
	Grants  []Grant
}

// Target is what is acted on: its place in the organ tree, and whether the actor is part of it.
type Target struct {
	Path Path
	Own  bool
}

// Self is the target of what concerns only the actor.
func (a Actor) Self() Target { return Target{Path: a.Organ.Path, Own: true} }

// Can says whether the actor holds the permission for the target.
func (a Actor) Can(p Permission, t Target) bool {
	return t.Own && slices.Contains(anybody, p) || slices.ContainsFunc(a.Grants, func(g Grant) bool {
		r := permissions[g.Role][p]
		return r&own != 0 && t.Own || r&subtree != 0 && t.Path.Within(g.Path)
	})
}

// Holds says whether the actor holds the permission anywhere at all.
func (a Actor) Holds(p Permission) bool {
	return slices.Contains(anybody, p) || slices.ContainsFunc(a.Grants, func(g Grant) bool { return permissions[g.Role][p] != 0 })
}

// Reach lists the subtrees in which the actor holds the permission.
func (a Actor) Reach(p Permission) (paths []Path) {
	for _, g := range a.Grants {
		if permissions[g.Role][p]&subtree != 0 && !slices.Contains(paths, g.Path) {
			paths = append(paths, g.Path)
		}
	}
	return paths
}

// Authorise is the one question in front of every use case: may this actor do this to that? What the actor cannot even see is
// not found, so that a foreign id and a missing one look the same; what can be seen and not done is forbidden.
func Authorise(a Actor, p Permission, t Target, sees Permission) error {
	switch {
	case a.Can(p, t):
		return nil
	case p != sees && a.Can(sees, t):
		return errForbidden
	default:
		return fault.Missing("resource")
	}
}

// Require is Authorise for things that have no place in the tree: the actor must hold the permission somewhere.
func Require(a Actor, p Permission) error {
	if a.Holds(p) {
		return nil
	}
	return errForbidden
}

// RequireOver is Require for what is asked of a whole subtree: to hold the permission for one's own things is not enough.
func RequireOver(a Actor, p Permission) error {
	if len(a.Reach(p)) > 0 {
		return nil
	}
	return errForbidden
}

var errForbidden = fault.New(fault.Forbidden, "not_permitted", "您没有执行此操作的权限", "you may not do this")
