package legal

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
	"github.com/dutybound/dutybound/internal/ledger"
)

// ApprovalState is where a request to an approver stands.
type ApprovalState string

const (
	Open    ApprovalState = "open"
	Decided ApprovalState = "decided"
	Lapsed  ApprovalState = "lapsed" // the task became lawful without it, ended, or asks another question
)

// Scope is how far a decision reaches.
type Scope string

const (
	ThisTask Scope = "task"     // the task, or the same order sent again within a day
	Standing Scope = "standing" // besides, every task of the organ, once a second person has approved that (see Proposal)
)

// Approval is a request to settle what the law leaves to a person, and what was decided.
type Approval struct {
	ID           uuid.UUID
	Path         duty.Path  // of the organ whose task it is
	Task         *uuid.UUID // nil: a dispatch that was refused
	Ruling       Ruling
	Questions    []law.Decision // the reasons that ask; what was decided about them is Allow
	Urgency      string
	AskedBy      uuid.UUID
	DispatchedBy uuid.UUID
	AskedAt      time.Time
	Deadline     time.Time
	AskedPath    duty.Path // whose approvers were told; empty: nobody's yet
	EscalatedAt  *time.Time

	State     ApprovalState
	Allow     bool
	Scope     Scope
	DecidedBy *Person
	DecidedAt *time.Time
	Reason    string
}

// Ruling is the ruling that asks, with the facts it was given on.
type Ruling struct {
	ID      uuid.UUID
	Epoch   int
	Actor   uuid.UUID
	Command string
	At      time.Time
	Facts   law.Facts
	Ruling  law.Ruling
}

// Judgement is what an approver decides, and why. A standing one needs the memo that a proposal needs.
type Judgement struct {
	Allow  bool
	Reason string
	Scope  Scope
	Memo   string
}

// ApprovalAnswer is what the approver gets: the request as it stands, and what was proposed for the time after it.
type ApprovalAnswer struct {
	Approval  uuid.UUID
	Proposals []uuid.UUID
	Replay    bool
}

// Approvals lists requests in the actor's sight, the oldest deadline first.
func (s *Service) Approvals(ctx context.Context, actor duty.Actor, filter ApprovalFilter) ([]Approval, error) {
	if err := duty.Require(actor, duty.ViewApprovals); err != nil {
		return nil, err
	}
	filter.State = cmp.Or(filter.State, Open)
	return s.approvals.Approvals(ctx, actor, filter)
}

// Judge settles a request. What was decided is a fact of the next ruling; nothing starts by it.
func (s *Service) Judge(ctx context.Context, actor duty.Actor, cmd duty.Command, id uuid.UUID, j Judgement) (ApprovalAnswer, error) {
	if err := duty.Require(actor, duty.DecideMatter); err != nil {
		return ApprovalAnswer{}, err
	}
	if j.Scope == Standing && strings.TrimSpace(j.Memo) == "" {
		return ApprovalAnswer{}, fault.BadField("body/memo", "is required for a standing decision")
	}
	return s.approvals.Judge(ctx, Call{actor, cmd}, id, func(snap Snapshot, a Approval) (Judged, error) {
		return s.judge(snap, a, actor, j)
	})
}

func (s *Service) judge(snap Snapshot, a Approval, actor duty.Actor, j Judgement) (out Judged, err error) {
	at := duty.Target{Path: a.Path}
	if err := duty.Authorise(actor, duty.DecideMatter, at, duty.ViewApprovals); err != nil {
		return out, err
	}
	switch {
	case actor.Person == a.DispatchedBy || actor.Person == a.AskedBy:
		return out, fault.New(fault.Forbidden, "own_request", "派遣人和申请人不得自行审批", "whoever dispatched the work or asked cannot decide")
	case a.State != Open:
		return out, fault.New(fault.Conflict, "approval_"+string(a.State), "该请求已处理或已失效", "the request is no longer open: it is "+string(a.State))
	case j.Scope == Standing && !actor.Can(duty.ProposeLaw, at):
		return out, fault.New(fault.Forbidden, "standing_is_for_legal", "长期决定须由法制部门提出", "only the legal department can propose a standing decision")
	}
	by := personOf(actor)
	a.State, a.Allow, a.Scope, a.Reason, a.DecidedBy, a.DecidedAt = Decided, j.Allow, j.Scope, j.Reason, &by, &snap.Now
	out.Approval = a
	event, err := s.approvalEvent("approval.decided", a, actor.Person, snap.Now, map[string]any{
		"allow": a.Allow, "scope": a.Scope, "reason": a.Reason,
	})
	if err != nil {
		return out, err
	}
	out.Events = append(out.Events, event)
	for _, person := range []uuid.UUID{a.AskedBy, a.DispatchedBy} {
		if len(out.Pushes) == 0 || out.Pushes[0].Person != person {
			out.Pushes = append(out.Pushes, duty.Push{Person: person, Task: a.ID, Kind: "approval_decided", Priority: a.Urgency})
		}
	}
	if j.Scope == Standing {
		err = s.stand(snap, &out, actor, j)
	}
	return out, err
}

// stand proposes what was decided here for every task of the organ: a second person has yet to approve it, like any change of law.
func (s *Service) stand(snap Snapshot, out *Judged, actor duty.Actor, j Judgement) error {
	proposed := map[string]bool{}
	for _, q := range out.Approval.Questions {
		q.Person, q.Allow = "", j.Allow
		value, err := json.Marshal(q)
		if err != nil {
			return err
		}
		change := Change{Kind: Decision, Subject: Reason(q), Value: value}
		if proposed[change.Subject] {
			continue
		}
		proposed[change.Subject] = true
		made, err := s.propose(snap, actor, Draft{Path: snap.Organ.Path, Change: change, Memo: j.Memo, Reason: j.Reason})
		if err != nil {
			return err
		}
		out.Proposals = append(out.Proposals, made.Proposal)
		out.Events = append(out.Events, made.Event)
	}
	return nil
}

// Reason is what a standing decision is about, whoever is on the task: the subject of its proposal.
func Reason(d law.Decision) string { return strings.Join([]string{d.Citation, d.Fact, d.Act}, "|") }

// itself is the actor of what happens because a time has come: the service.
var itself = uuid.Nil

// Announce tells the approvers of the organ, or of the nearest one above it that has any, that something waits for them.
func (s *Service) Announce(ctx context.Context, id uuid.UUID) error {
	return s.approvals.Tell(ctx, id, func(a Approval, approvers []Approver, _ time.Time) (Telling, error) {
		if a.State != Open {
			return Telling{}, nil
		}
		return tell(a, approvers, a.Path, "approval_requested"), nil
	})
}

// Escalate tells, once, the approvers above those who let the deadline pass.
func (s *Service) Escalate(ctx context.Context, id uuid.UUID) error {
	return s.approvals.Tell(ctx, id, func(a Approval, approvers []Approver, now time.Time) (Telling, error) {
		if a.State != Open || a.EscalatedAt != nil {
			return Telling{}, nil
		}
		t := tell(a, approvers, above(cmp.Or(a.AskedPath, a.Path)), "approval_escalated")
		a.EscalatedAt, a.AskedPath = &now, t.Path
		event, err := s.approvalEvent("approval.escalated", a, itself, now, map[string]any{"to": a.AskedPath, "deadline": a.Deadline})
		t.EscalatedAt, t.Event = &now, &event
		return t, err
	})
}

// tell addresses the approvers of the nearest organ at or above a path that has any who may decide this.
func tell(a Approval, approvers []Approver, from duty.Path, kind string) Telling {
	t := Telling{Path: a.AskedPath}
	nearest := duty.Path("")
	for _, who := range approvers {
		if who.Person != a.DispatchedBy && who.Person != a.AskedBy && from.Within(who.Path) && len(who.Path) > len(nearest) {
			nearest = who.Path
		}
	}
	for _, who := range approvers {
		if nearest != "" && who.Path == nearest && who.Person != a.DispatchedBy && who.Person != a.AskedBy {
			t.Path = nearest
			t.Pushes = append(t.Pushes, duty.Push{Person: who.Person, Task: a.ID, Kind: kind, Priority: a.Urgency})
		}
	}
	return t
}

// above is the path of the organ above; the root's is empty.
func above(path duty.Path) duty.Path {
	trimmed := strings.TrimSuffix(string(path), "/")
	return duty.Path(trimmed[:strings.LastIndexByte(trimmed, '/')+1])
}

func (s *Service) approvalEvent(kind string, a Approval, actor uuid.UUID, at time.Time, body map[string]any) (ledger.Event, error) {
	body["approval"], body["task"], body["ruling"] = a.ID, a.Task, a.Ruling.ID
	text, err := json.Marshal(body)
	return ledger.Event{ID: s.newID(), Kind: kind, Path: a.Path, Actor: actor, At: at, Body: text}, err
}
