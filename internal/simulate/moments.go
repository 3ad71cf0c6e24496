package simulate

import (
	"context"
	"math/rand/v2"
	"sync"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/api"
)

// asks sends a command about a task whose answer is not the task: as any other command it is sent again until it is answered, and some
// are sent twice.
func asks[T any](ctx context.Context, p *phone, chance *rand.Rand, kind string, task uuid.UUID, send func(key uuid.UUID) (*T, error)) (*T, error) {
	var mu sync.Mutex // the same command may be on its way twice
	var last *T
	_, err := p.command(ctx, chance, kind, func(key uuid.UUID) (*api.TaskAnswer, error) {
		got, err := send(key)
		if err != nil {
			return nil, err
		}
		mu.Lock()
		defer mu.Unlock()
		last = got
		return &api.TaskAnswer{Task: api.Task{ID: task}}, nil
	})
	return last, err
}

// begins has people go to work, who walk for a while before anything happens.
func (j job) begins(ctx context.Context, s scene) error {
	if _, err := j.members[0].step(ctx, j.chance, j.id, "start", steps{said: dressed()}); err != nil {
		return err
	}
	return j.walk(ctx, s.Walk/4)
}

// ends has somebody report, after a while.
func (j job) ends(ctx context.Context, s scene, by *phone) error {
	if err := j.walk(ctx, s.Walk/4); err != nil {
		return err
	}
	_, err := by.step(ctx, j.chance, j.id, "finish", steps{reason: "工作完毕"})
	return err
}

// works sends people on a patrol on which something happens.
func (c *crew) works(ctx context.Context, chance *rand.Rand, s scene, members []*phone, happens func(job) error) error {
	j, err := c.order(ctx, chance, nil, members, "patrol")
	if err == nil {
		if err = j.begins(ctx, s); err == nil {
			err = happens(j)
		}
	}
	return j.orGivesUp(ctx, err)
}

// reassigns has whoever sent the unit send somebody else as well.
func (j job) reassigns(ctx context.Context, add *phone) error {
	_, err := j.relief.command(ctx, j.chance, "task.reassigned", func(key uuid.UUID) (*api.TaskAnswer, error) {
		return settled("reassign")(j.relief.api.ReassignTaskWithResponse(ctx, j.id, &api.ReassignTaskParams{IdempotencyKey: key},
			api.Reassignment{Add: []api.MemberOrder{{Person: add.person}}}))
	})
	if err == nil {
		add.copy.joins(j.id)
	}
	return err
}

func newKey() uuid.UUID { return uuid.Must(uuid.NewV7()) }
