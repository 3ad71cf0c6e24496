// Package ledger owns the record of what happened: events, the canonical bytes that are hashed, and the proofs that no event
// was changed, removed or slipped in afterwards.
package ledger

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/dutybound/dutybound/internal/duty"
)

// Event is one thing that happened, written in the transaction that made it so. It gets its Seq later, from the sequencer, and
// only then can anybody read it.
type Event struct {
	Seq     int64           `json:"seq"`
	ID      uuid.UUID       `json:"id"`
	Kind    string          `json:"kind"` // "task.dispatched", "recording.changed"
	Path    duty.Path       `json:"path"` // organ whose viewers may see it
	Task    *uuid.UUID      `json:"task,omitempty"`
	Version int             `json:"version,omitempty"` // of the task, rising by one with each of its events
	Actor   uuid.UUID       `json:"actor"`
	At      time.Time       `json:"at"` // database clock, in the deciding transaction
	Body    json.RawMessage `json:"body"`
	// Evidence is the digest of the rulings and observations written with the event; nil when there were none.
	Evidence []byte `json:"-"`
}
