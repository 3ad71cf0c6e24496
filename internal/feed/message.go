package feed

import (
	"encoding/json"
	"fmt"
	"strings"
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

// private are the words of a body that only those who keep the roster may know, or who were called to help, by the noun of the kind:
// they stay on record.
var private = map[string][]string{
	"person": {"reason"}, "device": {"device", "name"}, "alarm": {"note", "reason", "words"}, "check": {"words"},
}

// discreet leaves out of an event what its viewers may not know.
func discreet(e ledger.Event) (ledger.Event, error) {
	noun, _, _ := strings.Cut(e.Kind, ".")
	if private[noun] == nil {
		return e, nil
	}
	var body map[string]json.RawMessage
	if err := json.Unmarshal(e.Body, &body); err != nil {
		return e, fmt.Errorf("body of event %d: %w", e.Seq, err)
	}
	for _, word := range private[noun] {
		delete(body, word)
	}
	var err error
	e.Body, err = json.Marshal(body)
	return e, err
}

func eventMessage(e ledger.Event) (Message, error) {
	e, err := discreet(e)
	if err != nil {
		return Message{}, err
	}
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
