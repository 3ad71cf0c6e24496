package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/notify"
)

// PushKind is the kind of the jobs that carry a duty.Push.
const PushKind = "push"

// insertJobs puts jobs into River's table as River itself would (a test holds the two side by side), without the notification
// that each of its own inserts sends: the sequencer wakes the workers once for a whole batch.
const insertJobs = `INSERT INTO river_job (args, kind, priority, max_attempts)
	SELECT args::jsonb, $1, priority, $4 FROM unnest($2::text[], $3::smallint[]) AS job (args, priority)`

// PushAttempts outlast the life of any message, which is what ends the trying: half a day at a try a minute.
const PushAttempts = 1000

// queuePushes leaves the jobs, and beside them the messages themselves: a phone that no push reaches asks for those.
func queuePushes(b *pgx.Batch, pushes []duty.Push) error {
	queueMessages(b, pushes)
	return queueJobs(b, PushKind, pushes, func(p duty.Push) int16 { return JobPriority(p.Priority) })
}

// ConcernKind is the kind of the jobs that carry a duty.Concern.
const ConcernKind = "concern"

func queueConcerns(b *pgx.Batch, concerns []duty.Concern) error {
	return queueJobs(b, ConcernKind, concerns, func(duty.Concern) int16 { return 1 })
}

func queueJobs[T any](b *pgx.Batch, kind string, jobs []T, priority func(T) int16) error {
	if len(jobs) == 0 {
		return nil
	}
	args, priorities := make([]string, len(jobs)), make([]int16, len(jobs))
	for i, job := range jobs {
		text, err := json.Marshal(job)
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		args[i], priorities[i] = string(text), priority(job)
	}
	b.Queue(insertJobs, kind, args, priorities, PushAttempts)
	return nil
}

// JobPriority is River's priority (1 goes first) for the urgency of a task.
func JobPriority(urgency string) int16 {
	switch urgency {
	case "immediate":
		return 1
	case "urgent":
		return 2
	default:
		return 3
	}
}

// PushDevices lists the devices of a person that are not revoked and have a push token.
func (s *Store) PushDevices(ctx context.Context, person uuid.UUID) (devices []notify.Device, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &devices, pgx.RowToStructByPos[notify.Device], `SELECT id, platform, push_token FROM device
			WHERE person_id = $1 AND revoked_at IS NULL AND push_token IS NOT NULL ORDER BY registered_at`, person)
	})
	return devices, err
}

// DropPushToken forgets a token that the push service says is dead, unless the device has another one by now.
func (s *Store) DropPushToken(ctx context.Context, device uuid.UUID, token string) error {
	return s.write(ctx, everything, func(b *pgx.Batch) {
		b.Queue(`UPDATE device SET push_token = NULL WHERE id = $1 AND push_token = $2`, device, token)
	})
}
