package feed

import "sync"

// mailbox holds what the hub offers one subscriber until it is taken. It costs nothing while it is empty, as those of thousands of
// phones are almost always.
type mailbox struct {
	bell chan struct{} // rung when there is something

	mu    sync.Mutex
	items []*Message
}

func newMailbox() mailbox { return mailbox{bell: make(chan struct{}, 1)} }

// put never waits: it is false when as many wait already as may.
func (b *mailbox) put(m *Message, limit int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.items) >= limit {
		return false
	}
	b.items = append(b.items, m)
	b.ring()
	return true
}

// take answers the oldest, or nil.
func (b *mailbox) take() *Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.items) == 0 {
		return nil
	}
	m := b.items[0]
	b.items[0] = nil
	if b.items = b.items[1:]; len(b.items) == 0 {
		b.items = nil
		return m
	}
	b.ring()
	return m
}

func (b *mailbox) ring() {
	select {
	case b.bell <- struct{}{}:
	default:
	}
}

func (b *mailbox) empty() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.items) == 0
}
