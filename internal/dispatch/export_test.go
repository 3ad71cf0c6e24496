package dispatch

import (
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/law"
)

// What the tests of this room may see of its inside.

func Transitions() map[State]map[Action]State                   { return transitions }
func MemberTransitions() map[MemberState]map[Action]MemberState { return memberTransitions }

// PresenceOf weighs observations of an officer's presence at a moment.
func PresenceOf(all []duty.Observation, now time.Time, officer uuid.UUID) law.Presence {
	return standing(all, now, DefaultFreshness, nil).presence(officer, func(uuid.UUID) bool { return true })
}

// RecordingOf is a person's recording state at a moment.
func RecordingOf(all []duty.Observation, now time.Time, person uuid.UUID) law.Recording {
	return read[law.Recording](standing(all, now, DefaultFreshness, nil).latest(person, factRecording))
}

// NotListed is the fact by which the law says that equipment is not on the organ's list.
const NotListed = notListed

// InUse puts the restraint equipment in use on a task into facts about its unit.
func InUse(facts *law.Facts, task *Task, unit []Member) { restrain(facts, task, unit) }

// Beyond are the reasons that one ruling has and another has not.
func Beyond(ruling, without law.Ruling) []law.Reason { return beyond(ruling, without) }

// DecideOn decides a step, or statements, on a snapshot, as the store has it done.
func (s *Service) DecideOn(snap Snapshot, actor duty.Actor, step Step) (Decision, error) {
	return s.decide(snap, actor, step.action(), uuid.Nil, step)
}

// DispatchOn decides an order.
func (s *Service) DispatchOn(snap Snapshot, actor duty.Actor, order DispatchOrder) (Decision, error) {
	return s.decide(snap, actor, DoDispatch, uuid.New(), order)
}

// WeighOn is the same of statements.
func (s *Service) WeighOn(snap Snapshot, actor duty.Actor, said []Statement) (Decision, []duty.Observation, error) {
	seen, err := s.observations(actor, said)
	if err != nil {
		return Decision{}, nil, err
	}
	d, err := s.decide(snap, actor, DoObserve, uuid.Nil, observe{seen})
	return d, seen, err
}
