package feed

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Notice is a message that was meant for one person: that there is something, and nothing of what (Art. 21(2)). It may come twice; its
// id says so.
type Notice struct {
	ID       uuid.UUID `json:"id"`
	Person   uuid.UUID `json:"-"`
	Kind     string    `json:"kind"`
	Priority string    `json:"priority"`
	Subject  uuid.UUID `json:"subject"` // the task; of the kinds approval_* the request
	At       time.Time `json:"at"`
	// Seq is that of an event beside which it went out. The notice goes before that event, so that a reader who has the event has it
	// too. 0: it has not gone out yet.
	Seq int64 `json:"-"`
}

// Concerned says whom events concern, and which messages went out beside them.
type Concerned struct {
	People  map[int64][]uuid.UUID // by seq
	Notices []Notice
}

func noticeMessage(n Notice) (Message, error) {
	before := n.Seq - 1
	text, err := json.Marshal(struct {
		Type    Kind   `json:"type"`
		Seq     int64  `json:"seq"`
		Message Notice `json:"message"`
	}{NoticeOf, before, n})
	if err != nil {
		return Message{}, fmt.Errorf("encoding message %s: %w", n.ID, err)
	}
	return Message{Kind: NoticeOf, Seq: before, JSON: text, people: []uuid.UUID{n.Person}}, nil
}

// messagesOf are the messages of a page, those to single people among them, in the order in which they move a cursor.
func messagesOf(page Page, about Concerned) ([]Message, error) {
	messages, err := eventMessages(page.Events)
	if err != nil {
		return nil, err
	}
	for i := range messages {
		messages[i].people = about.People[messages[i].Seq]
	}
	for _, n := range slices.Concat(page.Notices, about.Notices) {
		m, err := noticeMessage(n)
		if err != nil {
			return nil, err
		}
		messages = append(messages, m)
	}
	// A notice beside event n stands at n-1, after event n-1 and before n.
	slices.SortStableFunc(messages, func(a, b Message) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(order(a), order(b)))
	})
	return messages, nil
}

func order(m Message) int {
	if m.Kind == NoticeOf {
		return 1
	}
	return 0
}
