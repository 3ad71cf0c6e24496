package postgres

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/dutybound/dutybound/internal/dispatch"
	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/fault"
)

var (
	stillRunning = fault.New(fault.Running, "command_running", "该指令正在处理中，请稍后用同一编号重试",
		"this command is being carried out right now; ask again with the same id")
	otherCommand = fault.New(fault.Mismatch, "command_mismatch", "该编号已用于另一条指令", "this id was used for another command")
)

// claim takes the command for this transaction, or finds that another one is carrying it out, or what was answered before.
type claim struct {
	device, session uuid.UUID
	duty.Command
	mine   bool
	before *stored
	ended  bool // the session, by now
}

// stored is what is kept of a command for ever. Answer is JSON of a dispatch.Answer or dispatch.Observed.
type stored struct {
	Hash   []byte
	Ruling *uuid.UUID
	Answer []byte
}

func claiming(call dispatch.Call) *claim {
	return &claim{device: call.Actor.Device, session: call.Actor.Session, Command: call.Command}
}

// The setting lets later statements of the same round trip know that the command is ours, so that a second transaction of the same
// command does not queue up for the task's lock.
const (
	claimCommand = `SELECT set_config('dutybound.claimed', pg_try_advisory_xact_lock($1, $2)::text, true)`
	claimed      = `current_setting('dutybound.claimed') = 'true'`
	findCommand  = `SELECT hash, ruling_id, answer FROM command WHERE device_id = $1 AND id = $2`
	sessionEnded = `SELECT EXISTS (SELECT FROM session WHERE id = $1 AND revoked_at IS NOT NULL)`
	keepCommand  = `INSERT INTO command (device_id, id, hash, person_id, ruling_id, answer, received_at, happened_from, happened_to)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`
)

func (c *claim) queue(b *pgx.Batch) {
	device, id := c.lockKey()
	b.Queue(claimCommand, device, id).QueryRow(func(row pgx.Row) error {
		var answer string
		err := row.Scan(&answer)
		c.mine = answer == "true"
		return err
	})
	b.Queue(findCommand, c.device, c.ID).Query(func(rows pgx.Rows) error {
		found, err := pgx.CollectRows(rows, pgx.RowToAddrOfStructByPos[stored])
		if len(found) == 1 {
			c.before = found[0]
		}
		return err
	})
}

// queueLast is asked once the transaction has whatever it had to wait for: what was let in and then held up, for however long, is not carried
// out for a session that has ended meanwhile. What comes from a record, or of the service itself, has none.
func (c *claim) queueLast(b *pgx.Batch) {
	if c.session != uuid.Nil {
		one(b, &c.ended, pgx.RowTo[bool], sessionEnded, c.session)
	}
}

// lockKey is the same for the same command; that of another one differs but for a chance of 1 in 2^64. Keys of two numbers are none
// of the sequencer's one, whatever a device makes its ids of.
func (c *claim) lockKey() (high, low int32) {
	key := binary.BigEndian.Uint64(c.device[8:]) ^ binary.BigEndian.Uint64(c.ID[8:])*0x9e3779b97f4a7c15 ^ binary.BigEndian.Uint64(c.ID[:8])
	return int32(key >> 32), int32(key)
}

// check says why the command cannot be carried out now. A command that was carried out before is no error: see before.
func (c *claim) check() error {
	switch {
	case c.ended:
		return noSession
	case c.before != nil && !bytes.Equal(c.before.Hash, c.Hash[:]):
		return otherCommand
	case c.before == nil && !c.mine:
		return stillRunning
	default:
		return nil
	}
}

// replay answers a command that was carried out before with what was answered then.
func (s *Store) replay(ctx context.Context, actor duty.Actor, c *claim) (answer dispatch.Answer, err error) {
	if err := json.Unmarshal(c.before.Answer, &answer); err != nil {
		return answer, fmt.Errorf("stored answer of command %s: %w", c.ID, err)
	}
	answer.Replay = true
	if c.before.Ruling == nil {
		return answer, nil
	}
	var ruling dispatch.RulingRecord
	err = s.read(ctx, sightOf(actor, duty.ViewTask), func(b *pgx.Batch) {
		one(b, &ruling, scanRuling, `SELECT `+rulingColumns+` FROM ruling WHERE id = $1`, c.before.Ruling)
	})
	answer.Ruling = &ruling
	return answer, err
}

// keptAnswer is the part of an answer that is stored with the command; the ruling is stored by itself.
type keptAnswer struct {
	Task      json.RawMessage
	Refused   bool
	WrongCode bool             `json:",omitempty"`
	Beside    *dispatch.Beside `json:",omitempty"`
}

// once carries out a command of work that happens seldom, step by step, and keeps its answer; one that was carried out before is
// answered with what was answered then.
func (s *Store) once(ctx context.Context, actor duty.Actor, cmd duty.Command, as sight, answer any, do func(pgx.Tx) error) (replay bool, err error) {
	call := dispatch.Call{Actor: actor, Command: cmd}
	c := claiming(call)
	err = s.within(ctx, as, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		c.queue(b)
		c.queueLast(b) // not after what is done, which may end it: whoever revokes their own phone
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		if err := c.check(); err != nil {
			return err
		}
		if c.before != nil {
			return json.Unmarshal(c.before.Answer, answer)
		}
		if err := do(tx); err != nil {
			return err
		}
		return keepNow(ctx, tx, call, answer)
	})
	return c.before != nil, err
}

func keepNow(ctx context.Context, tx pgx.Tx, call dispatch.Call, answer any) error {
	b, at := &pgx.Batch{}, &scene{}
	clock(b, &at.now)
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	b = &pgx.Batch{}
	if err := at.keep(b, call, nil, answer); err != nil {
		return err
	}
	return tx.SendBatch(ctx, b).Close()
}

func (s *scene) keep(b *pgx.Batch, call dispatch.Call, ruling *uuid.UUID, answer any) error {
	text, err := json.Marshal(answer)
	if err != nil {
		return fmt.Errorf("answer of a command: %w", err)
	}
	var from, to *time.Time
	if made := call.Command.Happened; made != nil {
		from, to = &made.From, &made.To
	}
	b.Queue(keepCommand, call.Actor.Device, call.Command.ID, call.Command.Hash[:], call.Actor.Person, ruling, string(text), s.now, from, to)
	return nil
}
