package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/legal"
)

// selectAsked reads the requests of the tasks in sight, and those about a dispatch that was refused and may be sent again for a day.
const selectAsked = `SELECT id, task_id, state = 'open', coalesce(allow, false), questions FROM approval
	WHERE state <> 'lapsed' AND (task_id = ANY (the_tasks())
		OR matter = $1 AND task_id IS NULL AND coalesce(decided_at, clock_timestamp()) > clock_timestamp() - interval '24 hours')
	ORDER BY asked_at, id`

func scanAsked(row pgx.CollectableRow) (a dispatch.Asked, err error) {
	var allow bool
	err = row.Scan(&a.ID, &a.Task, &a.Open, &allow, &a.Answers)
	for i := range a.Answers {
		a.Answers[i].Allow = allow
	}
	return a, err
}

// askedOf are those of one task, or for a command that makes a task those of no task yet.
func askedOf(all []dispatch.Asked, task uuid.UUID) []dispatch.Asked {
	return slices.DeleteFunc(slices.Clone(all), func(a dispatch.Asked) bool {
		return a.Task != nil && *a.Task != task
	})
}

const (
	// Two who ask for the same at the same moment ask once.
	insertApproval = `INSERT INTO approval
		(id, path, matter, task_id, ruling_id, questions, urgency, asked_by, dispatched_by, asked_at, deadline)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (matter) WHERE state = 'open' DO NOTHING`
	lapseApprovals  = `UPDATE approval SET state = 'lapsed', decided_at = $2 WHERE id = ANY ($1) AND state = 'open'`
	becomeApprovals = `UPDATE approval SET task_id = $2 WHERE id = ANY ($1) AND task_id IS NULL`
	// insertApprovalJobs has the approvers told now, and those above them at the deadline; nobody looks for a request that was forgotten.
	insertApprovalJobs = `INSERT INTO river_job (args, kind, priority, max_attempts, state, scheduled_at) VALUES
		(jsonb_build_object('approval', $1::uuid, 'step', 'announce'), 'approval', $3, $4, 'available', now()),
		(jsonb_build_object('approval', $1::uuid, 'step', 'escalate'), 'approval', $3, $4, 'scheduled', $2)`
)

// queueRequest queues what a decision asks of the approvers, and no longer asks of them.
func queueRequest(b *pgx.Batch, d dispatch.Decision, now time.Time) error {
	if len(d.Lapsed) > 0 {
		b.Queue(lapseApprovals, d.Lapsed, now)
	}
	if len(d.Became) > 0 {
		b.Queue(becomeApprovals, d.Became, d.Task.ID)
	}
	r := d.Request
	if r == nil {
		return nil
	}
	questions, err := json.Marshal(r.Questions)
	if err != nil {
		return fmt.Errorf("questions of a request: %w", err)
	}
	b.Queue(insertApproval, r.ID, string(r.Path), r.Matter, r.Task, r.Ruling, questions, string(r.Urgency), r.AskedBy, r.DispatchedBy,
		r.At, r.Deadline)
	b.Queue(insertApprovalJobs, r.ID, r.Deadline, JobPriority(string(r.Urgency)), PushAttempts)
	return nil
}

// selectApprovals reads requests with their organ and the ruling that asked.
const selectApprovals = `SELECT a.id, a.path, a.task_id, a.questions, a.urgency, a.asked_by, a.dispatched_by, a.asked_at, a.deadline,
		coalesce(a.asked_path, ''), a.escalated_at, a.state, coalesce(a.allow, false), coalesce(a.scope, ''), a.decider, a.decided_at, a.reason,
		r.id, r.epoch, r.actor, r.command, r.decided_at, r.facts, r.ruling
	FROM approval a JOIN ruling r ON r.id = a.ruling_id WHERE `

func scanApproval(row pgx.CollectableRow) (a legal.Approval, err error) {
	err = row.Scan(&a.ID, &a.Path, &a.Task, &a.Questions, &a.Urgency, &a.AskedBy, &a.DispatchedBy, &a.AskedAt, &a.Deadline,
		&a.AskedPath, &a.EscalatedAt, &a.State, &a.Allow, &a.Scope, &a.DecidedBy, &a.DecidedAt, &a.Reason,
		&a.Ruling.ID, &a.Ruling.Epoch, &a.Ruling.Actor, &a.Ruling.Command, &a.Ruling.At, &a.Ruling.Facts, &a.Ruling.Ruling)
	return a, err
}

// Approvals implements legal.Approvals.
func (s *Store) Approvals(ctx context.Context, actor duty.Actor, f legal.ApprovalFilter) (approvals []legal.Approval, err error) {
	args := []any{string(f.State), f.Limit}
	where := []string{`a.state = $1`, `(a.state <> 'open' OR a.task_id IS NOT NULL OR a.asked_at > now() - interval '24 hours')`}
	if f.Path != "" {
		args = append(args, string(f.Path))
		where = append(where, fmt.Sprintf(`a.path ^@ $%d`, len(args)))
	}
	if f.After != nil {
		args = append(args, *f.After)
		where = append(where, fmt.Sprintf(`(a.deadline, a.id) > (SELECT b.deadline, b.id FROM approval b WHERE b.id = $%d)`, len(args)))
	}
	err = s.read(ctx, sightOf(actor, duty.ViewApprovals), func(b *pgx.Batch) {
		each(b, &approvals, scanApproval, selectApprovals+strings.Join(where, " AND ")+` ORDER BY a.deadline, a.id LIMIT $2`, args...)
	})
	return approvals, err
}

const (
	lockApproval = selectApprovals + `a.id = $1 FOR UPDATE OF a`
	judge        = `UPDATE approval SET state = $2, allow = $3, scope = $4, decider = $5, decided_at = $6, reason = $7 WHERE id = $1`
	tellApproval = `UPDATE approval SET asked_path = nullif($2, ''), escalated_at = coalesce($3, escalated_at) WHERE id = $1`
)

// Judge implements legal.Approvals.
func (s *Store) Judge(ctx context.Context, call legal.Call, id uuid.UUID, decide func(legal.Snapshot, legal.Approval) (legal.Judged, error)) (answer legal.ApprovalAnswer, err error) {
	var kept struct {
		Approval  uuid.UUID
		Proposals []uuid.UUID
	}
	replay, err := s.once(ctx, call.Actor, call.Command, sightOf(call.Actor, duty.ViewApprovals), &kept, func(tx pgx.Tx) error {
		a, err := collectOne(ctx, tx, scanApproval, lockApproval, id)
		if err != nil {
			return missing(err, fault.Missing("approval"))
		}
		snap, err := lookAround(ctx, tx, a.Path)
		if err == nil && snap.Organ.Kind == duty.Squad {
			snap, err = lookAround(ctx, tx, snap.Organ.Employs())
		}
		if err != nil {
			return err
		}
		judged, err := decide(snap, a)
		if err != nil {
			return err
		}
		kept.Approval = id
		for _, p := range judged.Proposals {
			kept.Proposals = append(kept.Proposals, p.ID)
		}
		return keepJudged(ctx, tx, judged)
	})
	return legal.ApprovalAnswer{Approval: kept.Approval, Proposals: kept.Proposals, Replay: replay}, err
}

func keepJudged(ctx context.Context, tx pgx.Tx, j legal.Judged) error {
	a := j.Approval
	if _, err := tx.Exec(ctx, judge, a.ID, string(a.State), a.Allow, string(a.Scope), a.DecidedBy, a.DecidedAt, a.Reason); err != nil {
		return err
	}
	for _, p := range j.Proposals {
		if err := keepProposal(ctx, tx, p); err != nil {
			return err
		}
	}
	for _, e := range j.Events {
		if err := keepEvent(ctx, tx, e); err != nil {
			return err
		}
	}
	return keepPushes(ctx, tx, j.Pushes)
}

func keepPushes(ctx context.Context, tx pgx.Tx, pushes []duty.Push) error {
	b := &pgx.Batch{}
	if err := queuePushes(b, pushes); err != nil {
		return err
	}
	return tx.SendBatch(ctx, b).Close()
}

const selectApprovers = `SELECT a.person_id, a.path FROM authority a JOIN person p ON p.id = a.person_id
	WHERE a.role = ANY ($1) AND $2 ^@ a.path AND p.status = 'active' ORDER BY a.path, a.person_id`

// Tell implements legal.Approvals.
func (s *Store) Tell(ctx context.Context, id uuid.UUID, decide func(legal.Approval, []legal.Approver, time.Time) (legal.Telling, error)) error {
	err := s.within(ctx, everything, func(tx pgx.Tx) error {
		a, err := collectOne(ctx, tx, scanApproval, lockApproval, id)
		if err != nil {
			return err
		}
		var approvers []legal.Approver
		var now time.Time
		b := &pgx.Batch{}
		each(b, &approvers, pgx.RowToStructByPos[legal.Approver], selectApprovers, duty.RolesThat(duty.DecideMatter), string(a.Path))
		clock(b, &now)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		t, err := decide(a, approvers, now)
		if err != nil {
			return err
		}
		return keepTelling(ctx, tx, id, t)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // somebody else had asked for the same at the same moment
	}
	return err
}

func keepTelling(ctx context.Context, tx pgx.Tx, id uuid.UUID, t legal.Telling) error {
	if _, err := tx.Exec(ctx, tellApproval, id, string(t.Path), t.EscalatedAt); err != nil {
		return err
	}
	if t.Event != nil {
		if err := keepEvent(ctx, tx, *t.Event); err != nil {
			return err
		}
	}
	return keepPushes(ctx, tx, t.Pushes)
}
