package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
	"github.com/dutybound/dutybound/internal/ledger"
	"github.com/dutybound/dutybound/internal/legal"
)

// Whoever decides on a task holds the law as it is until the end of the transaction; whoever changes the law waits for those who hold
// it, and they for him. So no ruling is given under a law that had changed by the time of the ruling, and which law a stored ruling
// was given under follows from its organ and its time. A change gives way when it would keep the streets waiting.
const (
	lawLock       = `28276640784867703` // "dutylaw": one number, like the sequencer's, and so none of the commands' keys
	holdLaw       = `pg_advisory_xact_lock_shared(` + lawLock + `)`
	changeLaw     = `SELECT pg_advisory_xact_lock(` + lawLock + `)`
	changePatient = `SET LOCAL lock_timeout = '2s'`
)

// lawAt answers a moment and, as JSON, the settings that hold at it in the organs whose law the transaction asks for (in_law).
const lawAt = `SELECT moment.at, (
		SELECT json_agg(json_build_object('path', s.path, 'kind', s.kind, 'subject', s.subject, 'value', s.value::json))
		FROM (
			SELECT DISTINCT ON (p.path, p.kind, p.subject) p.path, p.kind, p.subject, p.value
			FROM proposal p WHERE p.state = 'approved' AND p.in_force_from <= moment.at AND in_law(p.path)
			ORDER BY p.path, p.kind, p.subject, p.in_force_from DESC, p.decided_at DESC
		) s
		WHERE s.value IS NOT NULL
	) FROM `

const (
	lawNow  = lawAt + `(SELECT clock_timestamp() OFFSET 0) AS moment (at)`
	lawThen = lawAt + `(SELECT $1::timestamptz) AS moment (at)`
)

// inForce is the law that a transaction found, and the time of the database when it looked.
type inForce struct {
	now      time.Time
	settings []legal.Setting
}

// queue asks what time it is and what the law is at that time, after whatever was locked before.
func (l *inForce) queue(b *pgx.Batch) { b.Queue(lawNow).QueryRow(l.scan) }

func (l *inForce) scan(row pgx.Row) error { return row.Scan(&l.now, &l.settings) }

// of is the law of one of the organs asked for.
func (l *inForce) of(path duty.Path) (duty.Law, error) { return legal.LawOf(l.settings, path) }

// LawOf implements dispatch.Store.
func (s *Store) LawOf(ctx context.Context, actor duty.Actor, at time.Time) (duty.Law, error) {
	var found inForce
	as := sight{person: actor.Person.String(), law: scopeOf(actor.Organ.Path.AndAbove())}
	err := s.read(ctx, as, func(b *pgx.Batch) {
		if at.IsZero() {
			found.queue(b)
		} else {
			b.Queue(lawThen, at).QueryRow(found.scan)
		}
	})
	if err != nil {
		return duty.Law{}, err
	}
	return found.of(actor.Organ.Path)
}

const proposalColumns = `id, organ, kind, subject, value, memo, reason, effective_from, proposer, proposed_at,
	state, decider, decided_at, decided_why, in_force_from`

func scanProposal(row pgx.CollectableRow) (p legal.Proposal, err error) {
	var value *string
	err = row.Scan(&p.ID, &p.Organ, &p.Kind, &p.Subject, &value, &p.Memo, &p.Reason, &p.EffectiveFrom, &p.ProposedBy, &p.ProposedAt,
		&p.State, &p.DecidedBy, &p.DecidedAt, &p.DecidedWhy, &p.InForceFrom)
	if value != nil {
		p.Value = json.RawMessage(*value)
	}
	return p, err
}

const (
	insertProposal = `INSERT INTO proposal (id, organ, kind, subject, value, memo, reason, effective_from, proposer, proposed_at, state)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	settleProposal = `UPDATE proposal SET state = $2, decider = $3, decided_at = $4, decided_why = $5 WHERE id = $1`
	findProposal   = `SELECT ` + proposalColumns + ` FROM proposal WHERE id = $1 FOR UPDATE`
	// approvedAround are those of an organ, of the ones above it and of the ones below it.
	approvedAround = `SELECT ` + proposalColumns + ` FROM proposal WHERE state = 'approved' AND (path ^@ $1 OR $1 ^@ path) ORDER BY id`
)

// Propose implements legal.Store.
func (s *Store) Propose(ctx context.Context, call legal.Call, path duty.Path, decide func(legal.Snapshot) (legal.Outcome, error)) (legal.Answer, error) {
	return s.legislate(ctx, call, func(tx pgx.Tx) (legal.Outcome, error) {
		snap, err := lookAround(ctx, tx, path)
		if err != nil {
			return legal.Outcome{}, err
		}
		d, err := decide(snap)
		if err != nil {
			return legal.Outcome{}, err
		}
		return d, keepProposal(ctx, tx, d.Proposal)
	})
}

func keepProposal(ctx context.Context, tx pgx.Tx, p legal.Proposal) error {
	_, err := tx.Exec(ctx, insertProposal, p.ID, p.Organ, string(p.Kind), p.Subject, optionalText(p.Value), p.Memo, p.Reason,
		p.EffectiveFrom, p.ProposedBy, p.ProposedAt, string(p.State))
	return err
}

// Settle implements legal.Store.
func (s *Store) Settle(ctx context.Context, call legal.Call, id uuid.UUID, decide func(legal.Snapshot) (legal.Outcome, error)) (legal.Answer, error) {
	return s.legislate(ctx, call, func(tx pgx.Tx) (legal.Outcome, error) {
		if err := alone(ctx, tx); err != nil {
			return legal.Outcome{}, err
		}
		p, err := collectOne(ctx, tx, scanProposal, findProposal, id)
		if err != nil {
			return legal.Outcome{}, missing(err, fault.Missing("proposal"))
		}
		snap, err := lookAround(ctx, tx, p.Organ.Path)
		if err != nil {
			return legal.Outcome{}, err
		}
		snap.Proposal = &p
		d, err := decide(snap)
		if err != nil {
			return legal.Outcome{}, err
		}
		p = d.Proposal
		_, err = tx.Exec(ctx, settleProposal, p.ID, string(p.State), p.DecidedBy, p.DecidedAt, p.DecidedWhy)
		return d, err
	})
}

// alone waits until nobody holds the law.
func alone(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, changePatient); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, changeLaw)
	return err
}

// legislate runs one command on a proposal.
func (s *Store) legislate(ctx context.Context, call legal.Call, do func(pgx.Tx) (legal.Outcome, error)) (answer legal.Answer, err error) {
	as := sightOf(call.Actor, duty.ReadProposals)
	answer.Replay, err = s.once(ctx, call.Actor, call.Command, as, &answer.Proposal, func(tx pgx.Tx) error {
		d, err := do(tx)
		if err != nil {
			return err
		}
		answer.Proposal = d.Proposal
		return keepEvent(ctx, tx, d.Event)
	})
	return answer, err
}

func keepEvent(ctx context.Context, tx pgx.Tx, e ledger.Event) error {
	_, err := tx.Exec(ctx, insertEvent, e.ID, e.Kind, e.Path, e.Task, e.Version, e.Actor, e.At, string(e.Body), e.Evidence, nil)
	return err
}

// lookAround reads what a change of an organ's law is decided on.
func lookAround(ctx context.Context, tx pgx.Tx, path duty.Path) (snap legal.Snapshot, err error) {
	b := &pgx.Batch{}
	b.Queue(`SELECT set_config('dutybound.law', $1, true)`, scopeOf(path.AndAbove()))
	b.Queue(`SELECT id, code, name, kind, path FROM organ WHERE path = $1`, string(path)).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[duty.Organ])
		if len(found) == 1 {
			snap.Organ = found[0]
		}
		return err
	})
	each(b, &snap.Approved, scanProposal, approvedAround, string(path))
	each(b, &snap.Posts, pgx.RowTo[string], `SELECT code FROM post ORDER BY code`)
	clock(b, &snap.Now)
	return snap, tx.SendBatch(ctx, b).Close()
}

// Law implements legal.Store.
func (s *Store) Law(ctx context.Context, actor duty.Actor, path duty.Path) (snap legal.Snapshot, err error) {
	err = s.within(ctx, sightOf(actor, duty.ReadLaw), func(tx pgx.Tx) (err error) {
		snap, err = lookAround(ctx, tx, path)
		return err
	})
	if err == nil && snap.Organ.ID == uuid.Nil {
		err = fault.Missing("organ")
	}
	return snap, err
}

// Proposals implements legal.Store.
func (s *Store) Proposals(ctx context.Context, actor duty.Actor, f legal.Filter) (proposals []legal.Proposal, err error) {
	args := []any{f.Limit}
	where := []string{"true"}
	only := func(condition string, v any) {
		args = append(args, v)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	if f.Path != "" {
		only(`path ^@ $%d`, string(f.Path))
	}
	if f.State != "" {
		only(`state = $%d`, string(f.State))
	}
	if f.Before != nil {
		only(`id < $%d`, *f.Before)
	}
	err = s.read(ctx, sightOf(actor, duty.ReadProposals), func(b *pgx.Batch) {
		each(b, &proposals, scanProposal,
			`SELECT `+proposalColumns+` FROM proposal WHERE `+strings.Join(where, " AND ")+` ORDER BY id DESC LIMIT $1`, args...)
	})
	return proposals, err
}

// ApprovedProposals are all that were ever approved, for the replay of rulings.
func (s *Store) ApprovedProposals(ctx context.Context) (approved []legal.Proposal, err error) {
	err = s.read(ctx, everything, func(b *pgx.Batch) {
		each(b, &approved, scanProposal, `SELECT `+proposalColumns+` FROM proposal WHERE state = 'approved' ORDER BY id`)
	})
	return approved, err
}

func optionalText(value json.RawMessage) *string {
	if value == nil {
		return nil
	}
	text := string(value)
	return &text
}

func collectOne[T any](ctx context.Context, tx pgx.Tx, scan pgx.RowToFunc[T], sql string, args ...any) (v T, err error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return v, err
	}
	return pgx.CollectExactlyOneRow(rows, scan)
}
