package dispatch

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/law"
)

// ObjectionState is where an objection stands.
type ObjectionState string

const (
	ObjectionOpen      ObjectionState = "open"
	ObjectionUpheld    ObjectionState = "upheld"
	ObjectionDismissed ObjectionState = "dismissed"
)

// Objection contests an order before the head of the station (Art. 20(4), (5)), with the ruling that the order had then. It changes
// nothing about the task and carries no mark against the person.
type Objection struct {
	ID      uuid.UUID      `json:"id"`
	Salt    uuid.UUID      `json:"salt"`
	Task    uuid.UUID      `json:"task"`
	Path    duty.Path      `json:"path"`
	Person  uuid.UUID      `json:"person"`
	Number  string         `json:"number"`
	Name    string         `json:"name"`
	Reason  string         `json:"reason,omitempty"`
	Ruling  uuid.UUID      `json:"ruling"`
	Outcome law.Outcome    `json:"outcome"`
	At      time.Time      `json:"at"`
	State   ObjectionState `json:"state"`

	Deadline    time.Time  `json:"deadline,omitzero"` // by when the head should have answered, as of a recusal
	EscalatedAt *time.Time `json:"escalated_at,omitempty"`

	AnsweredBy *Head      `json:"answered_by,omitempty"`
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
	Answer     string     `json:"answer,omitempty"`
}

type (
	// Object is one tap: the reason may be left out.
	Object struct {
		testifying
		Reason string
	}
	// AnswerObjection is the head's answer.
	AnswerObjection struct {
		beside
		Objection uuid.UUID
		Uphold    bool
		Reason    string
	}
)

func (Object) action() Action                       { return DoObject }
func (AnswerObjection) action() Action              { return DoAnswer }
func (Object) permission() duty.Permission          { return duty.ActOnTask }
func (AnswerObjection) permission() duty.Permission { return duty.AnswerObjection }
func (Object) people() []uuid.UUID                  { return nil }
func (AnswerObjection) people() []uuid.UUID         { return nil }
func (Object) check() error                         { return nil }
func (AnswerObjection) check() error                { return nil }

func (s Object) apply(d *deciding) error {
	m := d.task.ever(d.actor.Person)
	switch {
	case m == nil:
		return fault.New(fault.Conflict, "not_a_member", "您不是该任务的队员", "only a member of the task can do this")
	case slices.ContainsFunc(d.Objections, func(o Objection) bool { return o.Person == m.Person && o.State == ObjectionOpen }):
		return fault.New(fault.Conflict, "objection_open", "您对该任务的异议尚未答复", "your objection to this order is not answered yet")
	}
	o := Objection{
		ID: d.newID(), Salt: d.newID(), Task: d.task.ID, Path: d.task.Organ.Path, Person: m.Person, Number: m.Number, Name: m.Name,
		Reason: s.Reason, Ruling: d.task.LatestRuling, Outcome: d.task.LatestOutcome, At: d.Now, State: ObjectionOpen,
		Deadline: d.deadline(),
	}
	heads := d.heads()
	d.tell("objection_made", d.task.Urgency, watchersOf(heads)...)
	return d.objected(o, d.calledAll(heads), "objection.made", map[string]any{"ruling": o.Ruling})
}

// objected is the event of an objection, which says nothing of its reasons.
func (d *deciding) objected(o Objection, called []Called, kind string, body map[string]any) error {
	digest, err := sealed(o)
	if err != nil {
		return err
	}
	d.out.Beside = &Beside{Objection: &o, Called: called}
	body["objection"], body["digest"] = o.ID, digest
	return d.event(kind, body)
}

func (s AnswerObjection) apply(d *deciding) error {
	at := slices.IndexFunc(d.Objections, func(o Objection) bool { return o.ID == s.Objection })
	me := d.actor.Person
	switch {
	case at < 0:
		return fault.Missing("objection")
	case d.task.DispatchedBy.Person == me || d.task.Part(me):
		return fault.New(fault.Forbidden, "not_yours_to_decide", "派遣人和任务成员不得答复异议", "whoever sent the unit or goes with it does not answer")
	case d.Objections[at].State != ObjectionOpen:
		return fault.New(fault.Conflict, "objection_answered", "该异议已经答复", "this objection has been answered")
	}
	o := d.Objections[at]
	o.State = ObjectionDismissed
	if s.Uphold {
		o.State = ObjectionUpheld
	}
	o.Answer, o.AnsweredAt, o.AnsweredBy = s.Reason, &d.Now, &Head{me, d.actor.Number, d.actor.Name}
	d.tell("objection_answered", d.task.Urgency, o.Person)
	return d.objected(o, nil, "objection.answered", map[string]any{"upheld": s.Uphold})
}
