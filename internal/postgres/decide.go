package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
)

// Decide implements dispatch.Store.
func (s *Store) Decide(ctx context.Context, call dispatch.Call, task uuid.UUID, decide func(dispatch.Snapshot) (dispatch.Decision, error)) (dispatch.Answer, error) {
	c := claiming(call)
	var at scene
	return s.carryOut(ctx, call, c, &at, func(b *pgx.Batch) {
		as := sightOf(call.Actor, duty.ViewTask, task)
		as.queueDeciding(b)
		if call.Whole {
			b.Queue(testifying)
		}
		c.queue(b)
		each(b, &at.tasks, scanLocked, lockTask, task)
		if call.Whole {
			queueAside(b, &at.aside, task, as)
		}
		at.queue(b, call.People, uuid.Nil)
		at.queueThen(b, call, call.People)
	}, func() (dispatch.Snapshot, error) {
		if len(at.tasks) == 0 {
			return dispatch.Snapshot{}, fault.Missing("task")
		}
		return at.snapshot(at.tasks[0], at.tasks[0].Organ.Path)
	}, decide)
}

// Create implements dispatch.Store.
func (s *Store) Create(ctx context.Context, call dispatch.Call, decide func(dispatch.Snapshot) (dispatch.Decision, error)) (dispatch.Answer, error) {
	c := claiming(call)
	var at scene
	return s.carryOut(ctx, call, c, &at, func(b *pgx.Batch) {
		as := sightOf(call.Actor, duty.ViewTask)
		as.law = scopeOf(call.Actor.Organ.Path.AndAbove())
		as.queueDeciding(b)
		c.queue(b)
		at.queue(b, call.People, call.Matter)
	}, func() (dispatch.Snapshot, error) {
		return at.snapshot(dispatch.Task{}, call.Actor.Organ.Path)
	}, decide)
}

// carryOut runs one command: look, then either answer as before or decide on the snapshot and write what was decided.
func (s *Store) carryOut(
	ctx context.Context, call dispatch.Call, c *claim, at *scene, look func(*pgx.Batch),
	snapshot func() (dispatch.Snapshot, error), decide func(dispatch.Snapshot) (dispatch.Decision, error),
) (answer dispatch.Answer, err error) {
	err = s.twice(ctx, func(b *pgx.Batch) { look(b); c.queueLast(b) }, func() (*pgx.Batch, error) {
		if err := c.check(); err != nil || c.before != nil {
			return nil, err
		}
		before, err := snapshot()
		if err != nil {
			return nil, err
		}
		was := asItWas(before.Task)
		decision, err := decide(before)
		if err != nil {
			return nil, err
		}
		answer = answerOf(decision)
		if decision.Idle() {
			return nil, nil
		}
		return at.writing(call, was, decision)
	})
	switch {
	case err != nil:
		return dispatch.Answer{}, err
	case c.before != nil:
		return s.replay(ctx, call.Actor, c)
	}
	s.tellCommitted()
	return answer, nil
}

// answerOf is what the actor gets; the last ruling that a command asked for is the one that let it pass or refused it.
func answerOf(d dispatch.Decision) dispatch.Answer {
	answer := dispatch.Answer{Task: d.Task, Refused: d.Refused, WrongCode: d.WrongCode, Beside: d.Beside}
	if n := len(d.Rulings); n > 0 {
		answer.Ruling = &d.Rulings[n-1]
	}
	return answer
}

// writing queues everything a command leaves behind.
func (s *scene) writing(call dispatch.Call, was earlier, d dispatch.Decision) (*pgx.Batch, error) {
	b := &pgx.Batch{}
	doc, err := s.leave(b, call.Actor, was, d, d.Observations)
	if err != nil {
		return nil, err
	}
	var ruling *uuid.UUID
	if n := len(d.Rulings); n > 0 {
		ruling = &d.Rulings[n-1].ID
	}
	if err := s.keep(b, call, ruling, keptAnswer{doc, d.Refused, d.WrongCode, d.Beside}); err != nil {
		return nil, err
	}
	return b, nil
}
