package feed

import (
	"context"
	"slices"

	"github.com/google/uuid"
)

// A phone's subscription is found by its person: an event that concerns four people touches four subscribers, however many there are.

// concerned asks whom a stretch of the log concerns, in one question for all.
func (h *Hub) concerned(ctx context.Context, after, through int64) (Concerned, error) {
	if through <= after {
		return Concerned{}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, h.pace.Patience)
	defer cancel()
	return h.store.Concerned(ctx, after, through)
}

// offerPeople hands to each person what concerns them, and a reset to everybody. Called under lock.
func (h *Hub) offerPeople(messages []Message) {
	var slow []*Subscription
	put := func(subs []*Subscription, m *Message) {
		for _, s := range subs {
			if s.joined && !s.box.put(m, h.pace.Queue) {
				slow = append(slow, s)
			}
		}
	}
	for i := range messages {
		m := &messages[i]
		for _, person := range m.people {
			put(h.mine[person], m)
		}
		if m.Kind == Reset {
			for _, subs := range h.mine {
				put(subs, m)
			}
		}
	}
	for _, s := range slow {
		if _, still := h.subs[s]; still {
			h.cut(s, Slow)
		}
	}
}

// know files a subscriber under its person. Called under lock.
func (h *Hub) know(s *Subscription) {
	if s.person != uuid.Nil {
		h.mine[s.person] = append(h.mine[s.person], s)
	}
}

// forget is the opposite. Called under lock.
func (h *Hub) forget(s *Subscription) {
	if s.person == uuid.Nil {
		return
	}
	h.mine[s.person] = slices.DeleteFunc(h.mine[s.person], func(other *Subscription) bool { return other == s })
	if len(h.mine[s.person]) == 0 {
		delete(h.mine, s.person)
	}
}
