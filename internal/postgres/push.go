package postgres

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

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

// HoldPush keeps a message about work for somebody who is off duty, until they check in. Whoever has never checked in belongs to an
// organ that keeps no shifts here, and is told at once. The lock has a check-in that is under way end first: a message is held back
// for the next one, and never for the one that has just been.
func (s *Store) HoldPush(ctx context.Context, p duty.Push) (held bool, err error) {
	err = s.write(ctx, everything, func(b *pgx.Batch) {
		b.Queue(`SELECT FROM person WHERE id = $1 FOR SHARE`, p.Person)
		b.Queue(`INSERT INTO held_push (person_id, task_id, kind, priority, held_at) SELECT $1, $2, $3, $4, clock_timestamp()
			WHERE off_duty($1)
			ON CONFLICT (person_id, task_id, kind) DO UPDATE SET priority = excluded.priority, held_at = excluded.held_at`,
			p.Person, p.Task, p.Kind, p.Priority).Exec(func(tag pgconn.CommandTag) error {
			held = tag.RowsAffected() > 0
			return nil
		})
	})
	return held, err
}

// releasePushes sends what was held back for somebody who is checking in: of each task that is still open and concerns them, and of each
// other matter, the last word. Of what is over by now nothing is said.
func releasePushes(ctx context.Context, tx pgx.Tx, person uuid.UUID) error {
	rows, err := tx.Query(ctx, `WITH held AS (DELETE FROM held_push WHERE person_id = $1 RETURNING task_id, kind, priority, held_at)
		SELECT DISTINCT ON (h.task_id) $1::uuid, h.task_id, h.kind, h.priority
		FROM held h LEFT JOIN task_person tp ON tp.task_id = h.task_id AND tp.person_id = $1
		WHERE tp.task_id IS NULL OR tp.open AND (tp.left_at IS NULL OR h.kind = 'removed') ORDER BY h.task_id, h.held_at DESC`, person)
	if err != nil {
		return err
	}
	pushes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[duty.Push])
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	b.Queue(`DELETE FROM message m USING task_person tp WHERE m.person_id = $1 AND m.seq IS NULL AND NOT m.help
		AND tp.task_id = m.subject AND tp.person_id = m.person_id AND NOT tp.open`, person)
	if err := queueJobs(b, PushKind, pushes, func(p duty.Push) int16 { return JobPriority(p.Priority) }); err != nil { // the messages are there
		return err
	}
	return tx.SendBatch(ctx, b).Close()
}

// DropPushToken forgets a token that the push service says is dead, unless the device has another one by now.
func (s *Store) DropPushToken(ctx context.Context, device uuid.UUID, token string) error {
	return s.write(ctx, everything, func(b *pgx.Batch) {
		b.Queue(`UPDATE device SET push_token = NULL WHERE id = $1 AND push_token = $2`, device, token)
	})
}
