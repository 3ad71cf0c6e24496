package feed

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/dutybound/dutybound/internal/duty"
	"github.com/dutybound/dutybound/internal/ledger"
)

// Kind is the type of a message, as it stands in its JSON.
type Kind string

const (
	Hello   Kind = "hello" // first on each socket: the head of the log and the time of the server
	Reset   Kind = "reset" // the cursor is of no use: fetch the state afresh, events go on after head
	EventOf Kind = "event"
	Beat    Kind = "beat" // nothing up to seq is missing
)

// Message is one message to a viewer, encoded once for all of them.
type Message struct {
	Kind Kind
	Seq  int64 // where the reader stands after it
	JSON []byte

	path duty.Path // of an event's organ
}

func eventMessage(e ledger.Event) (Message, error) {
	text, err := json.Marshal(struct {
		Type  Kind         `json:"type"`
		Seq   int64        `json:"seq"`
		Event ledger.Event `json:"event"`
	}{EventOf, e.Seq, e})
	if err != nil {
		return Message{}, fmt.Errorf("encoding event %d: %w", e.Seq, err)
	}
	return Message{Kind: EventOf, Seq: e.Seq, JSON: text, path: e.Path}, nil
}

func eventMessages(events []ledger.Event) ([]Message, error) {
	messages := make([]Message, len(events))
	for i, e := range events {
		var err error
		if messages[i], err = eventMessage(e); err != nil {
			return nil, err
		}
	}
	return messages, nil
}

func helloMessage(b Bounds) Message {
	text := fmt.Appendf(nil, `{"type":"hello","head":%d,"at":%q}`, b.Head, b.At.Format(time.RFC3339Nano))
	return Message{Kind: Hello, JSON: text}
}

func resetMessage(head int64) Message {
	return Message{Kind: Reset, Seq: head, JSON: fmt.Appendf(nil, `{"type":"reset","head":%d}`, head)}
}

func beatMessage(seq int64) Message {
	return Message{Kind: Beat, Seq: seq, JSON: fmt.Appendf(nil, `{"type":"beat","seq":%d}`, seq)}
}
